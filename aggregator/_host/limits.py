"""Who may call whom, and when: sliding windows per quota, and addresses' own "not before".

One `Limits` serves all children of a process. Two accounts with different API keys of one provider share its `key`
quota: slower than needed, never refused by the service.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aggregator.plugin import Limit

PATIENCE = 30.0
"""Seconds a child is made to wait within a run; longer waits end the run, and the account rests instead."""


@dataclass(frozen=True)
class Turn:
    """Whether a call may go out after `wait` seconds, or not in this run."""

    wait: float
    refused: bool = False


@dataclass
class Limits:
    """`clock` tells seconds since 1970."""

    clock: Callable[[], float] = time.time
    _windows: dict[tuple[str, ...], deque[float]] = field(default_factory=dict)
    _blocked: dict[int, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, provider: str, account: int, limits: Sequence[Limit]) -> Turn:
        """The next free turn under all `limits`; it is taken unless it is further away than `PATIENCE`."""
        with self._lock:
            now = self.clock()
            windows = [(limit, self._window(provider, account, limit)) for limit in limits]
            at = max([now, self._blocked.get(account, now), *(_free(window, limit) for limit, window in windows)])
            if at - now > PATIENCE:
                return Turn(at - now, refused=True)
            for _, window in windows:
                window.append(at)
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

    def _window(self, provider: str, account: int, limit: Limit) -> deque[float]:
        owner = str(account) if limit.scope == "account" else ""
        key = (provider, limit.scope, owner, str(limit.calls), str(limit.seconds))
        return self._windows.setdefault(key, deque(maxlen=limit.calls))


def _free(window: deque[float], limit: Limit) -> float:
    """When the oldest of the last `calls` turns has left the window."""
    return window[0] + limit.seconds if len(window) == limit.calls else 0.0
