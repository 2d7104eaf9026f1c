"""Who a file is. An id, once given, stays with the music: through moves, renames and new tags.

The audio itself is recognised by a *mark*: FLAC's own checksum, else the size of the audio and a hash of 16 KiB from
its middle, both untouched by what a tagger writes around it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

from .tree import File, extension

SAMPLE = 16 * 1024
LONGEST_ID = 900


class Entry(NamedTuple):
    """What is remembered of one file. `trouble` says why it could not be read, when it could not."""

    id: str
    inode: int
    size: int
    mtime: int
    mark: str
    edition: str | None = None
    trouble: str | None = None

    def unchanged(self, file: File) -> bool:
        return self.size == file.size and self.mtime == file.mtime


def recognise(known: Mapping[str, Entry], files: Iterable[File], mark_of: Callable[[File], str]) -> dict[str, Entry]:
    """By path of each new or changed file: the entry it had before, under whatever path.

    Strongest evidence first: moved as it was; same place, same audio; same audio elsewhere; same place (a better
    rip). A file that is still there as it was gives its id to nobody, so a copy is new.
    """
    present = {file.path: file for file in files}
    loose = {path: entry for path, entry in known.items() if path not in present or not entry.unchanged(present[path])}
    wanting = {path: file for path, file in present.items() if path in loose or path not in known}
    given: dict[str, Entry] = {}

    def match(of_entry: Callable[[str, Entry], Hashable], of_file: Callable[[File], Hashable]) -> None:
        places: dict[Hashable, deque[str]] = defaultdict(deque)
        for path, entry in loose.items():
            places[of_entry(path, entry)].append(path)
        for path, file in list(wanting.items()) if loose else ():
            if found := places.get(of_file(file)):
                given[path] = loose.pop(found.popleft())
                del wanting[path]

    match(lambda _, entry: (entry.inode, entry.size, entry.mtime), lambda file: (file.inode, file.size, file.mtime))
    # An empty mark is no evidence: None on one side equals nothing on the other.
    marks = {path: mark_of(file) for path, file in wanting.items()} if loose else {}
    match(lambda path, entry: (path, entry.mark or None), lambda file: (file.path, marks[file.path]))
    match(lambda _, entry: entry.mark or None, lambda file: marks[file.path])
    match(lambda path, _: path, lambda file: file.path)
    return given


class Ids:
    """Gives ids to files never seen before: their path, or where that id lives on elsewhere, the path and a number."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)

    def new(self, path: str) -> str:
        chosen = next(name for name in _names(path) if name not in self._taken)
        self._taken.add(chosen)
        return chosen


class Editions:
    """Gives ids to albums. An album keeps the id that most of its files had; else it gets its natural one."""

    def __init__(self, entries: Iterable[Entry], untouched: Iterable[str]) -> None:
        self._had = Counter(entry.edition for entry in entries)
        self._given = {edition: edition for edition in untouched}

    def id_for(self, natural: str, before: Iterable[str | None]) -> str:
        natural = shortened(natural)
        votes = Counter(edition for edition in before if edition)
        kept = [edition for edition, number in sorted(votes.items()) if number * 2 >= self._had[edition]]
        for name in (*kept, *_first_free(natural, self._given)):
            if self._given.setdefault(name, natural) == natural:
                return name
        raise AssertionError("there is always a free name")


def _first_free(natural: str, given: Mapping[str, str]) -> list[str]:
    return [next(name for name in _names(natural) if given.get(name, natural) == natural)]


def _names(text: str) -> Iterable[str]:
    base = shortened(text)
    return (base if number == 1 else f"{base}#{number}" for number in count(1))


def shortened(text: str) -> str:
    """The text itself; a very long one is cut and told apart by its hash."""
    if len(text) <= LONGEST_ID:
        return text
    return f"{text[: LONGEST_ID - 41]}…{hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}"


# --- marks ------------------------------------------------------------------------------------------------------------


def mark_of(root: str, file: File) -> str:
    """The mark of the audio; empty where the file cannot be read or is not what its name says."""
    try:
        with Path(root, file.path).open("rb", buffering=0) as stream:
            return mark(stream, extension(file.path), file.size)
    except OSError:
        return ""  # reading it for its tags meets the same trouble, and tells


def mark(stream: BinaryIO, kind: str, size: int) -> str:
    if kind in ("ogg", "oga", "opus"):
        return _ogg_mark(stream, size)
    start = _after_id3(stream)
    if kind == "flac":
        stream.seek(start)
        head = stream.read(42)
        if head[:4] == b"fLaC" and any(head[26:42]):
            return f"flac:{head[26:42].hex()}"
    elif kind in ("m4a", "m4b", "mp4", "alac"):
        start, size = _chunk(stream, start, size, b"mdat", _atom)
    elif kind in ("wav", "aif", "aiff"):
        start, size = _chunk(stream, 12, size, b"data" if kind == "wav" else b"SSND", _riff if kind == "wav" else _iff)
    elif kind == "wma":
        stream.seek(16)
        start = int.from_bytes(stream.read(8), "little")  # the header object, with all tags in it, comes first
    elif kind in ("mp3", "aac"):
        size = _before_tail(stream, size)
    return _hashed(stream, start, size)


def _hashed(stream: BinaryIO, start: int, end: int) -> str:
    if end - start < 1:
        return ""
    stream.seek(max(start, (start + end - SAMPLE) // 2))
    sample = stream.read(min(SAMPLE, end - start))
    return f"{end - start}:{hashlib.sha1(sample, usedforsecurity=False).hexdigest()}"


def _after_id3(stream: BinaryIO) -> int:
    stream.seek(0)
    head = stream.read(10)
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    a, b, c, d = head[6:10]
    return 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if head[5] & 0x10 else 0)


def _before_tail(stream: BinaryIO, size: int) -> int:
    """Where the audio ends: before ID3v1 and APEv2 at the end of the file."""
    stream.seek(max(0, size - 160))
    tail = stream.read(160)
    end = size - 128 if tail[-128:-125] == b"TAG" else size
    footer = tail[: len(tail) - (size - end)][-32:]
    if footer[:8] == b"APETAGEX":
        end -= int.from_bytes(footer[12:16], "little") + (32 if footer[23] & 0x80 else 0)
    return end


def _atom(head: bytes) -> tuple[bytes, int, int]:
    length = int.from_bytes(head[:4], "big")
    return (head[4:8], 16, int.from_bytes(head[8:16], "big")) if length == 1 else (head[4:8], 8, length)


def _riff(head: bytes) -> tuple[bytes, int, int]:
    length = int.from_bytes(head[4:8], "little")
    return head[:4], 8, 8 + length + length % 2


def _iff(head: bytes) -> tuple[bytes, int, int]:
    length = int.from_bytes(head[4:8], "big")
    return head[:4], 8, 8 + length + length % 2


def _chunk(
    stream: BinaryIO, at: int, size: int, wanted: bytes, read: Callable[[bytes], tuple[bytes, int, int]]
) -> tuple[int, int]:
    """Start and end of the chunk that holds the audio; (0, 0) where there is none."""
    while at + 8 <= size:
        stream.seek(at)
        name, header, length = read(stream.read(16))
        if name == wanted:
            return at + header, min(at + length, size) if length else size
        if length < header:
            break
        at += length
    return 0, 0


def _ogg_mark(stream: BinaryIO, size: int) -> str:
    """Ogg: length in samples and what the last pages carry. Their headers are renumbered when tags grow."""
    stream.seek(max(0, size - 4 * SAMPLE))
    tail = stream.read(4 * SAMPLE)
    pages = tail.split(b"OggS\x00")[1:]
    carried, samples = b"", 0
    for page in reversed(pages):
        position = int.from_bytes(page[1:9], "little")
        if len(page) < 22 or position == 0 or len(carried) >= SAMPLE:
            break  # position 0: the pages that hold the tags
        samples = samples or position
        carried = page[22 + page[21] :] + carried
    return f"ogg:{samples}:{hashlib.sha1(carried[-SAMPLE:], usedforsecurity=False).hexdigest()}" if carried else ""
