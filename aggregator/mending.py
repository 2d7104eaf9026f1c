"""What is made of a record that holds nonsense: what is usable is kept, and there is a word about the rest.

A service sends lengths of -1, titles of ten thousand letters and dates in the year 0, and a music file holds whatever
somebody once typed. Of a record all is kept that can be; what was done is said in `Told.mended`, for the listener.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

LONGEST = 1_000
"""Characters of a name or a title, and of an id."""
FIRST_YEAR, LAST_YEAR = 1000, 2199
"""Years in which music may have appeared."""

_SHOWN = 60
"""Characters of a senseless value that are repeated to the listener."""
_INSTEAD, _SENSELESS = "instead", "senseless"
"""Kinds of errors: those that bring a usable value along, and those that only have words of their own."""
_BLANK = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]")
_NEVER_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CALLED = {
    "seconds": "length",
    "position": "number on the album",
    "disc": "disc number",
    "total_tracks": "number of songs",
    "released": "date",
    "begun": "year of beginning",
    "credits": "artist",
    "lineup": "artist",
    "ids": "id",
    "genres": "genre",
    "aliases": "other name",
    "tracks": "song",
    "day": "date",
    "until": "last day",
    "start": "hour",
    "at": "time",
    "form": "kind of album",
    "url": "address",
}


# --- values -----------------------------------------------------------------------------------------------------------


def name(value: object) -> object:
    """Text that a listener can read, of at most `LONGEST` characters. Raises ValueError where nothing is to be seen."""
    if isinstance(value, str) and not (value.isprintable() and value.strip()) and not visible(value):
        raise _senseless("is empty")
    return text(value)


def text(value: object) -> object:
    """Like `name`, but it may be empty."""
    if not isinstance(value, str) or (value.isprintable() and len(value) <= LONGEST):
        return value
    spaced = _BLANK.sub(" ", value)
    clean = _NEVER_SHOWN.sub("", spaced)
    if len(clean) > LONGEST:
        raise _instead(f"has {len(clean):,} characters, of which the first {LONGEST:,} are kept", clean[:LONGEST])
    if clean != spaced:
        raise _instead("holds control characters, which are taken out", clean)
    return clean


def visible(text: str) -> bool:
    """Whether there is anything to be seen: blanks, joiners and marks of direction are not."""
    return any(unicodedata.category(letter)[0] not in "CZ" for letter in text)


def named(credit: Any) -> Any:
    """A credit with a name. Raises an error where it has none."""
    if not visible(credit.name):
        raise _senseless("has no name")
    return credit


def identity(value: object) -> object:
    """An id that the store and JSON carry unharmed: short, and with odd characters spelt out. Equal stay equal."""
    if not isinstance(value, str) or (value.isprintable() and len(value) <= LONGEST):
        return value
    spelt = _NEVER_SHOWN.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
    return spelt if len(spelt) <= LONGEST else f"{spelt[:900]}~#{hashlib.sha256(spelt.encode()).hexdigest()}"


def day(value: str) -> str:
    """A date that is in the calendar, cut down to what is: `2027-13-45` -> `2027`."""
    year, month, of_month = (int(part) for part in (*value.split("-"), "1", "1")[:3])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise _senseless("is of no year in which there is music")
    if not 1 <= month <= 12:
        raise _instead("is not in the calendar, so that only its year is kept", value[:4])
    if not 1 <= of_month <= monthrange(year, month)[1]:
        raise _instead("is not in the calendar, so that only its month is kept", value[:7])
    return value


def _instead(words: str, value: object) -> PydanticCustomError:
    return PydanticCustomError(_INSTEAD, "it {words}", {"words": words, "instead": value})


def _senseless(words: str) -> PydanticCustomError:
    return PydanticCustomError(_SENSELESS, "it {words}", {"words": words})


# --- records ----------------------------------------------------------------------------------------------------------


def mended(required: Mapping[str, bool], said: object, error: ValidationError) -> dict[str, Any]:
    """The fields of a record without what is wrong in them, and what was done in `mended`.

    `required`: for each field of the record, whether there is no record without it. Raises `error` where nothing can
    be done: something needed is wrong, or a field is misspelt.
    """
    if not isinstance(said, Mapping):
        raise error
    kept, done = dict(said), list(said.get("mended") or ())
    gone: defaultdict[str, set[object]] = defaultdict(set)
    for problem in error.errors(include_url=False):
        field, *inside = (*problem["loc"], "")
        if not isinstance(field, str) or field not in required:
            raise error
        if problem["type"] == _INSTEAD and inside == [""]:
            kept[field] = problem["ctx"]["instead"]
        elif len(inside) > 1 and field in _LISTS and isinstance(kept[field], list | tuple | dict):
            gone[field].add(inside[0])
        elif required[field]:
            raise error
        else:
            kept.pop(field, None)
        done.append(_done(field, problem))
    kept |= {field: _without(kept[field], places) for field, places in gone.items()}
    return {**kept, "mended": tuple(dict.fromkeys(done))}


_LISTS = frozenset({"credits", "lineup", "ids", "genres", "aliases", "tracks"})
"""Fields of which one entry may go while the others stay."""


def _without(entries: Any, places: set[object]) -> Any:
    if isinstance(entries, dict):
        return {key: value for key, value in entries.items() if key not in places}
    return [entry for place, entry in enumerate(entries) if place not in places]


def _done(field: str, problem: ErrorDetails) -> str:
    one = field in _LISTS
    value = _shown(problem["input"]) if len(problem["loc"]) <= 1 + one else ""
    whose = f"{'One' if one else 'Its'} {_label(field)}{value}"
    if problem["type"] == _INSTEAD:
        return f"{whose} {problem['ctx']['words']}."
    words = problem["ctx"]["words"] if problem["type"] == _SENSELESS else "makes no sense"
    return f"{whose} {words} and is left out."


def _label(field: str) -> str:
    return _CALLED.get(field, field.replace("_", " "))


def _shown(value: object) -> str:
    """In brackets, where it is short enough to be repeated."""
    if not isinstance(value, str | int | float | date) or not (text := _NEVER_SHOWN.sub("�", str(value)).strip()):
        return ""
    return f" ({text if len(text) <= _SHOWN else text[:_SHOWN] + '…'})"


def why(error: Exception) -> str:
    """Why a thing cannot be read, in words for `Skipped.reason`."""
    if isinstance(error, ValidationError):
        return _needed(error.errors(include_url=False)[0])
    if isinstance(error, KeyError):
        return f"It has no {error.args[0]}."
    words = (str(error).splitlines() or [""])[0].rstrip(".")[:200]
    if isinstance(error, ValueError) and words:
        return f"{words[0].upper()}{words[1:]}."
    return f"{type(error).__name__}: {words}." if words else f"{type(error).__name__}."


def _needed(problem: ErrorDetails) -> str:
    """Of something that a record cannot do without."""
    steps = [step for step in problem["loc"] if isinstance(step, str)]
    label = _label(steps[-1]) if steps else "form that is known"
    if problem["type"] in ("missing", "too_short", "string_too_short") or problem["input"] is None:
        return f"It has no {label}."
    if problem["type"] == _SENSELESS:
        return f"Its {label} {problem['ctx']['words']}."
    return f"Its {label}{_shown(problem['input'])} makes no sense: {problem['msg'][:200]}."


def notes(record: Any) -> Iterator[str]:
    """What was mended in a record and in what is inside it."""
    yield from getattr(record, "mended", ())
    for field in ("credits", "lineup"):
        for credit in getattr(record, field, ()):
            yield from credit.mended
    for field in ("venue", "tickets", "audio"):
        if inside := getattr(record, field, None):
            yield from inside.mended


def called(said: Mapping[str, Any]) -> str:
    """What a listener would call a thing: `“Harbour” by The Lanterns`; the file, where it has no title. Else empty."""
    title = str(said.get("title") or said.get("name") or "").strip()[:200]
    names = [str(each.get("name") or "") for each in said.get("credits") or said.get("lineup") or ()]
    by = ", ".join(filter(None, names[:3]))
    path = str((said.get("audio") or {}).get("path") or "")
    if not title:
        return path or (f"something by {by}" if by else "")
    return f"“{title}” by {by}" if by else f"“{title}”"


def line(record: Any) -> str:
    """What was mended in a record, with what the record is called; empty where nothing was."""
    told = " ".join(notes(record))
    return f"{called(record.model_dump()) or record.id}: {told}" if told else ""


def storable(said: Any) -> Any:
    """Text, or whatever texts are in, without the half characters that stand for bytes of no known meaning."""
    match said:
        case str():
            return said.encode(errors="replace").decode()
        case dict():
            return {key: storable(value) for key, value in said.items()}
        case list() | tuple():
            return [storable(value) for value in said]
    return said
