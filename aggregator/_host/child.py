"""The process that runs provider code: ``python -m aggregator._host.child FD``.

It takes orders from the host over the socket FD and never opens the database. Orders, each answered by exactly one of
``end``, ``answer`` or ``error``:

manifest  describe the providers in a file
open      make the provider of one account ready (secrets come with this order, never by argv or environment)
run       stream one capability's records, at most `WINDOW` unacknowledged batches ahead of the host
call      answer one live question

What the plugin prints goes to stdout and stderr, which the host reads as log lines. When the host goes, so does this.
"""

from __future__ import annotations

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
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from aggregator import plugin
from aggregator._host import frames, load
from aggregator._host.settings import misfit
from aggregator.plugin import Area, Artist, Complete, Friend, Provider, ProviderError, Record

WINDOW = 4
"""Batches that may wait for the host's commit."""
BATCH_ROWS = 1000
BATCH_SECONDS = 0.25
"""A batch leaves when it is full or this old, so that progress is seen."""

SNAPSHOTS = ("library", "shows", "friends")

_ANSWER: TypeAdapter[list[Any]] = TypeAdapter(list[Any])
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

    def send_batch(self, batch: list[Record], changes: dict[str, Any]) -> None:
        """Hand over records with the state that belongs to them; waits while the window is full."""
        self._window.acquire()
        if changes:
            self.send("state", changes=changes)
        self._pipe.send_records(frames.BATCH.dump_json(batch, exclude_none=True))  # type: ignore[arg-type]


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

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else record.levelname.lower()
        self._host.send("log", level=level, line=self.format(record))


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
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
        self._state = State({})

    def obey(self, order: dict[str, Any]) -> None:
        match order["is"]:
            case "manifest":
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
        from aggregator._host.gate import Gate

        _limit_memory(order["memory_mb"])
        cls = load.pick(order["target"], order["provider"])
        provider = cls()
        provider.settings = _settings(cls, order["settings"])
        provider.http = Gate(_Door(self._host, order["remembered"]), Path(order["cache"]) if order["cache"] else None)
        self._state = State(order["state"])
        provider.state = self._state
        provider.safe = _Safe(self._host)
        provider.log = _log(self._host)
        self._provider = provider

    def _run(self, order: dict[str, Any]) -> None:
        capability = order["capability"]
        records = _records(self._provider, capability, order)
        self._stream(records)
        if capability in SNAPSHOTS:
            self._host.send_batch([Complete()], self._state.changes())

    def _stream(self, records: Iterable[Record]) -> None:
        batch: list[Record] = []
        sent = time.monotonic()
        try:
            for record in records:
                if not isinstance(record, Record):
                    raise TypeError(f"yielded {type(record).__name__}, which is no record")
                batch.append(record)
                if len(batch) >= BATCH_ROWS or time.monotonic() - sent > BATCH_SECONDS:
                    self._host.send_batch(batch, self._state.changes())
                    batch, sent = [], time.monotonic()
        finally:  # what came before an error is kept
            if batch:
                self._host.send_batch(batch, self._state.changes())

    def _call(self, method: str, argument: Any) -> Any:
        provider: Any = self._provider
        match method:
            case "begin" | "finish":
                return getattr(provider, method)(**argument)
            case "search":
                answer = provider.search(argument)
            case "top_artists":
                answer = provider.top_artists(Friend.model_validate(argument))
            case _:
                answer = getattr(provider, method)(Artist.model_validate(argument))
        return _ANSWER.dump_python(list(answer), mode="json", exclude_none=True)


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

    def remember(self, url: str, status: int) -> None:
        self.statuses[url] = status
        self._host.send("remember", url=url, status=status)


class _Safe:
    """`plugin.Safe`, kept by the host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def get(self, name: str) -> str | None:
        value: str | None = self._host.ask("secret", name=name)["value"]
        return value

    def put(self, name: str, value: str) -> None:
        self._host.ask("keep secret", name=name, value=value)


def _records(provider: Any, capability: str, order: dict[str, Any]) -> Iterable[Record]:
    match capability:
        case "history":
            records = provider.plays(order["cursor"])
        case "shows":
            artists = [Artist.model_validate(artist) for artist in order["artists"]]
            records = provider.shows(artists, Area.model_validate(order["area"]))
        case _:
            records = getattr(provider, capability)()
    return records or ()


def _log(host: Host) -> logging.Logger:
    log = logging.getLogger("bandstand.provider")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers = [_LinesToHost(host)]
    return log


def _limit_memory(megabytes: int) -> None:
    import resource

    size = megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def _describe(error: BaseException) -> dict[str, Any]:
    """An error in the shape of the `error` message; anything unexpected is a bug of the provider."""
    if isinstance(error, ProviderError):
        kind = next(cls.__name__ for cls in type(error).__mro__ if cls.__name__ in _KINDS)
    elif isinstance(error, load.Refused):
        kind = "load"
    elif isinstance(error, _SettingsRefused):
        return {"error": "settings", "words": str(error), "fields": error.fields}
    else:
        kind = "bug"
    words = str(error) if kind != "bug" else f"{type(error).__name__}: {error}"
    shown = {"error": kind, "words": words.strip(": "), "traceback": "".join(traceback.format_exception(error))}
    if isinstance(error, plugin.RateLimited):
        shown["retry_after"] = error.retry_after  # type: ignore[assignment]
    return shown


if __name__ == "__main__":
    main()
