"""What one run changed: what is new, what joined something there, what else became of it, what needs a listener.

Read from `run_change`, where a run notes the claims it touched. An account's first run notes none, for everything is
new then: it is told by the time in which its claims were first seen. What merged and what is in doubt is told as it is
now, after the merging that follows a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select, text

from aggregator.library import review
from aggregator.library.items.provenance import visible_accounts, words
from aggregator.library.noted import MOST
from aggregator.library.review import Pair, Wanted
from aggregator.sources.cards import Line, Run, run_of, visible_to
from aggregator.sources.differences import Difference, between, day_in_words
from aggregator.sources.diffs import ELDER, TOUCHED, Diff, diffs
from aggregator.store import Store
from aggregator.store.schema import run, run_line

KINDS = ("album", "artist", "recording", "show", "playlist", "friend", "holding")
"""In this order things are listed."""
SAID = ("added", "merged", "changed", "removed", "returned")
"""What a list of changes may be asked for; what merged is among what was added."""
SHOWN = 12
PAGE = 60
RUNS = 30


@dataclass(frozen=True)
class Change:
    """One thing a run changed. `item` None: no page shows it. `art`, `hue` as of the item."""

    claim: int
    what: str  # added | changed | removed | returned
    kind: str
    item: int | None
    title: str
    credit: str
    art: str | None
    hue: int | None
    songs: int
    """Songs of this album that the run changed in the same way; they are not listed by themselves."""
    beside: tuple[str, ...]
    """Names of other sources whose item it joined."""
    why: str
    fields: tuple[Difference, ...]
    since: bool
    """It changed again after this run, and only the newest change is kept."""


@dataclass(frozen=True)
class Changes:
    """A run and what it changed. `sizes`: how many claims by what happened and kind, of those that were noted."""

    account_id: int
    account: str
    run: Run
    first: bool
    """The first run of its kind, when everything was new."""
    sizes: Mapping[str, Mapping[str, int]]
    lists: Mapping[str, Sequence[Change]]
    more: frozenset[str]
    """Lists of which only the beginning is told."""
    after: str | None
    """Where the one list that was asked for goes on."""
    pairs: Sequence[Pair]
    """The weightiest of the `waiting` questions that it raised."""
    waiting: int
    lines: Sequence[Line] = field(default_factory=list)

    @property
    def diff(self) -> Diff:
        return Diff(sum(self.sizes.get("merged", {}).values()), self.waiting)


@dataclass(frozen=True)
class History:
    """Runs of one account, the newest first; `older`: the number to go on from."""

    account: str
    runs: Sequence[tuple[Run, Diff]]
    older: int | None


def history(store: Store, listener_id: int, account_id: int, before: int | None = None) -> History | None:
    """None where there is no such account for this listener."""
    with store.read() as conn:
        account = next((each for each in visible_to(conn, listener_id) if each.id == account_id), None)
        if account is None:
            return None
        mine = select(run).where(run.c.account_id == account_id, run.c.state.in_(("done", "failed")))
        older = mine.where(run.c.id < before) if before else mine
        found = [run_of(row) for row in conn.execute(older.order_by(run.c.id.desc()).limit(RUNS + 1))]
        told = diffs(conn, listener_id, [each.id for each in found])
    shown = found[:RUNS]
    listed = [(each, told.get(each.id, Diff())) for each in shown]
    return History(account.name, listed, shown[-1].id if len(found) > RUNS else None)


def changes(
    store: Store, listener_id: int, account_id: int, run_id: int, only: str = "", after: str = ""
) -> Changes | None:
    """A run of an account the listener sees (else None), with the beginning of each list, or a page of one of them.

    `only`: one of `SAID`; `after`: as `Changes.after` of the page before.
    """
    with store.read() as conn:
        account = next((each for each in visible_to(conn, listener_id) if each.id == account_id), None)
        row = conn.execute(select(run).where(run.c.id == run_id, run.c.account_id == account_id)).one_or_none()
        if account is None or row is None:
            return None
        seen = visible_accounts(conn, listener_id)
        first = conn.execute(text(_IS_FIRST), {"run": run_id}).scalar() == 1
        asked = {"run": run_id, "first": first, "account": account_id, "seen": json.dumps(list(seen))}
        sizes = _sizes(conn, asked)
        lists, more, goes_on = _lists(conn, asked, only, after, {number: name for number, (_, name) in seen.items()})
        wanted = Wanted(among=_touched(conn, asked))
        pairs = review.pairs(conn, listener_id, wanted, limit=SHOWN)
        waiting = review.waiting(conn, listener_id, wanted).count()
        lines = conn.execute(select(run_line).where(run_line.c.run_id == run_id).order_by(run_line.c.id.desc())).all()
    told = [Line(line.at, line.level, line.line) for line in lines]
    return Changes(account_id, account.name, run_of(row), first, sizes, lists, more, goes_on, pairs, waiting, told)


_RANK = " ".join(f"WHEN '{kind}' THEN {number}" for number, kind in enumerate(KINDS))
_IS_FIRST = (
    "SELECT NOT EXISTS (SELECT 1 FROM run_change WHERE run_id = r.id) AND NOT EXISTS (SELECT 1 FROM run b WHERE"
    " b.account_id = r.account_id AND b.what = r.what AND b.state = 'done' AND b.id < r.id)"
    " FROM run r WHERE r.id = :run"
)
_SEEN_FIRST = (
    "FROM claim c JOIN run r ON r.id = :run WHERE :first AND c.account_id = r.account_id"
    " AND c.scope LIKE r.what || ':%' AND c.first_seen BETWEEN r.started_at AND COALESCE(r.finished_at, c.first_seen)"
)
"""What records of a first run named; claims that other claims imply have no scope."""
_NOTED = (
    "WITH told AS (SELECT what, claim_id FROM run_change WHERE run_id = :run UNION ALL"  # noqa: S608
    f" SELECT * FROM (SELECT 'added', c.id {_SEEN_FIRST} ORDER BY c.id LIMIT :most)),"
    " noted AS MATERIALIZED (SELECT n.what, c.id, c.kind, c.about, n.what = 'added' AND"
    f" {ELDER} AS merged, CASE c.kind {_RANK} ELSE 9 END AS rank"
    " FROM told n JOIN claim c ON c.id = n.claim_id)"
)

_SIZES = f"{_NOTED} SELECT what, kind, COUNT(*), SUM(merged) FROM noted GROUP BY what, kind ORDER BY rank"  # noqa: S608


def _sizes(conn: Connection, asked: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    sizes: dict[str, dict[str, int]] = {}
    for what, kind, count, merged in conn.execute(text(_SIZES), {**asked, "most": -1}):
        sizes.setdefault(what, {})[kind] = count
        if merged:
            sizes.setdefault("merged", {})[kind] = merged
    return sizes


_LISTED = (
    f"{_NOTED}, listed AS (SELECT *, (SELECT COUNT(*) FROM noted song WHERE song.about = noted.id"  # noqa: S608
    " AND song.kind = 'recording' AND song.what = noted.what AND song.merged <= noted.merged) AS songs"
    " FROM noted WHERE NOT EXISTS (SELECT 1 FROM noted whole WHERE whole.id = noted.about"
    " AND (noted.kind = 'holding' OR whole.what = noted.what AND whole.merged >= noted.merged))),"
    " numbered AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY what ORDER BY rank, id) AS number FROM listed"
    " WHERE (:only = '' OR (what = :only OR :only = 'merged' AND merged)) AND (rank, id) > (:rank, :last))"
    " SELECT d.what, d.rank, d.songs, d.merged, c.*, s.payload AS subject, s.kind AS subject_kind,"
    " COALESCE(l.item_id, ls.item_id) AS item, l.evidence, COALESCE(al.art, ar.art, re.art) AS art,"
    " COALESCE(al.hue, ar.hue, re.hue) AS hue, (c.changed_at > COALESCE(r.finished_at, c.changed_at)) AS since,"
    " (SELECT json_group_array(DISTINCT o.account_id) FROM link m JOIN claim o ON o.id = m.claim_id"
    " WHERE d.merged AND m.item_id = l.item_id AND o.id < c.id AND o.account_id <> c.account_id) AS others"
    " FROM numbered d JOIN claim c ON c.id = d.id JOIN run r ON r.id = :run"
    " LEFT JOIN claim s ON c.kind = 'holding' AND s.id = c.about"
    " LEFT JOIN link l ON l.claim_id = c.id LEFT JOIN link ls ON ls.claim_id = s.id"
    " LEFT JOIN album al ON al.id = COALESCE(l.item_id, ls.item_id)"
    " LEFT JOIN artist ar ON ar.id = COALESCE(l.item_id, ls.item_id)"
    " LEFT JOIN recording re ON re.id = COALESCE(l.item_id, ls.item_id)"
    " WHERE d.number <= :limit ORDER BY d.what, d.rank, d.id"
)
"""Songs stand with their album where it shares their lot, marks with what they mark."""


def _lists(
    conn: Connection, asked: Mapping[str, Any], only: str, after: str, names: Mapping[int, str]
) -> tuple[dict[str, list[Change]], frozenset[str], str | None]:
    """The lists, which of them go on, and where the only one that was asked for does."""
    rank, _, last = after.partition("-")
    limit = PAGE if only else SHOWN
    where = {"most": MOST, "only": only, "rank": int(rank or -1), "last": int(last or 0), "limit": limit + 1}
    rows: dict[str, list[Row[Any]]] = {}
    for row in conn.execute(text(_LISTED), {**asked, **where}):
        rows.setdefault(only or row.what, []).append(row)
    more = frozenset(what for what, found in rows.items() if len(found) > limit)
    goes_on = f"{rows[only][limit - 1].rank}-{rows[only][limit - 1].id}" if only in more else None
    return {what: [_change(row, names) for row in found[:limit]] for what, found in rows.items()}, more, goes_on


def _change(row: Row[Any], names: Mapping[int, str]) -> Change:
    said = json.loads(row.subject or row.payload)
    mark = json.loads(row.payload)["how"] if row.kind == "holding" else ""
    others = sorted({names[number] for number in json.loads(row.others) if number in names})
    return Change(
        claim=row.id,
        what=row.what,
        kind=row.subject_kind or row.kind,
        item=row.item,
        title=said.get("title") or said.get("name") or "something",
        credit=_credit(said, mark),
        art=row.art,
        hue=row.hue,
        songs=row.songs,
        beside=tuple(others),
        why=words(row.evidence) if row.merged and row.evidence else "",
        fields=between(row.previous, row.payload) if row.what == "changed" else (),
        since=row.what == "changed" and bool(row.since),
    )


def _credit(said: Mapping[str, Any], mark: str) -> str:
    names = ", ".join(each["name"] for each in said.get("credits") or said.get("lineup") or ())
    day = day_in_words(said["day"]) if said.get("day") else None
    return ", ".join(filter(None, (names, day, said.get("venue", {}).get("name"), mark)))


_DOUBTED = f"SELECT c.id {_SEEN_FIRST} AND (c.id IN (SELECT a FROM unsure) OR c.id IN (SELECT b FROM unsure))"  # noqa: S608


def doubted(store: Store, listener_id: int, run_id: int) -> tuple[int, frozenset[int]] | None:
    """The account of a run that the listener sees (else None), and those of its claims that may be in doubt."""
    with store.read() as conn:
        account_id = conn.execute(select(run.c.account_id).where(run.c.id == run_id)).scalar()
        if account_id not in {each.id for each in visible_to(conn, listener_id)}:
            return None
        first = conn.execute(text(_IS_FIRST), {"run": run_id}).scalar() == 1
        return account_id, _touched(conn, {"run": run_id, "first": first})


def _touched(conn: Connection, asked: Mapping[str, Any]) -> frozenset[int]:
    said = {"runs": json.dumps([asked["run"]]), **asked}
    return frozenset(row.id for row in conn.execute(text(_DOUBTED if asked["first"] else TOUCHED), said))
