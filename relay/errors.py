"""Every error that the relay raises on purpose: who raises it, and who makes something else of it.

::

    RelayError
    ├── ConfigError             a setting or bots.toml is wrong; start-up stops
    │   └── ToolsBroken         tools.py, or a name of a tool, is wrong; turns stay queued
    ├── BadArguments            what the model wants of a tool does not fit its parameters
    ├── ToolError               what a tool says to the model in the place of a result
    ├── RequestRefused          a request that cannot be accepted (status, word, detail)
    ├── BadSignature            a request that the platform did not sign, or signed with another secret
    ├── NewerTurn               a queue message of a version that this code does not know
    ├── HistoryExpired          a message whose day of history is gone
    ├── StorageError
    │   ├── StorageUnavailable  the service is unreachable or throttles; try later
    │   ├── RowExists           insert of a key that is there already
    │   ├── RowChanged          If-Match failed, or the row is gone
    │   ├── TableMissing        the table does not exist
    │   ├── TableBusy           the table is being deleted; its name cannot be used yet
    │   └── LeaseEnded          too late to store anything under this lease
    ├── ModelError
    │   ├── AttemptFailed       one request to one deployment; another one may answer
    │   ├── ModelUnavailable    throttled, slow, unreachable, 5xx, 401, 404; try later
    │   ├── ModelRejected       the request is refused, and its words do not say why (400, 422)
    │   │   └── ModelOverflow   it is longer than the model's context
    │   └── ModelBlocked        a content filter refused the prompt or the answer
    ├── ImError
    │   ├── ImUnavailable       throttled, unreachable or no answer; try later
    │   ├── ImRejected          a definite no: the receiver, the sender or the request
    │   │   └── NoStreams       no message grows in this kind of chat: no streams, or no edits
    │   └── ImBlocked           moderation refused the text
    ├── NoLogs                  a command cannot ask the log workspace
    ├── NoTimeForCalls          a turn is too short for a tool; the next one goes on
    └── MediumError
        ├── MediumUnavailable   what somebody sent cannot be fetched now
        ├── MediumGone          it is no longer where it was, or was never for us
        └── MediumRefused       it may not be fetched, is too large, or cannot be made sense of

No message of an error holds a secret or a text that a user or a model wrote; those of BadArguments and ToolError are
for the model, and no log has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable


class RelayError(Exception):
    """Root of the tree."""


class ConfigError(RelayError):
    """One or more settings, or keys of the bots file, are wrong.

    ``config`` raises it; ``app`` stops the start with it, ``operations`` prints it.

    Attributes:
        problems: one sentence each: the name, what is wrong, what is accepted.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ToolsBroken(ConfigError):
    """The users' file of tools fails, or has something that is no tool, or a bot names a tool that is not there.

    ``tools`` raises it; ``turn`` puts back what waits for a tool, ``operations`` prints it.
    """


class BadArguments(RelayError):
    """The arguments of a call do not fit; the text says to the model which, and what is accepted.

    ``tools/schema`` raises it, and ``tools/running`` makes a result of it.
    """


class ToolError(RelayError):
    """A tool could not do it; the text is what the model reads of that, and all that it reads.

    Users' tools raise it, and those that ship; ``tools/running`` makes a result of it.
    """


class RequestRefused(RelayError):
    """A request that is answered with an error.

    ``inbound`` raises it, and ``inbound/webhook`` makes an HTTP answer of it.

    Attributes:
        status: HTTP status code.
        word: stable machine-readable word.
        detail: one sentence for the developer who reads the answer.
    """

    def __init__(self, status: int, word: str, detail: str) -> None:
        super().__init__(f"{status} {word}: {detail}")
        self.status = status
        self.word = word
        self.detail = detail


class BadSignature(RelayError):
    """The signature of a request does not verify; the text says which check failed.

    ``signature`` raises it, and ``inbound/webhook`` refuses the request with 401.
    """


class NewerTurn(RelayError):
    """A queue message of a version that this code does not know.

    ``messages`` raises it; ``app`` and ``sweep`` leave the message to a newer instance.
    """


class HistoryExpired(RelayError):
    """The message is so old that its day's table is, or should be, gone.

    ``memory/days`` raises it; ``turn`` ends the message without an answer.
    """


class StorageError(RelayError):
    """Table or Queue Storage did not do what was asked."""


class StorageUnavailable(StorageError):
    """Unreachable, throttled or timed out. Whether a write happened is unknown.

    ``storage`` raises it, as do its callers when they give up; ``inbound/webhook`` answers 503, ``turn`` puts back.
    """


class RowExists(StorageError):
    """A row with this key is there already.

    ``storage`` raises it; ``memory`` and ``turn/limits`` look at the row that was faster.
    """


class RowChanged(StorageError):
    """The row is not what the caller last saw: changed, or gone.

    ``storage`` and ``memory`` raise it; ``turn`` looks again.
    """


class TableMissing(StorageError):
    """The table does not exist.

    ``storage`` raises it; ``memory`` and ``turn/limits`` make the table, or say that its day is gone.
    """


class TableBusy(StorageError):
    """The table is being deleted; Azure keeps its name for a while.

    ``storage`` raises it; ``memory`` makes StorageUnavailable of it, ``sweep`` tries in its next run.
    """


class LeaseEnded(StorageError):
    """The turn's lease is over, or too near its end to store anything.

    ``turn`` raises it and puts the message back: whoever holds the lease next answers.
    """


class ModelError(RelayError):
    """The model did not answer.

    Attributes:
        cause: short technical reason for the log and the poison message, without any text of a person.
        place: the deployment that said so, to be handed back to the port as it is; None when none did.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.place: Hashable = None


class AttemptFailed(ModelError):
    """One request to one place has failed; another place, or the same one later, may answer.

    ``model`` raises it; ``model/chat`` asks the next place, and makes ModelUnavailable of it when there is none.

    Attributes:
        retry_after: seconds until the server wants to be asked again, None when it does not say.
        lasting: asking the same place again within the turn is no use.
        throttled: the place has had enough requests for now, or this one is larger than it ever takes.
        broke_off: the place had begun to answer, and is asked once more within the turn at most.
    """

    def __init__(
        self,
        cause: str,
        retry_after: float | None = None,
        *,
        lasting: bool = False,
        throttled: bool = False,
        broke_off: bool = False,
    ) -> None:
        super().__init__(cause)
        self.retry_after = retry_after
        self.lasting = lasting
        self.throttled = throttled
        self.broke_off = broke_off


class ModelUnavailable(ModelError):
    """May pass: throttling, a timeout, a network or server failure, a role that is not there yet.

    ``model/chat`` raises it, as does ``turn`` when its time is over; ``turn`` puts back, or gives up.

    Attributes:
        retry_after: seconds until it is worth asking again; 0 when nothing is known.
    """

    def __init__(self, cause: str, retry_after: float = 0) -> None:
        super().__init__(cause)
        self.retry_after = retry_after


class ModelRejected(ModelError):
    """A server refuses this request, and would again; whether for a message, a row or the place, asking tells.

    ``model`` raises it; ``turn/asking`` asks without history, then whether the place takes anything at all.

    Attributes:
        about_tools: it is about the tools that the server was to run: neither a message nor the place is to blame.
    """

    def __init__(self, cause: str, *, about_tools: bool = False) -> None:
        super().__init__(cause)
        self.about_tools = about_tools


class ModelOverflow(ModelRejected):
    """The prompt is longer than the model's context: a shorter one will pass.

    ``model`` raises it; ``turn/asking`` leaves the oldest messages out.

    Attributes:
        prompt_tokens: length of the prompt by the server's count; 0 when it does not say.
        excess_tokens: how much of it is too much; 0 when the server does not say.
    """

    def __init__(self, cause: str, prompt_tokens: int = 0, excess_tokens: int = 0) -> None:
        super().__init__(cause)
        self.prompt_tokens = prompt_tokens
        self.excess_tokens = excess_tokens


class ModelBlocked(ModelError):
    """A content filter refused the prompt, or withheld the answer.

    ``model`` raises it; ``turn/asking`` asks once more without the window, then tells the user.
    """


class ImError(RelayError):
    """The IM server did not take a message.

    Attributes:
        cause: short technical reason (result code, HTTP status) for the log and the poison message.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class ImUnavailable(ImError):
    """May pass: throttling, a server failure, or no answer (then the message may have been delivered).

    ``im`` raises it; ``turn`` puts back.
    """


class ImRejected(ImError):
    """Will not pass: sender, receiver or request are refused.

    ``im`` raises it; ``turn/delivery`` sends a line in the place of a medium, marks a reply whose text is refused
    undeliverable and leaves a record.

    Attributes:
        code: the server's result code; 0 when there is none.
    """

    def __init__(self, cause: str, code: int = 0) -> None:
        super().__init__(cause)
        self.code = code


class NoStreams(ImRejected):
    """The first piece of a stream was refused with a code for streams, or an edit was; or the API has none (v1).

    ``im`` raises it; ``turn/streaming`` sends replies whole into such chats for a while.
    """


class ImBlocked(ImError):
    """The IM platform's moderation refused the text.

    ``im`` raises it; ``turn/delivery`` sends a text that says so.
    """


class NoTimeForCalls(RelayError):
    """The rest of the turn is too short for a call of a tool: the next turn goes on from the round.

    ``turn/rounds`` raises it, and ``turn/step`` puts the message back.
    """


class NoLogs(RelayError):
    """The log workspace cannot be asked; the message says why. ``operations`` raises it, and prints it."""


class MediumError(RelayError):
    """What somebody sent beside words cannot be had; ``turn`` says so in its place.

    Attributes:
        cause: why, for the log; without any part of its address.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class MediumUnavailable(MediumError):
    """Not now: no answer in time, no address for its host, a server that fails. ``media`` raises it."""


class MediumGone(MediumError):
    """It is no longer there, or was never for us (401, 403, 404, 410). ``media`` raises it."""


class MediumRefused(MediumError):
    """It may not be fetched, is too large, or is not what it says. ``media`` raises it."""
