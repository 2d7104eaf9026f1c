"""Spotify through spotipy and Last.fm through pylast, against a server that breaks every promise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from aggregator.demo.service import Running
from aggregator.demo.spotify import first_refresh_token
from aggregator.demo.world import World
from aggregator.plugin import BadData, ProviderError, RateLimited, Unavailable
from plugins.lastfm import Lastfm
from plugins.spotify import Spotify
from tests.host.rogue import Rogue
from tests.plugins.conftest import Account

TROUBLE: dict[str, tuple[type[ProviderError], ...]] = {
    "silent": (Unavailable,),
    "slow-headers": (Unavailable,),
    "slow-body": (Unavailable,),
    "half": (BadData, Unavailable),
    "reset": (Unavailable,),
    "hang-up": (Unavailable,),
    "no-http": (Unavailable,),
    "redirect": (BadData, Unavailable),
    "bomb": (BadData,),
    "no-gzip": (BadData, Unavailable),
    "page": (BadData,),
    "day": (RateLimited,),
    "broken": (Unavailable,),
}


@pytest.fixture(scope="module")
def rogue() -> Iterator[Rogue]:
    with Rogue() as rogue:
        yield rogue


@pytest.fixture(scope="module")
def sample() -> Iterator[Running]:
    with Running("spotify") as sample:
        yield sample


def spotify(rogue: Rogue, way: str) -> Account:
    settings = {"client_id": "app", "client_secret": "of the app", "refresh_token": "permission"}
    return Account(Spotify, **settings, address=f"{rogue.url}/{way}")


def lastfm(rogue: Rogue, way: str) -> Account:
    rogue.always = way  # the plugin keeps only the host of its address
    return Account(Lastfm, user="robin", api_key="open-sesame-42", address=rogue.url)


@pytest.mark.parametrize("service", [spotify, lastfm])
@pytest.mark.parametrize("way", TROUBLE)
def test_each_trouble_has_its_words_and_completes_nothing(rogue: Rogue, service: Any, way: str) -> None:
    account = service(rogue, way)
    account.gate.hurry(0.5 if way in ("silent", "slow-headers", "slow-body") else 15.0)
    began = time.monotonic()
    try:
        run = account.run()
    finally:
        rogue.always = None
    assert time.monotonic() - began < 15
    assert isinstance(run.error, TROUBLE[way]), repr(run.error)
    assert run.scopes == []
    if way == "day":
        assert run.error.retry_after == 86400


@pytest.mark.parametrize("skew", [-3650 * 86400, -3700, 3700, 3650 * 86400])
def test_a_clock_that_is_wrong_costs_no_sign_in(
    world: World, sample: Running, monkeypatch: pytest.MonkeyPatch, skew: int
) -> None:
    """The token is as old as the service says, whatever our clock makes of it; also when it jumps while we read."""
    user = next(iter(world.spotify.values()))
    given = {"client_id": user.client, "client_secret": user.secret, "refresh_token": first_refresh_token(user)}
    account = Account(Spotify, **given, address=sample.url)
    provider = account.provider()
    assert provider.search("tide")
    monkeypatch.setattr("spotipy.oauth2.time", SimpleNamespace(time=lambda: time.time() + skew))
    assert provider.search("tide")
    requests.post(f"{sample.url}/_expire", timeout=5)
    assert provider.search("tide")
    assert account.run().error is None
