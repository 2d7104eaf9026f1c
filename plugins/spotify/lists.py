"""Reading whole lists before they are handed on.

Spotify tells the same song in full among the saved songs and in short inside its album. Both must be told as one and
the same record, or the library would see it change twice a night. And a list counts as whole only when as many items
came as it said it holds, all the way: otherwise what is missing might merely have been missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from aggregator.plugin import (
    Artist,
    AuthFailed,
    BadData,
    Edition,
    Holding,
    Playlist,
    ProviderError,
    RateLimited,
    Skipped,
    Track,
    Unavailable,
    why,
)

from .client import Client, Json, NotOpen

MISSHAPEN = (KeyError, TypeError, AttributeError, ValueError, OverflowError)
"""What reading JSON of an unexpected shape ends in."""
Told = Artist | Edition | Track | Holding | Playlist | Skipped


class Heap:
    """Every artist, album and song met in a run, each in the fullest form in which it came."""

    def __init__(self) -> None:
        self._fullest: dict[tuple[str, str], Artist | Edition | Track] = {}

    def add(self, record: Artist | Edition | Track) -> None:
        key = record.type, record.id
        known = self._fullest.get(key)
        if known is None or _fullness(record) > _fullness(known):
            self._fullest[key] = record

    def __len__(self) -> int:
        return len(self._fullest)

    def told(self, records: Iterable[Told]) -> Iterator[Told]:
        """The records in order, each in its fullest form and once."""
        seen: set[tuple[str, str]] = set()
        for record in records:
            if isinstance(record, Artist | Edition | Track):
                key = record.type, record.id
                if key not in seen:
                    seen.add(key)
                    yield self._fullest[key]
            else:
                yield record


def _fullness(record: Artist | Edition | Track) -> int:
    return len(record.model_dump_json(exclude_defaults=True))


@dataclass
class Part:
    """One list of the listener's. `trouble`: why it may lack something, though it was `read`."""

    scope: str
    words: str
    records: list[Told] = field(default_factory=list)
    trouble: ProviderError | None = None
    read: bool = False

    def amiss(self, words: str) -> None:
        self.trouble = self.trouble or Unavailable(f"{words} Nothing was removed; the next run reads it again.")


class Reader:
    """Reads lists into parts."""

    def __init__(self, client: Client, heap: Heap, warn: Callable[..., None]) -> None:
        self._client = client
        self._heap = heap
        self._warn = warn

    def items(self, part: Part, path: str, inside: str | None = None, **query: object) -> Iterator[Json | None]:
        """The items of a list; the part is amiss where fewer came than there are."""
        total, ids, blanks = None, set(), 0
        for page in self._client.pages(path, inside, **query):
            if total is not None and page.get("total", 0) < total:
                part.amiss(f"{part.words} became fewer while they were read.")
            total = page.get("total")
            for item in page["items"]:
                name = identity(item)
                blanks += name is None
                if name not in ids:
                    yield item
                ids.add(name)
        came = len(ids - {None}) + blanks
        if total is not None and came < total:
            part.amiss(f"Only {came} of {total} came of {part.words[0].lower()}{part.words[1:]}.")

    def read(self, part: Part, records: Iterable[Told]) -> bool:
        """Fill the part. False where the trouble it met will meet the other lists too."""
        try:
            for record in records:
                if isinstance(record, Artist | Edition | Track):
                    self._heap.add(record)
                part.records.append(record)
            part.read = True
        except ProviderError as error:
            part.trouble = error
        except MISSHAPEN:
            part.trouble = BadData(f"Spotify sent {part.words.lower()} in a form that is not known.")
        except NotOpen:
            self._warn("%s are not open to this app (403). What is stored of them stays.", part.words)
        return not isinstance(part.trouble, AuthFailed | RateLimited)

    def each(
        self,
        of: Literal["artist", "edition", "track", "playlist"],
        item: Json | None,
        convert: Callable[[Json], Iterable[Told]],
    ) -> Iterator[Told]:
        """The records of one item; an item in an unknown form is listed as skipped."""
        if item is None:
            return
        try:
            yield from list(convert(item))
        except MISSHAPEN as error:
            yield skipped(of, identity(item), error, called(item))


def identity(item: Json | None) -> str | None:
    """The id of what an item is about."""
    if not isinstance(item, dict):
        return None
    inner = next((item[key] for key in ("album", "track", "item") if isinstance(item.get(key), dict)), item)
    found = inner.get("id")
    return found if isinstance(found, str) else None


def called(item: Json | None) -> str | None:
    """The name and the artists of what an item is about, as far as it tells them."""
    try:
        inner = next(
            (item[key] for key in ("album", "track", "item") if item and isinstance(item.get(key), dict)), item
        )
        by = ", ".join(str(artist["name"]) for artist in inner.get("artists") or ())
        return " by ".join(filter(None, (str(inner["name"])[:200], by[:200])))
    except MISSHAPEN:
        return None


def skipped(
    of: Literal["artist", "edition", "track", "playlist", "play"],
    id: object,
    error: Exception,
    name: str | None = None,
) -> Skipped:
    return Skipped(of=of, id=str(id or name or "unnamed"), reason=why(error), name=name)
