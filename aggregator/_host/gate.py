"""The one way out for provider code: two doors, one for requests and one for httpx2, with the same rules.

Every call waits for the provider's limits, has a timeout, and tells the steward when the service asks for silence.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from aggregator import __version__, plugin
from aggregator._host.limits import Limits

if TYPE_CHECKING:
    import httpx2
    import requests

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
USER_AGENT = f"Bandstand/{__version__} ( self-hosted music library )"
UNNAMED_WAIT = 60.0
"""Seconds of silence after a 429 that names no time."""


class Door(Protocol):
    """What a gate asks of whoever keeps the limits."""

    statuses: dict[str, int]

    def wait(self) -> None:
        """Return when a call may go out. Raises `RateLimited` when that is not in this run."""

    def refused(self, seconds: float) -> None: ...
    def remember(self, url: str, status: int) -> None: ...


class Gate:
    """`aggregator.plugin.Gate`, in a child or (with `LocalDoor`) in the process of a test."""

    def __init__(self, door: Door, cache: Path | None = None) -> None:
        self._door = door
        self._cache = cache

    @cached_property
    def session(self) -> requests.Session:
        from aggregator._host import gate_requests

        return gate_requests.session(self._door, self._cache)

    @cached_property
    def transport(self) -> httpx2.BaseTransport:
        from aggregator._host import gate_httpx2

        return gate_httpx2.Transport(self._door)

    def json(self, url: str, **options: Any) -> Any:
        from aggregator._host import gate_requests

        return gate_requests.json(self.session, url, options)

    def remember(self, url: str, status: int) -> None:
        self._door.remember(_bare(url), status)

    def remembered(self, url: str) -> int | None:
        return self._door.statuses.get(_bare(url))


class LocalDoor:
    """Keeps the limits itself: for trying a provider without a host."""

    def __init__(self, limits: tuple[plugin.Limit, ...] = ()) -> None:
        self._limits = limits
        self._turns = Limits()
        self.statuses: dict[str, int] = {}

    def wait(self) -> None:
        turn = self._turns.take("local", 0, self._limits)
        if turn.refused:
            raise plugin.RateLimited("The service asked for a pause.", turn.wait)
        time.sleep(turn.wait)

    def refused(self, seconds: float) -> None:
        self._turns.block(0, seconds)

    def remember(self, url: str, status: int) -> None:
        self.statuses[url] = status


def LocalGate(limits: tuple[plugin.Limit, ...] = (), cache: Path | None = None) -> Gate:
    """A gate for this process alone, with real limits and timeouts."""
    return Gate(LocalDoor(limits), cache)


def watch(door: Door, status: int, headers: Mapping[str, Any]) -> None:
    """Tell the steward of a refusal, even where the client library hides it or would sleep through it."""
    if status == 429 or (status == 503 and "Retry-After" in headers):
        door.refused(retry_after(headers.get("Retry-After") or headers.get("X-RateLimit-Reset-In")))


def retry_after(value: str | None) -> float:
    """Seconds, from a Retry-After header (RFC 9110: a number or a date) or from X-RateLimit-Reset-In (a number)."""
    if not value:
        return UNNAMED_WAIT
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return UNNAMED_WAIT


def _bare(url: str) -> str:
    return url.partition("?")[0]
