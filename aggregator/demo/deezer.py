"""A sample of Deezer's public API: artists, albums, tracks, artist radio, searches. No key, and every error says 200.

Fifty questions in five seconds are answered, counted for everybody together. A preview's address is signed and good for
a quarter of an hour.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache, cached_property
from random import Random
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from aggregator.demo import service, tokens
from aggregator.demo.catalogue import ALBUMS, ARTISTS, MUSIC, SONGS, VARIOUS, Album, Artist, Credit, Slot, Song
from aggregator.demo.neighbours import EVERYBODY, Release, listeners, releases, similar
from aggregator.demo.neighbours import chart as charted
from aggregator.demo.service import Service, as_json, request, whole

T = TypeVar("T")
Json = dict[str, Any]

WEB = "https://www.deezer.com"
CALLS, SECONDS = 50, 5.0
GOOD_FOR = 15 * 60
"""Seconds that the address of a preview works."""
RADIO = 25
SIZES = (("small", 56), ("medium", 250), ("big", 500), ("xl", 1000))
ERRORS = {
    4: ("Exception", "Quota limit exceeded"),
    300: ("OAuthException", "Invalid OAuth access token."),
    500: ("ParameterException", "Wrong parameter"),
    501: ("MissingParameterException", "Missing parameters: q"),
    700: ("Exception", "Service busy"),
    800: ("DataException", "no data"),
}
CODES = {400: 500, 401: 300, 404: 800, 429: 4}
_FORMS = {"live": "album", "compilation": "compile"}


class Deezer(Service):
    name = "deezer"

    def __init__(self, calls: int = CALLS) -> None:
        super().__init__()
        self.calls = calls
        self.times: deque[float] = deque()
        for path, view in (
            ("/artist/<int:number>", self.artist),
            ("/artist/<int:number>/image", self.image),
            ("/artist/<int:number>/related", self.related),
            ("/artist/<int:number>/albums", self.albums),
            ("/artist/<int:number>/top", self.top),
            ("/artist/<int:number>/radio", self.radio),
            ("/album/<key>", self.album),
            ("/album/<key>/tracks", self.tracks),
            ("/track/<key>", self.track),
            ("/chart/<int:genre>/artists", self.chart),
            ("/search/artist", self.search_artist),
            ("/search/album", self.search_album),
            ("/search/track", self.search_track),
            ("/search", self.search_track),
            ("/stream/<int:number>.mp3", self.preview),
        ):
            self.route(path, view)

    def admit(self) -> Response | None:
        """The quota. Pictures and previews come from other machines and are not counted."""
        if request.path.startswith("/stream"):
            return None
        now = time.monotonic()
        with self._lock:
            while self.times and self.times[0] <= now - SECONDS:
                self.times.popleft()
            if len(self.times) >= self.calls:
                return _error(4)
            self.times.append(now)
        return None

    def refusal(self, status: int, code: int = 0) -> Response:
        """With status 200, but where the machines before the service itself give up."""
        answer = _error(code or CODES.get(status, 700))
        answer.status_code = status if status >= 500 else 200
        return answer

    def mishap(self, error: Exception) -> Response:
        if isinstance(error, NotFound):
            return as_json({"error": "Not Found"}, 404)
        return _error(500 if isinstance(error, (HTTPException, ValueError)) else 700)

    # --- one thing ----------------------------------------------------------------------------------------------------

    def artist(self, number: int) -> Response:
        return self._one(_SHOP.artists.get(number), self._artist)

    def album(self, key: str) -> Response:
        return self._one(_SHOP.album(key), self._whole_album)

    def track(self, key: str) -> Response:
        found = _SHOP.track(key)
        return self._one(found, lambda song: {**self._track(song), "isrc": song.isrc, **_place(song)})

    def image(self, number: int) -> Response:
        act = _SHOP.artists.get(number)
        return redirect(self.cover(act.hue, act.slug)) if act else _error(800)

    def preview(self, number: int) -> Response:
        """The beginning of a shipped song, for any song of the shop."""
        signed = tokens.verify("preview", request.args.get("hdnea", ""))
        if not signed or signed[0] != str(number) or int(signed[1]) < time.time():
            return Response("Forbidden", 403, content_type="text/html")
        return Response(_beginning(number), content_type="audio/mpeg", headers={"Accept-Ranges": "none"})

    def _one(self, found: T | None, shape: Callable[[T], Json]) -> Response:
        return _error(800) if found is None else as_json(shape(found))

    # --- lists --------------------------------------------------------------------------------------------------------

    def related(self, number: int) -> Response:
        return self._of_artist(number, lambda act: [other for other, _ in similar(act)], self._artist, 25)

    def albums(self, number: int) -> Response:
        return self._of_artist(number, discography, self._album, 25)

    def top(self, number: int) -> Response:
        return self._of_artist(number, songs_of, self._track, 5)

    def radio(self, number: int) -> Response:
        """Songs of the act and of its neighbours, in another order each day; no `total`, no further pages."""
        act = _SHOP.artists.get(number)
        if act is None:
            return _error(800)
        songs = [song for other in (act, *(near for near, _ in similar(act))) for song in songs_of(other)]
        Random(f"{act.slug} {date.today()}").shuffle(songs)  # noqa: S311
        shown, _ = self.window(songs, 0, RADIO)
        return as_json({"data": [self._track(song) for song in shown]})

    def tracks(self, key: str) -> Response:
        album = _SHOP.album(key)
        return _error(800) if album is None else self._page(album.songs, self._track, 25)

    def chart(self, genre: int) -> Response:
        """Ten unless asked for more; other genres than all (0) have none here. Without numbers of fans."""
        ranked = [] if genre else list(enumerate(charted(), 1))
        return self._page(ranked, lambda pair: {**self._lead(pair[1]), "radio": True, "position": pair[0]}, 10)

    def search_artist(self) -> Response:
        return self._search(EVERYBODY.values(), lambda act: act.name, self._artist)

    def search_album(self) -> Response:
        return self._search(_SHOP.albums.values(), lambda album: f"{album.title} {album.credited}", self._found_album)

    def search_track(self) -> Response:
        return self._search(_SHOP.songs.values(), lambda song: f"{song.title} {song.credited}", self._track)

    def _of_artist(
        self, number: int, listed: Callable[[Artist], Sequence[T]], shape: Callable[[T], Json], usual: int
    ) -> Response:
        act = _SHOP.artists.get(number)
        return _error(800) if act is None else self._page(listed(act), shape, usual)

    def _search(self, items: Any, name: Callable[[Any], str], shape: Callable[[Any], Json]) -> Response:
        if not request.args.get("q"):
            return _error(501)
        words = request.args["q"].replace('"', " ").casefold().split()
        found = [item for item in items if all(word in name(item).casefold() for word in words)]
        return self._page(found, shape, 25)

    def _page(self, items: Sequence[T], shape: Callable[[T], Json], usual: int) -> Response:
        """`next` and `prev` are whole addresses and are missing at the ends."""
        limit, index = whole(request.args.get("limit"), usual, 1, 100), whole(request.args.get("index"), 0, 0, 10**6)
        loops = self.active().loop_next
        shown, total = self.window(items, 0 if loops else index, limit)
        body: Json = {"data": [shape(item) for item in shown], "total": total}
        if index:
            body["prev"] = self._link(max(0, index - limit))
        if loops or index + limit < total:
            body["next"] = self._link(index if loops else index + limit)
        return as_json(body)

    def _link(self, index: int) -> str:
        query = {key: value for key, value in request.args.items() if key != "index"} | {"index": index}
        return f"{self.base}{request.path}?{urlencode(query, quote_via=quote)}"

    # --- shapes -------------------------------------------------------------------------------------------------------

    def _artist(self, act: Artist) -> Json:
        counts = {"nb_album": len(discography(act)), "nb_fan": listeners(act), "radio": True}
        return {**self._named(act), **self._pictures("picture", act.hue, act.slug), **counts, **self._tail(act)}

    def _lead(self, act: Artist) -> Json:
        return {**self._named(act), **self._pictures("picture", act.hue, act.slug), **self._tail(act)}

    def _named(self, act: Artist) -> Json:
        return {"id": number_of("artist", act.slug), "name": act.name, "link": _page("artist", act.slug)}

    def _tail(self, act: Artist) -> Json:
        number = number_of("artist", act.slug)
        return {"tracklist": f"{self.base}/artist/{number}/top?limit=50", "type": "artist"}

    def _album(self, album: Album) -> Json:
        """As in the list of an artist, without the artist."""
        return {
            **self._entitled(album), "genre_id": 106, "fans": fans(album),
            "release_date": album.released, "record_type": _FORMS.get(album.form, album.form),
            "tracklist": f"{self.base}/album/{number_of('album', album.slug)}/tracks", "explicit_lyrics": False,
            "type": "album",
        }  # fmt: skip

    def _found_album(self, album: Album) -> Json:
        return {**self._album(album), "nb_tracks": len(album.slots), "artist": self._lead(album.credits[0].artist)}

    def _whole_album(self, album: Album) -> Json:
        genres = [{"id": 106, "name": name.title(), "type": "genre"} for name in album.credits[0].artist.genres[:1]]
        return {
            **self._found_album(album), "upc": album.upc, "genres": {"data": genres}, "label": "Demo Records",
            "duration": sum(song.ms for song in album.songs) // 1000, "rating": 0, "available": True,
            "contributors": [{**self._lead(credit.artist), "role": "Main"} for credit in album.credits],
            "tracks": {"data": [self._track(song) for song in album.songs]},
        }  # fmt: skip

    def _track(self, song: Song) -> Json:
        number = number_of("track", song.slug)
        album = _SHOP.home[song.slug]
        return {
            "id": number, "readable": True, "title": song.title, "title_short": song.title, "title_version": "",
            "link": _page("track", song.slug), "duration": song.ms // 1000, "rank": number % 900_000,
            "explicit_lyrics": False, "explicit_content_lyrics": 0, "explicit_content_cover": 0,
            "preview": self._preview(number),
            "contributors": [{**self._lead(credit.artist), "role": "Main"} for credit in song.credits],
            "artist": self._lead(song.credits[0].artist),
            "album": {**self._entitled(album), "type": "album"}, "type": "track",
        }  # fmt: skip

    def _preview(self, number: int) -> str:
        """A few songs have none."""
        if number % 11 == 0:
            return ""
        signed = tokens.sign("preview", str(number), str(int(time.time()) + GOOD_FOR))
        return f"{self.base}/stream/{number}.mp3?hdnea={signed}"

    def _entitled(self, album: Album) -> Json:
        number = number_of("album", album.slug)
        covers = self._pictures("cover", album.hue, album.slug)
        return {"id": number, "title": album.title, "link": _page("album", album.slug), **covers}

    def _pictures(self, word: str, hue: int, slug: str) -> Json:
        return {word: self.cover(hue, slug)} | {f"{word}_{size}": self.cover(hue, slug) for size, _ in SIZES}


def number_of(kind: str, slug: str) -> int:
    """Ids are whole numbers."""
    return int.from_bytes(hashlib.sha256(f"deezer {kind}:{slug}".encode()).digest()[:4], "big") % 900_000_000 + 1000


# --- the shop ---------------------------------------------------------------------------------------------------------


def fans(album: Album) -> int:
    """Fewer for each album, in an order of the act's own."""
    act = album.credits[0].artist
    return listeners(act) // (3 + Random(f"{album.slug} fans").randrange(9))  # noqa: S311


@cache
def discography(act: Artist) -> tuple[Album, ...]:
    """What the service sells of an act, newest first; some release dates are not known."""
    if act.slug in ARTISTS:
        found = [album for album in ALBUMS.values() if album.credits[0].artist == act]
    else:
        found = [_album_of(act, release) for release in releases(act)]
    return tuple(sorted(found, key=lambda album: album.released, reverse=True))


def _album_of(act: Artist, release: Release) -> Album:
    """A neighbour's album, whose songs nobody else knows."""
    dice = Random(release.slug)  # noqa: S311
    number = dice.randrange(10**6)
    songs = [
        Song(f"{release.slug}-{n}", title, (Credit(act),), dice.randrange(150, 320) * 1000, f"ZZDZR{number:06d}{n}")
        for n, title in enumerate((release.title, f"{release.title} (Reprise)", f"After {release.title}"), 1)
    ]
    lately = date.today() - timedelta(days=20 + number % 200)
    day = lately if number % 5 == 2 else date(2012, 1, 1) + timedelta(days=dice.randrange(4500))
    released = "0000-00-00" if number % 9 == 0 else day.isoformat()
    slots = tuple(Slot(1, n, song) for n, song in enumerate(songs, 1))
    return Album(release.slug, release.title, (Credit(act),), released, "album", f"048{number:09d}", slots)


def songs_of(act: Artist) -> list[Song]:
    return list(dict.fromkeys(song for album in discography(act) for song in album.songs))


class _Shop:
    """Everything by number, as far as it has been asked for."""

    @cached_property
    def artists(self) -> dict[int, Artist]:
        return {number_of("artist", act.slug): act for act in EVERYBODY.values()}

    @cached_property
    def albums(self) -> dict[int, Album]:
        collections = [album for album in ALBUMS.values() if album.credits[0].artist is VARIOUS]
        sold = [*(album for act in EVERYBODY.values() for album in discography(act)), *collections]
        return {number_of("album", album.slug): album for album in sold}

    @cached_property
    def home(self) -> dict[str, Album]:
        """The album a song is shown with: a compilation only where there is no other."""
        ordered = sorted(self.albums.values(), key=lambda album: album.form != "compilation")
        return {song.slug: album for album in ordered for song in album.songs}

    @cached_property
    def songs(self) -> dict[int, Song]:
        listed = {song.slug: song for album in self.albums.values() for song in album.songs} | SONGS
        return {number_of("track", song.slug): song for song in listed.values() if song.slug in self.home}

    def album(self, key: str) -> Album | None:
        """By number, or ``upc:…``."""
        if key.startswith("upc:"):
            return next((album for album in self.albums.values() if album.upc == key[4:]), None)
        return self.albums.get(int(key))

    def track(self, key: str) -> Song | None:
        """By number, or ``isrc:…``."""
        if key.startswith("isrc:"):
            return next((song for song in self.songs.values() if song.isrc == key[5:]), None)
        return self.songs.get(int(key))


_SHOP = _Shop()


def _place(song: Song) -> Json:
    album = _SHOP.home[song.slug]
    slot = next(slot for slot in album.slots if slot.song == song)
    return {"track_position": slot.position, "disk_number": slot.disc, "release_date": album.released}


def _beginning(number: int) -> bytes:
    """Thirty seconds of one of the shipped songs: its tag, and as many bytes as 24 kbit/s need."""
    shipped = sorted(MUSIC.rglob("*.mp3"))
    data = shipped[number % len(shipped)].read_bytes()
    tag = 10 + sum(byte << 7 * (3 - place) for place, byte in enumerate(data[6:10]))
    return data[: tag + 30 * 24_000 // 8]


def _page(kind: str, slug: str) -> str:
    return f"{WEB}/{kind}/{number_of(kind, slug)}"


def _error(code: int) -> Response:
    kind, words = ERRORS.get(code, ("Exception", "An error occurred"))
    return as_json({"error": {"type": kind, "message": words, "code": code}})


if __name__ == "__main__":
    parser = service.arguments(__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help="how many are answered in five seconds")
    options = parser.parse_args()
    service.serve(Deezer(options.calls), options)
