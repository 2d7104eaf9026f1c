"""The first steps: each does its work, each may be skipped, and none is forgotten."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect

from aggregator import listeners, sources
from aggregator.listeners import Listener
from aggregator.sources.glance import glance
from aggregator.store import Store

from .conftest import PASSWORD


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Three music files and what is none."""
    folder = tmp_path / "Music"
    for name in ("one.mp3", "An album/01 two.FLAC", "An album/disc 2/three.opus", "cover.jpg", "An album/.hidden.mp3"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def heading(page: str) -> str:
    found = re.search(r"<h1>(.+?)</h1>", page)
    assert found is not None
    return found[1]


def ticked(page: str) -> list[str]:
    """Steps that are done."""
    return re.findall(r"<span>([^<]+)<span class=\"unseen\">, done", page)


# --- the way through --------------------------------------------------------------------------------------------------


def test_the_first_owner_is_led_through_the_steps(visitor: FlaskClient, store: Store, data: Path, music: Path) -> None:
    form = {"name": "Ana", "password": PASSWORD, "code": listeners.owner_code(data)}
    assert visitor.post("/welcome", data=form).headers["Location"] == "/welcome/start"
    assert visitor.get("/welcome/start").headers["Location"] == "/welcome/folder"
    seen = visitor.post("/welcome/folder", data={"folder": str(music)}).text
    assert "3 music files" in seen
    assert "At least" not in seen
    used = visitor.post("/welcome/folder/use", data={"folder": str(music)})
    assert used.headers["Location"] == "/welcome/service"
    (owner,) = listeners.everyone(store)
    (card,) = sources.cards(store, owner.id)
    assert (card.provider, card.household, card.running) == ("files", True, True)
    assert ticked(visitor.get("/welcome/service").text) == ["Point at a folder"]
    assert visitor.post("/welcome/place", data={"zip": "95616", "radius": "20"}).headers["Location"] == "/welcome/done"
    last = visitor.get("/welcome/done").text
    assert heading(last) == "Off we go"
    assert "<progress" in last
    assert 'href="/"' in last


def test_everything_may_be_skipped_and_home_knows_the_way_back(client: FlaskClient) -> None:
    for step, following in (("folder", "service"), ("service", "place"), ("place", "done")):
        page = client.get(f"/welcome/{step}").text
        assert re.search(rf'href="/welcome/{following}">Skip this step', page)
        assert 'href="/welcome/done">Skip everything' in page
        assert ticked(page) == []
    assert heading(client.get("/welcome/done").text) == "As you like"
    assert "Point at a folder" in client.get("/").text


def test_it_goes_on_where_it_was_left(client: FlaskClient, music: Path) -> None:
    client.post("/welcome/place", data={"zip": "95616", "radius": "20"})
    assert client.get("/welcome/start").headers["Location"] == "/welcome/folder"
    client.post("/welcome/folder/use", data={"folder": str(music)})
    assert client.get("/welcome/start").headers["Location"] == "/welcome/service"
    assert 'href="/welcome/service">Go on' in client.get("/welcome/folder").text


def test_who_was_invited_has_the_steps_of_a_member(app: Flask, store: Store, ana: Listener, music: Path) -> None:
    listeners.create(store, "Ben", "member", PASSWORD)
    ben = app.test_client()
    ben.post("/sign-in", data={"name": "Ben", "password": PASSWORD})
    assert ben.get("/welcome/start").headers["Location"] == "/welcome/service"
    assert "Point at a folder" not in ben.get("/welcome/service").text
    assert ben.get("/welcome/folder").status_code == 403
    for address in ("/welcome/folder", "/welcome/folder/use"):
        refused = ben.post(address, data={"folder": str(music)})
        assert refused.status_code == 403
        assert "music file" not in refused.text


@pytest.mark.browser
def test_by_keyboard_alone(
    browser: Browser, address: str, ana: Listener, music: Path, browser_context_args: dict[str, Any]
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "base_url": address}
    context = browser.new_context(**{**browser_context_args, **phone})
    page, complaints = context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/sign-in?next=/welcome/start")
    page.get_by_label("Name").press_sequentially("Ana")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Point at a folder", timeout=20_000)
    page.get_by_label("Folder on the machine").focus()
    page.keyboard.type(str(music))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Use this folder")).to_be_visible(timeout=20_000)
    expect(page.locator("h1")).to_be_focused()  # the new page has arrived
    page.get_by_role("button", name="Use this folder").focus()
    page.keyboard.press("Enter")
    for heading in ("Connect a service", "Say where you go out"):
        expect(page.locator("h1")).to_have_text(heading, timeout=20_000)
        expect(page.locator("h1")).to_be_focused()
        page.get_by_role("link", name="Skip this step").focus()
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Off we go", timeout=20_000)
    page.get_by_role("link", name="Go home").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/", timeout=20_000)
    context.close()
    assert complaints == []


# --- the folder -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("", "Enter the full path"),
        ("Music", "It begins with /"),
        ("/no/such/folder", "There is no folder /no/such/folder"),
        ("/etc/hostname", "is a file"),
        ("/a\0b", "Enter the full path"),
        ("/" + "x" * 5000, "cannot be read"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_in_words(
    client: FlaskClient, store: Store, ana: Listener, folder: str, words: str
) -> None:
    for address in ("/welcome/folder", "/welcome/folder/use"):
        answer = client.post(address, data={"folder": folder})
        assert answer.status_code == 422
        assert words in answer.text
    assert sources.cards(store, ana.id) == []


def test_a_folder_without_music_may_be_used_all_the_same(client: FlaskClient, tmp_path: Path) -> None:
    page = client.post("/welcome/folder", data={"folder": str(tmp_path / "data")}).text
    assert "No music files" in page
    assert "Use this folder anyway" in page


def test_a_look_ends_in_time(tmp_path: Path, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not glance(str(music), seconds=-1).whole
    away = threading.Event()
    monkeypatch.setattr(Path, "iterdir", lambda _: iter([away.wait(30)][:0]))
    began = time.monotonic()
    assert "does not answer" in glance(str(music), seconds=0.1).trouble
    assert time.monotonic() - began < 10
    away.set()


def test_a_folder_that_may_not_be_read_says_so(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert "may not look into" in glance(str(music)).trouble


# --- services, the place, the demo ------------------------------------------------------------------------------------


def test_services_say_what_they_cost_and_bring_and_keyless_ones_come_first(client: FlaskClient) -> None:
    page = client.get("/welcome/service").text
    minutes = [int(said) if said else 0 for said in re.findall(r"(?:about (\d+) minutes?|Needs no key)", page)]
    assert len(minutes) >= 3
    assert minutes == sorted(minutes)
    assert "developer.spotify.com" in page
    assert "/sources/new/files" not in page


def test_connecting_leads_back_to_the_steps(client: FlaskClient, store: Store, ana: Listener) -> None:
    page = client.get("/welcome/service").text
    address = re.search(r'href="(/sources/new/ticketmaster\?next=[^"]+)"', page)
    assert address is not None
    answer = client.post(address[1], data={"api_key": "a key"})
    assert (answer.status_code, answer.headers.get("Location")) == (303, "/welcome/service"), answer.text
    outside = client.post("/sources/new/ticketmaster?next=//elsewhere.example/", data={"api_key": "a key"})
    assert outside.headers["Location"].startswith("/sources")


def test_signing_in_leads_back_to_the_steps_too(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "begin_sign_in", lambda *args: f"https://service.example/?state={args[-1]}")
    monkeypatch.setattr(sources, "finish_sign_in", lambda *args: None)
    form = {"client_id": "an app"}
    left = client.post("/sources/new/spotify?next=/welcome/service", data=form, headers={"HX-Request": "true"})
    state = left.headers["HX-Redirect"].partition("state=")[2]
    back = client.get("/sources/signed-in", query_string={"state": state, "code": "c"}, base_url="http://127.0.0.1")
    address = back.headers["Location"]
    assert address.startswith("http://localhost/sources/signed-in?")
    assert client.get(address).headers["Location"] == "/welcome/service"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "or skip this step"),
        ({"zip": "00000"}, "zip code"),
        ({"zip": "95616", "radius": "-4"}, "The radius is a number above 0"),
    ],
)
def test_a_place_that_cannot_be_is_refused_in_words(client: FlaskClient, form: dict[str, str], words: str) -> None:
    answer = client.post("/welcome/place", data=form)
    assert answer.status_code == 422
    assert words in answer.text


def test_the_demo_is_explained_with_the_command_of_this_installation(client: FlaskClient) -> None:
    page = client.get("/welcome/folder").text
    assert "serve --demo --port 8485" in page
    assert 'href="http://127.0.0.1:8485/"' in page
