"""The page of ``dev.py play``: its server, on loopback only.

``journal`` collects what the parts of the stack tell (messages, requests to the webhook, calls of the IM API, requests
to the model, spans of the relay); ``answers``, ``standing``, ``timeline`` and ``turns`` are pure functions over it that
say what became of a message; ``page`` ties that to the stack, ``routes`` to HTTP. ``static`` is what the browser gets.
"""
