"""The scripted model, in parts.

``script`` says which request gets which reply or fault, ``wire`` words them as Azure OpenAI does, ``upstream`` passes
requests on to a real model. :class:`playground.model_server.ModelServer` puts them together.
"""
