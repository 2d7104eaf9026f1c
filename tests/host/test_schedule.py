"""When an account's capability is read next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from aggregator._host.accounts import Account
from aggregator._host.find import Manifest
from aggregator._host.schedule import next_run

ACCOUNT = Account(1, "a", "p", "P", None, {}, None, False, True, "ready", "", None, 0)
MANIFEST = Manifest(
    id="p",
    name="P",
    capabilities=["library", "history"],
    settings={},
    every={"history": 7200},
    deadline=60,
    memory_mb=64,
)
EVENING = int(datetime(2027, 3, 1, 22, 0).timestamp())
NOON = int(datetime(2027, 3, 1, 12, 0).timestamp())
NIGHT = int(datetime(2027, 3, 2, 4, 0).timestamp())
HOUR = 3600


def ended(at: int, error: str | None = None) -> Any:
    return SimpleNamespace(finished_at=at, state="failed" if error else "done", error=error)


def when(what: str = "library", last: Any = None, **account: Any) -> int | None:
    return next_run(replace(ACCOUNT, **account), MANIFEST, what, last, hour=4)


def test_what_was_never_read_is_due() -> None:
    assert when() == 0


def test_a_capability_without_a_pause_is_read_in_the_next_night() -> None:
    assert when(last=ended(NOON)) == NIGHT
    assert when(last=ended(EVENING)) == NIGHT
    assert when(last=ended(NIGHT + 60)) == NIGHT + 24 * HOUR


def test_a_capability_with_a_pause_is_read_after_it() -> None:
    assert when("history", ended(NOON)) == NOON + 2 * HOUR


def test_a_failed_run_is_tried_again_after_a_growing_pause() -> None:
    assert when(last=ended(NOON, "Unavailable"), failures=1) == NOON + 60
    assert when(last=ended(NOON, "Unavailable"), failures=3) == NOON + 960
    assert when(last=ended(NOON, "bug"), failures=1) == NOON + 900


def test_an_account_that_was_put_right_is_due() -> None:
    assert when(last=ended(NOON, "AuthFailed")) == 0


def test_silence_that_a_service_asked_for_goes_before_everything() -> None:
    assert when("history", ended(NOON), blocked_until=NIGHT + 5) == NIGHT + 5


def test_an_account_that_waits_for_somebody_is_not_read() -> None:
    for state in ("needs the listener", "settings error", "load error"):
        assert when(state=state) is None
    assert when(enabled=False) is None
