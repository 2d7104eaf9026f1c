"""What every page must show once the demo is read: counted from the story itself, without any code of the library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from aggregator.demo import calendar
from aggregator.demo.catalogue import ALBUMS, VARIOUS, Album, Artist, Song, albums_of, home_of
from aggregator.demo.gigs import LATE, Gig
from aggregator.demo.listening import Play
from aggregator.demo.neighbours import UNLINKED
from aggregator.demo.world import RADIUS_MILES, LastfmUser, SpotifyUser, World

UNSURE = {"low-tide-radio", "low-tide-radio-single"}
"""One title, five seconds apart, on an album and a single: one recording or two?"""
UNSURE_FILES = {"ljosaskipti", "ljosaskipti-single"}
"""The same, and both are there to be heard."""
UNSURE_ALBUMS = {"understudy-first", "understudy-again"}
"""Both called like their band, ten years apart, of the one only a song is known: two editions, or two albums?"""
HEARD_OFTEN = 5
"""Plays that make an artist the listener's own."""


@dataclass(frozen=True)
class Sizes:
    """Of one kind of item, as the library's filters count it. `service`: can be played in a streaming service."""

    total: int
    owned: int
    saved: int
    service: int
    heard: int


@dataclass(frozen=True)
class Shows:
    """Coming events within the radius. `own`: of an artist of one's own, by an id that the library knows too;
    `possible`: by name alone."""

    listed: int
    own: int
    possible: int
    cancelled: int


@dataclass(frozen=True)
class Truth:
    """One listener's."""

    artists: Sizes
    albums: Sizes
    songs: Sizes
    plays: int
    shows: Shows
    sources: dict[str, str]
    """State by the account's key."""
    held: dict[str, int]
    """By the account's key: how many are missing from its last answer, and stay until somebody says yes."""
    unsure: dict[str, int]
    """Pairs that only a listener can decide, by kind."""
    recommended_albums: int
    """At least so many."""
    skipped_files: int


@dataclass
class _Kind:
    """Names of what one listener has, by how they have it."""

    owned: set[str] = field(default_factory=set)
    saved: set[str] = field(default_factory=set)
    service: set[str] = field(default_factory=set)
    heard: set[str] = field(default_factory=set)

    def sizes(self) -> Sizes:
        everything = self.owned | self.saved | self.service | self.heard
        return Sizes(len(everything), len(self.owned), len(self.saved), len(self.service), len(self.heard))


@dataclass
class _Shelves:
    """What one listener has. Songs are named by their slug, albums too, artists by their name.

    Two bands of one name are one until somebody says otherwise: that is the wrong merge to undo.
    """

    artists: _Kind = field(default_factory=_Kind)
    albums: _Kind = field(default_factory=_Kind)
    songs: _Kind = field(default_factory=_Kind)

    def own(self, album: Album) -> None:
        self.albums.owned.add(album.slug)
        self.artists.owned |= _names(album, album.songs)
        self.songs.owned |= {song.slug for song in album.songs}

    def offer(self, album: Album, songs: Iterable[Song]) -> None:
        """A service lists these songs of an album."""
        self.albums.service.add(album.slug)
        self.artists.service |= _names(album, songs)
        self.songs.service |= {song.slug for song in songs}

    def hear(self, play: Play) -> None:
        """However a careless player spelt it."""
        self.songs.heard.add(play.song.slug)
        self.artists.heard |= {credit.artist.name for credit in play.song.credits[:1]}
        if play.album.form != "compilation":
            self.albums.heard.add(play.album.slug)


def truth(world: World) -> dict[str, Truth]:
    """By the listener's name."""
    robin, old_phone, sam = world.spotify.values()
    assert old_phone.revoked
    states = {"music": "ready", "shows": "ready", "deezer": "ready", "velvet-turnstile": "ready"}
    states |= {calendar.EMPTIED: "ready", calendar.DOWN: "backing off"}
    mine = {"robin-spotify": "ready", "robin-lastfm": "ready", "robin-old-phone": "needs the listener"}
    theirs = {"sam-spotify": "ready", "sam-lastfm": "ready", "sam-listenbrainz": "ready"}
    return {
        "Robin": _truth(world, robin, world.lastfm["robin_demo"], states | mine),
        "Sam": _truth(world, sam, world.lastfm["sam_demo"], states | theirs),
    }


def as_json(world: World) -> dict[str, Any]:
    return {name: asdict(one) for name, one in truth(world).items()}


def _truth(world: World, spotify: SpotifyUser, lastfm: LastfmUser, states: dict[str, str]) -> Truth:
    shelves = _Shelves()
    for album in ALBUMS.values():
        if album.owned:
            shelves.own(album)
    _stream(shelves, spotify)
    shelves.songs.saved |= {song.slug for _, song in lastfm.loved}
    told = {play.at: play for play in (*lastfm.plays, *spotify.recent)}
    for play in told.values():
        shelves.hear(play)
    own = _own_artists(shelves, told.values())
    return Truth(
        artists=shelves.artists.sizes(),
        albums=shelves.albums.sizes(),
        songs=shelves.songs.sizes(),
        plays=len(told),
        shows=_shows(world, own),
        sources=states,
        held={calendar.EMPTIED: sum(gig.day > _today(world) for gig in world.calendar(calendar.EMPTIED))},
        unsure={
            "artist": len(_by_name_alone(world, own)),
            "album": int(shelves.albums.service >= UNSURE_ALBUMS),
            "recording": int(shelves.songs.service >= UNSURE) + int(shelves.songs.owned >= UNSURE_FILES),
            "show": sum(gig.event.endswith(LATE) for gig in _coming(world)),
        },
        recommended_albums=6,
        skipped_files=1,
    )


def _stream(shelves: _Shelves, user: SpotifyUser) -> None:
    for _, album in user.albums:
        shelves.offer(album, album.songs)
        shelves.albums.saved.add(album.slug)
    for _, song in user.tracks:
        shelves.offer(_filed_under(song), [song])
        shelves.songs.saved.add(song.slug)
    for playlist in user.playlists:
        for entry in playlist.songs:
            if entry:
                shelves.offer(_filed_under(entry), [entry])
    followed = {artist.name for artist in user.following}
    shelves.artists.saved |= followed
    shelves.artists.service |= followed


def _filed_under(song: Song) -> Album:
    """The album a streaming service shows with a song: a real album before a compilation."""
    return next((album for album in ALBUMS.values() if song in album.songs and album.form == "album"), home_of(song))


def _names(album: Album, songs: Iterable[Song]) -> set[str]:
    credits = [*album.credits, *(credit for song in songs for credit in song.credits)]
    return {credit.artist.name for credit in credits} - {VARIOUS.name}


def _own_artists(shelves: _Shelves, plays: Iterable[Play]) -> set[str]:
    leads = [play.song.credits[0].artist.name for play in plays]
    often = {name for name in set(leads) if leads.count(name) >= HEARD_OFTEN}
    saved_albums = {ALBUMS[slug].credits[0].artist.name for slug in shelves.albums.saved}
    saved_songs = {name for name in shelves.artists.service | shelves.artists.heard if _has_saved(shelves, name)}
    return shelves.artists.owned | shelves.artists.saved | saved_albums | saved_songs | often


def _has_saved(shelves: _Shelves, name: str) -> bool:
    songs = (song for album in ALBUMS.values() for song in album.songs if song.slug in shelves.songs.saved)
    return any(song.credits[0].artist.name == name for song in songs)


def _coming(world: World) -> list[Gig]:
    today = _today(world)
    listed = (*world.events, *world.nights)
    coming = (gig for gig in listed if gig.day > today and gig.music and not gig.test)
    return [gig for gig in coming if gig.venue.miles <= RADIUS_MILES]


def _today(world: World) -> date:
    return datetime.fromtimestamp(world.now, UTC).date()


def _shows(world: World, own: set[str]) -> Shows:
    near = _coming(world)
    mine = [(gig, act) for gig in near for act in gig.lineup if act.name in own]
    sure = _events(gig for gig, act in mine if gig.names_lineup and _linked(act))
    return Shows(
        listed=len(_events(near)),
        own=len(sure),
        possible=len(_events(gig for gig, _ in mine) - sure),
        cancelled=len(_events(gig for gig in near if gig.status == "cancelled")),
    )


def _by_name_alone(world: World, own: set[str]) -> set[str]:
    """Own artists who stand on some bill without any id: the same act, or another of that name?"""
    return {act.name for gig in _coming(world) if not gig.names_lineup for act in gig.lineup} & own


def _linked(act: Artist) -> bool:
    """Whether files or scrobbles know the act's id, as the concert listing does."""
    return act.slug not in UNLINKED or any(album.owned for album in albums_of(act))


def _events(entries: Iterable[Gig]) -> set[str]:
    """Packages and other sellers' entries are the same evening."""
    return {gig.event for gig in entries}
