"""What each listener has of each item: owned, saved, in a service, heard. Totals of claims, summed by item.

A shelf row counts the claims of accounts that are the listener's own or the household's, and nobody else's. What an
album or artist has is what the songs and albums have that are about it or credit it, by claims alone. Listens to an
artist are those to the songs that are shown as theirs, whatever single reports call the artist.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from aggregator.library import questions

MEMBERS = {
    "recording": "SELECT item_id, claim_id FROM mine",
    "album": "SELECT item_id, claim_id FROM mine UNION SELECT mine.item_id, song.id FROM mine"
    " JOIN claim song ON song.about = mine.claim_id AND song.kind = 'recording'",
    "artist": "SELECT item_id, claim_id FROM mine UNION SELECT mine.item_id, credit.claim_id FROM mine"
    " JOIN credit ON credit.artist_claim_id = mine.claim_id AND credit.role <> 'composer'",
}
"""Claims that count towards an item, each once."""

_OF_CLAIMS = """SELECT said.item_id, t.listener_id, SUM(t.plays) AS plays, SUM(t.seconds) AS seconds,
        MIN(t.first_at) AS first_at, MAX(t.last_at) AS last_at
    FROM said JOIN play_total t ON t.claim_id = said.id GROUP BY said.item_id, t.listener_id"""
_OF_SONGS = """SELECT k.artist_id AS item_id, s.listener_id, SUM(s.plays) AS plays, SUM(s.seconds) AS seconds,
        MIN(s.first_heard) AS first_at, MAX(s.last_heard) AS last_at
    FROM (SELECT DISTINCT artist_id, item_id FROM item_credit WHERE kind = 'recording' AND role <> 'composer'
        AND artist_id IN (SELECT value FROM json_each(:items))) k
    JOIN shelf s ON s.kind = 'recording' AND s.item_id = k.item_id AND s.plays GROUP BY k.artist_id, s.listener_id"""
_HEARD = {"recording": _OF_CLAIMS, "album": _OF_CLAIMS, "artist": _OF_SONGS}
"""Listens by item and listener."""

_REFRESH = """
INSERT INTO shelf (listener_id, kind, item_id, owned, saved, service, loved, plays, seconds, first_heard, last_heard,
                   added_at)
WITH mine AS MATERIALIZED (
    SELECT item_id, claim_id FROM json_each(:items) JOIN link ON link.item_id = value AND link.kind = :kind
),
member AS MATERIALIZED ({members}),
said AS MATERIALIZED (
    SELECT member.item_id, c.id, c.kind, c.first_seen, a.listener_id, c.present,
        c.kind = 'recording' AND c.present AND json_extract(c.payload, '$.audio') IS NOT NULL AS file,
        c.kind = 'recording' AND c.present AND json_extract(c.payload, '$.from') IS NULL
            AND c.scope <> 'discovery' AS listed,
        c.about IS NOT NULL AS placed
    FROM member JOIN claim c ON c.id = member.claim_id JOIN account a ON a.id = c.account_id
    WHERE c.kind IN ('recording', 'album', 'artist')
),
heard AS MATERIALIZED ({heard}),
hold AS MATERIALIZED (
    SELECT h.about, MAX(json_extract(h.payload, '$.how') = 'owned') AS owned,
        MAX(json_extract(h.payload, '$.how') IN ('saved', 'followed')) AS saved,
        MAX(json_extract(h.payload, '$.how') = 'loved') AS loved,
        MIN(json_extract(h.payload, '$.since')) AS since
    FROM claim h WHERE h.kind = 'holding' AND h.present AND h.about IN (SELECT id FROM said) GROUP BY h.about
)
SELECT l.id, :kind, said.item_id,
    MAX(file OR COALESCE(hold.owned, 0)) AS is_owned,
    MAX(said.kind = :kind AND said.present AND COALESCE(hold.saved OR hold.loved, 0)) AS is_saved,
    MAX(listed AND NOT file AND (placed OR COALESCE(hold.loved, 0) = 0) OR said.present AND COALESCE(hold.saved, 0))
        AS is_service,
    MAX(said.kind = :kind AND said.present AND COALESCE(hold.loved, 0)) AS is_loved,
    COALESCE(t.plays, 0) AS all_plays, COALESCE(t.seconds, 0), t.first_at, t.last_at,
    MIN(CASE WHEN file OR listed OR hold.about IS NOT NULL THEN COALESCE(hold.since, said.first_seen) END)
FROM said
JOIN listener l ON (said.listener_id IS NULL OR l.id = said.listener_id) AND l.id = COALESCE(:only, l.id)
LEFT JOIN hold ON hold.about = said.id
LEFT JOIN heard t ON t.item_id = said.item_id AND t.listener_id = l.id
GROUP BY l.id, said.item_id
HAVING is_owned OR is_saved OR is_service OR is_loved OR all_plays
"""

_TALLY = """
INSERT INTO tally (listener_id, kind, total, owned, saved, service, heard)
SELECT listener_id, kind, :sign * COUNT(*), :sign * SUM(owned), :sign * SUM(saved), :sign * SUM(service),
    :sign * SUM(plays > 0)
FROM shelf WHERE kind = :kind AND item_id IN (SELECT value FROM json_each(:items)) GROUP BY listener_id
ON CONFLICT DO UPDATE SET total = total + excluded.total, owned = owned + excluded.owned,
    saved = saved + excluded.saved, service = service + excluded.service, heard = heard + excluded.heard
"""


def refresh(conn: Connection, kind: str, items: Iterable[int]) -> None:
    """Count these items anew for every listener, and move the sizes of the libraries with them."""
    ordered = sorted(items)
    said = {"kind": kind, "items": json.dumps(ordered), "only": None}
    conn.exec_driver_sql(_TALLY, {**said, "sign": -1})
    conn.exec_driver_sql(
        "DELETE FROM shelf WHERE kind = :kind AND item_id IN (SELECT value FROM json_each(:items))", said
    )
    _count(conn, said)
    conn.exec_driver_sql(_TALLY, {**said, "sign": 1})
    questions.weigh(conn, ordered)


def heard_artists(conn: Connection, recordings: Iterable[int]) -> set[int]:
    """The artists whose listens are, among others, those of these recordings."""
    rows = conn.exec_driver_sql(
        "SELECT DISTINCT k.artist_id FROM json_each(?) JOIN shelf s ON s.kind = 'recording' AND s.item_id = value"
        " AND s.plays JOIN item_credit k ON k.kind = 'recording' AND k.item_id = value",
        (json.dumps(sorted(recordings)),),
    )
    return set(rows.scalars())


def welcome(conn: Connection, listener_id: int) -> None:
    """Count what a new listener has: the household's. What the household cannot tell they are asked too."""
    for kind in MEMBERS:
        items = conn.exec_driver_sql("SELECT DISTINCT item_id FROM link WHERE kind = ?", (kind,)).scalars().all()
        _count(conn, {"kind": kind, "items": json.dumps(list(items)), "only": listener_id})
    conn.exec_driver_sql(
        "INSERT INTO tally (listener_id, kind, total, owned, saved, service, heard) SELECT listener_id, kind, COUNT(*),"
        " SUM(owned), SUM(saved), SUM(service), SUM(plays > 0) FROM shelf WHERE listener_id = ? GROUP BY kind",
        (listener_id,),
    )
    questions.welcome(conn, listener_id)


def _count(conn: Connection, said: dict[str, Any]) -> None:
    conn.exec_driver_sql(_REFRESH.format(members=MEMBERS[said["kind"]], heard=_HEARD[said["kind"]]), said)
