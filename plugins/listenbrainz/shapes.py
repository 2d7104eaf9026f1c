"""ListenBrainz' JSON as records, and a few ways to read what is in an odd form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import Any, Literal, TypeVar

from aggregator.plugin import Artist, BadData, Cover, Credit, Edition, Play, Skipped, Track, why

WEB = "https://listenbrainz.org"
ALIKE = 0.6
"""How much of a name must agree (`difflib` ratio) for ListenBrainz' guess at a recording to be believed."""

_MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_SPOTIFY = re.compile(r"track/([0-9A-Za-z]{22})")
_FORMS: dict[str, Literal["album", "ep", "single"]] = {"album": "album", "ep": "ep", "single": "single"}

R = TypeVar("R", Artist, Edition, Track)
Json = dict[str, Any]


def stamp(listen: Any) -> int:
    """Seconds since 1970; 0 for what is playing now, and for what is no time."""
    try:
        return int(listen.get("listened_at") or 0)
    except (AttributeError, TypeError, ValueError):
        return 0


def understood(listen: Json) -> Play | Skipped:
    try:
        return _play(listen)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        told = listen.get("track_metadata")
        title, artist = (told.get("track_name"), told.get("artist_name")) if isinstance(told, dict) else (None, None)
        name = " by ".join(str(each)[:200] for each in (title, artist) if each)
        return Skipped(of="play", id=f"{stamp(listen)} {title or ''}", reason=why(error), name=name or None)


def _play(listen: Json) -> Play:
    told = listen["track_metadata"]
    more = told.get("additional_info") or {}
    guess = _believed(told)
    return Play(
        id=f"{stamp(listen)} {listen['recording_msid']}" if listen.get("recording_msid") else None,
        at=datetime.fromtimestamp(stamp(listen), UTC),
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
    said = more.get("artist_mbids")
    alone = said[0] if isinstance(said, list) and len(said) == 1 else None
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


def listed(told: Any) -> list[Json]:
    if not isinstance(told, list):
        raise BadData("ListenBrainz sent something that is not a list.")
    return dicts(told)


def dicts(told: Any) -> list[Json]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def each(told: Iterable[Json], convert: Callable[[Json], R]) -> Iterator[tuple[Json, R]]:
    """What can be read of a list, once each: an entry without its name is nothing to a listener."""
    ids = set[str]()
    for one in told:
        try:
            record = convert(one)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if record.id not in ids:
            ids.add(record.id)
            yield one, record


def number(told: Any) -> float:
    """0 for what is no number."""
    return float(told) if isinstance(told, int | float) and told > 0 else 0.0


def artist(told: Json) -> Artist:
    name, mbid = told.get("artist_name") or told.get("name") or "", known(told)
    ids = _mbid(mbid)
    return Artist(id=mbid if ids else name, name=name, ids=ids, url=f"{WEB}/artist/{mbid}/" if ids else None)


def known(told: Json) -> Any:
    return told.get("artist_mbid") or next(iter(told.get("artist_mbids") or ()), None)


def lead(recording: Any) -> Json:
    """The first artist of a recording; empty where there is none."""
    credit = recording.get("artist") if isinstance(recording, dict) else None
    return next(iter(dicts(credit.get("artists") if isinstance(credit, dict) else None)), {})


def heard(told: Json) -> Json:
    """A release group among the popular, in the shape of one of the metadata."""
    group = told.get("release_group")
    shape = group if isinstance(group, dict) else {}
    return {**shape, "mbid": told.get("release_group_mbid"), "listeners": told.get("total_user_count")}


def song(told: Json) -> Track:
    """One of the recordings of an artist that are heard most."""
    mbid = _mbid(told.get("recording_mbid")).get("mbid")
    alone = told.get("artist_mbids")
    acts = dicts(told.get("artists"))
    by = [Credit(name=a["artist_credit_name"], ids=_mbid(a.get("artist_mbid")), join=_join(a)) for a in acts]
    name = told["artist_name"]
    one = Credit(name=name, ids=_mbid(alone[0]) if isinstance(alone, list) and len(alone) == 1 else {})
    return Track(
        id=mbid or f"{name}/{told['recording_name']}",
        title=told["recording_name"],
        credits=by or [one],
        ids={"mbid": mbid} if mbid else {},
        seconds=number(told.get("length")) / 1000 or None,
        url=f"https://musicbrainz.org/recording/{mbid}" if mbid else None,
    )


def edition(group: Json, by: Artist) -> Edition:
    mbid = _mbid(group.get("mbid")).get("mbid")
    released = str(group.get("date") or "")
    return Edition(
        id=mbid or f"{by.name}/{group['name']}",
        title=group["name"],
        credits=[Credit(name=by.name, ids=_mbid(by.ids["mbid"]))],
        ids={"release_group": mbid} if mbid else {},
        released=released if re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", released) else None,
        form=_FORMS.get(str(group["type"]).casefold(), "other") if group.get("type") else None,
        cover=_cover(group),
        url=f"{WEB}/album/{mbid}/" if mbid else None,
        popularity=int(number(group.get("listeners"))) or None,
    )


def _cover(group: Json) -> Cover | None:
    release, picture = group.get("caa_release_mbid"), group.get("caa_id")
    return (
        Cover(url=f"https://coverartarchive.org/release/{release}/{picture}-500.jpg") if release and picture else None
    )


def _mbid(value: Any) -> dict[str, str]:
    return {"mbid": value} if isinstance(value, str) and _MBID.fullmatch(value) else {}
