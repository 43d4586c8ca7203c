"""What a refusal says of functions: the model takes none, or not this one, or not what goes back with its calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from relay.errors import AttemptFailed, ModelRejected
from relay.model.dialect import Dialect, Parameters
from relay.model.refusals import UNKNOWN_PARAMETER, Refusal
from relay.ports import Completion, FunctionCall

_A_TOOL = r"['\"`]?(?:tools?(?:[ _-](?:use|calls?|calling))?|function[ _-]?call(?:s|ing)?|functions)\b['\"`]?"
_NO_FUNCTIONS = re.compile(
    rf"(?:does not|doesn['’]t|cannot) support (?:the )?{_A_TOOL}|does not support parameters: \[[^\]]*'tools'"
    rf"|{_A_TOOL} (?:is|are) (?:currently )?(?:not (?:supported|enabled|available|allowed)|unsupported|disabled)"
    r"|No endpoints found that support tool use|requires --jinja|--enable-auto-tool-choice"
    r"|(?:unsupported|unrecognized|unknown|unexpected|extra)[^\n]{0,40}['\"` ]tools\b(?![\[.])",
    re.IGNORECASE,
)
"""Ollama, Groq, DeepSeek, Gemini, LiteLLM; OpenRouter; llama.cpp and vLLM, to be started for it; OpenAI."""

_BAD_SCHEMA = re.compile(
    r"invalid schema for function|not a valid \w+ flavored json schema|JSON schema conversion failed"
    r"|(?:tools|function_declarations)(?:\[\d+\]|\.\d+)?\.(?:function\.)?parameters",
    re.IGNORECASE,
)
"""OpenAI and DeepSeek; Kimi; llama.cpp; Gemini."""

_PLACE_OF_TOOL = re.compile(r"(?:tools|function_declarations)[\[.](\d+)")

_CALLED_WRONGLY = re.compile(
    r"failed to call a function|but model called a tool|tool call validation failed", re.IGNORECASE
)
"""Groq, which refuses with 400 what its model has written, not what it was asked (pipecat-ai/pipecat#1168)."""

_REASONING_NEEDED = re.compile(
    r"reasoning_content[^\n]{0,60}must be passed back|missing `?reasoning_content|reasoning_content is missing"
    r"|missing a `?thought_signature|without its required '?reasoning",
    re.IGNORECASE,
)
"""DeepSeek; Kimi; Gemini; OpenAI."""

_REASONING_REFUSED = re.compile(
    r"(?:reasoning(?:_content|_details)?|extra_content)['\"`]? (?:is|are) (?:not supported|unsupported|not permitted)"
    r"|encrypted content[^\n]{0,60}could not be|item with id \S+ not found|without its required following item",
    re.IGNORECASE,
)
"""Groq, Cerebras; OpenAI and Azure, whose encryption another region may not know."""


def about_functions(
    refusal: Refusal, sent: Parameters, dialect: Dialect, functions: Sequence[str], *, are_first: bool
) -> ModelRejected | AttemptFailed | Completion | Dialect | None:
    """What a refusal says of functions, of calls or of what goes back with them; None when it is about something else.

    No message is to blame for a schema, and no other place takes it.
    """
    words = refusal.words
    if "tool_use_failed" in refusal.codes or _CALLED_WRONGLY.search(words):
        if "tool_choice" in sent:
            return Completion(
                "", calls=(FunctionCall("", "-", "{}"),)
            )  # it had to answer, and called all the same
        return AttemptFailed("the model's call of a tool cannot be read", broke_off=True)
    if "tool_choice" in sent and refusal.names_it("tool_choice"):
        return replace(dialect, without=dialect.without | {"tool_choice"})
    if dialect.reasoning == "back" and _REASONING_NEEDED.search(words):
        return replace(dialect, reasoning="needed")
    if dialect.reasoning == "back" and (
        "invalid_encrypted_content" in refusal.codes or _REASONING_REFUSED.search(words)
    ):
        return replace(dialect, reasoning="none")
    told = "\n".join((*refusal.names, words))
    if (
        "invalid_function_parameters" in refusal.codes
        or _BAD_SCHEMA.search(told)
        or {"tools", "parameters"} <= set(refusal.names)
    ):
        place = _PLACE_OF_TOOL.search(told) if are_first else None
        named = [name for name in functions if re.search(rf"['\"`]{re.escape(name)}['\"`]", words)]
        named += functions[int(place[1]) : int(place[1]) + 1] if place and not named else ()
        which = f"of the function {named[0]}" if named else "of a function"
        return ModelRejected(f"{refusal.cause}, the schema {which}", about_tools=True)
    if _NO_FUNCTIONS.search(words) or (refusal.codes & UNKNOWN_PARAMETER and "tools" in refusal.names):
        return replace(dialect, takes_functions=False)
    return None
