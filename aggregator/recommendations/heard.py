"""What services answered, as the ranking needs it: read at once, taken apart only as far as somebody asks for it.

Several services may answer one question. Of matches, weights and numbers of listeners the greatest counts; whoever
comes first in the order of the accounts stands for an artist whom several name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any, TypeVar

from sqlalchemy import Connection, select

from aggregator.library.folding import fold, fold_name
from aggregator.library.titles import album_title
from aggregator.recommendations.feedback import AlbumKey, album_key
from aggregator.store.schema import answer

V = TypeVar("V")

METHODS = (
    "similar", "tags", "albums_of", "tag_artists", "listeners", "chart", "top_artists", "top_albums", "top_songs",
)  # fmt: skip
MOST_USED = 1000  # what the artist for whom a tag is used most counts: services are of different size


@dataclass(frozen=True)
class Found:
    """Something a service named: the account that did, and its record as JSON."""

    account_id: int
    record: Mapping[str, Any]


class Lazy(Mapping[str, V]):
    """What `make` makes of a key of `known`, once it is asked for."""

    def __init__(self, known: Mapping[str, Any], make: Callable[[str], V]) -> None:
        self._known, self._make = known, make
        self._made: dict[str, V] = {}

    def __getitem__(self, key: str) -> V:
        if key not in self._made:
            if key not in self._known:
                raise KeyError(key)
            self._made[key] = self._make(key)
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        return key in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


class Heard:
    """The answers of `accounts`, in whose order they come. Mappings go by artist key, `tag_artists` by folded tag."""

    def __init__(self, answers: Iterable[tuple[int, str, str, str]] = (), accounts: Iterable[int] = ()) -> None:
        """`answers`: account, method, argument and payload."""
        self._place = {account_id: place for place, account_id in enumerate(accounts)}
        self._said: dict[str, dict[str, list[tuple[int, str]]]] = {method: {} for method in METHODS}
        for account_id, method, key, payload in answers:
            self._said[method].setdefault(key, []).append((account_id, payload))
        self._named: dict[str, Found] = {}
        self.similar = Lazy(self._said["similar"], self._similar)
        self.tags = Lazy(self._said["tags"], self._tags)
        self.albums = Lazy(self._said["albums_of"], self._albums)
        self.songs = Lazy(self._said["top_songs"], self._songs)
        self.tag_artists = Lazy(self._said["tag_artists"], self._tag_artists)

    @classmethod
    def read(cls, conn: Connection, accounts: list[int]) -> Heard:
        """One query. Answers that are too old count until there are newer ones."""
        columns = (answer.c.account_id, answer.c.method, answer.c.argument, answer.c.payload)
        query = select(*columns).where(answer.c.account_id.in_(accounts), answer.c.method.in_(METHODS))
        return cls(((row[0], row[1], row[2], row[3]) for row in conn.execute(query)), accounts)

    def answered(self, method: str, key: str) -> bool:
        """Whether anybody was asked and answered, if only that there is nothing, or that it failed."""
        return key in self._said[method]

    def named(self, key: str) -> Found:
        """The record of an artist who was named in anything that was asked for. Raises `KeyError`."""
        return self._named[key]

    def listeners(self, key: str) -> int:
        """As many as the usual artist has, where nobody told; 1 where nobody told of any artist."""
        return self._listeners.get(key) or self._usual

    @cached_property
    def chart(self) -> list[str]:
        """The services' charts in one: whoever stands high in most comes first."""
        worth: dict[str, float] = {}
        for account_id, records in self._parsed("chart", ""):
            for place, record in enumerate(records):
                key = self._name(account_id, record)
                worth[key] = worth.get(key, 0.0) + 1 / (1 + place)
        return sorted(worth, key=lambda key: (-round(worth[key], 9), key))

    def top_artists(self, account_id: int, friend_id: str) -> dict[str, int]:
        """What one account says that a friend plays most."""
        told = (items for asked, items in self._parsed("top_artists", friend_id) if asked == account_id)
        return {self._name(account_id, record): plays for items in told for record, plays in items}

    def top_albums(self, account_id: int, friend_id: str) -> dict[AlbumKey, int]:
        """Likewise, of albums."""
        told = (items for asked, items in self._parsed("top_albums", friend_id) if asked == account_id)
        return {
            album_key(record["title"], record["credits"][0]["name"]): plays
            for items in told
            for record, plays in items
            if record.get("credits")
        }

    # --- taking apart -------------------------------------------------------------------------------------------------

    def _parsed(self, method: str, key: str) -> Iterator[tuple[int, list[Any]]]:
        said = self._said[method].get(key, ())
        for account_id, payload in sorted(said, key=lambda each: self._place.get(each[0], len(self._place))):
            yield account_id, json.loads(payload)

    def _similar(self, key: str) -> dict[str, float]:
        near: dict[str, float] = {}
        for account_id, items in self._parsed("similar", key):
            for record, match in items:
                _raise(near, self._name(account_id, record), match)
        return near

    def _tags(self, key: str) -> dict[str, float]:
        tags: dict[str, float] = {}
        for _, items in self._parsed("tags", key):
            for tag in items:
                _raise(tags, tag["name"].casefold(), tag.get("weight", 100.0))
        return tags

    def _albums(self, key: str) -> list[Found]:
        """Each album once, the most popular first: by its part of what the service's most popular one has."""
        said: dict[Any, list[tuple[float, Found]]] = {}
        for account_id, records in self._parsed("albums_of", key):
            most = max((record.get("popularity", 0) for record in records), default=0)
            for place, record in enumerate(records):
                share = record.get("popularity", 0) / most if most else 1 / (1 + place)
                said.setdefault(album_title(record["title"]), []).append((share, Found(account_id, record)))
        best = sorted(said.values(), key=lambda each: -max(share for share, _ in each))
        return [max(each, key=lambda one: _says(one[1].record))[1] for each in best]

    def _songs(self, key: str) -> list[Found]:
        """Each song once, the most heard first: by its place in the services' lists."""
        worth: dict[str, float] = {}
        said: dict[str, list[Found]] = {}
        for account_id, records in self._parsed("top_songs", key):
            for place, record in enumerate(records):
                title = fold(record["title"])
                worth[title] = worth.get(title, 0.0) + 1 / (1 + place)
                said.setdefault(title, []).append(Found(account_id, record))
        order = sorted(worth, key=lambda title: (-round(worth[title], 9), title))
        return [max(said[title], key=lambda one: len(one.record.get("ids", {}))) for title in order]

    def _tag_artists(self, tag: str) -> dict[str, float]:
        used: dict[str, float] = {}
        for account_id, items in self._parsed("tag_artists", tag):
            most = max((count for _, count in items), default=0) or 1
            for record, count in items:
                _raise(used, self._name(account_id, record), MOST_USED * count / most)
        return used

    @cached_property
    def _listeners(self) -> dict[str, int]:
        told = {
            key: [n for _, items in self._parsed("listeners", key) for n in items] for key in self._said["listeners"]
        }
        return {key: max(numbers) for key, numbers in told.items() if any(numbers)}

    @cached_property
    def _usual(self) -> int:
        return round(median(self._listeners.values())) if self._listeners else 1

    def _name(self, account_id: int, record: Mapping[str, Any]) -> str:
        """The artist's key. Of several records one with an MBID stands, which connects it with what others say; then
        that of the first account, and there the one that says most."""
        key = fold_name(record["name"])
        found = Found(account_id, record)
        kept = self._named.get(key)
        if kept is None or self._rank(found) < self._rank(kept):
            self._named[key] = found
        return key

    def _rank(self, found: Found) -> tuple[bool, int, int, str]:
        place, ids = self._place.get(found.account_id, len(self._place)), found.record.get("ids", {})
        return "mbid" not in ids, place, -len(ids), str(found.record["id"])


def _says(album: Mapping[str, Any]) -> int:
    """How much is said of an album that others leave open."""
    return ("form" in album) + ("released" in album)


def tag_key(tag: str) -> str:
    """What the artists of a tag are stored under."""
    return fold(tag)


def _raise(numbers: dict[str, float], key: str, value: float) -> None:
    numbers[key] = max(numbers.get(key, 0.0), value)
