"""What listeners said, read again: the history, and whether each act still holds.

An act is open to whoever made it, and to all who may see every account it names. Whether it holds is told from the
items as they are: a newer act may have overruled it, its claims may be gone, or it was taken back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row

State = Literal["holds", "partly", "overruled", "asleep", "undone"]
"""`asleep`: what it is about is gone, and it holds again should that come back."""

PAGE = 50


class Named(NamedTuple):
    """An item that an act is about, as it is today."""

    id: int
    name: str


class Newer(NamedTuple):
    """The act that overrules another one."""

    id: int
    words: str


@dataclass(frozen=True)
class Act:
    """One line of the history. `songs`: how many decisions on songs go with it; `items`: the first of its `count`."""

    id: int
    kind: str
    verdict: str  # same | different
    words: str
    listener: str | None
    at: int
    undone_at: int | None
    undone_by: str | None
    songs: int
    state: State
    overruled_by: Newer | None
    items: tuple[Named, ...]
    count: int


def history(
    conn: Connection, listener_id: int, kind: str = "", before: int | None = None, limit: int = PAGE
) -> list[Act]:
    """The newest first, those taken back among them; of one kind, and older than act `before`, where asked for."""
    return _acts(conn, listener_id, "(:kind = '' OR d.kind = :kind) AND (:before IS NULL OR d.id < :before)"
                 " ORDER BY d.id DESC LIMIT :limit", kind=kind, before=before, limit=limit)  # fmt: skip


def one(conn: Connection, listener_id: int, act: int, shown: int = 3) -> Act | None:
    """An act that the listener may read about, with its first `shown` items."""
    return next(iter(_acts(conn, listener_id, "d.id = :act", shown, act=act)), None)


def about(conn: Connection, listener_id: int, kind: str, item_id: int) -> list[Act]:
    """The acts that name a claim of this item, the newest first."""
    found = list(conn.exec_driver_sql(
        "SELECT DISTINCT COALESCE(d.part_of, d.id) FROM link JOIN claim c ON c.id = link.claim_id"
        " JOIN account a ON a.id = c.account_id JOIN decision_claim dc ON dc.account_key = a.key AND dc.pid = c.pid"
        " JOIN decision d ON d.id = dc.decision_id AND d.kind = link.kind WHERE link.kind = ? AND link.item_id = ?",
        (kind, item_id),
    ).scalars())  # fmt: skip
    if not found:
        return []
    named = "d.id IN (SELECT value FROM json_each(:acts)) ORDER BY d.id DESC"
    return _acts(conn, listener_id, named, acts=json.dumps(found))


def sizes(conn: Connection, listener_id: int) -> dict[str, int]:
    """Acts by kind, all of them under the empty word."""
    rows = conn.exec_driver_sql(
        f"SELECT d.kind, COUNT(*) FROM decision d WHERE d.part_of IS NULL AND {_OPEN} GROUP BY d.kind",  # noqa: S608
        {"listener": listener_id},
    )
    found = {row[0]: row[1] for row in rows}
    return {"": sum(found.values()), **found}


# --- reading ----------------------------------------------------------------------------------------------------------

_OPEN = (
    "(d.listener_id = :listener OR NOT EXISTS (SELECT 1 FROM (SELECT d.id AS number UNION ALL SELECT part.id"
    " FROM decision part WHERE part.part_of = d.id) JOIN decision_claim dc ON dc.decision_id = number"
    " JOIN account a ON a.key = dc.account_key WHERE a.listener_id <> :listener))"
)
"""An act of the listener's own, or one that names nothing which another listener's account brought."""


def _acts(conn: Connection, listener_id: int, where: str, shown: int = 3, **said: Any) -> list[Act]:
    """Acts under a condition of ours on `d`; never one from outside."""
    rows = conn.exec_driver_sql(
        "SELECT d.id, d.kind, d.verdict, d.words, l.name AS listener, d.at, d.undone_at,"  # noqa: S608
        " (SELECT name FROM listener WHERE id = d.undone_by) AS undone_by,"
        " (SELECT COUNT(*) FROM decision part WHERE part.part_of = d.id AND part.kind <> d.kind) AS songs"
        " FROM decision d LEFT JOIN listener l ON l.id = d.listener_id"
        f" WHERE d.part_of IS NULL AND {_OPEN} AND {where}",
        {"listener": listener_id, **said},
    ).all()
    standings = _standings(conn, [row.id for row in rows])
    newer = _newer(conn, listener_id, [act for act, found in standings.items() if found.is_overruled])
    names = _names(conn, rows, standings, shown)
    return [_act(row, standings[row.id], newer.get(row.id), names) for row in rows]


def _act(row: Row[Any], found: _Standing, newer: Newer | None, names: Mapping[int, str]) -> Act:
    state: State = "undone" if row.undone_at is not None else found.state
    items = tuple(Named(item, names[item]) for item in found.items if item in names)
    overruled_by = newer if state in ("partly", "overruled") else None
    return Act(**row._mapping, state=state, overruled_by=overruled_by, items=items, count=len(found.items))


# --- does it hold? ----------------------------------------------------------------------------------------------------


@dataclass
class _Decision:
    """Items of today by what was one item then, for each side; of what is present."""

    verdict: str
    a: dict[object, set[int]] = field(default_factory=lambda: defaultdict(set))
    b: dict[object, set[int]] = field(default_factory=lambda: defaultdict(set))

    @property
    def state(self) -> State:
        return self._joined() if self.verdict == "same" else self._parted()

    def _joined(self) -> State:
        then = [*self.a.values(), *self.b.values()]
        if len(then) < 2:
            return "asleep"
        now = set().union(*then)
        if len(now) == 1:
            return "holds"
        return "overruled" if len(now) >= len(then) and not _meet(self.a, self.b) else "partly"

    def _parted(self) -> State:
        if not self.a or not self.b:
            return "asleep"
        both = _meet(self.a, self.b)
        if not both:
            return "holds"
        return "overruled" if both == set().union(*self.a.values(), *self.b.values()) else "partly"


def _meet(a: Mapping[object, set[int]], b: Mapping[object, set[int]]) -> set[int]:
    return set().union(*a.values()) & set().union(*b.values())


@dataclass
class _Standing:
    """An act: its decisions, and its items in the order of their numbers."""

    decisions: dict[int, _Decision] = field(default_factory=dict)
    items: list[int] = field(default_factory=list)

    @property
    def state(self) -> State:
        states = {decision.state for decision in self.decisions.values()} or {"asleep"}
        awake = states - {"asleep"} or states
        return awake.pop() if len(awake) == 1 else "partly"

    @property
    def is_overruled(self) -> bool:
        return self.state in ("partly", "overruled")


def _standings(conn: Connection, acts: Sequence[int]) -> dict[int, _Standing]:
    """How each of these acts stands, whether it was taken back or not."""
    rows = conn.exec_driver_sql(
        "SELECT DISTINCT act.act, d.id, d.part_of, d.kind, d.verdict, dc.side, COALESCE(dc.item, dc.side) AS part,"
        " link.item_id, c.present FROM (SELECT value AS act, value AS id FROM json_each(?1) UNION ALL"
        " SELECT part_of, id FROM decision WHERE part_of IN (SELECT value FROM json_each(?1)) AND ended_by IS NULL) act"
        " JOIN decision d ON d.id = act.id JOIN decision_claim dc ON dc.decision_id = d.id"
        " JOIN account a ON a.key = dc.account_key JOIN claim c ON c.account_id = a.id AND c.kind = d.kind"
        " AND c.pid = dc.pid JOIN link ON link.claim_id = c.id ORDER BY link.item_id",
        (json.dumps(list(acts)),),
    ).all()
    kinds = {row.act: row.kind for row in rows if row.part_of is None}
    found = {act: _Standing() for act in acts}
    for row in rows:
        standing = found[row.act]
        decision = standing.decisions.setdefault(row.id, _Decision(row.verdict))
        if row.present:
            (decision.a if row.side == "a" else decision.b)[row.part].add(row.item_id)
        if row.kind == kinds.get(row.act) and row.item_id not in standing.items[-1:]:
            standing.items.append(row.item_id)
    return found


def _newer(conn: Connection, listener_id: int, acts: Iterable[int]) -> dict[int, Newer]:
    """By overruled act, the newest act of the other verdict that names both its sides, else that shares a claim."""
    rows = conn.exec_driver_sql(
        "WITH old AS (SELECT d.id, COALESCE(d.part_of, d.id) AS act, d.kind, d.verdict FROM decision d"  # noqa: S608
        " WHERE d.id IN (SELECT value FROM json_each(:acts)) OR d.part_of IN (SELECT value FROM json_each(:acts))),"
        " met AS (SELECT old.act AS old, COALESCE(n.part_of, n.id) AS new, COUNT(DISTINCT theirs.side) AS sides"
        " FROM old JOIN decision_claim mine ON mine.decision_id = old.id JOIN decision_claim theirs"
        " ON theirs.account_key = mine.account_key AND theirs.pid = mine.pid AND theirs.decision_id > old.id"
        " JOIN decision n ON n.id = theirs.decision_id AND n.kind = old.kind AND n.verdict <> old.verdict"
        " AND n.undone_at IS NULL GROUP BY old.id, n.id)"
        " SELECT met.old, d.id, d.words FROM met JOIN decision d ON d.id = met.new"
        f" WHERE {_OPEN} ORDER BY met.sides, d.id",
        {"acts": json.dumps(list(acts)), "listener": listener_id},
    )
    return {row.old: Newer(row.id, row.words) for row in rows}


# --- names ------------------------------------------------------------------------------------------------------------

_NAME = {"artist": "name", "album": "title", "recording": "title", "show": "title"}


def _names(
    conn: Connection, rows: Iterable[Row[Any]], standings: Mapping[int, _Standing], shown: int
) -> dict[int, str]:
    """Of the first items of each act. Numbers of items are those of claims: no two kinds share one."""
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        wanted[row.kind].update(standings[row.id].items[:shown])
    names: dict[int, str] = {}
    for kind, items in wanted.items():
        found = conn.exec_driver_sql(
            f"SELECT id, {_NAME[kind]} FROM {kind} WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608
            (json.dumps(sorted(items)),),
        )
        names |= {row[0]: row[1] for row in found}
    return names
