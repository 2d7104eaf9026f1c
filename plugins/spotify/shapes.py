"""Spotify's JSON as records. Anything may be missing but ids and names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from aggregator.plugin import Artist, Cover, Credit, Edition, Play, Playlist, Track

Json = dict[str, Any]

_DATE = re.compile(r"(?!0000)\d{4}(-\d{2}(-\d{2})?)?")
EP_TRACKS = 4
"""Spotify files EPs under singles, from this many songs on."""


def artist(data: Json) -> Artist:
    return Artist(
        id=data["id"],
        name=data["name"],
        ids={"spotify": data["id"]},
        genres=data.get("genres") or [],
        image=_picture(data),
        url=_url(data),
    )


def edition(data: Json) -> Edition:
    return Edition(
        id=data["id"],
        title=data["name"],
        credits=_credits(data),
        ids=_ids(data, upc="upc"),
        released=_date(data.get("release_date")),
        form=_form(data),
        total_tracks=data.get("total_tracks"),
        genres=data.get("genres") or [],
        label=data.get("label"),
        cover=_picture(data),
        url=_url(data),
    )


def track(data: Json, edition_id: str | None = None) -> Track:
    """`edition_id` for tracks listed inside their album, which do not name it."""
    album = data.get("album") or {}
    return Track(
        id=data["id"],
        title=data["name"],
        credits=_credits(data),
        edition=edition_id or album.get("id"),
        disc=data.get("disc_number") or 1,
        position=data.get("track_number"),
        seconds=seconds(data),
        ids=_ids(data, isrc="isrc"),
        explicit=data.get("explicit"),
        url=_url(data),
    )


def playlist(data: Json, tracks: Sequence[str]) -> Playlist:
    owner = data.get("owner") or {}
    return Playlist(
        id=data["id"],
        name=data.get("name") or "Untitled",
        tracks=list(tracks),
        owner=owner.get("display_name") or owner.get("id"),
        url=_url(data),
    )


def play(data: Json) -> Play:
    """Spotify stamps a play when it ends; the length of the song is taken off."""
    song = data["track"]
    ended = moment(data["played_at"])
    return Play(
        id=data["played_at"],
        at=ended - timedelta(seconds=seconds(song) or 0),
        title=song["name"],
        credits=_credits(song),
        album=(song.get("album") or {}).get("name") or None,
        track=song.get("id"),
        ids=_ids(song, isrc="isrc"),
        seconds=seconds(song),
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seconds(data: Json) -> float | None:
    return data["duration_ms"] / 1000 if data.get("duration_ms") else None


def _credits(data: Json) -> list[Credit]:
    named = [one for one in data.get("artists") or () if one and one.get("name")]
    return [
        Credit(
            name=one["name"],
            id=one.get("id"),
            ids={"spotify": one["id"]} if one.get("id") else {},
            join=", " if number < len(named) else "",
        )
        for number, one in enumerate(named, 1)
    ]


def _ids(data: Json, **schemes: str) -> dict[str, str]:
    external = data.get("external_ids") or {}
    found = {"spotify": data.get("id")} | {ours: external.get(theirs) for ours, theirs in schemes.items()}
    return {scheme: value for scheme, value in found.items() if value}


def _form(data: Json) -> Literal["album", "ep", "single", "compilation"]:
    match data.get("album_type"):
        case "single":
            return "ep" if (data.get("total_tracks") or 0) >= EP_TRACKS else "single"
        case "compilation":
            return "compilation"
    return "album"


def _date(text: str | None) -> str | None:
    return text if text and _DATE.fullmatch(text) else None


def _picture(data: Json) -> Cover | None:
    images = data.get("images") or []
    return Cover(url=images[0]["url"]) if images and images[0].get("url") else None


def _url(data: Json) -> str | None:
    url: str | None = (data.get("external_urls") or {}).get("spotify")
    return url
