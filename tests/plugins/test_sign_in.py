"""Signing in at Spotify and Last.fm, with the real clients, at services that check what the real ones check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests

from aggregator.demo.service import Running
from aggregator.demo.world import LASTFM_KEY, LASTFM_SECRET
from aggregator.plugin import AuthFailed, ProviderError, Unavailable
from plugins.lastfm import Lastfm
from plugins.spotify import Spotify
from tests.plugins.conftest import NOW, SINCE, Account

BACK = "http://127.0.0.1:8484/sources/signed-in"


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, Running]]:
    started = {name: Running(name, now=NOW, since=SINCE) for name in ("spotify", "lastfm")}
    yield started
    for service in started.values():
        service.close()


@pytest.fixture
def spotify(services) -> Iterator[Running]:
    yield services["spotify"]
    register(services["spotify"])
    services["spotify"].switch()


@pytest.fixture
def lastfm(services) -> Iterator[Running]:
    yield services["lastfm"]
    services["lastfm"].switch()


@pytest.fixture(params=[False, True], ids=["pkce", "secret"])
def at_spotify(request, world, spotify) -> Account:
    user = next(iter(world.spotify.values()))
    secret = {"client_secret": user.secret} if request.param else {}
    return Account(Spotify, client_id=user.client, address=spotify.url, **secret)


@pytest.fixture
def by_pkce(world, spotify) -> Account:
    return Account(Spotify, client_id=next(iter(world.spotify)), address=spotify.url)


@pytest.fixture
def at_lastfm(lastfm) -> Account:
    given = {"user": "robin_demo", "api_key": LASTFM_KEY, "api_secret": LASTFM_SECRET}
    return Account(Lastfm, **given, address=lastfm.url)


def register(service: Running, *addresses: str) -> None:
    requests.post(f"{service.url}/_register", json=addresses, timeout=5).raise_for_status()


def begin(account: Account, redirect: str = BACK, state: str = "a state") -> str:
    """The address that the listener is sent to. Each step has a provider of its own, as after a restart."""
    return str(account.provider().begin(redirect, state))


def visit(url: str) -> dict[str, str]:
    """What a listener does in the browser; what they come back with."""
    answer = requests.get(url, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def finish(account: Account, said: dict[str, str], redirect: str = BACK) -> dict[str, str]:
    granted: dict[str, str] = account.provider().finish(redirect, said)
    return granted


# --- spotify ----------------------------------------------------------------------------------------------------------


def test_a_permission_from_spotify_reads_the_library(at_spotify):
    said = visit(begin(at_spotify))
    assert said["state"] == "a state"
    granted = finish(at_spotify, said)
    assert set(granted) == {"refresh_token"}
    at_spotify.safe |= granted
    assert at_spotify.run().error is None


def test_without_a_secret_only_the_challenge_leaves_the_house(by_pkce):
    asked = parse_qs(urlsplit(begin(by_pkce)).query)
    verifier = by_pkce.state["verifier"]
    assert 43 <= len(verifier) <= 128
    assert asked["code_challenge_method"] == ["S256"]
    assert verifier not in str(asked)
    finish(by_pkce, visit(begin(by_pkce)))
    assert "verifier" not in by_pkce.state


def test_a_code_is_worth_nothing_without_its_verifier(by_pkce):
    said = visit(begin(by_pkce))
    begin(by_pkce)
    with pytest.raises(AuthFailed, match="Another sign-in was begun since"):
        finish(by_pkce, said)


def test_a_code_is_good_once(at_spotify):
    said = visit(begin(at_spotify))
    verifier = at_spotify.state.get("verifier")
    finish(at_spotify, said)
    at_spotify.state["verifier"] = verifier
    with pytest.raises(AuthFailed, match="used already or has run out"):
        finish(at_spotify, said)


def test_who_does_not_allow_it_is_told_that_nothing_changed(at_spotify, spotify):
    spotify.switch(deny=True)
    said = visit(begin(at_spotify))
    assert (said["error"], said["state"]) == ("access_denied", "a state")
    with pytest.raises(AuthFailed, match="You did not allow it at Spotify"):
        finish(at_spotify, said)
    with pytest.raises(AuthFailed, match="server_error"):
        finish(at_spotify, {"error": "server_error"})


@pytest.mark.parametrize(
    "redirect", ["http://localhost:8484/back", "http://192.168.1.5:8484/back", "http://house.example/back"]
)
def test_spotify_sends_nobody_back_over_plain_http(at_spotify, redirect):
    page = requests.get(begin(at_spotify, redirect), allow_redirects=False, timeout=5)
    assert (page.status_code, page.text) == (400, "INVALID_CLIENT: Invalid redirect URI")


@pytest.mark.parametrize("redirect", [BACK, "http://[::1]:8484/back", "https://house.example/back"])
def test_but_to_this_machine_by_its_number_or_by_https(at_spotify, redirect):
    assert finish(at_spotify, visit(begin(at_spotify, redirect)), redirect)["refresh_token"]


def test_only_addresses_that_the_app_names_are_returned_to(at_spotify, spotify):
    register(spotify, BACK)
    assert visit(begin(at_spotify))
    assert requests.get(begin(at_spotify, BACK + "/"), allow_redirects=False, timeout=5).status_code == 400


def test_another_redirect_than_was_asked_for_names_the_address_to_register(at_spotify):
    said = visit(begin(at_spotify))
    with pytest.raises(AuthFailed, match=f"Add {BACK}/else to your app at developer.spotify.com"):
        finish(at_spotify, said, BACK + "/else")


def test_an_app_that_spotify_does_not_know(at_spotify):
    said = visit(begin(at_spotify))
    at_spotify.settings["client_id"] = "somebody else"
    with pytest.raises(AuthFailed, match="does not know this client ID"):
        finish(at_spotify, said)


@pytest.mark.parametrize("switches", [{"status": 503}, {"status": 429}, {"html": True}, {"truncate": True}])
def test_trouble_while_the_permission_is_fetched_has_its_words(at_spotify, spotify, switches):
    said = visit(begin(at_spotify))
    spotify.switch(only="/api/token", **switches)
    with pytest.raises(ProviderError, match="Spotify"):
        finish(at_spotify, said)


# --- last.fm ----------------------------------------------------------------------------------------------------------


def test_a_permission_from_lastfm_is_a_key_for_good(at_lastfm):
    said = visit(begin(at_lastfm))
    assert said["state"] == "a state"
    granted = finish(at_lastfm, said)
    assert set(granted) == {"session_key"}
    at_lastfm.settings |= granted
    assert at_lastfm.run("plays", None).error is None


def test_without_the_shared_secret_it_is_said_what_is_missing(at_lastfm):
    del at_lastfm.settings["api_secret"]
    with pytest.raises(AuthFailed, match="shared secret"):
        begin(at_lastfm)


def test_the_session_is_asked_for_with_a_signature(at_lastfm, lastfm):
    said = visit(begin(at_lastfm))
    at_lastfm.settings["api_secret"] = "f" * 32
    with pytest.raises(AuthFailed, match="refuses the API key or its secret"):
        finish(at_lastfm, said)
    words = {"method": "auth.getSession", "api_key": LASTFM_KEY, "token": said["token"]}
    text = "".join(key + words[key] for key in sorted(words)) + LASTFM_SECRET
    signed = words | {"api_sig": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}
    assert "<key>" in requests.post(f"{lastfm.url}/2.0/", data=signed, timeout=5).text


@pytest.mark.parametrize("said", [{"token": "0" * 32}, "used"])
def test_a_token_that_is_no_good_is_said(at_lastfm, said: Any):
    if said == "used":
        said = visit(begin(at_lastfm))
        finish(at_lastfm, said)
    with pytest.raises(AuthFailed, match="used already, has run out or was not given"):
        finish(at_lastfm, said)


def test_a_wrong_key_ends_at_lastfms_own_page(at_lastfm):
    at_lastfm.settings["api_key"] = "0" * 32
    assert "Invalid API key" in requests.get(begin(at_lastfm), timeout=5).text


def test_who_comes_back_from_lastfm_without_a_token_did_not_allow_it(at_lastfm):
    with pytest.raises(AuthFailed, match="You did not allow it at"):
        finish(at_lastfm, {"state": "a state"})


def test_another_listener_than_the_one_whose_plays_are_read(at_lastfm):
    said = visit(f"{begin(at_lastfm)}&user=sam_demo")
    with pytest.raises(AuthFailed, match="but this account reads the plays of robin_demo"):
        finish(at_lastfm, said)


def test_a_service_that_is_away_is_unavailable(at_lastfm):
    at_lastfm.settings["address"] = "http://127.0.0.1:9"
    with pytest.raises(Unavailable):
        finish(at_lastfm, {"token": "0" * 32})
