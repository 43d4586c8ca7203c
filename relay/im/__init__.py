"""The IM server API: sending a bot's reply to an app user.

``client`` delivers one message, or bytes; ``requests`` writes it in the API's two dialects (v2 and v1); ``uploads``
makes a message of a file; ``hosts`` says where the dialects are spoken; ``codes`` says what the answers mean; ``split``
cuts a long reply into messages and ``fences`` finds the code blocks in it.

A stored reply enters, one message at a time; what leaves is that it was delivered, or an error that says whether trying
again may help. Must not know conversations, rows or turns.
"""
