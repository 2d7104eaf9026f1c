"""What listeners chose to be shown: one claim's word on one field of an item, or their own, against every rule, until
taken back.

A pick names its claim by account and the provider's id, like a decision: it holds for the whole household, follows its
claim into whatever item that belongs to, sleeps while the claim is gone and wakes up when it comes back. Own words
stand beside a claim of the item in the same way; they hold while it is away, and where its account is erased they go
over to another one's. Of several the newest holds. Each is carried out at once, in its own transaction.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from aggregator.library import merging, own
from aggregator.library.fields import CALLED, Field, field_of, in_words
from aggregator.store import Store

MOST_QUOTED = 80
"""Characters of own words that the history repeats."""


@dataclass(frozen=True)
class Picked:
    """One pick in the history; `undone_at` None while it holds."""

    id: int
    kind: str
    field: str
    item: int | None
    words: str
    listener: str | None
    at: int
    undone_at: int | None
    undone_by: str | None


@dataclass(frozen=True)
class _Said:
    """A claim, whose it is and the item it belongs to."""

    kind: str
    key: str
    pid: str
    account: str
    item: int
    present: bool
    payload: Mapping[str, Any]
    about: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.payload.get("title") or self.payload["name"])


def pick(store: Store, listener_id: int, kind: str, field: str, claim: int) -> int | None:
    """Show what this claim says of the field. Returns the pick's id; None where it says nothing of it."""
    with store.write() as conn:
        row, chosen = _claim(conn, kind, claim), field_of(kind, field)
        if row is None or chosen is None or not chosen.can_be_chosen or chosen.said(row) is None:
            return None
        return _choose(conn, listener_id, row, chosen, _words(row, chosen))


def write(store: Store, listener_id: int, kind: str, field: str, claim: int, typed: str) -> int | None:
    """Show what a listener typed, beside this claim. Returns the pick's id; None where there is no such claim, or
    nothing to write. Raises ValueError, in words for the listener, where the field cannot be read from it."""
    chosen, way = field_of(kind, field), own.way(field)
    if chosen is None or way is None:
        return None
    value = way.read(typed.strip())
    with store.write() as conn:
        row = _claim(conn, kind, claim)
        if row is None:
            return None
        said = own.written(row, field, value, True)
        words = f"the {CALLED[kind]} “{row.name}” shows the {chosen.called} {_quoted(chosen, said)}, written by hand"
        return _choose(conn, listener_id, row, chosen, words, json.dumps(value, ensure_ascii=False))


def _choose(conn: Connection, listener_id: int, row: _Said, field: Field, words: str, value: str | None = None) -> int:
    now = int(time.time())
    made: int = conn.exec_driver_sql(
        "INSERT INTO pick (listener_id, kind, field, account_key, pid, words, at, value)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (listener_id, row.kind, field.name, row.key, row.pid, words, now, value),
    ).scalar_one()
    merging.show_anew(conn, row.kind, [row.item], now)
    return made


def undo(store: Store, listener_id: int, pick_id: int) -> None:
    """Take a pick back: the item shows again what it would without it. The history names the listener."""
    now = int(time.time())
    with store.write() as conn:
        conn.exec_driver_sql(
            "UPDATE pick SET undone_at = ?, undone_by = ? WHERE id = ? AND undone_at IS NULL",
            (now, listener_id, pick_id),
        )
        kind = conn.exec_driver_sql("SELECT kind FROM pick WHERE id = ?", (pick_id,)).scalar_one()
        items = conn.exec_driver_sql(f"SELECT item FROM ({_ITEM}) WHERE id = ?", (pick_id,)).scalars()  # noqa: S608
        merging.show_anew(conn, kind, [item for item in items if item is not None], now)


_ITEM = (
    "SELECT p.id, (SELECT link.item_id FROM account a JOIN claim c ON c.account_id = a.id AND c.kind = p.kind"
    " AND c.pid = p.pid JOIN link ON link.claim_id = c.id WHERE a.key = p.account_key) AS item FROM pick p"
)
OPEN = (
    "(p.listener_id = :listener OR NOT EXISTS (SELECT 1 FROM account a WHERE a.key = p.account_key"
    " AND a.listener_id <> :listener))"
)
"""Whether the listener is told of a pick `p`: not where it names what another listener's account brought, unless it is
their own word."""


def history(conn: Connection, listener_id: int, limit: int = 100, before: int | None = None) -> list[Picked]:
    """Those the listener is told of, the newest first; undone ones among them. `before`: only those with a smaller
    number."""
    found = conn.exec_driver_sql(
        "SELECT p.id, p.kind, p.field, i.item, p.words, l.name, p.at, p.undone_at, u.name FROM pick p"  # noqa: S608
        f" JOIN ({_ITEM}) i ON i.id = p.id LEFT JOIN listener l ON l.id = p.listener_id"
        " LEFT JOIN listener u ON u.id = p.undone_by"
        f" WHERE {OPEN} AND p.id < COALESCE(:before, p.id + 1) ORDER BY p.id DESC LIMIT :limit",
        {"listener": listener_id, "limit": limit, "before": before},
    )
    return [Picked(*row) for row in found]


def visible(conn: Connection, listener_id: int, pick_id: int) -> Picked | None:
    """One pick, where the listener may see it."""
    return next((one for one in history(conn, listener_id, 1, pick_id + 1) if one.id == pick_id), None)


def _claim(conn: Connection, kind: str, claim: int) -> _Said | None:
    row = conn.exec_driver_sql(
        "SELECT c.kind, a.key, c.pid, a.name AS account, link.item_id AS item, c.present, c.payload,"
        " album.payload AS about FROM claim c JOIN account a ON a.id = c.account_id JOIN link ON link.claim_id = c.id"
        " LEFT JOIN claim album ON album.id = c.about WHERE c.id = ? AND c.kind = ?",
        (claim, kind),
    ).first()
    if row is None:
        return None
    said = row._mapping
    return _Said(**{**said, "payload": json.loads(row.payload), "about": json.loads(row.about or "{}")})


def _words(row: _Said, field: Field) -> str:
    """`the album “Blue Room” shows the release date of Spotify, 1994`."""
    value = "" if field.name == "picture" else f", {in_words(field.name, field.said(row))}"
    return f"the {CALLED[row.kind]} “{row.name}” shows the {field.called} of {row.account}{value}"


def _quoted(field: Field, said: _Said) -> str:
    words = in_words(field.name, field.said(said))
    return f"“{words if len(words) <= MOST_QUOTED else words[: MOST_QUOTED - 1] + '…'}”"
