"""People at the page: they write, see answers, meet in groups, in two tabs at once."""

import pytest
from playwright.async_api import expect

from tests.browser.fixtures import Visit, post

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_three_turns_are_answered_in_order(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    for text in ("my cat is called Miso", "she is three", "how old is she?"):
        await ada.ask(text)
        await ada.said("helper", f"You said: {text}")
    senders = [await bubble.get_attribute("data-sender") for bubble in await ada.at("message").all()]
    assert senders == [ada.accid, "helper"] * 3


async def test_a_bot_that_answers_in_the_response_is_fed_by_the_chatbot_webhook(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Echo")
    await ada.ask("anybody there?")
    await ada.said("echo", "You said: anybody there?")


async def test_the_bot_is_typing_until_it_has_answered(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.open_faults()
    await ada.switch_on("model-slow")
    await ada.page.keyboard.press("Escape")
    question = await ada.say("take your time")
    await expect(question).to_have_attribute("data-status", "waiting")
    await expect(ada.at("typing")).to_be_visible()
    await expect(question).to_have_attribute("data-status", "answered")
    await expect(ada.at("typing")).to_have_count(0)


async def test_a_bot_in_a_group_answers_when_it_is_mentioned(visit: Visit) -> None:
    ada, bob = await visit("Ada"), await visit("Bob")
    await ada.page.reload()  # Bob came after her
    await ada.at("new-group").click()
    dialog = ada.at("group-dialog")
    await dialog.locator('[data-testid="group-name"]').fill(f"Trip of {ada.name}")
    for accid in ("helper", bob.accid):
        await dialog.locator(f'[data-testid="group-member"][value="{accid}"]').check()
    await ada.at("group-save").click()
    await expect(dialog).to_be_hidden()

    await ada.open_chat(f"Trip of {ada.name}")
    aside = await ada.say("only between us two")
    await expect(aside).to_have_attribute("data-status", "ignored")
    await ada.at("composer").press_sequentially("@Hel")
    await ada.at("mention-option", accid="helper").click()
    await ada.at("composer").press_sequentially("where to?")
    await ada.at("send").click()
    await ada.said("helper", "where to?")
    await ada.at("composer").press_sequentially("@小")
    await ada.at("mention-option", accid="helper").click()
    await ada.at("composer").press_sequentially("and when?")
    await ada.at("send").click()
    await ada.said("helper", "and when?")

    await bob.open_chat(f"Trip of {ada.name}")
    await bob.said(ada.accid, "only between us two")
    await bob.said("helper", "where to?")


async def test_two_tabs_as_two_users_see_each_other_live(visit: Visit) -> None:
    ada = await visit("Ada")
    bob = await visit("Bob", beside=ada)
    name = f"Lunch of {ada.name}"
    await post(ada.page.request, f"{ada.home}/api/teams", {"name": name, "members": [ada.accid, bob.accid]})
    for visitor in (ada, bob):
        await visitor.open_chat(name)
    await ada.say("noon?")
    await bob.said(ada.accid, "noon?")
    await bob.say("half past")
    await ada.said(bob.accid, "half past")


async def test_nine_tabs_of_one_browser_work_since_those_that_nobody_sees_hold_no_connection(
    visit: Visit,
) -> None:
    ada = await visit("Ada")
    seen = []
    for _ in range(8):
        seen.append(await visit(accid=ada.accid, beside=ada))
        await seen[-1].look_away()
    await ada.open_chat("Helper")
    await ada.ask("is anybody here?")
    *_, last = seen
    await last.look_back()
    await last.open_chat("Helper")
    await last.said("helper", "is anybody here?")


async def test_who_is_taken_out_of_an_open_group_is_told_so(visit: Visit) -> None:
    ada = await visit("Ada")
    name = f"Club of {ada.name}"
    group = {"name": name, "members": [ada.accid, "bob"]}
    team = await post(ada.page.request, f"{ada.home}/api/teams", group)
    await ada.open_chat(name)
    url = f"{ada.home}/api/teams/{team['tid']}"
    assert (await ada.page.request.put(url, data={"name": name, "members": ["bob"]})).ok
    await expect(ada.at("notice")).to_contain_text(name)
    await expect(ada.at("conversation").filter(has_text=name)).to_have_count(0)
    await ada.ask("and what now?")  # the first bot's chat is open


async def test_one_tab_becomes_somebody_else_for_good_and_the_other_does_not(visit: Visit) -> None:
    ada = await visit("Ada")
    beside = await visit(accid=ada.accid, beside=ada)
    await ada.at("user-switch").click()
    await ada.at("user-option", user="carol").click()
    for tab, user in ((ada, "carol"), (beside, ada.accid)):
        await tab.page.reload()
        await expect(tab.at("app")).to_have_attribute("data-ready", "true")
        await expect(tab.at("app")).to_have_attribute("data-user", user)


async def test_another_member_sees_an_unread_conversation(visit: Visit) -> None:
    ada, bob = await visit("Ada"), await visit("Bob")
    name = f"News of {ada.name}"
    await post(ada.page.request, f"{ada.home}/api/teams", {"name": name, "members": [ada.accid, bob.accid]})
    await ada.open_chat(name)
    await ada.say("are you there?")
    row = bob.at("conversation").filter(has_text=name)
    await expect(row).to_have_attribute("data-unread", "true")
    await row.click()
    await expect(row).to_have_attribute("data-unread", "false")


async def test_the_options_of_a_message_reach_the_bot(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Translator")
    await ada.at("options").click()
    await ada.at("option-function").select_option("french")
    await ada.at("option-topic").fill("menu")
    await ada.at("option-custom").fill("the user sits in a restaurant")
    await ada.at("option-input").and_(ada.page.locator('[value="chatbot"]')).check()
    question = await ada.ask("good evening")

    inspector = await ada.inspect(question)
    request = inspector.locator('[data-testid="step"][data-kind="request"]').first
    await request.locator("summary").first.click()
    for expected in ("french", "menu", "the user sits in a restaurant"):
        await expect(request).to_contain_text(expected)
    window = inspector.locator('[data-testid="window-entry"][data-role="system"]')
    await expect(window).to_contain_text("into French")


async def test_a_markdown_reply_is_shown_as_such_and_its_dangers_are_inert(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    await ada.ask(
        "list:\n\n- **bold** and `code`\n- <script>window.hacked = 1</script><img src=x onerror='hacked=1'>\n"
        "- [click](javascript:window.hacked=1) [page](https://example.org/)\n"
        "- ![picture](https://example.org/picture.png)"
    )
    reply = await ada.said("helper", "list:")
    await expect(reply.locator("li")).to_have_count(4)
    await expect(reply.locator("strong")).to_have_text("bold")
    await expect(reply.locator("script, img, a[href^='javascript:' i], [onerror]")).to_have_count(0)
    await expect(reply.get_by_text("<script>")).to_be_visible()
    link = reply.get_by_role("link", name="page")
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    assert await ada.page.evaluate("window.hacked") is None


async def test_what_a_user_writes_is_text_and_nothing_else(visit: Visit) -> None:
    ada = await visit()
    await ada.open_chat("Helper")
    question = await ada.ask("<b id=mine>**no markup**</b> 👋 שלום")
    await expect(question).to_contain_text("<b id=mine>**no markup**</b> 👋 שלום")
    await expect(ada.page.locator("#mine")).to_have_count(0)
