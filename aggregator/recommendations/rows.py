"""The rows of Discover and Home, made of the stored list and the listener's own shelf for one day.

Everything is drawn by the day: the same all day long, fresh tomorrow. No album stands twice on the page, and no artist
more than twice. A row with nothing in it is left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from statistics import mean

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from aggregator.recommendations.cards import Card, Entry, entries, leaning, whereabouts, worded
from aggregator.recommendations.feedback import LEAN, Feedback, Said, gathered, said_by
from aggregator.recommendations.own import own_albums
from aggregator.recommendations.rotation import drawn, rested
from aggregator.recommendations.standing import Standing, standing
from aggregator.recommendations.stored import PER_ARTIST
from aggregator.recommendations.tastes import shared_out
from aggregator.recommendations.traits import is_new
from aggregator.store import Store
from aggregator.store.schema import seen

FIRST = 12
ROW = 6
LEAST = 3  # cards worth a heading of their own
OWN = {
    "near": "In your library, near what you play",
    "unplayed": "Owned and never played",
    "rotation": "Back in rotation",
    "forgotten": "Saved and forgotten",
}
SONGS = "songs"
HAD = (*OWN, SONGS)
"""Rows of what the listener has already."""
BECAUSE = 3  # rows named after an artist
ASKED = 10  # things of a taste that say how much of it is wanted


@dataclass(frozen=True)
class Row:
    """A heading and its cards, best first. `key` names it in addresses and tests."""

    key: str
    heading: str
    cards: list[Card]


@dataclass(frozen=True)
class Discover:
    """Everything the page shows; `said` is what the listener said and has not taken back.

    `resting`: recommendations that are left out because they were seen often.
    """

    rows: list[Row]
    resting: int
    said: list[Said]
    standing: Standing

    @property
    def new(self) -> bool:
        """Is there anything that the listener does not have?"""
        return any(row.key not in HAD for row in self.rows)

    @property
    def cards(self) -> list[Card]:
        return [card for row in self.rows for card in row.cards]


def discover(conn: Connection, listener_id: int, today: date) -> Discover:
    """Everything the page shows. Seven queries."""
    said = said_by(conn, listener_id)
    feedback = gathered(said)
    found = worded(conn, listener_id, entries(conn, listener_id, feedback))
    own = own_albums(conn, listener_id, feedback, _seconds(today))
    fresh = _Day(listener_id, today, feedback)
    made = [row for row in _rows(found, own, feedback, fresh) if row.cards]
    resting = len(found) - len(fresh.awake(found))
    return Discover(_whereabouts(conn, listener_id, made), resting, said, standing(conn, listener_id))


def _rows(found: list[Entry], own: Mapping[str, list[Entry]], said: Feedback, fresh: _Day) -> Iterator[Row]:
    table = _Table()
    albums = fresh.order([each for each in found if each.card.kind == "album" and each.new], shared=True)
    own = {**own, "near": [each for each in found if each.card.kind == "album" and not each.new]}
    yield from _new_to_the_listener(albums, table, fresh)
    for key, heading in OWN.items():
        yield Row(key, heading, table.take(fresh.order(leaning(own[key], said)), ROW))
    artists = fresh.order([each for each in found if each.card.kind == "artist"], shared=True)
    yield Row("artists", "Artists for you", [each.card for each in artists[:FIRST]])
    songs = fresh.order([each for each in found if each.card.kind == "recording"], shared=True)
    yield Row(SONGS, "Songs to try", _Table().take(songs, ROW))


def _seconds(today: date) -> int:
    return int(datetime.combine(today, time(), UTC).timestamp())


@dataclass(frozen=True)
class _Day:
    """The order of one day: what was seen often rests, the rest is drawn, tastes have their share."""

    listener: int
    today: date
    said: Feedback

    def order(self, found: Sequence[Entry], shared: bool = False) -> list[Entry]:
        ranked = drawn(self.awake(found), _item, self.listener, self.today.toordinal())
        return self._shared(ranked) if shared else ranked

    def awake(self, found: Sequence[Entry]) -> list[Entry]:
        return rested(found, _item, {each.card.item: each.seen for each in found}, self.today.toordinal())

    def _shared(self, ranked: list[Entry]) -> list[Entry]:
        """A taste has its part of the plays, more of it or less by what was said of things like it."""
        of: dict[int, list[Entry]] = defaultdict(list)
        for each in ranked:
            if each.traits.taste is not None:
                of[each.traits.taste].append(each)
        shares = {taste: alike[0].traits.share * self._wanted(alike[:ASKED]) for taste, alike in of.items()}
        whole = sum(shares.values()) or 1.0
        known = [shares.get(place, 0.0) / whole for place in range(max(shares, default=-1) + 1)]
        return shared_out(ranked, lambda each: each.traits.taste, known)

    def _wanted(self, alike: Sequence[Entry]) -> float:
        """A word about something entirely like these doubles their part, or halves it; no words do more than that."""
        lean = mean(self.said.lean(each.traits) for each in alike)
        return float(2 ** max(-1.0, min(1.0, lean / LEAN)))

    def is_new(self, each: Entry) -> bool:
        return is_new(each.traits.released, self.today)

    def leading(self, seeds: Sequence[str]) -> list[str]:
        """Those after whom rows are named: others next week."""
        return drawn(seeds, str, self.listener, self.today.toordinal() // 7)


def _item(entry: Entry) -> str:
    return entry.card.item


@dataclass
class _Table:
    """What stands on the page already."""

    taken: set[str] = field(default_factory=set)
    by: Counter[str] = field(default_factory=Counter)

    def take(self, found: Iterable[Entry], most: int, wanted: Callable[[Entry], bool] = lambda _: True) -> list[Card]:
        """The first `most` of those wanted that are not on the page and whose artist is not on it twice."""
        cards: list[Card] = []
        for each in found:
            if len(cards) == most:
                break
            if self.free(each) and wanted(each):
                self.taken.add(each.card.item)
                self.by[each.traits.by] += 1
                cards.append(each.card)
        return cards

    def free(self, each: Entry) -> bool:
        return each.card.item not in self.taken and self.by[each.traits.by] < PER_ARTIST


def _new_to_the_listener(albums: list[Entry], table: _Table, fresh: _Day) -> list[Row]:
    """In the order in which they stand; those with few to choose from choose before the others."""
    best = Row("you", "Albums for you", table.take(albums, FIRST))
    friends = Row("friends", "From friends", table.take(albums, ROW, lambda each: bool(each.card.friends)))
    new = Row("new", "New from artists near your taste", table.take(albums, ROW, fresh.is_new))
    because = list(_because(albums, table, fresh))
    gaps = Row("gaps", "Missing from artists you play", table.take(albums, ROW, lambda each: bool(each.card.completes)))
    return [best, *because, friends, new, gaps, Row("more", "More for you", table.take(albums, FIRST))]


def _because(albums: list[Entry], table: _Table, fresh: _Day) -> Iterable[Row]:
    """Rows named after the played artists that led to most, in turns by the week."""
    led: dict[str, list[Entry]] = defaultdict(list)
    for each in albums:
        if each.card.seeds and each.card.seeds[0].plays and table.free(each):
            led[each.card.seeds[0].name].append(each)
    seeds = [name for name in sorted(led, key=lambda name: (-len(led[name]), name)) if len(led[name]) >= LEAST]
    named = 0
    for name in fresh.leading(seeds):
        if named < BECAUSE and sum(map(table.free, led[name])) >= LEAST:
            named += 1
            yield Row(
                f"because-{led[name][0].card.seeds[0].id}", f"Because you play {name}", table.take(led[name], ROW)
            )


def _whereabouts(conn: Connection, listener_id: int, made: list[Row]) -> list[Row]:
    told = iter(whereabouts(conn, listener_id, [card for row in made for card in row.cards]))
    return [replace(row, cards=[next(told) for _ in row.cards]) for row in made]


# --- what was seen ----------------------------------------------------------------------------------------------------


def note_seen(store: Store, listener_id: int, cards: Iterable[Card], today: date) -> None:
    """These were shown today. Writes once a day for each: after some days of being shown an item rests."""
    day = today.toordinal()
    rows = [
        {"listener_id": listener_id, "kind": card.kind, "item_id": card.id, "days": 1, "last": day}
        for card in cards
        if card.seen_on != day
    ]
    if rows:
        again = insert(seen).on_conflict_do_update(
            index_elements=["listener_id", "kind", "item_id"],
            set_={"days": seen.c.days + 1, "last": day},
            where=seen.c.last < day,
        )
        with store.write() as conn:
            conn.execute(again, rows)
