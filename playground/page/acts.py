"""What one can do with a message once it is there, and with a whole chat."""

from __future__ import annotations

import json
from typing import Any

from playground.page.deeds import Sending
from playground.page.page import NotTheirs, Page


async def say_again(page: Page, sender: str, message: str, fault: str = "") -> dict[str, Any]:
    """Send what a message of one's own says as a new one; returns that as :meth:`Page.say` does.

    Args:
        page: the page.
        sender: accid of the user.
        message: its id.
        fault: name of the fault that is to hit it; empty for none beside those that are on.

    Raises:
        ControlError: the emulator refuses.
        FaultUnavailable: the stack has no part that could misbehave so.
        NotTheirs: there is no such message of this user.
    """
    said = page.own_message(sender, message)
    how = Sending.seen_in(page.journal.posts_of(message))
    if fault:
        await page.switchboard.turn_on(fault, "next")
    return await page.say(
        sender,
        {"team": said.to} if said.team_kind else {"to": said.to},
        said.text,
        how.robot,
        how.input,
        {"msg_type": said.msg_type, **({"attach": json.loads(said.attach)} if said.attach else {})},
    )


async def delete(page: Page, message: str) -> None:
    """Take a message out of its chat, for everybody; the webhook does not hear of it, so the bot remembers it.

    Raises:
        ControlError: the emulator refuses.
        NotTheirs: there is no such message.
    """
    if message not in page.shown.messages:
        raise NotTheirs
    await (await page.parts()).im.call("POST", "delete", json={"message": message})


def clear(page: Page, chat: str) -> int:
    """Show what a chat holds by now on no page any more; it stays everywhere else. Returns how much that was."""
    gone = page.shown.clear(chat)
    page.kept.cleared(gone)
    for message in gone:
        page.events.publish("gone", id=message)
    return len(gone)


async def dismiss(page: Page, tid: str) -> None:
    """End a group; raises ControlError when the emulator refuses."""
    await (await page.parts()).im.call("POST", "dismiss", json={"tid": tid})
