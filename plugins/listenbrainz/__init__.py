"""ListenBrainz: everything you listened to, the listeners you follow, and what it knows of artists. Needs no key.

Listens are asked by time, newest first, so that pages do not shift while new ones arrive, and each page is stored
before the next one is asked. Wire format: listenbrainz.readthedocs.io.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import requests

from aggregator.plugin import (
    Artist,
    AuthFailed,
    BadData,
    Checkpoint,
    Complete,
    Discovery,
    Edition,
    Field,
    Friend,
    Friends,
    History,
    Limit,
    Play,
    Progress,
    Provider,
    RateLimited,
    SecretStr,
    Skipped,
    Tag,
    Track,
    Unavailable,
)

from . import shapes
from .shapes import WEB, Json

__all__ = ["ListenBrainz"]

API = "https://api.listenbrainz.org"
LABS = "https://labs.api.listenbrainz.org"
PAGE = 1000
LATE = 2 * 86400
"""Seconds before the newest listen that are read again: phones send later what they held back."""
FAR = 2**35
"""Seconds since 1970 that lie a thousand years ahead."""
FAVOURITES = 50
MOST = 100
"""Artists of the chart, and recordings that are looked at for a tag."""
POPULAR = 20
PATIENCE = 30.0
"""Seconds for which a run waits by itself when the calls of a window are used up; longer pauses end it."""
BUSY = "ListenBrainz asks for fewer questions; it is asked again later."
TAG_RADIO = "/1/lb-radio/tags"
MOST_HEARD = "/1/popularity/top-release-groups-for-artist"
MOST_PLAYED = "/1/popularity/top-recordings-for-artist"
NEIGHBOURS = "session_based_days_7500_session_300_contribution_5_threshold_10_limit_100_filter_True_skip_30"
"""The dataset of similar artists: one of the few names that the service accepts."""

Span = list[int | None]
"""[since, until): seconds since 1970; until None: now."""


class ListenBrainz(Provider, History, Friends, Discovery):
    id = "listenbrainz"
    name = "ListenBrainz"
    about = "Everything you listened to, the listeners you follow, similar artists and tags."
    limits = (Limit(calls=30, seconds=10, scope="address"),)
    every = {"history": timedelta(hours=1)}
    artwork_hosts = ("coverartarchive.org", "archive.org", "*.archive.org")

    class Settings(Provider.Settings):
        user: str = Field(title="User name", min_length=1)
        token: SecretStr | None = Field(
            default=None,
            title="User token",
            description="Only needed where your listens are private; from listenbrainz.org/settings.",
        )
        address: str = Field(
            default=API,
            title="Address",
            description="Of your own server, if you run one.",
            json_schema_extra={"advanced": True},
        )
        labs: str = Field(default=LABS, title="Address for similar artists", json_schema_extra={"advanced": True})

    _free_at = 0.0
    """When the service takes calls again (`time.monotonic`)."""

    # --- history --------------------------------------------------------------------------------------------------

    def plays(self, cursor: str | None) -> Iterator[Play | Skipped | Progress | Checkpoint]:
        """New listens first, then what earlier runs left open; every page ends with a checkpoint.

        The cursor names the newest listen and the spans of time that are still to be read, as [since, until) with until
        None for now. A run that breaks off leaves its spans in it, and nothing between them is lost.
        """
        kept: Json = json.loads(cursor) if cursor else {"newest": 0, "open": []}
        newest: int = kept["newest"]
        spans: list[Span] = [[max(0, newest - LATE), None], *kept["open"]]
        done, total = 0, self._count() if cursor is None else None
        while spans:
            for listens in self._back_through(spans[0]):
                yield from map(shapes.understood, listens)
                newest = max([newest, *map(shapes.stamp, listens)])
                done += len(listens)
                yield Progress(done=done, total=total and max(done, total), doing="Listens")
                yield Checkpoint(cursor=json.dumps({"newest": newest, "open": spans}))
            del spans[0]
            yield Checkpoint(cursor=json.dumps({"newest": newest, "open": spans}))

    def _back_through(self, span: Span) -> Iterator[list[Json]]:
        """Pages of a span, newest first. Its end moves to where the last page did.

        The oldest second of a page is asked for once more: it may hold more listens than came.
        """
        while True:
            since, until = span[0] or 0, span[1] or FAR
            sent, first = self._listens(span[1])
            listens = [listen for listen in sent if shapes.stamp(listen) < until]
            if not listens:
                if any(shapes.stamp(listen) > until for listen in sent):
                    raise BadData("ListenBrainz' pages of listens go round in a circle.")
                return
            oldest = min(map(shapes.stamp, listens))
            again = oldest + 1 < until
            if not again and len(listens) >= PAGE:
                self.log.warning("More than %s listens in one second (%s): some were not sent.", PAGE, oldest)
            span[1] = oldest + 1 if again else oldest
            yield listens
            if oldest < since or (oldest <= first and len(listens) < PAGE):
                return

    def _listens(self, until: int | None) -> tuple[list[Json], int]:
        """One page before `until`, and when the first listen of all was (0: not said)."""
        query = {"count": PAGE} | ({} if until is None else {"max_ts": until})
        try:
            payload = self._ask(f"/1/user/{self._user}/listens", query)["payload"]
            listens = [listen for listen in payload["listens"] if 0 < shapes.stamp(listen) < FAR]
            return listens, int(payload.get("oldest_listen_ts") or 0)
        except Unknown:
            raise self._nobody() from None
        except (KeyError, TypeError, AttributeError, ValueError):
            raise BadData("ListenBrainz sent something that is not a list of listens.") from None

    def _count(self) -> int | None:
        """How many listens there are; None where the server does not say."""
        try:
            return int(self._ask(f"/1/user/{self._user}/listen-count")["payload"]["count"])
        except (Unknown, BadData, KeyError, TypeError, ValueError):
            return None

    # --- friends --------------------------------------------------------------------------------------------------

    def friends(self) -> Iterator[Friend | Skipped | Complete]:
        """Whom the listener follows, then who follows the listener."""
        told = set[str]()
        for word in ("following", "followers"):
            for name in self._people(word):
                if name not in told:
                    yield Friend(id=name, name=name, url=f"{WEB}/user/{quote(name, safe='')}/")
                told.add(name)
        yield Complete(scope="friends")

    def _people(self, word: str) -> list[str]:
        try:
            people = self._ask(f"/1/user/{self._user}/{word}")[word]
            return [name for name in people if isinstance(name, str) and name]
        except Unknown:
            raise self._nobody() from None
        except (KeyError, TypeError):
            raise BadData("ListenBrainz sent something that is not a list of listeners.") from None

    def top_artists(self, friend: Friend) -> Iterable[tuple[Artist, int]]:
        """As far as statistics have been made of the friend."""
        query = {"range": "all_time", "count": FAVOURITES}
        try:
            answer = self._ask(f"/1/stats/user/{quote(friend.id, safe='')}/artists", query)
        except Unknown:
            return []
        if answer == {}:  # not made yet
            return []
        payload = answer.get("payload") if isinstance(answer, dict) else None
        ranked = shapes.listed(payload.get("artists") if isinstance(payload, dict) else None)
        return [
            (artist, int(shapes.number(told.get("listen_count"))))
            for told, artist in shapes.each(ranked, shapes.artist)
        ]

    # --- live -----------------------------------------------------------------------------------------------------

    def similar(self, artist: Artist) -> Iterable[tuple[Artist, float]]:
        """The nearest of the dataset counts as 1. Only artists with an MBID are known."""
        if "mbid" not in artist.ids:
            return []
        query = {"artist_mbids": artist.ids["mbid"], "algorithm": NEIGHBOURS}
        try:
            listed = self._ask("/similar-artists/json", query, at=self.settings.labs)
        except Unknown:
            return []
        near = [each for each in shapes.listed(listed) if each.get("artist_mbid") != artist.ids["mbid"]]
        near.sort(key=lambda each: -shapes.number(each.get("score")))
        best = max((shapes.number(each.get("score")) for each in near), default=0.0) or 1.0
        return [(other, shapes.number(told.get("score")) / best) for told, other in shapes.each(near, shapes.artist)]

    def tags(self, artist: Artist) -> Iterable[Tag]:
        told = self._about(artist, "tag").get("tag")
        words = shapes.dicts(told.get("artist") if isinstance(told, dict) else None)
        counts = {word["tag"]: shapes.number(word.get("count")) for word in words if isinstance(word.get("tag"), str)}
        most = max(counts.values(), default=0.0)
        ranked = sorted(counts.items(), key=lambda pair: -pair[1])
        return [Tag(name=name, weight=100 * count / most) for name, count in ranked if name and count > 0]

    def albums_of(self, artist: Artist) -> Iterable[Edition]:
        """With the number of those who listened; from a server that does not count them, the newest first."""
        if "mbid" not in artist.ids:
            return []
        try:
            groups = list(map(shapes.heard, shapes.listed(self._ask(f"{MOST_HEARD}/{artist.ids['mbid']}"))))
        except Unknown:
            groups = self._newest(artist)
        albums = [group for group in groups if group.get("type") in ("Album", "EP")]
        albums.sort(key=lambda group: -shapes.number(group.get("listeners")))
        return [album for _, album in shapes.each(albums[:POPULAR], lambda group: shapes.edition(group, artist))]

    def _newest(self, artist: Artist) -> list[Json]:
        groups = shapes.dicts(self._about(artist, "release_group").get("release_group"))
        return sorted(groups, key=lambda group: str(group.get("date") or ""), reverse=True)

    def top_songs(self, artist: Artist) -> Iterable[Track]:
        if "mbid" not in artist.ids:
            return []
        try:
            heard = shapes.listed(self._ask(f"{MOST_PLAYED}/{artist.ids['mbid']}"))
        except Unknown:
            return []
        heard.sort(key=lambda told: -shapes.number(told.get("total_listen_count")))
        return [song for _, song in shapes.each(heard[:POPULAR], shapes.song)]

    def tag_artists(self, tag: str) -> Iterable[tuple[Artist, int]]:
        """By the recordings that carry the tag: how often it was given to all that are an artist's."""
        at = self.settings.address.rstrip("/") + TAG_RADIO
        if self.http.remembered(at):
            return []
        try:
            found = shapes.listed(self._ask(TAG_RADIO, {"tag": tag, "pop_begin": 0, "pop_end": 100, "count": MOST}))
        except Unknown:
            return []
        except AuthFailed:
            if self.settings.token:
                raise
            self.http.remember(at, 401)  # a server that answers this to those with a token alone
            return []
        counts = {
            str(each["recording_mbid"]): shapes.number(each.get("tag_count"))
            for each in found
            if "recording_mbid" in each
        }
        return self._credited(counts) if counts else []

    def _credited(self, counts: Mapping[str, float]) -> list[tuple[Artist, int]]:
        """The first artists of recordings, with the sum of their counts, the greatest first."""
        told = self._ask("/1/metadata/recording/", body={"recording_mbids": list(counts), "inc": "artist"})
        if not isinstance(told, dict):
            raise BadData("ListenBrainz sent something that is no list of recordings.")
        leads = {recording: lead for recording in counts if (lead := shapes.lead(told.get(recording)))}
        artists = {artist.id: artist for _, artist in shapes.each(leads.values(), shapes.artist)}
        sums = dict.fromkeys(artists, 0.0)
        for recording, lead in leads.items():
            if (known := shapes.known(lead)) in sums:
                sums[known] += counts[recording]
        return [(artists[known], round(sums[known])) for known in sorted(sums, key=lambda known: -sums[known])]

    def listeners(self, artist: Artist) -> int | None:
        if "mbid" not in artist.ids:
            return None
        told = shapes.listed(self._ask("/1/popularity/artist", body={"artist_mbids": [artist.ids["mbid"]]}))
        count = next((each.get("total_user_count") for each in told), None)
        return int(shapes.number(count)) if count is not None else None

    def chart(self) -> Iterable[Artist]:
        """Of all time, by listens; empty while statistics are being made."""
        told = self._ask("/1/stats/sitewide/artists", {"range": "all_time", "count": MOST})
        payload = told.get("payload") if isinstance(told, dict) else None
        if told != {} and not isinstance(payload, dict):
            raise BadData("ListenBrainz sent something that is no chart.")
        return [
            artist for _, artist in shapes.each(shapes.listed(payload["artists"]) if payload else [], shapes.artist)
        ]

    def _about(self, artist: Artist, part: str) -> Json:
        """What is known of an artist, with that part; empty for one who is not known."""
        if "mbid" not in artist.ids:
            return {}
        try:
            found = self._ask("/1/metadata/artist/", {"artist_mbids": artist.ids["mbid"], "inc": part})
        except Unknown:
            return {}
        return next(iter(shapes.listed(found)), {})

    # --- asking ---------------------------------------------------------------------------------------------------

    @property
    def _user(self) -> str:
        return quote(self.settings.user, safe="")

    def _nobody(self) -> AuthFailed:
        return AuthFailed(f"ListenBrainz knows no listener named {self.settings.user}. Check the settings.")

    def _ask(
        self, path: str, query: Mapping[str, Any] | None = None, at: str | None = None, body: Json | None = None
    ) -> Any:
        """The JSON of an answer; {} where there is none yet. What has a `body` is posted. Raises Unknown, and the
        errors of the contract."""
        self._wait()
        token = self.settings.token
        signed = {"Authorization": f"Token {token.get_secret_value()}"} if token and at is None else {}
        url = (at or self.settings.address).rstrip("/") + path
        try:
            verb = "GET" if body is None else "POST"
            answer = self.http.session.request(verb, url, params=query, json=body, headers=signed)
            self._note(answer.headers)
            return self._read(answer)
        except requests.exceptions.ChunkedEncodingError:
            raise BadData("ListenBrainz sent only half of an answer.") from None
        except requests.RequestException as error:
            raise Unavailable(f"ListenBrainz cannot be reached ({type(error).__name__}).") from None

    def _wait(self) -> None:
        pause = self._free_at - time.monotonic()
        if pause > PATIENCE:
            raise RateLimited(BUSY, pause)
        time.sleep(max(0.0, pause))

    def _note(self, headers: Mapping[str, str]) -> None:
        """The service tells how many calls are left of a window, and when the next one begins."""
        if headers.get("X-RateLimit-Remaining") == "0":
            self._free_at = time.monotonic() + _seconds(headers)

    def _read(self, answer: requests.Response) -> Any:
        status = answer.status_code
        if status == 204:  # statistics are not made yet
            return {}
        if status == 404:
            raise Unknown
        if status in (401, 403):
            raise AuthFailed("ListenBrainz refuses the user token, or these listens are private. Check the settings.")
        if status == 429:
            raise RateLimited(
                "ListenBrainz asks for fewer questions; it is asked again later.", _seconds(answer.headers)
            )
        if status >= 500:
            raise Unavailable(f"ListenBrainz has trouble of its own (status {status}).")
        if status != 200:
            raise BadData(f"ListenBrainz did not understand the question (status {status}).")
        try:
            return answer.json()
        except ValueError:
            raise BadData("ListenBrainz sent something that is not JSON, or only half of it.") from None


class Unknown(Exception):
    """Status 404: the service does not know the listener or the artist."""


def _seconds(headers: Mapping[str, str]) -> float:
    """Until questions are welcome again."""
    for name in ("X-RateLimit-Reset-In", "Retry-After"):
        if headers.get(name, "").strip().isdigit():
            return max(1.0, float(headers[name]))
    return 60.0
