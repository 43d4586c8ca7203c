"""``host.json`` and ``local.settings.json``, as far as this host understands them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from playground.host.errors import HostError
from relay.config.settings import MARKS_OF_AZURE

QUEUE_BATCH_MAX = 32
"""Azure Queue Storage gives at most this many messages at once (Azure: Get Messages)."""

_TIME_SPAN = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{2}):(?P<seconds>\d{2}(?:\.\d+)?)"
)


def _seconds(span: object) -> float:
    match = _TIME_SPAN.fullmatch(span) if isinstance(span, str) else None
    if match is None:
        raise ValueError('a time span is written "hh:mm:ss"')
    return timedelta(**{unit: float(value) for unit, value in match.groupdict("0").items()}).total_seconds()


TimeSpan = Annotated[float, BeforeValidator(_seconds)]
"""Seconds, written ``hh:mm:ss`` or ``d.hh:mm:ss`` in host.json."""


class _Section(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore", validate_default=True)


class HttpSection(_Section):
    """``extensions.http``; the default is the real host's."""

    route_prefix: str = "api"


class QueueSection(_Section):
    """``extensions.queues``; the defaults are the real host's.

    Attributes:
        batch_size: messages taken at once.
        new_batch_threshold: the next batch is taken when no more than this many messages are still in work;
            None: half a batch.
        max_dequeue_count: tries before a message goes to the poison queue.
        visibility_timeout: seconds until a message whose function failed is tried again.
        max_polling_interval: seconds between two looks at an idle queue, at most.
        message_encoding: how the text of a message is written.
    """

    batch_size: Annotated[int, Field(ge=1, le=QUEUE_BATCH_MAX)] = 16
    new_batch_threshold: Annotated[int, Field(ge=0)] | None = None
    max_dequeue_count: Annotated[int, Field(ge=1)] = 5
    visibility_timeout: TimeSpan = "00:00:00"  # type: ignore[assignment]  # validated as if it were written there
    max_polling_interval: TimeSpan = "00:01:00"  # type: ignore[assignment]
    message_encoding: Literal["base64", "none"] = "base64"

    @property
    def threshold(self) -> int:
        """``new_batch_threshold``, or its default."""
        return self.batch_size // 2 if self.new_batch_threshold is None else self.new_batch_threshold


class _Extensions(_Section):
    http: HttpSection = HttpSection()
    queues: QueueSection = QueueSection()


class HostConfiguration(_Section):
    """``host.json``."""

    extensions: _Extensions = _Extensions()


def load_host_configuration(app_dir: Path) -> HostConfiguration:
    """Read ``host.json`` of an app.

    Raises:
        HostError: it is missing (then the folder is no function app), not JSON, or holds a wrong value.
    """
    path = app_dir / "host.json"
    try:
        return HostConfiguration.model_validate(_read_json(path))
    except FileNotFoundError:
        raise HostError(f"{path} does not exist; is {app_dir} a function app?") from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise HostError(f"{path}: {wrong}") from None


def load_local_settings(app_dir: Path) -> dict[str, str]:
    """Read ``Values`` of ``local.settings.json``; empty when there is no such file.

    Raises:
        HostError: it is not plain JSON with flat string values, or it is encrypted.
    """
    path = app_dir / "local.settings.json"
    try:
        content = _read_json(path)
    except FileNotFoundError:
        return {}
    values = content.get("Values", {}) if isinstance(content, dict) else None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise HostError(f'{path}: "Values" must be an object whose values are all strings')
    if content.get("IsEncrypted"):
        raise HostError(f"{path} is encrypted; run `func settings decrypt`")
    return values


def settings_of(app_dir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The app settings: the environment over ``local.settings.json``, as with Core Tools.

    A container may have a variable that looks as if this were Azure, where places of this machine are refused.

    Raises:
        HostError: see :func:`load_local_settings`.
    """
    marks = {name: "" for name in MARKS_OF_AZURE if environ.get(name)}
    return {**load_local_settings(app_dir), **environ, **marks}


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))  # editors on Windows add a byte order mark
    except ValueError as error:
        raise HostError(f"{path} is not JSON: {error}") from None
