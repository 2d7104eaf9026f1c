"""The laws of the merge, on the stored library: no order, batch or history of merges changes what is one thing."""

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from aggregator.library import decisions, merging
from aggregator.plugin import Artist, Audio, Credit, Edition, Holding, Play, Show, Track, Venue
from aggregator.store import open_store
from tests.library.house import ANA, MONDAY, House, open_house

pytestmark = pytest.mark.timeout(600)

NAMES = st.sampled_from(["The Lanterns", "Lanterns", "Röyk", "Royk", "Röyk feat. Ana", "Röyk & The Lanterns"])
TITLES = st.sampled_from(
    ["Harbour", "harbour", "Harbour (Live)", "Harbour - 2011 Remaster", "Harbour (Radio Edit)", "Tide", "Intro"]
)
ALBUMS = st.sampled_from(["Blue Room", "Blue Room (Deluxe)", "Live at Home", "Greatest Hits", "Röyk"])
LENGTHS = st.sampled_from([None, 180.0, 182.0, 185.0, 189.0, 300.0])
NUMBERS = st.integers(1, 3).map(str)


def ids(*schemes: str) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(schemes), NUMBERS, max_size=1) if schemes else st.just({})


@st.composite
def credits(draw: st.DrawFn) -> list[Credit]:
    number = draw(st.one_of(st.none(), NUMBERS))
    own = {"mbid": number} if number and draw(st.booleans()) else {}
    return [Credit(name=draw(NAMES), id=number and f"artist {number}", ids=own)]


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    year = draw(st.sampled_from([None, "1994", "1995-03", "2011"]))
    return Edition(
        id=f"edition {draw(NUMBERS)}", title=draw(ALBUMS), credits=draw(credits()), released=year,
        ids=draw(ids("upc", "release_group")), total_tracks=draw(st.sampled_from([None, 10, 30])),
    )  # fmt: skip


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    number = draw(st.integers(1, 6))
    return Track(
        id=f"track {number}", title=draw(TITLES), credits=draw(credits()), seconds=draw(LENGTHS),
        edition=draw(st.sampled_from([None, "edition 1", "edition 2"])),
        position=draw(st.one_of(st.none(), st.integers(1, 3))),
        ids=draw(ids("isrc", "mbid")), audio=draw(st.sampled_from([None, Audio(path="a", codec="mp3", size=1)])),
    )  # fmt: skip


@st.composite
def plays(draw: st.DrawFn) -> Play:
    return Play(
        at=MONDAY + 100 * draw(st.integers(0, 30)), title=draw(TITLES), credits=[Credit(name=draw(NAMES))],
        album=draw(st.one_of(st.none(), ALBUMS)), ids=draw(ids("mbid")), id=f"play {draw(st.integers(1, 20))}",
        track=draw(st.sampled_from([None, "track 1"])),
    )  # fmt: skip


@st.composite
def shows(draw: st.DrawFn) -> Show:
    return Show(
        id=f"show {draw(NUMBERS)}", title=draw(NAMES), day="2026-05-01", lineup=draw(credits()),
        venue=Venue(name="The Hall", city="Springfield"),
    )  # fmt: skip


HOW = ["saved", "loved"]
LIBRARY = st.lists(
    st.one_of(
        editions(), tracks(), tracks(), st.builds(Artist, id=NUMBERS.map("artist {}".format), name=NAMES),
        st.builds(Holding, of=st.just("track"), id=NUMBERS.map("track {}".format), how=st.sampled_from(HOW)),
    ),
    max_size=8, unique_by=lambda record: (record.type, record.id),
)  # fmt: skip
WORLD = st.fixed_dictionaries(
    {
        "files": LIBRARY,
        "spotify": LIBRARY,
        "ben-spotify": LIBRARY,
        "lastfm": st.lists(plays(), max_size=6, unique_by=lambda play: play.id),
        "tickets": st.lists(shows(), max_size=2, unique_by=lambda show: show.id),
    }
)
SLOW = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example is a database: shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
WHAT = {"lastfm": "history", "tickets": "shows"}
KINDS = ("artist", "album", "recording", "show")


@cache
def empty_folder() -> Path:
    """Migrated once; a house is opened on a copy."""
    folder = Path(tempfile.mkdtemp())
    open_store(folder).close()
    return folder


@contextmanager
def a_house() -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(empty_folder(), folder, dirs_exist_ok=True)
        house = open_house(Path(folder))
        yield house
        house.store.close()


def tell(house: House, world: dict, order: random.Random | None = None, batch: int = 1000, nightly: bool = False):
    """Sync every account, in the order and batches asked for; `nightly` merges after each."""
    for account in order.sample(sorted(world), len(world)) if order else world:
        records = order.sample(world[account], len(world[account])) if order else world[account]
        what = WHAT.get(account, "library")
        house.sync(account, *records, what=what, scope=None if what == "history" else "", batch=batch)
        if nightly:
            house.merge()


def partition(house: House):
    return {kind: (house.items(kind), house.questions(kind)) for kind in KINDS}


def decide(house: House, kind: str, pick: random.Random) -> int | None:
    """Two items of a kind are said to be the same, or two claims not to be; None where there are not two."""
    claims = [row[0] for row in house.rows("SELECT claim_id FROM link WHERE kind = ? ORDER BY 1", kind)]
    items = [row[0] for row in house.rows("SELECT DISTINCT item_id FROM link WHERE kind = ? ORDER BY 1", kind)]
    if len(items) < 2:
        return None
    if pick.random() < 0.5:
        return decisions.same(house.store, ANA, kind, pick.sample(items, 2))
    return decisions.different(house.store, ANA, kind, *[[claim] for claim in pick.sample(claims, 2)])


@SLOW
@given(WORLD, st.randoms(use_true_random=False), st.sampled_from([1, 3, 1000]))
def test_neither_order_nor_batches_change_what_is_one_thing(world, order, batch):
    with a_house() as one, a_house() as other:
        tell(one, world)
        one.merge()
        tell(other, world, order, batch)
        other.merge()
        assert partition(one) == partition(other)


@SLOW
@given(st.lists(WORLD, min_size=2, max_size=3), st.randoms(use_true_random=False), st.booleans())
def test_nightly_merges_end_where_a_rebuild_from_zero_ends(nights, order, deciding):
    """Records come, change, go and come back; every night is merged, every day a listener decides something or not.
    Numbers, rows, totals: all equal."""
    with a_house() as house:
        for world in nights:
            tell(house, world, order, nightly=True)
            house.now += 86_400
            if deciding:
                decide(house, order.choice(KINDS[:3]), order)
        merged = house.derived()
        merging.rebuild(house.store)
        assert merged == house.derived()


@SLOW
@given(WORLD, st.sampled_from(KINDS[:3]), st.randoms(use_true_random=False))
def test_a_decision_taken_back_leaves_everything_as_it_was(world, kind, pick):
    with a_house() as house:
        tell(house, world)
        house.merge()
        before = house.derived()
        decision = decide(house, kind, pick)
        if decision is None:
            return
        during = house.derived()
        merging.rebuild(house.store)
        assert during == house.derived()
        decisions.undo(house.store, decision)
        assert before == house.derived()
