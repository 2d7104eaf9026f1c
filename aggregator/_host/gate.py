"""The one way out for provider code: two doors, one for requests and one for httpx2, with the same rules.

Every call waits for the provider's limits, ends in time, brings no more than fits in memory, and tells the steward when
the service asks for silence.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from aggregator import __version__, plugin
from aggregator._host.faults import UNNAMED_WAIT, asked_wait
from aggregator._host.limits import Limits
from aggregator.wording import duration

if TYPE_CHECKING:
    import httpx2
    import requests

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
ANSWER_SECONDS = 60.0
"""An answer is whole by then, from the name server's word to the last byte."""
ANSWER_BYTES = 64 * 1024 * 1024
MOST_REDIRECTS = 10
USER_AGENT = f"Bandstand/{__version__} ( self-hosted music library )"

T = TypeVar("T")


class Door(Protocol):
    """What a gate asks of whoever keeps the limits."""

    statuses: dict[str, int]

    def wait(self) -> None:
        """Return when a call may go out. Raises `RateLimited` when that is not in this run."""

    def refused(self, seconds: float) -> None: ...
    def hide(self, secret: str) -> None: ...
    def remember(self, url: str, status: int) -> None: ...


class Gate:
    """`aggregator.plugin.Gate`, in a child or (with `LocalDoor`) in the process of a test."""

    def __init__(self, door: Door, cache: Path | None = None, cache_key: str | None = None) -> None:
        self._door = door
        self._cache = cache
        self._cache_key = cache_key
        self._signed: set[str] = set()
        self.seconds = ANSWER_SECONDS

    def hurry(self, seconds: float) -> None:
        """Each answer has to be whole within this time, if that is less than usual."""
        self.seconds = min(ANSWER_SECONDS, seconds)

    @cached_property
    def session(self) -> requests.Session:
        from aggregator._host import gate_requests

        return gate_requests.session(self, self._door, self._cache, self._cache_key)

    @cached_property
    def transport(self) -> httpx2.BaseTransport:
        from aggregator._host import gate_httpx2

        return gate_httpx2.Transport(self, self._door)

    def json(self, url: str, **options: Any) -> Any:
        from aggregator._host import gate_requests

        return gate_requests.json(self.session, url, options)

    def sign(self, headers: Mapping[str, Any]) -> None:
        """What a call signs itself with is a secret too, though a service gave it out for an hour only."""
        word = str(headers.get("Authorization") or "").rpartition(" ")[2]
        if word and word not in self._signed:
            self._signed.add(word)
            self._door.hide(word)

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

    def hide(self, secret: str) -> None:
        """Nothing is written down."""

    def remember(self, url: str, status: int) -> None:
        self.statuses[url] = status


def LocalGate(limits: tuple[plugin.Limit, ...] = (), cache: Path | None = None) -> Gate:
    """A gate for this process alone, with real limits and timeouts."""
    return Gate(LocalDoor(limits), cache)


def watch(door: Door, status: int, headers: Mapping[str, Any]) -> None:
    """Tell the steward of a refusal, even where the client library hides it or would sleep through it."""
    wait = asked_wait(headers)
    if status == 429 or (status == 503 and wait is not None):
        door.refused(UNNAMED_WAIT if wait is None else wait)


def in_time(seconds: float, exchange: Callable[[], T]) -> T:
    """What `exchange` returns or raises. One that takes longer is left to itself, whatever it hangs in: a name server,
    a handshake, headers or a body of a byte a minute. Raises `Unavailable` then."""
    came: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            came.put((exchange(), None))
        except BaseException as error:
            came.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        answer, error = came.get(timeout=seconds)
    except queue.Empty:
        raise plugin.Unavailable(f"The service gave no whole answer within {duration(round(seconds, 1))}.") from None
    if error:
        raise error
    return answer  # type: ignore[return-value]


def whole(bites: Iterable[bytes]) -> bytes:
    """The body of an answer, unpacked; `BadData` where it is larger than any service has reason to send."""
    parts, size = [], 0
    for bite in bites:
        parts.append(bite)
        size += len(bite)
        if size > ANSWER_BYTES:
            raise plugin.BadData(f"The service sent an answer of more than {ANSWER_BYTES >> 20} MB.")
    return b"".join(parts)


def _bare(url: str) -> str:
    return url.partition("?")[0]
