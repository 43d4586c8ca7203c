"""What the page offers to send, against the relay's own webhook: it answers as the page says that it does."""

from __future__ import annotations

import json

import pytest

from playground.im.chats import Team
from playground.im.signing import sign_request
from playground.page.templates import Setting, Template, templates
from relay.config.bot import Bot
from tests.kit import RelayKit

HELPER = Bot(accid="helper", name="Helper", system_prompt="You are Helper.")
TEAM = Team("7001", ("alice", "bob", "helper"))


def setting(now: int, *, team: Team | None = None, bot: Bot | None = HELPER) -> Setting:
    to = team.tid if team else "helper" if bot else "bob"
    return Setting("alice", to, team, bot, message=None, now=now)


def answered(relay: RelayKit, sent: Template) -> str:
    """What the webhook answers, in the words of ``expected``."""
    raw = sent.body.encode()
    clock = relay.clock.now() + sent.clock_minutes * 60_000
    headers = {
        "AppKey": "playground",
        **sign_request(relay.settings.im_app_secret.get_secret_value(), raw, clock),
    }
    response = relay.post_raw(raw, headers, run=False)
    body = json.loads(response.get_body())
    word = body.get("reason") or body.get("status", "") if response.status_code == 200 else ""
    if "errCode" in body:
        word = f"errCode {body['errCode']}"
    return f"{response.status_code} {word}".strip()


@pytest.mark.parametrize(
    ("team", "bot"),
    [(None, HELPER), (TEAM, HELPER), (None, None)],
    ids=["with a bot", "in a group", "with a person"],
)
def test_the_webhook_answers_to_what_can_be_sent_as_the_page_says(
    relay: RelayKit, team: Team | None, bot: Bot | None
) -> None:
    offered = templates(setting(relay.clock.now(), team=team, bot=bot))
    assert {one.name: answered(relay, one) for one in offered} == {one.name: one.expected for one in offered}


def test_a_message_that_was_sent_is_the_one_that_is_taken_back() -> None:
    own = setting(1_700_000_000_000).says()
    changed = templates(Setting("alice", "helper", None, HELPER, own, own.at + 1))
    recall = json.loads(next(one.body for one in changed if one.name == "recall"))
    assert (recall["msgId"], recall["clientId"]) == (own.server_id, own.client_id)
