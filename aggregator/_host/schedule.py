"""When an account's capability is read next."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from aggregator._host import states
from aggregator._host.accounts import Account
from aggregator._host.find import Manifest

WAITING = ("needs the listener", "settings error", "load error", "disabled")
"""States in which nothing is read by itself."""

MENDED = ("AuthFailed", "settings", "load")
"""Errors that end only by somebody's doing: an account in no waiting state has been put right since."""


def next_run(account: Account, manifest: Manifest, what: str, last: Any | None, hour: int) -> int | None:
    """Seconds since 1970, in the past when overdue; None while the account waits for somebody.

    `last` is the newest run that ended, a row of table `run`.
    """
    if not account.enabled or account.state in WAITING:
        return None
    if last is None or last.error in MENDED:
        at = 0
    elif last.state == "failed":
        at = int(last.finished_at) + states.pause(last.error, max(1, account.failures))
    else:
        at = _after_success(last.finished_at, manifest.every.get(what), hour)
    return max(at, account.blocked_until or 0)


def _after_success(finished: int, every: float | None, hour: int) -> int:
    if every is not None:
        return round(finished + every)
    last = datetime.fromtimestamp(finished)  # the machine's zone: the night is the listener's
    night = last.replace(hour=hour, minute=0, second=0, microsecond=0)
    return round(time.mktime((night if night > last else night + timedelta(days=1)).timetuple()))
