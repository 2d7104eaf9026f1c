"""The steward's own work after accounts were read. Each is a run of its own in the queue, with progress."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from functools import partial

from sqlalchemy import Connection, select

from aggregator._host import accounts, runs
from aggregator._host.run import House
from aggregator.store.schema import dirty, precedence

Report = Callable[[int, int | None, str], None]

FOLLOWED_BY = {"merge": ("recommend", "artwork", "answers"), "answers": ("recommend",), "erase": ("recommend",)}
"""What is due once a chore is done; one that has something left comes again, after the others."""

LANES = {"merge": "deciding", "recommend": "deciding", "erase": "deciding", "artwork": "asking", "answers": "asking"}
"""Chores of one lane are done one after the other."""

REPORT_SECONDS = 0.3
"""Progress is written at most this often."""


def merge_is_due(conn: Connection) -> bool:
    """Whether claims wait for merging, or items to show whose word comes first."""
    unshown = select(precedence.c.kind).where(precedence.c.reached.is_not(None))
    return any(conn.execute(waiting.limit(1)).first() for waiting in (select(dirty.c.claim_id), unshown))


def do(house: House, queued: runs.Queued, watch: Report | None = None) -> str | None:
    """Do one chore and write down how it ended; what is due next is queued. Returns words when it failed."""
    with house.store.write() as conn:
        runs.start(conn, queued.id, int(time.time()))
    try:
        counts = _chore(queued)(house, _reporter(house, queued.id, watch))
    except Exception as error:  # one chore that fails must not stop the steward; the Sources page shows it
        words = f"{type(error).__name__}: {error}"
        with house.store.write() as conn:
            runs.fail(conn, queued.id, int(time.time()), "bug", words, "".join(traceback.format_exception(error)), {})
        return words
    now = int(time.time())
    with house.store.write() as conn:
        runs.succeed(conn, queued.id, now, counts)
        for what in _due(conn, queued.what, counts):
            runs.ask(conn, what, None, "schedule", now)
    return None


def _due(conn: Connection, what: str, counts: Mapping[str, int]) -> list[str]:
    due = list(FOLLOWED_BY.get(what, ()))
    if what != "merge" and merge_is_due(conn):
        due.append("merge")
    if counts.get("left"):
        due.append(what)
    return due


def _reporter(house: House, run_id: int, watch: Report | None) -> Report:
    """Writes progress to the run, not more often than a page asks for it."""
    last = 0.0

    def report(done: int, total: int | None = None, doing: str = "") -> None:
        nonlocal last
        if watch:
            watch(done, total, doing)
        if time.monotonic() - last > REPORT_SECONDS:
            last = time.monotonic()
            with house.store.write() as conn:
                runs.report(conn, run_id, done, total, doing)

    return report


# Imports within: each pulls in a room that the one-shot sync of unchanged files never enters.


def _merge(house: House, report: Report) -> Mapping[str, int]:
    from aggregator.library import merging

    merging.merge(house.store, lambda done, total: report(done, total, ""))
    return {}


def _recommend(house: House, report: Report, whose: int | None = None) -> Mapping[str, int]:
    """`whose`: the listener who asked for it by a word; None for everybody's, with tidying up after them."""
    from aggregator import listeners, recommendations

    people = [person for person in listeners.everyone(house.store) if whose in (None, person.id)]
    for number, person in enumerate(people):
        report(number, len(people), person.name)
        recommendations.refresh(house.store, person.id)
    if whose is not None:
        return {}
    return {"forgotten": recommendations.forget_unused(house.store, int(time.time()))}


def _erase(house: House, report: Report) -> Mapping[str, int]:
    from aggregator._host import erasing

    return erasing.erase(house, report)


def _artwork(house: House, report: Report) -> Mapping[str, int]:
    from aggregator import artwork

    return artwork.fetch(house.data, house.store, report, house.demo)


def _answers(house: House, report: Report) -> Mapping[str, int]:
    from aggregator import answers

    with house.store.write() as conn:
        answers.forget(conn, int(time.time()))
    return answers.refresh(house.store, partial(_able, house), house.warm.ask, report, budget=house.look_ups)


def _able(house: House, method: str) -> set[int]:
    """Accounts that can answer this and may be called now."""
    catalogue, now = house.catalogue(), time.time()
    with house.store.read() as conn:
        known = accounts.every(conn)
    return {
        each.id
        for each in known
        if each.enabled and each.state in ("ready", "backing off") and (each.blocked_until or 0) <= now
        if (manifest := catalogue.manifest(each.provider)) and method in manifest.methods
    }


def _chore(queued: runs.Queued) -> Callable[[House, Report], Mapping[str, int]]:
    if queued.what == "recommend":
        return partial(_recommend, whose=queued.listener_id)
    return _CHORES[queued.what]


_CHORES: dict[str, Callable[[House, Report], Mapping[str, int]]] = {
    "merge": _merge,
    "erase": _erase,
    "artwork": _artwork,
    "answers": _answers,
}
