"""The process that runs provider code: ``python -m aggregator._host.child FD``.

It takes orders from the host over the socket FD and never opens the database. Orders, each answered by exactly one of
``end``, ``answer`` or ``error``:

manifest  describe the providers in a file
open      make the provider of one account ready (secrets come with this order, never by argv or environment)
run       stream one capability's records, at most `WINDOW` unacknowledged batches ahead of the host's commits
call      answer one live question

What the plugin prints goes to stdout and stderr, which the host reads as log lines. When the host goes, so does this.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, MutableMapping
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from aggregator import plugin
from aggregator._host import faults, frames, load
from aggregator._host.gate import Gate
from aggregator._host.outside import stay_outside
from aggregator._host.settings import misfit
from aggregator._host.stream import YIELDS, Stream
from aggregator.plugin import Area, Artist, Friend, Provider, ProviderError, Record

WINDOW = 4
"""Batches that may wait for the host's commit."""
MOST_LINES = 1000
"""Log lines that leave in one order; the host keeps fewer."""
MOST_ANSWERS = 1000
"""Items that are taken of a live answer."""
LONGEST_WORDS = 4_000
LONGEST_TRACEBACK = 20_000
"""Characters that leave; the host keeps fewer, once it has taken the secrets out."""
MEMORY_AT_IMPORT = 1024
"""Megabytes for a plugin that has not said yet how many it needs."""
SHARE_OF_TIME = 0.5
"""No answer of a service may take more of the time for an order: `Unavailable` says more than being stopped."""

SNAPSHOTS = ("library", "shows", "friends")
_KINDS = ("AuthFailed", "RateLimited", "Unavailable", "BadData", "ProviderError")


class Host:
    """The child's view of the host: orders come in, records, questions and log lines go out."""

    def __init__(self, pipe: frames.Pipe) -> None:
        self._pipe = pipe
        self._asking = threading.Lock()
        self._replies: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._window = threading.Semaphore(WINDOW)
        self.orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def listen(self) -> None:
        """Sort what comes in, for ever; the end of the pipe is the end of this process."""
        while frame := self._pipe.receive():
            message = json.loads(frame[1])
            match message["is"]:
                case "ack":
                    self._window.release()
                case "reply":
                    self._replies.put(message)
                case _:
                    self.orders.put(message)
        os._exit(0)

    def send(self, kind: str, **fields: Any) -> None:
        self._pipe.send({"is": kind, **fields})

    def ask(self, question: str, **fields: Any) -> dict[str, Any]:
        with self._asking:
            self.send(question, **fields)
            return self._replies.get()

    def send_record(self, body: bytes) -> None:
        self._pipe.send_record(body)

    def send_batch(self, changes: dict[str, Any]) -> None:
        """The records sent so far may be committed, with the state that belongs to them; waits while the window is
        full."""
        self._window.acquire()
        try:
            self.send("batch", state=changes)
        except TypeError as error:
            raise TypeError(f"self.state holds something that is not JSON: {error}") from None


class State(MutableMapping[str, Any]):
    """`Provider.state`: remembers which keys were assigned or deleted since they were last handed over."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._touched: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._values[key] = value
        self._touched.add(key)

    def __delitem__(self, key: str) -> None:
        del self._values[key]
        self._touched.add(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def changes(self) -> dict[str, Any]:
        """Keys with their new values, None for deleted ones; each change is told once."""
        told = {key: self._values.get(key) for key in self._touched}
        self._touched.clear()
        return told


class _LinesToHost(logging.Handler):
    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._left = MOST_LINES

    def emit(self, record: logging.LogRecord) -> None:
        self._left -= 1
        if self._left >= 0:
            level = "error" if record.levelno >= logging.ERROR else record.levelname.lower()
            self._host.send("log", level=level, line=self.format(record)[:LONGEST_TRACEBACK])


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    _be_the_first_to_go()
    pipe = frames.Pipe(socket.socket(fileno=int(sys.argv[1])))
    host = Host(pipe)
    threading.Thread(target=host.listen, daemon=True).start()
    worker = Worker(host)
    while True:
        order = host.orders.get()
        try:
            worker.obey(order)
        except BaseException as error:
            host.send("error", **_describe(error))


class Worker:
    """Obeys one order after the other with the provider of one account."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._provider: Provider | None = None
        self._gate: Gate | None = None
        self._state = State({})

    def obey(self, order: dict[str, Any]) -> None:
        if self._gate:
            self._gate.hurry(order["seconds"] * SHARE_OF_TIME)
        match order["is"]:
            case "manifest":
                _limit_memory(MEMORY_AT_IMPORT)
                described = [load.manifest(cls) for cls in load.classes(order["target"])]
                self._host.send("answer", items=described)
            case "open":
                self._open(order)
                self._host.send("end", state={})
            case "run":
                self._run(order)
                self._host.send("end", state=self._state.changes())
            case "call":
                items = self._call(order["method"], order["argument"])
                self._host.send("answer", items=items, state=self._state.changes())

    def _open(self, order: dict[str, Any]) -> None:
        _limit_memory(order["memory_mb"])
        cls = load.pick(order["target"], order["provider"])
        if (cls.public_only or order.get("public_only")) and not order.get("private"):
            stay_outside()
        provider = cls()
        provider.settings = _settings(cls, order["settings"])
        provider.http = self._gate = _gate(_Door(self._host, order.get("remembered") or {}), order)
        self._state = State(order.get("state") or {})
        provider.state = self._state
        provider.safe = _Safe(self._host)
        provider.log = _log(self._host)
        self._provider = provider

    def _run(self, order: dict[str, Any]) -> None:
        capability = order["capability"]
        stream = Stream(self._host, self._state, YIELDS[capability])
        try:
            stream.take(_records(self._provider, capability, order))
            if capability in SNAPSHOTS:
                stream.close()
        finally:  # what came before an error is kept
            self._host.send_batch(self._state.changes())

    def _call(self, method: str, argument: Any) -> Any:
        provider: Any = self._provider
        match method:
            case "begin" | "finish":
                return _looked_at(method, getattr(provider, method)(**argument))
            case "search" | "tag_artists":
                answer = getattr(provider, method)(argument)
            case "chart":
                answer = provider.chart()
            case "listeners":
                known = provider.listeners(Artist.model_validate(argument))
                answer = [] if known is None else [known]
            case "top_artists" | "top_albums":
                answer = getattr(provider, method)(Friend.model_validate(argument))
            case "previews":
                answer = provider.previews(frames.ONE.validate_python(argument))
            case _:
                answer = getattr(provider, method)(Artist.model_validate(argument))
        if not isinstance(answer, Iterable):
            raise TypeError(f"{method}() gave {type(answer).__name__} where it should give a list")
        return _looked_at(method, list(islice(answer, MOST_ANSWERS)))


def _looked_at(method: str, answer: Any) -> Any:
    """A live answer as JSON values. Raises TypeError where it is not what the contract says."""
    shape = frames.live(method)
    try:
        return shape.dump_python(shape.validate_python(answer), mode="json", exclude_none=True)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the answer"
        raise TypeError(f"{method}() gave something else than it should: {place}: {problem['msg']}") from None


class _SettingsRefused(Exception):
    """The settings do not fit the provider's own model; `fields` holds a sentence by field."""

    def __init__(self, cls: type[Provider], error: ValidationError) -> None:
        problems = error.errors(include_url=False, include_input=False)
        known = list(cls.Settings.model_fields)
        self.fields = {str(p["loc"][0]) if p["loc"] else "": misfit(p, cls.name, known) for p in problems}
        super().__init__(" ".join(self.fields.values()))


def _settings(cls: type[Provider], values: dict[str, Any]) -> Any:
    try:
        return cls.Settings.model_validate(values)
    except ValidationError as error:
        raise _SettingsRefused(cls, error) from None


class _Door:
    """The gate's way to the steward; see `gate.Door`."""

    def __init__(self, host: Host, remembered: dict[str, int]) -> None:
        self._host = host
        self.statuses = remembered

    def wait(self) -> None:
        reply = self._host.ask("pass")
        if reply["refused"]:
            raise plugin.RateLimited(reply["words"], reply["wait"])
        time.sleep(reply["wait"])

    def refused(self, seconds: float) -> None:
        self._host.send("refused", seconds=seconds)

    def hide(self, secret: str) -> None:
        self._host.send("hide", secret=secret)

    def remember(self, url: str, status: int) -> None:
        self.statuses[url] = status
        self._host.send("remember", url=url, status=status)


def _gate(door: _Door, order: dict[str, Any]) -> Gate:
    if how := order.get("tape"):
        from aggregator.contract import tape

        return tape.gate(door, how)
    return Gate(door, Path(order["cache"]) if order.get("cache") else None, order.get("cache_key"))


class _Safe:
    """`plugin.Safe`, kept by the host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def get(self, name: str) -> str | None:
        value: str | None = self._host.ask("secret", name=name)["value"]
        return value

    def put(self, name: str, value: str) -> None:
        self._host.ask("keep secret", name=name, value=value)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        if not self._host.ask("alone")["granted"]:
            raise plugin.Unavailable("Another run of this account has been renewing its credentials for too long.")
        try:
            yield
        finally:
            self._host.ask("not alone")


def _records(provider: Any, capability: str, order: dict[str, Any]) -> Iterable[Record]:
    match capability:
        case "history":
            records = provider.plays(order["cursor"])
        case "shows":
            artists = [Artist.model_validate(artist) for artist in order["artists"]]
            records = provider.shows(artists, Area.model_validate(order["area"]))
        case _:
            records = getattr(provider, capability)()
    if not isinstance(records, Iterable):
        raise TypeError(f"gave {type(records).__name__} where it should yield records")
    return records


def _log(host: Host) -> logging.Logger:
    log = logging.getLogger("bandstand.provider")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers = [_LinesToHost(host)]
    return log


def _be_the_first_to_go() -> None:
    """Where memory runs out, the kernel shall end this process and not the server. A crash writes no core file: it
    would hold secrets."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # there is no such file outside Linux
        Path("/proc/self/oom_score_adj").write_text("800")


def _limit_memory(megabytes: int) -> None:
    import resource

    size = megabytes * 1024 * 1024
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    if most != resource.RLIM_INFINITY:
        size = min(size, most)
    resource.setrlimit(resource.RLIMIT_DATA, (size, most))  # the most stays: another order may allow more


def _describe(error: BaseException) -> dict[str, Any]:
    """An error in the shape of the `error` message; anything unexpected is a bug of the provider."""
    if isinstance(error, _SettingsRefused):
        return {"error": "settings", "words": str(error), "fields": error.fields}
    known = error if isinstance(error, ProviderError | load.Refused) else faults.named(error)
    shown: dict[str, Any] = {"error": _kind(known), "words": _bounded(_said(known) if known else _blamed(error))}
    shown["traceback"] = _traceback(error)
    if isinstance(known, plugin.RateLimited):
        shown["retry_after"] = faults.seconds(known.retry_after)
    return shown


def _kind(known: BaseException | None) -> str:
    if isinstance(known, ProviderError):
        return next(cls.__name__ for cls in type(known).__mro__ if cls.__name__ in _KINDS)
    return "load" if known else "bug"


def _blamed(error: BaseException) -> str:
    """What is said of an error that the provider should not have let through."""
    match error:
        case MemoryError():
            import resource

            allowed = resource.getrlimit(resource.RLIMIT_DATA)[0] >> 20
            return f"It asked for more memory than the {allowed:,} MB it may use."
        case SystemExit():
            return "It called sys.exit() in the middle of the work."
        case KeyboardInterrupt():
            return "It raised KeyboardInterrupt in the middle of the work."
    return f"{type(error).__name__}: {_said(error)}".strip(": ")


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as worse:
        return f"(its message cannot be read: {type(worse).__name__})"


def _bounded(words: str) -> str:
    return words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}…"


def _traceback(error: BaseException) -> str:
    """The end of it, where the cause is."""
    try:
        return "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
    except Exception as worse:
        return f"(it cannot be shown: {type(worse).__name__})"


if __name__ == "__main__":
    main()
