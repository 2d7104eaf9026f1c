"""The pages of sources in a real browser: open to everybody, silent, and usable by keyboard and by thumb."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from aggregator import sources
from aggregator.config import Config
from aggregator.sources.way_back import WayBack
from aggregator.store import Store
from web import create_app

from .looks import LOOKS, layout_faults, silent_page

pytestmark = pytest.mark.browser


@pytest.fixture
def app(many: Store) -> Flask:
    """The demo's way in: the visitor is signed in by being here."""
    (many.folder / "plugins").mkdir()
    (many.folder / "plugins/torn.py").write_text("import nothing_of_that_name\n")
    return create_app(Config(data=many.folder, path=None), many)


@pytest.fixture
def places(many: Store, numbers: dict[str, int]) -> dict[str, str]:
    with many.read() as conn:
        run = conn.exec_driver_sql("SELECT MAX(run_id) FROM run_change").scalar_one()
        held = conn.exec_driver_sql("SELECT id FROM held").scalar_one()
    spotify = f"/sources/{numbers['spotify']}"
    return {
        "sources": "/sources",
        "run": f"{spotify}/runs/{run}",
        "history": f"{spotify}/runs",
        "held": f"/sources/held/{held}",
        "add": "/sources/new/spotify",
        "add a folder": "/sources/new/files",
        "edit": f"/sources/{numbers['misset']}/settings",
        "pinned": f"/sources/{numbers['pinned']}/settings",
        "remove": f"{spotify}/remove",
        "erase": f"/sources/{numbers['archived']}/remove",
    }


@pytest.fixture
def visit(browser: Browser, address: str, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    """A page whose console stays silent."""
    with silent_page(browser, **browser_context_args, base_url=address) as page:
        yield page


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_every_page_is_open_to_everybody(
    browser: Browser,
    address: str,
    places: dict[str, str],
    width: int,
    theme: str,
    browser_context_args: dict[str, Any],
) -> None:
    """axe finds nothing with everything unfolded, nothing sticks out to the right, there is one main."""
    args = {**browser_context_args, "viewport": {"width": width, "height": 844}, "color_scheme": theme}
    context = browser.new_context(**{**args, "base_url": address, "bypass_csp": True})
    page = context.new_page()
    faults: list[str] = []
    for name, path in places.items():
        page.goto(path)
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        faults += [f"{name}: {fault}" for fault in layout_faults(page)]
    context.close()
    assert faults == []


def test_a_thumb_can_hit_every_button(visit: Page, places: dict[str, str]) -> None:
    visit.set_viewport_size({"width": 390, "height": 844})
    for path in places.values():
        visit.goto(path)
        for button in visit.locator("main .button:visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 30, (path, button.inner_text())
            assert box["x"] + box["width"] <= 390, (path, button.inner_text())


def test_a_removal_is_decided_on_a_phone(visit: Page) -> None:
    visit.set_viewport_size({"width": 390, "height": 844})
    visit.goto("/")
    visit.get_by_role("link", name="Look at it").click()
    expect(visit.locator("h1")).to_have_text("Should this go?")
    visit.get_by_role("link", name="Songs").click()
    expect(visit.locator(".thing")).to_have_count(27)
    visit.get_by_role("button", name="Keep everything").click()
    expect(visit.get_by_role("status")).to_contain_text("Everything stays.")
    expect(visit.locator("[data-key=attic]")).to_contain_text("Ready")


def test_a_pair_that_needs_the_listener_is_led_to(visit: Page, places: dict[str, str]) -> None:
    visit.set_viewport_size({"width": 390, "height": 500})
    visit.goto(places["run"])
    visit.locator(".doubt").click()
    expect(visit.locator("h1")).to_contain_text("One artist or two?")
    expect(visit.locator(".review-title").first).to_have_text("Mila Rook")


def test_from_the_card_to_the_diff_and_back_by_keyboard(visit: Page) -> None:
    visit.goto("/sources")
    visit.locator("[data-key=spotify] .source-diff").first.focus()
    visit.keyboard.press("Enter")
    expect(visit.locator("h1")).to_contain_text("8 added, 4 merged")
    expect(visit.locator("h1")).to_be_focused()
    visit.get_by_role("link", name="Merged 4").click()
    expect(visit.locator(".thing-title")).to_have_text(["Paper engines"])
    visit.go_back()
    visit.go_back()
    expect(visit.locator("h1")).to_have_text("Sources")


def test_a_long_list_goes_on_by_itself(visit: Page, places: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.sources.questions.PAGE", 5)
    visit.set_viewport_size({"width": 390, "height": 500})
    visit.goto(f"{places['held']}?kind=recording")
    for _ in range(8):
        visit.mouse.wheel(0, 6000)
        visit.wait_for_timeout(120)
    expect(visit.locator(".thing")).to_have_count(27)
    expect(visit.locator(".next-page")).to_have_count(0)


def test_a_link_to_a_card_leads_to_it_and_a_button_leaves_the_listener_there(visit: Page) -> None:
    visit.goto("/sources")
    visit.locator("[data-key=lastfm]").get_by_role("link", name="All its runs").click()
    visit.get_by_role("link", name="Back to Sources").click()
    card = visit.locator("[data-key=lastfm]")
    expect(card).to_be_in_viewport()
    assert visit.evaluate("scrollY") > 0
    card.get_by_role("button", name="Pause").click()
    expect(card).to_contain_text("Paused")
    expect(card).to_be_in_viewport()


def test_an_answer_that_comes_after_the_page_is_left_changes_nothing(visit: Page) -> None:
    visit.route("**/sources/pulse*", lambda route: (time.sleep(1), route.continue_()))
    visit.goto("/sources")
    with visit.expect_response("**/sources/pulse*"):
        with visit.expect_request("**/sources/pulse*"):
            pass
        visit.locator("[data-key=lastfm]").get_by_role("link", name="All its runs").click(no_wait_after=True)
    expect(visit.locator("h1")).to_have_text("Runs of Last.fm")
    visit.wait_for_timeout(200)


def test_the_log_unfolds_by_keyboard(visit: Page) -> None:
    visit.goto("/sources")
    log = visit.locator("[data-key=misset] summary", has_text="Log")
    log.focus()
    visit.keyboard.press("Enter")
    expect(visit.get_by_text("one answer was cut off")).to_be_visible()


def test_a_test_answers_in_its_card(visit: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "test", lambda *_: "It answers.")
    visit.goto("/sources")
    visit.locator("[data-key=files]").get_by_role("button", name="Test").click()
    expect(visit.locator("[data-key=files]").get_by_role("status")).to_have_text("It answers.")
    expect(visit).to_have_url("/sources")


def test_a_folder_is_looked_for_and_added(visit: Page, tmp_path: Path) -> None:
    for name in ("shelf/Jazz", "shelf/Dub"):
        (tmp_path / name).mkdir(parents=True)
    visit.goto("/sources/new/files")
    visit.get_by_label("Folder", exact=True).fill(str(tmp_path / "shelf"))
    visit.get_by_role("button", name="Look for it").click()
    visit.get_by_role("button", name="Dub").click()
    expect(visit.get_by_label("Folder", exact=True)).to_have_value(str(tmp_path / "shelf/Dub"))
    visit.get_by_role("button", name="Up to shelf").click()
    visit.get_by_role("button", name="Jazz").click()
    expect(visit.get_by_label("Folder", exact=True)).to_have_value(str(tmp_path / "shelf/Jazz"))
    visit.get_by_label("What to call it").fill("Jazz of ours")
    visit.get_by_role("button", name="Add it").click()
    expect(visit.get_by_role("heading", name="Jazz of ours")).to_be_visible()


def test_an_address_is_pasted_where_the_browser_cannot_come_back(
    visit: Page, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Visited by another name than the machine's own, without https."""
    back, granted = WayBack("http://127.0.0.1:8484/sources/signed-in", by_hand=True), []
    monkeypatch.setattr("web.sources.sign_in.way", lambda: back)
    monkeypatch.setattr(sources, "begin_sign_in", lambda *args: f"{address}/settings?state={args[-1]}")
    monkeypatch.setattr(sources, "finish_sign_in", lambda *args: granted.append(args[-1]))
    visit.set_viewport_size({"width": 390, "height": 844})
    visit.goto("/sources")
    visit.locator("[data-key=spotify]").get_by_role("button", name="Sign in again").click()
    expect(visit.locator("h1")).to_have_text("On to Spotify")
    with visit.expect_popup() as opened:
        visit.get_by_role("link", name="Open Spotify").click()
    state = opened.value.url.partition("state=")[2]
    opened.value.close()
    visit.get_by_label("Its address").fill(f"{back.address}?code=granted&state={state}")
    visit.evaluate("scrollTo(0, 0)")
    assert visit.evaluate("document.documentElement.scrollWidth <= innerWidth")
    visit.get_by_role("button", name="Finish signing in").click()
    expect(visit.get_by_role("status")).to_contain_text("Signed in.")
    assert granted == [{"code": "granted", "state": state}]


def test_erasing_waits_for_the_tick(visit: Page, numbers: dict[str, int]) -> None:
    visit.goto("/sources")
    visit.locator("[data-key=spotify]").get_by_role("link", name="Remove…").click()
    expect(visit.locator("h1")).to_have_text("Remove Spotify")
    visit.get_by_role("button", name="Erase Spotify").click()
    expect(visit.locator("h1")).to_have_text("Remove Spotify")
    visit.get_by_role("button", name="Archive Spotify").click()
    expect(visit.locator("[data-archived=spotify]")).to_be_visible()
    visit.locator("[data-archived=spotify]").get_by_role("button", name="Bring back").click()
    expect(visit.locator("[data-key=spotify]")).to_be_visible()
