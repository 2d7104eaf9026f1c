"""What every page owes everybody: nothing that axe finds, and nothing that sticks out to the right."""

from pathlib import Path

from playwright.sync_api import Page

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
