"""Finding items as the listener types: blind to case and accents, every word a beginning."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from aggregator.library.folding import fold

HITS = 500
"""Ranking more than the first hits of a common beginning costs hundreds of milliseconds and helps nobody."""

_WORDS = {
    "artist": "SELECT id, name FROM artist",
    "album": "SELECT id, title || ' ' || credit FROM album",
    "recording": "SELECT id, title || ' ' || credit || ' ' || COALESCE(album_title, '') FROM recording",
    "show": "SELECT id, title || ' ' || venue || ' ' || place || ' ' || COALESCE((SELECT group_concat(name, ' ')"
    " FROM item_credit c WHERE c.kind = 'show' AND c.item_id = show.id), '') FROM show",
}
_MARK = {"artist": "kindartist", "album": "kindalbum", "recording": "kindrecording", "show": "kindshow"}
"""A word that every item of a kind carries: the index tells kinds apart by nothing else."""


class Hit(NamedTuple):
    kind: str
    id: int
    title: str
    credit: str
    art: str | None
    hue: int | None
    owned: bool
    service: bool
    plays: int


class Hits(NamedTuple):
    songs: list[Hit]
    albums: list[Hit]
    artists: list[Hit]
    shows: list[Hit]


def index(conn: Connection, kind: str, items: Iterable[int]) -> None:
    """Bring the words of these items up to date. Items of all kinds share one range of numbers, the index's own."""
    ids = json.dumps(sorted(items))
    conn.exec_driver_sql("DELETE FROM find WHERE rowid IN (SELECT value FROM json_each(?))", (ids,))
    rows = conn.exec_driver_sql(f"{_WORDS[kind]} WHERE id IN (SELECT value FROM json_each(?))", (ids,)).all()
    if rows:
        conn.exec_driver_sql(
            "INSERT INTO find (rowid, kind, item_id, words) VALUES (?, ?, ?, ?)",
            [(item, kind, item, f"{_MARK[kind]} {fold(text)}") for item, text in rows],
        )
