"""Which provider's word on a field comes first in the whole house, and what it takes to show it.

An order is set at once and carried out by the steward, a bounded transaction at a time: what is written meanwhile
follows it already, `reached` says up to which item everything does, and a kill only delays.
"""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from aggregator.library import told
from aggregator.library.choices import Choices, in_usual_order, shown, usual_rank
from aggregator.library.fields import Field

BATCH = 500
"""Items written anew in one transaction."""

SAMPLE = 2_000
"""Items looked at to tell what an order would change; of more, so many are taken from all over the library."""
SHOWN = 5


@dataclass(frozen=True)
class Order:
    """`providers`: the first before the second; empty for the usual order. `waiting`: not all items show it yet."""

    providers: Sequence[str]
    listener: str | None
    at: int
    waiting: bool


@dataclass(frozen=True)
class Unshown:
    """Items of one kind whose rows are to be written anew; none: an order is carried out."""

    kind: str
    field: str
    items: Sequence[int]


@dataclass(frozen=True)
class Example:
    item: int
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Effect:
    """What an order would change. `about`: the number was told from a part of the library."""

    items: int
    about: bool
    examples: Sequence[Example]


def orders(conn: Connection) -> dict[tuple[str, str], Order]:
    """Orders that were set, by kind and field."""
    rows = conn.exec_driver_sql(
        "SELECT p.kind, p.field, p.providers, l.name, p.at, p.reached IS NOT NULL FROM precedence p"
        " LEFT JOIN listener l ON l.id = p.listener_id"
    )
    return {(row[0], row[1]): Order(json.loads(row[2]), row[3], row[4], bool(row[5])) for row in rows}


def usual(providers: Sequence[str]) -> list[str]:
    """Providers in the usual order: those whose word comes first, then the others by name."""
    return sorted(providers, key=lambda one: (usual_rank(one), one))


def set_order(conn: Connection, listener_id: int, kind: str, field: str, providers: Sequence[str], now: int) -> int:
    """From now on these providers' word on the field is shown in this order; none of them: the usual order. Returns the
    number by which it can be taken back."""
    made: int = conn.exec_driver_sql(
        "INSERT INTO ordering (listener_id, kind, field, providers, at) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (listener_id, kind, field, json.dumps(list(providers)), now),
    ).scalar_one()
    _hold(conn, kind, field, now)
    return made


def undo(conn: Connection, listener_id: int, ordering: int, now: int) -> None:
    """Take an order back: what was said before it holds again, unless something newer does."""
    kind, field = conn.exec_driver_sql(
        "UPDATE ordering SET undone_at = ?, undone_by = ? WHERE id = ? RETURNING kind, field",
        (now, listener_id, ordering),
    ).one()
    _hold(conn, kind, field, now)


def _hold(conn: Connection, kind: str, field: str, now: int) -> None:
    """What was said last and not taken back is the order; where that is a new one, it waits to be carried out."""
    conn.exec_driver_sql(
        "INSERT INTO precedence (kind, field, providers, listener_id, at, reached) SELECT ?1, ?2,"
        " COALESCE(said.providers, '[]'), said.listener_id, COALESCE(said.at, ?3), 0 FROM (SELECT 1) LEFT JOIN"
        " (SELECT * FROM ordering WHERE kind = ?1 AND field = ?2 AND undone_at IS NULL ORDER BY id DESC LIMIT 1) said"
        " ON 1 WHERE 1 ON CONFLICT DO UPDATE SET providers = excluded.providers, listener_id = excluded.listener_id,"
        " at = excluded.at, reached = 0",
        (kind, field, now),
    )


@dataclass(frozen=True)
class Ordered:
    """One line of the history: what was said, and what held before it (both empty: the usual order)."""

    id: int
    kind: str
    field: str
    providers: Sequence[str]
    before: Sequence[str]
    listener: str | None
    at: int
    undone_at: int | None
    undone_by: str | None
    holds: bool


def history(conn: Connection, before: int | None = None, limit: int = 50) -> list[Ordered]:
    """The newest first, those taken back among them; `before`: only older ones."""
    rows = conn.exec_driver_sql(
        "SELECT o.id, o.kind, o.field, o.providers, COALESCE((SELECT e.providers FROM ordering e WHERE e.kind = o.kind"
        " AND e.field = o.field AND e.id < o.id AND (e.undone_at IS NULL OR e.undone_at > o.at) ORDER BY e.id DESC"
        " LIMIT 1), '[]') AS before, l.name AS listener, o.at, o.undone_at, u.name AS undone_by,"
        " o.undone_at IS NULL AND NOT EXISTS (SELECT 1 FROM ordering n WHERE n.kind = o.kind AND n.field = o.field"
        " AND n.id > o.id AND n.undone_at IS NULL) AS holds FROM ordering o"
        " LEFT JOIN listener l ON l.id = o.listener_id LEFT JOIN listener u ON u.id = o.undone_by"
        " WHERE o.id < COALESCE(?, o.id + 1) ORDER BY o.id DESC LIMIT ?",
        (before, limit),
    )
    return [
        Ordered(**{**row._mapping, "providers": json.loads(row.providers), "before": json.loads(row.before)})
        for row in rows
    ]


def unshown(conn: Connection) -> Unshown | None:
    """The next items that may not show yet what was said last; None when all do."""
    row = conn.exec_driver_sql(
        "SELECT kind, field, reached FROM precedence WHERE reached IS NOT NULL ORDER BY at, kind, field"
    ).first()
    if row is None:
        return None
    items = conn.exec_driver_sql(
        f"{_CANDIDATES.format(kind=row.kind)} AND i.id > ? ORDER BY i.id LIMIT ?", (row.reached, BATCH)
    )
    return Unshown(row.kind, row.field, items.scalars().all())


def now_shown(conn: Connection, some: Unshown) -> None:
    """These items do; killed before this is committed, they come again."""
    conn.exec_driver_sql(
        "UPDATE precedence SET reached = ? WHERE kind = ? AND field = ?",
        (some.items[-1] if some.items else None, some.kind, some.field),
    )


_CANDIDATES = "SELECT i.id FROM {kind} i WHERE (SELECT MAX(claim_id) FROM link WHERE link.item_id = i.id) > i.id"
"""Items of more than one claim: of one there is nothing to choose. An item's number is that of its first claim."""


# --- what it would change ---------------------------------------------------------------------------------------------


def effect(conn: Connection, accounts: Container[int], kind: str, field: Field, providers: Sequence[str]) -> Effect:
    """How many items would show another word of these accounts, and some of them."""
    of_all, sample = _sample(conn, kind)
    now = Choices.read(conn, kind)
    then = now.with_order(field.name, providers)
    changed = []
    for item, claims in told.of_items(conn, kind, sample, now.picks).items():
        ordered = in_usual_order(kind, [claim for claim in claims if claim.account_id in accounts])
        if not ordered:
            continue
        before, after = (shown(each.face(ordered), field)[0] for each in (now, then))
        if before != after:
            changed.append(Example(item, ordered[0].name, before, after))
    share = of_all / max(1, len(sample))
    return Effect(round(len(changed) * share), share > 1, changed[:SHOWN])


def _sample(conn: Connection, kind: str) -> tuple[int, Sequence[int]]:
    """How many items could change, and at most `SAMPLE` of them, the same ones each time."""
    items = conn.exec_driver_sql(f"{_CANDIDATES.format(kind=kind)} ORDER BY i.id").scalars().all()
    step = max(1, -(-len(items) // SAMPLE))
    return len(items), items[::step]
