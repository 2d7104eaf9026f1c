"""What listeners picked to be shown: one claim's word on one field of an item, against every rule, until taken back.

A pick names its claim by account and the provider's id, like a decision: it holds for the whole household, follows its
claim into whatever item that belongs to, sleeps while the claim is gone and wakes up when it comes back. Of several the
newest holds. Each is carried out at once, in its own transaction.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from sqlalchemy import Connection, Row

from aggregator.library import merging
from aggregator.library.fields import CALLED, Field, Speaker, field_of, in_words
from aggregator.store import Store


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
    payload: dict[str, object]
    about: dict[str, object]


def pick(store: Store, listener_id: int, kind: str, field: str, claim: int) -> int | None:
    """Show what this claim says of the field. Returns the pick's id; None where it says nothing of it."""
    now, chosen = int(time.time()), field_of(kind, field)
    with store.write() as conn:
        row = _claim(conn, kind, claim)
        if row is None or chosen is None or not chosen.can_be_chosen:
            return None
        said = _Said(json.loads(row.payload), json.loads(row.about or "{}"))
        if chosen.said(said) is None:
            return None
        made: int = conn.exec_driver_sql(
            "INSERT INTO pick (listener_id, kind, field, account_key, pid, words, at) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " RETURNING id",
            (listener_id, kind, field, row.key, row.pid, _words(kind, chosen, said, row.account), now),
        ).scalar_one()
        merging.show_anew(conn, kind, [row.item_id], now)
    return made


def undo(store: Store, pick_id: int, listener_id: int | None = None) -> None:
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
_OPEN = (
    "(p.listener_id = :listener OR NOT EXISTS (SELECT 1 FROM account a WHERE a.key = p.account_key"
    " AND a.listener_id <> :listener))"
)


def history(conn: Connection, listener_id: int, limit: int = 100, before: int | None = None) -> list[Picked]:
    """The newest first; undone ones among them. `before`: only those with a smaller number.

    Without those that name what another listener's account brought, unless they are the listener's own word.
    """
    found = conn.exec_driver_sql(
        "SELECT p.id, p.kind, p.field, i.item, p.words, l.name, p.at, p.undone_at, u.name FROM pick p"  # noqa: S608
        f" JOIN ({_ITEM}) i ON i.id = p.id LEFT JOIN listener l ON l.id = p.listener_id"
        " LEFT JOIN listener u ON u.id = p.undone_by"
        f" WHERE {_OPEN} AND p.id < COALESCE(:before, p.id + 1) ORDER BY p.id DESC LIMIT :limit",
        {"listener": listener_id, "limit": limit, "before": before},
    )
    return [Picked(*row) for row in found]


def visible(conn: Connection, listener_id: int, pick_id: int) -> Picked | None:
    """One pick, where the listener may see it."""
    return next((one for one in history(conn, listener_id, 1, pick_id + 1) if one.id == pick_id), None)


def _claim(conn: Connection, kind: str, claim: int) -> Row[tuple[object, ...]] | None:
    return conn.exec_driver_sql(
        "SELECT c.pid, c.payload, album.payload AS about, a.key, a.name AS account, link.item_id FROM claim c"
        " JOIN account a ON a.id = c.account_id JOIN link ON link.claim_id = c.id"
        " LEFT JOIN claim album ON album.id = c.about WHERE c.id = ? AND c.kind = ?",
        (claim, kind),
    ).first()


def _words(kind: str, field: Field, said: Speaker, account: str) -> str:
    """`the album “Blue Room” shows the release date of Spotify, 1994`."""
    name = said.payload.get("title") or said.payload["name"]
    value = "" if field.name == "picture" else f", {in_words(field.name, field.said(said))}"
    return f"the {CALLED[kind]} “{name}” shows the {field.called} of {account}{value}"
