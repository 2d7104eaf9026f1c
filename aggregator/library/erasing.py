"""Taking an account's claims and reports out of the library, a bounded transaction at a time.

Each transaction leaves the claims that were one thing with the erased ones dirty, so that the merging which follows
makes of them what they would be had the account never been. Killed at any moment, it goes on where it stopped. What
listeners said themselves stays: decisions and picks sleep, and a star, a stance, feedback or own words on a field go
over to what else the item has.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from aggregator.library import merging, questions
from aggregator.store import Store

BATCH = 1_000

KINDS = ("holding", "recording", "album", "show", "artist", "playlist", "friend")
"""In this order: artists last of those that credits name."""


def erase(store: Store, account_id: int, progress: merging.Progress | None = None) -> None:
    """Every claim and report of the account; `progress` counts both. It must not be read meanwhile, and
    `merging.merge` is due afterwards."""
    with store.read() as conn:
        total: int = conn.exec_driver_sql(
            "SELECT (SELECT COUNT(*) FROM report WHERE account_id = ?1) + (SELECT COUNT(*) FROM claim"
            " WHERE account_id = ?1)",
            (account_id,),
        ).scalar_one()
    done = 0
    for step in (_reports, *(_of_kind(kind) for kind in KINDS)):
        while True:
            begun = time.monotonic()
            with store.write() as conn:
                erased = step(conn, account_id)
            if not erased:
                break
            done += erased
            if progress:
                progress(done, total)
            merging.rest(begun)


def _reports(conn: Connection, account_id: int) -> int:
    """Some plays. Where one led its listen, the day has one less until the listen's other reports are grouped anew."""
    found = conn.exec_driver_sql("SELECT id FROM report WHERE account_id = ? LIMIT ?", (account_id, BATCH)).scalars()
    ids = json.dumps(list(found))
    conn.exec_driver_sql(
        "INSERT INTO play_day (listener_id, day, plays) SELECT listener_id, at / 86400, -COUNT(*) FROM report"
        " WHERE id IN (SELECT value FROM json_each(?)) AND leads AND listen_id IS NOT NULL GROUP BY 1, 2"
        " ON CONFLICT DO UPDATE SET plays = plays + excluded.plays",
        (ids,),
    )
    conn.exec_driver_sql("DELETE FROM play_day WHERE plays = 0")
    return conn.exec_driver_sql("DELETE FROM report WHERE id IN (SELECT value FROM json_each(?))", (ids,)).rowcount


def _of_kind(kind: str) -> Callable[[Connection, int], int]:
    def some(conn: Connection, account_id: int) -> int:
        found = conn.exec_driver_sql(
            "SELECT id FROM claim WHERE account_id = ? AND kind = ? LIMIT ?", (account_id, kind, BATCH)
        )
        claims = list(found.scalars())
        if claims:
            forget(conn, kind, claims)
        return len(claims)

    return some


def forget(conn: Connection, kind: str, claims: Sequence[int]) -> None:
    """These claims, and of items what only they said. What listeners said goes over to what else the item has."""
    ids = json.dumps(claims)
    items = conn.exec_driver_sql(
        "SELECT DISTINCT item_id FROM link WHERE claim_id IN (SELECT value FROM json_each(?))", (ids,)
    ).scalars().all()  # fmt: skip
    _mark_neighbours(conn, kind, ids)
    if items:
        _hand_over(conn, ids)
    for table in ("unsure WHERE a", "unsure WHERE b", "play_total WHERE claim_id", "claim WHERE id"):
        conn.exec_driver_sql(f"DELETE FROM {table} IN (SELECT value FROM json_each(?))", (ids,))  # noqa: S608
    if items:
        questions.forget(conn, items)
        merging.drop(conn, kind, items)


_WORDS_OF_LISTENERS = ("star", "stance", "feedback", "excluded")


def _hand_over(conn: Connection, ids: str) -> None:
    """What a listener said of an item stands on one of its claims: where that goes, on one of an account that stays.

    Where there is none, its copy of the text stays.
    """
    for table in _WORDS_OF_LISTENERS:
        conn.exec_driver_sql(
            "WITH heir AS (SELECT gone.id, MIN(other.id) AS heir FROM json_each(?) going"  # noqa: S608
            f" JOIN {table} word ON word.claim_id = going.value JOIN claim gone ON gone.id = going.value"
            " JOIN link mine ON mine.claim_id = going.value JOIN link beside ON beside.item_id = mine.item_id"
            " JOIN claim other ON other.id = beside.claim_id WHERE other.account_id <> gone.account_id GROUP BY 1)"
            f" UPDATE OR IGNORE {table} SET claim_id = heir.heir FROM heir WHERE {table}.claim_id = heir.id",
            (ids,),
        )
    conn.exec_driver_sql(
        "WITH heir AS (SELECT p.id, MIN(other.id) AS heir FROM json_each(?) going JOIN claim gone"
        " ON gone.id = going.value JOIN account a ON a.id = gone.account_id JOIN pick p ON p.account_key = a.key"
        " AND p.pid = gone.pid AND p.kind = gone.kind AND p.value IS NOT NULL JOIN link mine ON mine.claim_id = gone.id"
        " JOIN link beside ON beside.item_id = mine.item_id JOIN claim other ON other.id = beside.claim_id"
        " WHERE other.account_id <> gone.account_id GROUP BY p.id)"
        " UPDATE pick SET account_key = a.key, pid = c.pid FROM heir JOIN claim c ON c.id = heir.heir"
        " JOIN account a ON a.id = c.account_id WHERE pick.id = heir.id",
        (ids,),
    )


def _mark_neighbours(conn: Connection, kind: str, ids: str) -> None:
    """Whatever shared a key or a component with these claims is decided again without them."""
    conn.exec_driver_sql(
        "WITH going AS MATERIALIZED (SELECT value AS id FROM json_each(?1))"
        " INSERT OR IGNORE INTO dirty SELECT claim_id FROM ("
        " SELECT claim_id FROM link WHERE kind = ?2 AND component IN"
        " (SELECT component FROM link WHERE claim_id IN (SELECT id FROM going))"
        " UNION SELECT other.claim_id FROM claim_key mine JOIN claim_key other ON other.key = mine.key"
        " WHERE mine.claim_id IN (SELECT id FROM going))"
        " WHERE claim_id NOT IN (SELECT id FROM going)",
        (ids, kind),
    )
