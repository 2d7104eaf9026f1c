"""The steward's socket: one JSON line asks, one JSON line answers."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path
from typing import Any


class Silent(Exception):
    """The steward does not run or does not answer."""


def ask(data: Path, question: dict[str, Any], seconds: float = 5.0) -> dict[str, Any]:
    """Raises `Silent`."""
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.settimeout(seconds)
            end.connect(str(data / "steward.sock"))
            end.sendall(json.dumps(question).encode() + b"\n")
            answer: dict[str, Any] = json.loads(end.makefile("rb").readline())
    except (OSError, ValueError) as error:
        raise Silent("Bandstand's background process does not answer. It may be starting.") from error
    return answer


def wake(data: Path) -> None:
    """Have the steward look at its queue now; without one the queue waits for its start."""
    with contextlib.suppress(Silent):
        ask(data, {"do": "wake"})
