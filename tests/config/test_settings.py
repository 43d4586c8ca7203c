from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from relay.config.settings import APP_FOLDER, SETTING_NAMES, Settings, load_settings
from relay.errors import ConfigError
from tests.mistakes import GOOD_SETTINGS

AZURE = {
    "RELAY_MODEL_URL": "",
    "RELAY_MODEL_NAME": "",
    "AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENT": "chat",
}


def load(**changes: str) -> Settings:
    return load_settings(GOOD_SETTINGS | changes)


def problems(**changes: str) -> list[str]:
    with pytest.raises(ConfigError) as refusal:
        load(**changes)
    return refusal.value.problems


def test_the_smallest_good_configuration_has_the_documented_defaults() -> None:
    settings = load()
    assert settings.im_region == "overseas"
    assert settings.im_api_version == "v2"
    assert settings.im_api_url is None
    assert settings.bots_file == APP_FOLDER / "bots.toml"
    assert settings.allow_unsigned is False
    assert (settings.send_seconds, settings.lease_margin_seconds) == (20, 30)


def test_values_are_taken_without_the_blanks_around_them() -> None:
    assert load(IM_APP_SECRET=" abc\n").im_app_secret.get_secret_value() == "abc"


def test_an_empty_or_blank_value_counts_as_not_set() -> None:
    assert load(IM_REGION="", IM_API_URL="  ").im_region == "overseas"


def test_names_are_compared_without_case_as_on_windows() -> None:
    assert load_settings({name.upper(): value for name, value in GOOD_SETTINGS.items()}) == load()


def test_the_exact_spelling_of_a_name_wins() -> None:
    assert load(im_region="europe", IM_REGION="china").im_region == "china"


def test_openai_variables_of_the_machine_are_never_read() -> None:
    assert load(OPENAI_API_KEY="k", OPENAI_BASE_URL="https://elsewhere", OPENAI_MODEL="m") == load()


def test_all_problems_are_reported_together() -> None:
    found = problems(IM_APP_KEY="", IM_REGION="mars", AzureWebJobsStorage="", RELAY_MODEL_NAME="")
    assert {problem.split(":")[0] for problem in found} == {
        "IM_APP_KEY",
        "IM_REGION",
        "AzureWebJobsStorage",
        "RELAY_MODEL_NAME",
    }


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.__setattr__(load(), "im_region", "china")


# Secrets


def test_keys_of_further_model_servers_are_kept_by_name() -> None:
    settings = load(AZURE_OPENAI_API_KEY_EAST=" east ", relay_model_key_2="two")
    assert settings.further_keys == {
        "AZURE_OPENAI_API_KEY_EAST": SecretStr("east"),
        "RELAY_MODEL_KEY_2": SecretStr("two"),
    }


def test_a_further_key_is_checked_as_any_other() -> None:
    assert problems(RELAY_MODEL_KEY_2="two words") == [
        "RELAY_MODEL_KEY_2: has a space or another character that is not visible ASCII; "
        "accepted: a key of the model server that the bots file names it for"
    ]


def test_the_current_secret_comes_before_the_previous_one() -> None:
    settings = load(IM_APP_SECRET="new", IM_APP_SECRET_PREVIOUS="old")
    assert settings.inbound_secrets == ("new", "old")


def test_without_a_previous_secret_one_is_accepted() -> None:
    assert load().inbound_secrets == ("app-secret",)


@pytest.mark.parametrize("name", SETTING_NAMES)
def test_no_error_shows_a_value_wherever_it_was_pasted(name: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(**{"IM_APP_SECRET_PREVIOUS": "pa55 word", name: "pa55 word"})
    error: BaseException | None = refusal.value
    while error:
        assert "pa55" not in str(error)
        error = error.__cause__ or error.__context__


def test_the_settings_do_not_show_their_secrets_when_printed() -> None:
    secret = "pa55word"
    settings = load(
        **AZURE,
        IM_APP_SECRET=secret,
        IM_APP_SECRET_PREVIOUS=secret,
        AZURE_OPENAI_API_KEY=secret,
        AzureWebJobsStorage=f"AccountName=chats;AccountKey={secret}",
    )
    assert secret not in repr(settings) + str(settings)


# Storage


def test_a_connection_string_goes_before_an_identity() -> None:
    storage = load(AzureWebJobsStorage__accountName="chats", AzureWebJobsStorage__clientId="id").storage
    assert storage.connection_string == SecretStr("UseDevelopmentStorage=true")
    assert (storage.table_uri, storage.queue_uri, storage.client_id) == (None, None, None)


def test_the_service_uris_follow_from_the_account_name() -> None:
    changes = {"AzureWebJobsStorage": "", "AzureWebJobsStorage__accountName": "chats"}
    storage = load(**changes, AzureWebJobsStorage__clientId="id").storage
    assert storage.connection_string is None
    assert storage.table_uri == "https://chats.table.core.windows.net"
    assert storage.queue_uri == "https://chats.queue.core.windows.net"
    assert storage.client_id == "id"


def test_an_explicit_service_uri_wins_over_the_account_name() -> None:
    storage = load(
        AzureWebJobsStorage="",
        AzureWebJobsStorage__accountName="chats",
        AzureWebJobsStorage__tableServiceUri="https://chats.table.core.chinacloudapi.cn/",
    ).storage
    assert storage.table_uri == "https://chats.table.core.chinacloudapi.cn"
    assert storage.queue_uri == "https://chats.queue.core.windows.net"


def test_both_service_uris_need_no_account_name() -> None:
    storage = load(
        AzureWebJobsStorage="",
        AzureWebJobsStorage__tableServiceUri="https://t.example.com",
        AzureWebJobsStorage__queueServiceUri="https://q.example.com",
    ).storage
    assert (storage.table_uri, storage.queue_uri) == ("https://t.example.com", "https://q.example.com")


def test_one_service_uri_alone_is_not_enough() -> None:
    (problem,) = problems(
        AzureWebJobsStorage="", AzureWebJobsStorage__tableServiceUri="https://t.example.com"
    )
    assert problem.startswith("AzureWebJobsStorage__queueServiceUri: not set")


def test_an_account_name_is_checked() -> None:
    (problem,) = problems(AzureWebJobsStorage="", AzureWebJobsStorage__accountName="My Chats")
    assert problem.startswith("AzureWebJobsStorage__accountName: is not the name of an account")


def test_the_hosts_own_storage_settings_are_left_alone() -> None:
    assert load(AzureWebJobsStorage__credential="managedidentity", AzureWebJobsStorage__blobServiceUri="x")


# The model


def test_azure_openai_needs_no_key() -> None:
    settings = load(**AZURE)
    assert settings.azure_openai_endpoint == "https://name.openai.azure.com"
    assert settings.azure_openai_deployment == "chat"
    assert settings.azure_openai_api_key is None
    assert (settings.model_url, settings.model_name) == (None, None)


@pytest.mark.parametrize("name", ["AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT"])
def test_half_of_azure_openai_is_refused(name: str) -> None:
    (problem,) = problems(**AZURE | {name: ""})
    assert problem.startswith(f"{name}: not set, though AZURE_OPENAI_")


@pytest.mark.parametrize("name", ["RELAY_MODEL_URL", "RELAY_MODEL_NAME"])
def test_half_of_another_server_is_refused(name: str) -> None:
    (problem,) = problems(**{name: ""})
    assert problem.startswith(f"{name}: not set, though RELAY_MODEL_")


def test_a_key_of_one_set_beside_the_other_set_is_both_sets() -> None:
    (problem,) = problems(AZURE_OPENAI_API_KEY="k")
    assert problem.startswith("AZURE_OPENAI_API_KEY and RELAY_MODEL_URL, RELAY_MODEL_NAME: set together")


# Unsigned requests


@pytest.mark.parametrize("value", ["true", "True", "1", "yes"])
def test_unsigned_requests_can_be_allowed_at_home(value: str) -> None:
    assert load(RELAY_ALLOW_UNSIGNED=value).allow_unsigned


@pytest.mark.parametrize("value", ["false", "FALSE", "0", "no", ""])
def test_unsigned_requests_can_be_refused_on_azure(value: str) -> None:
    assert not load(RELAY_ALLOW_UNSIGNED=value, WEBSITE_INSTANCE_ID="1f2e").allow_unsigned


@pytest.mark.parametrize(
    "mark",
    [
        "WEBSITE_INSTANCE_ID",
        "WEBSITE_SKU",
        "WEBSITE_POD_NAME",
        "CONTAINER_NAME",
        "LEGION_SERVICE_HOST",
        "IDENTITY_ENDPOINT",
    ],
)
def test_unsigned_requests_are_refused_wherever_azure_says_so(mark: str) -> None:
    (problem,) = problems(RELAY_ALLOW_UNSIGNED="true", **{mark: "1f2e"})
    assert problem.startswith(f"RELAY_ALLOW_UNSIGNED: is on, and {mark} says that this is Azure")


def test_a_host_name_which_core_tools_set_is_no_mark_of_azure() -> None:
    assert load(RELAY_ALLOW_UNSIGNED="true", WEBSITE_HOSTNAME="localhost:7071").allow_unsigned


def test_a_word_that_is_neither_true_nor_false_is_refused() -> None:
    (problem,) = problems(RELAY_ALLOW_UNSIGNED="maybe")
    assert problem.startswith("RELAY_ALLOW_UNSIGNED: is not valid")


@pytest.mark.parametrize("value", ["0", "-1", "301", "nan", "soon"])
def test_seconds_have_limits(value: str) -> None:
    (problem,) = problems(RELAY_SEND_SECONDS=value)
    assert problem.startswith("RELAY_SEND_SECONDS: is not valid; accepted: a number of seconds")


# Misspelt names


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("IM_APP_SECERT", "IM_APP_SECRET"),
        ("IM_SECRET", "IM_APP_SECRET"),
        ("IM_APP_SECRET_PREV", "IM_APP_SECRET_PREVIOUS"),
        ("RELAY_BOT_FILE", "RELAY_BOTS_FILE"),
        ("RELAY_ALLOW_UNSIGNEDD", "RELAY_ALLOW_UNSIGNED"),
        ("IM_REGOIN", "IM_REGION"),
    ],
)
def test_a_misspelt_name_is_an_error_that_suggests_the_right_one(written: str, meant: str) -> None:
    changes = {meant: "", written: "x"}
    assert f"{written}: unknown; did you mean {meant}?" in problems(**changes)


def test_a_misspelt_key_of_azure_openai_is_not_taken_for_entra_id() -> None:
    (problem,) = problems(**AZURE, AZURE_OPENAI_KEY="k")
    assert problem == "AZURE_OPENAI_KEY: unknown; did you mean AZURE_OPENAI_API_KEY?"


@pytest.mark.parametrize(
    "name",
    [
        "AZURE_OPENAI_API_VERSION",
        "AZURE_OPENAI_API_TYPE",
        "IM_HOME",
        "RELAY_STATE",
        "RELAY_HOST",
        "IM_CONFIG_PATH",
    ],
)
def test_other_peoples_variables_are_ignored(name: str) -> None:
    assert load(**AZURE, **{name: "x"})


def test_a_name_like_one_that_is_set_is_ignored() -> None:
    assert load(IM_APP_SECRETS="x")


def test_azure_openai_variables_of_the_machine_do_not_count_as_misspelt_beside_another_server() -> None:
    assert load(AZURE_OPENAI_DEPLOYMENT_NAME="chat")


def test_a_misspelt_setting_of_the_other_server_is_an_error_beside_azure_openai() -> None:
    (problem,) = problems(**AZURE, RELAY_MODLE_URL="http://127.0.0.1:8767/v1")
    assert problem == "RELAY_MODLE_URL: unknown; did you mean RELAY_MODEL_URL?"


def test_an_empty_variable_is_not_a_misspelt_setting() -> None:
    assert load(IM_REGOIN="")


# Paths and files


def test_a_relative_bots_file_lies_beside_the_function_app() -> None:
    assert load(RELAY_BOTS_FILE="config/mine.toml").bots_file == APP_FOLDER / "config" / "mine.toml"


def test_an_absolute_bots_file_stays_where_it_is(tmp_path: Path) -> None:
    assert load(RELAY_BOTS_FILE=str(tmp_path / "b.toml")).bots_file == tmp_path / "b.toml"


def test_the_app_folder_holds_the_host_configuration() -> None:
    assert (APP_FOLDER / "host.json").is_file()


def test_the_example_settings_are_good_as_they_are() -> None:
    example = json.loads((APP_FOLDER / "local.settings.example.json").read_text(encoding="utf-8"))
    settings = load_settings(example["Values"])
    assert settings.im_api_url == "http://127.0.0.1:8766"
    assert settings.model_url == "http://127.0.0.1:8767/v1"
    assert not settings.allow_unsigned


def test_the_example_settings_name_every_setting_as_flat_text() -> None:
    example = json.loads((APP_FOLDER / "local.settings.example.json").read_text(encoding="utf-8"))
    assert example["Values"].keys() == {*SETTING_NAMES, "FUNCTIONS_WORKER_RUNTIME"}
    assert all(isinstance(value, str) for value in example["Values"].values())


def test_reading_the_settings_imports_nothing_slow() -> None:
    slow = ["openai", "azure.data.tables", "azure.identity", "azure.functions", "aiohttp", "httpx2"]
    imports = "import sys, relay.config.settings, relay.config.bots"
    code = f"{imports}; print([name for name in {slow} if name in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=APP_FOLDER, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
