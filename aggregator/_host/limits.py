"""Who may call whom, and when: windows per quota, and accounts' own "not before".

One `Limits` serves all children of a process. A quota is counted once for all accounts that share what it is counted
by: the address (all of a provider), the API key, or the account. Short windows slide and live in memory. Windows of an
hour or more begin with their first call and live in a ledger, so that a restart does not forget them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aggregator.plugin import Limit

PATIENCE = 30.0
"""Seconds a child is made to wait within a run; longer waits end the run, and the account rests instead."""
LONG_SECONDS = 3600.0
"""Windows of this length and longer are kept in the ledger."""


@dataclass(frozen=True)
class Turn:
    """Whether a call may go out after `wait` seconds, or not in this run."""

    wait: float
    refused: bool = False


class Ledger(Protocol):
    """Keeps long windows: their start (seconds since 1970) and the calls since."""

    def window(self, name: str, seconds: float) -> tuple[float, int]:
        """Zeros where there is none yet."""

    def keep(self, name: str, seconds: float, since: float, used: int) -> None: ...


class InMemory:
    """A ledger for whoever keeps none."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, float], tuple[float, int]] = {}

    def window(self, name: str, seconds: float) -> tuple[float, int]:
        return self._windows.get((name, seconds), (0.0, 0))

    def keep(self, name: str, seconds: float, since: float, used: int) -> None:
        self._windows[name, seconds] = since, used


@dataclass
class Limits:
    """`clock` tells seconds since 1970."""

    clock: Callable[[], float] = time.time
    ledger: Ledger = field(default_factory=InMemory)
    _windows: dict[tuple[str, int, float], deque[float]] = field(default_factory=dict)
    _blocked: dict[int, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, provider: str, account: int, limits: Sequence[Limit], key: str = "") -> Turn:
        """The next free turn under all `limits`; it is taken unless it is further away than `PATIENCE`.

        `key` stands for the API key of the account.
        """
        with self._lock:
            now = self.clock()
            windows = [self._window(counted(provider, account, limit, key), limit, now) for limit in limits]
            at = max([now, self._blocked.get(account, now), *(window.free() for window in windows)])
            if at - now > PATIENCE:
                return Turn(at - now, refused=True)
            for window in windows:
                window.take(at)
            return Turn(at - now)

    def block(self, account: int, seconds: float) -> None:
        """The service asked for silence; a shorter wish never cuts a longer one."""
        with self._lock:
            self._blocked[account] = max(self._blocked.get(account, 0.0), self.clock() + seconds)

    def blocked_until(self, account: int) -> float | None:
        """Seconds since 1970; None when the account is free."""
        with self._lock:
            until = self._blocked.get(account, 0.0)
            return until if until > self.clock() else None

    def _window(self, name: str, limit: Limit, now: float) -> _Short | _Long:
        if limit.seconds >= LONG_SECONDS:
            return _Long(self.ledger, name, limit, now)
        calls = self._windows.setdefault((name, limit.calls, limit.seconds), deque(maxlen=limit.calls))
        return _Short(calls, limit)


def counted(provider: str, account: int, limit: Limit, key: str) -> str:
    """Whom the service counts."""
    who = {"address": "", "key": key, "account": str(account)}[limit.scope]
    return f"{provider} {limit.scope} {who}".rstrip()


@dataclass(frozen=True)
class _Short:
    calls: deque[float]
    limit: Limit

    def free(self) -> float:
        """When the oldest of the last `calls` turns has left the window."""
        return self.calls[0] + self.limit.seconds if len(self.calls) == self.limit.calls else 0.0

    def take(self, at: float) -> None:
        self.calls.append(at)


@dataclass(frozen=True)
class _Long:
    ledger: Ledger
    name: str
    limit: Limit
    now: float

    def free(self) -> float:
        since, used = open_window(*self.ledger.window(self.name, self.limit.seconds), self.limit.seconds, self.now)
        return since + self.limit.seconds if used >= self.limit.calls else 0.0

    def take(self, at: float) -> None:
        since, used = open_window(*self.ledger.window(self.name, self.limit.seconds), self.limit.seconds, at)
        self.ledger.keep(self.name, self.limit.seconds, since, used + 1)


def open_window(since: float, used: int, seconds: float, now: float) -> tuple[float, int]:
    """The window that holds `now`: this one, or a new one. One from the future was begun by a clock that went wrong."""
    return (since, used) if since <= now < since + seconds else (now, 0)
