"""Dying at an exact commit, on purpose: how the tests show that a kill loses nothing and doubles nothing.

``BANDSTAND_FAULT=before:17`` has a process kill itself (SIGKILL) when it is about to commit for the 17th time,
``after:17`` as soon as it has. Without it, as always outside tests, nothing happens here but counting.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

commits = 0
"""Of this process, since it was armed."""
_armed = ("", 0)


def arm(moment: str) -> None:
    """`moment` as in the environment variable; empty: never."""
    global commits, _armed
    when, _, nth = moment.partition(":")
    commits, _armed = 0, (when, int(nth or 0))


def die() -> None:
    """What happens at that moment; where a test kills a process that is waited for instead, it puts its own here."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def commit() -> Iterator[None]:
    """Stands around every commit. Transactions exclude each other, so that counting needs no lock."""
    global commits
    commits += 1
    number = commits
    if _armed == ("before", number):
        die()
    yield
    if _armed == ("after", number):
        die()


arm(os.environ.get("BANDSTAND_FAULT", ""))
