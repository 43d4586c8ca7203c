"""Barriers for people who hear, magnify or tab through the page, as axe-core finds them."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from playground.install import AXE_JS

BAD = ("serious", "critical")


async def barriers(page: Page) -> list[str]:
    """The serious and critical findings in what is shown now, one line each; empty is good."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_JS.read_text(encoding="utf-8"))
    found: dict[str, Any] = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {node['html']}"
        for violation in found["violations"]
        if violation["impact"] in BAD
        for node in violation["nodes"]
    ]
