"""Households made of nasty neighbours, and pictures of them in which no number of the store's occurs.

Names, titles and lengths are few, so that nearly everything is nearly something else: equal titles, missing lengths,
words for versions, several ids and former ones, compilations, artists known by a name alone, things told twice.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from aggregator.library import decisions
from aggregator.plugin import Artist, Audio, Credit, Edition, Holding, Play, Show, Track, Venue
from aggregator.store import open_store
from tests.library.house import ANA, MONDAY, House, open_house

KINDS = ("artist", "album", "recording", "show")
WHAT = {"lastfm": "history", "tickets": "shows", "ben-tickets": "shows"}

NAMES = st.sampled_from(
    ["The Lanterns", "Lanterns", "Röyk", "Royk", "röyk", "Röyk feat. Ana", "Röyk & The Lanterns", "Various Artists"]
)
TITLES = st.sampled_from([
    "Harbour", "harbour", "Hárbour", "Harbour (Live)", "Harbour - 2011 Remaster", "Harbour (Radio Edit)", "Tide",
    "Intro", "???", "Harbour Pt. 2",
])  # fmt: skip
ALBUMS = st.sampled_from(["Blue Room", "Blue Room (Deluxe)", "Live at Home", "Greatest Hits", "Röyk", "blue room"])
LENGTHS = st.sampled_from([None, None, 180.0, 182.0, 185.0, 189.0, 300.0])
NUMBERS = st.integers(1, 3).map(str)
FORMS = st.sampled_from(["album", "compilation", "live", "single"])


@st.composite
def ids(draw: st.DrawFn, *schemes: str) -> dict[str, str]:
    found = draw(st.dictionaries(st.sampled_from(schemes), NUMBERS, max_size=2))
    if "mbid" in found and draw(st.booleans()):
        found["former_mbid"] = draw(st.sampled_from(["1 4", "2", "3", "4"]))
    return found


SUCCESSOR = {"mbid": "artist 4", "former_mbid": "artist 1"}
"""Ids of an artist who takes the place of another one: of this, one sync does not contradict itself."""


@st.composite
def credits(draw: st.DrawFn) -> list[Credit]:
    return [
        Credit(
            name=draw(NAMES), id=(pid := draw(st.sampled_from([None, None, "artist 1", "artist 2", "artist 4"]))),
            ids=SUCCESSOR if pid == "artist 4" else draw(st.one_of(st.just({}), ids("mbid"))), join=" & ",
        )
        for _ in range(draw(st.sampled_from([1, 1, 2])))
    ]  # fmt: skip


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    return Edition(
        id=f"edition {draw(NUMBERS)}", title=draw(ALBUMS), credits=draw(credits()), form=draw(FORMS),
        released=draw(st.sampled_from([None, "1994", "1995-03", "2011"])), ids=draw(ids("upc", "release_group")),
        total_tracks=draw(st.sampled_from([None, 10, 30])),
    )  # fmt: skip


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    return Track(
        id=f"track {draw(st.integers(1, 6))}", title=draw(TITLES), credits=draw(credits()), seconds=draw(LENGTHS),
        edition=draw(st.sampled_from([None, "edition 1", "edition 2"])),
        position=draw(st.one_of(st.none(), st.integers(1, 3))),
        ids=draw(ids("isrc", "mbid")), audio=draw(st.sampled_from([None, Audio(path="a", codec="mp3", size=1)])),
    )  # fmt: skip


@st.composite
def plays(draw: st.DrawFn) -> Play:
    return Play(
        at=MONDAY + 100 * draw(st.integers(0, 30)), title=draw(TITLES), credits=[Credit(name=draw(NAMES))],
        album=draw(st.one_of(st.none(), ALBUMS)), ids=draw(ids("mbid")), id=f"play {draw(st.integers(1, 20))}",
        track=draw(st.sampled_from([None, "track 1"])), loved=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def shows(draw: st.DrawFn) -> Show:
    return Show(
        id=f"show {draw(NUMBERS)}", title=draw(NAMES), day="2026-05-01", lineup=draw(credits()),
        start=draw(st.sampled_from([None, "20:00", "20:30"])),
        venue=Venue(name=draw(st.sampled_from(["The Hall", "Hall"])), city="Springfield"),
    )  # fmt: skip


@st.composite
def artists(draw: st.DrawFn) -> Artist:
    pid = f"artist {draw(st.sampled_from([1, 2, 4]))}"
    return Artist(
        id=pid, name=draw(NAMES), ids=SUCCESSOR if pid == "artist 4" else draw(ids("mbid")),
        country=draw(st.sampled_from([None, "IS", "DE"])),
    )  # fmt: skip


HOLDINGS = st.builds(
    Holding, of=st.just("track"), id=NUMBERS.map("track {}".format), how=st.sampled_from(["saved", "loved"])
)
LIBRARY = st.lists(st.one_of(editions(), tracks(), tracks(), artists(), HOLDINGS), max_size=8)
"""An id may come twice in it, in other words."""
WORLD = st.fixed_dictionaries(
    {
        "files": LIBRARY,
        "spotify": LIBRARY,
        "ben-spotify": LIBRARY,
        "lastfm": st.lists(plays(), max_size=6, unique_by=lambda play: play.id),
        "tickets": st.lists(shows(), max_size=3),
    }
)
EXAMPLES = int(os.environ.get("BANDSTAND_EXAMPLES", "20"))
"""Households that each law is tried on, the same ones each time; where a number is asked for, others."""
_PHASES = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if "BANDSTAND_SHRINK" in os.environ else [])]
"""Each example is a few databases: making a failing one smaller takes minutes, and is asked for."""
LAWS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="BANDSTAND_EXAMPLES" not in os.environ,
    phases=_PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def tell(
    house: House, world: dict[str, Any], order: random.Random | None = None, batch: int = 1000, nightly: bool = False
) -> None:
    """Sync every account, in the order and batches asked for; `nightly` merges after each."""
    for account in order.sample(sorted(world), len(world)) if order else world:
        records = order.sample(world[account], len(world[account])) if order else world[account]
        what = WHAT.get(account, "library")
        house.sync(account, *records, what=what, scope=None if what == "history" else "", batch=batch)
        if nightly:
            house.merge()


# --- houses -----------------------------------------------------------------------------------------------------------


@cache
def empty_folder() -> Path:
    """Migrated once; a house is opened on a copy."""
    folder = Path(tempfile.mkdtemp())
    open_store(folder).close()
    return folder


@contextmanager
def a_house(like: Path | None = None) -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(like or empty_folder(), folder, dirs_exist_ok=True)
        house = open_house(Path(folder), furnished=like is not None)
        yield house
        house.store.close()


@contextmanager
def a_house_of(world: dict[str, Any]) -> Iterator[House]:
    """A house that was told this, and has merged it."""
    with a_house() as house:
        tell(house, world)
        house.merge()
        yield house


def decide(house: House, kind: str, pick: random.Random) -> int | None:
    """Two items of a kind are said to be the same or not to be, or a claim is split off; None where there is but one.

    What is picked depends on the names of claims alone.
    """
    rows = house.rows(
        "SELECT link.claim_id, link.item_id FROM link JOIN claim c ON c.id = link.claim_id"
        " JOIN account a ON a.id = c.account_id WHERE link.kind = ? AND COALESCE(a.listener_id, ?) = ?"
        " ORDER BY a.key, c.pid",
        *(kind, ANA, ANA),
    )
    items = list(dict.fromkeys(row[1] for row in rows))
    if len(items) < 2:
        return None
    if pick.random() < 0.5:
        return decisions.same(house.store, ANA, kind, pick.sample(items, 2))
    (one, item), (other, its) = pick.sample(rows, 2)
    if item == its:
        return decisions.split(house.store, ANA, kind, [one])
    return decisions.apart(house.store, ANA, kind, one, other)


# --- pictures ---------------------------------------------------------------------------------------------------------

Picture = dict[str, Any]
_OF_THE_RUN = {"id", "album_id", "audio_claim", "sequence", "modified_at", "gone_at"}
"""Columns with numbers of the store's, and with what depends on how often a show was looked at."""
_GONE = (
    "SELECT item_id FROM link JOIN claim c ON c.id = claim_id WHERE link.kind = 'show' GROUP BY 1"
    " HAVING NOT MAX(c.present)"
)
"""Shows that stay under the number they were seen with, where they were seen."""


def picture(house: House) -> Picture:
    """What the listeners have, by the names of claims: items and their faces, credits, albums of songs, questions,
    listens, shelves."""
    names = _names(house)
    seen: Picture = {kind: (house.items(kind), house.questions(kind)) for kind in KINDS}
    albums = {row[0]: row[1] for row in house.rows("SELECT id, album_id FROM recording")}
    gone = {row[0] for row in house.rows(_GONE)}
    for kind in KINDS:
        rows = [row for row in _rows(house, kind) if row["id"] not in gone]
        seen[f"{kind} rows"] = {names[kind, row["id"]]: _face(row) for row in rows}
    seen["albums of songs"] = {
        names["recording", song]: album and names.get(("album", album)) for song, album in albums.items()
    }
    seen["credits"] = sorted(
        (row[0], sorted(names[row[0], row[1]]), row[2], sorted(names["artist", row[3]]), *row[4:])
        for row in house.rows('SELECT kind, item_id, position, artist_id, name, "join", role FROM item_credit')
    )
    seen["shelves"] = sorted(
        (row[0], row[1], sorted(names[row[1], row[2]]), *row[3:]) for row in house.rows("SELECT * FROM shelf")
    )
    seen["listens"] = sorted(
        (*row[1:], sorted(names["recording", row[0]]))
        for row in house.rows(
            "SELECT link.item_id, r.listener_id, a.key, r.key, r.leads, first.key FROM report r"
            " JOIN link ON link.claim_id = r.claim_id JOIN account a ON a.id = r.account_id"
            " JOIN report first ON first.id = r.listen_id"
        )
    )
    return seen


def _names(house: House) -> dict[tuple[str, int], frozenset[str]]:
    found: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for kind, item, key, pid in house.rows(
        "SELECT link.kind, link.item_id, a.key, c.pid FROM link JOIN claim c ON c.id = link.claim_id"
        " JOIN account a ON a.id = c.account_id"
    ):
        found[kind, item].add(f"{key}/{pid}")
    return {item: frozenset(claims) for item, claims in found.items()}


def _rows(house: House, kind: str) -> list[dict[str, Any]]:
    with house.store.read() as conn:
        return [dict(row) for row in conn.exec_driver_sql(f"SELECT * FROM {kind}").mappings()]


def _face(row: dict[str, Any]) -> dict[str, Any]:
    face = {name: value for name, value in row.items() if name not in _OF_THE_RUN}
    return face | {name: json.loads(face[name]) for name in ("ids", "genres", "sources", "detail") if face.get(name)}


def differences(one: Picture, other: Picture) -> dict[str, Any]:
    """Only what is not the same, so that a failure can be read."""
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}
