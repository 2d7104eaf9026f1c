"""An invented catalogue: acts, albums and songs that exist nowhere else.

Everything is fixed, so that every sample service, the music folder and the truth the tests expect agree to the letter.
Songs with a `file` are really there (see `compose`); their length is the file's own.
"""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

MUSIC = Path(__file__).parent / "music"
_SPACE = uuid.UUID("6f2d7c64-2f0b-5c0e-9d4e-0b6a5d1c7e11")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PLAIN = str.maketrans({"ð": "d", "þ": "th", "ø": "o", "æ": "ae", "ß": "ss", "'": None})

Form = Literal["album", "ep", "single", "compilation", "live"]


def mbid(kind: str, slug: str) -> str:
    """An invented MusicBrainz id: the same for the same thing, for ever."""
    return str(uuid.uuid5(_SPACE, f"{kind}:{slug}"))


def base62(kind: str, slug: str) -> str:
    """An id of 22 letters and digits, as Spotify's are."""
    number = int.from_bytes(hashlib.sha256(f"{kind}:{slug}".encode()).digest()[:16], "big")
    letters = []
    for _ in range(22):
        number, rest = divmod(number, 62)
        letters.append(_BASE62[rest])
    return "".join(letters)


def slug_of(text: str) -> str:
    """ASCII, lower case, words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN)).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(c if c.isalnum() else " " for c in plain).split())


@dataclass(frozen=True)
class Artist:
    slug: str
    name: str
    genres: tuple[str, ...]
    hue: int
    """0–359: the colour of the covers."""

    @property
    def mbid(self) -> str:
        return mbid("artist", self.slug)

    @property
    def spotify(self) -> str:
        return base62("artist", self.slug)


@dataclass(frozen=True)
class Credit:
    artist: Artist
    join: str = ""


@dataclass(frozen=True)
class Song:
    """A recording. `ms` is its length in milliseconds."""

    slug: str
    title: str
    credits: tuple[Credit, ...]
    ms: int
    isrc: str
    file: str | None = None
    """Path below `MUSIC`."""

    @property
    def mbid(self) -> str:
        return mbid("recording", self.slug)

    @property
    def spotify(self) -> str:
        return base62("track", self.slug)

    @property
    def credited(self) -> str:
        return credited(self.credits)


@dataclass(frozen=True)
class Slot:
    disc: int
    position: int
    song: Song


@dataclass(frozen=True)
class Album:
    slug: str
    title: str
    credits: tuple[Credit, ...]
    released: str
    form: Form
    upc: str
    slots: tuple[Slot, ...] = field(repr=False)

    @property
    def mbid(self) -> str:
        return mbid("release", self.slug)

    @property
    def group(self) -> str:
        return mbid("release-group", self.slug)

    @property
    def spotify(self) -> str:
        return base62("album", self.slug)

    @property
    def credited(self) -> str:
        return credited(self.credits)

    @property
    def songs(self) -> tuple[Song, ...]:
        return tuple(slot.song for slot in self.slots)

    @property
    def owned(self) -> bool:
        return all(song.file for song in self.songs)

    @property
    def hue(self) -> int:
        """Albums of one act differ a little."""
        return (self.credits[0].artist.hue + 23 * (len(self.slug) % 4)) % 360


def credited(credits: tuple[Credit, ...]) -> str:
    return "".join(credit.artist.name + credit.join for credit in credits)


ARTISTS = {
    artist.slug: artist
    for artist in (
        Artist("paper-lighthouses", "The Paper Lighthouses", ("indie folk", "folk"), 30),
        Artist("marrow-quince", "Marrow & Quince", ("chamber pop", "indie folk"), 75),
        Artist("yrsa-vindmyll", "Ýrsa Vindmyll", ("ambient", "neoclassical"), 205),
        Artist("zwolfuhrbahn", "Zwölfuhrbahn", ("kosmische", "electronic"), 265),
        Artist("dj-kettlewire", "DJ Kettlewire", ("house", "electronic"), 335),
        Artist("ada-thistledown", "Ada Thistledown", ("vocal jazz", "jazz"), 235),
        Artist("quiet-arithmetic", "Quiet Arithmetic", ("math rock", "post-rock"), 150),
        Artist("gravel-cathedral-choir", "Gravel Cathedral Choir", ("slowcore", "post-rock"), 15),
        Artist("kohai-marimba-club", "Kōhai Marimba Club", ("minimalism", "ambient"), 110),
        Artist("tramline-glasgow", "Morrow Tramline", ("folk", "scottish folk"), 50),
        Artist("tramline-ohio", "Morrow Tramline", ("doom metal", "metal"), 0),
        Artist("senor-tectonico", "Señor Tectónico", ("cumbia", "electronic"), 90),
        Artist("understudy-astronauts", "The Understudy Astronauts", ("synth-pop", "indie pop"), 300),
        Artist("mudlark-telephone", "Mudlark Telephone", ("post-punk", "indie rock"), 185),
        Artist("gentle-weather", "Bureau of Gentle Weather", ("ambient", "electronic"), 170),
        Artist("various", "Various Artists", (), 130),
    )
}
VARIOUS = ARTISTS["various"]


def _isrc(number: int, year: str) -> str:
    # ZZ is a country code that ISO leaves to users, so no real recording can have it.
    return f"ZZBND{year[2:4]}{number:05d}"


def _upc(number: int) -> str:
    """Twelve digits with their check digit; prefix 04 is for use inside a shop, so no real product has it."""
    digits = f"04{number:09d}"
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(digits))
    return digits + str(-total % 10)


def _milliseconds(length: str) -> int:
    """From ``3:42``, or ``36.250`` seconds for songs that are shipped."""
    if ":" in length:
        minutes, seconds = length.split(":")
        return (int(minutes) * 60 + int(seconds)) * 1000
    return round(float(length) * 1000)


def _credits(text: str) -> tuple[Credit, ...]:
    """From ``dj-kettlewire feat. ada-thistledown``."""
    lead, _, guest = text.partition(" feat. ")
    if not guest:
        return (Credit(ARTISTS[lead]),)
    return (Credit(ARTISTS[lead], " feat. "), Credit(ARTISTS[guest]))


# One line an album: slug | title | credit | released | form | file format of shipped songs
# then one line a song: [disc-]position | title | length | credit, file format, slug where they are not as usual
_TEXT = """
harbour-lamps | Harbour Lamps | paper-lighthouses | 2021-04-09 | album | mp3
  1 | Kerosene Waltz | 36.000
  2 | The Keeper's Daughter | 33.500
  3 | Foghorn Lullaby | 31.400
  4 | Ninety-One Steps | 38.200
kitchen-weather | Kitchen Weather | marrow-quince | 2019-10-18 | album | opus
  1 | Preserve | 34.800
  2 | Rain on the Enamel | 32.600
  3 | Quince, Sliced | 31.900
fjarlaegd | Fjarlægð | yrsa-vindmyll | 2020-02-07 | album | opus
  1 | Morgunn á heiðinni | 41.000
  2 | Ljósaskipti | 37.500
  3 | Síðasta bréfið | 44.500
fahrplan | Fahrplan | zwolfuhrbahn | 2018-06-01 | album | mp3
  1 | Abfahrt | 34.300
  2 | Zwölf Uhr zwölf | 32.900
  3 | Nebengleis | 36.700
steam-tape | Steam Tape | dj-kettlewire | 2023-03-24 | album | mp3
  1-1 | Boil | 33.100
  1-2 | Copper Skyline | 35.200 | dj-kettlewire feat. ada-thistledown
  2-1 | Whistle Dub | 31.800
  2-2 | Boil (Night Shift Version) | 34.000
tramstop | Tramstop Compilation, Vol. 1 | various | 2020-09-11 | compilation | opus
  1 | Carry the One | 33.800 | quiet-arithmetic
  2 | Slow Bell | 39.400 | gravel-cathedral-choir
  3 | The Last Car to Anniesland | 32.400 | tramline-glasgow
boiler-house | Long Division (Live at the Boiler House) | quiet-arithmetic | 2022-11-04 | live | opus
  1 | Carry the One (Live at the Boiler House) | 35.900
  2 | Remainder (Live at the Boiler House) | 37.100
rain-practice | Rain Practice | kohai-marimba-club | 2024-05-31 | ep | flac
  1 | Rain Practice | 31.200
  2 | Umbrella Etude | 32.200 | kohai-marimba-club | opus
long-division | Long Division | quiet-arithmetic | 2020-01-17 | album |
  1 | =carry-the-one
  2 | Remainder | 4:12
  3 | Prime Suspects | 3:05
  4 | Seven Goes Into | 5:21
  5 | Show Your Working | 3:48
ferry-songs | Ferry Songs | tramline-glasgow | 2017-08-25 | album |
  1 | Renfrew Crossing | 3:22
  2 | Diesel and Gulls | 4:01
  3 | The Purser's Reel | 2:44
  4 | Kilcreggan in the Rain | 5:10
estuary-code | Estuary Code | mudlark-telephone | 2022-03-11 | album |
  1 | Low Tide Radio | 3:31
  2 | Clay Pipe | 2:58
  3 | Switchboard | 3:16
  4 | Party Line | 4:07
  5 | Engaged Tone | 2:39
subduccion | Subducción | senor-tectonico | 2023-09-15 | album |
  1 | Placa de Nazca | 3:40
  2 | Ceniza | 4:15
  3 | Réplica | 3:27
  4 | Baile del Magma | 5:02
low-tide-single | Low Tide Radio | mudlark-telephone | 2021-11-19 | single |
  1 | Low Tide Radio | 3:36 | mudlark-telephone | | low-tide-radio-single
second-cast | Second Cast | understudy-astronauts | 2021-10-08 | album |
  1 | Waiting in the Wings | 3:33
  2 | Zero Gravity Matinee | 4:09
  3 | Prompt Box | 2:51
  4 | Helmet Hair | 3:19
  5 | Curtain, Stars | 4:44
small-forecast | A Small Forecast | gentle-weather | 2024-02-23 | album |
  1 | Outlook | 6:10
  2 | Light Airs | 5:35
  3 | Occasional Sun | 7:02
  4 | Issued at Five | 4:48
keepers-ball | Lighthouse Keepers' Ball | paper-lighthouses | 2024-07-12 | album |
  1 | Invitation | 2:40
  2 | Dancing with the Lens | 3:55
  3 | Paraffin Heart | 3:12
  4 | Last Boat Home | 4:26
nightboat | Nightboat | dj-kettlewire | 2024-10-04 | single |
  1 | Nightboat | 5:55
velvet-ledger | The Velvet Ledger | ada-thistledown | 2016-05-20 | album |
  1 | Double Entry | 3:44
  2 | A Rest in the Balance | 4:31
  3 | Ink and Gin | 3:09
  4 | Closing the Books | 5:16
blast-furnace | Blast Furnace Hymnal | tramline-ohio | 2015-11-13 | album |
  1 | Slag | 7:21
  2 | Cuyahoga Burning | 8:04
  3 | Ladle Psalm | 6:33
nave | Nave | gravel-cathedral-choir | 2019-01-25 | album |
  1 | Chancel | 6:02
  2 | Flint Hymn | 5:14
  3 | Votive | 7:40
heimferd | Heimferð | yrsa-vindmyll | 2016-10-28 | album |
  1 | Ferjan | 5:05
  2 | Snjór á þaki | 4:22
  3 | Heim | 6:48
orange-enamel | Orange Enamel | marrow-quince | 2022-09-30 | album |
  1 | Saucepan Symphony | 3:11
  2 | Bread & Bicycles | 2:57
  3 | Marmalade Tuesday | 3:38
  4 | The Long Spoon | 4:03
wooden-weather | Wooden Weather | kohai-marimba-club | 2021-03-19 | album |
  1 | Drizzle Canon | 4:40
  2 | Cedar Steps | 3:50
  3 | Rosewood Thunder | 5:30
planetarium | Paper Planetarium | understudy-astronauts | 2018-04-13 | album |
  1 | Cardboard Saturn | 3:25
  2 | Glow Tape | 2:48
  3 | Orbit for Two | 4:02
caldera | Caldera | senor-tectonico | 2020-06-19 | album |
  1 | Fumarola | 3:58
  2 | Obsidiana | 4:20
  3 | Basalto Dub | 5:11
lamp-oil | Lamp Oil | paper-lighthouses | 2018-11-02 | ep |
  1 | Wick | 2:30
  2 | Storm Glass | 3:41
  3 | A Map of Rocks | 3:03
nachtbus | Nachtbus | zwolfuhrbahn | 2022-12-09 | album |
  1 | Haltestelle | 6:14
  2 | Umsteigen | 5:38
  3 | Endstation Morgenrot | 9:01
tidemark | Tidemark | mudlark-telephone | 2019-02-15 | album |
  1 | Hagstone | 3:02
  2 | Coin Box | 2:44
  3 | Reverse Charges | 3:37
timetable | Thistledown Sings the Timetable | ada-thistledown | 2020-12-04 | album |
  1 | The 6:42 | 3:20
  2 | Change at Dusk | 4:11
  3 | Mind the Gap, My Love | 3:56
two-rooms | Weather for Two Rooms | gentle-weather | 2021-05-07 | album |
  1 | Room One | 9:12
  2 | Room Two | 8:47
understudy-tapes | The Understudy Tapes | understudy-astronauts | 2023-06-16 | ep |
  1 | Take Nine | 2:59
  2 | Spare Moon | 3:30
  3 | House Lights | 4:18
  4 | Encore for Gravity | 3:11
ljosaskipti-single | Ljósaskipti | yrsa-vindmyll | 2019-11-22 | single | opus
  1 | Ljósaskipti | 42.000 | yrsa-vindmyll | opus | ljosaskipti-single
understudy-first | The Understudy Astronauts | understudy-astronauts | 2014-05-02 | album |
  1 | Cue Light | 3:27
  2 | Stand By | 2:46
  3 | Gravity, Stage Left | 4:13
understudy-again | The Understudy Astronauts | understudy-astronauts | 2024-05-03 | album |
  1 | House Dimmer | 2:22
  2 | Laser Chalk | 3:08
  3 | Ticket Stub Moon | 3:14
  4 | Last Showing | 5:20
"""


def _read() -> tuple[dict[str, Album], dict[str, Song]]:
    albums: dict[str, Album] = {}
    songs: dict[str, Song] = {}
    for block in _blocks():
        slug, title, credit, released, form, ending = (part.strip() for part in block[0].split("|"))
        slots = tuple(_slot(line, slug, credit, released, ending, songs) for line in block[1:])
        albums[slug] = Album(slug, title, _credits(credit), released, form, _upc(len(albums) + 1), slots)  # type: ignore[arg-type]
    return albums, songs


def _blocks() -> list[list[str]]:
    blocks: list[list[str]] = []
    for line in _TEXT.strip().splitlines():
        if line.startswith(" "):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _slot(line: str, album: str, credit: str, released: str, ending: str, songs: dict[str, Song]) -> Slot:
    where, title, *more = (part.strip() for part in line.split("|"))
    disc, _, position = where.rpartition("-")
    if title.startswith("="):
        return Slot(int(disc or 1), int(position), songs[title[1:]])
    length, own_credit, own_ending, own_slug = (*more, "", "", "", "")[:4]
    slug, ending = own_slug or slug_of(title), own_ending or ending
    song = Song(
        slug=slug,
        title=title,
        credits=_credits(own_credit or credit),
        ms=_milliseconds(length),
        isrc=_isrc(len(songs) + 1, released),
        file=f"{credit}/{album}/{where.zfill(2)}-{slug}.{ending}" if ending else None,
    )
    if slug in songs:
        raise ValueError(f"two songs would be called {slug}")
    songs[slug] = song
    return Slot(int(disc or 1), int(position), song)


ALBUMS, SONGS = _read()


@cache
def home_of(song: Song) -> Album:
    """The album a song is first found on."""
    return next(album for album in ALBUMS.values() if song in album.songs)


def albums_of(artist: Artist) -> list[Album]:
    return [album for album in ALBUMS.values() if any(credit.artist == artist for credit in album.credits)]
