"""A listener's albums, artists and songs, in pages that go on where the last one ended, whatever came in between."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, Row

from aggregator.library.find import match
from aggregator.library.items.cards import (
    COLUMNS,
    ON_SHELF,
    AlbumCard,
    ArtistCard,
    SongCard,
    album_card,
    artist_card,
    playable,
    song_card,
)

Card = TypeVar("Card")


@dataclass(frozen=True)
class Query:
    """What to list. `show`: "", owned, saved, service or heard; `sort`: see `SORTS`; `after`: the last page's token."""

    show: str = ""
    sort: str = ""
    text: str = ""
    after: str = ""
    limit: int = 60


AlbumQuery = Query


@dataclass(frozen=True)
class Page(Generic[Card]):
    """`after` leads to the next page; None on the last."""

    items: list[Card]
    after: str | None


class Size(NamedTuple):
    """How much a listener has of a kind."""

    total: int = 0
    owned: int = 0
    saved: int = 0
    service: int = 0
    heard: int = 0


class _Order(NamedTuple):
    """Columns to sort by, the last one unique; `descending` for the first of them."""

    columns: tuple[str, ...]
    descending: bool = False
    only: str = "1"


_BY_SHELF = {
    "plays": _Order(("s.plays", "s.item_id"), True),
    "added": _Order(("s.added_at", "s.item_id"), True, "s.added_at IS NOT NULL"),
    "heard": _Order(("s.last_heard", "s.item_id"), True, "s.last_heard IS NOT NULL"),
}
SORTS: dict[str, dict[str, _Order]] = {
    "artist": {"name": _Order(("i.sort", "i.id")), **_BY_SHELF},
    "album": {
        "title": _Order(("i.sort", "i.id")),
        "artist": _Order(("i.artist_sort", "COALESCE(i.year, 0)", "i.id")),
        "year": _Order(("COALESCE(i.year, 0)", "i.id"), True),
        **_BY_SHELF,
    },
    "recording": {
        "title": _Order(("i.sort", "i.id")),
        "artist": _Order(("i.artist_sort", "i.sort", "i.id")),
        "length": _Order(("COALESCE(i.seconds, 0)", "i.id"), True),
        **_BY_SHELF,
    },
}
"""The ways to order each kind; the first is the usual one."""

_SHOW = {"": "1", "owned": "s.owned", "saved": "s.saved", "service": "s.service", "heard": "s.plays > 0"}


def albums(conn: Connection, listener_id: int, query: Query) -> Page[AlbumCard]:
    page = _page(conn, "album", listener_id, query, album_card)
    return Page(playable(conn, listener_id, page.items), page.after)


def first_albums(conn: Connection, listener_id: int, sorts: Sequence[str], count: int) -> list[list[AlbumCard]]:
    """The beginning of the shelf in each of these orders, without what to play. One query."""
    parts = " UNION ALL ".join(
        f"SELECT * FROM (SELECT {place} AS part, {COLUMNS['album']} FROM {_joined('album', order)} ON {ON_SHELF}"  # noqa: S608
        f" WHERE {order.only} ORDER BY {_ordered(order)} LIMIT :limit)"
        for place, order in enumerate(SORTS["album"][sort] for sort in sorts)
    )
    rows = conn.exec_driver_sql(parts, {"listener": listener_id, "kind": "album", "limit": count}).all()
    return [[album_card(row) for row in rows if row.part == place] for place in range(len(sorts))]


def artists(conn: Connection, listener_id: int, query: Query) -> Page[ArtistCard]:
    return _page(conn, "artist", listener_id, query, artist_card)


def songs(conn: Connection, listener_id: int, query: Query) -> Page[SongCard]:
    return _page(conn, "recording", listener_id, query, song_card)


def sizes(conn: Connection, listener_id: int) -> dict[str, Size]:
    """By kind: artist, album, recording."""
    rows = conn.exec_driver_sql(
        "SELECT kind, total, owned, saved, service, heard FROM tally WHERE listener_id = ?", (listener_id,)
    )
    return {kind: Size() for kind in SORTS} | {row[0]: Size(*row[1:]) for row in rows}


# --- paging -----------------------------------------------------------------------------------------------------------


def _page(conn: Connection, kind: str, listener_id: int, query: Query, card: Callable[[Row[Any]], Card]) -> Page[Card]:
    order = SORTS[kind].get(query.sort) or next(iter(SORTS[kind].values()))
    said: dict[str, Any] = {"listener": listener_id, "kind": kind, "limit": query.limit + 1}
    wheres = [order.only, _SHOW.get(query.show, "1"), _beyond(order, query.after, said), _named(kind, query.text, said)]
    places = ", ".join(f"{column} AS place{number}" for number, column in enumerate(order.columns))
    rows = conn.exec_driver_sql(
        f"SELECT {COLUMNS[kind]}, {places} FROM {_joined(kind, order)} ON {ON_SHELF}"  # noqa: S608
        f" WHERE {' AND '.join(wheres)} ORDER BY {_ordered(order)} LIMIT :limit",
        said,
    ).all()
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    return Page([card(row) for row in rows], _token(rows[-1], len(order.columns)) if more else None)


def _joined(kind: str, order: _Order) -> str:
    """Where an index holds the order its table comes first; left to itself SQLite sorts the whole shelf."""
    first = order.columns[0]
    if first.startswith("s."):
        return f"shelf s CROSS JOIN {kind} i"
    return f"{kind} i {'CROSS ' if first.startswith('i.') else ''}JOIN shelf s"


def _ordered(order: _Order) -> str:
    return ", ".join(
        column + (" DESC" if order.descending and not at else "") for at, column in enumerate(order.columns)
    )


def _beyond(order: _Order, after: str, said: dict[str, Any]) -> str:
    """The condition of standing behind the last row of the page before; a token of another order is ignored."""
    values = _read_token(after)
    if len(values) != len(order.columns):
        return "1"
    said.update({f"after{number}": value for number, value in enumerate(values)})
    if not order.descending:
        return f"({', '.join(order.columns)}) > ({', '.join(f':after{number}' for number in range(len(values)))})"
    first, rest = order.columns
    return f"({first} <= :after0 AND ({first} < :after0 OR {rest} > :after1))"


def _named(kind: str, text: str, said: dict[str, Any]) -> str:
    words = match(kind, text)
    if words is None:
        return "1"
    said["words"] = words
    return "i.id IN (SELECT rowid FROM find WHERE find MATCH :words)"


def _token(row: Row[Any], columns: int) -> str:
    values = [getattr(row, f"place{number}") for number in range(columns)]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read_token(token: str) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        return []
    return values if isinstance(values, list) and all(isinstance(value, str | int | float) for value in values) else []
