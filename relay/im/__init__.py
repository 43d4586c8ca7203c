"""The IM server API: sending a bot's reply to an app user.

``client`` delivers one message, or bytes; ``requests`` writes it in the API's two dialects (v2 and v1); ``uploads``
makes a message of a file; ``presence`` writes what is no message; ``hosts`` says where the dialects are spoken;
``answers`` reads what comes back and ``codes`` says what it means; ``split`` cuts a long reply into messages and
``fences`` finds the code blocks in it. ``plain_text`` makes Markdown readable; ``markdown`` and ``emphasis`` say what
counts as such.

A stored reply enters, one message at a time; what leaves is that it was delivered, or an error that says whether trying
again may help. Must not know conversations, rows or turns.
"""
