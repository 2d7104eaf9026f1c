"""What every page owes everybody: nothing that axe finds, and nothing that sticks out to the right."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

AXE = (Path(__file__).parent.parent / "vendor/axe.min.js").read_text()
LOOKS = [(width, theme) for width in (1440, 390) for theme in ("dark", "light")]
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


def faults(page: Page) -> list[str]:
    """Of the page as it stands; its context must let scripts in (`bypass_csp`) or have no policy."""
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    told = [f"{fault['id']} {fault['nodes'][0]['html'][:160]}" for fault in found["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        told.append("wider than the window")
    return told


def layout_faults(page: Page) -> list[str]:
    """As `faults`, and of whole pages: one main, one heading."""
    told = faults(page)
    if (page.locator("main").count(), page.locator("h1").count()) != (1, 1):
        told.append("not one main and one h1")
    return told


@contextmanager
def silent_page(browser: Browser, **context_args: Any) -> Iterator[Page]:
    """A page in a context of its own, whose console stays silent."""
    complaints: list[str] = []
    context = browser.new_context(**context_args)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert complaints == []
