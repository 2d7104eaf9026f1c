"""A run's diff in short, for cards and lists: what of its news joined something, and what is in doubt now."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from aggregator.library.items.provenance import visible_accounts


@dataclass(frozen=True)
class Diff:
    """Of what a run added: how much joined what other sources had, and how many questions of the listener's wait."""

    merged: int = 0
    unsure: int = 0


def diffs(conn: Connection, listener_id: int, run_ids: Iterable[int]) -> dict[int, Diff]:
    """The short form of many runs, for cards and lists: two queries."""
    seen = json.dumps(list(visible_accounts(conn, listener_id)))
    asked = {"runs": json.dumps(list(run_ids)), "seen": seen, "listener": listener_id}
    merged = {row[0]: row[1] for row in conn.exec_driver_sql(_MERGED, asked)}
    unsure = {row[0]: row[1] for row in conn.exec_driver_sql(_UNSURE, asked)}
    return {number: Diff(merged.get(number, 0), unsure.get(number, 0)) for number in merged.keys() | unsure.keys()}


ELDER = (
    "EXISTS (SELECT 1 FROM link JOIN claim elder ON elder.id = link.item_id WHERE link.claim_id = c.id"
    " AND elder.id < c.id AND elder.account_id <> c.account_id"
    " AND elder.account_id IN (SELECT value FROM json_each(:seen)))"
)
"""An item bears the number of its oldest claim: is that of another source, then `c` joined what was there."""

_MERGED = (
    "SELECT n.run_id, COUNT(*) FROM run_change n JOIN claim c ON c.id = n.claim_id"  # noqa: S608
    f" WHERE n.run_id IN (SELECT value FROM json_each(:runs)) AND n.what = 'added' AND {ELDER} GROUP BY n.run_id"
)
TOUCHED = (
    "SELECT n.run_id, n.claim_id AS id FROM run_change n WHERE n.run_id IN (SELECT value FROM json_each(:runs))"
    " AND n.what <> 'removed'"
    " UNION SELECT n.run_id, k.artist_claim_id FROM run_change n JOIN credit k ON k.claim_id = n.claim_id"
    " JOIN claim a ON a.id = k.artist_claim_id JOIN run r ON r.id = n.run_id AND a.first_seen >= r.started_at"
    " WHERE n.run_id IN (SELECT value FROM json_each(:runs)) AND n.what = 'added'"
)
"""Claims of some runs that may be in doubt, with the artists that these runs named for the first time."""
_UNSURE = (
    f"WITH touched AS MATERIALIZED ({TOUCHED}), pair AS ("  # noqa: S608
    " SELECT t.run_id, u.a, u.b FROM touched t JOIN unsure u ON u.a = t.id"
    " UNION SELECT t.run_id, u.a, u.b FROM touched t JOIN unsure u ON u.b = t.id)"
    " SELECT run_id, COUNT(*) FROM (SELECT DISTINCT run_id, q.item_a, q.item_b"
    " FROM pair JOIN link la ON la.claim_id = pair.a JOIN link lb ON lb.claim_id = pair.b"
    " JOIN question q ON q.listener_id = :listener AND NOT q.skipped"
    " AND q.item_a = MIN(la.item_id, lb.item_id) AND q.item_b = MAX(la.item_id, lb.item_id))"
    " GROUP BY run_id"
)
