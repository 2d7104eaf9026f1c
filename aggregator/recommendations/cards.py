"""The stored list as pages show it: only what still stands, each with its reasons in words.

The list is computed by the steward (`refresh`). Here it is read with what the listener has, heard and said since: an
album that was played a minute ago, or is not wanted any more, is gone at once, and what is like it moves.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import log
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import Connection, Select, and_, case, func, literal, null, or_, select, union_all

from aggregator.library.folding import fold_name
from aggregator.library.items.cards import first_songs
from aggregator.recommendations.feedback import Feedback, Kind, feedback_of
from aggregator.recommendations.rotation import Seen
from aggregator.recommendations.songs import LONG
from aggregator.recommendations.tastes import SAY_LITTLE
from aggregator.recommendations.traits import Traits
from aggregator.store.schema import (
    account,
    album,
    artist,
    claim,
    item_credit,
    link,
    recommended,
    recording,
    seen,
    shelf,
)
from aggregator.visible import visible_to
from aggregator.wording import plural


class Where(NamedTuple):
    """A page of a provider's where the thing can be heard or had."""

    name: str
    url: str


@dataclass(frozen=True)
class Seed:
    """An artist of the listener's that led to a recommendation."""

    id: int
    name: str
    plays: int


@dataclass(frozen=True)
class Card:
    """A recommended album, artist or song. For an artist `title` and `credit` are both the name."""

    kind: Kind
    id: int
    title: str
    credit: str
    artist_id: int | None
    year: int | None
    art: str | None
    hue: int | None
    why: str = ""
    seeds: tuple[Seed, ...] = ()
    completes: Seed | None = None  # the listener's own artist whose album is missing
    friends: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()
    owned: bool = False
    service: bool = False
    plays: int = 0
    last_heard: int | None = None
    seen_on: int = 0  # the last day, counted from year 1, on which it was shown
    play_claim: int | None = None  # the song, or an album's first, where it is a file of the listener's

    @property
    def name(self) -> str:
        return self.title

    @property
    def item(self) -> str:
        """How pages mark it: `albums/17`."""
        return f"{self.kind}s/{self.id}"


def albums_for(conn: Connection, listener_id: int, limit: int = 60) -> list[Card]:
    """The best `limit` albums. Four queries, whatever the number."""
    found = entries(conn, listener_id, feedback_of(conn, listener_id))
    albums = [each for each in found if each.card.kind == "album" and each.new]
    return told(conn, listener_id, albums[:limit])


def artists_for(conn: Connection, listener_id: int, limit: int = 24) -> list[Card]:
    """The best `limit` artists. Four queries, whatever the number."""
    artists = [
        each for each in entries(conn, listener_id, feedback_of(conn, listener_id)) if each.card.kind == "artist"
    ]
    return told(conn, listener_id, artists[:limit])


def card_of(conn: Connection, listener_id: int, kind: Kind, item_id: int | None) -> Card | None:
    """The card of one thing, if it is recommended."""
    found = entries(conn, listener_id, feedback_of(conn, listener_id))
    one = [each for each in found if (each.card.kind, each.card.id) == (kind, item_id)]
    return next(iter(told(conn, listener_id, one)), None)


def artists_among(conn: Connection, listener_id: int, artist_ids: Iterable[int]) -> list[tuple[Card, int]]:
    """Those of `artist_ids` that are recommended, each with its place in the list, 0 the best. Three queries."""
    wanted = {*artist_ids}
    found = entries(conn, listener_id, feedback_of(conn, listener_id)) if wanted else []
    artists = [each for each in found if each.card.kind == "artist"]
    listed = {each.card.id: place for place, each in enumerate(artists) if each.card.id in wanted}
    told = worded(conn, listener_id, [each for each in artists if each.card.id in listed])
    return [(each.card, listed[each.card.id]) for each in told]


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One thing of the stored list: its card without words, the reasons as stored, and what it is like."""

    card: Card
    why: list[list[Any]]
    traits: Traits
    seen: Seen

    @property
    def new(self) -> bool:
        """Is it something the listener does not have?"""
        return not (self.card.owned or (self.card.kind == "recording" and self.card.service))


def entries(conn: Connection, listener_id: int, said: Feedback) -> list[Entry]:
    """What still stands of the stored list, under the ids that things have now, best first. One query."""
    lists = (_of_kind(kind, listener_id) for kind in get_args(Stored))
    query = union_all(*lists).order_by("rank")
    found: dict[tuple[str, int], Entry] = {}
    for row in conn.execute(query):
        if not said.hides(row.kind, row.title, row.credit, row.id, row.artist_id):
            found.setdefault((row.kind, row.id), _entry(row))
    return leaning(found.values(), said)


Stored = Literal["album", "artist", "own", "song", "new song"]
"""Kinds of the table: `own` are albums of the listener's, `song` songs of theirs."""
_TABLES = {
    "album": (album, "album"),
    "artist": (artist, "artist"),
    "own": (album, "album"),
    "song": (recording, "recording"),
    "new song": (recording, "recording"),
}


def _of_kind(stored: Stored, listener_id: int) -> Select[Any]:
    """What the listener does not have; of ``own`` albums and songs what they do."""
    item, kind = _TABLES[stored]
    about = {
        "album": (album.c.title, album.c.credit, album.c.year, item_credit.c.artist_id, null()),
        "artist": (artist.c.name, artist.c.name, null(), artist.c.id, null()),
        "recording": (recording.c.title, recording.c.credit, null(), item_credit.c.artist_id, _PLAYABLE),
    }[kind]
    labels = ("title", "credit", "year", "artist_id", "play_claim")
    mine = and_(shelf.c.listener_id == listener_id, shelf.c.kind == kind, shelf.c.item_id == item.c.id)
    first = and_(item_credit.c.kind == kind, item_credit.c.item_id == item.c.id, item_credit.c.position == 0)
    before = and_(seen.c.listener_id == listener_id, seen.c.kind == kind, seen.c.item_id == item.c.id)
    return (
        select(literal(kind).label("kind"), recommended.c.rank, item.c.id, item.c.art, item.c.hue)
        .add_columns(recommended.c.reasons, recommended.c.traits, seen.c.days, seen.c.last)
        .add_columns(shelf.c.owned, shelf.c.service, shelf.c.plays, shelf.c.last_heard)
        .add_columns(*(column.label(name) for column, name in zip(about, labels, strict=True)))
        .join(link, link.c.claim_id == recommended.c.item_id)
        .join(item, item.c.id == link.c.item_id)
        .outerjoin(shelf, mine)
        .outerjoin(item_credit, first)
        .outerjoin(seen, before)
        .where(recommended.c.listener_id == listener_id, recommended.c.kind == stored)
        .where(_STANDS.get(stored, shelf.c.item_id.is_(None)))
    )


_PLAYABLE = case((shelf.c.owned, recording.c.audio_claim))
_HEARD_LATELY = func.coalesce(shelf.c.last_heard, 0) >= recommended.c.made_at - LONG
_STANDS = {"own": shelf.c.owned, "song": or_(shelf.c.owned, shelf.c.service) & ~_HEARD_LATELY}


def _entry(row: Any) -> Entry:
    about = (row.kind, row.id, row.title, row.credit, row.artist_id, row.year, row.art, row.hue)
    here: dict[str, Any] = {"owned": bool(row.owned), "service": bool(row.service), "plays": row.plays or 0}
    here |= {"last_heard": row.last_heard, "play_claim": row.play_claim}
    card = Card(*about, seen_on=row.last or 0, **here)
    traits = Traits.read(json.loads(row.traits), by=fold_name(row.credit))
    return Entry(card, json.loads(row.reasons), traits, Seen(row.days or 0, row.last or 0))


def leaning(found: Iterable[Entry], said: Feedback) -> list[Entry]:
    """In the order of the list, moved by what the listener wants more or less of."""
    placed = [(log(1 + place) - said.lean(each.traits), place, each) for place, each in enumerate(found)]
    return [each for _, _, each in sorted(placed, key=lambda one: one[:2])]


def told(conn: Connection, listener_id: int, found: Sequence[Entry]) -> list[Card]:
    """The cards with their reasons in words and where the things can be had. Three queries."""
    return whereabouts(conn, listener_id, [each.card for each in worded(conn, listener_id, found)])


def worded(conn: Connection, listener_id: int, found: Sequence[Entry]) -> list[Entry]:
    """With the reasons in the words of their cards. One query, whatever the number."""
    reasons = [reason for entry in found for reason in entry.why]
    artists = {reason[1] for reason in reasons if reason[0] in ABOUT_ARTISTS}
    seeds, friends = _people(conn, listener_id, artists, {reason[1] for reason in reasons if reason[0] == "friend"})
    return [replace(entry, card=_worded(entry, seeds, friends)) for entry in found]


def whereabouts(conn: Connection, listener_id: int, cards: Sequence[Card]) -> list[Card]:
    """With the pages of services where the things can be had, and the first song of what is owned. Two queries."""
    where = _where(conn, listener_id, {card.id for card in cards})
    songs = first_songs(conn, listener_id, [card.id for card in cards if card.owned and card.kind == "album"])
    return [
        replace(
            card,
            where=tuple(where[card.kind, card.id]),
            play_claim=songs.get(card.id) if card.kind == "album" and card.owned else card.play_claim,
        )
        for card in cards
    ]


def _people(
    conn: Connection, listener_id: int, artists: set[int], friends: set[int]
) -> tuple[dict[int, Seed], dict[int, str]]:
    """Artists by the id a reason was stored with, for merging may have given them another since; friends' names."""
    mine = and_(shelf.c.listener_id == listener_id, shelf.c.kind == "artist", shelf.c.item_id == artist.c.id)
    seeds = (
        select(link.c.claim_id, artist.c.id, artist.c.name, func.coalesce(shelf.c.plays, 0).label("plays"))
        .join(artist, artist.c.id == link.c.item_id)
        .outerjoin(shelf, mine)
        .where(link.c.claim_id.in_(artists))
    )
    named = select(claim.c.id, null(), func.json_extract(claim.c.payload, "$.name"), null()).where(
        claim.c.id.in_(friends)
    )
    rows = conn.execute(union_all(seeds, named)).all()
    known = {row.claim_id: Seed(row.id, row.name, row.plays) for row in rows if row.id is not None}
    return known, {row.claim_id: row.name for row in rows if row.id is None}


def where(conn: Connection, listener_id: int, kind: Kind, item_id: int) -> list[Where]:
    """Where one thing can be heard or had, recommended or not. One query."""
    return _where(conn, listener_id, {item_id})[kind, item_id]


def _where(conn: Connection, listener_id: int, items: Iterable[int]) -> Mapping[tuple[str, int], list[Where]]:
    """Pages of the listener's own and shared accounts, one per account."""
    query = (
        select(link.c.kind, link.c.item_id, account.c.name, func.json_extract(claim.c.payload, "$.url").label("url"))
        .join(claim, claim.c.id == link.c.claim_id)
        .join(account, account.c.id == claim.c.account_id)
        .where(link.c.item_id.in_(items), claim.c.present, visible_to(listener_id))
        .order_by(account.c.name, claim.c.id)
    )
    pages: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for kind, item_id, name, url in conn.execute(query):
        if url and url.startswith("https://"):
            pages[kind, item_id].setdefault(name, url)
    return defaultdict(list, {item: [Where(*page) for page in found.items()] for item, found in pages.items()})


# --- words ------------------------------------------------------------------------------------------------------------


ABOUT_ARTISTS = ("similar", "plays", "together", "credited")
"""Reasons that name an artist of the listener's."""
IN_HOUSE = {"together": "heard in the same hours as {}", "credited": "named together with {} in credits"}
CHARTED = "among the artists that most people listen to"


def _worded(entry: Entry, seeds: Mapping[int, Seed], friends: Mapping[int, str]) -> Card:
    similar = tuple(seeds[reason[1]] for reason in entry.why if reason[0] == "similar" and reason[1] in seeds)
    completes = next((seeds.get(reason[1]) for reason in entry.why if reason[0] == "plays"), None)
    fans = [(friends[claim_id], plays) for word, claim_id, plays in _of(entry, "friend") if claim_id in friends]
    tags = sorted(((tag, count) for _, tag, count in _of(entry, "tag")), key=lambda told: told[0] in SAY_LITTLE)
    mine = entry.card.kind == "recording" and not entry.new
    missing = _unheard(entry.card, completes) if mine else _missing(completes)
    parts = [missing, _alike(similar), *(_fan(*fan) for fan in fans), *(CHARTED for _ in _of(entry, "chart"))]
    parts[2:2] = [words.format(_named(entry, word, seeds)) for word, words in IN_HOUSE.items() if _of(entry, word)]
    parts += [_tagged(*tag) for tag in tags[:1] if tag[0] not in SAY_LITTLE or not any(parts)]
    words = "; ".join(part for part in parts if part)
    why = words[:1].upper() + words[1:]
    return replace(entry.card, why=why, seeds=similar, completes=completes, friends=tuple(name for name, _ in fans))


def _named(entry: Entry, word: str, seeds: Mapping[int, Seed]) -> str:
    return " and ".join(seeds[about].name for _, about in _of(entry, word) if about in seeds)


def _of(entry: Entry, word: str) -> list[list[Any]]:
    return [reason for reason in entry.why if reason[0] == word]


def _missing(artist: Seed | None) -> str:
    return f"because you play {artist.name} ({plural(artist.plays, 'play')}) and do not have this one" if artist else ""


def _unheard(song: Card, by: Seed | None) -> str:
    """When the listener last heard the song, and whose it is where they play them."""
    heard = f"last heard in {month_in_words(song.last_heard)}" if song.last_heard else "you have it and never played it"
    return f"{heard}, though you play {by.name} ({plural(by.plays, 'play')})" if by else heard


def month_in_words(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%B %Y}"


def _alike(similar: Sequence[Seed]) -> str:
    played = [seed.name for seed in similar if seed.plays]
    if played:
        return f"because you play {' and '.join(played)}"
    have = " and ".join(seed.name for seed in similar)
    return f"because {have} {'are' if len(similar) > 1 else 'is'} in your library" if have else ""


def _fan(name: str, plays: int) -> str:
    return f"{name} has {plural(plays, 'play')}"


def _tagged(tag: str, count: int) -> str:
    return f"tagged {tag} like {f'{count:,}' if count > 1 else 'one'} of your artists"
