"""The questions only a listener can answer: pairs of items that may be one thing."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from aggregator.library.fields import length
from aggregator.library.items.provenance import played, some, visible_accounts, words


@dataclass(frozen=True)
class Side:
    """One of two claims that may be one thing, and the item it belongs to now."""

    claim: int
    item: int
    title: str
    credit: str
    account: str
    provider: str
    facts: tuple[str, ...]
    """What else is known of the item: albums, bills, year, length, plays, and who tells of it."""


@dataclass(frozen=True)
class Pair:
    """A question for the listener: are these two one thing? `why` says what speaks for and against."""

    kind: str
    a: Side
    b: Side
    why: str
    points: float


def unsure_pairs(
    conn: Connection, listener_id: int, limit: int = 50, among: Container[int] | None = None
) -> list[Pair]:
    """Questions that only a listener can answer, the likeliest first, once per pair of items.

    `among`: only those about one of these claims.
    """
    accounts = visible_accounts(conn, listener_id)
    sides = ", ".join(
        f"{s}.id AS {s}_id, {s}.account_id AS {s}_account, {s}.payload AS {s}_payload, l{s}.item_id AS {s}_item"
        for s in ("a", "b")
    )
    rows = conn.exec_driver_sql(
        f"SELECT u.kind, u.points, u.evidence, {sides} FROM unsure u JOIN claim a ON a.id = u.a"  # noqa: S608
        " JOIN claim b ON b.id = u.b JOIN link la ON la.claim_id = u.a JOIN link lb ON lb.claim_id = u.b"
        " WHERE la.item_id <> lb.item_id AND 'discovery' NOT IN (a.scope, b.scope) ORDER BY u.points DESC, u.a, u.b"
    )
    asked: dict[frozenset[int], Row[Any]] = {}
    for row in rows:
        if among is not None and row.a_id not in among and row.b_id not in among:
            continue
        if row.a_account in accounts and row.b_account in accounts and len(asked) < limit:
            asked.setdefault(frozenset((row.a_item, row.b_item)), row)
    facts: dict[int, tuple[str, ...]] = {}
    for kind in {row.kind for row in asked.values()}:
        wanted = {item for items, row in asked.items() if row.kind == kind for item in items}
        facts |= _facts(conn, kind, wanted, listener_id, accounts)
    return [_pair(row, accounts, facts) for row in asked.values()]


def _pair(row: Row[Any], accounts: Mapping[int, tuple[str, str]], facts: Mapping[int, tuple[str, ...]]) -> Pair:
    a = _side(row.a_id, row.a_item, row.a_payload, accounts[row.a_account], facts)
    b = _side(row.b_id, row.b_item, row.b_payload, accounts[row.b_account], facts)
    return Pair(row.kind, a, b, words(row.evidence), row.points)


def _side(claim: int, item: int, payload: str, account: tuple[str, str], facts: Mapping[int, tuple[str, ...]]) -> Side:
    said = json.loads(payload)
    credit = ", ".join(credit["name"] for credit in said.get("credits", ()))
    return Side(claim, item, said.get("title") or said["name"], credit, account[1], account[0], facts.get(item, ()))


# CROSS JOIN: left to itself, SQLite walks the whole shelf in its order of plays.
_ALBUMS = (
    "(SELECT json_group_array(title) FROM (SELECT a.title FROM item_credit k CROSS JOIN album a ON a.id = k.item_id"
    " CROSS JOIN shelf v ON v.listener_id = :listener AND v.kind = 'album' AND v.item_id = a.id"
    " WHERE k.kind = 'album' AND k.artist_id = i.id ORDER BY v.plays DESC, a.id))"
)
_BILLS = (
    "(SELECT json_group_array(json(bill)) FROM (SELECT json_array(w.title, w.day, w.start, w.venue) AS bill"
    " FROM item_credit k JOIN show w ON w.id = k.item_id WHERE k.kind = 'show' AND k.artist_id = i.id"
    " ORDER BY w.day, w.id))"
)
_KNOWN = {
    "artist": f"NULL AS year, NULL AS seconds, {_ALBUMS} AS albums, {_BILLS} AS bills",
    "album": "year, NULL AS seconds, '[]' AS albums, '[]' AS bills",
    "recording": "(SELECT year FROM album WHERE album.id = i.album_id) AS year, i.seconds,"
    " CASE WHEN album_title IS NULL THEN '[]' ELSE json_array(album_title) END AS albums, '[]' AS bills",
    "show": "NULL AS year, NULL AS seconds, '[]' AS albums, json_array(json_array(title, day, start, venue)) AS bills",
}
"""What there is to tell of an item of each kind."""


def _facts(
    conn: Connection, kind: str, items: Iterable[int], listener_id: int, accounts: Mapping[int, tuple[str, str]]
) -> dict[int, tuple[str, ...]]:
    rows = conn.exec_driver_sql(
        f"SELECT i.id, {_KNOWN[kind]}, COALESCE(s.plays, 0) AS plays, (SELECT json_group_array(DISTINCT c.account_id)"  # noqa: S608
        " FROM link JOIN claim c ON c.id = link.claim_id AND c.present WHERE link.item_id = i.id AND link.kind = :kind)"
        f" AS accounts FROM {kind} i LEFT JOIN shelf s ON s.listener_id = :listener AND s.kind = :kind"
        " AND s.item_id = i.id WHERE i.id IN (SELECT value FROM json_each(:items))",
        {"kind": kind, "listener": listener_id, "items": json.dumps(sorted(items))},
    )
    return {row.id: tuple(_known(kind, row, accounts)) for row in rows}


def _known(kind: str, row: Row[Any], accounts: Mapping[int, tuple[str, str]]) -> Iterator[str]:
    if albums := json.loads(row.albums):
        yield f"On {some(albums)}"
    if bills := json.loads(row.bills):
        yield _bill(*bills[0]) if kind == "show" else f"On the bill of {_bill(*bills[0])}"
    if row.year:
        yield str(row.year)
    if row.seconds:
        yield length(row.seconds)
    if kind != "show":
        yield played(row.plays) or "Not played yet"
    yield some(sorted({accounts[number][1] for number in json.loads(row.accounts) if number in accounts}))


def _bill(title: str, day: str, start: str | None, venue: str) -> str:
    return ", ".join(filter(None, (title, f"{date.fromisoformat(day):%-d %B %Y}", start, venue)))
