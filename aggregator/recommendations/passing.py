"""Claims made for recommendations alone, taken out again once they have been of no use for a while.

What is recommended needs an id, so it becomes a claim of scope `discovery`. Lists change every night; what nobody is
recommended any more goes after `KEEP`. It stays whatever has become more than that: an item that anybody owns, heard,
saved or credits, one that a listener said something of, one that a decision or a pick names.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection

from aggregator.library import erasing
from aggregator.store import Store

KEEP = 30 * 86_400
"""Seconds since a claim was first made until it may go."""
BATCH = 500

_OF_NO_USE = """
SELECT c.id FROM claim c JOIN link l ON l.claim_id = c.id JOIN account a ON a.id = c.account_id
WHERE {which} AND c.kind = :kind AND c.first_seen < :before
AND NOT EXISTS (SELECT 1 FROM link o JOIN claim d ON d.id = o.claim_id WHERE o.item_id = l.item_id
    AND d.scope <> 'discovery' AND COALESCE(json_extract(d.payload, '$.from'), '') <> 'credit')
AND NOT EXISTS (SELECT 1 FROM link o JOIN credit k ON k.artist_claim_id = o.claim_id WHERE o.item_id = l.item_id)
AND NOT EXISTS (SELECT 1 FROM link o JOIN recommended r ON r.item_id = o.claim_id WHERE o.item_id = l.item_id)
AND NOT EXISTS (SELECT 1 FROM link o JOIN feedback w ON w.claim_id = o.claim_id WHERE o.item_id = l.item_id)
AND NOT EXISTS (SELECT 1 FROM link o JOIN excluded w ON w.claim_id = o.claim_id WHERE o.item_id = l.item_id)
AND NOT EXISTS (SELECT 1 FROM link o JOIN star w ON w.claim_id = o.claim_id WHERE o.item_id = l.item_id)
AND NOT EXISTS (SELECT 1 FROM link o JOIN stance w ON w.claim_id = o.claim_id WHERE o.item_id = l.item_id)
AND NOT EXISTS (SELECT 1 FROM decision_claim w WHERE w.account_key = a.key AND w.pid = c.pid)
AND NOT EXISTS (SELECT 1 FROM pick w WHERE w.account_key = a.key AND w.pid = c.pid)
LIMIT :most
"""
_MADE_FOR_IT = "c.scope = 'discovery'"
_NAMED_BY_THEM = "c.id IN (SELECT value FROM json_each(:named))"


def forget_unused(store: Store, now: int) -> int:
    """Take out what is of no use any more. Returns how many claims went; `merging.merge` is due then."""
    with store.write() as conn:
        albums, songs = (_of_no_use(conn, kind, _MADE_FOR_IT, now) for kind in ("album", "recording"))
        named = _credited(conn, albums + songs)
        erasing.forget(conn, "album", albums)
        erasing.forget(conn, "recording", songs)
        artists = _of_no_use(conn, "artist", _MADE_FOR_IT, now)
        artists += [each for each in _of_no_use(conn, "artist", _NAMED_BY_THEM, now, named) if each not in artists]
        erasing.forget(conn, "artist", artists)
        gone = json.dumps([*albums, *songs, *artists])
        conn.exec_driver_sql("DELETE FROM seen WHERE item_id IN (SELECT value FROM json_each(?))", (gone,))
    return len(albums) + len(songs) + len(artists)


def _of_no_use(conn: Connection, kind: str, which: str, now: int, named: list[int] | None = None) -> list[int]:
    said = {"kind": kind, "before": now - KEEP, "most": BATCH, "named": json.dumps(named or [])}
    return list(conn.exec_driver_sql(_OF_NO_USE.format(which=which), said).scalars())


def _credited(conn: Connection, claims: list[int]) -> list[int]:
    """The artists whom these albums and songs credit in so many words."""
    rows = conn.exec_driver_sql(
        "SELECT DISTINCT k.artist_claim_id FROM json_each(?) JOIN credit k ON k.claim_id = value", (json.dumps(claims),)
    )
    return list(rows.scalars())
