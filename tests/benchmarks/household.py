"""An invented household of any size: records as providers would yield them, stored through the real intake.

The full one: 80,000 files, a streaming collection that half overlaps them, 300,000 scrobbles of two listeners over
twenty years, 5,000 shows around Chicago. Everything follows from one seed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import cached_property
from itertools import islice

from sqlalchemy import insert

from aggregator import listeners
from aggregator.library.claims import Intake
from aggregator.plugin import (
    Artist,
    Audio,
    Complete,
    Credit,
    Edition,
    Holding,
    Play,
    Record,
    Show,
    Tickets,
    Track,
    Venue,
)
from aggregator.store import Store
from aggregator.store.schema import account

SEED = 20261122
BATCH = 1000
CHICAGO = (41.9, -87.65)
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
NOUNS = ("harbour", "winter", "signal", "garden", "engine", "mirror", "river", "lantern", "static", "velvet", "orbit")
VERBS = ("falling", "burning", "leaving", "waiting", "sleeping", "counting", "drifting", "breaking", "calling")


@dataclass(frozen=True)
class Size:
    artists: int = 6_000
    albums: int = 8_000
    tracks_each: int = 10
    saved: int = 2_500
    plays: tuple[int, int] = (200_000, 100_000)
    shows: int = 5_000

    def part(self, share: float) -> Size:
        """A household of the same kind, `share` as large."""
        one, two = self.plays
        return Size(
            int(self.artists * share), int(self.albums * share), self.tracks_each, int(self.saved * share),
            (int(one * share), int(two * share)), int(self.shows * share),
        )  # fmt: skip


@dataclass(frozen=True)
class Album:
    number: int
    title: str
    artist: str
    year: int
    tracks: tuple[tuple[str, float], ...]


class World:
    def __init__(self, size: Size) -> None:
        self.size = size

    @cached_property
    def artists(self) -> list[str]:
        dice = random.Random(SEED)
        names: dict[str, None] = {}
        while len(names) < self.size.artists:
            word = "".join(dice.choices(SYLLABLES, k=dice.randint(2, 4))).title()
            names[
                f"{dice.choice(('The ', '', '', ''))}{word} {dice.choice(('', dice.choice(NOUNS).title()))}".strip()
            ] = None
        return list(names)

    @cached_property
    def albums(self) -> list[Album]:
        dice = random.Random(SEED + 1)
        return [self._album(dice, number) for number in range(self.size.albums + self.size.saved)]

    def _album(self, dice: random.Random, number: int) -> Album:
        known = self.artists[int(len(self.artists) * dice.random() ** 2.5)]  # of a few, whole shelves
        artist = known if number % 4 == 0 else dice.choice(self.artists)
        tracks = tuple((self._title(dice), round(dice.uniform(120, 420), 1)) for _ in range(self.size.tracks_each))
        return Album(number, f"{self._title(dice)} {number % 97}", artist, dice.randint(1965, 2026), tracks)

    def _title(self, dice: random.Random) -> str:
        return f"{dice.choice(VERBS).title()} {dice.choice(NOUNS)} {''.join(dice.choices(SYLLABLES, k=3))}"

    def files(self) -> Iterator[Record]:
        for album in self.albums[: self.size.albums]:
            folder = f"{album.artist}/{album.number}"
            yield Edition(
                id=folder, title=album.title, credits=[Credit(name=album.artist)], released=str(album.year),
                total_tracks=len(album.tracks),
            )  # fmt: skip
            for position, (title, seconds) in enumerate(album.tracks, 1):
                path = f"{folder}/{position:02}.flac"
                yield Track(
                    id=path, title=title, credits=[Credit(name=album.artist)], edition=folder, position=position,
                    seconds=seconds, audio=Audio(path=path, codec="flac", size=30_000_000, lossless=True),
                )  # fmt: skip
        yield Complete()

    def saved(self) -> Iterator[Record]:
        """Half of the streaming collection is in the files too."""
        half = self.size.saved // 2
        for album in self.albums[self.size.albums - half : self.size.albums + half]:
            yield from self.saved_album(album)
        yield Complete(scope="albums")

    def saved_album(self, album: Album) -> Iterator[Record]:
        band = Credit(name=album.artist, id=f"artist {album.artist}")
        yield Artist(id=str(band.id), name=album.artist)
        yield Edition(id=f"album{album.number}", title=album.title, credits=[band], released=f"{album.year}-05-01")
        for position, (title, seconds) in enumerate(album.tracks, 1):
            yield Track(
                id=f"track{album.number}.{position}", title=title, credits=[band], edition=f"album{album.number}",
                position=position, seconds=seconds + 0.4,
            )  # fmt: skip
        yield Holding(of="edition", id=f"album{album.number}", how="saved", since=datetime(2024, 5, 1, tzinfo=UTC))

    def plays(self, listener: int) -> Iterator[Record]:
        """Twenty years, newest last; a few songs make up most plays, as with people."""
        dice = random.Random(SEED + 2 + listener)
        count = self.size.plays[listener]
        now = int(time.time())
        step = 20 * 365 * 86_400 // count
        for number in range(count):
            album = self.albums[int(len(self.albums) * dice.random() ** 2.5)]
            title, _ = album.tracks[int(len(album.tracks) * dice.random() ** 2)]
            at = datetime.fromtimestamp(now - step * (count - number) + dice.randrange(step), UTC)
            yield Play(at=at, title=title, credits=[Credit(name=album.artist)], album=album.title, id=f"{number}")

    def shows(self) -> Iterator[Record]:
        """A quarter of the bills is by artists of the house."""
        dice = random.Random(SEED + 9)
        for number in range(self.size.shows):
            known = dice.random() < 0.25
            act = dice.choice(self.artists) if known else f"{self._title(dice)} Collective"
            ids = {"mbid": f"{self.artists.index(act):032}"} if known else {}
            venue = Venue(
                name=f"Room {number % 120}", id=f"v{number % 120}", city="Chicago", region="IL", zone="America/Chicago",
                latitude=CHICAGO[0] + (number % 120 - 60) / 200, longitude=CHICAGO[1] + (number % 11 - 5) / 40,
            )  # fmt: skip
            yield Show(
                id=f"s{number}", title=f"{act} live", day=date.today() + timedelta(days=dice.randrange(120)),
                start=clock(dice.choice((19, 20, 21))), venue=venue, tickets=Tickets(low=20, high=45, currency="USD"),
                lineup=[Credit(name=act, role="headliner", ids=ids)],
            )  # fmt: skip
        yield Complete(scope="chicago")


def fill(store: Store, size: Size) -> list[listeners.Listener]:
    """Two listeners, four accounts and all their records, taken but not yet merged."""
    place = listeners.Place(label="Chicago, IL", latitude=CHICAGO[0], longitude=CHICAGO[1], zone="America/Chicago")
    people = [
        listeners.create(store, "Robin", "owner", preferences=listeners.Preferences(place=place)),
        listeners.create(store, "Sam", "member"),
    ]
    world = World(size)
    take(store, "files", "files", None, world.files())
    take(store, "spotify", "spotify", people[0].id, world.saved())
    take(store, "lastfm-robin", "lastfm", people[0].id, world.plays(0))
    take(store, "lastfm-sam", "lastfm", people[1].id, world.plays(1))
    take(store, "ticketmaster", "ticketmaster", None, world.shows())
    return people


def take(store: Store, key: str, provider: str, listener_id: int | None, records: Iterable[Record]) -> None:
    """One account and one whole run of it."""
    now = int(time.time())
    with store.write() as conn:
        row = insert(account).values(
            key=key, provider=provider, name=key.title(), listener_id=listener_id, created_at=now
        )
        account_id = conn.execute(row).inserted_primary_key[0]
    intake = Intake(account_id, key, listener_id, None, now)
    stream = iter(records)
    while batch := list(islice(stream, BATCH)):
        with store.write() as conn:
            intake.take(conn, [record for record in batch if not isinstance(record, Complete)])
            for record in batch:
                if isinstance(record, Complete):
                    intake.complete(conn, record.scope)
