"""Servers that others write, in front of a model: how they really answer."""
