"""One play is one listen, however many sources report it.

Reports of one listener for one recording belong together when their starts lie within the length of the song (four
minutes at least: some clients report the end) and half a minute more. A listen has one report per account; the
earliest leads it, and only leaders count. The grouping depends on the reports of an item alone.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

SLACK = 30  # seconds
LEAST = 240  # seconds


class Report(NamedTuple):
    """In order of start; ties by account and the provider's id."""

    at: int
    account_key: str
    key: str
    id: int
    listener_id: int
    claim_id: int
    seconds: float | None
    leads: bool
    listen_id: int | None
    day: int


@dataclass(slots=True)
class _Listen:
    leader: Report
    accounts: set[str]


def regroup(conn: Connection, items: Iterable[int]) -> set[int]:
    """Group the reports of these recording items anew. Returns the recording claims whose totals changed."""
    ids = json.dumps(sorted(items))
    changed: list[tuple[bool, int, int]] = []
    days: Counter[tuple[int, int]] = Counter()
    for reports, tolerance in _by_listener(conn, ids):
        for report, leader in group(reports, tolerance):
            leads = report is leader
            if (bool(report.leads), report.listen_id) != (leads, leader.id):
                changed.append((leads, leader.id, report.id))
                days[report.listener_id, report.day] += leads - bool(report.leads)
    before = _totals(conn, ids)
    if changed:
        conn.exec_driver_sql("UPDATE report SET leads = ?, listen_id = ? WHERE id = ?", changed)
    _move_days(conn, days)
    return _write_totals(conn, ids, before)


def group(reports: Sequence[Report], tolerance: float) -> Iterator[tuple[Report, Report]]:
    """Each report with the leader of its listen; `reports` are of one listener and recording, in order."""
    listens: list[_Listen] = []
    for report in reports:
        listens = [listen for listen in listens if report.at - listen.leader.at <= tolerance]
        open_to = [listen for listen in listens if report.account_key not in listen.accounts]
        if open_to:
            nearest = max(open_to, key=lambda listen: listen.leader.at)
            nearest.accounts.add(report.account_key)
            yield report, nearest.leader
        else:
            listens.append(_Listen(report, {report.account_key}))
            yield report, report


def _by_listener(conn: Connection, items: str) -> Iterator[tuple[list[Report], float]]:
    rows = conn.exec_driver_sql(
        "SELECT item_id, rec.seconds, r.at, a.key, r.key, r.id, r.listener_id, r.claim_id, r.seconds, r.leads,"
        " r.listen_id, r.at / 86400 FROM json_each(?) JOIN link ON link.item_id = value AND link.kind = 'recording'"
        " JOIN report r ON r.claim_id = link.claim_id JOIN account a ON a.id = r.account_id"
        " JOIN recording rec ON rec.id = link.item_id",
        (items,),
    )
    found: defaultdict[tuple[int, int, float], list[Report]] = defaultdict(list)
    for item, seconds, *report in rows:
        said = Report(*report)
        found[item, said.listener_id, max(seconds or 0, LEAST) + SLACK].append(said)
    for (_, _, tolerance), reports in found.items():
        yield sorted(reports), tolerance


# --- totals -----------------------------------------------------------------------------------------------------------

_CLAIMS = "SELECT claim_id FROM json_each(?) JOIN link ON link.item_id = value AND link.kind = 'recording'"


def _totals(conn: Connection, items: str) -> dict[tuple[int, int], tuple[int, ...]]:
    rows = conn.exec_driver_sql(
        "SELECT listener_id, claim_id, plays, seconds, first_at, last_at FROM play_total"  # noqa: S608
        f" WHERE claim_id IN ({_CLAIMS})",
        (items,),
    )
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


def _write_totals(conn: Connection, items: str, before: dict[tuple[int, int], tuple[int, ...]]) -> set[int]:
    rows = conn.exec_driver_sql(
        "SELECT r.listener_id, r.claim_id, COUNT(*), CAST(SUM(COALESCE(r.seconds, rec.seconds, 0)) AS INTEGER),"
        " MIN(r.at), MAX(r.at) FROM json_each(?) JOIN link ON link.item_id = value AND link.kind = 'recording'"
        " JOIN report r ON r.claim_id = link.claim_id AND r.leads JOIN recording rec ON rec.id = link.item_id"
        " GROUP BY r.listener_id, r.claim_id",
        (items,),
    )
    after = {(row[0], row[1]): tuple(row[2:]) for row in rows}
    gone = sorted(before.keys() - after.keys())
    new = [(*key, *total) for key, total in after.items() if before.get(key) != total]
    if gone:
        conn.exec_driver_sql("DELETE FROM play_total WHERE listener_id = ? AND claim_id = ?", gone)
    if new:
        conn.exec_driver_sql(
            "INSERT OR REPLACE INTO play_total (listener_id, claim_id, plays, seconds, first_at, last_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            new,
        )
    return {claim for _, claim in gone} | {row[1] for row in new}


def _move_days(conn: Connection, days: Counter[tuple[int, int]]) -> None:
    rows = [(listener, day, plays) for (listener, day), plays in days.items() if plays]
    if rows:
        conn.exec_driver_sql(
            "INSERT INTO play_day (listener_id, day, plays) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET plays = plays + excluded.plays",
            rows,
        )
        conn.exec_driver_sql("DELETE FROM play_day WHERE plays = 0")
