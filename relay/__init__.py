"""The relay: a CommsEase chatbot webhook that answers with Azure OpenAI.

``function_app.py`` holds the triggers; from each, one call leads into :mod:`relay.app`. Each folder is a room, and its
docstring says what enters, what leaves, and what it must not know. Imports point one way, and a test holds it:
app → turn, inbound → memory, im, model, storage → ports → config → messages, errors, keys, texts, clock.
"""
