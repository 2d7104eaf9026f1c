"""Four sources of one invented town that overlap, change from day to day, and say the same of a day whenever asked.

The day stands in a file, so that a run that was cut off meets the same day when it is taken up again.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import __main__
from aggregator.plugin import (
    Artist,
    Audio,
    Checkpoint,
    Credit,
    Edition,
    Field,
    Friend,
    Friends,
    History,
    Holding,
    Library,
    Play,
    Playlist,
    Progress,
    Provider,
    Show,
    Shows,
    Skipped,
    Track,
    Unavailable,
    Unchanged,
    Venue,
)

__main__.BATCH_ROWS = 30  # many commits of few records: each is a place to be killed at

ARTISTS = ("Quiet Harbour", "Tin Orchard", "Nora Quist", "Luz Berrocal", "Halden")
FIRST = ("Salt", "Paper", "Glass", "Evening", "Copper", "Winter", "Hollow", "Amber", "Distant")
SECOND = ("Lamps", "Engines", "Weather", "Tide", "Rooms", "Bells", "Garden", "Maps")
NAMES = [f"{first} {second}" for first in FIRST for second in SECOND]
SONGS = 4
START = datetime(2026, 3, 2, 18, tzinfo=UTC)


class Settings(Provider.Settings):
    day: str = Field(title="The file in which the day stands")
    whose: str = Field(default="", title="Whose account this is")


def album(number: int) -> tuple[str, str, list[str]]:
    """Artist, title, songs."""
    songs = NAMES[number * SONGS : (number + 1) * SONGS]
    return ARTISTS[number % len(ARTISTS)], f"{NAMES[-1 - number]} Sessions", songs


class Town:
    """What all four have."""

    household = True
    Settings = Settings

    @property
    def day(self) -> int:
        return int(Path(self.settings.day).read_text())


class Disc(Town, Provider, Library):
    """Files: what has not changed since it was last read is said to be unchanged, by what the state remembers."""

    id = "disc"
    name = "Disc"

    def library(self):
        here = {1: range(9), 2: [0, 1, *range(3, 10)]}.get(self.day, range(10))
        for done, number in enumerate(here):
            stamp = 2 if number == 4 and self.day > 1 else 1
            if self.state.get(f"album {number}") == stamp:
                yield Unchanged(of="edition", ids=[f"album {number}"])
            else:
                yield from self._read(number, stamp)
                self.state[f"album {number}"] = stamp
            yield Progress(done=done + 1, doing="reading")
        yield Skipped(of="track", id="broken.mp3", reason="the file ends in the middle")

    def _read(self, number, stamp):
        artist, title, songs = album(number)
        title = title if stamp == 1 else f"{title} (Deluxe Edition)"
        yield Edition(id=f"album {number}", title=title, credits=[Credit(name=artist)], total_tracks=SONGS)
        for position, song in enumerate(songs, 1):
            audio = Audio(path=f"{number}/{position}.flac", codec="flac", size=1000 + stamp, lossless=True)
            yield Track(id=audio.path, title=song, credits=[Credit(name=artist)], edition=f"album {number}",
                        position=position, seconds=180 + position, audio=audio)  # fmt: skip


class Stream(Town, Provider, Library, Friends):
    """A service with its own ids for everything. On the third day it answers nothing, on the fourth it breaks off."""

    id = "stream"
    name = "Stream"
    household = False

    def library(self):
        ben = self.settings.whose == "Ben"
        if self.day == 3 and not ben:
            return
        here = list(range(6)) if ben else [*range(5, 11), *([11] if self.day > 1 else [])]
        for number in here[1 if self.day > 1 else 0 :]:
            yield from self._read(number)
            if self.day == 4 and number == here[2]:
                raise Unavailable("the service went away in the middle")
        yield Artist(id="artist Halden", name="Halden", genres=["folk"])
        yield Holding(of="artist", id="artist Halden", how="followed")
        tracks = [f"track {number} {song}" for number in here[1:4] for song in range(1, 3)]
        yield Playlist(id="road", name="For the road", tracks=tracks)

    def _read(self, number):
        artist, title, songs = album(number)
        credits = [Credit(name=artist, id=f"artist {artist}")]
        yield Edition(id=f"album {number}", title=title, credits=credits, total_tracks=SONGS, released="2020")
        for position, song in enumerate(songs, 1):
            yield Track(id=f"track {number} {position}", title=f"{song} - Remastered" if position == 2 else song,
                        credits=credits, edition=f"album {number}", position=position,
                        seconds=181 + position)  # fmt: skip
        yield Holding(of="edition", id=f"album {number}", how="saved", since=START)

    def friends(self):
        for name in ("Cleo", "Dora", "Emil")[: 3 if self.day == 1 else 2]:
            yield Friend(id=name, name=name)

    def top_artists(self, friend):
        return []


class Diary(Town, Provider, History):
    """What was played: thirty plays a day, told in pages, each ended by a checkpoint."""

    id = "diary"
    name = "Diary"
    household = False

    def plays(self, cursor):
        begin, end = int(cursor or 0), 60 + 30 * min(self.day, 3)
        for page in range(begin, end, 10):
            for number in range(page, min(page + 10, end)):
                yield self._play(number)
            yield Checkpoint(cursor=str(min(page + 10, end)))

    def _play(self, number):
        artist, title, songs = album(number * 7 % 13)
        at = START + timedelta(hours=number)
        if number % 11 == 10:
            return Play(at=at, title=f"Unknown {number % 3}", credits=[Credit(name="Kellerkind")])
        return Play(at=at, title=songs[number % SONGS], credits=[Credit(name=artist)], album=title, seconds=180)


class Posters(Town, Provider, Shows):
    """Concerts, two on one evening; one moves away and one is called off on the second day."""

    id = "posters"
    name = "Posters"

    def shows(self, artists, area):
        hall = Venue(name="The Palms", city="Winters", latitude=38.525, longitude=-121.97, zone="America/Los_Angeles")
        for number in range(10 + self.day):
            if number == 3 and self.day > 1:
                continue
            artist = ARTISTS[number % len(ARTISTS)]
            yield Show(
                id=f"show {number}",
                title=f"{artist} live",
                day=date(2090, 5, 1) + timedelta(days=number // 2 * 3),
                venue=hall,
                lineup=[Credit(name=artist, role="headliner")],
                status="cancelled" if number == 4 and self.day > 1 else "scheduled",
            )
