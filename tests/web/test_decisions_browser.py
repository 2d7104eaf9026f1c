"""Ticking several, saying what they are, and taking it back, with a thumb on a small screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from aggregator import listeners
from aggregator.config import Config
from aggregator.library import decisions
from aggregator.store import Store
from web import create_app

from .looks import LOOKS, layout_faults, silent_page

pytestmark = pytest.mark.browser


@pytest.fixture
def app(house: Store) -> Flask:
    """The demo's way in: the visitor is signed in by being here."""
    return create_app(Config(data=house.folder, path=None), house)


@pytest.fixture
def phone(browser: Browser, address: str, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    """A small screen whose console stays silent."""
    small = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "base_url": address}
    with silent_page(browser, **{**browser_context_args, **small}) as page:
        yield page


def arrived(page: Page, heading: str | re.Pattern[str]) -> None:
    expect(page.locator("h1")).to_have_text(heading)
    expect(page.locator("h1")).to_be_focused()


def test_albums_ticked_here_and_there_become_one_and_two_again(phone: Page, ids: dict[str, int]) -> None:
    phone.goto("/library")
    phone.get_by_text("Tick several").tap()
    same = phone.get_by_role("button", name="These are the same")
    expect(same).to_be_disabled()
    phone.get_by_label("Tick Harbour lights").tap()
    expect(phone.get_by_text("1 album ticked")).to_be_visible()
    phone.get_by_label("Filter by name").fill("even num")
    expect(phone.get_by_label("Tick Harbour lights")).to_have_count(0)
    phone.get_by_label("Tick Even numbers").tap()
    expect(phone.get_by_text("2 albums ticked")).to_be_visible()
    same.tap()
    arrived(phone, "2 albums become one?")
    expect(phone.get_by_role("list", name="What is ticked").get_by_role("listitem")).to_have_count(2)
    phone.get_by_role("button", name="Make them one").tap()
    arrived(phone, re.compile("Harbour lights|Even numbers"))
    toast = phone.get_by_role("status")
    expect(toast).to_contain_text("are the same album")
    toast.get_by_role("button", name="Undo").tap()
    expect(toast).to_contain_text("Taken back")
    expect(phone.locator("h1")).to_be_focused()
    phone.goto("/library")
    expect(phone.get_by_role("link", name="Even numbers")).to_be_visible()
    expect(phone.get_by_label("Tick several")).not_to_be_checked()


def test_what_was_searched_for_can_be_ticked_one_kind_at_a_time(phone: Page) -> None:
    phone.goto("/search?q=nora")
    phone.get_by_text("Tick several").tap()
    expect(phone.get_by_text("Tick two or more of one kind")).to_be_visible()
    phone.get_by_label("Tick Salt").tap()
    expect(phone.get_by_text("1 song ticked")).to_be_visible()
    expect(phone.get_by_label("Tick Even numbers")).to_be_disabled()
    phone.get_by_label("Tick Two lamps").tap()
    phone.get_by_role("button", name="These are not the same").tap()
    arrived(phone, "Keep 2 songs apart?")
    phone.go_back()
    expect(phone.get_by_text("2 songs ticked")).to_be_visible()
    phone.get_by_role("button", name="Clear").tap()
    phone.get_by_label("Tick Even numbers").tap()
    expect(phone.get_by_text("1 album ticked")).to_be_visible()


def test_what_is_ticked_can_be_cleared_and_is_kept_by_kind(phone: Page) -> None:
    phone.goto("/library/songs")
    phone.get_by_text("Tick several").tap()
    for title in ("Crane", "Fold", "Salt"):
        phone.get_by_label(f"Tick {title}").tap()
    expect(phone.get_by_text("3 songs ticked")).to_be_visible()
    phone.get_by_role("link", name="Artists").tap()
    arrived(phone, "Library")
    expect(phone.get_by_label("Tick several")).not_to_be_checked()
    phone.get_by_role("link", name="Songs").tap()
    expect(phone.get_by_text("3 songs ticked")).to_be_visible()
    expect(phone.get_by_label("Tick Fold")).to_be_checked()
    phone.get_by_role("button", name="Clear").tap()
    expect(phone.get_by_label("Tick Fold")).not_to_be_checked()
    expect(phone.get_by_role("button", name="These are not the same")).to_be_disabled()


def test_the_history_takes_back_and_says_again_where_one_stands(phone: Page, house: Store, ids: dict[str, int]) -> None:
    ana = listeners.everyone(house)[0].id
    decisions.same(house, ana, "album", [ids["album Harbour lights"], ids["album Even numbers"]])
    phone.goto("/library/decisions")
    phone.get_by_role("button", name=re.compile("^Undo")).tap()
    arrived(phone, "Decisions")
    expect(phone.locator("#decision-1")).to_contain_text("Taken back")
    phone.get_by_role("button", name=re.compile("^Do again")).tap()
    expect(phone.locator("#decision-2")).to_contain_text("Holds")
    arrived(phone, "Decisions")
    phone.locator("#decision-2").get_by_role("link", name="are the same album").tap()
    arrived(phone, re.compile("are the same album"))


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_pages_are_open_to_everybody(
    browser: Browser, address: str, house: Store, ids: dict[str, int], width: int, theme: str,
    browser_context_args: dict[str, Any],
) -> None:  # fmt: skip
    ana, album = listeners.everyone(house)[0].id, ids["album Harbour lights"]
    artists = [number for name, number in ids.items() if name.startswith("artist ")]
    apart = decisions.apart(house, ana, "artist", *artists)
    decisions.same(house, ana, "artist", artists[:2])
    decisions.undo(house, ana, decisions.same(house, ana, "album", [album, ids["album Even numbers"]]))
    with house.read() as conn:
        [claim, *_] = conn.exec_driver_sql("SELECT claim_id FROM link WHERE item_id = ?", (album,)).scalars()
    args = {**browser_context_args, "viewport": {"width": width, "height": 844}, "color_scheme": theme}
    context = browser.new_context(**{**args, "base_url": address, "bypass_csp": True})
    page = context.new_page()
    faults: list[str] = []
    for path in ("/library/decisions", f"/library/decisions/{apart}", f"/library/album/{album}/split?claims={claim}"):
        page.goto(path)
        faults += [f"{path}: {fault}" for fault in layout_faults(page)]
    for path in ("/library", "/library/songs"):
        page.goto(path)
        page.get_by_text("Tick several").click()
        page.locator("input[name=items][type=checkbox]").first.check()
        faults += [f"{path}, ticking: {fault}" for fault in layout_faults(page)]
    context.close()
    assert faults == []
