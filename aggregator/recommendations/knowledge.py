"""What the ranking works on: a listener's own artists, and what services and friends were heard to say.

Artists go by their folded name here (`key`), because that is all that two services share about an artist nobody in
the house has: the library decides later, with ids, what is one artist.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, and_, func, or_, select

from aggregator import listeners
from aggregator.library.folding import fold, fold_name
from aggregator.library.titles import UNKNOWN
from aggregator.plugin import Artist, Friend
from aggregator.recommendations.feedback import AlbumKey
from aggregator.recommendations.heard import Found, Heard, tag_key
from aggregator.recommendations.ranking import NOVELTY, Reason, heaviest, rank
from aggregator.recommendations.tastes import Taste, belongs, tastes
from aggregator.recommendations.traits import Traits, heaviest_tags
from aggregator.store.schema import account, artist, claim, shelf, uncounted
from aggregator.visible import visible_to

R = TypeVar("R")

HELD = 3  # an artist owned, followed or in a service but not played weighs as much as one played so often
SEEDS = 100  # own artists whose tags are asked for
CHOSEN = 150  # artists that a list may hold
SHOPPED = 120  # of those, candidates whose albums are asked for
SUNG = 60  # of those, candidates whose songs are asked for
NEAR = 8  # own artists that say where a candidate belongs
PLAYED_A_LOT = 10  # plays that make an artist worth completing
COMPLETED = 30  # such artists whose albums are asked for


class LookUp(NamedTuple):
    """One question worth asking. `account_id` None: every account of the listener's that can answer it."""

    method: str  # of `Discovery`, or a friend's
    argument: Artist | Friend | str | None  # text is a tag; None where there is nothing to say (`chart`)
    account_id: int | None = None

    @property
    def key(self) -> str:
        """What the answer is stored under."""
        match self.argument:
            case Artist(name=name):
                return fold_name(name)
            case Friend(id=friend_id):
                return friend_id
        return tag_key(self.argument or "")

    @property
    def name(self) -> str:
        """Whom or what it is about, for the listener's eyes."""
        said = self.argument
        return said if isinstance(said, str) else said.name if said else ""


@dataclass(frozen=True)
class Own:
    """An artist of the listener's. `has`: it is followed, or something of it is owned, loved or in a service.

    Neither `plays` nor `has` tell of what the listener keeps out of their taste.
    """

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
    """A friend and the artists and albums known to be their most played."""

    account_id: int
    claim_id: int
    friend: Friend
    plays: Mapping[str, int]
    albums: Mapping[AlbumKey, int]


@dataclass
class Knowledge:
    """Everything known about one listener's taste; mappings go by artist key."""

    own: dict[str, Own] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)
    friends: list[FriendTaste] = field(default_factory=list)
    novelty: int = NOVELTY
    asked: dict[tuple[str, str], None] = field(default_factory=dict)  # what the ranking asked: (method, key), in order

    @property
    def similar(self) -> Mapping[str, Mapping[str, float]]:
        return self.heard.similar

    @property
    def tags(self) -> Mapping[str, Mapping[str, float]]:
        return self.heard.tags

    @property
    def albums(self) -> Mapping[str, Sequence[Found]]:
        return self.heard.albums

    def named(self, key: str) -> Found:
        """The record of an artist that a service named. Raises `KeyError`."""
        return self.heard.named(key)

    @cached_property
    def seeds(self) -> list[str]:
        """Own artists to reason from, the dearest first."""
        return heaviest({key: own.weight for key, own in self.own.items() if own.weight}, SEEDS)

    def ranked(self, count: int) -> list[tuple[str, list[Reason]]]:
        """The `count` best artists the listener does not know; friends in reasons are places in `friends`."""
        counts = {key: own.weight for key, own in self.own.items() if own.weight}
        silent = len(self.own) - len(counts)  # known, but kept out of taste
        found = rank(
            counts,
            self._asking("similar", self.near_to),
            self._asking("tags", lambda key: self.heard.tags.get(key, {})),
            [friend.plays for friend in self.friends],
            count + silent,
            tag_artists=self._asking("tag_artists", lambda tag: _sorted(self.heard.tag_artists.get(tag_key(tag), {}))),
            listeners=self._asking("listeners", self.heard.listeners),
            chart=self.heard.chart,
            novelty=self.novelty,
        )
        return [each for each in found if each[0] not in self.own][:count]

    @cached_property
    def befriended(self) -> Counter[AlbumKey]:
        """Plays of albums by all friends."""
        return sum((Counter(friend.albums) for friend in self.friends), Counter())

    def near_to(self, key: str) -> list[tuple[str, float]]:
        """Whom services name with an artist, the most alike first."""
        return _sorted(self.heard.similar.get(key, {}))

    def _asking(self, method: str, answer: Callable[[str], R]) -> Callable[[str], R]:
        """`answer`, with a note of what was asked: that is what services are worth asking."""

        def ask(key: str) -> R:
            self.asked[method, key] = None
            return answer(key)

        return ask

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

    They are what the ranking asks, and the albums of whom it chooses. Answers open further questions (who is similar
    has tags, who is chosen has albums): ask again after storing them, until nothing of the list is missing or too old.
    """
    known = read(conn, listener_id)
    once: dict[tuple[str, str, int | None], LookUp] = {}
    for each in _look_ups(known) if known.own else ():
        once.setdefault((each.method, each.key, each.account_id), each)
    return list(once.values())


def _look_ups(known: Knowledge) -> Iterator[LookUp]:
    chosen = [key for key, _ in known.ranked(CHOSEN)][:SHOPPED]
    asked: dict[str, list[str]] = defaultdict(list)
    for method, key in known.asked:
        asked[method].append(key)
    for friend in known.friends:
        yield LookUp("top_artists", friend.friend, friend.account_id)
        yield LookUp("top_albums", friend.friend, friend.account_id)
    yield from _about(known, "similar", asked["similar"])
    yield from _about(known, "tags", known.seeds)
    yield from (LookUp("tag_artists", tag) for tag in asked["tag_artists"])
    for key in chosen:
        yield from _about(known, "tags", [key])
        yield from _about(known, "listeners", [key])
    yield from _about(known, "albums_of", [key for key in chosen if known.heard.answered("tags", key)])
    yield from _about(known, "albums_of", known.played_a_lot)
    yield from _about(known, "top_songs", [key for key in chosen[:SUNG] if known.heard.answered("albums_of", key)])
    yield LookUp("chart", None)
    for keys in zip_longest(asked["tags"], asked["listeners"]):
        for method, key in zip(("tags", "listeners"), keys, strict=True):
            yield from _about(known, method, [key] if key else [])


def _about(known: Knowledge, method: str, keys: Iterable[str]) -> Iterator[LookUp]:
    for key in keys:
        if own := known.own.get(key):
            yield LookUp(method, Artist(id=key, name=own.name, ids=dict(own.ids)))
        else:
            yield LookUp(method, Artist.model_validate(known.named(key).record))


# --- reading ----------------------------------------------------------------------------------------------------------


def read(conn: Connection, listener_id: int) -> Knowledge:
    """Five queries, whatever the size of the library."""
    listener = listeners.read(conn, listener_id)
    accounts = _accounts(conn, listener_id)
    known = Knowledge(_own(conn, listener_id), Heard.read(conn, accounts))
    known.novelty = listener.preferences.novelty if listener else NOVELTY
    known.friends = list(_friends(conn, accounts, known.heard))
    return known


def _own(conn: Connection, listener_id: int) -> dict[str, Own]:
    """The artists a listener knows: all that are on the shelf. Of two with one name, the dearer."""
    has = or_(shelf.c.owned, shelf.c.saved, shelf.c.service, shelf.c.loved) & ~func.coalesce(uncounted.c.held, False)
    plays = func.max(shelf.c.plays - func.coalesce(uncounted.c.plays, 0), 0)
    out = and_(uncounted.c.listener_id == listener_id, uncounted.c.kind == "artist", uncounted.c.item_id == artist.c.id)
    query = (
        select(artist.c.id, artist.c.name, artist.c.ids, plays.label("plays"), has.label("has"))
        .join(shelf, (shelf.c.kind == "artist") & (shelf.c.item_id == artist.c.id))
        .outerjoin(uncounted, out)
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
    return list(conn.scalars(select(account.c.id).where(visible_to(listener_id)).order_by(account.c.key)))


def _friends(conn: Connection, accounts: Iterable[int], heard: Heard) -> Iterator[FriendTaste]:
    query = select(claim.c.id, claim.c.account_id, claim.c.pid, claim.c.payload)
    mine = (claim.c.kind == "friend", claim.c.present, claim.c.account_id.in_(accounts))
    for row in conn.execute(query.where(*mine).order_by(claim.c.id)):
        friend = Friend.model_validate({"id": row.pid, **json.loads(row.payload)})
        plays = heard.top_artists(row.account_id, friend.id)
        yield FriendTaste(row.account_id, row.id, friend, plays, heard.top_albums(row.account_id, friend.id))


def _sorted(numbers: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
