"""The settings: read once from the environment, checked whole, typed from there on.

On Azure they are the Function app's settings; locally the values of ``local.settings.json``, which the
function host puts into the environment. ``docs/configuration.md`` explains each of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)

from relay.config import credentials, urls
from relay.errors import ConfigError

APP_FOLDER = Path(__file__).resolve().parents[2]
"""Where ``function_app.py`` is; relative paths start here."""

STORAGE = "AzureWebJobsStorage"
STORAGE_NAMES = {
    "connection_string": STORAGE,
    "account": f"{STORAGE}__accountName",
    "client_id": f"{STORAGE}__clientId",
    "table_uri": f"{STORAGE}__tableServiceUri",
    "queue_uri": f"{STORAGE}__queueServiceUri",
}
"""The storage settings are the function host's own, which fixes their names."""

AZURE_MODEL = ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT", "AZURE_OPENAI_API_KEY")
OTHER_MODEL = ("RELAY_MODEL_URL", "RELAY_MODEL_NAME", "RELAY_MODEL_KEY")
"""The two sets of model settings; of each, the two required ones come first."""

OTLP_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""OpenTelemetry's own name."""

MARKS_OF_AZURE = (
    *("WEBSITE_INSTANCE_ID", "WEBSITE_SKU", "WEBSITE_POD_NAME"),
    *("CONTAINER_NAME", "LEGION_SERVICE_HOST", "IDENTITY_ENDPOINT"),
)
"""Any of them says that this is Azure: each hosting plan sets some of them, Flex Consumption not the first (Azure
Functions host: EnvironmentExtensions). ``WEBSITE_HOSTNAME`` is none of them: Core Tools set it at home."""


def _unsigned_at_home(allowed: bool, info: ValidationInfo) -> bool:
    if allowed and info.context:
        raise ValueError(f"is on, and {info.context} says that this is Azure, where anybody could then post")
    return allowed


def _local_at_home(hosts: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    if info.context and any(":" in host for host in hosts):
        raise ValueError(f"has a place on this machine, and {info.context} says that this is Azure")
    return hosts


def mark_of_azure(environ: Mapping[str, str]) -> str:
    """The name of a variable that says that this is Azure, empty at home."""
    return next((name for name in MARKS_OF_AZURE if environ.get(name, "").strip()), "")


Key = Annotated[str, AfterValidator(credentials.key)]
Secret = Annotated[SecretStr, AfterValidator(credentials.secret)]
Header = Annotated[SecretStr, AfterValidator(credentials.header)]
ServiceUri = Annotated[str, AfterValidator(urls.service)]
Seconds = Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)]


class StorageSettings(BaseModel):
    """How to reach storage: a connection string, or both service URIs with an identity.

    Attributes:
        connection_string: None when an identity is used.
        table_uri: the Table service; None with a connection string.
        queue_uri: the Queue service; None with a connection string.
        client_id: of a user-assigned identity.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    connection_string: Annotated[SecretStr, AfterValidator(credentials.connection_string)] | None = Field(
        None, description='a connection string, or "UseDevelopmentStorage=true" for Azurite'
    )
    table_uri: ServiceUri | None = Field(
        None, description="https://host, such as https://a.table.core.windows.net"
    )
    queue_uri: ServiceUri | None = Field(
        None, description="https://host, such as https://a.queue.core.windows.net"
    )
    client_id: Key | None = Field(None, description="the client id of a user-assigned identity")


class Settings(BaseModel):
    """Every setting. An alias is the name in the environment, a description says what is accepted."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    storage: StorageSettings

    im_app_key: Key = Field(alias="IM_APP_KEY", description="the App Key of the IM app, from the console")
    im_app_secret: Secret = Field(
        alias="IM_APP_SECRET", description="the App Secret of the IM app, from the console"
    )
    im_app_secret_previous: Secret | None = Field(
        None, alias="IM_APP_SECRET_PREVIOUS", description="the App Secret before its last refresh"
    )
    im_region: Literal["overseas", "china"] = Field(
        "overseas", alias="IM_REGION", description='"overseas" or "china"'
    )
    im_api_version: Literal["v2", "v1"] = Field("v2", alias="IM_API_VERSION", description='"v2" or "v1"')
    im_api_url: Annotated[str, AfterValidator(urls.server)] | None = Field(
        None, alias="IM_API_URL", description="http(s)://host[:port] with nothing behind it"
    )

    im_calls_per_minute: int = Field(
        150, ge=0, le=1_000_000, alias="IM_CALLS_PER_MINUTE", description="a whole number, 0 to 1000000"
    )

    media_hosts: Annotated[
        tuple[str, ...], BeforeValidator(urls.media_hosts), AfterValidator(_local_at_home)
    ] = Field(
        (),
        alias="IM_MEDIA_HOSTS",
        description="hosts with commas between, such as cdn.example.com, *.example.org",
    )

    azure_openai_endpoint: Annotated[str, AfterValidator(urls.azure_openai)] | None = Field(
        None, alias="AZURE_OPENAI_ENDPOINT", description="https://host, such as https://name.openai.azure.com"
    )
    azure_openai_api_key: Secret | None = Field(
        None, alias="AZURE_OPENAI_API_KEY", description="a key of the resource; without one, Entra ID is used"
    )
    azure_openai_deployment: str | None = Field(
        None, alias="AZURE_OPENAI_DEPLOYMENT", description="the name of a deployment of the resource"
    )

    model_url: Annotated[str, AfterValidator(urls.base)] | None = Field(
        None, alias="RELAY_MODEL_URL", description="a base URL, such as http://localhost:8080/v1"
    )
    model_key: Secret | None = Field(
        None, alias="RELAY_MODEL_KEY", description="a key of that server, if it wants one"
    )
    model_name: str | None = Field(
        None, alias="RELAY_MODEL_NAME", description="the name of a model of that server"
    )

    bots_file: Annotated[Path, AfterValidator(lambda path: APP_FOLDER / path)] = Field(
        APP_FOLDER / "bots.toml", alias="RELAY_BOTS_FILE", description="a path, relative to function_app.py"
    )
    tools_file: Annotated[Path, AfterValidator(lambda path: APP_FOLDER / path)] = Field(
        APP_FOLDER / "tools.py", alias="RELAY_TOOLS_FILE", description="a path, relative to function_app.py"
    )
    allow_unsigned: Annotated[bool, AfterValidator(_unsigned_at_home)] = Field(
        False, alias="RELAY_ALLOW_UNSIGNED", description='"false", or "true" on your own machine'
    )
    send_seconds: Seconds = Field(
        20, alias="RELAY_SEND_SECONDS", description="a number of seconds, above 0 and at most 300"
    )
    lease_margin_seconds: Seconds = Field(
        30, alias="RELAY_LEASE_MARGIN_SECONDS", description="a number of seconds, above 0 and at most 300"
    )

    otlp_endpoint: Annotated[str, AfterValidator(urls.base)] | None = Field(
        None,
        alias=OTLP_ENDPOINT,
        description="a base URL of an OpenTelemetry collector, such as http://localhost:4318",
    )

    further_keys: Mapping[str, Secret] = Field(
        default_factory=dict, description="a key of the model server that the bots file names it for"
    )
    """Keys of other model servers than the one above, by the names of their settings; empty in most apps."""

    tool_keys: Mapping[str, Header] = Field(
        default_factory=dict, description="the whole value of the header that the bots file names it for"
    )
    """Headers of tools that the model's server runs, by the names of their settings; empty in most apps."""

    @property
    def inbound_secrets(self) -> tuple[str, ...]:
        """The App Secrets that may have signed a request: the current one, then the one before."""
        secrets = (self.im_app_secret, self.im_app_secret_previous)
        return tuple(secret.get_secret_value() for secret in secrets if secret)


_FIELDS = {field.alias: field for field in Settings.model_fields.values() if field.alias}

SETTING_NAMES = (*STORAGE_NAMES.values(), *_FIELDS)
"""Every name that is read, as it is spelled in the environment."""


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check all settings; a value that is empty or blank counts as not set.

    Raises:
        ConfigError: with every problem found. No value is quoted.
    """
    values = known_settings(environ)
    problems = [*_misspelt(environ, values), *_storage_problems(values), *_model_problems(values)]
    try:
        settings = Settings.model_validate(
            {
                **values,
                "storage": _storage(values),
                "further_keys": _named(credentials.FURTHER_KEY, values),
                "tool_keys": _named(credentials.TOOL_KEY, values),
            },
            context=mark_of_azure(environ),
        )
    except ValidationError as error:
        problems += [_sentence(detail["type"], detail["loc"], detail["msg"]) for detail in error.errors()]
    else:
        if not problems:
            return settings
    raise ConfigError(problems)  # outside the except clause: pydantic's error knows the values


def load_storage(environ: Mapping[str, str]) -> StorageSettings:
    """Read and check the settings of storage alone.

    Raises:
        ConfigError: with every problem found. No value is quoted.
    """
    values = known_settings(environ)
    problems = _storage_problems(values)
    try:
        if not problems:
            return StorageSettings.model_validate(_storage(values))
    except ValidationError as error:
        problems = [_sentence(detail["type"], detail["loc"], detail["msg"]) for detail in error.errors()]
    raise ConfigError(problems)


def known_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that are set, without blanks around their values.

    Names are compared without case, as the host does and as Windows needs; the exact spelling wins.
    """
    any_case = {name.upper(): value for name, value in environ.items()}
    names = (*SETTING_NAMES, *sorted(_named(_OF_BOTS, any_case)))
    found = {name: environ.get(name, any_case.get(name.upper(), "")).strip() for name in names}
    return {name: value for name, value in found.items() if value}


_OF_BOTS = f"{credentials.FURTHER_KEY}|{credentials.TOOL_KEY}"
"""Names of settings that exist because the bots file names them."""


def _named(pattern: str, values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if re.fullmatch(pattern, name)}


def _storage(values: Mapping[str, str]) -> dict[str, str | None]:
    if STORAGE in values:
        return {"connection_string": values[STORAGE]}  # as for the host, it goes before an identity
    found = {field: values.get(name) for field, name in STORAGE_NAMES.items()}
    account = found.pop("account")
    if account and _is_account(account):
        found["table_uri"] = found["table_uri"] or f"https://{account}.table.core.windows.net"
        found["queue_uri"] = found["queue_uri"] or f"https://{account}.queue.core.windows.net"
    return found


def _is_account(name: str) -> bool:
    return re.fullmatch(r"[a-z0-9]{3,24}", name) is not None


def _storage_problems(values: Mapping[str, str]) -> list[str]:
    account, table, queue = (STORAGE_NAMES[field] for field in ("account", "table_uri", "queue_uri"))
    missing = [name for name in (table, queue) if name not in values]
    if STORAGE in values or not missing:
        return []
    if account in values:
        if _is_account(values[account]):
            return []
        return [f"{account}: is not the name of an account; accepted: 3 to 24 lower-case letters and digits"]
    if len(missing) == 1:
        return [f"{missing[0]}: not set, though its sibling is; accepted: both, or {account}"]
    accepted = StorageSettings.model_fields["connection_string"].description
    return [f"{STORAGE}: not set; accepted: {accepted}; or else {account} for an identity"]


def _model_problems(values: Mapping[str, str]) -> list[str]:
    azure = [name for name in AZURE_MODEL if name in values]
    other = [name for name in OTHER_MODEL if name in values]
    if azure and other:
        return [
            f"{', '.join(azure)} and {', '.join(other)}: set together, but there is one model; "
            "accepted: either the AZURE_OPENAI_* or the RELAY_MODEL_* settings"
        ]
    if not azure and not other:
        return [
            "AZURE_OPENAI_ENDPOINT: not set, and neither is RELAY_MODEL_URL: there is no model; accepted: "
            f"{' with '.join(AZURE_MODEL[:2])}, or {' with '.join(OTHER_MODEL[:2])}"
        ]
    present, required = (azure, AZURE_MODEL[:2]) if azure else (other, OTHER_MODEL[:2])
    return [
        f"{name}: not set, though {present[0]} is; accepted: {_FIELDS[name].description}"
        for name in required
        if name not in values
    ]


def _misspelt(environ: Mapping[str, str], values: Mapping[str, str]) -> list[str]:
    """Names that look like one of ours which is not set. All others belong to somebody else."""
    missing = [
        name for name in _FIELDS if name not in values and name != OTLP_ENDPOINT
    ]  # one of a large family
    if values.keys() & set(OTHER_MODEL):  # then AZURE_OPENAI_* may well be another program's
        missing = [name for name in missing if name not in AZURE_MODEL]
    ours = {name.upper() for name in (*SETTING_NAMES, *values)}
    others = [name for name, value in environ.items() if value.strip() and name.upper() not in ours]
    meant = {name: next((known for known in missing if _alike(name.upper(), known)), None) for name in others}
    return [f"{name}: unknown; did you mean {known}?" for name, known in meant.items() if known]


def _alike(name: str, setting: str) -> bool:
    # Compared behind the prefix that all names of a family share: AZURE_OPENAI_API_VERSION is no API_KEY.
    prefix = next(prefix for prefix in ("IM_", "AZURE_OPENAI_", "RELAY_") if setting.startswith(prefix))
    if not name.startswith(prefix):
        return False
    written, meant = name.removeprefix(prefix), setting.removeprefix(prefix)
    return meant.endswith(f"_{written}") or SequenceMatcher(None, written, meant).ratio() >= 0.8


def _sentence(kind: str, place: tuple[int | str, ...], message: str) -> str:
    name = str(place[-1])
    if name in _FIELDS:
        field = _FIELDS[name]
    elif place[0] in ("further_keys", "tool_keys"):
        field = Settings.model_fields[place[0]]
    else:
        field = StorageSettings.model_fields[name]
    wrong = {"missing": "not set", "value_error": message.removeprefix("Value error, ")}
    accepted = f"accepted: {field.description}"
    return f"{STORAGE_NAMES.get(name, name)}: {wrong.get(kind, 'is not valid')}; {accepted}"
