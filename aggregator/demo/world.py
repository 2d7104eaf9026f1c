"""The demo's world: two listeners, and what each service knows of them.

Robin owns the house: a music folder, Spotify, Last.fm, and a concert listing for everybody. Sam has Spotify and
Last.fm. Robin's old phone left behind a second Spotify account whose permission has run out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

from aggregator.demo import gigs
from aggregator.demo.catalogue import ALBUMS, ARTISTS, SONGS, Album, Artist, Credit, Slot, Song
from aggregator.demo.listening import DAY, ROBIN, SAM, Play, plays
from aggregator.demo.neighbours import EVERYBODY, NEIGHBOURS

LASTFM_KEY = "5f0c0ffee5ca1ab1edeadbea7ba5eba1"
LASTFM_SECRET = "7ea5e7ab1ebadcab1edec0ded0dd5eed"  # noqa: S105 - opens nothing but the sample service
TICKETMASTER_KEY = "DemoK3yForTheSampleService4Tickets"
ZIP = "60647"
RADIUS_MILES = 30
RECENT = 50
"""Spotify remembers no more plays than this."""


@dataclass(frozen=True)
class Playlist:
    slug: str
    name: str
    songs: tuple[Song | None, ...]
    """None: a song that the service has removed since."""


@dataclass(frozen=True)
class SpotifyUser:
    """`albums` and `tracks` are (added at, what), newest first. The client id decides who signs in."""

    id: str
    name: str
    client: str
    secret: str
    albums: tuple[tuple[int, Album], ...] = ()
    tracks: tuple[tuple[int, Song], ...] = ()
    following: tuple[Artist, ...] = ()
    playlists: tuple[Playlist, ...] = ()
    recent: tuple[Play, ...] = ()
    revoked: bool = False
    """Old refresh tokens are refused; a new sign-in works."""


@dataclass(frozen=True)
class LastfmUser:
    """`plays` oldest first; `loved` newest first; `favourites` most played first with the number of plays."""

    name: str
    real_name: str
    plays: tuple[Play, ...] = ()
    loved: tuple[tuple[int, Song], ...] = ()
    friends: tuple[str, ...] = ()
    favourites: tuple[tuple[Artist, int], ...] = ()
    hidden: bool = False
    """Recent plays are private."""


@dataclass(frozen=True)
class World:
    """Everything there is between `since` and `now` (seconds since 1970), and the coming concerts."""

    now: int
    since: int
    scale: int = 0

    @cached_property
    def robin(self) -> list[Play]:
        return plays(ROBIN, self.since, self.now)

    @cached_property
    def sam(self) -> list[Play]:
        return plays(SAM, self.since, self.now)

    @cached_property
    def spotify(self) -> dict[str, SpotifyUser]:
        """By client id."""
        users = (self._robin_spotify(), self._old_phone(), self._sam_spotify())
        return {user.client: self._scaled_spotify(user) for user in users}

    @cached_property
    def lastfm(self) -> dict[str, LastfmUser]:
        """By user name."""
        users = (self._robin_lastfm(), self._sam_lastfm(), *_FRIENDS)
        return {user.name: self._scaled_lastfm(user) for user in users}

    @cached_property
    def events(self) -> list[gigs.Gig]:
        """Every entry of the concert listing, past ones of the last week included."""
        return gigs.programme(self.now) + gigs.many(self.now, self.scale)

    @cached_property
    def nights(self) -> list[gigs.Gig]:
        """What stands in the calendars of the halls alone."""
        return gigs.nights(self.now)

    def calendar(self, hall: str) -> list[gigs.Gig]:
        """What a hall announces itself: its own nights, and those of which the ticket seller knows the title alone."""
        both = (*self.nights, *(gig for gig in self.events if not gig.names_lineup))
        return sorted((gig for gig in both if gig.venue.slug == hall), key=lambda gig: gig.day)

    def _robin_spotify(self) -> SpotifyUser:
        return SpotifyUser(
            id="robin.demo",
            name="Robin",
            client="b0b1de50000000000000000000000001",
            secret="c0ffee00000000000000000000000001",  # noqa: S106
            albums=self._saved(ROBIN_ALBUMS),
            tracks=tuple((self.now - (20 + 9 * n) * DAY, SONGS[slug]) for n, slug in enumerate(ROBIN_TRACKS)),
            following=(*(ARTISTS[slug] for slug in ROBIN_FOLLOWS), NEIGHBOURS["nine-tin-moons"]),
            playlists=ROBIN_PLAYLISTS,
            recent=_recent(self.robin),
        )

    def _old_phone(self) -> SpotifyUser:
        return SpotifyUser(
            id="robin.old.phone",
            name="Robin (old phone)",
            client="b0b1de50000000000000000000000002",
            secret="c0ffee00000000000000000000000002",  # noqa: S106
            albums=self._saved(("planetarium", "long-division")),
            revoked=True,
        )

    def _sam_spotify(self) -> SpotifyUser:
        return SpotifyUser(
            id="sam.demo",
            name="Sam",
            client="b0b1de50000000000000000000000003",
            secret="c0ffee00000000000000000000000003",  # noqa: S106
            albums=self._saved(("caldera", "tidemark", "understudy-tapes", "subduccion")),
            following=(ARTISTS["senor-tectonico"], ARTISTS["mudlark-telephone"]),
            recent=_recent(self.sam),
        )

    def _robin_lastfm(self) -> LastfmUser:
        return LastfmUser(
            name="robin_demo",
            real_name="Robin",
            plays=_scrobbled(self.robin),
            loved=tuple((self.now - (3 + 17 * n) * DAY, SONGS[slug]) for n, slug in enumerate(ROBIN_LOVED)),
            friends=("sam_demo", *(friend.name for friend in _FRIENDS)),
            favourites=_favourites(self.robin),
        )

    def _sam_lastfm(self) -> LastfmUser:
        return LastfmUser(
            name="sam_demo",
            real_name="Sam",
            plays=_scrobbled(self.sam),
            loved=((self.now - 12 * DAY, SONGS["fumarola"]), (self.now - 40 * DAY, SONGS["wick"])),
            friends=("robin_demo", "tobias_rewinds"),
            favourites=_favourites(self.sam),
        )

    def _saved(self, slugs: tuple[str, ...]) -> tuple[tuple[int, Album], ...]:
        return tuple((self.now - (6 + 21 * n) * DAY, ALBUMS[slug]) for n, slug in enumerate(slugs))

    def _scaled_spotify(self, user: SpotifyUser) -> SpotifyUser:
        more = [_counted(number) for number in range(self.scale)]
        return replace(
            user,
            albums=user.albums + tuple((self.since - n, album) for n, album in enumerate(more)),
            tracks=user.tracks + tuple((self.since - n, album.songs[0]) for n, album in enumerate(more)),
        )

    def _scaled_lastfm(self, user: LastfmUser) -> LastfmUser:
        more = [_counted(number) for number in range(self.scale)]
        told = frozenset(("lastfm",))
        old = [Play(self.since - 300 * (n + 1), album.songs[0], album, told) for n, album in enumerate(more)]
        return replace(user, plays=(*reversed(old), *user.plays))


def build(now: int, since: int | None = None, scale: int = 0) -> World:
    return World(now, now - 365 * DAY if since is None else since, scale)


def _recent(heard: list[Play]) -> tuple[Play, ...]:
    """Newest first, as Spotify has them."""
    return tuple(reversed([play for play in heard if "spotify" in play.services]))[:RECENT]


def _scrobbled(heard: list[Play]) -> tuple[Play, ...]:
    return tuple(play for play in heard if "lastfm" in play.services)


def _favourites(heard: list[Play]) -> tuple[tuple[Artist, int], ...]:
    counts = Counter(play.song.credits[0].artist for play in _scrobbled(heard))
    return tuple(counts.most_common())


def _counted(number: int) -> Album:
    """One of any number of further albums, for lists that must be long."""
    artist = Artist(f"count-{number % 97}", f"Tally Stick {number % 97}", ("counting",), number % 360)
    song = Song(f"count-song-{number}", f"Tally {number}", (Credit(artist),), 180_000, f"ZZTLY00{number:05d}")
    slots = (Slot(1, 1, song),)
    return Album(f"count-{number}", f"Ledger {number}", song.credits, "2015-06-01", "album", f"049{number:09d}", slots)


ROBIN_ALBUMS = (
    "keepers-ball", "small-forecast", "harbour-lamps", "subduccion", "estuary-code", "second-cast", "kitchen-weather",
    "long-division", "fahrplan", "ferry-songs", "lamp-oil", "understudy-again",
)  # fmt: skip
ROBIN_TRACKS = (
    "nightboat",
    "double-entry",
    "closing-the-books",
    "kerosene-waltz",
    "low-tide-radio",
    "low-tide-radio-single",
)
ROBIN_FOLLOWS = ("paper-lighthouses", "quiet-arithmetic", "mudlark-telephone", "yrsa-vindmyll", "senor-tectonico")
ROBIN_LOVED = ("party-line", "kerosene-waltz", "marmalade-tuesday", "abfahrt", "placa-de-nazca")
ROBIN_PLAYLISTS = (
    Playlist(
        "tuesday-kitchen",
        "Tuesday kitchen",
        (SONGS["preserve"], SONGS["cardboard-saturn"], None, SONGS["party-line"], SONGS["orbit-for-two"]),
    ),
    Playlist(
        "slow-trains",
        "Slow trains",
        (SONGS["abfahrt"], SONGS["renfrew-crossing"], SONGS["light-airs"], SONGS["cue-light"]),
    ),
)


def _friend(name: str, real_name: str, favourites: dict[str, int], *, hidden: bool = False) -> LastfmUser:
    acts = tuple((EVERYBODY[slug], count) for slug, count in favourites.items())
    return LastfmUser(name, real_name, friends=("robin_demo",), favourites=acts, hidden=hidden)


_FRIENDS = (
    _friend("juniper_k", "Juniper", {
        "alder-the-voltmeters": 640, "paper-lighthouses": 512, "eleven-kind-foxes": 377, "marrow-quince": 300,
        "mossgrove-telegraph": 188, "bergamot-parliament": 95,
    }),
    _friend("tobias_rewinds", "Tobias", {
        "glasshouse-kurier": 901, "zwolfuhrbahn": 720, "dampfmaschine-sud": 415, "midnight-abacus": 260,
        "dj-kettlewire": 144,
    }),
    _friend("mina_counts", "Mina", {
        "pocket-avalanche": 455, "quiet-arithmetic": 431, "teal-divide": 390, "magnet-cathedral": 120,
        "corporal-daydream": 77,
    }),
    _friend("old_ferryman", "", {"kestrel-vinegar": 333, "tramline-glasgow": 250, "thimble-thunder": 99}, hidden=True),
)  # fmt: skip
