"""The IM server API: sending a bot's reply to an app user.

``client`` delivers one message; ``requests`` writes it in the API's two dialects (v2 and v1); ``hosts`` says
where they are spoken; ``codes`` says what the answers mean; ``split`` cuts a long reply into messages and
``fences`` finds the code blocks in it.
"""
