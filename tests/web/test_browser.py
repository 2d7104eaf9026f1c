"""The dashboard in a real browser: it can be used, it stays inside the house, and the music never stops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from aggregator.config import Config
from aggregator.store import Store
from web import create_app

from .looks import LOOKS, layout_faults

pytestmark = pytest.mark.browser


@pytest.fixture
def app(house: Store) -> Flask:
    """The demo's way in: the visitor is signed in by being here."""
    return create_app(Config(data=house.folder, path=None), house)


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, address: str, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    context = browser.new_context(**{**browser_context_args, "base_url": address})
    yield context.new_page()
    context.close()


@pytest.fixture
def visit(page: Page, complaints: list[str], address: str) -> Iterator[Page]:
    """A page whose console stays silent and which asks nobody but Bandstand."""
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda request: complaints.append(f"left for {request.url}") if elsewhere(request.url, address) else None,
    )
    yield page
    assert complaints == []


def elsewhere(url: str, base_url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc != urlsplit(base_url).netloc


def places(ids: dict[str, int]) -> dict[str, str]:
    return {
        "home": "/",
        "albums": "/library",
        "artists": "/library/artists",
        "songs": "/library/songs",
        "nothing": "/library?text=zzzz",
        "album": f"/albums/{ids['album Harbour lights']}",
        "artist": f"/artists/{ids['artist Nora Quist']}",
        "track": f"/tracks/{ids['recording Slow harbour']}",
        "questions": "/review",
        "decisions": "/library/decisions",
        "weigh": "/library/album/weigh?verdict=same&"
        + "&".join(f"items={ids[f'album {title}']}" for title in ("Harbour lights", "Even numbers", "Morse")),
        "what is shown": "/library/shown",
        "an order": "/library/shown/album/title?order=spotify,files",
        "discover": "/discover",
        "shows": "/shows",
        "show": f"/shows/{ids['show Nora Quist']}",
        "sources": "/sources",
        "connect": "/sources/new/files",
        "settings": "/settings",
        "members": "/members",
        "folder step": "/welcome/folder",
        "service step": "/welcome/service",
        "place step": "/welcome/place",
        "last step": "/welcome/done",
        "search": "/search?q=harbour",
        "sign-in": "/sign-in",
    }


# --- every page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_every_page_is_open_to_everybody(
    browser: Browser, address: str, ids: dict[str, int], width: int, theme: str, browser_context_args: dict[str, Any]
) -> None:
    """axe finds nothing, nothing sticks out to the right, there is one main and one heading."""
    args = {**browser_context_args, "viewport": {"width": width, "height": 844}, "color_scheme": theme}
    context = browser.new_context(**{**args, "base_url": address, "bypass_csp": True})
    page = context.new_page()
    faults: list[str] = []
    for name, path in places(ids).items():
        page.goto(path)
        faults += [f"{name}: {fault}" for fault in layout_faults(page)]
    context.close()
    assert faults == []


def test_no_page_complains_or_asks_another_host(visit: Page, ids: dict[str, int]) -> None:
    for path in places(ids).values():
        visit.goto(path, wait_until="networkidle")


def test_an_order_is_changed_by_keyboard_and_weighed_before_it_is_used(visit: Page) -> None:
    """The focus stays where it was, also where there is no further to go."""
    visit.goto("/library/shown/album/released")
    expect(visit.locator("h1")).to_have_text("Whose release date of albums comes first")
    names = visit.locator(".order-name")
    expect(names.first).to_have_text("Music folder")
    up = visit.locator("#up-spotify")
    up.focus()
    visit.keyboard.press("Enter")
    expect(names.first).to_have_text("Spotify")
    expect(visit.locator("#up-spotify")).to_be_focused()
    expect(visit.locator("#up-spotify")).to_have_attribute("aria-disabled", "true")
    expect(visit.locator(".order-effect")).to_contain_text("will show another release date.")
    visit.get_by_role("button", name="Use this order").click()
    expect(visit.get_by_text("Ana chose this order")).to_be_visible()


# --- getting about ----------------------------------------------------------------------------------------------------


def test_a_link_changes_the_page_its_title_and_the_focus(visit: Page) -> None:
    visit.goto("/")
    visit.get_by_role("navigation", name="Pages").first.get_by_role("link", name="Sources").click()
    expect(visit.locator("h1")).to_have_text("Sources")
    expect(visit).to_have_title("Sources · Bandstand")
    expect(visit.locator("h1")).to_be_focused()
    expect(visit.locator(".rail [data-nav=sources]")).to_have_attribute("aria-current", "page")
    visit.go_back()
    expect(visit.locator(".rail [data-nav=home]")).to_have_attribute("aria-current", "page")


def test_saving_says_so_and_theme_follows(visit: Page) -> None:
    visit.goto("/settings")
    visit.get_by_label("Dark").check()
    visit.get_by_role("button", name="Save the look").click()
    expect(visit.locator("html")).to_have_attribute("data-theme", "dark")
    expect(visit.get_by_role("status")).to_contain_text("Saved.")


def test_search_answers_while_typing(visit: Page) -> None:
    visit.goto("/settings")
    visit.keyboard.press("/")
    expect(visit.get_by_label("Search")).to_be_focused()
    visit.keyboard.type("rio arr")
    hit = visit.locator("#hits").get_by_role("link", name="Río arriba")
    expect(hit).to_be_visible()
    visit.keyboard.press("ArrowDown")
    expect(hit).to_be_focused()
    visit.keyboard.press("Enter")
    expect(visit.locator("h1")).to_have_text("Río arriba")
    expect(visit.locator("#hits")).to_be_hidden()


def test_lists_go_on_and_back_returns_to_the_spot(visit: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.library.lists.SONGS", 12)
    visit.set_viewport_size({"width": 1440, "height": 500})
    visit.goto("/library/songs?sort=artist")
    expect(visit.locator("li.song")).to_have_count(12)
    visit.mouse.wheel(0, 4000)
    expect(visit.locator("li.song")).to_have_count(20)
    last = visit.locator("li.song").last
    last.scroll_into_view_if_needed()
    spot = visit.evaluate("scrollY")
    title = last.locator(".song-title").inner_text()
    last.locator(".song-title").click()
    expect(visit.locator("h1")).to_have_text(title)
    expect(visit.locator("h1")).to_be_focused()  # the page has arrived
    visit.go_back()
    expect(visit.locator("li.song")).to_have_count(20)
    visit.wait_for_function("spot => Math.abs(scrollY - spot) < 50", arg=spot)


def test_a_filter_lists_while_it_is_typed_and_back_finds_it_again(visit: Page) -> None:
    visit.goto("/library/songs")
    visit.get_by_label("Filter by name").press_sequentially("rio arriba", delay=40)
    expect(visit.locator("li.song")).to_have_count(1)
    expect(visit.get_by_label("Filter by name")).to_be_focused()
    visit.locator(".song-title").click()
    expect(visit.locator("h1")).to_have_text("Río arriba")
    visit.go_back()
    expect(visit.get_by_label("Filter by name")).to_have_value("rio arriba")
    visit.get_by_label("Sort by").select_option("plays")
    expect(visit).to_have_url(re.compile(r"text=rio[+%20]+arriba.*sort=plays"))


def test_a_split_is_told_with_its_undo(visit: Page, ids: dict[str, int]) -> None:
    visit.goto(f"/albums/{ids['album Harbour lights']}")
    visit.get_by_text("and why they are one album").click()
    visit.get_by_role("checkbox", name="Spotify").check()
    visit.get_by_role("button", name="Split off what is ticked").click()
    expect(visit.locator("h1")).to_contain_text("Split")
    visit.get_by_role("button", name="Split it off").click()
    told = visit.get_by_role("status")
    expect(told).to_contain_text("is another album")
    told.get_by_role("button", name="Undo").click()
    expect(told).to_contain_text("Taken back")
    expect(visit.locator("h1")).to_have_text("Harbour lights")


def test_a_muted_artist_is_muted_by_mouse_too(visit: Page, ids: dict[str, int]) -> None:
    visit.goto(f"/artists/{ids['artist Nora Quist']}")
    visit.get_by_role("button", name="Mute").first.click()
    expect(visit.get_by_role("button", name="Muted").first).to_have_attribute("aria-pressed", "true")


def test_who_signs_out_leaves_no_playlist_behind(visit: Page) -> None:
    visit.goto("/settings")
    visit.evaluate("sessionStorage.setItem('playlist', '{}')")
    visit.get_by_role("button", name="Sign out", exact=True).click()
    visit.wait_for_load_state("networkidle")
    assert visit.evaluate("sessionStorage.length") == 0


def test_one_tab_plays_at_a_time(visit: Page, ids: dict[str, int]) -> None:
    other = visit.context.new_page()
    for tab in (visit, other):
        tab.goto(f"/albums/{ids['album Harbour lights']}")
        tab.locator("main .play-wide").click()
        expect(tab.locator("audio")).to_have_js_property("paused", False)
    expect(visit.locator("audio")).to_have_js_property("paused", True)


def test_a_star_answers_at_once(visit: Page, ids: dict[str, int]) -> None:
    visit.goto(f"/albums/{ids['album Harbour lights']}")
    star = visit.get_by_role("button", name="Favourite: Harbour lights")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    visit.reload()
    expect(star).to_have_attribute("aria-pressed", "true")


# --- music ------------------------------------------------------------------------------------------------------------


def start(page: Page, ids: dict[str, int], album: str = "Harbour lights") -> None:
    page.goto(f"/albums/{ids[f'album {album}']}")
    page.locator("main .play-wide").click()
    playing(page)


def playing(page: Page) -> None:
    audio = page.locator("audio")
    expect(audio).to_have_js_property("paused", False)
    before = audio.evaluate("audio => audio.currentTime")
    expect(audio).not_to_have_js_property("currentTime", before)


def test_music_plays_on_across_pages(visit: Page, ids: dict[str, int]) -> None:
    start(visit, ids)
    audio = visit.locator("audio")
    audio.evaluate("audio => { audio.mine = true; }")
    source = audio.evaluate("audio => audio.currentSrc")
    for go in (
        lambda: visit.get_by_role("link", name="Settings").first.click(),
        lambda: visit.go_back(),
        lambda: visit.go_forward(),
        lambda: visit.get_by_role("link", name="Library").first.click(),
    ):
        go()
        playing(visit)
        assert audio.evaluate("audio => [audio.mine, audio.currentSrc]") == [True, source]
    expect(visit.locator("#player-title")).to_have_text("Slow harbour")


def test_the_player_obeys_buttons_and_keys(visit: Page, ids: dict[str, int]) -> None:
    start(visit, ids)
    title, audio = visit.locator("#player-title"), visit.locator("audio")
    visit.locator("h1").focus()
    visit.keyboard.press("n")
    expect(title).to_have_text("Salt")
    visit.get_by_role("button", name="Next song").click()
    expect(title).to_have_text("Two lamps")
    visit.get_by_role("button", name="Previous song").click()
    expect(title).to_have_text("Salt")
    visit.locator("body").press("m")
    expect(audio).to_have_js_property("muted", True)
    visit.locator("body").press("l")
    assert audio.evaluate("audio => audio.currentTime") > 9
    visit.locator("body").press(" ")
    expect(audio).to_have_js_property("paused", True)
    visit.get_by_role("slider", name="Position").fill("3")
    expect(visit.get_by_role("slider", name="Position")).to_have_attribute("aria-valuetext", "0:03 of 0:12")
    visit.get_by_label("Search").fill(" jln m")
    expect(audio).to_have_js_property("paused", True)
    expect(title).to_have_text("Salt")


def test_one_song_starts_where_it_was_pressed_and_the_page_shows_it(visit: Page, ids: dict[str, int]) -> None:
    visit.goto(f"/albums/{ids['album Harbour lights']}")
    visit.get_by_role("button", name="Play Two lamps").click()
    expect(visit.locator(".song.is-current")).to_contain_text("Two lamps")
    playing(visit)
    visit.get_by_role("button", name="Next song").click()
    expect(visit.locator(".song.is-current")).to_contain_text("The ferry")


def test_a_card_plays_by_its_button_and_leads_to_its_page_elsewhere(visit: Page) -> None:
    visit.goto("/library")
    card = visit.locator("article.card", has_text="Harbour lights")
    card.get_by_role("button", name="Play Harbour lights").click()
    playing(visit)
    expect(visit.locator("#player-title")).to_have_text("Slow harbour")
    card.get_by_role("button", name="Play Harbour lights").click()
    expect(visit.locator("audio")).to_have_js_property("paused", True)
    card.locator("img").click(force=True)
    expect(visit.locator("h1")).to_have_text("Harbour lights")


def test_a_reload_finds_the_song_again(visit: Page, ids: dict[str, int]) -> None:
    start(visit, ids)
    visit.locator("audio").evaluate("audio => { audio.pause(); audio.currentTime = 5; }")
    visit.reload()
    expect(visit.locator("#player-title")).to_have_text("Slow harbour")
    expect(visit.locator("#player-elapsed")).to_have_text("0:05")


def test_what_the_browser_cannot_play_is_said_and_offered(page: Page, ids: dict[str, int]) -> None:
    page.goto(f"/albums/{ids['album Even numbers']}")
    page.get_by_role("button", name="Play Sixteen").click()
    trouble = page.get_by_role("alert")
    expect(trouble).to_contain_text("This browser cannot play “Sixteen” (ALAC).")
    with page.expect_download() as download:
        trouble.get_by_role("link").click()
    assert download.value.suggested_filename == "09 Sixteen.m4a"


def test_phones_have_tabs_and_the_player_above_them(visit: Page, ids: dict[str, int]) -> None:
    visit.set_viewport_size({"width": 390, "height": 844})
    start(visit, ids)
    tabs = visit.get_by_role("navigation", name="Pages, short")
    tabs.get_by_role("link", name="Library").click()
    expect(visit.locator("h1")).to_have_text("Library")
    tabs.get_by_role("button", name="More").click()
    visit.locator("#more").get_by_role("link", name="Settings").click()
    expect(visit.locator("h1")).to_have_text("Settings")
    playing(visit)
