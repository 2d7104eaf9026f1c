"""What a listener may write themselves for a field, how it is read, and a claim that says it.

Own words are kept beside picks and shown before everything else. Matching never asks them: what is one thing is told
from what sources say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any, TypeVar

from aggregator import mending
from aggregator.library.fields import CODE_OF, STATES, Speaker, in_words, joined, length
from aggregator.library.folding import fold

LONGEST = 300
"""Characters of what a listener may write."""
MOST_GENRES = 20

T = TypeVar("T", bound=Speaker)


@dataclass(frozen=True)
class Way:
    """How one field is written: `read` makes a value of what was typed and raises ValueError with a sentence for the
    listener; `put` gives a claim's text with it, `typed` is its turning back. `among`: values to choose from."""

    read: Callable[[str], Any]
    put: Callable[[Any], Mapping[str, Any]]
    hint: str = ""
    typed: Callable[[Any], str] = str
    among: Sequence[tuple[str, str]] = ()
    is_number: bool = False


def way(field: str) -> Way | None:
    """None where it makes no sense: a picture, what is kept as a whole, an album that has a page of its own."""
    return _WAYS.get(field)


def written(claim: T, field: str, value: Any, present: bool) -> T:
    """The claim as it would be had its source said this."""
    chosen = _WAYS[field]
    said = chosen.put(value)
    if field in CODE_OF:
        said = {"ids": {**claim.payload.get("ids", {}), **said}}
    if field == "venue":
        said = {"venue": {**claim.payload["venue"], **said}}
    return replace(claim, payload={**claim.payload, **said}, present=present)  # type: ignore[type-var]


# --- reading ----------------------------------------------------------------------------------------------------------


def _text(typed: str) -> str:
    text = "".join(filter(str.isprintable, " ".join(typed.split())))
    if not mending.visible(text):
        raise ValueError("Nothing was written.")
    if len(text) > LONGEST:
        raise ValueError(f"At most {LONGEST} letters fit.")
    return text


def _date(typed: str) -> str:
    try:
        if re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", typed):
            return mending.day(typed)
    except ValueError:
        pass  # said below
    raise ValueError("Write a date as 2027, 2027-03 or 2027-03-14.")


def _whole(most: int, words: str) -> Callable[[str], int]:
    def read(typed: str) -> int:
        if re.fullmatch(r"[0-9]{1,6}", typed) and 0 < int(typed) <= most:
            return int(typed)
        raise ValueError(words)

    return read


def _number(typed: str) -> list[int]:
    found = re.fullmatch(r"(?:([0-9]{1,3})\s*-\s*)?([0-9]{1,4})", typed)
    if not found or not int(found[2]) or found[1] == "0":
        raise ValueError("Write the number as 7, or as 2-7 for the seventh on disc two.")
    return [int(found[1] or 1), int(found[2])]


def _length(typed: str) -> float:
    found = re.fullmatch(r"([0-9]{1,3}):([0-5][0-9])", typed)
    if not found or not 0 < (seconds := int(found[1]) * 60 + int(found[2])) <= 3_600 * 16:
        raise ValueError("Write the length in minutes and seconds, as 3:05.")
    return float(seconds)


def _genres(typed: str) -> list[str]:
    named = {fold(genre): genre for genre in map(str.strip, _text(typed).split(",")) if genre}
    if not 0 < len(named) <= MOST_GENRES:
        raise ValueError(f"Write at most {MOST_GENRES} genres, with commas between them.")
    return list(named.values())


def _like(pattern: str, words: str) -> Callable[[str], str]:
    def read(typed: str) -> str:
        bare = re.sub(r"\s", "", typed)
        if re.fullmatch(pattern, bare, re.IGNORECASE | re.ASCII):
            return bare
        raise ValueError(words)

    return read


def _isrc(typed: str) -> str:
    bare = _like(r"[a-z]{2}-?[a-z0-9]{3}-?\d{2}-?\d{5}", "A recording code looks like GBAYE6800011.")(typed)
    return bare.replace("-", "").upper()


_uuid = _like(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "A MusicBrainz id looks like 83d91898-7763-47d7-b03b-b92132375c47.",
)


def _clock(typed: str) -> str:
    try:
        return f"{time.fromisoformat(typed.zfill(5)):%H:%M}"
    except ValueError:
        raise ValueError("Write the hour as 20:00.") from None


def _when(typed: str) -> list[str | None]:
    day, _, hour = typed.partition(" ")
    try:
        return [f"{date.fromisoformat(day)}", _clock(hour.strip()) if hour.strip() else None, None]
    except ValueError:
        raise ValueError("Write the day and the hour as 2027-03-14 20:00, or the day alone.") from None


def _one_of(among: Sequence[tuple[str, str]]) -> Callable[[str], str]:
    def read(typed: str) -> str:
        if typed in dict(among):
            return typed
        raise ValueError("Choose one of the words in the list.")

    return read


# --- the fields -------------------------------------------------------------------------------------------------------


def _as(name: str) -> Callable[[Any], Mapping[str, Any]]:
    return lambda value: {name: value}


def _code(field: str, read: Callable[[str], str], hint: str) -> Way:
    return Way(read, _as(CODE_OF[field]), hint)


_FORMS = tuple((form, in_words("form", form).capitalize() if form != "ep" else "EP") for form in (
    "album", "ep", "single", "compilation", "live", "soundtrack", "other"))  # fmt: skip
_STATES = tuple((state, state.capitalize()) for state in STATES)

_WAYS: Mapping[str, Way] = {
    "name": Way(_text, lambda value: {"name": value, "sort_name": None}),
    "title": Way(_text, _as("title")),
    "artist": Way(_text, lambda value: {"credits": [{"name": value}]}, typed=joined),
    "released": Way(_date, _as("released"), "as 2027, 2027-03 or 2027-03-14"),
    "form": Way(_one_of(_FORMS), _as("form"), among=_FORMS),
    "tracks": Way(_whole(9_999, "Write a number of songs, as 12."), _as("total_tracks"), is_number=True),
    "genres": Way(_genres, _as("genres"), "as Jazz, Soul", typed=", ".join),
    "length": Way(_length, _as("seconds"), "as 3:05", typed=length),
    "number": Way(
        _number,
        lambda value: {"disc": value[0], "position": value[1]},
        "7, or 2-7 for disc two",
        typed=lambda said: str(said[1]) if said[0] == 1 else f"{said[0]}-{said[1]}",
    ),
    "mbid": _code("mbid", lambda typed: _uuid(typed).lower(), "as on musicbrainz.org"),
    "group": _code("group", lambda typed: _uuid(typed).lower(), "as on musicbrainz.org"),
    "isrc": _code("isrc", _isrc, "as GBAYE6800011"),
    "upc": _code("upc", _like(r"\d{8,14}", "A barcode has 8 to 14 digits."), "as 724382975229"),
    "when": Way(
        _when,
        lambda value: {"day": value[0], "start": value[1], "until": value[2]},
        "as 2027-03-14 20:00, or the day alone",
        typed=lambda said: f"{said[0]} {said[1][:5]}" if said[1] else str(said[0]),
    ),
    "venue": Way(_text, _as("name"), typed=lambda said: str(said["name"])),
    "status": Way(_one_of(_STATES), _as("status"), among=_STATES),
    "doors": Way(_clock, _as("doors"), "as 19:00", typed=lambda said: str(said)[:5]),
    "note": Way(_text, _as("note")),
}
