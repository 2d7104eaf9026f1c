"""How two texts of one record differ, field by field, in words for a listener."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from aggregator.library.fields import length, scheme_words


@dataclass(frozen=True)
class Difference:
    """One field before and after; "" where there was or is nothing."""

    field: str
    before: str
    after: str


def between(before: str | None, after: str) -> tuple[Difference, ...]:
    """From a claim's previous payload to its payload (JSON both); empty where nothing is kept of before."""
    if before is None:
        return ()
    old, new = _flat(json.loads(before)), _flat(json.loads(after))
    names = [*new, *(name for name in old if name not in new)]
    told = [Difference(_label(name), _said(name, old.get(name)), _said(name, new.get(name))) for name in names]
    return tuple(each for each in told if each.before != each.after)


def _flat(said: Mapping[str, Any]) -> dict[str, Any]:
    """Ids, tickets and the venue by their own fields, so that each change of them is told by itself."""
    flat: dict[str, Any] = {}
    for name, value in said.items():
        if name in ("ids", "tickets", "venue", "audio"):
            flat |= {f"{name}.{inner}": each for inner, each in value.items()}
        elif name != "from":
            flat[name] = value
    return flat


_LABELS = {
    "day": "date", "start": "starts", "doors": "doors open", "until": "last day", "form": "kind of album",
    "total_tracks": "number of songs", "position": "number", "seconds": "length", "lineup": "bill", "url": "web page",
    "credits": "artists", "cover": "picture", "image": "picture", "edition": "album", "name": "name",
    "venue.name": "venue", "tickets.url": "ticket page", "tickets.low": "lowest price", "tickets.high": "highest price",
    "tickets.state": "tickets", "tickets.on_sale": "sale begins", "audio.path": "file", "audio.codec": "format",
    "audio.size": "file size", "audio.track_gain": "loudness of the song", "audio.album_gain": "loudness of the album",
    "tracks": "songs", "how": "mark", "since": "marked since",
}  # fmt: skip


def _label(name: str) -> str:
    if name.startswith("ids."):
        return scheme_words(name[4:])
    return _LABELS.get(name, name.rpartition(".")[2].replace("_", " "))


def _said(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    return _WORDS.get(name, _plain)(value)


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_plain, value))
        case dict():
            return ", ".join(_plain(each) for each in value.values())
        case float():
            return f"{value:g}"
    return str(value)


def _names(credits: list[Mapping[str, Any]]) -> str:
    return ", ".join(str(credit["name"]) for credit in credits)


def day_in_words(day: str) -> str:
    """``2027-01-05`` as ``5 January 2027``."""
    return f"{date.fromisoformat(day):%-d %B %Y}"


def _picture(cover: Mapping[str, Any]) -> str:
    """Addresses of pictures are long and say little: their end tells two apart."""
    return str(cover.get("url") or cover.get("path") or "")[-40:]


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "credits": _names,
    "lineup": _names,
    "cover": _picture,
    "image": _picture,
    "seconds": length,
    "day": day_in_words,
    "until": day_in_words,
    "start": lambda time: str(time)[:5],
    "doors": lambda time: str(time)[:5],
    "tracks": lambda ids: "1 song" if len(ids) == 1 else f"{len(ids):,} songs",
    "audio.size": lambda octets: f"{octets / 1e6:.1f} MB",
}
