"""Stand-ins for the gRPC messages that the Functions host and its Python worker exchange.

``azure-functions-runtime`` gets their classes handed in (``request.properties["protos"]``) and ships none of its own.
These have the fields and the presence rules that it uses, no more.
Source of the names: Azure/azure-functions-language-worker-protobuf, ``FunctionRpc.proto``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class _OneOf:
    """A message of which exactly one field is set."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update({name: value for name, value in fields.items() if value is not None})

    def WhichOneof(self, group: str) -> str | None:
        return next(iter(self.__dict__), None)


class TypedData(_OneOf):
    """A value on its way in or out: ``string``, ``bytes``, ``json``, ``http``, …"""


class ParameterBinding(_OneOf):
    """A named value; what is set is always its ``data``."""

    def __init__(self, name: str, data: TypedData) -> None:
        super().__init__(data=data)
        self.__dict__ |= {"name": name}


@dataclass
class RpcHttp:
    """An HTTP request, or the answer to one."""

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: TypedData = field(default_factory=TypedData)
    status_code: str = ""
    cookies: list[Any] | None = None
    enable_content_negotiation: bool = False


@dataclass
class RpcException:
    message: str = ""
    stack_trace: str = ""
    source: str = ""


@dataclass
class StatusResult:
    Failure = 0
    Success = 1

    status: int
    exception: RpcException | None = None


@dataclass
class BindingInfo:
    out = 1
    inout = 2
    undefined = 0

    type: str
    data_type: int | None
    direction: int


@dataclass
class RpcFunctionMetadata:
    name: str
    function_id: str
    directory: str
    script_file: str
    entry_point: str
    language: str
    bindings: Mapping[str, BindingInfo]
    raw_bindings: list[str]
    properties: Mapping[str, str]
    retry_options: object = None
    managed_dependency_enabled: bool = False
    is_proxy: bool = False


@dataclass
class WorkerMetadata:
    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass
class WorkerInitRequest:
    function_app_directory: str
    capabilities: Mapping[str, str] = field(default_factory=dict)


@dataclass
class WorkerInitResponse:
    capabilities: Mapping[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass
class FunctionMetadataResponse:
    use_default_metadata_indexing: bool
    function_metadata_results: list[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass
class RpcTraceContext:
    trace_parent: str = ""
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass
class RetryContext:
    retry_count: int = 0
    max_retry_count: int = 0
    exception: RpcException | None = None


@dataclass
class InvocationRequest:
    invocation_id: str
    function_id: str
    input_data: list[ParameterBinding]
    trigger_metadata: Mapping[str, TypedData] = field(default_factory=dict)
    trace_context: RpcTraceContext = field(default_factory=RpcTraceContext)
    retry_context: RetryContext = field(default_factory=RetryContext)


@dataclass
class InvocationResponse:
    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: list[ParameterBinding] = field(default_factory=list)
