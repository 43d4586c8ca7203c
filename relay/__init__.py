"""The relay: a CommsEase chatbot webhook that answers with Azure OpenAI.

``function_app.py`` holds the triggers; from each, one call leads into :mod:`relay.app`. Imports point one way:
app → webhook and turn → memory, model, im → rows and ports → messages and errors.
"""
