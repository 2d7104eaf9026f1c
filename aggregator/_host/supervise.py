"""`bandstand serve`: the web process, the steward and (in the demo) the sample services; who dies is started again."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from aggregator.config import Config
from aggregator.store import open_store

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a process that died is started again; doubled each time."""
STEADY_SECONDS = 60.0
"""A process that lived this long died for a new reason."""
PATIENCE_SECONDS = 8.0
"""How long a process may take to end before it is killed."""
LOOK_SECONDS = 0.3


class CannotServe(Exception):
    """The message says what is in the way and what to do."""


@dataclass
class _Part:
    """One process that is to be kept alive."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Start it when it is due; plan its next start when it has died."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                self.process, self.started = self._start(), now
        elif (code := self.process.poll()) is not None:
            self._end_group()
            self.pause = FIRST_PAUSE if now - self.started > STEADY_SECONDS else min(LONGEST_PAUSE, self.pause * 2)
            self.process, self.due = None, now + self.pause
            print(f"The {self.name} process ended ({code}); it starts again in {self.pause:g} s.", file=sys.stderr)

    def _start(self) -> subprocess.Popen[bytes]:
        """In a process group of its own, with a standard input that closes when this process ends, however it does."""
        command = [*self.command, "--until-closed"]
        return subprocess.Popen(command, env=dict(self.environment), stdin=subprocess.PIPE, start_new_session=True)

    def _end_group(self) -> None:
        """What it started itself and left behind (granian's worker holds the port)."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, until - time.monotonic()))
        self._end_group()
        self.process.wait()


def serve(config: Config) -> None:
    """Until SIGINT or SIGTERM. Raises `CannotServe` when the port or the data directory is taken."""
    _refuse_taken_port(config)
    config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_second_steward(config)
    stopped = _Stopped()
    store = open_store(config.data)
    with contextlib.ExitStack() as stack:
        parts: list[_Part | _Services] = [_part("web", "_web", config), _part("background", "_steward", config)]
        if config.demo:
            parts.append(_Services(config))
        store.close()
        stack.callback(_end, parts)
        _greet(config)
        while not stopped:
            for part in parts:
                part.look()
            time.sleep(LOOK_SECONDS)


class _Stopped:
    """True once SIGINT or SIGTERM has come. No lock: a signal handler may interrupt who holds it."""

    def __init__(self) -> None:
        self._stopped = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def __bool__(self) -> bool:
        return self._stopped

    def _stop(self, *_: object) -> None:
        self._stopped = True


class _Services:
    """The demo's sample services: when one dies, all are started again, at their old addresses."""

    def __init__(self, config: Config) -> None:
        from aggregator import demo

        self._config = config
        self._running = demo.prepare(config)

    def look(self) -> None:
        from aggregator import demo

        if not all(service.alive for service in self._running):
            self.end()
            self._running = demo.prepare(self._config)

    def end(self) -> None:
        for service in self._running:
            service.close()

    def wait(self, until: float) -> None:
        """`end` has waited for them."""


def _end(parts: list[_Part | _Services]) -> None:
    for part in parts:
        part.end()
    until = time.monotonic() + PATIENCE_SECONDS
    for part in parts:
        part.wait(until)


def _part(name: str, command: str, config: Config) -> _Part:
    options = ["--config", str(config.path)] if config.path else []
    return _Part(name, [sys.executable, "-P", "-m", "aggregator", *options, command], os.environ)


def _greet(config: Config) -> None:
    from aggregator import listeners
    from aggregator.store import Store

    print(f"Bandstand is at http://{_shown(config.server.host)}:{config.server.port}", flush=True)
    if config.demo:
        print("This is the demo: invented music, sample services. A config.toml makes it yours; see the README.")
    elif listeners.nobody_yet(Store(config.data)):
        print(f"Owner code: {listeners.owner_code(config.data)}  (asked for once, to make the owner's account)")
    sys.stdout.flush()


def _shown(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - not bound here, only shown


def _refuse_taken_port(config: Config) -> None:
    host, port = config.server.host, config.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise CannotServe(_words(error, host, port)) from None


def _words(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program (perhaps another Bandstand). "
            "End that, or choose another port under [server] in config.toml."
        )
    return f"Bandstand cannot listen on {host}:{port}: {error.strerror}. Change [server] in config.toml."


def _refuse_second_steward(config: Config) -> None:
    from aggregator._host.lock import AlreadyRunning, StewardLock

    try:
        with StewardLock(config.data):
            pass
    except AlreadyRunning as error:
        raise CannotServe(f"{error} End it first.") from None
