"""Who listened to what, day by day.

What is heard on a day depends on the listener and the date alone: a story told again tomorrow has the same past.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from aggregator.demo.catalogue import ALBUMS, Album, Song

DAY = 86_400


@dataclass(frozen=True)
class Spelling:
    """How a careless player reports a song. None: as it is."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    ids: bool = True
    """Whether the service knows the recording's id in spite of the spelling."""


@dataclass(frozen=True)
class Play:
    """`at` is the start, in seconds since 1970."""

    at: int
    song: Song
    album: Album
    services: frozenset[str]
    """Which services report it."""
    spelling: Spelling = Spelling()

    @property
    def ended(self) -> int:
        return self.at + -(-self.song.ms // 1000)


@dataclass(frozen=True)
class Habits:
    """`albums`: album slug to how often it is chosen. `streamed`: those heard through Spotify."""

    name: str
    albums: dict[str, float]
    streamed: frozenset[str]
    sessions: tuple[tuple[int, float], ...]
    """Hour of the day (UTC) and the chance that a session starts then."""
    spellings: dict[str, Spelling]
    """By song slug; applied to one play in three."""
    dropped: frozenset[str] = frozenset()
    """Albums that were loved once: not chosen any more after the first `LOVED` days."""
    unopened: frozenset[str] = frozenset()
    """Albums that were taken off the shelf, and put back unheard."""


LOVED = 150
ROBIN = Habits(
    name="robin",
    albums={
        "harbour-lamps": 9, "kitchen-weather": 7, "fjarlaegd": 4, "fahrplan": 6, "steam-tape": 5, "tramstop": 3,
        "boiler-house": 3, "rain-practice": 3, "long-division": 6, "ferry-songs": 4, "estuary-code": 7, "subduccion": 3,
        "second-cast": 5, "small-forecast": 3, "keepers-ball": 6, "velvet-ledger": 2, "nightboat": 2,
        "blast-furnace": 3, "nave": 2, "heimferd": 2, "orange-enamel": 4, "wooden-weather": 2,
    },
    streamed=frozenset(
        ("long-division", "ferry-songs", "estuary-code", "subduccion", "second-cast", "small-forecast", "keepers-ball",
         "velvet-ledger", "nightboat")
    ),
    sessions=((13, 0.38), (18, 0.2), (23, 0.44), (26, 0.14)),
    spellings={
        "kerosene-waltz": Spelling(title="Kerosine Waltz"),
        "foghorn-lullaby": Spelling(artist="paper lighthouses", ids=False),
        "preserve": Spelling(artist="Marrow and Quince", ids=False),
        "rain-practice": Spelling(artist="Kohai Marimba Club", ids=False),
        "placa-de-nazca": Spelling(artist="Senor Tectonico", album="Subduccion", ids=False),
        "ninety-one-steps": Spelling(title="Ninty-One Stpes", ids=False),
    },
    dropped=frozenset(("nave", "heimferd")),
    unopened=frozenset(("boiler-house", "fjarlaegd")),
)  # fmt: skip

SAM = Habits(
    name="sam",
    albums={
        "harbour-lamps": 3, "caldera": 6, "lamp-oil": 4, "nachtbus": 5, "tidemark": 6, "timetable": 4, "two-rooms": 3,
        "understudy-tapes": 5, "subduccion": 5, "estuary-code": 3, "kitchen-weather": 2,
    },
    streamed=frozenset(("caldera", "tidemark", "understudy-tapes", "subduccion")),
    sessions=((14, 0.3), (22, 0.32), (25, 0.15)),
    spellings={"fumarola": Spelling(artist="SENOR TECTONICO", ids=False)},
)  # fmt: skip


def plays(habits: Habits, since: int, now: int) -> list[Play]:
    """Everything that ended between two instants, oldest first."""
    first = datetime.fromtimestamp(since, UTC).date() - timedelta(days=1)
    days = (now - since) // DAY + 3
    heard = (play for number in range(days) for play in _day(habits, first + timedelta(days=number)))
    heard = (play for play in heard if play.album.slug not in habits.unopened)
    dropped = since + LOVED * DAY
    kept = (play for play in heard if play.at < dropped or play.album.slug not in habits.dropped)
    return sorted((play for play in kept if since <= play.at and play.ended <= now), key=lambda play: play.at)


def _day(habits: Habits, day: date) -> Iterator[Play]:
    dice = Random(f"{habits.name} {day}")  # noqa: S311 - a story, not a secret
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    free = 0
    for hour, chance in habits.sessions:
        if dice.random() >= chance * (1.25 if day.weekday() >= 5 else 1.0):
            continue
        start = max(midnight + hour * 3600 + dice.randrange(2400), free)
        for play in _session(habits, day, dice, start):
            yield play
            free = play.ended + 60


def _session(habits: Habits, day: date, dice: Random, start: int) -> Iterator[Play]:
    """One to three records, each from its beginning, none of them twice."""
    at = start
    for album in dict.fromkeys(_choose(habits, day, dice) for _ in range(dice.choice((1, 2, 2, 3)))):
        for song in album.songs[: dice.randrange(2, 6)]:
            spelling = habits.spellings.get(song.slug) if dice.random() < 0.33 else None
            yield Play(at, song, album, _services(habits, album, dice), spelling or Spelling())
            at += -(-song.ms // 1000) + dice.randrange(1, 4)


def _choose(habits: Habits, day: date, dice: Random) -> Album:
    """A record; one is on repeat for a month."""
    slugs, weights = list(habits.albums), list(habits.albums.values())
    favourite = Random(f"{habits.name} {day.year}-{day.month}").choice(slugs)  # noqa: S311
    return ALBUMS[favourite if dice.random() < 0.12 else dice.choices(slugs, weights)[0]]


def _services(habits: Habits, album: Album, dice: Random) -> frozenset[str]:
    if album.slug not in habits.streamed:
        return frozenset(("lastfm",))
    return frozenset(("spotify",)) if dice.random() < 0.04 else frozenset(("spotify", "lastfm"))
