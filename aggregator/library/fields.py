"""What there is to say about an item of each kind, field by field, and how a claim says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Protocol

from aggregator.library.folding import fold

Usual = Literal["first", "earliest", "together", "gravest", "all"]
"""Which word is shown where nobody chose: that of the first in the usual order, the earliest date, all of them
together, the gravest. `all`: every source's word is kept, and there is nothing to choose."""


class Speaker(Protocol):
    """What one claim says: its own text, and for a song that of its album."""

    @property
    def payload(self) -> Mapping[str, Any]: ...
    @property
    def about(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Field:
    """`said` is None where a claim says nothing of it; `called` is how sentences name it. `can_be_ordered`: whether it
    makes sense to put providers in an order for it; a number is that of an edition."""

    name: str
    called: str
    said: Callable[[Speaker], Any]
    usual: Usual = "first"
    can_be_ordered: bool = True

    @property
    def can_be_chosen(self) -> bool:
        return self.usual != "all"


def _own(name: str) -> Callable[[Speaker], Any]:
    return lambda claim: claim.payload.get(name) or None


def _song_credits(claim: Speaker) -> Any:
    return claim.payload.get("credits") or claim.about.get("credits") or None


def album_of(claim: Speaker) -> str | None:
    return claim.about.get("title") or claim.payload.get("album") or None


def _place(claim: Speaker) -> tuple[int, int] | None:
    """Disc and number; a file that names no number has no place."""
    position = claim.payload.get("position")
    return None if position is None else (claim.payload.get("disc", 1), position)


def _id(scheme: str) -> Callable[[Speaker], Any]:
    return lambda claim: claim.payload.get("ids", {}).get(scheme)


def _other_ids(claim: Speaker) -> Mapping[str, str] | None:
    """Ids that are of use to their own service alone."""
    return {scheme: value for scheme, value in claim.payload.get("ids", {}).items() if scheme not in CODES} or None


def _picture(claim: Speaker) -> Any:
    return claim.payload.get("cover") or claim.payload.get("image") or claim.about.get("cover") or None


def _when(claim: Speaker) -> tuple[str, str | None, str | None]:
    said = claim.payload
    return said["day"], said.get("start"), said.get("until")


def _status(claim: Speaker) -> str:
    return str(claim.payload.get("status", "scheduled"))


STATES = ("scheduled", "rescheduled", "postponed", "cancelled")
"""Of shows, the gravest last."""

_PICTURE = Field("picture", "picture", _picture)
CODES = ("mbid", "release_group", "isrc", "upc")
"""Ids that mean the same everywhere: a field each."""
_MBID = Field("mbid", "MusicBrainz id", _id("mbid"))
_GROUP = Field("group", "MusicBrainz release group", _id("release_group"))
_UPC = Field("upc", "barcode", _id("upc"))
_ISRC = Field("isrc", "recording code", _id("isrc"))
_IDS = Field("ids", "other known numbers", _other_ids, "all")
CODE_OF = {"mbid": "mbid", "group": "release_group", "isrc": "isrc", "upc": "upc"}
"""The scheme of each such field."""
_GENRES = Field("genres", "genres", _own("genres"), "together")

FIELDS: Mapping[str, Sequence[Field]] = {
    "artist": (Field("name", "name", _own("name")), _PICTURE, _GENRES, _MBID, _IDS),
    "album": (
        Field("title", "title", _own("title")),
        Field("artist", "artist", _own("credits")),
        Field("released", "release date", _own("released"), "earliest"),
        Field("form", "kind of album", _own("form")),
        Field("tracks", "number of songs", _own("total_tracks")),
        _PICTURE,
        _GENRES,
        _UPC,
        _MBID,
        _GROUP,
        _IDS,
    ),
    "recording": (
        Field("title", "title", _own("title")),
        Field("artist", "artist", _song_credits),
        Field("album", "album", album_of),
        Field("length", "length", _own("seconds")),
        Field("number", "number on the album", _place, can_be_ordered=False),
        _PICTURE,
        _ISRC,
        _MBID,
        _IDS,
    ),
    "show": (
        Field("title", "title", _own("title")),
        Field("when", "day and hour", _when),
        Field("venue", "venue", _own("venue")),
        Field("status", "state", _status, "gravest"),
        Field("doors", "hour of the doors", _own("doors")),
        Field("note", "note", _own("note")),
    ),
}
CALLED = {"artist": "artist", "album": "album", "recording": "song", "show": "show"}
"""What listeners call the kinds of items."""


def field_of(kind: str, name: str) -> Field | None:
    return next((field for field in FIELDS.get(kind, ()) if field.name == name), None)


# --- in words ---------------------------------------------------------------------------------------------------------


def joined(credits: Sequence[Mapping[str, Any]]) -> str:
    """`Queen`, ` & `, `David Bowie`: as credited; a comma where the source gives no words between two names."""
    named = [credit for credit in credits if credit.get("role", "artist") == "artist"] or credits
    last = len(named) - 1
    return "".join(
        credit["name"] + (credit.get("join") or ("" if place == last else ", ")) for place, credit in enumerate(named)
    ).strip()


def every_genre(said: Sequence[Sequence[str]]) -> list[str]:
    """All genres once, in order of the alphabet; spelt as in the first of `said` that names them."""
    genres = {fold(genre): genre for genres in reversed(said) for genre in genres}
    return [genres[name] for name in sorted(genres)]


SCHEMES = {
    "mbid": "MusicBrainz id", "former_mbid": "older MusicBrainz id", "release_group": "MusicBrainz release group",
    "isrc": "recording code", "upc": "barcode", "spotify": "Spotify id", "lastfm": "Last.fm id",
    "ticketmaster": "Ticketmaster id",
}  # fmt: skip
"""Known ids in words."""


def scheme_words(scheme: str) -> str:
    return SCHEMES.get(scheme, f"{scheme} id")


def length(seconds: float | None) -> str:
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d}" if seconds else ""


def number(disc: int, position: int, album: str = "") -> str:
    """`3`, `3 on disc 2`, `3 on disc 2 of Blue Room`, `3 on Blue Room`."""
    where = f" on disc {disc}" if disc != 1 else ""
    return f"{position}{where}{' of' if where else ' on'} {album}" if album else f"{position}{where}"


def _date(said: str) -> str:
    """`14 March 2027`, `March 2027`, `2027`."""
    parts = said.split("-")
    if len(parts) == 1:
        return said
    named = date(int(parts[0]), int(parts[1]), int(parts[2]) if len(parts) > 2 else 1)
    return f"{named:%-d %B %Y}" if len(parts) > 2 else f"{named:%B %Y}"


def _day(said: tuple[str, str | None, str | None]) -> str:
    day, start, until = said
    words = f"{date.fromisoformat(day):%-d %B %Y}"
    if until and until != day:
        words += f" to {date.fromisoformat(until):%-d %B %Y}"
    return f"{words}, {start[:5]}" if start else words


def _address(said: Mapping[str, Any] | str) -> str:
    """Where a picture is; one that was fetched is known by its name."""
    return said if isinstance(said, str) else str(said.get("url") or said.get("path"))


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "artist": joined,
    "length": length,
    "released": _date,
    "genres": lambda said: ", ".join(sorted(said, key=fold)),
    "number": lambda said: number(*said),
    "ids": lambda said: ", ".join(f"{scheme_words(scheme)} {value}" for scheme, value in sorted(said.items())),
    "picture": _address,
    "when": _day,
    "doors": lambda said: str(said)[:5],
    "venue": lambda said: ", ".join(filter(None, (said["name"], said.get("city")))),
    "form": lambda said: {"ep": "EP"}.get(said, said),
}


def in_words(field: str, said: Any) -> str:
    """What a claim says of a field, as a page shows it; equal words are one value."""
    return _WORDS[field](said) if field in _WORDS else str(said)
