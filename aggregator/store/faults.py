"""Dying at an exact commit, on purpose: how the tests show that a kill loses nothing and doubles nothing.

``BANDSTAND_FAULT=before:17`` has a process kill itself (SIGKILL) when it is about to commit for the 17th time,
``after:17`` as soon as it has. Without it, as always outside tests, nothing happens here.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_when, _, _nth = os.environ.get("BANDSTAND_FAULT", "").partition(":")
_commits = 0


@contextmanager
def commit() -> Iterator[None]:
    """Stands around every commit. Transactions exclude each other, so that counting needs no lock."""
    global _commits
    _commits += 1
    due = _when and _commits == int(_nth)
    if due and _when == "before":
        _die()
    yield
    if due:
        _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()
