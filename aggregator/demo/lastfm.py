"""A sample of Last.fm's web service 2.0: XML as pylast asks for it, JSON with ``format=json``.

A page at ``/api/auth/`` allows access at once; who signs in is named by ``user=`` there, or is Robin.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode
from xml.etree.ElementTree import Element, tostring

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from aggregator.demo import service
from aggregator.demo.catalogue import ALBUMS, SONGS, Artist, Song, home_of
from aggregator.demo.deezer import songs_of
from aggregator.demo.listening import Play
from aggregator.demo.neighbours import (
    EVERYBODY,
    UNLINKED,
    Release,
    chart,
    listeners,
    named,
    releases,
    similar,
    tagged,
    tags,
)
from aggregator.demo.service import Service, as_json, request, whole
from aggregator.demo.world import LASTFM_KEY, LASTFM_SECRET, LastfmUser, World, build

T = TypeVar("T")
Json = dict[str, Any]

WEB = "https://www.last.fm"
STAR = "https://lastfm.freetls.fastly.net/i/u/{size}/2a96cbd8b46e442fc41c2b86b821562f.png"
"""The picture that stands for every artist."""
SIZES = (("small", "34s"), ("medium", "64s"), ("large", "174s"), ("extralarge", "300x300"))
WORDS = {
    2: "Invalid service - This service does not exist",
    3: "Invalid Method - No method with that name in this package",
    4: "Unauthorized Token - This token has not been issued",
    6: "Invalid parameters - Your request is missing a required parameter",
    8: "Operation failed - Most likely the backend service failed. Please try again.",
    9: "Invalid session key - Please re-authenticate",
    10: "Invalid API key - You must be granted a valid key by last.fm",
    11: "Service Offline - This service is temporarily offline. Try again later.",
    13: "Invalid method signature supplied",
    14: "Unauthorized Token - This token has not been authorized",
    15: "This token has expired",
    16: "There was a temporary error processing your request. Please try again",
    17: "Login: User required to be logged in",
    26: "Suspended API key - Access for your account has been suspended",
    29: "Rate limit exceeded - Your IP has made too many requests in a short period",
}
STATUSES = {
    4: 403,
    6: 400,
    8: 500,
    9: 403,
    10: 403,
    11: 503,
    13: 403,
    14: 403,
    15: 403,
    16: 503,
    17: 403,
    26: 403,
    29: 429,
}
TOKEN_SECONDS = 3600
CODES = {400: 6, 401: 9, 403: 10, 404: 6, 429: 29, 500: 8, 503: 16}


class Refused(Exception):
    """One of the service's numbered errors."""

    def __init__(self, code: int, words: str = "") -> None:
        self.code = code
        self.words = words or WORDS.get(code, "Something went wrong")


class Lastfm(Service):
    name = "lastfm"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.tokens: dict[str, tuple[str, float]] = {}  # who allowed it, and when it was made
        self.methods: dict[str, Callable[[], Json]] = {
            "auth.getToken": self.get_token,
            "auth.getSession": self.get_session,
            "user.getInfo": self.user_info,
            "user.getRecentTracks": self.recent_tracks,
            "user.getLovedTracks": self.loved_tracks,
            "user.getFriends": self.friends,
            "user.getTopArtists": self.top_artists,
            "user.getTopAlbums": self.top_albums,
            "artist.getInfo": self.artist_info,
            "artist.getSimilar": self.artist_similar,
            "artist.getTopTags": self.artist_tags,
            "artist.getTopAlbums": self.artist_albums,
            "artist.getTopTracks": self.artist_songs,
            "tag.getTopArtists": self.tag_artists,
            "chart.getTopArtists": self.chart_artists,
            "artist.search": self.artist_search,
            "album.search": self.album_search,
            "track.search": self.track_search,
        }
        self.route("/2.0/", self.call, "GET", "POST")
        self.route("/api/auth/", self.allow)

    def call(self) -> Response:
        try:
            return self._told(self._called())
        except Refused as refused:
            return self._failed(refused.code, refused.words, STATUSES.get(refused.code, 200))

    def _called(self) -> Json:
        method = request.values.get("method", "")
        known = {name.casefold(): call for name, call in self.methods.items()}
        if method.casefold() not in known:
            raise Refused(3)
        if request.values.get("api_key") != LASTFM_KEY:
            raise Refused(10)
        if ("sk" in request.values or method.startswith("auth.")) and not self._signed():
            raise Refused(13)
        return known[method.casefold()]()

    def refusal(self, status: int, code: int = 0) -> Response:
        code = code or CODES.get(status, 8)
        return self._failed(code, WORDS.get(code, WORDS[8]), status if status != 200 else STATUSES.get(code, 200))

    # --- permission ---------------------------------------------------------------------------------------------------

    def _signed(self) -> bool:
        given = {key: value for key, value in request.values.items() if key not in ("format", "callback", "api_sig")}
        text = "".join(key + given[key] for key in sorted(given)) + LASTFM_SECRET
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() == request.values.get("api_sig")

    def get_token(self) -> Json:
        token = hashlib.sha256(f"{time.time_ns()}".encode()).hexdigest()[:32]
        self.tokens[token] = ("", time.time())
        return {"token": token}

    def allow(self) -> Response:
        """The listener's page: access is allowed at once, and they are sent back where a callback is named."""
        if request.args.get("api_key") != LASTFM_KEY:
            return Response(WORDS[10], status=403, content_type="text/plain")
        if self.active().deny:
            return Response("Back to Last.fm, then.", content_type="text/plain")
        token = request.args.get("token") or self.get_token()["token"]
        self.tokens[token] = (request.args.get("user", "robin_demo"), time.time())
        if target := request.args.get("cb"):
            return redirect(f"{target}{'&' if '?' in target else '?'}{urlencode({'token': token})}")
        return Response("You have granted permission. You may close this page.", content_type="text/plain")

    def get_session(self) -> Json:
        token = request.values.get("token", "")
        if token not in self.tokens:
            raise Refused(4)
        name, made = self.tokens[token]
        if not name:
            raise Refused(14)
        if made < time.time() - TOKEN_SECONDS:
            raise Refused(15)
        del self.tokens[token]
        return {"session": {"name": name, "key": session_key(name), "subscriber": "0"}}

    # --- listeners ----------------------------------------------------------------------------------------------------

    def _user(self) -> LastfmUser:
        name = request.values.get("user") or self._session_user()
        user = next((user for user in self.world.lastfm.values() if user.name.casefold() == name.casefold()), None)
        if user is None:
            raise Refused(6, "User not found")
        return user

    def _session_user(self) -> str:
        if "sk" not in request.values:
            raise Refused(6)
        for name in self.world.lastfm:
            if session_key(name) == request.values["sk"]:
                return name
        raise Refused(9)

    def user_info(self) -> Json:
        user = self._user()
        shown = {"registered": {"unixtime": str(self.world.since), "#text": str(self.world.since)}, "type": "user"}
        return {"user": {**self._friend(user), "playcount": str(len(user.plays)), **shown}}

    def recent_tracks(self) -> Json:
        """Newest first, `from` and `to` included. What is playing now comes on top of every page, undated."""
        user = self._user()
        if user.hidden:
            raise Refused(17)
        since, until = whole(request.values.get("from"), 0, 0, 2**40), whole(request.values.get("to"), 2**40, 0, 2**40)
        heard = [play for play in reversed(user.plays) if since <= play.at <= until]
        page = self._page("recenttracks", "track", heard, self._play, {"user": user.name}, biggest=200)
        if user.plays:
            page["recenttracks"]["track"].insert(0, self._now_playing(user.plays[0]))
        return page

    def loved_tracks(self) -> Json:
        user = self._user()
        return self._page("lovedtracks", "track", user.loved, self._loved, {"user": user.name})

    def friends(self) -> Json:
        user = self._user()
        known = [self.world.lastfm[name] for name in user.friends]
        return self._page("friends", "user", known, self._friend, {"for": user.name, "user": user.name})

    def top_artists(self) -> Json:
        user = self._user()
        ranked = [(rank, *pair) for rank, pair in enumerate(user.favourites, 1)]
        return self._page("topartists", "artist", ranked, self._favourite, {"user": user.name})

    def top_albums(self) -> Json:
        """Everybody holds on to another album of an act than most do."""
        user = self._user()
        liked = [(act, releases(act)[len(user.name) % len(releases(act))], plays) for act, plays in user.favourites]
        ranked = [(rank, *one) for rank, one in enumerate(liked, 1)]
        return self._page("topalbums", "album", ranked, self._liked, {"user": user.name})

    # --- music --------------------------------------------------------------------------------------------------------

    def _act(self) -> Artist:
        wanted = request.values.get("mbid")
        name = request.values.get("artist", "")
        if not wanted and not name:
            raise Refused(6)
        by_id = next((artist for artist in EVERYBODY.values() if wanted and artist.mbid == wanted), None)
        found = by_id or named(name)
        if found is None:
            raise Refused(6, "The artist you supplied could not be found")
        return found

    def artist_info(self) -> Json:
        act = self._act()
        nearest = [self._artist(other) for other, _ in similar(act)[:5]]
        summary = f'{act.name} are invented. <a href="{_page_of(act.name)}">Read more on Last.fm</a>'
        bio = {"published": "01 Jan 2024, 00:00", "summary": summary, "content": summary}
        stats = {"listeners": str(listeners(act)), "playcount": str(listeners(act) * 11)}
        words = {"tag": [{"name": name, "url": f"{WEB}/tag/{quote_plus(name)}"} for name, _ in tags(act)]}
        about = {"ontour": "0", "stats": stats, "similar": {"artist": nearest}, "tags": words, "bio": bio}
        return {"artist": {**self._artist(act), **about}}

    def artist_similar(self) -> Json:
        act = self._act()
        limit = whole(request.values.get("limit"), 100, 1, 250)
        shown, _ = self.window(similar(act), 0, limit)
        near = [{**self._artist(other), "match": f"{match:g}"} for other, match in shown]
        return {"similarartists": {"artist": near, "@attr": {"artist": act.name}}}

    def artist_tags(self) -> Json:
        act = self._act()
        shown = [
            {"count": str(weight), "name": name, "url": f"{WEB}/tag/{quote_plus(name)}"} for name, weight in tags(act)
        ]
        return {"toptags": {"tag": shown, "@attr": {"artist": act.name}}}

    def artist_albums(self) -> Json:
        act = self._act()
        ranked = list(enumerate(releases(act), 1))
        return self._page(
            "topalbums", "album", ranked, lambda pair: self._release(act, *pair), {"artist": act.name}, biggest=1000
        )

    def artist_songs(self) -> Json:
        act = self._act()
        ranked = list(enumerate(songs_of(act), 1))
        return self._page(
            "toptracks", "track", ranked, lambda pair: self._heard(act, *pair), {"artist": act.name}, biggest=1000
        )

    def tag_artists(self) -> Json:
        """In the order of use, without saying how much; of a tag that nobody uses an empty list, and no error."""
        tag = request.values.get("tag", "")
        if not tag:
            raise Refused(6)
        ranked = list(enumerate(tagged(tag), 1))
        return self._page("topartists", "artist", ranked, self._ranked, {"tag": tag})

    def chart_artists(self) -> Json:
        return self._page("artists", "artist", chart(), self._charted, {})

    def artist_search(self) -> Json:
        text = request.values.get("artist", "").casefold()
        found = [artist for artist in EVERYBODY.values() if text in artist.name.casefold()]
        return self._found("artist", found, lambda act: {**self._artist(act), "listeners": str(listeners(act))})

    def album_search(self) -> Json:
        text = request.values.get("album", "").casefold()
        found = [
            (act, album) for act in EVERYBODY.values() for album in releases(act) if text in album.title.casefold()
        ]
        return self._found("album", found, lambda pair: self._album_hit(*pair))

    def track_search(self) -> Json:
        text, artist = (request.values.get(name, "").casefold() for name in ("track", "artist"))
        found = [
            song for song in SONGS.values() if text in song.title.casefold() and artist in song.credited.casefold()
        ]
        return self._found("track", found, self._track_hit)

    # --- shapes: as in the JSON form; XML is made from it -------------------------------------------------------------

    def _page(
        self,
        name: str,
        each: str,
        items: Sequence[T],
        shape: Callable[[T], Json],
        about: Json,
        biggest: int = 1000,
    ) -> Json:
        limit = whole(request.values.get("limit"), 50, 1, biggest)
        page = whole(request.values.get("page"), 1, 1, 10**6)
        loops = self.active().loop_next
        shown, total = self.window(items, 0 if loops else (page - 1) * limit, limit)
        pages = page + 1 if loops else -(-total // limit)
        paging = {"page": str(page), "perPage": str(limit), "totalPages": str(pages), "total": str(total)}
        return {name: {each: [shape(item) for item in shown], "@attr": {**about, **paging}}}

    def _found(self, kind: str, items: Sequence[T], shape: Callable[[T], Json]) -> Json:
        limit = whole(request.values.get("limit"), 30, 1, 1000)
        page = whole(request.values.get("page"), 1, 1, 10**6)
        shown, total = self.window(items, (page - 1) * limit, limit)
        text = request.values.get(kind, "")
        return {
            "results": {
                "opensearch:Query": {"#text": "", "role": "request", "searchTerms": text, "startPage": str(page)},
                "opensearch:totalResults": str(total),
                "opensearch:startIndex": str((page - 1) * limit),
                "opensearch:itemsPerPage": str(limit),
                f"{kind}matches": {kind: [shape(item) for item in shown]},
                "@attr": {"for": text},
            }
        }

    def _artist(self, act: Artist) -> Json:
        return {
            "name": act.name, "mbid": _known(act), "url": _page_of(act.name), "streamable": "0", "image": _star(),
        }  # fmt: skip

    def _friend(self, user: LastfmUser) -> Json:
        return {
            "name": user.name, "realname": user.real_name, "image": _star(), "url": f"{WEB}/user/{user.name}",
            "country": "United States", "subscriber": "0", "playcount": str(len(user.plays) or 4321), "playlists": "0",
        }  # fmt: skip

    def _favourite(self, ranked: tuple[int, Artist, int]) -> Json:
        rank, act, count = ranked
        return {**self._artist(act), "playcount": str(count), "@attr": {"rank": str(rank)}}

    def _liked(self, ranked: tuple[int, Artist, Release, int]) -> Json:
        rank, act, release, count = ranked
        return {**self._release(act, rank, release), "playcount": str(count)}

    def _ranked(self, ranked: tuple[int, Artist]) -> Json:
        rank, act = ranked
        return {**self._artist(act), "@attr": {"rank": str(rank)}}

    def _charted(self, act: Artist) -> Json:
        counts = {"playcount": str(listeners(act) * 11), "listeners": str(listeners(act))}
        return {**self._artist(act), **counts}

    def _release(self, act: Artist, rank: int, release: Release) -> Json:
        return {
            "name": release.title, "playcount": release.plays, "mbid": release.mbid if _known(act) else "",
            "url": _page_of(act.name, release.title),
            "artist": {"name": act.name, "mbid": _known(act), "url": _page_of(act.name)},
            "image": self._covers(act, release.slug), "@attr": {"rank": str(rank)},
        }  # fmt: skip

    def _heard(self, act: Artist, rank: int, song: Song) -> Json:
        people = listeners(act) // (1 + rank)
        return {
            "name": song.title, "playcount": str(6 * people), "listeners": str(people),
            "mbid": song.mbid if _known(act) else "", "url": _page_of(act.name, "_", song.title), "streamable": "0",
            "artist": {"name": act.name, "mbid": _known(act), "url": _page_of(act.name)},
            "image": _star(), "@attr": {"rank": str(rank)},
        }  # fmt: skip

    def _album_hit(self, act: Artist, release: Release) -> Json:
        return {
            "name": release.title, "artist": act.name, "url": _page_of(act.name, release.title),
            "image": self._covers(act, release.slug), "streamable": "0", "mbid": release.mbid if _known(act) else "",
        }  # fmt: skip

    def _track_hit(self, song: Song) -> Json:
        name = song.credits[0].artist.name
        return {
            "name": song.title, "artist": name, "url": _page_of(name, "_", song.title), "streamable": "FIXME",
            "listeners": str(listeners(song.credits[0].artist)), "image": _star(), "mbid": "",
        }  # fmt: skip

    def _covers(self, act: Artist, slug: str) -> list[Json]:
        hue = ALBUMS[slug].hue if slug in ALBUMS else (act.hue + 23 * (len(slug) % 4)) % 360
        return [{"#text": self.cover(hue, slug), "size": size} for size, _ in SIZES]

    def _now_playing(self, play: Play) -> Json:
        shown = self._play(play)
        del shown["date"]
        return {**shown, "@attr": {"nowplaying": "true"}}

    def _play(self, play: Play) -> Json:
        """A scrobble in the words of whoever sent it."""
        told = play.spelling
        act = play.song.credits[0].artist
        knows = told.ids and bool(_known(act))
        name, title = told.artist or act.name, told.title or play.song.title
        return {
            "artist": {"mbid": act.mbid if knows else "", "#text": name},
            "name": title,
            "streamable": "0",
            "mbid": play.song.mbid if knows else "",
            "album": self._album_of(play, knows=knows),
            "url": _page_of(name, "_", title),
            "image": self._covers(play.album.credits[0].artist, play.album.slug),
            "date": {"uts": str(play.at), "#text": _date(play.at)},
        }

    def _album_of(self, play: Play, *, knows: bool) -> Json:
        """Players leave out the album of a compilation: their protocol has one artist for both."""
        if play.album.form == "compilation":
            return {"mbid": "", "#text": ""}
        return {"mbid": play.album.mbid if knows else "", "#text": play.spelling.album or play.album.title}

    def _loved(self, pair: tuple[int, Song]) -> Json:
        at, song = pair
        act = song.credits[0].artist
        return {
            "artist": {"name": act.name, "mbid": _known(act), "url": _page_of(act.name)},
            "date": {"uts": str(at), "#text": _date(at)}, "mbid": song.mbid if _known(act) else "",
            "url": _page_of(act.name, "_", song.title), "name": song.title,
            "image": self._covers(act, home_of(song).slug), "streamable": {"fulltrack": "0", "#text": "0"},
        }  # fmt: skip

    # --- two languages ------------------------------------------------------------------------------------------------

    def _told(self, body: Json) -> Response:
        if request.values.get("format") == "json":
            return as_json(_lone(body))
        return _xml(_element("lfm", {"@attr": {"status": "ok"}, **body}))

    def _failed(self, code: int, words: str, status: int) -> Response:
        if request.values.get("format") == "json":
            answer = as_json({"error": code, "message": words})
        else:
            error = {"error": {"@attr": {"code": str(code)}, "#text": words}}
            answer = _xml(_element("lfm", {"@attr": {"status": "failed"}, **error}))
        answer.status_code = status
        return answer


def session_key(name: str) -> str:
    """Never expires, as Last.fm's do not."""
    return hashlib.sha256(f"session {name}".encode()).hexdigest()[:32]


def _known(act: Artist) -> str:
    """The act's id, where the service has one."""
    return "" if act.slug in UNLINKED else act.mbid


def _page_of(*names: str) -> str:
    return f"{WEB}/music/" + "/".join(quote_plus(name) for name in names)


def _star() -> list[Json]:
    return [{"#text": STAR.format(size=code), "size": size} for size, code in SIZES]


def _date(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %Y, %H:%M")


def _lone(value: Any) -> Any:
    """In JSON a list of one is the one itself: the service's own quirk. Pictures stay lists."""
    if isinstance(value, dict):
        return {
            key: _lone(item[0]) if isinstance(item, list) and len(item) == 1 and key != "image" else _lone(item)
            for key, item in value.items()
        }
    return [_lone(item) for item in value] if isinstance(value, list) else value


def _element(name: str, value: Any) -> Element:
    """XML from the JSON form: ``@attr``, and what is an attribute in XML, become attributes; ``#text`` is the text."""
    element = Element(name)
    if not isinstance(value, dict):
        element.text = str(value)
        return element
    element.text = value.get("#text")
    for key, item in value.items():
        if key == "@attr" or ("#text" in value and key != "#text"):
            element.attrib.update(item if key == "@attr" else {key: str(item)})
        elif key != "#text":
            for one in item if isinstance(item, list) else [item]:
                element.append(_element(key, one))
    return element


def _xml(root: Element) -> Response:
    if any("opensearch:" in child.tag for child in root.iter()):
        root.set("xmlns:opensearch", "http://a9.com/-/spec/opensearch/1.1/")
    body = b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="utf-8", short_empty_elements=False)
    return Response(body, content_type="text/xml; charset=UTF-8")


if __name__ == "__main__":
    options = service.arguments(__doc__).parse_args()
    service.serve(Lastfm(build(options.now or int(time.time()), options.since, options.scale)), options)
