"""Scenarios: a run of messages with what is expected of it, as a small file that a person writes or the page saves.

``tables`` says what may stand in a file, ``format`` reads it, ``run`` plays it over the control interfaces of the
stack, ``save`` writes one from a chat, ``command`` is ``dev.py play --scenario``.
"""
