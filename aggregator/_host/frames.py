"""What travels between the host and a child: frames of one letter, four bytes of length, and JSON.

`M` is a message, an object with the key ``is``. `R` is one record: it leaves the child the moment it is yielded, so
that not even a crash right after it loses it. The message ``batch`` says that the records before it may be committed.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from functools import cache
from typing import Annotated, Any

from pydantic import Field, NonNegativeInt, TypeAdapter

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
    Tag,
    Track,
    Unchanged,
)

MESSAGE = b"M"
RECORD = b"R"
LIMIT = 64 * 1024 * 1024
"""No frame is longer (bytes); a child that claims so is broken."""
RECORD_LIMIT = 8 * 1024 * 1024
"""No record is longer (bytes of JSON)."""

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
ONE: TypeAdapter[AnyRecord] = TypeAdapter(AnyRecord)


@cache
def live(method: str) -> TypeAdapter[Any]:
    """The shape of a live answer."""
    return TypeAdapter(_LIVE[method])


_LIVE: dict[str, Any] = {
    "search": list[Artist | Edition | Track],
    "similar": list[tuple[Artist, float]],
    "tags": list[Tag],
    "albums_of": list[Edition],
    "tag_artists": list[tuple[Artist, NonNegativeInt]],
    "listeners": list[NonNegativeInt],  # one number, or none
    "chart": list[Artist],
    "top_songs": list[Track],
    "previews": list[Track],
    "top_artists": list[tuple[Artist, int]],
    "top_albums": list[tuple[Edition, int]],
    "radio": list[Track],
    "begin": str,
    "finish": dict[str, str],
}


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

    def send_record(self, body: bytes) -> None:
        self._send(RECORD, body)

    def receive(self) -> tuple[bytes, bytes] | None:
        """The next frame as letter and body; None when the other side is gone."""
        try:
            header = self._reader.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return None
            letter, length = _HEADER.unpack(header)
            if letter not in (MESSAGE, RECORD) or length > LIMIT:
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
        if len(body) > LIMIT:
            raise ValueError(f"{len(body) >> 20} MB at once are more than the {LIMIT >> 20} MB that Bandstand takes")
        with self._sending:
            self._socket.sendall(_HEADER.pack(letter, len(body)) + body)
