"""The index of words (FTS5): what an item is found by, and how the index is asked."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection

from aggregator.library.folding import fold

_WORDS = {
    "artist": "SELECT id, name FROM artist",
    "album": "SELECT id, title || ' ' || credit FROM album",
    "recording": "SELECT id, title || ' ' || credit || ' ' || COALESCE(album_title, '') FROM recording",
    "show": "SELECT id, title || ' ' || venue || ' ' || place || ' ' || COALESCE((SELECT group_concat(name, ' ')"
    " FROM item_credit c WHERE c.kind = 'show' AND c.item_id = show.id), '') FROM show",
}
_MARK = {"artist": "kindartist", "album": "kindalbum", "recording": "kindrecording", "show": "kindshow"}
"""A word that every item of a kind carries: the index tells kinds apart by nothing else."""


def match(kind: str, text: str) -> str | None:
    """The text as the index is asked; None when there is no word in it."""
    words = fold(text).split()
    return " ".join([_MARK[kind], *(f'"{word}"*' for word in words if any(map(str.isalnum, word)))]) if words else None


def index(conn: Connection, kind: str, items: Iterable[int]) -> None:
    """Bring the words of these items up to date. Items of all kinds share one range of numbers, the index's own."""
    ids = json.dumps(sorted(items))
    conn.exec_driver_sql("DELETE FROM find WHERE rowid IN (SELECT value FROM json_each(?))", (ids,))
    rows = conn.exec_driver_sql(
        f"{_WORDS[kind]} WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608
        (ids,),
    ).all()
    if rows:
        conn.exec_driver_sql(
            "INSERT INTO find (rowid, kind, item_id, words) VALUES (?, ?, ?, ?)",
            [(item, kind, item, f"{_MARK[kind]} {fold(text)}") for item, text in rows],
        )
