"""The rows of a conversation: which there are, what they mean, who may change them.

Messages and replies enter; windows and batches leave. Must not know the model, the IM server, nor why a turn wants
what it wants.
"""
