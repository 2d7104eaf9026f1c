"""The whole demo: a minute after the start every page agrees with the story; what was planted can be put right."""

from __future__ import annotations

import html
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from sqlalchemy import Connection

from aggregator import listeners, sources
from aggregator.config import Config
from aggregator.demo import house
from aggregator.demo.truth import Truth, truth
from aggregator.library import decisions, items, review, search
from aggregator.library.evidence import KINDS
from aggregator.library.items import lists
from aggregator.listeners import Listener
from aggregator.recommendations import cards as recommended
from aggregator.shows import calendar
from aggregator.store import Store, open_store

PATIENCE = 180.0
"""Seconds; about 20 on two quiet cores (docs/performance.md). Tests that kill and count beside it take their share."""
BACK = "http://127.0.0.1:9/back"

pytestmark = pytest.mark.timeout(240)


@dataclass
class Demo:
    """A running Bandstand with nothing but the demo in it."""

    url: str
    store: Store
    truth: dict[str, Truth]
    people: dict[str, Listener]
    began: float

    def page(self, path: str) -> str:
        answer = requests.get(f"{self.url}{path}", timeout=10)
        answer.raise_for_status()
        return answer.text

    def wait(self, happened: Callable[[], bool], until: float) -> None:
        while not happened() and time.monotonic() < until:
            time.sleep(0.3)

    def account(self, key: str) -> sources.SourceCard:
        found = sources.cards(self.store, self.people["Robin"].id)
        return next(card for card in found if card.key == key)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    port = _free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BANDSTAND_")}
    began = time.monotonic()
    serve = subprocess.Popen(
        [sys.executable, "-m", "aggregator", "serve", "--port", str(port)],
        cwd=folder,
        env=environment | {"BANDSTAND_DATA": str(folder / "data")},
    )
    try:
        url, data = f"http://127.0.0.1:{port}", folder / "data" / "demo"
        _wait_for_page(url, serve)
        store = open_store(data)
        people = {one.name: one for one in listeners.everyone(store)}
        yield Demo(url, store, truth(house.story(data)), people, began)
        store.close()
    finally:
        serve.send_signal(signal.SIGTERM)
        serve.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for_page(url: str, serve: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and serve.poll() is None:
        try:
            if requests.get(url, timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError(f"no page in time (exit code {serve.poll()})")


def counted(demo: Demo, name: str) -> dict[str, object]:
    """What the pages of one listener count, in the shape of `Truth`."""
    listener, today = demo.people[name], calendar.today(demo.people[name])
    with demo.store.read() as conn:
        sizes = lists.sizes(conn, listener.id)
        shows = calendar.within(conn, listener, today, today + timedelta(days=100))
        pairs = review.pairs(conn, listener.id)
        plays = conn.exec_driver_sql("SELECT SUM(plays) FROM play_day WHERE listener_id = ?", (listener.id,)).scalar()
    matches = Counter(show.match for show in shows)
    return {
        "artists": tuple(sizes["artist"]),
        "albums": tuple(sizes["album"]),
        "songs": tuple(sizes["recording"]),
        "plays": plays,
        "shows": (len(shows), matches["solid"], matches["possible"], sum(one.status == "cancelled" for one in shows)),
        "sources": steady({card.key: card.state for card in sources.cards(demo.store, listener.id)}),
        "held": {card.key: one.items for card in sources.cards(demo.store, listener.id) for one in card.held},
        "unsure": {kind: sum(pair.kind == kind for pair in pairs) for kind in KINDS},
    }


def expected(told: Truth) -> dict[str, object]:
    """The same of the truth."""
    return {
        "artists": astuple(told.artists),
        "albums": astuple(told.albums),
        "songs": astuple(told.songs),
        "plays": told.plays,
        "shows": astuple(told.shows),
        "sources": steady(told.sources),
        "held": told.held,
        "unsure": told.unsure,
    }


def steady(states: dict[str, str]) -> dict[str, str]:
    """All but Deezer, which may at any moment have asked for some seconds of silence."""
    return {key: state for key, state in states.items() if key != "deezer"}


def idle(demo: Demo) -> bool:
    return not any(sources.progress(demo.store, one.id) for one in demo.people.values())


def test_everything_soon_counts_as_the_story_says(demo: Demo) -> None:
    def agree() -> bool:
        return all(counted(demo, name) == expected(told) for name, told in demo.truth.items())

    demo.wait(agree, demo.began + PATIENCE)
    for name, told in demo.truth.items():
        assert counted(demo, name) == expected(told)
    print(f"the demo was read in {time.monotonic() - demo.began:.0f} s")


def test_the_owners_pages_show_these_numbers(demo: Demo) -> None:
    told = demo.truth["Robin"]
    for path, sizes in (("/library", told.albums), ("/library/artists", told.artists), ("/library/songs", told.songs)):
        chips = re.findall(r'class="chip-count">([\d,]+)<', demo.page(path))
        assert [int(chip.replace(",", "")) for chip in chips] == [
            sizes.total, sizes.owned, sizes.service, sizes.heard,
        ]  # fmt: skip
    states = dict(re.findall(r'data-state="([^"]+)" data-key="([^"]+)"', demo.page("/sources")))
    assert {key: state for state, key in states.items()}.items() <= told.sources.items()
    assert house.BROKEN in demo.page("/sources")


def test_recommendations_come_and_are_new_to_the_listener(demo: Demo) -> None:
    demo.wait(lambda: idle(demo), demo.began + PATIENCE)
    for name, told in demo.truth.items():
        listener = demo.people[name]
        with demo.store.read() as conn:
            albums = recommended.albums_for(conn, listener.id)
            known = {card.id for card in lists.albums(conn, listener.id, lists.Query(limit=500)).items}
        assert len(albums) >= told.recommended_albums
        assert not {int(card.item.split("/")[1]) for card in albums} & known
    assert 'data-item="albums/' in demo.page("/discover")


def test_songs_play_for_as_long_as_they_claim(demo: Demo) -> None:
    page = demo.page("/library/songs?show=owned")
    stream = re.search(r'data-src="(/stream/\d+)"', page)
    assert stream
    answer = requests.get(f"{demo.url}{stream[1]}", headers={"Range": "bytes=0-999"}, timeout=10)
    assert (answer.status_code, len(answer.content)) == (206, 1000)
    assert answer.headers["Content-Type"].startswith("audio/")


# --- planted trouble --------------------------------------------------------------------------------------------------


def test_the_unsure_pair_can_be_answered_and_taken_back(demo: Demo) -> None:
    robin, told = demo.people["Robin"], demo.truth["Robin"]
    with demo.store.read() as conn:
        pair = next(one for one in review.pairs(conn, robin.id) if one.a.title == "Low Tide Radio")
    assert (pair.kind, pair.b.title) == ("recording", "Low Tide Radio")
    answer = decisions.same(demo.store, robin.id, "recording", [pair.a.item, pair.b.item])
    assert counted(demo, "Robin")["songs"][0] == told.songs.total - 1  # type: ignore[index]
    assert counted(demo, "Robin")["unsure"] == told.unsure | {"recording": told.unsure["recording"] - 1}
    decisions.undo(demo.store, robin.id, answer)
    assert counted(demo, "Robin") == expected(told)


def artist_page(conn: Connection, listener: Listener, artist: int) -> items.ArtistPage:
    page = items.artist(conn, listener.id, artist)
    assert isinstance(page, items.ArtistPage)
    return page


def test_the_wrong_merge_can_be_undone(demo: Demo) -> None:
    robin, told = demo.people["Robin"], demo.truth["Robin"]
    with demo.store.read() as conn:
        [both] = [artist_page(conn, robin, hit.id) for hit in search.search(conn, robin.id, "morrow tramline").artists]
    metal = [claim for row in both.claims if "on Blast Furnace Hymnal" in row.hint for claim in row.claims]
    decision = decisions.split(demo.store, robin.id, "artist", metal)
    assert counted(demo, "Robin")["artists"][0] == told.artists.total + 1  # type: ignore[index]
    with demo.store.read() as conn:
        parted = [artist_page(conn, robin, hit.id) for hit in search.search(conn, robin.id, "morrow tramline").artists]
    assert [[album.title for album in page.albums] for page in parted] == [["Ferry Songs"], ["Blast Furnace Hymnal"]]
    assert [page.plays for page in parted] == [sum(song.plays for song in page.songs) for page in parted]
    assert sum(page.plays for page in parted) == both.plays
    decisions.undo(demo.store, robin.id, decision)
    assert counted(demo, "Robin") == expected(told)


def test_a_calendar_that_became_empty_waits_for_a_word_and_its_shows_stay(demo: Demo) -> None:
    card = demo.account("pigeon-room")
    [held] = card.held
    assert (card.state, held.items, held.of) == ("ready", demo.truth["Robin"].held["pigeon-room"], held.items)
    assert card.sizes["show"] == held.items and "empty" in held.reason
    assert held.reason in html.unescape(demo.page("/sources"))


def test_a_server_that_is_down_says_so_and_its_shows_stay(demo: Demo) -> None:
    card = demo.account("kettle-bell")
    assert card.state == "backing off" and card.sizes["show"] >= 10
    assert "status 503" in html.unescape(demo.page("/sources"))


def test_the_old_phone_works_again_after_signing_in(demo: Demo) -> None:
    phone = demo.account("robin-old-phone")
    robin = demo.people["Robin"]
    url = sources.begin_sign_in(demo.store, robin.id, phone.id, BACK, "a-state")
    back = requests.get(url, allow_redirects=False, timeout=5).headers["Location"]
    params = dict(parse_qsl(urlsplit(back).query))
    assert params.pop("state") == "a-state"
    sources.finish_sign_in(demo.store, robin.id, phone.id, BACK, params)
    demo.wait(lambda: bool(demo.account("robin-old-phone").sizes.get("album")) and idle(demo), time.monotonic() + 30)
    found = demo.account("robin-old-phone")
    assert (found.state, found.sizes["album"]) == ("ready", 2)


def test_the_demo_lives_apart_from_ones_own_data(tmp_path: Path) -> None:
    own = Config(data=tmp_path / "data", path=tmp_path / "config.toml")
    assert not own.demo
    assert not (own.data / house.MARK).exists()
