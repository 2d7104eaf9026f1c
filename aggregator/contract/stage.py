"""Running a provider in this process as the host would, with everything seen that it does."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType
from typing import Any, NoReturn
from unittest import mock

from pydantic import ValidationError

from aggregator._host import faults
from aggregator._host.settings import FormField, form
from aggregator.contract.network import MOST_CALLS, Asked, Change, Endless, Network, gate
from aggregator.contract.replies import Replies, Request, Unusable
from aggregator.plugin import Area, Complete, Provider

MOST_RECORDS = 30_000
"""More from a few recorded answers is a stream without an end."""
SECONDS = 5.0
"""A run that takes longer hangs: nothing in it waits for a network."""
SHAPES = {
    "library": "snapshot",
    "shows": "snapshot",
    "friends": "snapshot",
    "plays": "delta",
    "similar": "live",
    "tags": "live",
    "albums_of": "live",
    "tag_artists": "live",
    "listeners": "live",
    "chart": "live",
    "top_songs": "live",
    "previews": "live",
    "radio": "live",
    "top_artists": "live",
    "top_albums": "live",
    "search": "live",
    "begin": "sign-in",
    "finish": "sign-in",
}


class TooLong(BaseException):
    """The run was stopped by the clock."""


@dataclass
class Run:
    """What one run did. `error` is what ended it, if anything did."""

    records: list[Any] = field(default_factory=list)
    error: BaseException | None = None
    """As the host takes it: what requests raises counts as what it amounts to."""
    raised: BaseException | None = None
    asked: list[Asked] = field(default_factory=list)
    unanswered: list[Request] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    remembered: dict[str, int] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    log: str = ""
    slept: float = 0.0
    """Seconds for which it would have slept by itself."""
    turns: int = 0
    """How often it came to the gate, answered or not."""
    touched: list[str] = field(default_factory=list)
    """What it tried outside the gate: connections and processes."""

    def of(self, *kinds: type[Any]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kinds)]

    @property
    def told(self) -> str:
        """The error as a listener and an engineer would read it."""
        return "".join(traceback.format_exception(self.raised)) if self.raised else ""


@dataclass
class Stage:
    """One provider with its replies."""

    cls: type[Provider]
    replies: Replies

    def provider(self, network: Network, log: logging.Logger, state: Any, settings: Mapping[str, Any]) -> Provider:
        provider = self.cls()
        provider.settings = self.settings(settings)
        provider.http = gate(network)
        provider.state = state
        provider.safe = Kept({name: settings.get(name, value) for name, value in self.secrets.items()})
        provider.log = log
        return provider

    def settings(self, changes: Mapping[str, Any]) -> Any:
        """Raises `Unusable` where what the replies tell does not fit."""
        values = {name: _made_up(each) for name, each in self._form.items() if each.required and each.kind != "secret"}
        given = {name: self._rooted(name, value) for name, value in self.replies.settings.items()}
        try:
            return self.cls.Settings.model_validate({**values, **self.secrets, **given, **changes})
        except ValidationError as error:
            told = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, told["loc"]))
            raise Unusable(f"The settings in the recorded replies do not fit: {place}: {told['msg']}") from None

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Made up, and told by the replies; by the names of their settings."""
        names = [name for name, each in self._form.items() if each.kind == "secret"]
        given = self.replies.settings
        return {name: given.get(name, f"sesame-{name}-7f3a91") for name in names if given.get(name, "") is not None}

    @cached_property
    def _form(self) -> dict[str, FormField]:
        return {each.name: each for each in form(self.cls.Settings.model_json_schema())}

    def _rooted(self, name: str, value: Any) -> Any:
        known = self._form.get(name)
        return str(self.replies.folder / value) if known and known.kind == "folder" else value

    def run(
        self,
        method: str,
        change: Change | None = None,
        *,
        usual: list[Asked] | None = None,
        cursor: str | None = None,
        area: Area | None = None,
        state: dict[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        take: Callable[[Any], object] | None = None,
        argument: Any = None,
        most: int = MOST_RECORDS,
        calls: int = MOST_CALLS,
        seconds: float = SECONDS,
    ) -> Run:
        """Run one method to its end. `take` gets the records instead of the list."""
        run = Run(state=dict(state or {}))
        network = Network(self.replies.told(), change, usual or [], most=calls)
        lines = io.StringIO()
        kept = run.state
        log = _log(lines)
        keep = take or run.records.append
        with _watched(run, lines, seconds):
            try:
                provider = self.provider(network, log, kept, settings or {})
                records = self._call(provider, method, cursor, area or self.replies.area, argument)
                for number, record in enumerate(records or ()):
                    keep(record)
                    if number > most:
                        raise Endless
                if SHAPES[method] == "snapshot":
                    keep(Complete())  # as the host does for a stream that ended well
            except KeyboardInterrupt:
                raise
            except Unusable:
                raise
            except BaseException as error:
                run.error, run.raised = faults.named(error) or error, error
        run.asked, run.unanswered, run.remembered = network.asked, network.unanswered, network.statuses
        run.turns = network.turns
        run.log = lines.getvalue()
        run.secrets = [*self.secrets.values(), *Kept.renewed(locals().get("provider"))]
        return run

    def _call(self, provider: Any, method: str, cursor: str | None, area: Area, argument: Any) -> Any:
        told = self.replies
        match method:
            case "shows":
                return provider.shows(list(told.artists), area)
            case "plays":
                return provider.plays(cursor)
            case "search":
                return provider.search(told.search if argument is None else argument)
            case "top_artists" | "top_albums":
                return getattr(provider, method)(told.friend if argument is None else argument)
            case "tag_artists":
                return provider.tag_artists(told.tag if argument is None else argument)
            case "listeners":
                known = provider.listeners(told.artist if argument is None else argument)
                return [] if known is None else [known]
            case "library" | "friends" | "chart":
                return getattr(provider, method)()
            case "begin" | "finish":
                return [getattr(provider, method)(**argument)]
        return getattr(provider, method)(told.artist if argument is None else argument)


class Kept(dict[str, str]):
    """`plugin.Safe` for the length of a run."""

    def put(self, name: str, value: str) -> None:
        self[name] = value

    def alone(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    @staticmethod
    def renewed(provider: Any) -> list[str]:
        safe = getattr(provider, "safe", None)
        return list(safe.values()) if isinstance(safe, Kept) else []


def _made_up(asked: FormField) -> Any:
    """A value for a setting that is needed and that the replies do not tell."""
    if asked.kind == "number":
        return asked.least if asked.least is not None else 1
    if asked.kind == "yes/no":
        return False
    return asked.choices[0] if asked.choices else "made up"


def _log(lines: io.StringIO) -> logging.Logger:
    log = logging.Logger("bandstand.provider", logging.DEBUG)
    log.addHandler(logging.StreamHandler(lines))
    return log


# --- what a provider may not do ---------------------------------------------------------------------------------------

REFUSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")
_HARMLESS = ("socket.gethostname",)
_watching: list[Callable[[str, Any], None]] = []


def _audit(event: str, arguments: Any) -> None:
    if _watching:
        _watching[-1](event, arguments)


_installed: list[bool] = []


@contextlib.contextmanager
def watching(seen: Callable[[str, Any], None]) -> Iterator[None]:
    """Have every event of the interpreter's audit told to `seen`, which may refuse it by raising."""
    if not _installed:
        sys.addaudithook(_audit)  # for good: there is no way to take one back
        _installed.append(True)
    _watching.append(seen)
    try:
        yield
    finally:
        _watching.pop()


@contextlib.contextmanager
def _watched(run: Run, lines: io.StringIO, seconds: float) -> Iterator[None]:
    def seen(event: str, arguments: Any) -> None:
        if event.startswith(REFUSED) and event not in _HARMLESS:
            run.touched.append(f"{event} {arguments!r:.120}")
            raise PermissionError(f"The contract tests allow nothing outside the gate ({event}).")

    def slept(seconds: float) -> None:
        run.slept += seconds

    def ended(status: int) -> NoReturn:
        run.touched.append(f"os._exit {status}")
        raise PermissionError(f"The contract tests allow no end of the process (os._exit({status})).")

    with (
        contextlib.redirect_stdout(lines),
        contextlib.redirect_stderr(lines),
        mock.patch.object(time, "sleep", slept),
        mock.patch.object(os, "_exit", ended),
        clock(seconds),
        watching(seen),
    ):
        yield


@contextlib.contextmanager
def clock(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in here after a while. Only the main thread can be stopped so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)  # an outer clock stands still meanwhile
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def as_json(value: Any) -> Any:
    """Through JSON and back. Raises `TypeError` or `ValueError` for what JSON has no form for."""
    return json.loads(json.dumps(value))
