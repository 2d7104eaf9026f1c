"""One run over the folder: what is unchanged, what is read again, what cannot be read."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from aggregator.plugin import Edition, Progress, Skipped, Track, Unchanged, why

from . import identity
from .identity import Editions, Entry, Ids
from .memory import Memory
from .tree import File, Tree, Unit, extension, printable

if TYPE_CHECKING:
    from .albums import Song

R = TypeVar("R", Track, Edition)
Records = Iterator[Edition | Track | Skipped | Unchanged | Progress]

TOGETHER = 1000
"""Ids in one `Unchanged`."""
STEP = 100
"""Files between two reports of progress."""


class Scan:
    """Iterating yields the records of the run."""

    def __init__(self, root: str, found: Tree, memory: Memory) -> None:
        self._root = root
        self._found = found
        self._memory = memory
        self._untouched = [unit for unit in found.units.values() if memory.is_unchanged(unit)]
        passed = {unit.path for unit in self._untouched}
        self._changed = [unit for unit in found.units.values() if unit.path not in passed]
        self._done, self._total = 0, sum(len(unit.files) for unit in self._changed)
        self._before = self._entries_before()
        self._ids = Ids(entry.id for entry in memory.entries.values())
        self._editions = Editions(self._before.values(), self._kept_editions())

    def __iter__(self) -> Records:
        yield from self._unreadable()
        yield from self._pass_over()
        # A quarter of the time went to looking for cycles among a hundred thousand small objects; there are none.
        gc.disable()
        try:
            yield from self._read_changed()
        finally:
            gc.enable()

    def _read_changed(self) -> Records:
        for unit in self._changed:
            yield from self._read_again(unit)
        if self._total:
            yield Progress(done=self._total, total=self._total)

    def _entries_before(self) -> dict[str, Entry]:
        """By path of a file present now: what was known of it, under whatever path it had."""
        known = self._memory.entries
        if not known:
            return {}
        files = list(self._found.files())
        both = ((file, known.get(file.path)) for file in files)
        kept = {file.path: entry for file, entry in both if entry and entry.unchanged(file)}
        return kept | identity.recognise(known, files, lambda file: identity.mark_of(self._root, file))

    def _kept_editions(self) -> Iterator[str]:
        for unit in self._untouched:
            for file in unit.files:
                if edition := self._before[file.path].edition:
                    yield edition

    # --- what is not read -----------------------------------------------------------------------------------------

    def _unreadable(self) -> Records:
        for troubles, of in ((self._found.unlisted, "edition"), (self._found.odd, "track")):
            for path, reason in troubles.items():
                yield Skipped(of=of, id=identity.shortened(printable(path)), reason=reason, name=printable(path))

    def _pass_over(self) -> Records:
        files = [file for unit in self._untouched for file in unit.files]
        entries = [self._before[file.path] for file in files]
        for file, entry in zip(files, entries, strict=True):
            if entry.trouble:
                yield Skipped(of="track", id=entry.id, reason=entry.trouble, name=file.path)
        yield from _unchanged("track", [entry.id for entry in entries if not entry.trouble])
        yield from _unchanged("edition", list(dict.fromkeys(entry.edition for entry in entries if entry.edition)))

    # --- what is read ---------------------------------------------------------------------------------------------

    def _read_again(self, unit: Unit) -> Records:
        # mutagen is imported by the first file that must be read: a run without changes never needs it.
        from . import albums

        entries: dict[str, Entry] = {}
        songs: list[Song] = []
        failed: set[str] = set()
        for file in unit.files:
            if self._done % STEP == 0:
                yield Progress(done=self._done, total=self._total, doing=unit.path)
            self._done += 1
            song = self._read(file, entries)
            if isinstance(song, Skipped):
                failed.add(entries[file.path].edition or "")
                yield song
            else:
                songs.append(song)
        together, lone = albums.albums(unit.path, songs)
        for album in together:
            edition_id = self._editions.id_for(album.natural_id, [song.edition_before for song in album.songs])
            yield _told("edition", edition_id, unit.path, albums.edition, album, edition_id, unit.cover)
            yield from self._tracks(album.songs, edition_id, entries)
            failed.discard(edition_id)
        yield from self._tracks(lone, None, entries)
        yield from _unchanged("edition", sorted(failed - {""}))
        self._memory.keep(unit, entries)

    def _read(self, file: File, entries: dict[str, Entry]) -> Song | Skipped:
        """Read one file and note what is to be remembered of it."""
        from . import albums, reading

        before = self._before.get(file.path)
        name = before.id if before else self._ids.new(file.path)
        edition, old_mark = (before.edition, before.mark) if before else (None, "")
        kind = extension(file.path)
        try:
            with os.fdopen(os.open(f"{self._root}/{file.path}", os.O_RDONLY), "rb") as stream:
                found = reading.read(stream, kind, file.size)
                mark = identity.mark(stream, kind, file.size)
        except reading.Unreadable as error:
            entries[file.path] = Entry(name, file.inode, file.size, file.mtime, old_mark, edition, str(error))
            return Skipped(of="track", id=name, reason=str(error), name=file.path)
        except OSError as error:
            # Trouble with the disk, not with the file: size -1 has it read again at the next run.
            entries[file.path] = Entry(name, file.inode, -1, 0, old_mark, edition)
            reason = f"It could not be opened: {error.strerror or error}."
            return Skipped(of="track", id=name, reason=reason, name=file.path)
        entries[file.path] = Entry(name, file.inode, file.size, file.mtime, mark)
        return albums.Song(name, file, found, edition)

    def _tracks(self, songs: Sequence[Song], edition_id: str | None, entries: dict[str, Entry]) -> Records:
        from . import albums

        for song in songs:
            entries[song.file.path] = entries[song.file.path]._replace(edition=edition_id)
            yield _told("track", song.id, song.file.path, albums.track, song, edition_id)


def _told(of: Literal["track", "edition"], name: str, path: str, make: Callable[..., R], *given: Any) -> R | Skipped:
    """What `make` makes of a file's tags; whatever nonsense they hold, it costs no other file."""
    try:
        return make(*given)
    except ValueError as error:
        return Skipped(of=of, id=name, reason=f"Its tags make no sense. {why(error)}", name=path)


def _unchanged(of: Literal["track", "edition"], ids: list[str]) -> Iterator[Unchanged]:
    for start in range(0, len(ids), TOGETHER):
        yield Unchanged(of=of, ids=ids[start : start + TOGETHER])
