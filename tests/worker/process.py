"""The worker's side: Microsoft's library in a process of its own, driven by lines of JSON.

A process, because the library keeps its state in module globals and changes logging and import paths. It reads one
call per line from standard input and writes one answer per line to what was standard output; calls run side by side.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import sys
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from azure_functions_runtime import functions_metadata_request, invocation_request, worker_init_request

from tests.worker import protos
from tests.worker.protos import (
    InvocationRequest,
    ParameterBinding,
    RpcHttp,
    RpcTraceContext,
    TypedData,
    WorkerInitRequest,
)

Call = Mapping[str, Any]


class Worker:
    """The library, with the app loaded."""

    def __init__(self, functions: Mapping[str, protos.RpcFunctionMetadata]) -> None:
        self._functions = functions

    @classmethod
    async def load(cls, app_dir: str) -> Worker:
        """Index an app as the real host does.

        Raises:
            RuntimeError: the worker reports a failure, for example of the import.
        """
        # The host starts the worker with the app's folder in front.
        sys.path.insert(0, app_dir)
        started = await worker_init_request(_request(worker_init_request=WorkerInitRequest(app_dir)))
        _raise_for(started.result)
        indexed = await functions_metadata_request(_request())
        _raise_for(indexed.result)
        return cls({function.name: function for function in indexed.function_metadata_results or []})

    def bindings(self) -> dict[str, list[Any]]:
        """The bindings of each function as the host gets them."""
        return {name: [json.loads(b) for b in f.raw_bindings] for name, f in self._functions.items()}

    async def invoke(self, call: Call) -> dict[str, Any]:
        """Run a function once and describe how it ended."""
        function = self._functions[call["function"]]
        trigger = next(name for name, b in function.bindings.items() if b.type == call["trigger"])
        data, metadata = _INPUTS[call["trigger"]](call)
        request = InvocationRequest(
            invocation_id=str(uuid.uuid4()),
            function_id=function.function_id,
            input_data=[ParameterBinding(trigger, data)],
            trigger_metadata=metadata,
            trace_context=RpcTraceContext(trace_parent=call.get("traceparent", "")),
        )
        response = await invocation_request(_request(invocation_request=request))
        if response.result.exception is not None:
            return {
                "error": response.result.exception.message,
                "trace": response.result.exception.stack_trace,
            }
        if response.return_value is None:
            return {}
        http = response.return_value.http
        body: bytes = http.body.bytes
        return {
            "status": int(http.status_code),
            "headers": dict(http.headers),
            "body": base64.b64encode(body).decode(),
        }


def _http_input(call: Call) -> tuple[TypedData, dict[str, TypedData]]:
    body = base64.b64decode(call["body"])
    http = RpcHttp(
        method=call["method"],
        url=call["url"],
        headers=call["headers"],
        query=dict(parse_qsl(urlsplit(call["url"]).query)),
        # The host leaves an empty body out.
        body=TypedData(bytes=body or None),
    )
    return TypedData(http=http), {}


def _queue_input(call: Call) -> tuple[TypedData, dict[str, TypedData]]:
    now = datetime.now(UTC)
    metadata = {
        "QueueTrigger": TypedData(string=call["text"]),
        "Id": TypedData(string=call["id"]),
        "DequeueCount": TypedData(json=json.dumps(call["dequeue_count"])),
        "PopReceipt": TypedData(string="AgAAAAMAAAAAAAAA"),
        "InsertionTime": TypedData(json=json.dumps(now.isoformat())),
        "NextVisibleTime": TypedData(json=json.dumps((now + timedelta(minutes=10)).isoformat())),
        "ExpirationTime": TypedData(json=json.dumps((now + timedelta(days=7)).isoformat())),
    }
    return TypedData(string=call["text"]), metadata


def _timer_input(call: Call) -> tuple[TypedData, dict[str, TypedData]]:
    return TypedData(json=json.dumps({"IsPastDue": False, "Schedule": {}, "ScheduleStatus": None})), {}


_INPUTS = {"httpTrigger": _http_input, "queueTrigger": _queue_input, "timerTrigger": _timer_input}


def _request(**request: object) -> SimpleNamespace:
    properties = {"protos": protos, "host": "127.0.0.1"}
    return SimpleNamespace(request=SimpleNamespace(**request), properties=properties)


def _raise_for(result: protos.StatusResult) -> None:
    if result.exception is not None:
        raise RuntimeError(f"{result.exception.message}\n{result.exception.stack_trace}")


async def main(app_dir: str) -> None:
    """Answer calls until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the app prints is no answer

    def answer(number: int, content: Mapping[str, Any]) -> None:
        answers.write(json.dumps({"number": number, **content}) + "\n")
        answers.flush()

    logging.basicConfig(level=logging.INFO)
    worker = await Worker.load(app_dir)
    answer(0, {"bindings": worker.bindings()})

    async def run(call: Call) -> None:
        answer(call["number"], await worker.invoke(call))

    async with asyncio.TaskGroup() as calls:
        while line := await asyncio.to_thread(sys.stdin.readline):
            calls.create_task(run(json.loads(line)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
