"""What travels between the host and a child: frames of one letter, four bytes of length, and JSON.

`M` is a message, an object with the key ``is``. `R` is a list of records, written and read by pydantic in one go.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from aggregator.plugin import (
    Artist,
    Checkpoint,
    Complete,
    Edition,
    Friend,
    Holding,
    Play,
    Playlist,
    Progress,
    Show,
    Skipped,
    Track,
    Unchanged,
)

MESSAGE = b"M"
RECORDS = b"R"
LIMIT = 64 * 1024 * 1024
"""No frame is longer (bytes); a child that claims so is broken."""

_HEADER = struct.Struct(">cI")

AnyRecord = Annotated[
    Artist
    | Edition
    | Track
    | Holding
    | Playlist
    | Play
    | Show
    | Friend
    | Skipped
    | Unchanged
    | Checkpoint
    | Complete
    | Progress,
    Field(discriminator="type"),
]
BATCH: TypeAdapter[list[AnyRecord]] = TypeAdapter(list[AnyRecord])


class BrokenPipe(Exception):
    """The other side sent something that is no frame."""


class Pipe:
    """One end of the socket pair. Any thread may send; one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._reader = end.makefile("rb", buffering=1 << 18)
        self._sending = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        self._send(MESSAGE, json.dumps(message, separators=(",", ":")).encode())

    def send_records(self, body: bytes) -> None:
        """`body` is what `BATCH.dump_json` made."""
        self._send(RECORDS, body)

    def receive(self) -> tuple[bytes, bytes] | None:
        """The next frame as letter and body; None when the other side is gone."""
        try:
            header = self._reader.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return None
            letter, length = _HEADER.unpack(header)
            if letter not in (MESSAGE, RECORDS) or length > LIMIT:
                raise BrokenPipe(f"no frame: {header!r}")
            body = self._reader.read(length)
        except (ConnectionError, ValueError):  # reset by the other side, or closed by our own
            return None
        return (letter, body) if len(body) == length else None

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the other side may have been first
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _send(self, letter: bytes, body: bytes) -> None:
        with self._sending:
            self._socket.sendall(_HEADER.pack(letter, len(body)) + body)
