"""The queue of questions that only a listener can answer: which wait, in which order, and which were put off.

What touches the most of a listener's listening comes first. Whatever is not answered stays apart: nothing merges here
by itself, and nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from aggregator.library import because
from aggregator.library.items.provenance import visible_accounts
from aggregator.store import Store


@dataclass(frozen=True)
class Side:
    """One of two claims that may be one thing, and the item it belongs to now."""

    claim: int
    item: int
    title: str
    credit: str
    account: str
    provider: str
    art: str | None
    hue: int | None


class Place(NamedTuple):
    """Where a question stands in the queue; a list goes on after it, whatever was answered meanwhile."""

    plays: int
    kept: int
    points: float
    item_a: int
    item_b: int


@dataclass(frozen=True)
class Pair:
    """Are these two one thing? `why` says what agrees and what does not; `plays` are the listener's, of both."""

    kind: str
    a: Side
    b: Side
    why: str
    plays: int
    place: Place


@dataclass(frozen=True)
class Wanted:
    """Which questions: of one kind, with a side that one account says, or about one of these claims. Everything, unless
    said otherwise."""

    kind: str = ""
    account: int | None = None
    among: Collection[int] | None = None


@dataclass(frozen=True)
class Waiting:
    """How many wait by kind, whatever kind was wanted, how many were skipped, and about how many plays they touch."""

    kinds: Mapping[str, int]
    skipped: int
    plays: int

    def count(self, kind: str = "") -> int:
        return self.kinds.get(kind, 0) if kind else sum(self.kinds.values())


_ABOUT = (
    "about AS MATERIALIZED (SELECT MIN(la.item_id, lb.item_id) AS item_a, MAX(la.item_id, lb.item_id) AS item_b"
    " FROM (SELECT u.a, u.b FROM json_each(:among) CROSS JOIN unsure u ON u.a = value"
    " UNION SELECT u.a, u.b FROM json_each(:among) CROSS JOIN unsure u ON u.b = value) u"
    " CROSS JOIN link la ON la.claim_id = u.a CROSS JOIN link lb ON lb.claim_id = u.b GROUP BY 1, 2)"
)
_OPEN = (
    "open AS {how} (SELECT q.* FROM question q WHERE q.listener_id = :listener"
    " AND (:account IS NULL OR :account IN ((SELECT account_id FROM claim WHERE id = q.claim_a),"
    " (SELECT account_id FROM claim WHERE id = q.claim_b)))"
    " AND (:among IS NULL OR (q.item_a, q.item_b) IN (SELECT item_a, item_b FROM about)))"
)
_WAITING, _WAITING_NARROWED = (
    f"WITH {_ABOUT}, {_OPEN.format(how=how)},"  # noqa: S608
    " heard AS (SELECT * FROM open WHERE plays > 0 AND skipped = 0 AND (:kind = '' OR kind = :kind)),"
    " item AS (SELECT kind, item_a AS id FROM heard UNION SELECT kind, item_b FROM heard)"
    " SELECT kind, skipped, COUNT(*) AS questions, 0 AS plays FROM open GROUP BY kind, skipped UNION ALL"
    " SELECT item.kind, NULL, 0, SUM(s.plays) FROM item CROSS JOIN shelf s ON s.listener_id = :listener"
    " AND s.kind = item.kind AND s.item_id = item.id GROUP BY item.kind"
    for how in ("NOT MATERIALIZED", "MATERIALIZED")
)
"""Unless something narrows the queue, reading it thrice from its indexes is quicker than copying it once."""
_NEXT = f"WITH {_ABOUT}, {_OPEN.format(how='NOT MATERIALIZED')} SELECT * FROM open"  # noqa: S608
_ORDER = "plays DESC, kept DESC, points DESC, item_a, item_b"


def count(conn: Connection, listener_id: int) -> int:
    """How many questions wait for a listener."""
    found: int = conn.exec_driver_sql(
        "SELECT COUNT(*) FROM question WHERE listener_id = ? AND skipped = 0", (listener_id,)
    ).scalar_one()
    return found


def waiting(conn: Connection, listener_id: int, wanted: Wanted = Wanted()) -> Waiting:
    """The size of the queue. A song in two questions counts its plays once, and so do a song and its artist."""
    narrowed = wanted.account is not None or wanted.among is not None
    rows = conn.exec_driver_sql(_WAITING_NARROWED if narrowed else _WAITING, _said(listener_id, wanted)).all()
    skipped = sum(row.questions for row in rows if row.skipped and wanted.kind in ("", row.kind))
    kinds = {row.kind: row.questions for row in rows if row.skipped == 0}
    return Waiting(kinds, skipped, max((row.plays for row in rows), default=0))


def pairs(
    conn: Connection, listener_id: int, wanted: Wanted = Wanted(), after: Place | None = None, limit: int = 50
) -> list[Pair]:
    """Questions in their order, those that were skipped left out; `after`: the place of the last one known."""
    place = after._asdict() if after else dict.fromkeys(Place._fields)
    rows = conn.exec_driver_sql(
        f"{_NEXT} WHERE skipped = 0 AND (:kind = '' OR kind = :kind) AND (:item_a IS NULL OR plays < :plays"
        " OR (plays = :plays AND (-kept, -points, item_a, item_b) > (-:kept, -:points, :item_a, :item_b)))"
        f" ORDER BY {_ORDER} LIMIT :limit",
        {**_said(listener_id, wanted), **place, "limit": limit},
    )
    return _pairs(conn, listener_id, rows.all())


def pair(conn: Connection, listener_id: int, item_a: int, item_b: int) -> Pair | None:
    """One question, skipped or not; None where it is not one of this listener's."""
    rows = conn.exec_driver_sql(
        "SELECT * FROM question WHERE listener_id = ? AND item_a = MIN(?2, ?3) AND item_b = MAX(?2, ?3)",
        (listener_id, item_a, item_b),
    )
    return next(iter(_pairs(conn, listener_id, rows.all())), None)


MOST_ALIKE = 200


def alike(conn: Connection, listener_id: int, asked: Pair) -> list[Pair]:
    """Other questions that the same answer may fit: the songs of the same two albums; else what is asked for the
    same reason, with a source in common, as of a hundred names on bills. At most `MOST_ALIKE`.
    """
    rows = conn.exec_driver_sql(
        f"SELECT q.* FROM question q {_ALIKE.get(asked.kind, _OF_SOURCES)} WHERE q.listener_id = :listener"  # noqa: S608
        " AND q.kind = :kind AND NOT q.skipped AND (q.item_a, q.item_b) <> (:item_a, :item_b)"
        f" ORDER BY {_ORDER} LIMIT {MOST_ALIKE}",
        {"listener": listener_id, "kind": asked.kind, **asked.place._asdict(), "a": asked.a.claim, "b": asked.b.claim},
    )
    others = _pairs(conn, listener_id, rows.all())
    return others if asked.kind in _ALIKE else [other for other in others if other.why == asked.why]


_ALIKE = {
    "recording": "JOIN recording a ON a.id = q.item_a JOIN recording b ON b.id = q.item_b"
    " JOIN recording x ON x.id = :item_a JOIN recording y ON y.id = :item_b AND x.album_id <> y.album_id"
    " AND (a.album_id, b.album_id) IN (VALUES (x.album_id, y.album_id), (y.album_id, x.album_id))"
}
_OF_SOURCES = (
    "JOIN claim a ON a.id = q.claim_a JOIN claim b ON b.id = q.claim_b JOIN claim x ON x.id = :a"
    " JOIN claim y ON y.id = :b AND (a.account_id IN (x.account_id, y.account_id)"
    " OR b.account_id IN (x.account_id, y.account_id))"
)


def _said(listener_id: int, wanted: Wanted) -> dict[str, Any]:
    among = None if wanted.among is None else json.dumps(sorted(wanted.among))
    return {"listener": listener_id, "kind": wanted.kind, "account": wanted.account, "among": among}


_ART = {
    kind: f"SELECT id, art, hue FROM {kind} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
    for kind in ("artist", "album", "recording")
}


def _pairs(conn: Connection, listener_id: int, rows: Sequence[Row[Any]]) -> list[Pair]:
    accounts, pictures = visible_accounts(conn, listener_id), _pictures(conn, rows)
    asked = json.dumps([[row.claim_a, row.claim_b] for row in rows])
    said = conn.exec_driver_sql(
        "SELECT a.account_id, a.payload, b.account_id, b.payload, (SELECT u.evidence FROM unsure u"
        " WHERE (u.a IN (a.id, la.to_claim) AND u.b IN (b.id, lb.to_claim))"
        " OR (u.a IN (b.id, lb.to_claim) AND u.b IN (a.id, la.to_claim)) ORDER BY u.points DESC LIMIT 1)"
        " FROM json_each(?) asked JOIN claim a ON a.id = asked.value ->> 0 JOIN claim b ON b.id = asked.value ->> 1"
        " JOIN link la ON la.claim_id = a.id JOIN link lb ON lb.claim_id = b.id ORDER BY asked.key",
        (asked,),
    ).all()
    return [
        Pair(
            row.kind,
            _side(row.claim_a, row.item_a, payload_a, accounts[account_a], pictures),
            _side(row.claim_b, row.item_b, payload_b, accounts[account_b], pictures),
            why(evidence),
            row.plays,
            Place(row.plays, row.kept, row.points, row.item_a, row.item_b),
        )
        for row, (account_a, payload_a, account_b, payload_b, evidence) in zip(rows, said, strict=True)
    ]


_TOLD = {1: ("agrees", "agree"), 0: ("is unclear", "are unclear"), -1: ("differs", "differ")}


def why(evidence: str) -> str:
    """`title and artist agree, length differs`: what the rules found, whose values stand on either side."""
    told = []
    for sign, verbs in _TOLD.items():
        fields = [part["field"] for part in json.loads(evidence) if (part["points"] > 0) - (part["points"] < 0) == sign]
        if fields:
            told.append(because.agreeing(fields, verbs))
    alone = all(part["points"] > 0 for part in json.loads(evidence))
    return ", ".join(told) + (", which is too little to be sure" if alone and told else "")


def _side(
    claim: int, item: int, payload: str, account: tuple[str, str], pictures: Mapping[int, tuple[str | None, int | None]]
) -> Side:
    said = json.loads(payload)
    credit = ", ".join(credit["name"] for credit in said.get("credits") or said.get("lineup") or ())
    title = said.get("title") or said["name"]
    return Side(claim, item, title, credit, account[1], account[0], *pictures.get(item, (None, None)))


def _pictures(conn: Connection, rows: Sequence[Row[Any]]) -> dict[int, tuple[str | None, int | None]]:
    """Numbers of items are those of claims: no two kinds share one."""
    found: dict[int, tuple[str | None, int | None]] = {}
    for kind in {row.kind for row in rows} & _ART.keys():
        items = json.dumps([item for row in rows if row.kind == kind for item in (row.item_a, row.item_b)])
        told = conn.exec_driver_sql(_ART[kind], (items,))
        found |= {row.id: (row.art, row.hue) for row in told}
    return found


# --- put off ----------------------------------------------------------------------------------------------------------


def skip(store: Store, listener_id: int, asked: Pair) -> None:
    """Ask later. Named by what the accounts call the two, so that it holds through every sync and merge."""
    with store.write() as conn:
        conn.exec_driver_sql(
            "INSERT OR IGNORE INTO skip (account_key, pid, kind, other_key, other_pid, listener_id)"
            " SELECT xa.key, a.pid, a.kind, xb.key, b.pid, ?1 FROM claim a, claim b"
            " JOIN account xa ON xa.id = a.account_id JOIN account xb ON xb.id = b.account_id"
            " WHERE (a.id, b.id) IN (VALUES (?2, ?3), (?3, ?2))",
            (listener_id, asked.a.claim, asked.b.claim),
        )
        _mark(conn, listener_id, asked, skipped=True)


def unskip(store: Store, listener_id: int, asked: Pair) -> None:
    """Ask again after all."""
    with store.write() as conn:
        conn.exec_driver_sql(
            "WITH said AS (SELECT x.key, c.pid FROM link JOIN claim c ON c.id = link.claim_id"
            " JOIN account x ON x.id = c.account_id WHERE link.item_id IN (?2, ?3))"
            " DELETE FROM skip WHERE listener_id = ?1 AND kind = ?4"
            " AND (account_key, pid) IN (SELECT key, pid FROM said)"
            " AND (other_key, other_pid) IN (SELECT key, pid FROM said)",
            (listener_id, asked.a.item, asked.b.item, asked.kind),
        )
        _mark(conn, listener_id, asked, skipped=False)


def look_again(store: Store, listener_id: int) -> int:
    """Everything that was skipped waits anew. Returns how many questions that are."""
    with store.write() as conn:
        conn.exec_driver_sql("DELETE FROM skip WHERE listener_id = ?", (listener_id,))
        return conn.exec_driver_sql(
            "UPDATE question SET skipped = 0 WHERE listener_id = ? AND skipped", (listener_id,)
        ).rowcount


def _mark(conn: Connection, listener_id: int, asked: Pair, *, skipped: bool) -> None:
    conn.exec_driver_sql(
        "UPDATE question SET skipped = ? WHERE listener_id = ? AND item_a = ? AND item_b = ?",
        (skipped, listener_id, asked.place.item_a, asked.place.item_b),
    )
