"""Mistakes that people make in the settings, in the bots file and in their tools, and what they read then.

``python -m tests.mistakes`` prints the list of ``docs/mistakes.md``.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from relay.config.bots import Bots, load_bots
from relay.config.settings import load_settings
from relay.errors import ConfigError
from relay.operations import tools

GOOD_SETTINGS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "IM_APP_KEY": "app-key",
    "IM_APP_SECRET": "app-secret",
    "RELAY_MODEL_URL": "http://127.0.0.1:8767/v1",
    "RELAY_MODEL_NAME": "tiny",
}

GOOD_BOT = """
[[bots]]
accid = "helper"
name = "Helper"
system_prompt = "You are a friendly assistant."
"""


@dataclass(frozen=True)
class Mistake:
    """A good configuration with one thing wrong.

    Attributes:
        title: what the user did.
        settings: changed settings; "" takes one away.
        bots: the bots file, None when there is none.
        tools: the file of tools, None when there is none.
    """

    title: str
    settings: dict[str, str] = field(default_factory=dict)
    bots: str | None = GOOD_BOT
    tools: str | None = None

    def problems(self, folder: Path) -> list[str]:
        """What the relay says, with the bots file in ``folder``."""
        bots_file = folder / "bots.toml"
        if self.bots is not None:
            bots_file.write_text(self.bots, encoding="utf-8")
        problems: list[str] = []
        try:
            load_settings(GOOD_SETTINGS | self.settings)
        except ConfigError as error:
            problems += error.problems
        try:
            bots = load_bots(bots_file)
            problems += self._tools_problems(folder, bots)
        except ConfigError as error:
            problems += [problem.replace(str(bots_file), "/app/bots.toml") for problem in error.problems]
        return problems

    def _tools_problems(self, folder: Path, bots: Bots) -> list[str]:
        path, searched = folder / "tools.py", [*sys.path]
        if self.tools is not None:
            path.write_text(self.tools, encoding="utf-8")
        try:
            return tools.load(path, bots, "bots.toml", {})[1]
        finally:
            sys.path[:] = searched


MISTAKES = [
    Mistake("The secret was left out", {"IM_APP_SECRET": ""}),
    Mistake("A setting is misspelt", {"RELAY_MODEL_NAME": "", "RELAY_MODLE_NAME": "tiny"}),
    Mistake("A region that does not exist", {"IM_REGION": "europe"}),
    Mistake("The API URL has a path", {"IM_API_URL": "https://api.example.com/nimserver"}),
    Mistake("No model", {"RELAY_MODEL_URL": "", "RELAY_MODEL_NAME": ""}),
    Mistake(
        "Both sets of model settings",
        {"AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com", "AZURE_OPENAI_DEPLOYMENT": "chat"},
    ),
    Mistake(
        "An Azure OpenAI endpoint without a deployment",
        {
            "RELAY_MODEL_URL": "",
            "RELAY_MODEL_NAME": "",
            "AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com",
        },
    ),
    Mistake(
        "A storage connection string was cut off",
        {"AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=chats"},
    ),
    Mistake(
        "A Key Vault reference does not resolve",
        {"IM_APP_SECRET": "@Microsoft.KeyVault(SecretUri=https://v/s)"},
    ),
    Mistake("Unsigned requests on Azure", {"RELAY_ALLOW_UNSIGNED": "true", "WEBSITE_INSTANCE_ID": "1f2e"}),
    Mistake("The bots file is not there", bots=None),
    Mistake("The bots file is not TOML: a text without quotes", bots="[defaults]\nreply = send\n"),
    Mistake("The bots file is empty", bots=""),
    Mistake("A dotted accid as a table", bots='[bots.support.bot]\nname = "Support"\n'),
    Mistake(
        "A dotted accid as a table, after another bot",
        bots=f'{GOOD_BOT}\n[bots.support.bot]\nname = "Support"\n',
    ),
    Mistake("A key above the tables", bots=f"rewind_messages = 5\n{GOOD_BOT}"),
    Mistake("A key in the wrong case", bots=f"{GOOD_BOT}Rewind_Minutes = 60\n"),
    Mistake("A key is misspelt", bots=f"{GOOD_BOT}rewind_minuts = 60\n"),
    Mistake("The same accid twice", bots=GOOD_BOT + GOOD_BOT.replace("helper", "Helper")),
    Mistake("A word that is nearly the right one", bots=f'{GOOD_BOT}reply = "respond"\n'),
    Mistake("A number for a prompt", bots=GOOD_BOT.replace('"You are a friendly assistant."', "5")),
    Mistake("A memory longer than a week", bots=f"{GOOD_BOT}rewind_minutes = 20000\n"),
    Mistake("An effort that no model has", bots=f'{GOOD_BOT}reasoning_effort = "hgih"\n'),
    Mistake(
        "An API that there is not", bots=f'{GOOD_BOT}models = [{{ model = "gpt", api = "completions" }}]\n'
    ),
    Mistake(
        "A secret of a tool in the bots file",
        bots=f'{GOOD_BOT}[[bots.server_tools]]\ntype = "mcp"\nserver_label = "crm"\n'
        'server_url = "https://crm.example.com/mcp"\nrequire_approval = "never"\n'
        'headers = { Authorization = "Bearer 1" }\n',
    ),
    Mistake(
        "A header of a tool without a setting",
        bots=f'{GOOD_BOT}server_tools = [{{ type = "mcp", require_approval = "never", '
        'header_settings = { Authorization = "Bearer 1" } }]\n',
    ),
    Mistake(
        "A tool whose calls somebody would have to approve",
        bots=f'{GOOD_BOT}server_tools = [{{ type = "mcp", server_label = "crm" }}]\n',
    ),
    Mistake(
        "A tool that there is not", bots=f'{GOOD_BOT}server_tools = [{{ type = "web_search_preview" }}]\n'
    ),
    Mistake(
        "Tools by an API that has none",
        bots=f'{GOOD_BOT}models = [{{ model = "gpt", api = "chat" }}]\n'
        'server_tools = [{ type = "web_search" }]\n',
    ),
    Mistake(
        "A tool that is misspelt",
        bots=f'{GOOD_BOT}tools = ["nearest_shops"]\n',
        tools='from relay.tools import tool\n\n\n@tool\ndef nearest_shop(city: str) -> str:\n    return ""\n',
    ),
    Mistake("A tool, and no file of tools", bots=f'{GOOD_BOT}tools = ["nearest_shop"]\n'),
    Mistake("A tool twice", bots=f'{GOOD_BOT}tools = ["now", "now"]\n'),
    Mistake(
        "A tool whose parameter has no type",
        tools='from relay.tools import tool\n\n\n@tool\ndef nearest_shop(city):\n    return ""\n',
    ),
    Mistake(
        "A tool that asks about what it is not given",
        tools='from relay.tools import tool\n\n\n@tool(confirm="Cancel order {id}?")\n'
        'def cancel(order_id: int) -> str:\n    return ""\n',
    ),
    Mistake("A package of a tool that is not installed", tools="import shop_client\n"),
    Mistake("A tool that draws, without a model", bots=f'{GOOD_BOT}tools = ["draw"]\n'),
    Mistake("Calls that may last as long as a turn", bots=f'{GOOD_BOT}tools = ["now"]\ntool_seconds = 90\n'),
    Mistake("A kind that there is not", bots=f'{GOOD_BOT}kinds = ["text", "image"]\n'),
    Mistake("A transcription without its model", bots=f'{GOOD_BOT}transcribe = "gpt-transcribe"\n'),
    Mistake(
        "A key of a transcription that it does not have",
        bots=f'{GOOD_BOT}transcribe = {{ model = "gpt-transcribe", api = "chat" }}\n',
    ),
    Mistake(
        "A picture that waits longer than a quarter of a turn",
        bots=f"{GOOD_BOT}turn_seconds = 10\ngather_seconds = 5\n",
    ),
    Mistake("Media from a host with a path", {"IM_MEDIA_HOSTS": "https://cdn.example.com/media"}),
    Mistake("A budget in words", bots=f'{GOOD_BOT}limits = {{ per_bot = {{ tokens_per_day = "1M" }} }}\n'),
    Mistake("A greeting that is switched on", bots=f"{GOOD_BOT}greeting = true\n"),
    Mistake("A greeting without a word", bots=f'{GOOD_BOT}greeting = " "\n'),
    Mistake(
        "A greeting of a function",
        bots=f'{GOOD_BOT}[bots.functions.french]\ngreeting = "Bonjour !"\n',
    ),
    Mistake(
        "Ears of a function",
        bots=f"{GOOD_BOT}[bots.functions.french]\nlisten = true\n",
    ),
    Mistake("Ears where nobody shares", bots=f'{GOOD_BOT}listen = true\ngroup_memory = "member"\n'),
    Mistake("Ears without a way to be forgotten", bots=f"{GOOD_BOT}commands = false\nlisten = true\n"),
    Mistake("A person for longer than a day", bots=f"{GOOD_BOT}handover_minutes = 2880\n"),
    Mistake(
        "A person for a function alone",
        bots=f"{GOOD_BOT}[bots.functions.french]\nhandover_minutes = 30\n",
    ),
    Mistake("A switch in words", bots=f'{GOOD_BOT}send_links = "yes"\n'),
    Mistake("A reply that grows by something else", bots=f'{GOOD_BOT}stream = "edits"\n'),
    Mistake(
        "A reply that grows, and is moderated", bots=f"{GOOD_BOT}stream = true\nmoderate_replies = true\n"
    ),
    Mistake("Markdown of another kind", bots=f'{GOOD_BOT}markdown = "html"\n'),
    Mistake("A text that there is not", bots=f'{GOOD_BOT}texts = {{ faild = "Xin lỗi." }}\n'),
    Mistake(
        "A text with a placeholder that it does not have",
        bots=f'{GOOD_BOT}texts = {{ too_long = "Tin nhắn dài {{lenght}} ký tự." }}\n',
    ),
    Mistake(
        "A text that does not say what it has to", bots=f'{GOOD_BOT}texts = {{ limited = "Hết lượt." }}\n'
    ),
    Mistake("A text with a stray brace", bots=f'{GOOD_BOT}[bots.texts]\nhelp = "Tôi là {{name."\n'),
    Mistake("A number in quotes", bots=f'{GOOD_BOT}temperature = "0.7"\n'),
    Mistake(
        "A key of a model server in the bots file",
        bots=f'{GOOD_BOT}models = [{{ model = "gpt", url = "https://models.example.com/v1", key = "sk-1" }}]\n',
    ),
    Mistake("A bot without a prompt", bots='[[bots]]\naccid = "helper"\nname = "Helper"\n'),
    Mistake(
        "An unknown key of a function", bots=f'{GOOD_BOT}[bots.functions.french]\nprompt = "Speak French."\n'
    ),
    Mistake(
        "A key that a function cannot change",
        bots=f'{GOOD_BOT}[bots.functions.french]\nreply = "response"\n',
    ),
    Mistake(
        "A turn that may last longer than the answer may take",
        bots=f"{GOOD_BOT}turn_seconds = 120\nanswer_within_minutes = 1\n",
    ),
]


def section() -> str:
    """The list for the documentation, in Markdown."""
    lines: list[str] = []
    for mistake in MISTAKES:
        with tempfile.TemporaryDirectory() as folder:
            problems = mistake.problems(Path(folder))
        lines += [f"**{mistake.title}**", "", "```text", *problems, "```", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(section(), end="")
