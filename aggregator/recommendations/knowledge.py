"""What the ranking works on: a listener's own artists, and what services and friends were heard to say.

Artists go by their folded name here (`key`), because that is all that two services share about an artist nobody in
the house has: the library decides later, with ids, what is one artist.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, or_, select

from aggregator.library.folding import fold, fold_name
from aggregator.library.titles import UNKNOWN
from aggregator.plugin import Artist, Friend
from aggregator.recommendations.ranking import Reason, heaviest, rank
from aggregator.recommendations.tastes import Taste, belongs, tastes
from aggregator.recommendations.traits import Traits
from aggregator.recommendations.traits import heaviest as heaviest_tags
from aggregator.store.schema import account, answer, artist, claim, shelf

HELD = 3  # an artist owned, followed or in a service but not played weighs as much as one played so often
SEEDS = 100  # own artists that services are asked about
TAGGED = 300  # candidates whose tags are asked for
SHOPPED = 80  # candidates whose albums are asked for
NEAR = 8  # own artists that say where a candidate belongs
PLAYED_A_LOT = 10  # plays that make an artist worth completing
COMPLETED = 30  # such artists whose albums are asked for


class LookUp(NamedTuple):
    """One question worth asking. `account_id` None: every account of the listener's that can answer it."""

    capability: str  # discovery | friends
    method: str  # similar | tags | albums_of | top_artists
    argument: Artist | Friend
    account_id: int | None = None

    @property
    def key(self) -> str:
        """What the answer is stored under."""
        return fold_name(self.argument.name) if isinstance(self.argument, Artist) else self.argument.id


@dataclass(frozen=True)
class Own:
    """An artist of the listener's. `has`: it is followed, or something of it is owned, loved or in a service."""

    item_id: int
    name: str
    ids: Mapping[str, str]
    plays: int
    has: bool

    @property
    def weight(self) -> int:
        return self.plays + HELD * self.has


@dataclass(frozen=True)
class FriendTaste:
    """A friend and the artists known to be their most played."""

    account_id: int
    claim_id: int
    friend: Friend
    plays: Mapping[str, int]


@dataclass(frozen=True)
class Found:
    """Something a service named: the account that did, and its record as JSON."""

    account_id: int
    record: Mapping[str, Any]


@dataclass
class Knowledge:
    """Everything known about one listener's taste; mappings go by artist key."""

    own: dict[str, Own] = field(default_factory=dict)
    similar: dict[str, dict[str, float]] = field(default_factory=dict)
    tags: dict[str, dict[str, float]] = field(default_factory=dict)
    albums: dict[str, list[Found]] = field(default_factory=dict)
    named: dict[str, Found] = field(default_factory=dict)
    friends: list[FriendTaste] = field(default_factory=list)
    answered: set[tuple[str, str]] = field(default_factory=set)  # (method, key), errors too

    @cached_property
    def seeds(self) -> list[str]:
        """Own artists to reason from, the dearest first."""
        return heaviest({key: own.weight for key, own in self.own.items()}, SEEDS)

    def ranked(self, count: int) -> list[tuple[str, list[Reason]]]:
        """The `count` best artists the listener does not know; friends in reasons are places in `friends`."""
        return rank(
            {key: own.weight for key, own in self.own.items()},
            lambda key: sorted(self.similar.get(key, {}).items(), key=lambda pair: (-pair[1], pair[0])),
            lambda key: self.tags.get(key, {}),
            [friend.plays for friend in self.friends],
            count,
            seeds=SEEDS,
        )

    def traits(self, key: str) -> Traits:
        """What this artist, and so an album of theirs, is like."""
        tags, near = heaviest_tags(self.tags.get(key, {})), self._near.get(key, ())
        taste = belongs(tags, near, self.tastes)
        share = 0.0 if taste is None else round(self.tastes[taste].share, 4)
        return Traits(by=key, tags=tags, near=near, taste=taste, share=share)

    @cached_property
    def tastes(self) -> list[Taste]:
        return tastes({key: self.own[key].weight for key in self.seeds}, self.tags, self.similar)

    @cached_property
    def _near(self) -> dict[str, tuple[str, ...]]:
        """By artist: the listener's artists in whose lists it is; themselves included."""
        near: dict[str, list[str]] = {seed: [seed] for seed in self.seeds}
        for seed in self.seeds:
            for other in self.similar.get(seed, ()):
                near.setdefault(other, []).append(seed)
        return {key: tuple(seeds[:NEAR]) for key, seeds in near.items()}

    @cached_property
    def played_a_lot(self) -> list[str]:
        plays = {key: own.plays for key, own in self.own.items() if own.plays >= PLAYED_A_LOT}
        return heaviest(plays, COMPLETED)


def wanted(conn: Connection, listener_id: int) -> list[LookUp]:
    """The look-ups the recommendations of a listener live on, the most telling first.

    About 700 at most. Answers open further questions (who is similar has tags, who is chosen has albums): ask again
    after storing them, until nothing of the list is missing or too old.
    """
    known = read(conn, listener_id)
    return list(_look_ups(known))


def _look_ups(known: Knowledge) -> Iterator[LookUp]:
    own = [Artist(id=key, name=known.own[key].name, ids=dict(known.own[key].ids)) for key in known.seeds]
    candidates = [Artist.model_validate(known.named[key].record) for key, _ in known.ranked(TAGGED)]
    for friend in known.friends:
        yield LookUp("friends", "top_artists", friend.friend, friend.account_id)
    yield from (LookUp("discovery", "similar", each) for each in own)
    yield from (LookUp("discovery", "tags", each) for each in own)
    yield from (LookUp("discovery", "tags", each) for each in candidates)
    described = [each for each in candidates if ("tags", fold_name(each.name)) in known.answered]
    yield from (LookUp("discovery", "albums_of", each) for each in described[:SHOPPED])
    yield from (LookUp("discovery", "albums_of", each) for each in own if each.id in set(known.played_a_lot))


# --- reading ----------------------------------------------------------------------------------------------------------


def read(conn: Connection, listener_id: int) -> Knowledge:
    """Four queries, whatever the size of the library."""
    known = Knowledge(own=_own(conn, listener_id))
    accounts = _accounts(conn, listener_id)
    tops = _take_answers(known, conn, accounts)
    known.friends = list(_friends(conn, accounts, tops))
    for friend in known.friends:
        for found in tops.get((friend.account_id, friend.friend.id), ()):
            _name(known, friend.account_id, found[0])
    return known


def _own(conn: Connection, listener_id: int) -> dict[str, Own]:
    """The artists a listener knows: all that are on the shelf. Of two with one name, the dearer."""
    has = or_(shelf.c.owned, shelf.c.saved, shelf.c.service, shelf.c.loved)
    query = (
        select(artist.c.id, artist.c.name, artist.c.ids, shelf.c.plays, has.label("has"))
        .join(shelf, (shelf.c.kind == "artist") & (shelf.c.item_id == artist.c.id))
        .where(shelf.c.listener_id == listener_id)
        .order_by(artist.c.id)
    )
    own: dict[str, Own] = {}
    for row in conn.execute(query):
        one, key = Own(row.id, row.name, json.loads(row.ids), row.plays, bool(row.has)), fold_name(row.name)
        if fold(row.name) not in UNKNOWN and (key not in own or one.weight > own[key].weight):
            own[key] = one
    return own


def _accounts(conn: Connection, listener_id: int) -> list[int]:
    mine = or_(account.c.listener_id == listener_id, account.c.listener_id.is_(None))
    return list(conn.scalars(select(account.c.id).where(mine).order_by(account.c.key)))


Tops = dict[tuple[int, str], list[tuple[Mapping[str, Any], int]]]


def _take_answers(known: Knowledge, conn: Connection, accounts: list[int]) -> Tops:
    """Fill `known` from the stored answers of `accounts`; where two services answer, the greater number counts."""
    tops: Tops = {}
    order = {account_id: place for place, account_id in enumerate(accounts)}
    query = select(answer.c.account_id, answer.c.method, answer.c.argument, answer.c.payload)
    telling = ("similar", "tags", "albums_of", "top_artists")
    rows = conn.execute(query.where(answer.c.account_id.in_(accounts), answer.c.method.in_(telling)))
    for account_id, method, key, payload in sorted(rows, key=lambda row: (order[row[0]], row[1], row[2])):
        known.answered.add((method, key))
        items = json.loads(payload)
        match method:
            case "similar":
                for record, match in items:
                    _raise(known.similar.setdefault(key, {}), _name(known, account_id, record), match)
            case "tags":
                for tag in items:
                    _raise(known.tags.setdefault(key, {}), tag["name"].casefold(), tag.get("weight", 100.0))
            case "albums_of":
                known.albums.setdefault(key, []).extend(Found(account_id, record) for record in items)
            case "top_artists":
                tops[account_id, key] = items
    return tops


def _name(known: Knowledge, account_id: int, record: Mapping[str, Any]) -> str:
    """The artist's key; the first service to name an artist is the one whose record stands for it."""
    key = fold_name(record["name"])
    known.named.setdefault(key, Found(account_id, record))
    return key


def _raise(numbers: dict[str, float], key: str, value: float) -> None:
    numbers[key] = max(numbers.get(key, 0.0), value)


def _friends(conn: Connection, accounts: Iterable[int], tops: Tops) -> Iterator[FriendTaste]:
    query = select(claim.c.id, claim.c.account_id, claim.c.pid, claim.c.payload)
    mine = (claim.c.kind == "friend", claim.c.present, claim.c.account_id.in_(accounts))
    for row in conn.execute(query.where(*mine).order_by(claim.c.id)):
        friend = Friend.model_validate({"id": row.pid, **json.loads(row.payload)})
        plays = {fold_name(record["name"]): count for record, count in tops.get((row.account_id, friend.id), ())}
        yield FriendTaste(row.account_id, row.id, friend, plays)
