"""What tags mean: credits, dates, numbers and gains; and what a path says where tags are silent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from aggregator.plugin import Credit, Ids

from .names import Tags
from .tree import disc_of

_MBID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}\d{7}")
_DATE = re.compile(r"(\d{4})(?:[-./]?(\d{2})(?:[-./]?(\d{2}))?)?(?!\d)")
_NUMBER = re.compile(r"\d+")
_GAIN = re.compile(r"[-+]?\d+(?:\.\d+)?")
_NUMBERED = re.compile(r"(?:(\d)[-.])?(\d{1,3})(?:\s*[-._)]\s*|\s+)(?=\S)(.+)")
_YEAR = re.compile(r"^[(\[]?((?:19|20)\d\d)[)\]]?\s*[-_.]?\s+(.+)$|^(.+?)\s*[(\[]((?:19|20)\d\d)[)\]].*$")

R128_TO_REPLAYGAIN = 5.0  # dB: R128 aims at -23 LUFS, ReplayGain at -18


def first(tags: Tags, name: str) -> str | None:
    values = tags.get(name)
    return values[0] if values else None


# --- numbers, dates, ids ----------------------------------------------------------------------------------------------


def numbers(tags: Tags, name: str, total: str) -> tuple[int | None, int | None]:
    """``3/12`` or two tags: (3, 12). Zero is no number."""
    return _numbers(first(tags, name) or "", first(tags, total) or "")


@lru_cache(4096)
def _numbers(text: str, total: str) -> tuple[int | None, int | None]:
    found = [int(number) for number in _NUMBER.findall(text)[:2] if len(number) < 5]
    of = _NUMBER.search(total)
    found_total = found[1] if len(found) > 1 else int(of[0]) if of and len(of[0]) < 5 else None
    return (found[0] if found else None) or None, found_total or None


def partial_date(text: str | None) -> str | None:
    """As much of a date as is really one: ``2003-02-31`` is ``2003-02``."""
    found = _DATE.match((text or "").strip())
    if not found or found[1] == "0000":
        return None
    year, month, day = found.groups()
    if not month or not 1 <= int(month) <= 12:
        return year
    return f"{year}-{month}-{day}" if day and _is_day(int(year), int(month), int(day)) else f"{year}-{month}"


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def mbids(tags: Tags, name: str) -> list[str]:
    """All in order; ID3v2.3 writes several as ``id/id``."""
    return _MBID.findall(" ".join(tags.get(name, ())).lower())


def isrc(tags: Tags) -> str | None:
    found = _ISRC.search((first(tags, "isrc") or "").upper().replace("-", ""))
    return found[0] if found else None


def ids(**known: str | None) -> Ids:
    return {scheme: value for scheme, value in known.items() if value}


def gain(tags: Tags, which: str) -> float | None:
    """ReplayGain in dB for ``track`` or ``album``; Opus's R128 gains are turned into it."""
    if (steps := first(tags, f"r128{which}gain")) and re.fullmatch(r"[-+]?\d+", steps):
        return round(int(steps) / 256 + R128_TO_REPLAYGAIN, 2)
    found = _GAIN.match((first(tags, f"replaygain{which}gain") or "").strip())
    return float(found[0]) if found and abs(float(found[0])) <= 64 else None


def genres(tags: Tags) -> list[str]:
    parts = (part.strip() for value in tags.get("genre", ()) for part in value.split(";"))
    return list(dict.fromkeys(part for part in parts if part))


def is_compilation(tags: Tags) -> bool:
    return first(tags, "compilation") in ("1", "True", "true", "yes")


# --- credits ----------------------------------------------------------------------------------------------------------


def credits(tags: Tags, shown: str, each: str, id_tag: str) -> list[Credit]:
    """The artists of a track (or album), with the words between them as printed and their MBIDs when all are known."""
    display, parts, known = (tuple(tags.get(name, ())) for name in (shown, each, id_tag))
    return list(_credits(display, parts, known))


@lru_cache(4096)
def _credits(display: tuple[str, ...], each: tuple[str, ...], id_texts: tuple[str, ...]) -> tuple[Credit, ...]:
    known = _MBID.findall(" ".join(id_texts).lower())
    names = _names(display, each, known)
    joins = _joins(display[0] if len(display) == 1 else "", names)
    artist_ids = known if len(known) == len(names) else [""] * len(names)
    return tuple(
        Credit(name=name, join=join, id=mbid or None, ids={"mbid": mbid} if mbid else {})
        for name, join, mbid in zip(names, joins, artist_ids, strict=True)
    )


def composers(tags: Tags) -> list[Credit]:
    return [Credit(name=name, role="composer") for name in dict.fromkeys(tags.get("composer", ()))]


def _names(display: Sequence[str], each: Sequence[str], known: Sequence[str]) -> list[str]:
    """One name per artist. ``A/B`` in one value is two names only where the ARTISTS tag says so: AC/DC is one."""
    if len(each) == 1 and "/" in each[0]:
        parts = [part.strip() for part in each[0].split("/") if part.strip()]
        printed = display[0] if display else ""
        apart = printed != each[0] and all(part in printed for part in parts)
        if len(known) == len(parts) or (apart and not known):
            return parts
    return list(dict.fromkeys(each or display))


def _joins(display: str, names: list[str]) -> list[str]:
    """The text after each name in the printed credit; commas and an ampersand where it does not hold the names."""
    plain = [", "] * max(0, len(names) - 2) + [" & "] * (len(names) > 1) + [""] * bool(names)
    joins, at = [], 0
    for index, name in enumerate(names):
        start = display.find(name, at)
        if start < 0 or (index == 0 and start):
            return plain
        if index:
            joins.append(display[at:start])
        at = start + len(name)
    return [*joins, ""] if names else []


# --- what a path says -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Hint:
    """Read from ``Artist/2003 - Album/CD1/01 - Title.mp3`` and its like; None where the path is silent."""

    title: str
    position: int | None = None
    disc: int | None = None
    artist: str | None = None
    album: str | None = None
    year: str | None = None


def hint(path: str) -> Hint:
    *folders, name = path.split("/")
    disc = disc_of(folders[-1]) if folders else None
    if disc and len(folders) > 1:
        folders.pop()
    found = Hint(name.rpartition(".")[0] or name, disc=disc)
    if numbered := _NUMBERED.fullmatch(found.title):
        found.title, found.position = numbered[3].strip(), int(numbered[2])
        found.disc = found.disc or (int(numbered[1]) if numbered[1] else None)
    if folders:
        _folder_hint(found, folders)
    if found.artist is None and " - " in found.title:
        found.artist, _, found.title = (part.strip() for part in found.title.partition(" - "))
    elif found.artist and found.title.startswith(f"{found.artist} - "):
        found.title = found.title[len(found.artist) + 3 :]
    found.title = found.title.replace("_", " ").strip() or name
    return found


def _folder_hint(found: Hint, folders: list[str]) -> None:
    album = folders[-1].replace("_", " ").strip()
    if dated := _YEAR.match(album):
        album, found.year = (dated[2], dated[1]) if dated[1] else (dated[3], dated[4])
    if len(folders) > 1:
        found.artist = folders[-2].replace("_", " ").strip()
    elif " - " in album:
        found.artist, _, album = (part.strip() for part in album.partition(" - "))
    found.album = album or None
