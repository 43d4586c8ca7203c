"""``python -m playground.host``: runs a function app until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import traceback
from pathlib import Path

from playground.host.configuration import settings_of
from playground.host.errors import HostError
from playground.host.host import GRACE_SECONDS, FunctionHost
from playground.host.queues import QUEUE_LEASE_SECONDS
from relay.errors import ConfigError

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the host; the exit code is 0 after SIGTERM or SIGINT, 1 when the app cannot be run."""
    arguments = _arguments()
    logging.basicConfig(
        filename=arguments.log,
        encoding="utf-8" if arguments.log else None,
        level=os.environ.get("HOST_LOG_LEVEL", "INFO"),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    try:
        code = asyncio.Runner().run(_serve(arguments))
    except HostError as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1
    except ConfigError:  # whose reasons the app has said itself, as it does on Azure
        print("error: the app does not start; `python3 dev.py check` shows its settings", file=sys.stderr)
        code = 1
    except Exception:
        # The real host would only say that it found no functions.
        traceback.print_exc()
        code = 1
    return code


async def _serve(arguments: argparse.Namespace) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop.set))
    settings = settings_of(arguments.app, os.environ)
    async with FunctionHost(
        arguments.app,
        settings,
        port=arguments.port,
        queue_lease_seconds=arguments.queue_lease_seconds,
        grace_seconds=arguments.grace_seconds,
    ) as host:
        print("Functions:", *(f"    {line}" for line in host.describe()), sep="\n")
        print(f"listening on {host.url}", flush=True)
        await host.serve(stop)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m playground.host", description="Runs a function app.")
    parser.add_argument(
        "--port", type=int, default=7071, help="of 127.0.0.1; 0 lets the system choose (default: 7071)"
    )
    parser.add_argument(
        "--app", type=Path, default=REPOSITORY, help="folder of function_app.py (default: this project)"
    )
    parser.add_argument("--log", type=Path, help="file for the functions' log (default: standard error)")
    parser.add_argument(
        "--queue-lease-seconds",
        type=int,
        default=os.environ.get("HOST_QUEUE_LEASE_SECONDS", QUEUE_LEASE_SECONDS),
        help="how long a message that was taken is hidden (default: 600, as on Azure)",
    )
    parser.add_argument(
        "--grace-seconds",
        type=float,
        default=os.environ.get("HOST_GRACE_SECONDS", GRACE_SECONDS),
        help=f"how long the end waits for functions that run (default: {GRACE_SECONDS})",
    )
    return parser.parse_args()


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: it would wait for a plain function that is still running in its thread.
    os._exit(code)
