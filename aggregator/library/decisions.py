"""What listeners say about items: the same, not the same, and their taking it back.

A decision names claims by account and the provider's id, holds for the whole household, carries the name of who made
it, and outlives the claims: it sleeps while one is absent. Each is carried out at once, in its own transaction.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from aggregator.library import merging
from aggregator.library.items.provenance import Decided, decided
from aggregator.store import Store

CALLED = {"artist": "artist", "album": "album", "recording": "song", "show": "show"}


def same(store: Store, listener_id: int, kind: str, item_ids: Sequence[int]) -> int:
    """All these items are one. Returns the decision's id."""
    with store.write() as conn:
        first, *others = item_ids
        a, b = _claims_of(conn, kind, [first]), _claims_of(conn, kind, others)
        return _decide(conn, listener_id, kind, "same", a, b, f"{_named(conn, a, b)} are the same {CALLED[kind]}")


def different(store: Store, listener_id: int, kind: str, claims_a: Iterable[int], claims_b: Iterable[int]) -> int:
    """No claim of one side is one thing with a claim of the other."""
    with store.write() as conn:
        a, b = sorted(set(claims_a)), sorted(set(claims_b))
        text = f"{_named(conn, a, b)} are not the same {CALLED[kind]}"
        return _decide(conn, listener_id, kind, "different", a, b, text)


def apart(store: Store, listener_id: int, kind: str, item_a: int, item_b: int) -> int:
    """Two items are not one, and no sync shall make them one."""
    with store.read() as conn:
        a, b = _claims_of(conn, kind, [item_a]), _claims_of(conn, kind, [item_b])
    return different(store, listener_id, kind, a, b)


def split(store: Store, listener_id: int, kind: str, claims: Iterable[int]) -> int:
    """These claims of one item are another thing than the rest of it."""
    leaving = set(claims)
    with store.read() as conn:
        item = conn.exec_driver_sql(
            "SELECT item_id FROM link WHERE kind = ? AND claim_id = ?", (kind, min(leaving))
        ).scalar_one()
        staying = set(_claims_of(conn, kind, [item])) - leaving
    return different(store, listener_id, kind, leaving, staying)


def undo(store: Store, decision_id: int) -> None:
    """Take a decision back: every item is again what the rules and the other decisions make of it."""
    with store.write() as conn:
        conn.exec_driver_sql("UPDATE decision SET undone_at = ? WHERE id = ?", (int(time.time()), decision_id))
        kind = conn.exec_driver_sql("SELECT kind FROM decision WHERE id = ?", (decision_id,)).scalar_one()
        claims = conn.exec_driver_sql(
            "SELECT c.id FROM decision_claim d JOIN account a ON a.key = d.account_key JOIN claim c"
            " ON c.account_id = a.id AND c.kind = ? AND c.pid = d.pid WHERE d.decision_id = ?",
            (kind, decision_id),
        ).scalars()
        merging.settle(conn, kind, list(claims), int(time.time()))


def history(conn: Connection, listener_id: int, limit: int = 100) -> list[Decided]:
    """The newest first; undone ones among them."""
    return decided(conn, listener_id, "1 ORDER BY d.id DESC LIMIT ?", (limit,))


# --- writing ----------------------------------------------------------------------------------------------------------


def _decide(
    conn: Connection, listener_id: int, kind: str, verdict: str, a: Sequence[int], b: Sequence[int], text: str
) -> int:
    now = int(time.time())
    decision: int = conn.exec_driver_sql(
        "INSERT INTO decision (listener_id, kind, verdict, words, at) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (listener_id, kind, verdict, text, now),
    ).scalar_one()
    for side, claims in (("a", a), ("b", b)):
        conn.exec_driver_sql(
            "INSERT INTO decision_claim (decision_id, side, account_key, pid) SELECT ?, ?, a.key, c.pid FROM claim c"
            " JOIN account a ON a.id = c.account_id WHERE c.kind = ? AND c.id IN (SELECT value FROM json_each(?))",
            (decision, side, kind, json.dumps(list(claims))),
        )
    merging.settle(conn, kind, [*a, *b], now)
    return decision


def _claims_of(conn: Connection, kind: str, item_ids: Iterable[int]) -> list[int]:
    return list(conn.exec_driver_sql(
        "SELECT claim_id FROM link WHERE kind = ? AND item_id IN (SELECT value FROM json_each(?)) ORDER BY claim_id",
        (kind, json.dumps(list(item_ids))),
    ).scalars())  # fmt: skip


def _named(conn: Connection, *sides: Sequence[int]) -> str:
    return " and ".join(f"“{_name(conn, claims)}”" for claims in sides if claims)


def _name(conn: Connection, claims: Sequence[int]) -> str:
    payload = conn.exec_driver_sql("SELECT payload FROM claim WHERE id = ?", (min(claims),)).scalar_one()
    said: dict[str, Any] = json.loads(payload)
    return str(said.get("title") or said["name"])
