"""The stored list as pages show it: only what still stands, each with its reasons in words.

The list is computed by the steward (`refresh`). Here it is read with what the listener has, heard and said since: an
album that was played a minute ago, or is not wanted any more, is gone at once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, or_, select

from aggregator.recommendations.dismissals import Dismissed, Kind, dismissed
from aggregator.store.schema import account, album, artist, claim, item_credit, link, recommended, shelf


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
    """A recommended album or artist. For an artist `title` and `credit` are both the name."""

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

    @property
    def name(self) -> str:
        return self.title

    @property
    def item(self) -> str:
        """How pages mark it: `albums/17`."""
        return f"{self.kind}s/{self.id}"


def albums_for(conn: Connection, listener_id: int, limit: int = 60) -> list[Card]:
    """The best `limit` albums. Five queries, whatever the number."""
    return listed(conn, listener_id, dismissed(conn, listener_id), albums=limit)[0]


def artists_for(conn: Connection, listener_id: int, limit: int = 24) -> list[Card]:
    """The best `limit` artists. Five queries, whatever the number."""
    return listed(conn, listener_id, dismissed(conn, listener_id), artists=limit)[1]


def listed(
    conn: Connection, listener_id: int, not_wanted: Dismissed, albums: int = 0, artists: int = 0
) -> tuple[list[Card], list[Card]]:
    """The best of both kinds, for a page that shows both. Five queries."""
    entries = [
        *(_entries(conn, listener_id, "album", not_wanted)[:albums] if albums else ()),
        *(_entries(conn, listener_id, "artist", not_wanted)[:artists] if artists else ()),
    ]
    told = _told(conn, listener_id, entries)
    where = _where(conn, listener_id, told)
    cards = [replace(card, where=tuple(where[card.kind, card.id])) for card in told]
    return [card for card in cards if card.kind == "album"], [card for card in cards if card.kind == "artist"]


def reasons_for(conn: Connection, listener_id: int, artist_ids: Iterable[int]) -> dict[int, str]:
    """Why artists are recommended, in words, for those of `artist_ids` that are. Four queries."""
    wanted = set(artist_ids)
    entries = _entries(conn, listener_id, "artist", dismissed(conn, listener_id)) if wanted else []
    return {card.id: card.why for card in _told(conn, listener_id, [e for e in entries if e.card.id in wanted])}


# --- the list ---------------------------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    card: Card
    why: list[list[Any]]


def _entries(conn: Connection, listener_id: int, kind: Kind, not_wanted: Dismissed) -> list[_Entry]:
    """What still stands of the stored list, under the ids that things have now."""
    item = album if kind == "album" else artist
    about: tuple[Any, ...] = (
        (album.c.title, album.c.credit, album.c.year, item_credit.c.artist_id)
        if kind == "album"
        else (artist.c.name.label("title"), artist.c.name.label("credit"), artist.c.id.label("artist_id"))
    )
    mine = and_(shelf.c.listener_id == listener_id, shelf.c.kind == kind, shelf.c.item_id == item.c.id)
    first = and_(item_credit.c.kind == kind, item_credit.c.item_id == item.c.id, item_credit.c.position == 0)
    query = (
        select(item.c.id, item.c.art, item.c.hue, recommended.c.reasons, *about)
        .join(link, link.c.claim_id == recommended.c.item_id)
        .join(item, item.c.id == link.c.item_id)
        .outerjoin(shelf, mine)
        .outerjoin(item_credit, first)
        .where(recommended.c.listener_id == listener_id, recommended.c.kind == kind, shelf.c.item_id.is_(None))
        .order_by(recommended.c.rank)
    )
    entries: dict[int, _Entry] = {}
    for row in conn.execute(query):
        if not _unwanted(row, kind, not_wanted):
            entries.setdefault(row.id, _Entry(_card(row, kind), json.loads(row.reasons)))
    return list(entries.values())


def _unwanted(row: Any, kind: Kind, not_wanted: Dismissed) -> bool:
    if not_wanted.has_artist(row.credit, row.artist_id):
        return True
    return kind == "album" and not_wanted.has_album(row.title, row.credit, row.id)


def _card(row: Any, kind: Kind) -> Card:
    year = row.year if kind == "album" else None
    return Card(kind, row.id, row.title, row.credit, row.artist_id, year, row.art, row.hue)


def _told(conn: Connection, listener_id: int, entries: Sequence[_Entry]) -> list[Card]:
    """The cards with their reasons in words."""
    if not entries:
        return []
    reasons = [reason for entry in entries for reason in entry.why]
    seeds = _seeds(conn, listener_id, {reason[1] for reason in reasons if reason[0] in ("similar", "plays")})
    friends = _friends(conn, {reason[1] for reason in reasons if reason[0] == "friend"})
    return [_in_words(entry, seeds, friends) for entry in entries]


def _seeds(conn: Connection, listener_id: int, artist_ids: set[int]) -> dict[int, Seed]:
    """By the id a reason was stored with; merging may have given the artist another one since."""
    mine = and_(shelf.c.listener_id == listener_id, shelf.c.kind == "artist", shelf.c.item_id == artist.c.id)
    query = (
        select(link.c.claim_id, artist.c.id, artist.c.name, func.coalesce(shelf.c.plays, 0))
        .join(artist, artist.c.id == link.c.item_id)
        .outerjoin(shelf, mine)
        .where(link.c.claim_id.in_(artist_ids))
    )
    return {claim_id: Seed(*about) for claim_id, *about in conn.execute(query)}


def _friends(conn: Connection, claim_ids: set[int]) -> dict[int, str]:
    rows = conn.execute(select(claim.c.id, claim.c.payload).where(claim.c.id.in_(claim_ids)))
    return {claim_id: json.loads(payload)["name"] for claim_id, payload in rows}


def _where(conn: Connection, listener_id: int, cards: Sequence[Card]) -> Mapping[tuple[str, int], list[Where]]:
    """Pages of the listener's own and shared accounts, one per account."""
    visible = or_(account.c.listener_id == listener_id, account.c.listener_id.is_(None))
    query = (
        select(link.c.kind, link.c.item_id, account.c.name, func.json_extract(claim.c.payload, "$.url").label("url"))
        .join(claim, claim.c.id == link.c.claim_id)
        .join(account, account.c.id == claim.c.account_id)
        .where(link.c.item_id.in_({card.id for card in cards}), claim.c.present, visible)
        .order_by(account.c.name, claim.c.id)
    )
    pages: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for kind, item_id, name, url in conn.execute(query):
        if url and url.startswith("https://"):
            pages[kind, item_id].setdefault(name, url)
    return defaultdict(list, {item: [Where(*page) for page in found.items()] for item, found in pages.items()})


# --- words ------------------------------------------------------------------------------------------------------------


def _in_words(entry: _Entry, seeds: Mapping[int, Seed], friends: Mapping[int, str]) -> Card:
    similar = tuple(seeds[reason[1]] for reason in entry.why if reason[0] == "similar" and reason[1] in seeds)
    completes = next((seeds.get(reason[1]) for reason in entry.why if reason[0] == "plays"), None)
    fans = [(friends[claim_id], plays) for word, claim_id, plays in _of(entry, "friend") if claim_id in friends]
    tags = [(tag, count) for _, tag, count in _of(entry, "tag")]
    parts = [_missing(completes), _alike(similar), *(_fan(*fan) for fan in fans), *(_tagged(*tag) for tag in tags[:1])]
    words = "; ".join(part for part in parts if part)
    why = words[:1].upper() + words[1:]
    return replace(entry.card, why=why, seeds=similar, completes=completes, friends=tuple(name for name, _ in fans))


def _of(entry: _Entry, word: str) -> list[list[Any]]:
    return [reason for reason in entry.why if reason[0] == word]


def _missing(artist: Seed | None) -> str:
    return f"because you play {artist.name} ({_plays(artist.plays)}) and do not have this one" if artist else ""


def _alike(similar: Sequence[Seed]) -> str:
    played = [seed.name for seed in similar if seed.plays]
    if played:
        return f"because you play {' and '.join(played)}"
    have = " and ".join(seed.name for seed in similar)
    return f"because {have} {'are' if len(similar) > 1 else 'is'} in your library" if have else ""


def _fan(name: str, plays: int) -> str:
    return f"{name} has {_plays(plays)}"


def _tagged(tag: str, count: int) -> str:
    return f"tagged {tag} like {f'{count:,}' if count > 1 else 'one'} of your artists"


def _plays(count: int) -> str:
    return f"{count:,} {'play' if count == 1 else 'plays'}"
