"""A sample of Spotify's Web API and accounts service, as an app in development mode meets it in 2026.

The page where a listener would allow access allows it at once. Which listener signs in follows from the client id.
Sent back they are to any address that Spotify lets an app register, or to those that ``POST /_register`` names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from werkzeug.exceptions import HTTPException, abort
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from aggregator.demo import service, tokens
from aggregator.demo.catalogue import ALBUMS, SONGS, Album, Artist, Credit, Slot, Song, albums_of, base62, home_of
from aggregator.demo.listening import Play
from aggregator.demo.neighbours import EVERYBODY
from aggregator.demo.service import Service, as_json, request, whole
from aggregator.demo.world import Playlist, SpotifyUser, World, build

T = TypeVar("T")
Json = dict[str, Any]

HOUR = 3600
CODE_SECONDS = 600
SCOPES = "user-library-read user-follow-read user-read-recently-played playlist-read-private user-read-private"
CLOSED = ("/v1/browse", "/v1/recommendations", "/v1/audio-features", "/v1/audio-analysis", "/v1/markets", "/v1/users")
"""Paths that apps in development mode are refused."""
CLOSED_ENDINGS = ("/related-artists", "/top-tracks")
_listener: ContextVar[SpotifyUser] = ContextVar("listener")
"""Who asks."""


class Spotify(Service):
    name = "spotify"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.spent: set[str] = set()
        self.expired_before = 0.0
        self.registered: list[str] = []
        self.route("/authorize", self.authorize)
        self.route("/api/token", self.token, "POST")
        self.route("/_expire", self.expire, "POST")
        self.route("/_register", self.register, "POST")
        self.route("/v1/me", self.me)
        self.route("/v1/me/albums", self.albums)
        self.route("/v1/me/tracks", self.tracks)
        self.route("/v1/me/following", self.following)
        self.route("/v1/me/playlists", self.playlists)
        self.route("/v1/me/player/recently-played", self.recently_played)
        self.route("/v1/playlists/<pid>/items", self.playlist_items)
        self.route("/v1/albums/<aid>", self.album)
        self.route("/v1/albums/<aid>/tracks", self.album_tracks)
        self.route("/v1/artists/<aid>", self.artist)
        self.route("/v1/artists/<aid>/albums", self.artist_albums)
        self.route("/v1/tracks/<tid>", self.track)
        self.route("/v1/search", self.search)

    # --- permission ---------------------------------------------------------------------------------------------------

    def refusal(self, status: int, code: int = 0) -> Response:  # noqa: ARG002 - Spotify's errors have no codes
        if status == 401:
            return _error(401, "The access token expired")
        if status == 429 and (self.active().retry_after or 0) > HOUR:
            return _error(429, "Too many requests", reason="QUOTA_EXCEEDED")
        return _error(status, {403: "Forbidden", 429: "API rate limit exceeded"}.get(status, "Server error"))

    def mishap(self, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return _error(error.code or 500, error.description or "")
        return _error(400, "Invalid request")

    def authorize(self) -> Response:
        """Allow access and go back to where the listener came from, with a code that is good once, for ten minutes."""
        asked, client = request.args, request.args.get("client_id", "")
        target, challenge = asked.get("redirect_uri", ""), asked.get("code_challenge", "")
        if client not in self.world.spotify:
            return _own_page("INVALID_CLIENT: Invalid client")
        if not self._may_return(target):
            return _own_page("INVALID_CLIENT: Invalid redirect URI")
        if asked.get("response_type") != "code":
            return _own_page("response_type must be code")
        if challenge and asked.get("code_challenge_method") != "S256":
            return _own_page("code_challenge_method must be S256")
        answer = {"code": tokens.sign("code", client, challenge, target, str(time.time()))}
        if self.active().deny:
            answer = {"error": "access_denied"}
        if "state" in asked:
            answer["state"] = asked["state"]
        return redirect(f"{target}{'&' if '?' in target else '?'}{urlencode(answer)}")

    def _may_return(self, target: str) -> bool:
        """Https, or this machine by its number; of several addresses only those the app lists, to the letter."""
        parts = urlsplit(target)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1"))
        return safe and (not self.registered or target in self.registered)

    def register(self) -> Response:
        """``POST /_register`` with a list: the addresses that the app names; an empty one, any that are allowed."""
        self.registered = request.get_json()
        return as_json(self.registered)

    def token(self) -> Response:
        form = request.form
        client = request.authorization.username if request.authorization else form.get("client_id")
        user = self.world.spotify.get(client or "")
        if user is None or (request.authorization and request.authorization.password != user.secret):
            return _oauth_error("invalid_client", "Invalid client")
        if form.get("grant_type") == "authorization_code":
            return self._exchange(user)
        if form.get("grant_type") == "refresh_token":
            return self._refresh(user)
        return _oauth_error("unsupported_grant_type", "grant_type parameter is missing")

    def _exchange(self, user: SpotifyUser) -> Response:
        parts = tokens.verify("code", request.form.get("code", ""))
        if parts is None or parts[0] != user.client or request.form["code"] in self.spent:
            return _oauth_error("invalid_grant", "Invalid authorization code")
        if float(parts[3]) < time.time() - CODE_SECONDS:
            return _oauth_error("invalid_grant", "Authorization code expired")
        if parts[2] != request.form.get("redirect_uri"):
            return _oauth_error("invalid_grant", "Invalid redirect URI")
        if not request.authorization and not parts[1]:
            return _oauth_error("invalid_request", "code_verifier or client_secret must be given")
        if parts[1] and parts[1] != tokens.challenge(request.form.get("code_verifier", "")):
            return _oauth_error("invalid_grant", "code_verifier was incorrect")
        self.spent.add(request.form["code"])
        return self._grant(user, rotate=True)

    def _refresh(self, user: SpotifyUser) -> Response:
        old = request.form.get("refresh_token", "")
        parts = tokens.verify("refresh", old)
        if parts is None or parts[0] != user.client or old in self.spent or (user.revoked and parts[1] == "first"):
            return _oauth_error("invalid_grant", "Refresh token revoked")
        if not request.authorization:  # without a secret each refresh token is good once
            self.spent.add(old)
        return self._grant(user, rotate=not request.authorization)

    def _grant(self, user: SpotifyUser, *, rotate: bool) -> Response:
        answer = {
            "access_token": tokens.sign("access", user.client, str(time.time())),
            "token_type": "Bearer",
            "expires_in": HOUR,
            "scope": SCOPES,
        }
        if rotate:
            answer["refresh_token"] = tokens.sign("refresh", user.client, str(time.time()))
        return as_json(answer)

    def expire(self) -> Response:
        """``POST /_expire``: every access token given out so far is too old."""
        self.expired_before = time.time()
        return as_json({})

    def admit(self) -> Response | None:
        if not request.path.startswith("/v1/"):
            return None
        if request.path.startswith(CLOSED) or request.path.endswith(CLOSED_ENDINGS) or "ids" in request.args:
            return _error(403, "Forbidden")
        parts = tokens.verify("access", request.headers.get("Authorization", "").removeprefix("Bearer "))
        if parts is None:
            return _error(401, "Invalid access token")
        if float(parts[1]) < max(self.expired_before, time.time() - HOUR):
            return _error(401, "The access token expired")
        _listener.set(self.world.spotify[parts[0]])
        return None

    # --- the listener's own -------------------------------------------------------------------------------------------

    def me(self) -> Response:
        return as_json({**self._user(_listener.get()), "images": []})

    def albums(self) -> Response:
        return self._page(
            _listener.get().albums, lambda saved: {"added_at": _zulu(saved[0]), "album": self._whole_album(saved[1])}
        )

    def tracks(self) -> Response:
        return self._page(
            _listener.get().tracks, lambda saved: {"added_at": _zulu(saved[0]), "track": self._song(saved[1])}
        )

    def playlists(self) -> Response:
        return self._page(_listener.get().playlists, self._playlist)

    def following(self) -> Response:
        """Paged by a cursor: the id of the last one seen."""
        if request.args.get("type") != "artist":
            return _error(400, "Invalid type, expected artist")
        artists = _listener.get().following
        limit, after = whole(request.args.get("limit"), 20, 1, 50), request.args.get("after")
        start = next((n + 1 for n, artist in enumerate(artists) if artist.spotify == after), 0)
        items, total = self.window(artists, start, limit)
        follow = items[-1].spotify if start + limit < total else None
        link = self._link(after=follow) if follow else None
        if self.active().loop_next:
            follow, link = after, self._link()
        page = {
            "href": request.url,
            "limit": limit,
            "next": link,
            "cursors": {"after": follow},
            "total": total,
            "items": [self._whole_artist(artist) for artist in items],
        }
        return as_json({"artists": page})

    def recently_played(self) -> Response:
        """At most 50, newest first. `after` and `before` are milliseconds; a play is stamped at its end."""
        limit = whole(request.args.get("limit"), 20, 1, 50)
        after, before = (whole(request.args.get(name), 0, 0, 2**53) for name in ("after", "before"))
        if after and before:
            return _error(400, "Only one of after and before may be given")
        recent = _listener.get().recent
        heard = [play for play in recent if _stamp(play) > after and (not before or _stamp(play) < before)]
        items, total = self.window(heard[-limit:] if after else heard, 0, limit)
        link = self._link(before=_stamp(items[-1])) if not after and limit < total else None
        page = {
            "items": [self._play(play) for play in items],
            "next": self._link() if self.active().loop_next else link,
            "cursors": {"after": str(_stamp(items[0])), "before": str(_stamp(items[-1]))} if items else None,
            "limit": limit,
            "href": request.url,
        }
        return as_json(page)

    def playlist_items(self, pid: str) -> Response:
        playlist = next((one for one in _listener.get().playlists if base62("playlist", one.slug) == pid), None)
        if playlist is None:
            abort(404, "Resource not found")
        return self._page(playlist.songs, self._entry, biggest=50)

    # --- the catalogue ------------------------------------------------------------------------------------------------

    def album(self, aid: str) -> Response:
        return as_json(self._whole_album(self._find_album(aid)))

    def album_tracks(self, aid: str) -> Response:
        return self._page(self._find_album(aid).slots, self._slot)

    def artist(self, aid: str) -> Response:
        return as_json(self._whole_artist(_find_artist(aid)))

    def artist_albums(self, aid: str) -> Response:
        return self._page(albums_of(_find_artist(aid)), self._album, biggest=10, usual=5)

    def track(self, tid: str) -> Response:
        song = next((song for song in SONGS.values() if song.spotify == tid), None)
        return as_json(self._song(song)) if song else _error(404, "Resource not found")

    def search(self) -> Response:
        text = request.args.get("q", "").casefold()
        if not text:
            return _error(400, "No search query")
        kinds = request.args.get("type", "").split(",")
        answer: Json = {}
        if "artist" in kinds:
            artists = [artist for artist in EVERYBODY.values() if text in artist.name.casefold()]
            answer["artists"] = self._paging(artists, self._whole_artist, 10, 5)
        if "album" in kinds:
            albums = [album for album in ALBUMS.values() if text in f"{album.title} {album.credited}".casefold()]
            answer["albums"] = self._paging(albums, self._album, 10, 5)
        if "track" in kinds:
            songs = [song for song in SONGS.values() if text in f"{song.title} {song.credited}".casefold()]
            answer["tracks"] = self._paging(songs, self._song, 10, 5)
        return as_json(answer)

    # --- shapes -------------------------------------------------------------------------------------------------------

    def _page(
        self, items: Sequence[T], shape: Callable[[T], Json], biggest: int = 50, usual: int | None = None
    ) -> Response:
        return as_json(self._paging(items, shape, biggest, usual or 20))

    def _paging(self, items: Sequence[T], shape: Callable[[T], Json], biggest: int, usual: int) -> Json:
        limit = int(request.args.get("limit", usual))
        offset = int(request.args.get("offset", 0))
        if not 1 <= limit <= biggest or offset < 0:
            abort(400, "Invalid limit")
        shown, total = self.window(items, offset, limit)
        following = offset if self.active().loop_next else offset + limit
        return {
            "href": request.url,
            "items": [shape(item) for item in shown],
            "limit": limit,
            "next": self._link(offset=following) if following < total or self.active().loop_next else None,
            "offset": offset,
            "previous": self._link(offset=max(0, offset - limit)) if offset else None,
            "total": total,
        }

    def _link(self, **changes: Any) -> str:
        query = {**request.args.to_dict(), **{key: value for key, value in changes.items() if value is not None}}
        return f"{self.base}{request.path}?{urlencode(query)}"

    def _thing(self, kind: str, thing_id: str) -> Json:
        return {
            "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{thing_id}"},
            "href": f"{self.base}/v1/{kind}s/{thing_id}",
            "id": thing_id,
            "type": kind,
            "uri": f"spotify:{kind}:{thing_id}",
        }

    def _user(self, user: SpotifyUser) -> Json:
        return {"display_name": user.name, **self._thing("user", user.id)}

    def _artist(self, artist: Artist) -> Json:
        return {**self._thing("artist", artist.spotify), "name": artist.name}

    def _whole_artist(self, artist: Artist) -> Json:
        images = [{"url": self.cover(artist.hue, artist.slug), "height": 360, "width": 360}]
        return {**self._artist(artist), "genres": list(artist.genres), "images": images}

    def _artists(self, credits: Sequence[Credit]) -> list[Json]:
        return [self._artist(credit.artist) for credit in credits]

    def _album(self, album: Album) -> Json:
        form = {"ep": "single", "live": "album"}.get(album.form, album.form)
        return {
            "album_type": form,
            "total_tracks": len(album.slots),
            "is_playable": True,
            **self._thing("album", album.spotify),
            "images": [{"url": self.cover(album.hue, album.slug), "height": 360, "width": 360}],
            "name": album.title,
            "release_date": album.released,
            "release_date_precision": "day",
            "artists": self._artists(album.credits),
        }

    def _whole_album(self, album: Album) -> Json:
        slots, size = album.slots[:50], len(album.slots)
        tracks = {
            "href": f"{self.base}/v1/albums/{album.spotify}/tracks?offset=0&limit=50",
            "limit": 50,
            "next": f"{self.base}/v1/albums/{album.spotify}/tracks?offset=50&limit=50" if size > 50 else None,
            "offset": 0,
            "previous": None,
            "total": size,
            "items": [self._slot(slot) for slot in slots],
        }
        rights = [{"text": "Invented for Bandstand", "type": "C"}]
        more = {"tracks": tracks, "copyrights": rights, "external_ids": {"upc": album.upc}, "genres": []}
        return {**self._album(album), **more}

    def _slot(self, slot: Slot) -> Json:
        """A track as it stands in its album: without album and ISRC."""
        return {
            "artists": self._artists(slot.song.credits),
            "disc_number": slot.disc,
            "duration_ms": slot.song.ms,
            "explicit": False,
            **self._thing("track", slot.song.spotify),
            "name": slot.song.title,
            "preview_url": None,
            "track_number": slot.position,
            "is_local": False,
        }

    def _song(self, song: Song) -> Json:
        album = self._home(song)
        slot = next(slot for slot in album.slots if slot.song is song)
        return {**self._slot(slot), "album": self._album(album), "external_ids": {"isrc": song.isrc}}

    def _play(self, play: Play) -> Json:
        moment = datetime.fromtimestamp(_stamp(play) / 1000, UTC)
        context = self._thing("album", play.album.spotify)
        return {
            "track": self._song(play.song),
            "played_at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "context": {key: context[key] for key in ("type", "external_urls", "href", "uri")},
        }

    def _playlist(self, playlist: Playlist) -> Json:
        thing = self._thing("playlist", base62("playlist", playlist.slug))
        songs = {"href": f"{thing['href']}/items", "total": len(playlist.songs)}
        return {
            "collaborative": False, "description": "", **thing, "images": [], "name": playlist.name,
            "owner": self._user(_listener.get()), "primary_color": None, "public": True,
            "snapshot_id": base62("snapshot", playlist.slug), "tracks": songs, "items": songs,
        }  # fmt: skip

    def _entry(self, song: Song | None) -> Json:
        track = self._song(song) if song else None
        return {
            "added_at": _zulu(self.world.since), "added_by": self._thing("user", _listener.get().id), "is_local": False,
            "primary_color": None, "track": track, "item": track,
        }  # fmt: skip

    def _home(self, song: Song) -> Album:
        """The album that Spotify files a song under."""
        if song.slug in SONGS:
            return next(
                (album for album in ALBUMS.values() if song in album.songs and album.form == "album"), home_of(song)
            )
        user = _listener.get()
        return next(album for _, album in user.albums if song in album.songs)

    def _find_album(self, aid: str) -> Album:
        user = _listener.get()
        known = (*ALBUMS.values(), *(album for _, album in user.albums))
        found = next((album for album in known if album.spotify == aid), None)
        if found is None:
            abort(404, "Resource not found")
        return found


def first_refresh_token(user: SpotifyUser) -> str:
    """What a listener who signed in long ago holds."""
    return tokens.first_refresh(user.client)


def _own_page(words: str) -> Response:
    """The listener stays with Spotify, and learns why."""
    return Response(words, status=400, content_type="text/plain")


def _find_artist(aid: str) -> Artist:
    found = next((artist for artist in EVERYBODY.values() if artist.spotify == aid), None)
    if found is None:
        abort(404, "Resource not found")
    return found


def _stamp(play: Play) -> int:
    """When a play ended, in milliseconds."""
    return play.at * 1000 + play.song.ms + 120


def _zulu(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _error(status: int, message: str, **more: str) -> Response:
    return as_json({"error": {"status": status, "message": message, **more}}, status)


def _oauth_error(error: str, description: str) -> Response:
    return as_json({"error": error, "error_description": description}, 400)


if __name__ == "__main__":
    options = service.arguments(__doc__).parse_args()
    service.serve(Spotify(build(options.now or int(time.time()), options.since, options.scale)), options)
