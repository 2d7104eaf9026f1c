"""The host's side of a child: start it, give it orders, answer its questions, end it with everything it started.

Whatever a child does, it costs the order at hand and nothing else: a frame that is none, a silence, a flood of output,
an end without a word. What it brought before that is handed on.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import struct
import subprocess
import threading
import time
import traceback
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import ValidationError

from aggregator import mending
from aggregator._host import frames
from aggregator._host.limits import Turn
from aggregator._host.spawn import Spawned, end_strays, spawn
from aggregator.plugin import Record, Skipped
from aggregator.wording import duration

SILENCE_SECONDS = 600.0
"""A child that neither yields nor asks for this long is stopped, however long its run may take."""
MOST_RECORDS = 5_000_000
"""Records of one run: a generator without an end must not fill the disk."""
MOST_BYTES = 2 * 1024**3
"""Bytes of records in one run, for the same reason."""
LINE_BYTES = 4096
"""Of what a plugin prints, the most that is kept of one line."""
SEND_SECONDS = 10
"""A child that takes in nothing for so long is not waited for."""


class Failure(Exception):
    """What went wrong in a child. `kind` is a name of `plugin`'s errors, or bug, late, load, settings or host."""

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


class NoRecord(Failure):
    """Something among the records was none."""


class Duties(Protocol):
    """What a child may ask of the host while it works."""

    def turn(self) -> Turn: ...
    def refused(self, seconds: float) -> None: ...
    def remember(self, url: str, status: int) -> None: ...
    def hide(self, secret: str) -> None: ...
    def secret(self, name: str) -> str | None: ...
    def keep_secret(self, name: str, value: str) -> None: ...
    def alone(self) -> bool: ...
    def not_alone(self) -> None: ...
    def line(self, level: str, text: str) -> None: ...


class NoDuties:
    """For children without an account: they may call out freely, and nobody listens."""

    def turn(self) -> Turn:
        return Turn(0.0)

    def refused(self, seconds: float) -> None:
        """Nothing to keep."""

    def remember(self, url: str, status: int) -> None:
        """Nothing to keep."""

    def hide(self, secret: str) -> None:
        """Nothing is written down."""

    def secret(self, name: str) -> str | None:  # noqa: ARG002
        """There are no settings."""
        return None

    def keep_secret(self, name: str, value: str) -> None:
        """Nothing to keep."""

    def alone(self) -> bool:
        return True

    def not_alone(self) -> None:
        """Nobody waits."""

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
        self._mark = spawned.mark
        spawned.end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        self._pipe = frames.Pipe(spawned.end)
        self._inbox: queue.SimpleQueue[tuple[str, Any] | None] = queue.SimpleQueue()
        self._pieces: list[bytes] = []  # records that came since the last batch
        self._heard = time.monotonic()
        self._broken: Failure | None = None
        self._ended = False
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

    def run(self, order: Mapping[str, Any], seconds: float, began: float | None = None) -> Iterator[Batch]:
        """Batches in order; asking for the next one tells the child that the last is stored. What came before a
        failure is yielded before it is raised.

        `began`: when the run began that this order is a part of, by the monotonic clock; now where it is not told.
        """
        now = time.monotonic()
        ends = (began or now) + seconds
        records = size = 0
        self._order({"is": "run", "seconds": ends - now, **order})
        try:
            while (came := self._next(ends, seconds))[0] == "batch":
                _, (pieces, state) = came
                yield from _batches(pieces, state)
                self._order({"is": "ack"})
                records, size = records + len(pieces), size + sum(map(len, pieces))
                if records > MOST_RECORDS or size > MOST_BYTES:
                    raise Failure("bug", f"It brought {records:,} records ({size >> 20:,} MB), more than one run may.")
        except NoRecord:
            raise  # of what came after it nobody can say what is missing
        except Failure:
            self.end()
            finished = yield from self._rest()
            if finished is None:
                raise
            came = finished
        yield Batch((), came[1]["state"])

    def call(self, method: str, argument: Any, seconds: float) -> Answer:
        """One live answer. A child that stays silent for `seconds` is of no more use and is ended."""
        self._order({"is": "call", "method": method, "argument": argument, "seconds": seconds})
        return self._answer(seconds)

    def end(self) -> None:
        """End it at once, with every process it started. What it sent before is in the log."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if not self._ended:
            end_strays(self._mark)
            self._ended = True
        with contextlib.suppress(subprocess.TimeoutExpired):  # it hangs in the kernel, on a disk that is gone
            self._process.wait(timeout=5.0)
        for thread in self._threads:
            thread.join(timeout=1.0)
        self._pipe.close()
        if self._process.stdout and not self._threads[1].is_alive():
            self._process.stdout.close()

    def _answer(self, seconds: float) -> Answer:
        _, message = self._next(time.monotonic() + seconds, seconds)
        return Answer(message.get("items"), message.get("state", {}))

    def _next(self, ends: float, seconds: float) -> tuple[str, Any]:
        """What comes next for whoever gave the order; `error` messages are raised."""
        while True:
            patience = min(ends, self._heard + SILENCE_SECONDS)
            try:
                if time.monotonic() > ends:
                    raise queue.Empty
                came = self._inbox.get(timeout=max(0.0, patience - time.monotonic()))
                break
            except queue.Empty:
                if time.monotonic() < min(ends, self._heard + SILENCE_SECONDS):
                    continue  # it was heard in the meantime
                self.end()
                raise _late(seconds if time.monotonic() > ends else None) from None
        if came is None:
            raise self._broken or self._gone()
        what, body = came
        if what == "error":
            raise Failure(
                body["error"], body["words"], body.get("traceback"), body.get("retry_after"), body.get("fields")
            )
        return came

    def _rest(self) -> Generator[Batch, None, tuple[str, Any] | None]:
        """What an ended child had sent and nobody has taken yet; returns the end of the order, where that had come."""
        while not self._inbox.empty():
            came = self._inbox.get()
            if came and came[0] == "end":
                return came
            if came and came[0] == "batch":
                try:
                    yield from _batches(*came[1])
                except NoRecord:
                    break
        return None

    def _gone(self) -> Failure:
        try:
            code = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            self.end()
            return Failure("bug", "It closed the pipe through which Bandstand reads it.")
        if code == -signal.SIGKILL:
            return Failure(
                "bug", "Its process was killed from outside (signal 9), as a machine does that runs out of memory."
            )
        how = f"{signal.strsignal(-code)}, signal {-code}" if code < 0 else f"exit code {code}"
        return Failure("bug", f"Its process ended in the middle of the work ({how}).")

    def _order(self, message: dict[str, Any]) -> None:
        self._heard = time.monotonic()  # silence counts from when it was last spoken to
        with contextlib.suppress(OSError):  # a child that is gone shows as the end of its frames
            self._pipe.send(message)

    def _read(self) -> None:
        """Sort the frames: questions are answered here at once, the rest waits for whoever gave the order."""
        try:
            while frame := self._pipe.receive():
                self._heard = time.monotonic()
                letter, body = frame
                if letter == frames.RECORD:
                    self._pieces.append(body)
                else:
                    self._sort(_message(body))
        except frames.BrokenPipe:
            self._broken = Failure("bug", "It wrote into the pipe through which Bandstand reads it.")
        except Exception as error:  # a duty failed, which is Bandstand's own mistake: the order ends with it
            self._broken = Failure("host", f"{type(error).__name__}: {error}", _trace(error))
        finally:  # whatever ended this thread, nobody shall wait for more
            self._duties.not_alone()
            if self._pieces:
                self._inbox.put(("batch", (self._pieces, {})))
            self._inbox.put(None)

    def _sort(self, message: dict[str, Any]) -> None:
        match message["is"]:
            case "batch":
                self._inbox.put(("batch", (self._pieces, message["state"])))
                self._pieces = []
            case "pass":
                turn = self._duties.turn()
                words = "The calls that it allows are used up for now."
                self._order({"is": "reply", "wait": turn.wait, "refused": turn.refused, "words": words})
            case "refused":
                self._duties.refused(message["seconds"])
            case "remember":
                self._duties.remember(message["url"], message["status"])
            case "hide":
                self._duties.hide(message["secret"])
            case "secret":
                self._order({"is": "reply", "value": self._duties.secret(message["name"])})
            case "keep secret":
                self._duties.keep_secret(message["name"], message["value"])
                self._order({"is": "reply"})
            case "alone":
                self._order({"is": "reply", "granted": self._duties.alone()})
            case "not alone":
                self._duties.not_alone()
                self._order({"is": "reply"})
            case "log":
                self._duties.line(message["level"], message["line"])
            case what:
                self._inbox.put((what, message))

    def _listen(self) -> None:
        """What it prints becomes log lines. Read in bounded bites: a line may have no end."""
        assert self._process.stdout is not None
        rest = b""
        while bite := os.read(self._process.stdout.fileno(), 1 << 16):
            *lines, rest = (rest + bite).split(b"\n")
            for line in lines:
                self._print(line)
            rest = rest[:LINE_BYTES]
        self._print(rest)

    def _print(self, line: bytes) -> None:
        if text := line[:LINE_BYTES].decode(errors="replace").rstrip():
            self._duties.line("info", text)


def _late(seconds: float | None) -> Failure:
    if seconds is None:
        return Failure("late", f"It gave no sign of life for {duration(SILENCE_SECONDS)}.")
    return Failure("late", f"It was still at work after {duration(seconds)}, which is as long as it may take.")


def _batches(pieces: Sequence[bytes], state: dict[str, Any]) -> Iterator[Batch]:
    """One batch. Where a piece is no record: what came before it, and then `NoRecord`."""
    try:
        yield Batch(frames.BATCH.validate_json(b"[" + b",".join(pieces) + b"]"), state)
    except ValidationError:
        good: list[Record] = []
        try:
            for piece in pieces:
                good.append(_understood(piece))
        except NoRecord:
            yield Batch(good)
            raise
        yield Batch(good, state)


def _understood(piece: bytes) -> Record:
    """A record; `Skipped` in place of one that makes no sense but says which it is. Raises `NoRecord` else."""
    try:
        return frames.ONE.validate_json(piece)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        reason = mending.why(error)
    try:
        said = json.loads(piece)
        return Skipped(of=said["type"], id=said["id"], reason=reason, name=mending.called(said))
    except (ValueError, KeyError, TypeError, AttributeError):
        wrong = f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        raise NoRecord("bug", f"It brought something that is no record: {wrong}.") from None


def _message(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except ValueError:
        raise frames.BrokenPipe("no JSON") from None
    if not isinstance(message, dict) or "is" not in message:
        raise frames.BrokenPipe("no message")
    return message


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
