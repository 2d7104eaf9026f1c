"""Starting the process of a child. Standard library only, so that `bandstand sync` can do it before anything else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass

ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "PYTHONPATH", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""All that a child inherits (with proxies and LC_*): secrets may stand in the host's own environment."""


@dataclass(frozen=True)
class Spawned:
    process: subprocess.Popen[str]
    end: socket.socket


def spawn() -> Spawned:
    """A child that waits for its first order, in a process group of its own."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "aggregator._host.child", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_environment(),
            text=True,
            errors="replace",
        )
    return Spawned(process, ours)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in ENVIRONMENT or name.startswith("LC_") or name.lower().endswith("_proxy")
    }
