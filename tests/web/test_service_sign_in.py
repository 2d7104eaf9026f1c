"""Signing in at a service, all the way: from Sources to its page and back, with a steward and sample services."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from aggregator import sources
from aggregator._host import control
from aggregator.demo.service import Running
from aggregator.demo.world import LASTFM_KEY, LASTFM_SECRET, build
from aggregator.listeners import Listener
from aggregator.store import Store
from tests.host.conftest import until
from tests.plugins.conftest import NOW, SINCE

from .conftest import PASSWORD

CLIENT = next(iter(build(NOW, SINCE, 0).spotify))


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, Running]]:
    started = {name: Running(name, now=NOW, since=SINCE) for name in ("spotify", "lastfm")}
    yield started
    for service in started.values():
        service.close()


@pytest.fixture(autouse=True)
def well(services: dict[str, Running]) -> Iterator[None]:
    yield
    for service in services.values():
        service.switch()


@pytest.fixture(autouse=True)
def steward(data: Path, store: Store) -> Iterator[None]:
    config = data / "config.toml"
    config.write_text("")
    command = [sys.executable, "-m", "aggregator", "--config", str(config), "_steward"]
    process = subprocess.Popen(command, env={**os.environ, "BANDSTAND_DATA": str(data)}, stderr=subprocess.DEVNULL)
    until(lambda: _answers(data), 60)
    yield
    process.kill()
    process.wait()


def _answers(data: Path) -> bool:
    try:
        return control.ask(data, {"do": "wake"}) == {}
    except control.Silent:
        return False


@pytest.fixture
def page(browser: Browser, address: str, ana: Listener, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    context = browser.new_context(**{**browser_context_args, "base_url": address})
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def enter(page: Page, address: str = "") -> None:
    page.goto(f"{address}/sign-in?next=/sources")
    page.get_by_label("Name").fill("Ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Sources")


def add(page: Page, name: str, address: str, **fields: str) -> None:
    page.get_by_role("link", name=re.compile(f"^Add.*: {name}$")).click()
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=False).first.fill(value)
    page.get_by_text("Advanced").click()
    page.get_by_label("Address").fill(address)
    page.get_by_role("button", name="Add and sign in").click()


# --- in the browser ---------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("by_name", [False, True], ids=["by number", "by name"])
def test_from_sources_to_spotify_and_back(
    page: Page, address: str, services: dict[str, Running], store: Store, ana: Listener, by_name: bool
) -> None:
    """Spotify sends nobody back to localhost: who began there comes back by way of 127.0.0.1."""
    here = address.replace("127.0.0.1", "localhost") if by_name else address
    enter(page, here)
    add(page, "Spotify", services["spotify"].url, Client_ID=CLIENT)
    expect(page.locator("h1")).to_have_text("Sources", timeout=60_000)
    expect(page.get_by_role("status")).to_contain_text("Signed in")
    assert page.url.startswith(f"{here}/sources")
    (card,) = sources.cards(store, ana.id)
    assert card.state == "ready"
    until(lambda: sources.cards(store, ana.id)[0].sizes.get("album"), 90)
    asked = [entry for entry in services["spotify"].log() if entry["path"] == "/authorize"][-1]["query"]
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{address}/sources/signed-in"


@pytest.mark.browser
def test_from_sources_to_lastfm_and_back(
    page: Page, address: str, services: dict[str, Running], store: Store, ana: Listener
) -> None:
    enter(page)
    known = {"User_name": "robin_demo", "API_key": LASTFM_KEY, "Shared_secret": LASTFM_SECRET}
    add(page, "Last.fm", services["lastfm"].url, **known)
    expect(page.get_by_role("status")).to_contain_text("Signed in", timeout=60_000)
    (card,) = sources.cards(store, ana.id)
    assert (card.state, card.provider) == ("ready", "lastfm")


@pytest.mark.browser
def test_who_says_no_is_back_with_nothing_changed(page: Page, services: dict[str, Running]) -> None:
    services["spotify"].switch(deny=True)
    enter(page)
    add(page, "Spotify", services["spotify"].url, Client_ID=CLIENT)
    expect(page.get_by_role("status")).to_contain_text("You did not allow it at Spotify", timeout=60_000)


# --- by hand ----------------------------------------------------------------------------------------------------------


def away(client: FlaskClient, store: Store, ana: Listener, service: Running, base: str) -> tuple[str, str]:
    """Ana leaves for Spotify from a Bandstand that she reaches at `base`: the page she sees, and where it leads."""
    values = {"client_id": CLIENT, "address": service.url}
    account_id = sources.create_account(store, "spotify", ana.id, values, check=False)
    shown = client.post(f"/sources/{account_id}/sign-in", base_url=base)
    link = re.search(rf'href="({re.escape(service.url)}/authorize[^"]+)"', shown.text)
    assert link is not None, shown.text
    url = link[1].replace("&amp;", "&")
    return shown.text, requests.get(url, allow_redirects=False, timeout=10).headers["Location"]


@pytest.fixture
def visiting(app: Flask, ana: Listener) -> FlaskClient:
    client = app.test_client()
    form = {"name": "Ana", "password": PASSWORD}
    assert client.post("/sign-in", data=form, base_url="http://192.168.1.5:8484").status_code == 303
    return client


LAN = "http://192.168.1.5:8484"


def test_over_plain_http_the_address_is_pasted(
    visiting: FlaskClient, store: Store, ana: Listener, services: dict[str, Running]
) -> None:
    shown, back = away(visiting, store, ana, services["spotify"], LAN)
    assert "http://127.0.0.1:8484/sources/signed-in" in shown
    assert back.startswith("http://127.0.0.1:8484/sources/signed-in?code=")
    wrong = visiting.post(
        "/sources/signed-in", data={"address": "https://open.spotify.com/"}, base_url=LAN, follow_redirects=True
    )
    assert "That is not the address" in wrong.text
    pasted = visiting.post("/sources/signed-in", data={"address": f" {back}\n"}, base_url=LAN, follow_redirects=True)
    assert "Signed in" in pasted.text
    (card,) = sources.cards(store, ana.id)
    assert card.state == "ready"


def test_an_address_of_another_sign_in_is_refused(
    visiting: FlaskClient, store: Store, ana: Listener, services: dict[str, Running]
) -> None:
    _, back = away(visiting, store, ana, services["spotify"], LAN)
    said = dict(parse_qsl(urlsplit(back).query))
    other = back.replace(said["state"], "somebody-elses")
    answer = visiting.post("/sources/signed-in", data={"address": other}, base_url=LAN)
    assert answer.status_code == 403
    assert "not begun here" in answer.text
    stranger = visiting.application.test_client()
    stranger.post("/sign-in", data={"name": "Ana", "password": PASSWORD}, base_url=LAN)
    assert stranger.post("/sources/signed-in", data={"address": back}, base_url=LAN).status_code == 403


def test_a_sign_in_of_yesterday_is_begun_anew(
    visiting: FlaskClient, store: Store, ana: Listener, services: dict[str, Running]
) -> None:
    _, back = away(visiting, store, ana, services["spotify"], LAN)
    with visiting.session_transaction(base_url=LAN) as session:
        session["away"] = {**session["away"], "at": session["away"]["at"] - 4000}
    answer = visiting.post("/sources/signed-in", data={"address": back}, base_url=LAN, follow_redirects=True)
    assert "more than an hour ago" in answer.text
