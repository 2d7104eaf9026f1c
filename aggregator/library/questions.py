"""Unsure pairs as each listener is asked about them, kept for pages: one row for each pair of items and listener.

A listener is asked where an account that is theirs or the household's speaks for either side. What an answer would
touch of their listening orders the questions, so it is kept with them and follows the shelves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

_SEEN = """IIF(COALESCE({x}.listener_id, l.id) = l.id, pair.{side}, (
        SELECT k.claim_id FROM link k JOIN claim c ON c.id = k.claim_id AND c.present
        JOIN account x ON x.id = c.account_id AND COALESCE(x.listener_id, l.id) = l.id
        WHERE k.item_id = {link}.item_id AND k.to_claim = pair.{side} ORDER BY x.key, c.pid LIMIT 1))"""
"""A claim of one side that the listener sees: what another listener's account says is said by others too, word by word,
where these joined their item through it."""
_ASK = f"""
INSERT INTO question (listener_id, item_a, item_b, kind, claim_a, claim_b, points)
SELECT listener_id, MIN(mine, other), MAX(mine, other), kind, IIF(mine < other, a, b), IIF(mine < other, b, a), points
FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY listener_id, MIN(mine, other), MAX(mine, other)
        ORDER BY points DESC, MIN(name_a, name_b), MAX(name_a, name_b)) AS place
FROM (SELECT l.id AS listener_id, la.item_id AS mine, lb.item_id AS other, pair.kind, pair.points,
        {_SEEN.format(x="xa", link="la", side="a")} AS a, {_SEEN.format(x="xb", link="lb", side="b")} AS b,
        xa.key || '/' || ca.pid AS name_a, xb.key || '/' || cb.pid AS name_b
FROM ({{pairs}}) pair
CROSS JOIN link la ON la.claim_id = pair.a CROSS JOIN link lb ON lb.claim_id = pair.b
CROSS JOIN claim ca ON ca.id = pair.a CROSS JOIN claim cb ON cb.id = pair.b
CROSS JOIN account xa ON xa.id = ca.account_id CROSS JOIN account xb ON xb.id = cb.account_id
JOIN listener l ON l.id = COALESCE(:only, l.id)
WHERE la.item_id <> lb.item_id AND 'discovery' NOT IN (ca.scope, cb.scope))
WHERE a IS NOT NULL AND b IS NOT NULL)
WHERE place = 1
"""  # noqa: S608
"""One row for each listener and pair of items: the likeliest of their pairs of claims. What was only recommended
(scope `discovery`) is nobody's, and not worth a question."""
_TOUCHED = (
    "SELECT u.a, u.b, u.kind, u.points FROM json_each(:claims) CROSS JOIN unsure u ON u.a = value"
    " UNION SELECT u.a, u.b, u.kind, u.points FROM json_each(:claims) CROSS JOIN unsure u ON u.b = value"
)
_SHELVES = "FROM shelf s WHERE s.listener_id = q.listener_id AND s.kind = q.kind AND s.item_id IN (q.item_a, q.item_b)"
_WEIGH = (
    f"UPDATE question AS q SET plays = (SELECT COALESCE(SUM(s.plays), 0) {_SHELVES}),"  # noqa: S608
    f" kept = (SELECT COALESCE(2 * MAX(s.loved) + MAX(s.owned), 0) {_SHELVES}) WHERE "
)
_PUT_OFF = """
UPDATE question SET skipped = 1 WHERE (listener_id, item_a, item_b) IN (
    SELECT s.listener_id, MIN(la.item_id, lb.item_id), MAX(la.item_id, lb.item_id)
    FROM json_each(:claims) CROSS JOIN claim ca ON ca.id = value CROSS JOIN account xa ON xa.id = ca.account_id
    CROSS JOIN skip s ON s.account_key = xa.key AND s.pid = ca.pid AND s.kind = ca.kind
    CROSS JOIN account xb ON xb.key = s.other_key
    CROSS JOIN claim cb ON cb.account_id = xb.id AND cb.kind = s.kind AND cb.pid = s.other_pid
    CROSS JOIN link la ON la.claim_id = ca.id CROSS JOIN link lb ON lb.claim_id = cb.id
)
"""
_ABOUT = "(item_a IN (SELECT value FROM json_each(:items)) OR item_b IN (SELECT value FROM json_each(:items)))"


def ask(conn: Connection, claims: Iterable[int], items: Iterable[int]) -> None:
    """Make the questions about these items anew: those that claims of theirs are in, which all stand in `claims`."""
    said = {"claims": json.dumps(sorted(claims)), "items": json.dumps(sorted(items)), "only": None}
    forget(conn, items)
    if conn.exec_driver_sql(_ASK.format(pairs=_TOUCHED), said).rowcount:
        conn.exec_driver_sql(_WEIGH + _ABOUT, said)
        conn.exec_driver_sql(_PUT_OFF, said)


def weigh(conn: Connection, items: Iterable[int]) -> None:
    """The shelves of these items changed, and so does what is asked first."""
    conn.exec_driver_sql(_WEIGH + _ABOUT, {"items": json.dumps(sorted(items))})


def forget(conn: Connection, items: Iterable[int]) -> None:
    """These items are no more, or no more what they were."""
    conn.exec_driver_sql(f"DELETE FROM question WHERE {_ABOUT}", {"items": json.dumps(sorted(items))})  # noqa: S608


def welcome(conn: Connection, listener_id: int) -> None:
    """Ask a new listener what the household cannot tell; their shelves are counted already."""
    said: dict[str, Any] = {"only": listener_id}
    conn.exec_driver_sql(_ASK.format(pairs="SELECT a, b, kind, points FROM unsure"), said)
    conn.exec_driver_sql(_WEIGH + "listener_id = :only", said)
