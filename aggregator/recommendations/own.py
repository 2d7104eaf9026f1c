"""What a listener has and might hear again, or at last: rows from their own shelf, for which no service is needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from aggregator.library.folding import fold_name
from aggregator.recommendations.cards import Card, Entry, month_in_words
from aggregator.recommendations.feedback import Feedback
from aggregator.recommendations.rotation import Seen
from aggregator.recommendations.traits import Traits
from aggregator.wording import plural

DAY = 86_400
LOVED = 5  # plays of an album that make it loved once
LONG = 180 * DAY  # not heard for so long: out of rotation
FORGOTTEN = 90 * DAY  # saved so long ago and not heard since
CANDIDATES = 60  # of each row, from which the day draws

ROWS = ("unplayed", "rotation", "forgotten")

_QUERY = """
WITH found AS (
SELECT * FROM (SELECT 'unplayed' AS row, b.item_id, a.plays - COALESCE(u.plays, 0) AS weight FROM shelf a
    CROSS JOIN item_credit k ON k.artist_id = a.item_id AND k.kind = 'album' AND k.position = 0
    CROSS JOIN shelf b ON b.listener_id = a.listener_id AND b.kind = 'album' AND b.item_id = k.item_id
    LEFT JOIN uncounted u ON u.listener_id = :listener AND u.kind = 'artist' AND u.item_id = a.item_id
    WHERE a.listener_id = :listener AND a.kind = 'artist' AND b.owned AND b.plays = 0 AND NOT COALESCE(u.whole, 0)
    ORDER BY a.plays DESC, a.item_id LIMIT :most)
UNION ALL
SELECT * FROM (SELECT 'rotation', s.item_id, s.plays - COALESCE(u.plays, 0) FROM shelf s
    LEFT JOIN uncounted u ON u.listener_id = :listener AND u.kind = 'album' AND u.item_id = s.item_id
    WHERE s.listener_id = :listener AND s.kind = 'album' AND s.plays >= :loved AND s.last_heard < :long_ago
    AND s.plays - COALESCE(u.plays, 0) >= :loved ORDER BY s.plays DESC, s.item_id LIMIT :most)
UNION ALL
SELECT * FROM (SELECT 'forgotten', item_id, plays FROM shelf WHERE listener_id = :listener AND kind = 'album'
    AND saved AND NOT owned AND added_at < :forgotten AND COALESCE(last_heard, 0) < added_at
    ORDER BY added_at, item_id LIMIT :most)
)
SELECT found.row, found.weight, i.id, i.title, i.credit, i.year, i.art, i.hue, i.genres, k.artist_id,
    s.owned, s.service, s.plays, s.last_heard, s.added_at, seen.days, seen.last
FROM found JOIN album i ON i.id = found.item_id
JOIN shelf s ON s.listener_id = :listener AND s.kind = 'album' AND s.item_id = i.id
LEFT JOIN item_credit k ON k.kind = 'album' AND k.item_id = i.id AND k.position = 0
LEFT JOIN uncounted u ON u.listener_id = :listener AND u.kind = 'album' AND u.item_id = i.id
LEFT JOIN uncounted v ON v.listener_id = :listener AND v.kind = 'artist' AND v.item_id = k.artist_id
LEFT JOIN seen ON seen.listener_id = :listener AND seen.kind = 'album' AND seen.item_id = i.id
WHERE NOT COALESCE(u.held, 0) AND NOT COALESCE(v.whole, 0)
ORDER BY found.row, found.weight DESC, COALESCE(s.added_at, 0), i.id
"""


def own_albums(conn: Connection, listener_id: int, said: Feedback, now: int) -> Mapping[str, list[Entry]]:
    """By row, the best first; their cards have their reasons already. One query."""
    limits = {"loved": LOVED, "long_ago": now - LONG, "forgotten": now - FORGOTTEN, "most": CANDIDATES}
    rows = conn.exec_driver_sql(_QUERY, {"listener": listener_id, **limits})
    found: dict[str, list[Entry]] = {row: [] for row in ROWS}
    for row in rows:
        if not said.hides("album", row.title, row.credit, row.id, row.artist_id):
            found[row.row].append(_entry(row))
    return found


def _entry(row: Any) -> Entry:
    here = {"owned": bool(row.owned), "service": bool(row.service), "plays": row.plays, "seen_on": row.last or 0}
    card = Card("album", row.id, row.title, row.credit, row.artist_id, row.year, row.art, row.hue, **here)
    traits = Traits(by=fold_name(row.credit), tags={genre.casefold(): 100.0 for genre in json.loads(row.genres)})
    return Entry(replace(card, why=_WORDS[row.row](row)), [], traits, Seen(row.days or 0, row.last or 0))


# --- words ------------------------------------------------------------------------------------------------------------


def _unplayed(row: Any) -> str:
    if row.weight:
        return f"You own it and have not played it, though you have {plural(row.weight, 'play')} of {row.credit}"
    return "You own it and have not played it"


def _rotation(row: Any) -> str:
    return f"{plural(row.plays, 'play')}, the last in {month_in_words(row.last_heard)}"


def _forgotten(row: Any) -> str:
    heard = f"last heard in {month_in_words(row.last_heard)}" if row.last_heard else "never played"
    return f"Saved in {month_in_words(row.added_at)}, {heard}"


_WORDS = {"unplayed": _unplayed, "rotation": _rotation, "forgotten": _forgotten}
