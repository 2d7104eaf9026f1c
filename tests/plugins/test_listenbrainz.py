"""ListenBrainz against the sample service, and listens in every shape that players send."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from aggregator import listeners, sources
from aggregator.demo.catalogue import ARTISTS
from aggregator.demo.listenbrainz import heard_by, user_token
from aggregator.demo.neighbours import UNLINKED, chart, named, tags
from aggregator.demo.service import Running
from aggregator.demo.world import build
from aggregator.plugin import (
    Artist,
    AuthFailed,
    BadData,
    Checkpoint,
    Friend,
    Play,
    ProviderError,
    RateLimited,
    Skipped,
    Unavailable,
)
from plugins.listenbrainz import LATE, ListenBrainz
from tests.plugins.conftest import Account, Run

PAPER = Artist(id="x", name="The Paper Lighthouses", ids={"mbid": ARTISTS["paper-lighthouses"].mbid})


@pytest.fixture
def robin(service) -> Account:
    return account(service)


def account(service: Running, user: str = "robin_demo", **settings: Any) -> Account:
    return Account(ListenBrainz, user=user, address=service.url, labs=service.url, **settings)


@pytest.fixture
def moments(world) -> set[float]:
    return {float(play.at) for play in world.lastfm["robin_demo"].plays}


@pytest.fixture
def short_pages(monkeypatch) -> int:
    monkeypatch.setattr("plugins.listenbrainz.PAGE", 40)
    return 40


def told(run: Run) -> set[float]:
    return {play.at.timestamp() for play in run.of(Play)}


def stored(home: Any, service: Running) -> int:
    """An account of somebody who lives here: plays belong to a person."""
    someone = listeners.create(home.store, "Robin", "owner").id
    settings = account(service).settings
    return sources.create_account(home.store, "listenbrainz", someone, settings, check=False)


def reports(home: Any) -> int:
    with home.store.read() as conn:
        return int(conn.exec_driver_sql("SELECT COUNT(*) FROM report").scalar())


# --- history ----------------------------------------------------------------------------------------------------------


def test_every_listen_comes_once_on_pages_that_end_with_a_checkpoint(robin, moments, short_pages):
    run = robin.run("plays", None)
    assert run.error is None and told(run) == moments
    assert len({play.id for play in run.of(Play)}) == len(moments)
    since = 0
    for record in run.records:
        since = 0 if isinstance(record, Checkpoint) else since + isinstance(record, Play)
        assert since <= short_pages


def test_a_later_run_asks_only_for_what_may_be_new(robin, service, moments):
    cursor = robin.run("plays", None).cursor
    asked = len(service.log())
    again = robin.run("plays", cursor)
    assert len(service.log()) - asked == 1
    assert max(told(again)) == max(moments) and json.loads(again.cursor) == json.loads(cursor)


def test_a_run_may_break_off_after_any_page_and_loses_nothing(robin, moments, short_pages):
    """Whatever checkpoint was the last one stored, what is before it and a later run hold every listen."""
    records = robin.run("plays", None).records
    kept: set[float] = set()
    for record in records:
        if isinstance(record, Play):
            kept.add(record.at.timestamp())
        if isinstance(record, Checkpoint):
            rest = robin.run("plays", record.cursor)
            assert kept | told(rest) == moments
            assert json.loads(rest.cursor)["open"] == []


def test_listens_that_arrive_while_pages_are_turned_are_in_the_next_run(world, moments, short_pages):
    """The same listener an hour ago and now: the later story holds what was new meanwhile."""
    earlier = sorted(moments)[-30]
    with Running("listenbrainz", now=int(earlier) + 1, since=world.since) as before:
        first = account(before)
        half = iter(first.provider().plays(None))
        kept, cursor = set(), None
        for record in half:
            if isinstance(record, Play):
                kept.add(record.at.timestamp())
            if isinstance(record, Checkpoint):
                cursor = record.cursor
                break
    with Running("listenbrainz", now=world.now, since=world.since) as after:
        rest = account(after).run("plays", cursor)
    assert kept | told(rest) == moments


def test_overlapping_pages_lose_nothing_and_double_nothing(service, moments, short_pages):
    service.switch(duplicate_pages=True)
    assert told(account(service).run("plays", None)) == moments


def test_the_host_stores_each_listen_once(home, service, moments):
    mine = stored(home, service)
    for _ in range(2):
        assert home.run(mine, "history").error is None
    assert reports(home) == len(moments)


def test_the_host_goes_on_after_a_failure(home, service, moments):
    mine = stored(home, service)
    service.switch(status=503)
    assert home.run(mine, "history").error == "Unavailable"
    service.switch()
    assert home.run(mine, "history").error is None
    assert reports(home) == len(moments)


def test_the_host_keeps_the_pages_before_a_failure_and_goes_on_behind_them(home, world):
    """Three pages of a long history are to be read; the service breaks down after the first."""
    with Running("listenbrainz", now=world.now, since=world.since, scale=2500) as service:
        mine = stored(home, service)
        service.switch(slow=0.3)
        breakdown = threading.Thread(target=_break_down_after_a_page, args=(service,))
        breakdown.start()
        assert home.run(mine, "history").error == "Unavailable"
        breakdown.join()
        kept = reports(home)
        assert 1000 <= kept < 3000
        service.switch()
        asked = len(service.log())
        assert home.run(mine, "history").error is None
        wanted = [int(entry["query"]["max_ts"]) for entry in service.log()[asked:] if "max_ts" in entry["query"]]
        assert reports(home) == len(
            {play.at for play in build(world.now, world.since, 2500).lastfm["robin_demo"].plays}
        )
        assert min(wanted) < world.since and len(wanted) >= 2


def _break_down_after_a_page(service: Running) -> None:
    while sum(entry["path"].endswith("/listens") for entry in service.log()) < 2:
        time.sleep(0.02)
    service.switch(status=503)


def test_the_overlap_covers_what_phones_send_late(robin):
    newest = json.loads(robin.run("plays", None).cursor)["newest"]
    again = robin.run("plays", json.dumps({"newest": newest, "open": []}))
    assert min(told(again)) <= newest - LATE + 86400


# --- what players send ------------------------------------------------------------------------------------------------


class Canned(Account):
    """An account whose service answers one page of listens and then nothing."""

    def __init__(self, *listens: Any) -> None:
        super().__init__(ListenBrainz, user="someone")
        self.listens = list(listens)

    def provider(self) -> Any:
        provider = super().provider()
        pages = [{"payload": {"listens": self.listens}}]
        provider._ask = lambda path, *_, **__: (
            {} if path.endswith("count") else pages.pop() if pages else {"payload": {"listens": []}}
        )
        return provider


def listen(at: Any = 1_700_000_000, **said: Any) -> dict[str, Any]:
    return {"listened_at": at, "recording_msid": "m", "track_metadata": {"artist_name": "A", "track_name": "T"} | said}


def mapped(artists: list[tuple[str, str]], title: str) -> dict[str, Any]:
    known = "17d17b76-0436-4755-8c12-840bc02eb90d"
    acts = [{"artist_credit_name": name, "artist_mbid": known, "join_phrase": join} for name, join in artists]
    return {"recording_mbid": known, "recording_name": title, "artists": acts}


def test_a_guess_brings_all_artists_and_ids():
    guess = mapped([("Copper Fox", " feat. "), ("Ada Tin", "")], "Kettle")
    [play] = Canned(
        listen(artist_name="copper fox", track_name="Kettle (feat. Ada Tin)", mbid_mapping=guess)
    ).run("plays", None).of(Play)  # fmt: skip
    assert [(credit.name, credit.join, bool(credit.ids)) for credit in play.credits] == [
        ("Copper Fox", " feat. ", True),
        ("Ada Tin", "", True),
    ]
    assert set(play.ids) == {"mbid"}


@pytest.mark.parametrize(
    "guess", [mapped([("Somebody Else", "")], "Kettle"), mapped([("Copper Fox", "")], "This Is Another Song")]
)
def test_a_guess_about_something_else_is_not_believed(guess):
    said = {"artist_name": "Copper Fox", "track_name": "Kettle", "mbid_mapping": guess}
    [play] = Canned(listen(**said)).run("plays", None).of(Play)
    assert [credit.name for credit in play.credits] == ["Copper Fox"]
    assert play.ids == {} and play.credits[0].ids == {}


def test_the_players_own_ids_and_length_are_kept():
    more = {
        "isrc": "ZZBND2100001", "spotify_id": "https://open.spotify.com/track/7bG7mmsONmrGppDZSPtME3",
        "duration_ms": "241500", "artist_mbids": ["17d17b76-0436-4755-8c12-840bc02eb90d"],
    }  # fmt: skip
    [play] = Canned(listen(additional_info=more, release_name="")).run("plays", None).of(Play)
    assert play.ids == {"isrc": "ZZBND2100001", "spotify": "7bG7mmsONmrGppDZSPtME3"}
    assert (play.seconds, play.album, set(play.credits[0].ids)) == (241.5, None, {"mbid"})


ODD: list[dict[str, Any]] = [
    {"additional_info": None}, {"additional_info": {"duration": None, "isrc": 7, "spotify_id": None}},
    {"additional_info": {"duration": -3}}, {"mbid_mapping": None}, {"mbid_mapping": {"artists": []}},
    {"mbid_mapping": {"recording_mbid": "no id"}}, {"release_name": None}, {"additional_info": {"artist_mbids": "x"}},
]  # fmt: skip


@pytest.mark.parametrize("said", ODD)
def test_odd_listens_are_read(said):
    [play] = Canned(listen(**said)).run("plays", None).of(Play)
    assert (play.title, play.credits[0].name, play.ids) == ("T", "A", {})


@pytest.mark.parametrize(
    "broken", [listen(track_name=""), listen(artist_name=None), {"listened_at": 1_700_000_000}, listen(track_name=None)]
)
def test_one_that_makes_no_sense_is_listed_and_the_others_come(broken):
    run = Canned(broken, listen(at=1_600_000_000)).run("plays", None)
    assert run.error is None and len(run.of(Play)) == len(run.of(Skipped)) == 1


@pytest.mark.parametrize("at", [None, 0, "soon", 2**40, -5])
def test_what_has_no_time_is_no_play(at):
    assert Canned(listen(at=at)).run("plays", None).of(Play) == []


def by_pages_of(size: int, stored: list[tuple[int, str]], monkeypatch: Any) -> set[str]:
    """The titles that come from a service which holds these listens."""
    monkeypatch.setattr("plugins.listenbrainz.PAGE", size)
    provider = Account(ListenBrainz, user="someone").provider()

    def ask(path: str, query: Any = None, at: Any = None) -> Any:
        before = [pair for pair in stored if pair[0] < (query or {}).get("max_ts", 2**35)]
        return {"payload": {"listens": [listen(at=at, track_name=title) for at, title in before[:size]]}}

    provider._ask = ask
    return {record.title for record in provider.plays("") if isinstance(record, Play)}


def test_listens_of_one_second_on_both_sides_of_a_page_all_come(monkeypatch):
    stored = [(1003, "a"), (1002, "b"), (1001, "c"), (1001, "d"), (1000, "e")]
    assert by_pages_of(3, stored, monkeypatch) == set("abcde")


def test_more_listens_in_a_second_than_fit_on_a_page_end_the_run_all_the_same(monkeypatch):
    stored = [(1000, "a"), (1000, "b"), (1000, "c"), (900, "d")]
    assert by_pages_of(2, stored, monkeypatch) == set("abd")


# --- friends and artists ----------------------------------------------------------------------------------------------


def test_friends_and_what_they_like_best(robin, world):
    run = robin.run("friends")
    names = [friend.id for friend in run.of(Friend)]
    assert run.scopes == ["friends"] and len(names) == len(set(names))
    assert set(names) >= set(world.lastfm["robin_demo"].friends)
    best = list(robin.provider().top_artists(Friend(id="sam_demo", name="Sam")))
    favourites = world.lastfm["sam_demo"].favourites[:3]
    assert [(artist.name, plays) for artist, plays in best[:3]] == [(act.name, plays) for act, plays in favourites]


@pytest.mark.parametrize("name", ["nobody", "a/b", "x y"])
def test_a_friend_without_statistics_has_no_favourites(robin, name):
    assert list(robin.provider().top_artists(Friend(id=name, name=name))) == []


def test_what_is_known_of_an_artist(robin):
    provider = robin.provider()
    near = provider.similar(PAPER)
    assert near[0][1] == 1.0 and all(0 <= match <= 1 and artist.ids["mbid"] for artist, match in near)
    assert next((tag.name, tag.weight) for tag in provider.tags(PAPER)) == ("indie folk", 100)
    assert [album.title for album in provider.albums_of(PAPER)][:2] == ["Harbour Lamps", "Lighthouse Keepers' Ball"]


def test_albums_come_with_their_listeners_and_the_form_that_is_told(robin):
    albums = list(robin.provider().albums_of(PAPER))
    people = [album.popularity for album in albums]
    assert people == sorted(people, reverse=True) and people[-1] > 0
    assert {album.form for album in albums} <= {"album", "ep"} and albums[0].released


def test_a_server_that_counts_no_listeners_of_albums_tells_the_newest_first(robin, service):
    service.switch(status=404, only="/1/popularity")
    days = [album.released or "" for album in robin.provider().albums_of(PAPER)]
    assert days == sorted(days, reverse=True) and len(days) > 1


def test_listeners_and_the_chart(robin):
    provider = robin.provider()
    assert provider.listeners(PAPER) == heard_by(named(PAPER.name))
    assert provider.listeners(Artist(id="x", name="x", ids={"mbid": "00000000-0000-4000-8000-000000000000"})) is None
    known = [act.mbid for act in chart() if act.slug not in UNLINKED]
    assert [artist.ids["mbid"] for artist in provider.chart()] == known[:100]


def test_songs_come_with_their_artist_and_length_most_played_first(robin):
    songs = list(robin.provider().top_songs(PAPER))
    assert songs and all(song.ids["mbid"] == song.id and song.seconds and song.url for song in songs)
    assert {song.credits[0].ids["mbid"] for song in songs} == {PAPER.ids["mbid"]}
    assert list(robin.provider().top_songs(PAPER.model_copy(update={"ids": {}}))) == []


def test_artists_of_a_tag_are_those_of_its_recordings(robin):
    used = list(robin.provider().tag_artists("indie folk"))
    assert PAPER.ids["mbid"] in {artist.ids["mbid"] for artist, _ in used}
    numbers = [number for _, number in used]
    assert numbers == sorted(numbers, reverse=True) and numbers[-1] > 0
    assert all("indie folk" in dict(tags(named(artist.name))) for artist, _ in used)
    assert list(robin.provider().tag_artists("a tag that nobody uses")) == []


def test_a_server_that_tells_of_tags_only_with_a_token_is_not_asked_again_without(robin, service):
    service.switch(status=401, only="/1/lb-radio")
    provider, asked = robin.provider(), len(service.log())
    assert list(provider.tag_artists("indie folk")) == list(provider.tag_artists("folk")) == []
    assert len(service.log()) == asked + 1
    with pytest.raises(AuthFailed):
        list(account(service, "robin_demo", token=user_token("robin_demo")).provider().tag_artists("folk"))


@pytest.mark.parametrize("ids", [{}, {"mbid": "00000000-0000-4000-8000-000000000000"}])
def test_an_artist_it_does_not_know_is_no_error(robin, ids):
    nobody, provider = Artist(id="x", name="Nobody", ids=ids), robin.provider()
    assert list(provider.similar(nobody)) == list(provider.tags(nobody)) == list(provider.albums_of(nobody)) == []


# --- permission and trouble -------------------------------------------------------------------------------------------


def test_private_listens_need_the_right_token(service):
    assert isinstance(account(service, "old_ferryman").run("plays", None).error, AuthFailed)
    wrong = account(service, "old_ferryman", token="not-a-token")
    assert isinstance(wrong.run("plays", None).error, AuthFailed)
    assert "not-a-token" not in str(wrong.run("plays", None).error)
    right = account(service, "old_ferryman", token=user_token("old_ferryman"))
    assert right.run("plays", None).error is None


def test_a_name_nobody_has_is_told(service):
    error = account(service, "robbin").run("plays", None).error
    assert isinstance(error, AuthFailed) and "robbin" in str(error)


@pytest.mark.parametrize(
    ("switches", "error", "words"),
    [
        ({"status": 401}, AuthFailed, "token"),
        ({"status": 503}, Unavailable, "trouble"),
        ({"status": 400}, BadData, "question"),
        ({"html": True}, BadData, "not JSON"),
        ({"html": True, "status": 504}, Unavailable, "trouble"),
        ({"truncate": True}, BadData, "half"),
    ],
)
@pytest.mark.parametrize(("capability", "arguments"), [("plays", (None,)), ("friends", ())])
def test_every_error_has_its_words_and_completes_nothing(robin, service, capability, arguments, switches, error, words):
    service.switch(**switches)
    run = robin.run(capability, *arguments)
    assert isinstance(run.error, error) and words in str(run.error)
    assert run.scopes == [] and run.cursor is None


def test_a_service_that_is_away_is_unavailable(robin):
    robin.settings["address"] = "http://127.0.0.1:9"
    assert isinstance(robin.run("plays", None).error, Unavailable)


def test_pages_that_go_round_are_noticed(robin, service, short_pages):
    service.switch(loop_next=True)
    run = robin.run("plays", None)
    assert isinstance(run.error, BadData) and "circle" in str(run.error)


@pytest.mark.parametrize("seconds", [7, 86400])
def test_too_many_questions_are_told_with_their_pause(robin, service, seconds):
    service.switch(status=429, retry_after=seconds, times=1)
    error = robin.run("plays", None).error
    assert isinstance(error, RateLimited) and error.retry_after == seconds


def test_the_host_rests_for_as_long_as_the_service_says(home, service):
    """ListenBrainz names the seconds in a header of its own."""
    mine = home.account("listenbrainz", **account(service).settings)
    service.switch(status=429, retry_after=400)
    assert home.run(mine, "history").error == "RateLimited"
    state = home.state(mine)
    assert state.state == "backing off" and 300 < state.blocked_until - time.time() <= 401


def test_the_last_call_of_a_window_is_followed_by_a_pause(monkeypatch, world, short_pages):
    """The service says how many calls are left: nothing is refused when that is heeded."""
    clock = Clock()
    monkeypatch.setattr("plugins.listenbrainz.time", clock)
    with Running("listenbrainz", now=world.now, since=world.since, calls=3) as service:
        with pytest.raises(TimeoutError):
            list(account(service).provider().plays(None))
        assert len(service.log()) == 3 and 0 < clock.asked <= 10


class Clock:
    """Time as the provider sees it; a pause is not waited for."""

    asked = 0.0

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self.asked = seconds
        if seconds:
            raise TimeoutError


def test_a_long_window_ends_the_run_instead(monkeypatch, robin):
    monkeypatch.setattr("plugins.listenbrainz.PATIENCE", 0.0)
    provider = robin.provider()
    provider._note({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-In": "3000"})
    with pytest.raises(ProviderError) as caught:
        list(provider.plays(None))
    assert isinstance(caught.value, RateLimited) and caught.value.retry_after > 2900


def test_an_empty_answer_is_held_by_the_host(home, service):
    mine = home.account("listenbrainz", **account(service).settings)
    assert home.run(mine, "friends").error is None
    before = home.present("friend")
    service.switch(shrink=0)
    home.run(mine, "friends")
    assert before and home.present("friend") == before
