"""The queue of work and its history: table `run`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from aggregator.store.schema import account, run, run_line

KEPT_LINES = 20
"""Runs per account whose log lines are kept."""
KEPT_SECONDS = 60 * 86400
"""How long runs stay in the history."""


@dataclass(frozen=True)
class Queued:
    """`account_id` None: the steward's own work. `listener_id`: for whom it is done, None for everybody."""

    id: int
    account_id: int | None
    what: str
    queued_at: int = 0
    listener_id: int | None = None


def ask(
    conn: Connection, what: str, account_id: int | None, asked_by: str, now: int, listener_id: int | None = None
) -> int:
    """Queue a run, or find the one that already waits. Returns its id. `listener_id`: for them alone."""
    mine = run.c.account_id.is_(None) if account_id is None else run.c.account_id == account_id
    whose = run.c.listener_id.is_(None) if listener_id is None else run.c.listener_id == listener_id
    waiting = conn.execute(select(run.c.id).where(mine, whose, run.c.what == what, run.c.state == "queued")).scalar()
    if waiting is not None:
        return int(waiting)
    row = {"account_id": account_id, "what": what, "state": "queued", "asked_by": asked_by, "queued_at": now}
    row["listener_id"] = listener_id
    inserted = conn.execute(insert(run).values(row)).inserted_primary_key
    assert inserted is not None
    return int(inserted[0])


def waiting(conn: Connection) -> list[Queued]:
    """Queued runs, oldest first."""
    columns = (run.c.id, run.c.account_id, run.c.what, run.c.queued_at, run.c.listener_id)
    query = select(*columns).where(run.c.state == "queued")
    return [Queued(*row) for row in conn.execute(query.order_by(run.c.id))]


def start(conn: Connection, run_id: int, now: int) -> None:
    _set(conn, run_id, state="running", started_at=now)


def report(conn: Connection, run_id: int, done: int, total: int | None, doing: str) -> None:
    """How far it is; `total` None when the end is not known."""
    _set(conn, run_id, done=done, total=total, doing=doing)


def succeed(conn: Connection, run_id: int, now: int, counts: Mapping[str, int], complete: bool = True) -> None:
    _set(conn, run_id, state="done", finished_at=now, doing="", counts=json.dumps(counts), complete=complete)


def fail(
    conn: Connection, run_id: int, now: int, error: str, words: str, traceback: str | None, counts: Mapping[str, int]
) -> None:
    found = {"error": error, "error_words": words, "traceback": traceback, "counts": json.dumps(counts)}
    _set(conn, run_id, state="failed", finished_at=now, doing="", **found)


def give_up(conn: Connection, account_id: int, now: int, error: str, words: str) -> None:
    """What waits for an account that cannot be read until somebody does something ends as its last run did."""
    mine = (run.c.account_id == account_id, run.c.state == "queued")
    ended = {"state": "failed", "started_at": now, "finished_at": now, "error": error, "error_words": words}
    conn.execute(update(run).where(*mine).values(**ended))


def lines(conn: Connection, run_id: int, entries: Iterable[tuple[int, str, str]]) -> None:
    """Keep log lines as (when, level, line)."""
    rows = [{"run_id": run_id, "at": at, "level": level, "line": line} for at, level, line in entries]
    if rows:
        conn.execute(insert(run_line), rows)


def recover(conn: Connection, now: int) -> int:
    """Mark what a kill left running as failed, and ask for it again. Returns how many there were."""
    columns = (run.c.id, run.c.account_id, run.c.what, run.c.listener_id)
    cut = conn.execute(select(*columns).where(run.c.state == "running")).all()
    for run_id, account_id, what, listener_id in cut:
        words = "Bandstand was stopped during this run. What it had read is kept; it starts again by itself."
        fail(conn, run_id, now, "stopped", words, None, {})
        ask(conn, what, account_id, "start", now, listener_id)
    return len(cut)


Key = tuple[int, str]
"""Account and capability."""


def ended(conn: Connection) -> dict[Key, Any]:
    """The newest run that ended, of each account's capabilities."""
    mine = run.c.account_id.is_not(None)
    newest = select(func.max(run.c.id)).where(mine, run.c.state.in_(("done", "failed")))
    query = select(run).where(run.c.id.in_(newest.group_by(run.c.account_id, run.c.what)))
    return {(row.account_id, row.what): row for row in conn.execute(query)}


def busy(conn: Connection) -> dict[Key, Any]:
    """Runs of accounts that wait or work; where one works and the next waits, the one that works."""
    query = select(run).where(run.c.account_id.is_not(None), run.c.state.in_(("queued", "running")))
    return {(row.account_id, row.what): row for row in conn.execute(query.order_by(run.c.state))}


def forget_old_lines(conn: Connection, account_id: int) -> None:
    mine = run.c.account_id == account_id
    newest_old = select(run.c.id).where(mine).order_by(run.c.id.desc()).offset(KEPT_LINES).limit(1)
    limit = conn.execute(newest_old).scalar()
    if limit is not None:
        old = select(run.c.id).where(mine, run.c.id <= limit)
        conn.execute(delete(run_line).where(run_line.c.run_id.in_(old)))


def forget_old(conn: Connection, now: int) -> None:
    """Drop runs that ended long ago, but never the newest of its kind."""
    newest = select(func.max(run.c.id)).group_by(run.c.account_id, run.c.what)
    conn.execute(delete(run).where(run.c.finished_at < now - KEPT_SECONDS, run.c.id.not_in(newest)))


def find(conn: Connection, run_ids: Iterable[int]) -> list[Any]:
    """Runs with the key and name of their account (None for the steward's own)."""
    joined = run.outerjoin(account, account.c.id == run.c.account_id)
    query = select(run, account.c.key.label("account_key"), account.c.name.label("account_name")).select_from(joined)
    return list(conn.execute(query.where(run.c.id.in_(list(run_ids))).order_by(run.c.id)))


def _set(conn: Connection, run_id: int, **values: Any) -> None:
    conn.execute(update(run).where(run.c.id == run_id).values(**values))
