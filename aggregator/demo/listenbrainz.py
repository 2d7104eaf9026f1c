"""A sample of ListenBrainz' API 1: listens, who follows whom, statistics, and the dataset of similar artists.

Who scrobbles to the sample of Last.fm has the same listens here, Sam only the latest. Nothing needs a token but private
listens.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response

from aggregator.demo import service, tokens
from aggregator.demo.catalogue import ALBUMS, SONGS, Artist, Song, mbid
from aggregator.demo.deezer import songs_of
from aggregator.demo.listening import DAY, Play
from aggregator.demo.neighbours import EVERYBODY, UNLINKED, Release, chart, listeners, releases, similar, tags
from aggregator.demo.service import Service, as_json, request, whole
from aggregator.demo.world import LastfmUser, World, build

Json = dict[str, Any]

SECONDS = 10
"""Of the window that calls are counted in."""
JOINED = {"sam_demo": 90 * DAY}
"""Seconds before now from which on there are listens; of the others, from the beginning."""
DATASETS = ("session_based_days_7500_session_300_contribution_5_threshold_10_limit_100_filter_True_skip_30",)
_TYPES = {"album": "Album", "ep": "EP", "single": "Single", "live": "Album", "compilation": "Album"}


class Refused(Exception):
    """An error in the service's words."""

    def __init__(self, status: int, words: str) -> None:
        self.status = status
        self.words = words


class ListenBrainz(Service):
    name = "listenbrainz"

    def __init__(self, world: World, calls: int = 300) -> None:
        super().__init__()
        self.world = world
        self.calls = calls
        self.window_began, self.used = 0.0, 0
        for path, view in (
            ("/1/user/<name>/listens", self.listens),
            ("/1/user/<name>/listen-count", self.listen_count),
            ("/1/user/<name>/following", self.following),
            ("/1/user/<name>/followers", self.followers),
            ("/1/stats/user/<name>/artists", self.top_artists),
            ("/1/stats/sitewide/artists", self.sitewide),
            ("/1/popularity/top-release-groups-for-artist/<artist>", self.top_release_groups),
            ("/1/popularity/top-recordings-for-artist/<artist>", self.top_recordings),
            ("/1/lb-radio/tags", self.tag_radio),
            ("/1/metadata/artist", self.metadata),
            ("/1/validate-token", self.validate_token),
            ("/similar-artists/json", self.similar_artists),
        ):
            self.route(path, view)
        self.route("/1/popularity/artist", self.popularity, "POST")
        self.route("/1/metadata/recording", self.recordings, "POST")

    def _dispatch(self) -> Response:
        try:
            return super()._dispatch()
        except Refused as refused:
            return _error(refused.status, refused.words)

    def admit(self) -> Response | None:
        """The calls of a window are counted for everybody together."""
        with self._lock:
            if time.time() - self.window_began >= SECONDS:
                self.window_began, self.used = time.time(), 0
            self.used += 1
            return _error(429, "Too many requests.") if self.used > self.calls else None

    def sign(self, answer: Response) -> Response:
        asked = self.active().retry_after if answer.status_code == 429 else None
        left = max(0, self.calls - self.used) if answer.status_code != 429 else 0
        resets = asked if asked is not None else max(1, round(self.window_began + SECONDS - time.time()))
        answer.headers["X-RateLimit-Limit"] = str(self.calls)
        answer.headers["X-RateLimit-Remaining"] = str(left)
        answer.headers["X-RateLimit-Reset-In"] = str(resets)
        answer.headers["X-RateLimit-Reset"] = str(round(time.time()) + resets)
        return answer

    def refusal(self, status: int, code: int = 0) -> Response:  # noqa: ARG002 - the service has no codes of its own
        words = {
            401: "Invalid authorization token.",
            404: "Cannot find user: someone",
            429: "Too many requests.",
            503: "Service unavailable",
        }
        return _error(status, words.get(status, "Something went wrong. Please try again."))

    def mishap(self, error: Exception) -> Response:
        if isinstance(error, NotFound):
            return _error(404, "The requested URL was not found on the server.")
        return _error(error.code or 500 if isinstance(error, HTTPException) else 400, str(error))

    # --- listeners ----------------------------------------------------------------------------------------------------

    def _person(self, name: str) -> LastfmUser:
        found = next((user for user in self.world.lastfm.values() if user.name.casefold() == name.casefold()), None)
        if found is None:
            raise Refused(404, f"Cannot find user: {name}")
        return found

    def _admitted(self, name: str) -> LastfmUser:
        user, said = self._person(name), request.headers.get("Authorization", "")
        if said and said.split(" ")[-1] not in map(user_token, self.world.lastfm):
            raise Refused(401, "Invalid authorization token.")
        if user.hidden and said.split(" ")[-1] != user_token(user.name):
            raise Refused(401, "These listens are private.")
        return user

    def listens(self, name: str) -> Response:
        """Newest first; `max_ts` and `min_ts` are excluded. With `min_ts` alone those next to it come."""
        user = self._admitted(name)
        newest, oldest = self._bound("max_ts"), self._bound("min_ts")
        if newest is not None and oldest is not None and newest <= oldest:
            raise Refused(400, "max_ts should be greater than min_ts")
        count = whole(request.args.get("count"), 25, 0, 1000)
        heard = self._heard(user)
        moments = [play.at for play in heard]
        last = len(moments) if newest is None or self.active().loop_next else bisect_left(moments, newest)
        first = 0 if oldest is None else bisect_left(moments, oldest + 1)
        if newest is None and oldest is not None:
            last = min(last, first + count)
        backwards = list(reversed(heard[first:]))
        shown, _ = self.window(backwards, len(moments) - last, count)
        payload: Json = {"count": len(shown), "user_id": user.name, "listens": [_listen(p, user.name) for p in shown]}
        ends = {"latest_listen_ts": max(moments, default=0), "oldest_listen_ts": min(moments, default=0)}
        return as_json({"payload": payload | ends})

    def _heard(self, user: LastfmUser) -> list[Play]:
        joined = self.world.now - JOINED.get(user.name, self.world.now)
        return [play for play in user.plays if play.at >= joined]

    def _bound(self, name: str) -> int | None:
        text = request.args.get(name)
        try:
            return int(text) if text else None
        except ValueError:
            raise Refused(400, f"Invalid {name} argument: {text}") from None

    def listen_count(self, name: str) -> Response:
        return as_json({"payload": {"count": len(self._heard(self._admitted(name)))}})

    def following(self, name: str) -> Response:
        user = self._person(name)
        shown, _ = self.window(user.friends, 0, 1000)
        return as_json({"following": shown, "user": user.name})

    def followers(self, name: str) -> Response:
        user = self._person(name)
        those = [other.name for other in self.world.lastfm.values() if user.name in other.friends]
        shown, _ = self.window(those, 0, 1000)
        return as_json({"followers": shown, "user": user.name})

    def top_artists(self, name: str) -> Response:
        """204 and nothing else where no statistics have been made yet."""
        user = self._person(name)
        if not user.favourites:
            return Response(status=204)
        offset, count = (whole(request.args.get(key), usual, 0, 1000) for key, usual in (("offset", 0), ("count", 25)))
        shown, total = self.window(user.favourites, offset, count)
        ranked = [{"artist_mbid": _known(a), "artist_name": a.name, "listen_count": plays} for a, plays in shown]
        about = {"count": len(ranked), "offset": offset, "range": request.args.get("range", "all_time")}
        span = {"from_ts": self.world.since, "to_ts": self.world.now, "last_updated": self.world.now}
        return as_json({
            "payload": {"artists": ranked, "total_artist_count": total, "user_id": user.name} | about | span
        })  # fmt: skip

    def validate_token(self) -> Response:
        given = request.headers.get("Authorization", "").split(" ")[-1] or request.args.get("token", "")
        name = next((name for name in self.world.lastfm if user_token(name) == given), None)
        if not given:
            raise Refused(400, "You need to provide an Authorization token.")
        said = {"valid": True, "message": "Token valid.", "user_name": name}
        return as_json({"code": 200} | (said if name else {"valid": False, "message": "Token invalid."}))

    # --- artists ------------------------------------------------------------------------------------------------------

    def _acts(self) -> list[Artist]:
        asked = request.args.get("artist_mbids", "").split(",")
        known = {act.mbid: act for act in EVERYBODY.values() if act.slug not in UNLINKED}
        return [known[each] for each in asked if each in known]

    def similar_artists(self) -> Response:
        """Of another machine; the names of the datasets are few, and any other is refused."""
        if request.args.get("algorithm") not in DATASETS:
            raise Refused(400, "algorithm: value is not a valid enumeration member")
        found = [
            {"artist_mbid": near.mbid, "name": near.name, "comment": "", "type": "Group", "gender": None,
             "score": round(match * 900), "reference_mbid": act.mbid}
            for act in self._acts() for near, match in similar(act)
        ]  # fmt: skip
        shown, _ = self.window(found, 0, 100)
        return as_json(shown)

    def sitewide(self) -> Response:
        count = whole(request.args.get("count"), 25, 0, 1000)
        shown, total = self.window([act for act in chart() if act.slug not in UNLINKED], 0, count)
        ranked = [{"artist_mbid": a.mbid, "artist_name": a.name, "listen_count": 30 * heard_by(a)} for a in shown]
        span = {"from_ts": 0, "to_ts": self.world.now, "last_updated": self.world.now}
        about = {"count": total, "offset": 0, "range": request.args.get("range", "all_time")}
        return as_json({"payload": {"artists": ranked} | about | span})

    def popularity(self) -> Response:
        """Of artists nobody listened to, and of those it does not know, null."""
        asked = _posted("artist_mbids")
        known = {act.mbid: act for act in EVERYBODY.values() if act.slug not in UNLINKED}
        said = []
        for each in asked:
            people = heard_by(known[each]) if each in known else None
            said.append({"artist_mbid": each, "total_listen_count": people and 30 * people, "total_user_count": people})
        return as_json(said)

    def top_release_groups(self, artist: str) -> Response:
        act = self._linked(artist)
        shown, _ = self.window(releases(act) if act else [], 0, 1000)
        return as_json([_popular(act, place, release) for place, release in enumerate(shown, 1) if act])

    def top_recordings(self, artist: str) -> Response:
        act = self._linked(artist)
        shown, _ = self.window(songs_of(act) if act else [], 0, 1000)
        return as_json([_played(act, place, song) for place, song in enumerate(shown, 1) if act])

    def _linked(self, artist: str) -> Artist | None:
        if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", artist):
            raise Refused(400, f"artist_mbid: '{artist}' is not a valid uuid")
        return next((act for act in EVERYBODY.values() if act.mbid == artist and act.slug not in UNLINKED), None)

    def tag_radio(self) -> Response:
        """Recordings of all who carry the tag, some of them with the tag themselves."""
        count = whole(request.args.get("count"), 50, 1, 1000)
        songs = [
            {"recording_mbid": song.mbid, "percent": 50.0, "source": "artist", "tag_count": max(1, weight // 10)}
            for song in sorted(SONGS.values(), key=lambda song: song.mbid)
            for word, weight in tags(song.credits[0].artist)
            if word == request.args.get("tag", "").casefold()
        ]
        shown, _ = self.window(songs, 0, count)
        return as_json(shown)

    def recordings(self) -> Response:
        """By id; the unknown are left out. Only the part on artists."""
        asked = set(_posted("recording_mbids"))
        found = {song.mbid: song for song in SONGS.values() if song.mbid in asked}
        return as_json({mbid: {"artist": _credit(song), "recording": {}} for mbid, song in found.items()})

    def metadata(self) -> Response:
        parts = request.args.get("inc", "").split()
        return as_json([_about(act, parts) for act in self._acts()])


def _played(act: Artist, place: int, song: Song) -> Json:
    """A recording among the most played of an artist."""
    people = heard_by(act) // place
    return {
        "artist_mbids": [act.mbid], "artist_name": act.name, "caa_id": None, "caa_release_mbid": None,
        "artists": [{"artist_credit_name": act.name, "artist_mbid": act.mbid, "join_phrase": ""}],
        "length": song.ms, "recording_mbid": song.mbid, "recording_name": song.title, "release_mbid": None,
        "release_name": None, "total_listen_count": 12 * people, "total_user_count": people,
    }  # fmt: skip


def heard_by(act: Artist) -> int:
    """Fewer listen here than elsewhere."""
    return listeners(act) // 40


def _posted(name: str) -> list[str]:
    said = request.get_json(silent=True)
    if not isinstance(said, dict) or not isinstance(said.get(name), list):
        raise Refused(400, f"JSON document must contain {name}")
    return [each for each in said[name] if isinstance(each, str)]


def _credit(song: Song) -> Json:
    acts = [{"artist_mbid": c.artist.mbid, "join_phrase": "", "name": c.artist.name} for c in song.credits]
    return {"artist_credit_id": 1, "artists": acts, "name": song.credited}


def _popular(act: Artist, place: int, release: Release) -> Json:
    group = _group(act, release.slug, release.title)
    people = heard_by(act) // place
    return {
        "artist": {"artist_credit_id": 1, "artists": [], "name": act.name}, "release_color": None,
        "release_group": {**group, "rels": []}, "release_group_mbid": group["mbid"],
        "total_listen_count": 25 * people, "total_user_count": people,
    }  # fmt: skip


def user_token(name: str) -> str:
    """As it stands on a listener's page of settings."""
    return tokens.sign("listenbrainz", name)


def _about(act: Artist, parts: Sequence[str]) -> Json:
    body: Json = {"artist_mbid": act.mbid, "mbid": act.mbid, "name": act.name, "type": "Group", "rels": {}}
    if "tag" in parts:
        words = [{"artist_mbid": act.mbid, "tag": word, "count": max(1, weight // 10)} for word, weight in tags(act)]
        body["tag"] = {"artist": words}
    if "release_group" in parts:
        body["release_group"] = [_group(act, release.slug, release.title) for release in releases(act)]
    return body


def _group(act: Artist, slug: str, title: str) -> Json:
    album = ALBUMS.get(slug)
    kind, date = (_TYPES[album.form], album.released) if album else ("Album", "")
    return {
        "mbid": mbid("release-group", slug), "name": title, "type": kind, "date": date, "artist_credit_name": act.name,
        "caa_id": None, "caa_release_mbid": None,
    }  # fmt: skip


def _listen(play: Play, name: str) -> Json:
    """As a player told it; with what the service takes the recording for, where it knows."""
    told = play.spelling
    act = play.song.credits[0].artist
    title, artist = told.title or play.song.title, told.artist or act.name
    msid = mbid("msid", f"{artist} {title}")
    said: Json = {"artist_name": artist, "track_name": title}
    said["additional_info"] = {"duration_ms": play.song.ms, "recording_msid": msid, "submission_client": "a player"}
    if play.album.form != "compilation":
        said["release_name"] = told.album or play.album.title
    if told.ids and act.slug not in UNLINKED:
        said["mbid_mapping"] = _mapping(play)
    return {
        "inserted_at": play.ended, "listened_at": play.at, "recording_msid": msid, "user_name": name,
        "track_metadata": said,
    }  # fmt: skip


def _mapping(play: Play) -> Json:
    act = play.song.credits[0].artist
    artists = [{"artist_credit_name": act.name, "artist_mbid": act.mbid, "join_phrase": ""}]
    return {
        "recording_mbid": play.song.mbid, "recording_name": play.song.title, "release_mbid": play.album.mbid,
        "artist_mbids": [act.mbid], "artists": artists, "caa_id": None, "caa_release_mbid": None,
    }  # fmt: skip


def _known(act: Artist) -> str | None:
    return None if act.slug in UNLINKED else act.mbid


def _error(status: int, words: str) -> Response:
    return as_json({"code": status, "error": words}, status)


if __name__ == "__main__":
    parser = service.arguments(__doc__)
    parser.add_argument("--calls", type=int, default=300, help="how many are answered in ten seconds")
    options = parser.parse_args()
    told = build(options.now or int(time.time()), options.since, options.scale)
    service.serve(ListenBrainz(told, options.calls), options)
