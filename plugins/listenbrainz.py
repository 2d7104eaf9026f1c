"""ListenBrainz: everything you listened to, the listeners you follow, and what it knows of artists. Needs no key.

Listens are asked by time, newest first, so that pages do not shift while new ones arrive, and each page is stored
before the next one is asked. Wire format: listenbrainz.readthedocs.io.
"""

from __future__ import annotations

import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import requests

from aggregator.plugin import (
    Artist,
    AuthFailed,
    BadData,
    Checkpoint,
    Complete,
    Cover,
    Credit,
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
    Unavailable,
    why,
)

__all__ = ["ListenBrainz"]

API = "https://api.listenbrainz.org"
LABS = "https://labs.api.listenbrainz.org"
WEB = "https://listenbrainz.org"
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
ALIKE = 0.6
"""How much of a name must agree (`difflib` ratio) for ListenBrainz' guess at a recording to be believed."""
TAG_RADIO = "/1/lb-radio/tags"
MOST_HEARD = "/1/popularity/top-release-groups-for-artist"
NEIGHBOURS = "session_based_days_7500_session_300_contribution_5_threshold_10_limit_100_filter_True_skip_30"
"""The dataset of similar artists: one of the few names that the service accepts."""

_MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_SPOTIFY = re.compile(r"track/([0-9A-Za-z]{22})")
_FORMS: dict[str, Literal["album", "ep", "single"]] = {"album": "album", "ep": "ep", "single": "single"}

R = TypeVar("R", Artist, Edition)
Json = dict[str, Any]
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
                yield from map(_understood, listens)
                newest = max([newest, *map(_stamp, listens)])
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
            listens = [listen for listen in sent if _stamp(listen) < until]
            if not listens:
                if any(_stamp(listen) > until for listen in sent):
                    raise BadData("ListenBrainz' pages of listens go round in a circle.")
                return
            oldest = min(map(_stamp, listens))
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
            listens = [listen for listen in payload["listens"] if 0 < _stamp(listen) < FAR]
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
        ranked = _listed(payload.get("artists") if isinstance(payload, dict) else None)
        return [(artist, int(_number(told.get("listen_count")))) for told, artist in _each(ranked, _artist)]

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
        near = [each for each in _listed(listed) if each.get("artist_mbid") != artist.ids["mbid"]]
        near.sort(key=lambda each: -_number(each.get("score")))
        best = max((_number(each.get("score")) for each in near), default=0.0) or 1.0
        return [(other, _number(told.get("score")) / best) for told, other in _each(near, _artist)]

    def tags(self, artist: Artist) -> Iterable[Tag]:
        told = self._about(artist, "tag").get("tag")
        words = _dicts(told.get("artist") if isinstance(told, dict) else None)
        counts = {word["tag"]: _number(word.get("count")) for word in words if isinstance(word.get("tag"), str)}
        most = max(counts.values(), default=0.0)
        ranked = sorted(counts.items(), key=lambda pair: -pair[1])
        return [Tag(name=name, weight=100 * count / most) for name, count in ranked if name and count > 0]

    def albums_of(self, artist: Artist) -> Iterable[Edition]:
        """With the number of those who listened; from a server that does not count them, the newest first."""
        if "mbid" not in artist.ids:
            return []
        try:
            groups = list(map(_heard, _listed(self._ask(f"{MOST_HEARD}/{artist.ids['mbid']}"))))
        except Unknown:
            groups = self._newest(artist)
        albums = [group for group in groups if group.get("type") in ("Album", "EP")]
        albums.sort(key=lambda group: -_number(group.get("listeners")))
        return [album for _, album in _each(albums[:POPULAR], lambda group: _edition(group, artist))]

    def _newest(self, artist: Artist) -> list[Json]:
        groups = _dicts(self._about(artist, "release_group").get("release_group"))
        return sorted(groups, key=lambda group: str(group.get("date") or ""), reverse=True)

    def tag_artists(self, tag: str) -> Iterable[tuple[Artist, int]]:
        """By the recordings that carry the tag: how often it was given to all that are an artist's."""
        at = self.settings.address.rstrip("/") + TAG_RADIO
        if self.http.remembered(at):
            return []
        try:
            found = _listed(self._ask(TAG_RADIO, {"tag": tag, "pop_begin": 0, "pop_end": 100, "count": MOST}))
        except Unknown:
            return []
        except AuthFailed:
            if self.settings.token:
                raise
            self.http.remember(at, 401)  # a server that answers this to those with a token alone
            return []
        counts = {
            str(each["recording_mbid"]): _number(each.get("tag_count")) for each in found if "recording_mbid" in each
        }
        return self._credited(counts) if counts else []

    def _credited(self, counts: Mapping[str, float]) -> list[tuple[Artist, int]]:
        """The first artists of recordings, with the sum of their counts, the greatest first."""
        told = self._ask("/1/metadata/recording/", body={"recording_mbids": list(counts), "inc": "artist"})
        if not isinstance(told, dict):
            raise BadData("ListenBrainz sent something that is no list of recordings.")
        leads = {recording: lead for recording in counts if (lead := _lead(told.get(recording)))}
        artists = {artist.id: artist for _, artist in _each(leads.values(), _artist)}
        sums = dict.fromkeys(artists, 0.0)
        for recording, lead in leads.items():
            if (known := _known(lead)) in sums:
                sums[known] += counts[recording]
        return [(artists[known], round(sums[known])) for known in sorted(sums, key=lambda known: -sums[known])]

    def listeners(self, artist: Artist) -> int | None:
        if "mbid" not in artist.ids:
            return None
        told = _listed(self._ask("/1/popularity/artist", body={"artist_mbids": [artist.ids["mbid"]]}))
        count = next((each.get("total_user_count") for each in told), None)
        return int(_number(count)) if count is not None else None

    def chart(self) -> Iterable[Artist]:
        """Of all time, by listens; empty while statistics are being made."""
        told = self._ask("/1/stats/sitewide/artists", {"range": "all_time", "count": MOST})
        payload = told.get("payload") if isinstance(told, dict) else None
        if told != {} and not isinstance(payload, dict):
            raise BadData("ListenBrainz sent something that is no chart.")
        return [artist for _, artist in _each(_listed(payload["artists"]) if payload else [], _artist)]

    def _about(self, artist: Artist, part: str) -> Json:
        """What is known of an artist, with that part; empty for one who is not known."""
        if "mbid" not in artist.ids:
            return {}
        try:
            found = self._ask("/1/metadata/artist/", {"artist_mbids": artist.ids["mbid"], "inc": part})
        except Unknown:
            return {}
        return next(iter(_listed(found)), {})

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


# --- shapes -----------------------------------------------------------------------------------------------------------


def _stamp(listen: Any) -> int:
    """Seconds since 1970; 0 for what is playing now, and for what is no time."""
    try:
        return int(listen.get("listened_at") or 0)
    except (AttributeError, TypeError, ValueError):
        return 0


def _understood(listen: Json) -> Play | Skipped:
    try:
        return _play(listen)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        told = listen.get("track_metadata")
        title, artist = (told.get("track_name"), told.get("artist_name")) if isinstance(told, dict) else (None, None)
        name = " by ".join(str(each)[:200] for each in (title, artist) if each)
        return Skipped(of="play", id=f"{_stamp(listen)} {title or ''}", reason=why(error), name=name or None)


def _play(listen: Json) -> Play:
    told = listen["track_metadata"]
    more = told.get("additional_info") or {}
    guess = _believed(told)
    return Play(
        id=f"{_stamp(listen)} {listen['recording_msid']}" if listen.get("recording_msid") else None,
        at=datetime.fromtimestamp(_stamp(listen), UTC),
        title=told["track_name"],
        credits=_credits(told, more, guess),
        album=told.get("release_name") or None,
        ids=_ids(more, guess),
        seconds=_length(more),
    )


def _believed(told: Json) -> Json:
    """What ListenBrainz takes the recording for, unless its guess is about something else; then nothing."""
    guess = told.get("mbid_mapping") or {}
    artists = guess.get("artists") or []
    if not artists:
        return {}
    first, everybody = artists[0]["artist_credit_name"], "".join(a["artist_credit_name"] + _join(a) for a in artists)
    same_artist = max(_alike(name, told["artist_name"]) for name in (first, everybody)) >= ALIKE
    title = guess.get("recording_name") or told["track_name"]
    same_title = _plain(title) in _plain(told["track_name"]) or _alike(title, told["track_name"]) >= ALIKE
    return guess if same_artist and same_title else {}


def _join(artist: Json) -> str:
    return artist.get("join_phrase") or ""


def _alike(a: str, b: str) -> float:
    return SequenceMatcher(None, _plain(a), _plain(b), autojunk=False).ratio()


def _plain(text: str) -> str:
    bare = (letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))
    return "".join(letter for letter in bare if letter.isalnum()) or text


def _credits(told: Json, more: Json, guess: Json) -> list[Credit]:
    """The artists as ListenBrainz knows them, else the one name that the player told."""
    if guess:
        acts = guess["artists"]
        return [Credit(name=a["artist_credit_name"], ids=_mbid(a.get("artist_mbid")), join=_join(a)) for a in acts]
    known = more.get("artist_mbids")
    alone = known[0] if isinstance(known, list) and len(known) == 1 else None
    return [Credit(name=told["artist_name"], ids=_mbid(alone))]


def _ids(more: Json, guess: Json) -> dict[str, str]:
    """The player's own word goes before the guess."""
    found = _mbid(guess.get("recording_mbid")) | _mbid(more.get("recording_mbid"))
    if _ISRC.fullmatch(str(more.get("isrc") or "")):
        found["isrc"] = more["isrc"]
    if match := _SPOTIFY.search(str(more.get("spotify_id") or "")):
        found["spotify"] = match[1]
    return found


def _length(more: Json) -> float | None:
    for name, unit in (("duration_ms", 1000), ("duration", 1)):
        try:
            if seconds := float(more.get(name) or 0) / unit:
                return seconds if 0 < seconds < 30 * 86400 else None
        except (TypeError, ValueError):
            continue
    return None


def _listed(told: Any) -> list[Json]:
    if not isinstance(told, list):
        raise BadData("ListenBrainz sent something that is not a list.")
    return _dicts(told)


def _dicts(told: Any) -> list[Json]:
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _each(told: Iterable[Json], convert: Callable[[Json], R]) -> Iterator[tuple[Json, R]]:
    """What can be read of a list, once each: an entry without its name is nothing to a listener."""
    ids = set[str]()
    for each in told:
        try:
            record = convert(each)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if record.id not in ids:
            ids.add(record.id)
            yield each, record


def _number(told: Any) -> float:
    """0 for what is no number."""
    return float(told) if isinstance(told, int | float) and told > 0 else 0.0


def _artist(told: Json) -> Artist:
    name, known = told.get("artist_name") or told.get("name") or "", _known(told)
    ids = _mbid(known)
    return Artist(id=known if ids else name, name=name, ids=ids, url=f"{WEB}/artist/{known}/" if ids else None)


def _known(told: Json) -> Any:
    return told.get("artist_mbid") or next(iter(told.get("artist_mbids") or ()), None)


def _lead(recording: Any) -> Json:
    """The first artist of a recording; empty where there is none."""
    credit = recording.get("artist") if isinstance(recording, dict) else None
    return next(iter(_dicts(credit.get("artists") if isinstance(credit, dict) else None)), {})


def _heard(told: Json) -> Json:
    """A release group among the popular, in the shape of one of the metadata."""
    group = told.get("release_group")
    shape = group if isinstance(group, dict) else {}
    return {**shape, "mbid": told.get("release_group_mbid"), "listeners": told.get("total_user_count")}


def _edition(group: Json, artist: Artist) -> Edition:
    known = _mbid(group.get("mbid")).get("mbid")
    released = str(group.get("date") or "")
    return Edition(
        id=known or f"{artist.name}/{group['name']}",
        title=group["name"],
        credits=[Credit(name=artist.name, ids=_mbid(artist.ids["mbid"]))],
        ids={"release_group": known} if known else {},
        released=released if re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", released) else None,
        form=_FORMS.get(str(group["type"]).casefold(), "other") if group.get("type") else None,
        cover=_cover(group),
        url=f"{WEB}/album/{known}/" if known else None,
        popularity=int(_number(group.get("listeners"))) or None,
    )


def _cover(group: Json) -> Cover | None:
    release, picture = group.get("caa_release_mbid"), group.get("caa_id")
    return (
        Cover(url=f"https://coverartarchive.org/release/{release}/{picture}-500.jpg") if release and picture else None
    )


def _mbid(value: Any) -> dict[str, str]:
    return {"mbid": value} if isinstance(value, str) and _MBID.fullmatch(value) else {}
