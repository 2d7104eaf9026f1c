"""Asking the steward to make one listener's stored list anew, at once."""

from __future__ import annotations

import time

from sqlalchemy import Connection

from aggregator._host import control, runs
from aggregator.store import Store


def make_anew(store: Store, listener_id: int) -> None:
    with store.write() as conn:
        ask(conn, listener_id)
    control.wake(store.folder)


def ask(conn: Connection, listener_id: int) -> None:
    """As `make_anew`, inside a transaction that is open: wake the steward after it."""
    runs.ask(conn, "recommend", None, "listener", int(time.time()), listener_id)
