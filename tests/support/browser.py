"""A person at the page: Debian's Chromium, driven by playwright, and what has to hold whatever they do there.

playwright is imported where it is used, so that its absence is a line in the summary and not a broken collection.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.backends import Backend

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Request
    from playwright.sync_api._generated import LocatorAssertions

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000  # ms until what does not happen is a failure; nothing waits when it has happened
TABS = 200  # more than any view has places to stop at


@contextmanager
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One person's tab. `refused` are the requests that the server answered with an error; a test empties it."""

    page: Page
    backend: Backend
    refused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # what the console or the network says must not be

    def open(self, address: str = "") -> None:
        self.page.goto(self.backend.url("/") + "/" + address)
        self.shown()

    def shown(self, title: str | None = None) -> None:
        """Until a view is there, the one with this title if one is given."""
        see(self.page.locator("main[aria-busy=false] > h1")).to_have_count(1)
        if title is not None:
            see(self.page.get_by_role("heading", level=1)).to_have_text(title)

    def form(self, name: str) -> Locator:
        return self.page.get_by_role("form", name=name)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def focused(self, locator: Locator) -> bool:
        return bool(locator.evaluate("element => element === document.activeElement"))

    def tab_to(self, locator: Locator) -> None:
        """By the keyboard alone; what has the focus has to show it."""
        see(locator).to_have_count(1)
        for _ in range(TABS):
            self.page.keyboard.press("Tab")
            if self.focused(locator):
                assert locator.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
                return
        raise AssertionError(f"Tab does not lead to {locator}")

    def check_accessibility(self) -> None:
        """axe-core's rules, among them names, contrast, landmarks, headings and tables."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()

    def check_width(self) -> None:
        """Nothing but a table's own frame scrolls sideways."""
        assert self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@contextmanager
def visiting(browser: Browser, backend: Backend) -> Iterator[Visit]:
    """A tab in a profile of its own; at its end nothing may have been wrong."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    visit = Visit(page, backend)
    page.on("pageerror", lambda error: visit.wrong.append(str(error)))
    # a violation of the policy is in the console too; that the server refused something is not the page's mistake
    page.on(
        "console",
        lambda message: (
            visit.wrong.append(message.text)
            if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource")
            else None
        ),
    )
    page.on("request", lambda request: _stays_here(visit, request))
    page.on(
        "response",
        lambda answer: (
            visit.refused.append(f"{answer.status} {answer.request.method}") if answer.status >= 400 else None
        ),
    )
    yield visit
    context.close()
    assert not visit.wrong
    assert not visit.refused


def _stays_here(visit: Visit, request: Request) -> None:
    if not request.url.startswith((visit.backend.url("/") + "/", "blob:", "data:")):
        visit.wrong.append(f"asks another server: {request.url}")


def see(locator: Locator) -> LocatorAssertions:
    """playwright's `expect`: what is asserted of a locator is waited for."""
    from playwright.sync_api import expect

    return expect(locator)
