"""Starting the process of a child. Standard library only, so that `bandstand sync` can do it before anything else."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "PYTHONPATH", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""All that a child inherits (with proxies and LC_*): secrets may stand in the host's own environment."""

MARK = "BANDSTAND_CHILD"
"""In the environment of a child and of whatever it starts."""


@dataclass(frozen=True)
class Spawned:
    """`mark` is the value of `MARK` in the environment of this child alone."""

    process: subprocess.Popen[bytes]
    end: socket.socket
    mark: str


def spawn() -> Spawned:
    """A child that waits for its first order, in a process group of its own."""
    ours, theirs = socket.socketpair()
    mark = os.urandom(16).hex()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "aggregator._host.child", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**_environment(), MARK: mark},
        )
    return Spawned(process, ours, mark)


def end_strays(mark: str) -> None:
    """Kill what a child started in a process group of its own. Where there is no /proc, only its group is ended."""
    wanted = f"{MARK}={mark}".encode()
    for pid in _ours():
        with contextlib.suppress(OSError):  # gone by now
            if wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGKILL)


def _ours() -> Iterator[int]:
    """Processes of this user."""
    with contextlib.suppress(OSError), os.scandir("/proc") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and entry.stat().st_uid == os.getuid():
                    yield int(entry.name)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in ENVIRONMENT or name.startswith("LC_") or name.lower().endswith("_proxy")
    }
