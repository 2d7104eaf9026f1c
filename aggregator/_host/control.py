"""The steward's socket: one JSON line asks, one JSON line answers."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LONGEST_NAME = 100

log = logging.getLogger("bandstand.steward")


class Silent(Exception):
    """The steward does not run or does not answer."""


def ask(data: Path, question: dict[str, Any], seconds: float = 5.0) -> dict[str, Any]:
    """Raises `Silent`."""
    try:
        with _address(data) as address, socket.socket(socket.AF_UNIX) as end:
            end.settimeout(seconds)
            end.connect(address)
            end.sendall(json.dumps(question).encode() + b"\n")
            answer: dict[str, Any] = json.loads(end.makefile("rb").readline())
    except (OSError, ValueError) as error:
        raise Silent("Bandstand's background process does not answer. It may be starting.") from error
    return answer


def wake(data: Path) -> None:
    """Have the steward look at its queue now; without one the queue waits for its start."""
    with contextlib.suppress(Silent):
        ask(data, {"do": "wake"})


class Server:
    """Answers questions in threads while it is entered; only this system's user may connect."""

    def __init__(self, data: Path, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._path = data / "steward.sock"
        self._answer = answer

    def __enter__(self) -> Server:
        self._path.unlink(missing_ok=True)  # left behind by a kill; the lock says that nobody listens
        with _address(self._path.parent) as address:
            self._server = socketserver.ThreadingUnixStreamServer(address, self._handler())
        self._path.chmod(0o600)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        answer = self._answer

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    found = answer(json.loads(self.rfile.readline()))
                except Exception as error:  # whoever asked is told; the log has the rest
                    log.exception("A question on the socket failed")
                    found = {"error": f"{type(error).__name__}: {error}"}
                with contextlib.suppress(OSError):  # whoever asked may be gone
                    self.wfile.write(json.dumps(found).encode() + b"\n")

        return Handler


@contextlib.contextmanager
def _address(data: Path) -> Iterator[str]:
    """The socket's name; by way of an open directory where its path is too long for one (108 bytes)."""
    path = str(data / "steward.sock")
    if len(os.fsencode(path)) < LONGEST_NAME:
        yield path
        return
    folder = os.open(data, os.O_PATH)
    try:
        yield f"/proc/self/fd/{folder}/steward.sock"
    finally:
        os.close(folder)
