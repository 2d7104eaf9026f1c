"""What lies in the music folder, found without opening a single file."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FORMATS = frozenset("mp3 flac m4a m4b mp4 aac alac ogg oga opus wav aif aiff wma".split())  # noqa: SIM905
"""Extensions that are music here."""

PICTURES = frozenset({"jpg", "jpeg", "png", "webp"})
COVER_NAMES = ("cover", "folder", "front", "album", "albumart")
NOT_MUSIC = frozenset({"@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found", "System Volume Information"})

_DISC = re.compile(r"(?:cd|disc|disk|lp|vinyl|volume|vol)[\s._-]*0*(\d{1,2})(?!\d)", re.IGNORECASE)


@dataclass(slots=True)
class File:
    """One music file; `path` is relative to the root, `mtime` in nanoseconds."""

    path: str
    inode: int
    size: int
    mtime: int


@dataclass(slots=True)
class Unit:
    """An album's folder: one directory, joined with the CD1, CD2 … inside it. Read again as a whole when it changes."""

    path: str
    files: list[File] = field(default_factory=list)
    cover: str | None = None


@dataclass(slots=True)
class Tree:
    """`unlisted` are folders that could not be looked into, `odd` files that cannot be read; both with the reason."""

    units: dict[str, Unit] = field(default_factory=dict)
    unlisted: dict[str, str] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)
    mounts: dict[str, int] = field(default_factory=dict)

    def files(self) -> Iterator[File]:
        for unit in self.units.values():
            yield from unit.files


def disc_of(folder: str) -> int | None:
    """The number in a folder name like ``CD 2`` or ``Disc 02 - Live``."""
    found = _DISC.match(folder)
    return int(found[1]) or None if found else None


def extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def unit_path(folder: str) -> str:
    """The album's folder a directory belongs to: itself, or the one above where it holds one disc of several."""
    above, _, name = folder.rpartition("/")
    return above if above and disc_of(name) else folder


def walk(root: str) -> Tree:
    """Everything below `root`, in the order of names. Links to folders are followed, none is entered twice."""
    tree = Tree()
    top = Path(root).stat()
    seen = {(top.st_dev, top.st_ino)}
    tree.mounts[""] = top.st_dev
    waiting = [("", top.st_dev)]
    linked: deque[tuple[str, int]] = deque()
    while waiting or linked:
        if not waiting:
            # Links wait until every real folder has been seen, so that a folder is known by its own name.
            link, device = linked.popleft()
            waiting.extend(_enter(root, [link], device, seen, tree))
            continue
        folder, device = waiting.pop()
        inside, links = _list(root, folder, tree)
        waiting.extend(_enter(root, inside, device, seen, tree))
        linked.extend((link, device) for link in links)
    return tree


def _enter(root: str, folders: list[str], above: int, seen: set[tuple[int, int]], tree: Tree) -> list[tuple[str, int]]:
    """The folders not seen yet, last first, with their devices; mount points are noted."""
    fresh = []
    for folder in reversed(folders):
        try:
            stat = Path(root, folder).stat()
        except OSError as error:
            tree.unlisted[folder] = _why(error)
            continue
        if (stat.st_dev, stat.st_ino) not in seen:
            seen.add((stat.st_dev, stat.st_ino))
            if stat.st_dev != above:
                tree.mounts[folder] = stat.st_dev
            fresh.append((folder, stat.st_dev))
    return fresh


def _list(root: str, folder: str, tree: Tree) -> tuple[list[str], list[str]]:
    """Take up the files of one folder; returns the folders in it, and the links to folders."""
    inside: list[str] = []
    links: list[str] = []
    prefix = f"{folder}/" if folder else ""
    pictures: list[str] = []
    try:
        entries = sorted(os.scandir(f"{root}/{folder}"), key=lambda entry: entry.name)
    except OSError as error:
        tree.unlisted[folder] = _why(error)
        return inside, links
    for entry in entries:
        name = entry.name
        if name.startswith(".") or name in NOT_MUSIC:
            continue
        kind = extension(name)
        if entry.is_dir():
            (links if entry.is_symlink() else inside).append(prefix + name)
        elif kind in FORMATS:
            _take(entry, prefix + name, unit_path(folder), tree)
        elif kind in PICTURES:
            pictures.append(name)
    _choose_cover(folder, pictures, tree)
    return inside, links


def _take(entry: os.DirEntry[str], path: str, unit: str, tree: Tree) -> None:
    if not path.isascii() and not _speakable(path):
        tree.odd[printable(path)] = "Its name is not valid UTF-8. Rename it, and it will be read."
        return
    try:
        stat = entry.stat()
    except OSError as error:
        tree.odd[path] = _why(error)
        return
    if unit not in tree.units:
        tree.units[unit] = Unit(unit)
    tree.units[unit].files.append(File(path, stat.st_ino, stat.st_size, stat.st_mtime_ns))


def _choose_cover(folder: str, pictures: list[str], tree: Tree) -> None:
    """Note the best picture of a folder; a picture beside the disc folders wins over one inside them."""
    unit = tree.units.get(unit_path(folder))
    best = min(pictures, key=_cover_rank, default=None)
    if unit is None or best is None or not _speakable(folder + best) or _cover_rank(best)[0] == len(COVER_NAMES):
        return
    if unit.cover is None or folder == unit.path:
        unit.cover = f"{folder}/{best}" if folder else best


def _cover_rank(name: str) -> tuple[int, str]:
    stem = name.rpartition(".")[0].lower()
    for rank, word in enumerate(COVER_NAMES):
        if stem.startswith(word):
            return rank, name
    return len(COVER_NAMES), name


def _speakable(path: str) -> bool:
    """Whether a name can be written as UTF-8; bytes that cannot arrive as lone surrogates."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _why(error: OSError) -> str:
    return f"The system says: {error.strerror or error}."
