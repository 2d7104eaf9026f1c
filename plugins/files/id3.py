"""Plain ID3v2 tags, read in a quarter of mutagen's time: most music files in the world carry them.

Only what is written the ordinary way is read here. Version 2.2, unsynchronisation, compression, extended headers,
numbered genres and sizes that may be wrong are left to mutagen, which knows every way in which taggers err.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from . import names
from .names import Pairs

_CODECS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_FRAME = re.compile(rb"[A-Z][A-Z0-9]{3}")
_LEFT_TO_MUTAGEN = frozenset((b"RVA2", b"TORY", b"TIME", b"TRDA"))


class Unusual(Exception):
    """The tag is not written the ordinary way."""


def size_of(stream: BinaryIO) -> int:
    """Bytes of the tag at the start of a file, 0 where there is none. Leaves the stream behind its header."""
    stream.seek(0)
    head = stream.read(10)
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    if head[3] not in (3, 4) or head[5]:
        raise Unusual
    return 10 + _synchsafe(head[6:10])


def read(stream: BinaryIO) -> tuple[int, bool, Pairs] | None:
    """Size of the tag, whether it holds a picture, and its texts. None where it is mutagen's to read."""
    try:
        size = size_of(stream)
        if not size:
            return None
        stream.seek(3)
        version = stream.read(1)[0]
        stream.seek(10)
        frames = list(_frames(stream.read(size - 10), version))
        return size, any(name == b"APIC" for name, _ in frames), list(_pairs(frames))
    except (Unusual, UnicodeDecodeError):
        return None


def _frames(data: bytes, version: int) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 10 <= len(data) and data[at]:
        name, flags = data[at : at + 4], data[at + 8 : at + 10]
        length = _synchsafe(data[at + 4 : at + 8]) if version == 4 else int.from_bytes(data[at + 4 : at + 8], "big")
        end = at + 10 + length
        if not _FRAME.fullmatch(name) or flags[1] or end > len(data) or name in _LEFT_TO_MUTAGEN:
            raise Unusual
        # iTunes once wrote plain sizes into 2.4: then what follows is no frame.
        if version == 4 and length > 127 and end + 4 <= len(data) and data[end] and not _FRAME.match(data, end):
            raise Unusual
        yield name, data[at + 10 : end]
        at = end


def _synchsafe(four: bytes) -> int:
    a, b, c, d = four
    if (a | b | c | d) & 0x80:
        raise Unusual
    return a << 21 | b << 14 | c << 7 | d


def _pairs(frames: list[tuple[bytes, bytes]]) -> Iterator[tuple[str, list[str]]]:
    dates: dict[str, str] = {}
    for raw, data in frames:
        name = raw.decode()
        if name in names.ID3:
            yield names.ID3[name], _texts(data)
        elif name == "TXXX":
            title, *values = _texts(data) or [""]
            yield names.plain(title), values
        elif name == "TCON":
            yield "genre", _genres(_texts(data))
        elif name == "UFID" and data.startswith(b"http://musicbrainz.org\0"):
            yield "musicbrainztrackid", [data[23:].decode("ascii")]
        elif name in ("TYER", "TDAT"):
            dates[name] = "".join(_texts(data))
    if year := dates.get("TYER", ""):
        day = dates.get("TDAT", "")
        yield "date", [f"{year}-{day[2:4]}-{day[:2]}" if len(day) == 4 else year]


def _texts(data: bytes) -> list[str]:
    if not data:
        return []
    if data[0] not in _CODECS:
        raise Unusual
    body = data[1:]
    if data[0] == 1 and body[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise Unusual
    text = body.decode(_CODECS[data[0]])
    # Each of several UTF-16 texts begins with a mark of its own.
    return [part.lstrip("\ufeff") for part in text.rstrip("\0").split("\0")]


def _genres(texts: list[str]) -> list[str]:
    if any(text.isdigit() or text.startswith("(") or text in ("RX", "CR") for text in texts):
        raise Unusual
    return texts
