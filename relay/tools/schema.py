"""The signature of a function, as the JSON schema that a model is told and as what checks its arguments."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticSerializationError, core_schema, to_jsonable_python
from typing_extensions import TypedDict

from relay.errors import BadArguments
from relay.tools import docstring
from relay.tools.call import Call

_COMPLAINTS = 5
_COMPLAINT_CHARS = 200
"""What a model is told at most of what it did wrong: enough to do better."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes.

    Attributes:
        schema: JSON schema of what the model fills in, an object; without ``title``, and with ``$defs`` only for what
            refers to itself.
        validator: makes the function's arguments of JSON.
        defaults: of the parameters that may be left out.
        calls: names of the parameters that get the :class:`Call`.
    """

    schema: Mapping[str, Any]
    validator: TypeAdapter[Any]
    defaults: Mapping[str, Any]
    calls: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """What the model fills in."""
        return list(self.schema["properties"])

    def parse(self, text: str) -> Mapping[str, Any]:
        """Arguments as a model wrote them; those that it left out are not among them.

        Raises:
            BadArguments: with words for the model.
        """
        try:
            arguments: Mapping[str, Any] = self.validator.validate_json(text.strip() or "{}")
        except ValidationError as error:
            complaints = [
                self._complaint(detail["loc"], detail["type"], detail["msg"])
                for detail in error.errors(include_input=False, include_url=False, include_context=False)
            ]
        else:
            return arguments
        raise BadArguments("; ".join(complaints[:_COMPLAINTS]))  # outside: pydantic's error knows the values

    def _complaint(self, place: tuple[int | str, ...], kind: str, message: str) -> str:
        where = ".".join(map(str, place)) or "the arguments"
        if kind == "missing":
            message = "is missing"
        elif kind == "extra_forbidden":
            message = "there is no such argument"
            if len(place) == 1:
                message += f"; accepted: {', '.join(self.names) or 'none at all'}"
        return f"{where[:_COMPLAINT_CHARS]}: {message[:_COMPLAINT_CHARS]}"


def read(function: Callable[..., Any]) -> Signature:
    """The signature of a function.

    Raises:
        ValueError: with a sentence for each parameter that a model cannot fill in, parted by newlines.
    """
    problems: list[str] = []
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError) as error:
        raise ValueError(f"has an annotation that cannot be read: {error}") from None
    described = docstring.parameters(function.__doc__)
    fields: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    calls = []
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints.get(name)
        if hint is Call or Call in typing.get_args(hint):  # Call | None, for who calls the function in a test
            calls.append(name)
        elif wrong := _wrong(parameter, hint):
            problems.append(f'parameter "{name}" {wrong}')
        else:
            fields[name] = _field(hint, described.get(name), parameter.default)
            if parameter.default is not parameter.empty:
                defaults[name] = parameter.default
    if problems:
        raise ValueError("\n".join(problems))
    validator = _validator(fields)
    schema = _plain(validator.json_schema(schema_generator=_Plain))
    schema.setdefault("properties", {})
    return Signature(schema, validator, defaults, tuple(calls))


def _wrong(parameter: inspect.Parameter, hint: Any) -> str:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return "takes any number of values (*); a model needs each of them by its name"
    if parameter.kind is parameter.POSITIONAL_ONLY:
        return "is positional only (/); a model names what it fills in"
    if hint is None:
        return "has no annotation; write its type behind a colon, such as city: str"
    if isinstance(parameter.default, FieldInfo):
        return "has a Field(…) as its default; write Annotated[int, Field(…)] for its type instead"
    try:
        TypeAdapter(hint).json_schema()
    except PydanticUndefinedAnnotation as error:
        return f"has a type that is not defined: {error.name}"
    except (PydanticUserError, TypeError) as error:  # what has no schema, and what is no type
        return f"has a type that a model cannot fill in ({type(error).__name__}): {inspect.formatannotation(hint)}"
    return ""


def _field(hint: Any, description: str | None, default: Any) -> Any:
    """The type with its description and default; what ``Annotated`` says itself stands behind them, and wins."""
    told: dict[str, Any] = {}
    if default is not inspect.Parameter.empty and default is not None:
        with suppress(PydanticSerializationError, ValueError):  # the model need not know what it leaves out
            told["default"] = to_jsonable_python(default)
    base, *own = typing.get_args(hint) if typing.get_origin(hint) is Annotated else (hint,)
    field = Annotated[(base, Field(description=description, json_schema_extra=told), *own)]  # type: ignore[valid-type]
    return field if default is inspect.Parameter.empty else NotRequired[field]


def _validator(fields: dict[str, Any]) -> TypeAdapter[Any]:
    arguments = TypedDict("arguments", fields)  # type: ignore[misc]  # a dict: any name goes, as of a parameter
    arguments.__pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)  # type: ignore[attr-defined]
    return TypeAdapter(arguments)


class _Plain(GenerateJsonSchema):
    """JSON schema of what every model server takes."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """A number. pydantic also offers text, by a pattern that not every server can follow."""
        plain: JsonSchemaValue = {"type": "number"}
        self.update_with_validations(plain, {**schema}, self.ValidationsMapping.numeric)
        return {name: float(value) if name != "type" else value for name, value in plain.items()}


_VALUES = ("default", "const", "enum", "examples")
_NAMED = ("properties", "$defs", "patternProperties", "dependentSchemas")


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without titles, and with what is defined elsewhere in the place where it is used, unless it contains itself."""
    definitions = schema.pop("$defs", {})
    circular = {name for name in definitions if _reaches(name, name, definitions)}

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(each) for each in value]
        if not isinstance(value, dict):
            return value
        name = str(value.get("$ref", "")).removeprefix("#/$defs/")
        if name in definitions and name not in circular:
            return plain(definitions[name]) | plain({key: own for key, own in value.items() if key != "$ref"})
        return {key: inner(key, own) for key, own in value.items() if key != "title"}

    def inner(key: str, own: Any) -> Any:
        if key in _NAMED:
            return {name: plain(each) for name, each in own.items()}
        return own if key in _VALUES else plain(own)

    found: dict[str, Any] = plain(schema)
    if circular:
        found["$defs"] = {name: plain(definitions[name]) for name in definitions if name in circular}
    return found


def _reaches(wanted: str, start: str, definitions: Mapping[str, Any]) -> bool:
    seen: set[str] = set()
    open_ = [definitions[start]]
    while open_:
        for name in _references(open_.pop()):
            if name == wanted:
                return True
            if name not in seen and name in definitions:
                seen.add(name)
                open_.append(definitions[name])
    return False


def _references(value: Any) -> typing.Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.removeprefix("#/$defs/")
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
