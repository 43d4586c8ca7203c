"""What can go wrong in the host."""

from __future__ import annotations


class HostError(Exception):
    """The app or its configuration cannot be run here; the message says what to change."""


class FunctionError(Exception):
    """A function raised; what it raised is the cause, and in the log with its traceback."""
