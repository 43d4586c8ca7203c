"""A person at the page: what one does there, and where to look. Nothing here waits for a time, only for a sight."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect


class Visitor:
    """One person in one tab.

    Args:
        page: the tab.
        home: URL of the playground's page.
        name: how others see this person.
        accid: whom the tab acts as.
    """

    def __init__(self, page: Page, home: str, name: str, accid: str) -> None:
        self.page, self.name, self.accid = page, name, accid
        self.home = home

    async def arrive(self) -> None:
        """Open the page, and wait until it can be used."""
        await self.page.goto(f"{self.home}/?as={self.accid}")
        await expect(self.at("app")).to_have_attribute("data-ready", "true")
        await expect(self.at("app")).to_have_attribute("data-user", self.accid)
        await expect(self.at("app")).to_have_attribute("data-connection", "live")

    async def become(self, accid: str) -> None:
        """Be somebody else in this tab."""
        self.accid = accid
        await self.arrive()

    def at(self, testid: str, **data: str) -> Locator:
        """The elements with this test id, and these ``data-`` attributes."""
        attributes = "".join(f'[data-{name}="{value}"]' for name, value in data.items())
        return self.page.locator(f'[data-testid="{testid}"]{attributes}')

    async def open_chat(self, name: str) -> None:
        """Open the conversation with a bot or group of this name."""
        await self.at("conversation").filter(has_text=name).first.click()
        await expect(self.at("composer")).to_be_enabled()

    async def say(self, text: str) -> Locator:
        """Write and send a message in the open chat; gives its bubble."""
        await self.at("composer").fill(text)
        await self.at("send").click()
        return await self.said(self.accid, text)

    async def ask(self, text: str) -> Locator:
        """Say something and wait for the answer; gives the bubble of the question."""
        question = await self.say(text)
        await expect(question).to_have_attribute("data-status", "answered")
        return question

    async def said(self, sender: str, text: str) -> Locator:
        """The newest bubble of a sender with this text in it, once it is there."""
        bubble = self.at("message", sender=sender).filter(has_text=text).last
        await expect(bubble).to_be_visible()
        return bubble

    async def look_away(self) -> None:
        """Turn to another tab, as the page sees it."""
        await self._is_seen("hidden")

    async def look_back(self) -> None:
        """Turn to this tab again."""
        await self._is_seen("visible")

    async def _is_seen(self, state: str) -> None:
        # No browser without a window hides a tab behind another one.
        await self.page.evaluate(
            """state => {
                Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )

    async def inspect(self, bubble: Locator) -> Locator:
        """Open the inspector on a message; gives the inspector."""
        await bubble.locator(".meta time").click()  # the middle of a narrow one may be a button of its own
        await expect(self.at("inspector")).to_have_attribute(
            "data-message", await bubble.get_attribute("data-id") or "none"
        )
        return self.at("inspector")

    async def open_faults(self) -> Locator:
        """Open the panel of the faults; gives it."""
        await self.at("faults").click()
        await expect(self.at("faults-panel")).to_be_visible()
        return self.at("faults-panel")

    async def switch_on(self, fault: str, scope: str = "next") -> None:
        """Switch a fault on, in the open panel."""
        await self.at("fault", name=fault).locator(f'input[value="{scope}"]').check()
        await expect(self.at("fault", name=fault)).to_have_attribute("data-scope", scope)
