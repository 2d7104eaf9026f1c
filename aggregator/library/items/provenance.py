"""Where an item comes from: one line in words, and claim by claim with what joined them.

A listener is told only of accounts that are their own or the household's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row


@dataclass(frozen=True)
class ClaimRow:
    """What one account says of an item. `claims` are several where it says the same words several times."""

    claims: tuple[int, ...]
    account: str
    provider: str
    title: str
    credit: str
    album: str
    present: bool
    why: str  # what joined it to the item, in words; "" for what everything else joined
    decided_by: str  # rule | listener


@dataclass(frozen=True)
class Decided:
    """One decision in the history; `undone_at` None while it holds."""

    id: int
    kind: str
    verdict: str
    words: str
    listener: str | None
    at: int
    undone_at: int | None


def provenance(accounts: Mapping[int, tuple[str, str]], sources: str, plays: int, first_heard: int | None) -> str:
    """`your files: FLAC; Spotify; scrobbled 41 times since 2019`. `accounts`: provider and name of the visible ones."""
    files, services = list[str](), list[str]()
    for source in json.loads(sources):
        if source["account"] not in accounts:
            continue
        provider, name = accounts[source["account"]]
        if "formats" in source:
            owner = "your files" if provider == "files" else name
            files.append(f"{owner}: {', '.join(source['formats'])}")
        elif "listed" in source:
            services.append(name)
    return "; ".join([*dict.fromkeys(files), *dict.fromkeys(services), *_played(plays, first_heard)])


def visible_accounts(conn: Connection, listener_id: int) -> dict[int, tuple[str, str]]:
    """Provider and name of the accounts that are the listener's own or the household's."""
    rows = conn.exec_driver_sql(
        "SELECT id, provider, name FROM account WHERE listener_id IS NULL OR listener_id = ?", (listener_id,)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def claim_rows(conn: Connection, kind: str, item_id: int, accounts: Mapping[int, tuple[str, str]]) -> list[ClaimRow]:
    """The claims of an item that a listener may see; those of an account that say the same words together."""
    rows = conn.exec_driver_sql(
        "SELECT json_group_array(c.id) AS ids, MIN(c.id), c.account_id, c.payload, c.present, link.evidence,"
        " link.decided_by, json_extract(album.payload, '$.title') AS album"
        " FROM link CROSS JOIN claim c ON c.id = link.claim_id LEFT JOIN claim album ON album.id = c.about"
        " WHERE link.kind = ? AND link.item_id = ? AND c.account_id IN (SELECT value FROM json_each(?))"
        " GROUP BY c.account_id, c.payload, c.about, c.present, link.decided_by"
        " ORDER BY c.present DESC, c.account_id, MIN(c.id)",
        (kind, item_id, json.dumps(list(accounts))),
    )
    return [_claim_row(row, accounts) for row in rows]


def _claim_row(row: Row[Any], accounts: Mapping[int, tuple[str, str]]) -> ClaimRow:
    provider, name = accounts[row.account_id]
    said = json.loads(row.payload)
    title, album = said.get("title") or said["name"], said.get("album") or row.album or ""
    ids = tuple(sorted(json.loads(row.ids)))
    return ClaimRow(
        ids, name, provider, title, _credit(said), album, bool(row.present), words(row.evidence), row.decided_by
    )


def words(evidence: str) -> str:
    """`same title, same artist, length 3:05 and 3:06`; what speaks against stands behind a `but`."""
    speaks_for, against = list[str](), list[str]()
    for part in json.loads(evidence):
        equal = f"same {part['field']}" if part["a"] == part["b"] else f"{part['field']} {part['a']} and {part['b']}"
        (speaks_for if part["points"] >= 0 else against).append(equal)
    return ", but ".join(filter(None, (", ".join(speaks_for), ", ".join(against))))


def _credit(said: Mapping[str, Any]) -> str:
    return ", ".join(credit["name"] for credit in said.get("credits", ()))


def _played(plays: int, first_heard: int | None) -> list[str]:
    if not plays or first_heard is None:
        return []
    year = datetime.fromtimestamp(first_heard, UTC).year
    return [f"scrobbled once in {year}" if plays == 1 else f"scrobbled {plays:,} times since {year}"]


# --- decisions --------------------------------------------------------------------------------------------------------


def about(conn: Connection, kind: str, item_id: int) -> list[Decided]:
    """The decisions that name a claim of this item."""
    return decided(
        conn,
        "d.kind = ? AND d.id IN (SELECT dc.decision_id FROM link JOIN claim c ON c.id = link.claim_id"
        " JOIN account a ON a.id = c.account_id JOIN decision_claim dc ON dc.account_key = a.key AND dc.pid = c.pid"
        " WHERE link.kind = ? AND link.item_id = ?) ORDER BY d.id DESC",
        (kind, kind, item_id),
    )


def decided(conn: Connection, where: str, said: tuple[Any, ...]) -> list[Decided]:
    """Decisions under a condition of ours on `d`; never one from outside."""
    rows = conn.exec_driver_sql(
        "SELECT d.id, d.kind, d.verdict, d.words, l.name, d.at, d.undone_at FROM decision d"  # noqa: S608
        f" LEFT JOIN listener l ON l.id = d.listener_id WHERE {where}",
        said,
    )
    return [Decided(*row) for row in rows]
