"""One step of one message: claim, lease, window, model, store, send, mark.

A queued message (or the request of a ``response`` bot) enters; a stored and shown reply leaves, or a message that is
put back. Must not know HTTP, Azure's SDKs or the wire formats: the world is behind the ports.
"""
