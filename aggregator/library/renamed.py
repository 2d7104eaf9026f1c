"""A service that gives a thing a new id: what was known under the old one, and what was said of it, goes on.

MusicBrainz merges entries, and the id of the one that goes leads to the other from then on. Where an account's own id
of a thing is such an id, a record that names it as `former_mbid` takes the old claim over: with its number, and so with
its plays, loves and stars, and with decisions, picks and questions put off, which name claims by id.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping

from sqlalchemy import Connection

from aggregator.library.drafts import Draft, Key, bounded

_RECORD_OF = {"album": "edition", "recording": "track"}


def take_over(
    conn: Connection, account_id: int, account_key: str, drafts: Mapping[Key, Draft], met: Container[Key]
) -> dict[Key, str]:
    """Give the claims of an account that these drafts name by a former id the id they have today; but for those `met`
    under the old one in this run, for an account that names both has two things.

    Returns what was said under the ids that are no more, for the old one may yet be met.
    """
    taken = {}
    for kind, now, former in _redirected(drafts):
        there = conn.exec_driver_sql(
            "SELECT pid, id, payload FROM claim WHERE account_id = ? AND kind = ?"
            " AND pid IN (SELECT value FROM json_each(?))",
            (account_id, kind, json.dumps([now, *former])),
        )
        claims = {pid: (claim, payload) for pid, claim, payload in there}
        for old in former:
            if old in claims and now not in claims and (kind, old) not in drafts and (kind, old) not in met:
                claims[now] = claim, taken[kind, old] = claims.pop(old)
                _rename(conn, account_id, kind, claim, now)
                _follow(conn, account_key, kind, old, now)
            _decide(conn, account_key, kind, old, now)
    return taken


def _redirected(drafts: Mapping[Key, Draft]) -> Iterator[tuple[str, str, list[str]]]:
    """Kind, id of today and former ids of what goes by its MusicBrainz id."""
    for (kind, pid), draft in drafts.items():
        if "former_mbid" in draft.payload:
            ids = json.loads(draft.payload).get("ids") or {}
            former = [old for old in ids.get("former_mbid", "").split() if old != pid]
            if former and ids.get("mbid") == pid:
                yield kind, pid, former


def _rename(conn: Connection, account_id: int, kind: str, claim: int, pid: str) -> None:
    """The claim, and the marks on it, whose ids are made of its own."""
    conn.exec_driver_sql("UPDATE claim SET pid = ? WHERE id = ?", (pid, claim))
    marks = conn.exec_driver_sql(
        "SELECT id, payload ->> '$.how' FROM claim WHERE account_id = ? AND kind = 'holding' AND about = ?",
        (account_id, claim),
    )
    of = _RECORD_OF.get(kind, kind)
    for mark, how in marks.all():
        conn.exec_driver_sql("UPDATE OR IGNORE claim SET pid = ? WHERE id = ?", (bounded(f"{of}:{how}:{pid}"), mark))


def _follow(conn: Connection, account_key: str, kind: str, old: str, now: str) -> None:
    """Picks and questions put off go with the claim."""
    said = {"kind": kind, "account": account_key, "old": old, "now": now}
    for change in (
        "UPDATE pick SET pid = :now WHERE kind = :kind AND account_key = :account AND pid = :old",
        "UPDATE OR IGNORE skip SET pid = :now WHERE kind = :kind AND account_key = :account AND pid = :old",
        "UPDATE OR IGNORE skip SET other_pid = :now WHERE kind = :kind AND other_key = :account AND other_pid = :old",
    ):
        conn.exec_driver_sql(change, said)


def _decide(conn: Connection, account_key: str, kind: str, old: str, now: str) -> None:
    """Decisions on the old id hold for the new one, but for those that name both."""
    conn.exec_driver_sql(
        "INSERT OR IGNORE INTO decision_claim (decision_id, side, account_key, pid, item)"
        " SELECT d.id, c.side, c.account_key, :now, c.item FROM decision_claim c"
        " JOIN decision d ON d.id = c.decision_id"
        " WHERE d.kind = :kind AND c.account_key = :account AND c.pid = :old AND NOT EXISTS"
        " (SELECT 1 FROM decision_claim o WHERE o.decision_id = d.id AND o.account_key = :account AND o.pid = :now)",
        {"kind": kind, "account": account_key, "old": old, "now": now},
    )
