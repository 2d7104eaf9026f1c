"""Spotify through spotipy, against the sample service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
import requests

from aggregator.demo.service import Running
from aggregator.demo.spotify import first_refresh_token
from aggregator.plugin import (
    AuthFailed,
    BadData,
    Edition,
    Holding,
    Play,
    Playlist,
    RateLimited,
    Skipped,
    Track,
    Unavailable,
)
from plugins.spotify import Spotify
from plugins.spotify.shapes import play
from tests.plugins.conftest import Account, Run

LISTS = ["tracks", "albums", "artists", "playlists"]


@pytest.fixture
def robin(world, service) -> Account:
    return Account(Spotify, **settings(world, service))


@pytest.fixture
def by_pkce(world) -> Iterator[Account]:
    """Robin without a client secret: each refresh token is good once, so the service is one of its own."""
    with Running("spotify") as own:
        given = settings(world, own)
        del given["client_secret"]
        yield Account(Spotify, **given)


def settings(world: Any, service: Any, number: int = 0) -> dict[str, Any]:
    user = list(world.spotify.values())[number]
    given = {"client_id": user.client, "client_secret": user.secret, "refresh_token": first_refresh_token(user)}
    return given | {"address": service.url}


def known(run: Run) -> set[tuple[str, str]]:
    return {(record.type, record.id) for record in run.of(Edition) + run.of(Track) + run.of(Playlist)}


# --- what it reads ----------------------------------------------------------------------------------------------------


def test_saved_followed_and_playlists_come_each_in_a_scope_of_its_own(robin, world):
    run = robin.run()
    user = next(iter(world.spotify.values()))
    assert run.error is None and run.scopes == LISTS
    held = Counter((holding.of, holding.how) for holding in run.of(Holding))
    assert held == {
        ("edition", "saved"): len(user.albums),
        ("track", "saved"): len(user.tracks),
        ("artist", "followed"): len(user.following),
    }
    assert len(run.of(Playlist)) == len(user.playlists)
    tracks = {track.id for track in run.of(Track)}
    assert all(set(playlist.tracks) <= tracks for playlist in run.of(Playlist))
    editions = {edition.id for edition in run.of(Edition)}
    assert all(track.edition in editions for track in run.of(Track))


def test_a_song_in_two_lists_is_told_once_and_the_same(robin):
    told: dict[str, set[str]] = {}
    for record in robin.run().of(Track) + robin.run().of(Edition):
        told.setdefault(record.id, set()).add(record.model_dump_json())
    assert {len(forms) for forms in told.values()} == {1}
    run = robin.run()
    saved = {holding.id for holding in run.of(Holding) if holding.of == "edition"}
    assert all("upc" in edition.ids for edition in run.of(Edition) if edition.id in saved)
    assert run.of(Track)[0].ids.keys() >= {"spotify", "isrc"}


def test_what_is_gone_from_a_playlist_is_left_out(robin, world):
    wanted = {p.name: [song for song in p.songs if song] for p in next(iter(world.spotify.values())).playlists}
    for playlist in robin.run().of(Playlist):
        assert playlist.tracks == [song.spotify for song in wanted[playlist.name]]


def test_plays_begin_where_they_began_and_come_once(robin, world):
    first = robin.run("plays", None)
    plays = first.of(Play)
    newest = next(iter(world.spotify.values())).recent[0]
    assert len(plays) == 50
    assert abs(plays[0].at.timestamp() - newest.at) <= 1 and plays[0].seconds == newest.song.ms / 1000
    again = robin.run("plays", first.cursor)
    assert again.of(Play) == [] and again.error is None


def test_a_play_without_album_or_id_is_understood():
    song = {"name": "Slack Tide", "artists": [{"name": "Tin Harbour"}], "duration_ms": 60000, "is_local": True}
    read = play({"played_at": "2026-02-25T20:15:20Z", "track": song})
    assert read.at.isoformat() == "2026-02-25T20:14:20+00:00" and read.track is None


def test_search_answers_with_artists_albums_and_songs(robin):
    found = robin.provider().search("tide")
    assert {record.type for record in found} >= {"edition", "track"}


def test_a_music_library_of_hundreds_is_paged(world):
    with Running("spotify", scale=120) as big:
        run = Account(Spotify, **settings(world, big)).run()
        assert run.error is None and run.scopes == LISTS
        assert len([h for h in run.of(Holding) if h.of == "edition"]) > 120


# --- trouble ----------------------------------------------------------------------------------------------------------


def test_permission_that_ran_out_asks_the_listener(world, service):
    run = Account(Spotify, **settings(world, service, 1)).run()
    assert isinstance(run.error, AuthFailed) and "Sign in" in str(run.error) and run.scopes == []


def test_without_permission_the_listener_is_asked_for_it(robin):
    robin.safe.clear()
    assert isinstance(robin.run().error, AuthFailed)


def test_a_refused_token_is_renewed_once(robin, service):
    provider = robin.provider()
    assert provider.search("tide")
    requests.post(f"{service.url}/_expire", timeout=5)
    assert provider.search("tide")
    service.switch(status=401, only="/v1/")
    with pytest.raises(AuthFailed):
        provider.search("tide")


def test_without_a_secret_each_new_refresh_token_is_kept_before_it_is_used(by_pkce):
    first = by_pkce.safe["refresh_token"]
    assert by_pkce.run().error is None
    assert by_pkce.safe["refresh_token"] != first
    assert by_pkce.run().error is None


def test_a_token_renewed_by_another_run_is_found(by_pkce):
    provider = by_pkce.provider()
    assert provider.search("tide")
    assert by_pkce.run().error is None  # renews it too
    provider._client._token.renewable()
    assert provider.search("tide")


@pytest.mark.parametrize(("seconds", "words"), [(1, "fewer questions"), (86400, "quota")])
def test_too_many_questions_are_told_with_their_pause(robin, service, seconds, words):
    service.switch(status=429, retry_after=seconds, only="/v1/")
    run = robin.run()
    assert isinstance(run.error, RateLimited) and run.error.retry_after == seconds and words in str(run.error)
    assert run.scopes == []


@pytest.mark.parametrize(
    ("switches", "error"),
    [
        ({"status": 500}, Unavailable),
        ({"html": True}, BadData),
        ({"truncate": True}, BadData),
        ({"loop_next": True}, BadData),
    ],
)
def test_trouble_with_one_list_leaves_the_others_whole(robin, service, switches, error):
    service.switch(**switches, only="/v1/me/albums")
    run = robin.run()
    assert isinstance(run.error, error) and run.scopes == ["tracks", "artists", "playlists"]


@pytest.mark.parametrize("switches", [{"status": 500}, {"html": True}, {"truncate": True}])
def test_trouble_at_the_accounts_service_completes_nothing(robin, service, switches):
    service.switch(**switches, only="/api/token")
    run = robin.run()
    assert isinstance(run.error, Unavailable | BadData) and run.scopes == []


def test_a_service_that_is_away_is_unavailable(robin):
    robin.settings["address"] = "http://127.0.0.1:9"
    assert isinstance(robin.run().error, Unavailable)


def test_an_endpoint_closed_to_the_app_is_remembered_and_costs_only_its_scope(robin, service):
    service.switch(status=403, only="/v1/me/albums")
    assert robin.run().scopes == ["tracks", "artists", "playlists"]
    service.switch()
    before = len(service.log())
    run = robin.run()
    assert run.error is None and run.scopes == ["tracks", "artists", "playlists"]
    assert not [entry for entry in service.log()[before:] if entry["path"] == "/v1/me/albums"]


def test_a_playlist_closed_to_the_app_is_listed_and_protected(robin, service):
    service.switch(status=403, only="/v1/playlists/")
    run = robin.run()
    assert run.error is None and run.scopes == LISTS
    assert {record.of for record in run.of(Skipped)} == {"playlist"}


def test_a_next_page_elsewhere_is_not_followed(robin):
    with pytest.raises(BadData):
        robin.provider()._client.get("https://example.org/v1/me/albums?offset=50")


def test_overlapping_pages_lose_nothing(world):
    with Running("spotify", scale=120) as big:
        account = Account(Spotify, **settings(world, big))
        whole = known(account.run())
        big.switch(duplicate_pages=True)
        run = account.run()
        # Overlapping pages end before the list does: what came is told, and nothing counts as removed.
        assert "albums" not in run.scopes or known(run) == whole


def test_a_list_that_shrinks_while_it_is_read_is_not_complete(world):
    with Running("spotify", scale=120) as big:
        account = Account(Spotify, **settings(world, big))
        provider = account.provider()
        get = provider._client.get

        def shrinking(path: str, **query: Any) -> Any:
            if "me/albums" in path and "offset=50" in path:
                big.switch(shrink=90)
            return get(path, **query)

        provider._client.get = shrinking
        run = Run()
        with pytest.raises(Unavailable, match="Nothing was removed"):
            run.records.extend(provider.library())
        assert run.scopes == ["tracks", "artists", "playlists"]


def test_a_shrunken_list_is_held_by_the_host(home, world, service):
    account = home.account("spotify", **settings(world, service))
    assert home.run(account).error is None
    before = {kind: home.present(kind) for kind in ("album", "recording", "playlist")}
    assert before["album"] and before["recording"]
    for shrink in (1, 0):
        service.switch(shrink=shrink)
        home.run(account)
        assert {kind: home.present(kind) for kind in before} == before


def test_runs_at_the_same_time_never_lose_a_rotated_token(home, by_pkce):
    """Two capabilities and a live call in children of their own, each of which begins without an access token."""
    account = home.account("spotify", **by_pkce.settings)
    trouble: list[str | None] = []

    def ask() -> None:
        trouble.append(home.house.warm.ask_all({account: "Spotify"}, "search", "tide", 60.0)[0]["error"])

    for _ in range(2):
        reads = [Thread(target=lambda what=what: trouble.append(home.run(account, what).error_words))
                 for what in ("library", "history")]  # fmt: skip
        for thread in (at_once := [*reads, Thread(target=ask)]):
            thread.start()
        for thread in at_once:
            thread.join()
        home.house.warm.drop(account)
    assert trouble == [None] * 6


def test_a_rotated_token_is_kept_by_the_host(home, by_pkce):
    account = home.account("spotify", **by_pkce.settings)
    for _ in range(3):
        assert home.run(account).error is None
    with home.store.read() as conn:
        kept = conn.exec_driver_sql("SELECT value FROM keep WHERE key LIKE 'secret %'").scalar_one()
    assert by_pkce.settings["refresh_token"] not in kept
