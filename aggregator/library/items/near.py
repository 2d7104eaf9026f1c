"""What looks like an item and was kept apart from it: by the same artist, with a title like its own.

Told for a page from what is stored: a few candidates, each weighed once more by the rules of its kind.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from aggregator.library import because, evidence
from aggregator.library.evidence import Evidence, Verdict
from aggregator.library.folding import sort_key
from aggregator.library.likeness import alike
from aggregator.library.neighbours import Claim, load_claims
from aggregator.library.titles import album_title, song_title
from aggregator.visible import in_sql

MOST_LIKE = 12
"""Candidates that are weighed."""
SHOWN = 5
OF_EACH = 4
"""Claims of an item that are weighed: records before what plays imply, the oldest first."""
LOOKED_AT = 3_000
"""Items of the same artist whose titles are compared at most."""

_LIKE = ("equal", "near", "inside")


@dataclass(frozen=True)
class Near:
    """Another item; `unsure`: nobody could tell, and a listener may. `why`: what speaks against, or is too little."""

    id: int
    title: str
    credit: str
    art: str | None
    hue: int | None
    unsure: bool
    why: str


_OF_ARTISTS = (
    "SELECT i.id, i.title, i.credit, i.art, i.hue FROM item_credit mine JOIN item_credit k ON k.artist_id ="
    " mine.artist_id AND k.kind = mine.kind JOIN {kind} i ON i.id = k.item_id WHERE mine.kind = :kind"
    " AND mine.item_id = :item AND i.id <> :item GROUP BY i.id LIMIT :most"
)
_CANDIDATES = {
    "artist": "SELECT i.id, i.name AS title, '' AS credit, i.art, i.hue FROM artist mine JOIN artist i ON i.sort >="
    " mine.sort AND i.sort < mine.sort || ' ~' WHERE mine.id = :item AND i.id <> :item LIMIT :most",
    "album": _OF_ARTISTS.format(kind="album"),
    "recording": _OF_ARTISTS.format(kind="recording"),
    "show": "SELECT i.id, i.title, i.venue || ', ' || i.day AS credit, NULL AS art, NULL AS hue FROM show mine"
    " JOIN item_credit bill ON bill.kind = 'show' AND bill.item_id = mine.id JOIN item_credit k ON k.kind = 'show'"
    " AND k.artist_id = bill.artist_id JOIN show i ON i.id = k.item_id WHERE mine.id = :item AND i.id <> :item"
    " AND ABS(julianday(i.day) - julianday(mine.day)) <= 1 GROUP BY i.id LIMIT :most",
}


def near_misses(conn: Connection, listener_id: int, kind: str, item_id: int, title: str) -> list[Near]:
    """The likest first. Four queries, and at most some dozens of comparisons."""
    rows = conn.exec_driver_sql(_CANDIDATES[kind], {"kind": kind, "item": item_id, "most": LOOKED_AT}).all()
    like = _likest(kind, title, rows)
    claims = _claims(conn, listener_id, kind, [item_id, *(row.id for row in like)]) if like else {}
    mine, rules = claims.get(item_id, ()), evidence.rules(kind)
    found = []
    for row in like:
        verdicts = (rules.compare(one.form, other.form) for one in mine for other in claims.get(row.id, ()))
        if (verdict := _telling(verdicts)) is not None:
            said = row._mapping
            found.append(Near(**said, unsure=verdict.word == "unsure", why=_why(verdict.evidence)))
    return found[:SHOWN]


def _likest(kind: str, title: str, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    if kind == "show":
        return list(rows[:MOST_LIKE])
    ranked = [(alike(_bare(kind, title), _bare(kind, row.title)), row) for row in rows]
    like = [(_LIKE.index(likeness), row.id, row) for likeness, row in ranked if likeness in _LIKE]
    return [row for *_, row in sorted(like, key=lambda one: one[:2])[:MOST_LIKE]]


def _bare(kind: str, title: str) -> str:
    """A title without what it says of versions and editions."""
    if kind == "artist":
        return sort_key(title)
    return (album_title if kind == "album" else song_title)(title).main


def _claims(conn: Connection, listener_id: int, kind: str, items: Iterable[int]) -> Mapping[int, Sequence[Claim]]:
    """Some claims of each item that the listener may see."""
    rows = conn.exec_driver_sql(
        "SELECT item_id, claim_id FROM (SELECT link.item_id, link.claim_id, ROW_NUMBER() OVER (PARTITION BY"  # noqa: S608
        " link.item_id ORDER BY c.payload ->> '$.from' IS NOT NULL, c.id) AS place FROM json_each(?) CROSS JOIN link"
        " ON link.item_id = value AND link.kind = ? JOIN claim c ON c.id = link.claim_id AND c.present JOIN account a"
        f" ON a.id = c.account_id AND {in_sql('?')}) WHERE place <= ?",
        (json.dumps(list(items)), kind, listener_id, OF_EACH),
    ).all()
    claims = load_claims(conn, kind, [row[1] for row in rows])
    found: defaultdict[int, list[Claim]] = defaultdict(list)
    for item, claim in rows:
        found[item].append(claims[claim])
    return found


def _telling(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The one that says most of why two items are two: a doubt before a no, then the one that came nearest."""
    apart = [verdict for verdict in verdicts if verdict.word in ("unsure", "different")]
    return max(apart, key=lambda verdict: (verdict.word == "unsure", verdict.points), default=None)


def _why(parts: Sequence[Evidence]) -> str:
    """`live on one side, length 4:05 and 3:12`; what agrees, where nothing speaks against but too little for."""
    against = [because.told(part) for part in parts if part.points < 0 and part.a != part.b]
    if against:
        return ", ".join(against)
    agrees = [part.field for part in parts if part.points > 0]
    return f"only {because.agreeing(agrees, ('agrees', 'agree'))}" if agrees else "too little is known"
