"""What a run changed, claim by claim: table `run_change`, written with the change itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

MOST = 1_000
"""Claims noted of one run; a page shows no more, and the run's counts tell the rest."""


class Noted:
    """Notes what one run adds, changes, removes and brings back.

    Of an account's first run of a capability nothing is noted: everything is new then. Nor is anything without a run.
    """

    def __init__(self, conn: Connection, run_id: int | None) -> None:
        self._run_id = run_id
        earlier = conn.exec_driver_sql(
            "SELECT 1 FROM run JOIN run before ON before.account_id = run.account_id AND before.what = run.what"
            " AND before.id < run.id AND before.state = 'done' WHERE run.id = ? LIMIT 1",
            (run_id,),
        )
        self._room = MOST if earlier.first() else 0

    def write(self, conn: Connection, told: Mapping[str, Sequence[int]]) -> None:
        """`told`: claims by what became of them (added, changed, removed, returned). A claim is noted once: what went
        from one part of the answer and came in another has returned."""
        rows = [(self._run_id, claim, what) for what, claims in told.items() for claim in claims][: self._room]
        if rows:
            conn.exec_driver_sql(
                "INSERT INTO run_change (run_id, claim_id, what) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET what = excluded.what WHERE what = 'removed'",
                rows,
            )
            self._room -= len(rows)
