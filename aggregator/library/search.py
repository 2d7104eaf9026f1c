"""Finding items as the listener types: blind to case and accents, every word a beginning."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from aggregator.library.find import match
from aggregator.library.folding import fold, sort_key
from aggregator.library.items.cards import (
    COLUMNS,
    ON_SHELF,
    AlbumCard,
    ArtistCard,
    SongCard,
    album_card,
    artist_card,
    song_card,
)
from aggregator.visible import in_sql

HITS = 500
"""Ranking more than the first hits of a common beginning costs hundreds of milliseconds and helps nobody."""


@dataclass(frozen=True)
class ShowHit:
    id: int
    title: str
    day: str
    venue: str
    place: str


@dataclass(frozen=True)
class Hits:
    """`order`: the names of the four lists, the one with the best hit first."""

    songs: list[SongCard]
    albums: list[AlbumCard]
    artists: list[ArtistCard]
    shows: list[ShowHit]
    order: tuple[str, ...]


def search(conn: Connection, listener_id: int, text: str, limit: int = 8) -> Hits:
    """The listener's own songs, albums and artists and the coming shows that hold all words of the text."""
    artists = [artist_card(row) for row in _items(conn, "artist", listener_id, text, limit)]
    songs = [song_card(row) for row in _items(conn, "recording", listener_id, text, limit)]
    albums = [album_card(row) for row in _items(conn, "album", listener_id, text, limit)]
    shows = _shows(conn, listener_id, text, limit)
    names = {
        "artists": [hit.name for hit in artists],
        "songs": [hit.title for hit in songs],
        "albums": [hit.title for hit in albums],
        "shows": [hit.title for hit in shows],
    }
    order = sorted(names, key=lambda kind: -max((_likeness(name, text) for name in names[kind]), default=-1))
    return Hits(songs, albums, artists, shows, tuple(order))


def _likeness(name: str, text: str) -> int:
    """2: that very name; 1: it begins so; 0: the words stand somewhere else, perhaps in its artist's name."""
    told, wanted = sort_key(name), sort_key(text)
    return 2 if told == wanted else int(told.startswith(wanted))


def _items(conn: Connection, kind: str, listener_id: int, text: str, limit: int) -> list[Any]:
    """Exact names first, then names that begin so; among equals the owned and the most played."""
    words = match(kind, text)
    if words is None:
        return []
    name = "i.folded" if kind == "artist" else "i.sort"
    # CROSS JOIN: left to itself, SQLite asks the index anew for each item of the shelf.
    said = {"listener": listener_id, "kind": kind, "words": words, "text": fold(text), "limit": limit, "hits": HITS}
    return list(conn.exec_driver_sql(
        f"WITH hit AS MATERIALIZED (SELECT find.rowid AS id FROM find CROSS JOIN shelf v ON v.listener_id = :listener"  # noqa: S608
        " AND v.kind = :kind AND v.item_id = find.rowid WHERE find MATCH :words LIMIT :hits)"
        f" SELECT {COLUMNS[kind]} FROM hit JOIN {kind} i ON i.id = hit.id JOIN shelf s ON {ON_SHELF}"
        f" ORDER BY {name} = :text DESC, {name} >= :text AND {name} < :text || '\U0010ffff' DESC, s.owned DESC,"
        " s.plays DESC, i.id LIMIT :limit",
        said,
    ))  # fmt: skip


def _shows(conn: Connection, listener_id: int, text: str, limit: int) -> list[ShowHit]:
    words = match("show", text)
    if words is None:
        return []
    yesterday = (datetime.fromtimestamp(time.time(), UTC) - timedelta(days=1)).date().isoformat()
    rows = conn.exec_driver_sql(
        "SELECT show.id, title, day, venue, place FROM (SELECT rowid FROM find WHERE find MATCH ? LIMIT ?) hit"  # noqa: S608
        " JOIN show ON show.id = hit.rowid WHERE COALESCE(until, day) >= ? AND gone_at IS NULL AND EXISTS (SELECT 1"
        " FROM link JOIN claim c ON c.id = link.claim_id JOIN account a ON a.id = c.account_id WHERE link.kind = 'show'"
        f" AND link.item_id = show.id AND {in_sql('?')}) ORDER BY day LIMIT ?",
        (words, HITS, yesterday, listener_id, limit),
    )
    return [ShowHit(*row) for row in rows]
