"""The tables of a scenario file and what they accept. docs/playground.md explains every key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    model_validator,
)

from playground.faults import FAULTS
from playground.media import Unreadable
from playground.scenario.expectation import Account, Expectation, Table
from playground.scenario.media import KINDS, Key, Medium, read
from playground.scenario.rules import Rule, one_of

SETTINGS = ["IM_API_VERSION", "RELAY_LEASE_MARGIN_SECONDS", "RELAY_SEND_SECONDS"]
"""What a scenario may set: protocol and times. Where the parts are and who may speak is not for it to say."""


FaultName = Annotated[str, one_of(list(FAULTS), "fault")]
SettingName = Annotated[str, one_of(SETTINGS, "setting for a scenario")]


class Robot(Table):
    """``robotInfo`` of a message."""

    function: str = Field("", description="text")
    topic: str = Field("", description="text")
    customContent: str = Field("", description="text")  # noqa: N815 (the wire's name)
    account: str = Field("", description="an accid")


def _spelled_out(value: object) -> object:
    """``expect = "text"`` is short for ``expect.text = "text"``."""
    return {"text": value} if isinstance(value, str) else value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


FaultNames = Annotated[list[FaultName], BeforeValidator(_as_list)]


class Edit(Table):
    """Other words for a message."""

    said: str = Field(min_length=1, description="text: what an earlier message says")
    text: str = Field(min_length=1, description="text: what it says from now on")


class Measures(Table):
    """What a client says of a picture, a sound or a film."""

    width: int = Field(0, ge=0, description="a whole number of pixels")
    height: int = Field(0, ge=0, description="a whole number of pixels")
    milliseconds: int = Field(0, ge=0, description="a whole number")


class Step(Table):
    """One step: a message, a wait, a kill, an expectation, or several of these, which then happen in this order.

    Who speaks to whom is as in the step before where it is not said.
    """

    sender: Account | None = Field(None, alias="as", description="the user's accid")
    to: Account | None = Field(None, description="the bot's accid")
    team: Account | None = Field(None, description="the id of a group in [groups]")
    say: str | None = Field(None, min_length=1, description="text")
    picture: str | None = Field(None, description='as in "red 640x480", a data: URL, or a file')
    voice: str | None = Field(None, min_length=1, description="what is said, a data: URL, or a file")
    video: str | None = Field(None, description='as in "blue 320x240 2s", a data: URL, or a file')
    file: str | None = Field(None, description="a data: URL, or a file")
    location: str | None = Field(None, description='"Title,latitude,longitude"')
    words: str | None = Field(None, description="text: what the bytes of voice say")
    measures: Measures | None = Field(None, description="a table: width, height, milliseconds")
    frame: str | None = Field(None, description="a data: URL, or a file")
    mark: str | None = Field(None, min_length=1, description="text: a name for this message")
    robot: Robot | None = Field(None, description="a table: function, topic, customContent, account")
    input: Literal["copy", "chatbot", "both"] | None = Field(None, description='"copy", "chatbot" or "both"')
    fault: FaultNames = Field([], description="the name of a fault, or a list of names")
    wait: Literal["model-request"] | None = Field(None, description='"model-request"')
    recall: str | None = Field(None, min_length=1, description="text: what an earlier message says")
    edit: Edit | None = Field(None, description="a table: said, text")
    release: Literal["model"] | None = Field(None, description='"model"')
    members: list[Account] | None = Field(None, min_length=1, description="a list of accids")
    on: FaultNames = Field([], description="the name of a fault, or a list of names")
    off: FaultNames = Field([], description="the name of a fault, or a list of names")
    kill: Literal["host"] | None = Field(None, description='"host"')
    down: Literal["host"] | None = Field(None, description='"host"')
    up: Literal["host"] | None = Field(None, description='"host"')
    expect: Annotated[Expectation, BeforeValidator(_spelled_out)] | None = Field(
        None, description="the text of the reply, or a table"
    )

    _medium: Medium | None = PrivateAttr(None)

    @property
    def attaches(self) -> tuple[Key, str] | None:
        """What is sent beside words: its key and value; None for nothing."""
        given = ((key, getattr(self, key)) for key in KINDS)
        return next(((key, value) for key, value in given if value is not None), None)

    @property
    def medium(self) -> Medium | None:
        """The same as it was read."""
        return self._medium

    @property
    def sends(self) -> bool:
        """Whether a message is sent."""
        return self.say is not None or self.attaches is not None

    def read_medium(self, folder: Path | None) -> None:
        """Make or read what is attached; files lie in ``folder``, which is None where it is not known.

        Raises:
            Unreadable: the value is nothing of its kind.
        """
        if self.attaches is not None:
            medium = read(*self.attaches, self.words or "", folder)
            if self.measures:
                measures = self.measures.model_dump(exclude_defaults=True)
                medium = replace(medium, measures={**medium.measures, **measures})
            if self.frame:
                medium = replace(medium, frame=read("file", self.frame, "", folder).content)
            self._medium = medium

    @model_validator(mode="after")
    def _whole(self) -> Self:
        acts = (self.wait, self.recall, self.edit, self.release, self.members, self.on, self.off)
        if not (self.sends or any(acts) or self.kill or self.down or self.up or self.expect):
            raise ValueError("does nothing; give say, wait, recall, edit, kill or expect")
        if len([key for key in KINDS if getattr(self, key) is not None]) > 1:
            raise ValueError(f"attaches more than one of {', '.join(KINDS)}; a message carries one")
        if self.words and not self.voice:
            raise ValueError('has "words" without "voice"')
        if self.to and self.team:
            raise ValueError('has both "to" and "team"; a message goes to a bot or to a group')
        if not self.sends and (self.robot or self.input or self.fault or self.mark):
            raise ValueError('has "robot", "input", "fault" or "mark" without "say"')
        if (self.measures or self.frame) and self.attaches is None:
            raise ValueError('has "measures" or "frame", and attaches nothing')
        if self.members and not self.team:
            raise ValueError('has "members" without "team"')
        return self


class Scenario(Table):
    """A whole file.

    Attributes:
        title: what it shows.
        model: what answers.
        settings, defaults, bots, tools_file: of the function host; they count where the host is started for the
            scenario. The tools lie beside it.
        users: accids and the names that are shown.
        groups: ids and members.
        script: what the scripted model answers; else it repeats what it is told.
        unfinished: whether something is still to come when it ends, which is not looked at.
        steps: what happens.
    """

    title: str = Field(min_length=1, description="text")
    model: Literal["scripted", "tiny", "settings"] = Field(
        "scripted", description='"scripted", "tiny" or "settings"'
    )
    settings: dict[SettingName, str] = Field({}, description="a table of settings, each a text")
    defaults: dict[str, Any] = Field({}, description="a table as in the bots file")
    bots: list[dict[str, Any]] = Field([], description="tables as in the bots file: [[bots]]")
    tools_file: str = Field(
        "", pattern=r"^[\w.-]*\.py$", description="the name of a Python file beside the scenario"
    )
    users: dict[Account, str] = Field({}, description='a table: accid = "name"')
    groups: dict[Account, list[Account]] = Field({}, description="a table: id = [accids]")
    script: list[Rule] = Field([], description="tables [[script]]")
    unfinished: bool = Field(False, description="true or false")
    steps: list[Step] = Field(min_length=1, description="tables [[steps]]")

    _folder: Path | None = PrivateAttr(None)

    @property
    def tools_path(self) -> Path | None:
        """Where its tools are; None when it uses those of the app."""
        return self._folder / self.tools_file if self._folder and self.tools_file else None

    def find_tools(self, folder: Path | None) -> None:
        """Look for its tools in the folder of its file, which is None where it is not known.

        Raises:
            Unreadable: they are not there.
        """
        if self.tools_file and not (folder and (folder / self.tools_file).is_file()):
            raise Unreadable("there is no such file beside the scenario")
        self._folder = folder

    @property
    def bots_document(self) -> dict[str, Any]:
        """Its bots file; empty when it uses that of the app."""
        return {"defaults": self.defaults, "bots": self.bots} if self.bots else {}
