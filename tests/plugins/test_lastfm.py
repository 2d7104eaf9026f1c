"""Last.fm through pylast, against the sample service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aggregator.demo.neighbours import chart, listeners, named, tagged
from aggregator.demo.world import LASTFM_KEY, LASTFM_SECRET
from aggregator.plugin import (
    Artist,
    AuthFailed,
    BadData,
    Checkpoint,
    Friend,
    Holding,
    Play,
    RateLimited,
    Track,
    Unavailable,
)
from plugins.lastfm import Lastfm
from plugins.lastfm.spans import LATE
from tests.plugins.conftest import Account, Run


@pytest.fixture
def robin(service) -> Account:
    return Account(Lastfm, user="robin_demo", api_key=LASTFM_KEY, api_secret=LASTFM_SECRET, address=service.url)


@pytest.fixture
def scrobbled(world) -> list[Any]:
    return list(world.lastfm["robin_demo"].plays)


def moments(run: Run) -> list[float]:
    return [play.at.timestamp() for play in run.of(Play)]


# --- history ----------------------------------------------------------------------------------------------------------


def test_every_scrobble_comes_and_none_that_is_playing_now(robin, scrobbled):
    run = robin.run("plays", None)
    assert run.error is None
    assert sorted(set(moments(run))) == sorted({float(play.at) for play in scrobbled})
    assert {(play.title, play.at) for play in run.of(Play)} >= {(run.of(Play)[0].title, run.of(Play)[0].at)}
    assert len({(play.at, play.title, play.credits[0].name) for play in run.of(Play)}) == len(scrobbled)


def test_each_page_ends_with_a_checkpoint(robin, scrobbled):
    run = robin.run("plays", None)
    assert len(run.of(Checkpoint)) > len(scrobbled) / 200
    since = 0
    for record in run.records:
        since = 0 if isinstance(record, Checkpoint) else since + isinstance(record, Play)
        assert since <= 200


def test_a_later_run_asks_only_for_what_may_be_new(robin, service, scrobbled):
    cursor = robin.run("plays", None).cursor
    asked = len(service.log())
    again = robin.run("plays", cursor)
    assert len(service.log()) - asked == 1
    assert min(moments(again)) >= scrobbled[-1].at - LATE and max(moments(again)) == scrobbled[-1].at
    assert json.loads(again.cursor) == json.loads(cursor)


@pytest.mark.parametrize("pages", [1, 3])
def test_a_run_that_breaks_off_goes_on_where_it_was(robin, scrobbled, pages):
    """Whatever page the crash comes after, the pages before it and a later run hold every scrobble."""
    kept, cursor, checkpoints = set(), None, 0
    for record in robin.provider().plays(None):
        if isinstance(record, Play):
            kept.add(record.at.timestamp())
        if isinstance(record, Checkpoint):
            cursor, checkpoints = record.cursor, checkpoints + 1
            if checkpoints == pages:
                break
    rest = robin.run("plays", cursor)
    assert kept | set(moments(rest)) == {float(play.at) for play in scrobbled}
    assert json.loads(rest.cursor)["open"] == []


def test_more_scrobbles_in_a_second_than_fit_on_a_page(robin, monkeypatch):
    """An import stamped everything with one moment: time does not tell the pages apart."""
    from plugins.lastfm import Client
    from plugins.lastfm.client import pylast

    def page(number: int, upper: int) -> str:
        tracks = "".join(
            f'<track><artist mbid="">A</artist><name>Song {n}</name><date uts="1000">x</date></track>'
            for n in range((number - 1) * 200, min(number * 200, upper))
        )
        total = -(-upper // 200)
        return f'<lfm><recenttracks totalPages="{total}" total="{upper}">{tracks}</recenttracks></lfm>'

    def ask(self: Client, method: str, inside: str, **query: Any) -> Any:
        text = page(query["page"], 450)
        return pylast._parse_response(text).documentElement.getElementsByTagName(inside)[0]

    monkeypatch.setattr(Client, "ask", ask)
    run = robin.run("plays", None)
    assert {play.title for play in run.of(Play)} == {f"Song {n}" for n in range(450)}


# --- library, friends, live -------------------------------------------------------------------------------------------


def test_loved_tracks_are_held_as_loved(robin, world):
    run = robin.run()
    loved = world.lastfm["robin_demo"].loved
    assert run.error is None and run.scopes == ["loved"]
    assert [track.title for track in run.of(Track)] == [song.title for _, song in loved]
    assert [(h.how, h.since.timestamp()) for h in run.of(Holding)] == [("loved", at) for at, _ in loved]


def test_friends_and_what_they_like_best(robin, world):
    run = robin.run("friends")
    assert run.scopes == ["friends"]
    assert {friend.id for friend in run.of(Friend)} == set(world.lastfm["robin_demo"].friends)
    best = robin.provider().top_artists(next(friend for friend in run.of(Friend) if friend.id == "sam_demo"))
    assert [(artist.name, plays) for artist, plays in best[:3]] == [
        (artist.name, plays) for artist, plays in world.lastfm["sam_demo"].favourites[:3]
    ]


def test_the_albums_that_a_friend_likes_best(robin):
    albums = list(robin.provider().top_albums(Friend(id="sam_demo", name="Sam")))
    plays = [plays for _, plays in albums]
    assert len(albums) > 5 and plays == sorted(plays, reverse=True) and plays[-1] > 0
    assert all(album.title and album.credits[0].name for album, _ in albums)


def test_a_friend_who_shows_nothing_has_no_favourites(robin, service):
    service.switch(code=17, only="user.getTopArtists")
    assert list(robin.provider().top_artists(Friend(id="old_ferryman", name="x"))) == []
    service.switch(code=17, only="user.getTopAlbums")
    assert list(robin.provider().top_albums(Friend(id="old_ferryman", name="x"))) == []


def test_what_is_known_of_an_artist(robin):
    provider = robin.provider()
    artist = Artist(id="x", name="The Paper Lighthouses")
    near = provider.similar(artist)
    assert near and near[0][1] == 1.0 and all(0 <= match <= 1 for _, match in near)
    assert provider.tags(artist)[0].weight == 100 and provider.albums_of(artist)[0].title


def test_albums_come_with_their_plays_and_without_a_form_that_nobody_stated(robin):
    albums = robin.provider().albums_of(Artist(id="x", name="The Paper Lighthouses"))
    plays = [album.popularity for album in albums]
    assert plays == sorted(plays, reverse=True) and plays[-1] > 0
    assert {album.form for album in albums} == {None}


def test_songs_of_an_artist_come_with_whose_they_are(robin):
    songs = robin.provider().top_songs(Artist(id="x", name="The Paper Lighthouses"))
    assert songs and all(song.credits[0].name == "The Paper Lighthouses" and song.url for song in songs)
    assert robin.provider().top_songs(Artist(id="x", name="Nobody Whatsoever")) == []


def test_artists_of_a_tag_come_in_the_order_of_use(robin):
    used = robin.provider().tag_artists("Chamber Pop")
    assert [artist.name for artist, _ in used] == [act.name for act in tagged("chamber pop")]
    numbers = [number for _, number in used]
    assert numbers == sorted(numbers, reverse=True) and numbers[-1] > 0
    assert robin.provider().tag_artists("a tag that nobody uses") == []


def test_listeners_of_an_artist_and_the_chart(robin):
    provider = robin.provider()
    assert provider.listeners(Artist(id="x", name="Nørrelys")) == listeners(named("Nørrelys"))
    assert provider.listeners(Artist(id="x", name="Nobody Ever Heard Of")) is None
    assert [artist.name for artist in provider.chart()] == list(dict.fromkeys(act.name for act in chart()))[:100]


def test_an_outdated_mbid_falls_back_to_the_name(robin):
    artist = Artist(id="x", name="The Paper Lighthouses", ids={"mbid": "00000000-0000-4000-8000-000000000000"})
    assert robin.provider().similar(artist) == robin.provider().similar(artist.model_copy(update={"ids": {}}))


def test_an_artist_it_does_not_know_is_no_error(robin):
    nobody = Artist(id="x", name="Nobody Ever Heard Of")
    provider = robin.provider()
    assert provider.similar(nobody) == provider.tags(nobody) == provider.albums_of(nobody) == []


def test_search_answers_with_artists_albums_and_songs(robin):
    assert {record.type for record in robin.provider().search("tide")} >= {"edition", "track"}


# --- trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switches", "error", "words"),
    [
        ({"status": 401}, AuthFailed, "Sign in"),
        ({"code": 10}, AuthFailed, "API key"),
        ({"code": 26}, AuthFailed, "API key"),
        ({"code": 17}, AuthFailed, "private"),
        ({"code": 6}, AuthFailed, "robin_demo"),
        ({"code": 8}, Unavailable, "try later"),
        ({"code": 11}, Unavailable, "try later"),
        ({"code": 16}, Unavailable, "try later"),
        ({"status": 500}, Unavailable, "trouble"),
        ({"html": True}, BadData, "not XML"),
        ({"html": True, "status": 504}, Unavailable, "trouble"),
        ({"truncate": True}, BadData, "half"),
    ],
)
@pytest.mark.parametrize(("capability", "arguments"), [("plays", (None,)), ("library", ()), ("friends", ())])
def test_every_error_has_its_words_and_completes_nothing(robin, service, capability, arguments, switches, error, words):
    service.switch(**switches)
    run = robin.run(capability, *arguments)
    assert isinstance(run.error, error) and words in str(run.error)
    assert run.scopes == [] and run.cursor is None
    assert LASTFM_KEY not in str(run.error)


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("seconds", [1, 86400])
def test_too_many_questions_are_told_with_their_pause(robin, service, seconds, html):
    service.switch(status=429, retry_after=seconds, html=html, times=1)
    run = robin.run("plays", None)
    assert isinstance(run.error, RateLimited)
    assert run.error.retry_after == (60.0 if html else seconds)  # the sample's page of HTML names no time


def test_a_service_that_is_away_is_unavailable(robin):
    robin.settings["address"] = "http://127.0.0.1:9"
    assert isinstance(robin.run("plays", None).error, Unavailable)


@pytest.mark.parametrize(("capability", "arguments"), [("plays", (None,)), ("library", ())])
def test_pages_that_go_round_are_noticed(robin, service, capability, arguments):
    service.switch(loop_next=True)
    run = robin.run(capability, *arguments)
    assert isinstance(run.error, BadData) and "circle" in str(run.error) and run.scopes == []


def test_overlapping_pages_lose_no_scrobble(robin, service, scrobbled):
    service.switch(duplicate_pages=True)
    assert set(moments(robin.run("plays", None))) == {float(play.at) for play in scrobbled}


def test_a_list_that_shrinks_while_it_is_read_is_not_complete(robin, service, monkeypatch):
    monkeypatch.setattr("plugins.lastfm.PAGE", 2)
    assert robin.run().scopes == ["loved"]
    provider = robin.provider()
    ask = provider._client.ask

    def shrinking(method: str, inside: str, **query: Any) -> Any:
        if query["page"] == 2:
            service.switch(shrink=3)
        return ask(method, inside, **query)

    provider._client.ask = shrinking
    with pytest.raises(Unavailable, match="Nothing was removed"):
        list(provider.library())


def test_shrunken_lists_are_held_by_the_host(home, robin, service):
    account = home.account("lastfm", **robin.settings)
    for what in ("library", "friends"):
        assert home.run(account, what).error is None
    before = {kind: home.present(kind) for kind in ("recording", "friend")}
    assert all(before.values())
    service.switch(shrink=0)
    for what in ("library", "friends"):
        home.run(account, what)
    assert {kind: home.present(kind) for kind in before} == before
