"""``dev.py services``: everything but the function host, on the ports of the example settings."""

from __future__ import annotations

import threading
from collections.abc import Callable

from playground.passing import watch
from playground.ports import EXAMPLE_PORTS
from playground.processes import interrupt_on_signals
from playground.running import announced
from playground.runs import log_folder
from playground.stack import APP_KEY, MODEL_LABELS, Model, Stack


def services(model: Model, say: Callable[[str], None]) -> int:
    """Run everything but the function host, on the ports of the example settings, until Ctrl-C or SIGTERM.

    Returns:
        0 after Ctrl-C or SIGTERM; 1 when a part ended by itself.
    """
    interrupt_on_signals()
    logs = log_folder("services")
    try:
        with Stack(model=model, host=None, ports=EXAMPLE_PORTS, logs=logs) as stack:
            say(
                f"Storage    UseDevelopmentStorage=true (blob 10000, queue 10001, table 10002), in memory\n"
                f"IM server  {stack.im_url}, app key {APP_KEY}; posts to {stack.webhook}\n"
                f"Model      {stack.model_url} ({MODEL_LABELS[model]})\n"
                f"Logs       {logs}\n"
                "Now, beside it:  cp local.settings.example.json local.settings.json && func start\n"
                "             or  python3 dev.py host --port 7071\n"
                "Ctrl-C ends it. What passes the IM server, without a word of it:"
            )
            watch(stack.im_url, say)
            with announced(stack.im_url):
                while all(child.running for child in stack.children):
                    threading.Event().wait(1.0)
            ended = ", ".join(child.name for child in stack.children if not child.running)
            say(f"error: {ended} ended by itself; see {logs}")
            return 1
    except KeyboardInterrupt:
        return 0
