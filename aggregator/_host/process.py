"""The host's side of a child: start it, give it orders, answer its questions, end it with everything it started."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import ValidationError

from aggregator._host import frames
from aggregator._host.limits import Turn
from aggregator._host.spawn import Spawned, spawn
from aggregator.plugin import Record


class Failure(Exception):
    """What went wrong in a child. `kind` is a name of `plugin`'s errors, or bug, load or settings."""

    def __init__(
        self,
        kind: str,
        words: str,
        traceback: str | None = None,
        retry_after: float | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(words)
        self.kind = kind
        self.words = words
        self.traceback = traceback
        self.retry_after = retry_after
        self.fields = dict(fields or {})
        self.counts: dict[str, int] = {}


class Duties(Protocol):
    """What a child may ask of the host while it works."""

    def turn(self) -> Turn: ...
    def refused(self, seconds: float) -> None: ...
    def remember(self, url: str, status: int) -> None: ...
    def secret(self, name: str) -> str | None: ...
    def keep_secret(self, name: str, value: str) -> None: ...
    def line(self, level: str, text: str) -> None: ...


class NoDuties:
    """For children without an account: they may call out freely, and nobody listens."""

    def turn(self) -> Turn:
        return Turn(0.0)

    def refused(self, seconds: float) -> None:
        """Nothing to keep."""

    def remember(self, url: str, status: int) -> None:
        """Nothing to keep."""

    def secret(self, name: str) -> str | None:  # noqa: ARG002
        """There are no settings."""
        return None

    def keep_secret(self, name: str, value: str) -> None:
        """Nothing to keep."""

    def line(self, level: str, text: str) -> None:
        """Nobody reads it."""


@dataclass(frozen=True)
class Batch:
    """Records of one commit, with the provider's state that belongs to them (None: the key was deleted)."""

    records: Sequence[Record]
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    items: Any
    state: dict[str, Any]


class Child:
    """One running `aggregator._host.child`. Starting costs 0.2 s of import time, so it may be started ahead of need."""

    def __init__(self, spawned: Spawned | None = None) -> None:
        spawned = spawned or spawn()
        self._process = spawned.process
        self._pipe = frames.Pipe(spawned.end)
        self._inbox: queue.SimpleQueue[tuple[bytes, Any] | None] = queue.SimpleQueue()
        self._duties: Duties = NoDuties()
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._read, self._listen)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def describe(self, target: str, seconds: float) -> list[dict[str, Any]]:
        """The manifests of the providers in `target`."""
        self._order({"is": "manifest", "target": target})
        items: list[dict[str, Any]] = self._answer(seconds).items
        return items

    def open(self, order: Mapping[str, Any], duties: Duties, seconds: float = 60.0) -> None:
        """Make one account's provider ready; see `child`. Raises `Failure` (load, settings, bug …)."""
        self._duties = duties
        self._order({"is": "open", **order})
        self._answer(seconds)

    def run(self, order: Mapping[str, Any], seconds: float) -> Iterator[Batch]:
        """Batches in order; asking for the next one tells the child that the last is stored."""
        ends = time.monotonic() + seconds
        self._order({"is": "run", **order})
        state: dict[str, Any] = {}
        while True:
            letter, body = self._next(ends)
            if letter == frames.RECORDS:
                yield Batch(_records(body), state)
                state = {}
                self._order({"is": "ack"})
            elif body["is"] == "state":
                state |= body["changes"]
            else:
                yield Batch((), state | body["state"])
                return

    def call(self, method: str, argument: Any, seconds: float) -> Answer:
        """One live answer. A child that stays silent for `seconds` is of no more use and is ended."""
        self._order({"is": "call", "method": method, "argument": argument})
        return self._answer(seconds)

    def end(self) -> None:
        """End it at once, with every process it started. What it sent before is in the log."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for thread in self._threads:
            thread.join(timeout=1.0)
        self._pipe.close()

    def _answer(self, seconds: float) -> Answer:
        _, message = self._next(time.monotonic() + seconds)
        return Answer(message.get("items"), message.get("state", {}))

    def _next(self, ends: float) -> tuple[bytes, Any]:
        """The next frame for whoever gave the order; `error` messages are raised."""
        try:
            frame = self._inbox.get(timeout=max(0.0, ends - time.monotonic()))
        except queue.Empty:
            self.end()
            raise Failure("Unavailable", "It took longer than it may, and was stopped.") from None
        if frame is None:
            raise self._gone()
        letter, body = frame
        if letter == frames.MESSAGE and body["is"] == "error":
            raise Failure(
                body["error"], body["words"], body.get("traceback"), body.get("retry_after"), body.get("fields")
            )
        return letter, body

    def _gone(self) -> Failure:
        code = self._process.wait()
        how = f"killed by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"exit code {code}"
        return Failure("bug", f"Its process ended in the middle of the work: {how}.")

    def _order(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # a child that is gone shows as the end of its frames
            self._pipe.send(message)

    def _read(self) -> None:
        """Sort the frames: questions are answered here at once, the rest waits for whoever gave the order."""
        try:
            with contextlib.suppress(frames.BrokenPipe, json.JSONDecodeError, KeyError):
                while frame := self._pipe.receive():
                    letter, body = frame
                    if letter == frames.RECORDS:
                        self._inbox.put((letter, body))
                    else:
                        self._sort(json.loads(body))
        finally:  # whatever ended this thread, nobody shall wait for more
            self._inbox.put(None)

    def _sort(self, message: dict[str, Any]) -> None:
        match message["is"]:
            case "pass":
                turn = self._duties.turn()
                words = "The service's limit is used up for now."
                self._order({"is": "reply", "wait": turn.wait, "refused": turn.refused, "words": words})
            case "refused":
                self._duties.refused(message["seconds"])
            case "remember":
                self._duties.remember(message["url"], message["status"])
            case "secret":
                self._order({"is": "reply", "value": self._duties.secret(message["name"])})
            case "keep secret":
                self._duties.keep_secret(message["name"], message["value"])
                self._order({"is": "reply"})
            case "log":
                self._duties.line(message["level"], message["line"])
            case _:
                self._inbox.put((frames.MESSAGE, message))

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if text := line.rstrip():
                self._duties.line("info", text)


def _records(body: bytes) -> list[Record]:
    try:
        return list(frames.BATCH.validate_json(body))
    except ValidationError as error:
        raise Failure("bug", f"It sent records that are none: {error.errors(include_url=False)[0]['msg']}") from None
