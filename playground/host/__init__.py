"""A small Azure Functions host: runs ``function_app.py`` with the triggers of this project and nothing else.

It exists because Azure Functions Core Tools cannot be installed everywhere. What it does (HTTP routes, queue
polling with back-off, hiding and poison, timers in UTC) it does as the real host does, so that a test against
it says something about Azure; what it cannot do it refuses at start.
"""

from playground.host.errors import HostError
from playground.host.host import FunctionHost

__all__ = ["FunctionHost", "HostError"]
