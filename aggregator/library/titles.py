"""Titles taken apart: the song or album itself, what version it is, and what only speaks of the release."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from aggregator.library.folding import fold, fold_name, spelt

Version = tuple[str, str]
"""A kind of version and what it is called further: ``("remix", "eric prydz private")``, ``("live", "")``."""


class Title(NamedTuple):
    main: str
    versions: frozenset[Version]


_BRACKETED = re.compile(r"\s*[(\[{]([^()\[\]{}]+)[)\]}]\s*$")
_DASHED = re.compile(r"\s+[-–—]\s+([^-–—]+(?:-[^-–—\s]+)*)$")
_GUESTS = re.compile(r"^(feat|featuring|ft|with)\b", re.IGNORECASE)
_GUESTS_AFTER = re.compile(r"(?<![(\[{])\s+(?:feat\.?|ft\.?|featuring)\s+[^()\[\]{}]+", re.IGNORECASE)
_FORMAT = re.compile(r"(?<=[\w)\]]) (EP|LP|HD|HQ|4K)$", re.IGNORECASE)
_RELEASE = re.compile(
    r"\b(remaster(ed)?|explicit|clean|bonus|mono|stereo|album version|original version|official|video|audio|lyrics?|"
    r"visuali[sz]er|hd|hq|deluxe|anniversary|edition|digital|\d{4} version|from)\b"
)
_EDITION = re.compile(
    r"\b(remaster(ed)?|explicit|clean|deluxe|expanded|anniversary|edition|bonus|special|limited|legacy|reissue|mono|"
    r"stereo|collectors?|disc|disk|cd|vol(ume)? \d+ of|ep|single|lp|vinyl|tour edition|\d{4} version)\b"
)
_VERSIONS = (
    ("remix", re.compile(r"\b(re ?mix(es|ed)?|(?!mix\b)\w*mix|mix|rework|bootleg|vip|dub)\b")),
    ("live", re.compile(r"\b(live|in concert|unplugged|sessions?)\b")),
    ("rerecorded", re.compile(r"\b(re ?record(ed|ing)|\w+s version)\b(?<!albums version)")),
    ("acoustic", re.compile(r"\b(acoustic|stripped|piano version)\b")),
    ("demo", re.compile(r"\bdemos?\b")),
    ("instrumental", re.compile(r"\binstrumentals?\b")),
    ("karaoke", re.compile(r"\b(karaoke|backing track|originally performed|made famous)\b")),
    ("cover", re.compile(r"\b(cover|tribute)\b")),
    ("a cappella", re.compile(r"\ba ?cappella\b")),
    ("orchestral", re.compile(r"\b(orchestral|symphonic)\b")),
    ("edit", re.compile(r"\b(edit|single version|radio version|short version|extended|long version|12 inch)\b")),
    ("take", re.compile(r"\b(alternate|alternative|outtake|rehearsal|take \d+)\b")),
)
_LIVE_ALBUM = re.compile(r"\b(live (at|in|from|on)\b|unplugged\b|in concert\b)|\blive$|^live$")
_SMALL_WORDS = re.compile(r"\b(the|a|an|at|in|from|on|of|version|recorded|\d{4})\b")


@lru_cache(maxsize=65_536)
def song_title(text: str) -> Title:
    """`Dreams (Live at Wembley) - 2004 Remaster` -> `dreams`, live at `wembley`."""
    return _take_apart(text, _RELEASE)


def main_of(text: str) -> str:
    """A song's title as written, without guests, version and release notes."""
    return _stripped(text, _RELEASE)[0]


def album_of(text: str) -> str:
    """An album's title as written, without what names an edition."""
    return _stripped(text, _EDITION)[0]


@lru_cache(maxsize=65_536)
def album_title(text: str) -> Title:
    """`Rumours (Deluxe Edition)` -> `rumours`; `1989 (Taylor's Version)` -> `1989`, recorded again."""
    return _take_apart(text, _EDITION)


@lru_cache(maxsize=65_536)
def album_versions(text: str) -> frozenset[Version]:
    """What an album's title says of every song on it: that it was played live."""
    return (
        frozenset({("live", "")})
        if _LIVE_ALBUM.search(fold(album_title(text).main))
        or (any(kind == "live" for kind, _ in album_title(text).versions))
        else frozenset()
    )


def _take_apart(text: str, release_words: re.Pattern[str]) -> Title:
    rest, versions = _stripped(text, release_words)
    return Title(spelt(rest), versions)


@lru_cache(maxsize=65_536)
def _stripped(text: str, release_words: re.Pattern[str]) -> tuple[str, frozenset[Version]]:
    """The text without guests, versions and release notes behind it, and the versions."""
    rest, versions = _unmarked(_GUESTS_AFTER.sub(" ", text).rstrip()), frozenset[Version]()
    while found := _BRACKETED.search(rest) or _DASHED.search(rest):
        before = rest[: found.start()]
        said = found.group(1).strip()
        version = _version(fold(said))
        if not before.strip() or not (version or _GUESTS.match(said) or release_words.search(fold(said))):
            break
        rest = _unmarked(before)
        versions |= version
    return rest, versions


def _unmarked(text: str) -> str:
    return _FORMAT.sub("", text)


def _version(said: str) -> frozenset[Version]:
    for kind, words in _VERSIONS:
        if words.search(said):
            detail = _SMALL_WORDS.sub(" ", words.sub(" ", said, count=1))
            return frozenset({(kind, " ".join(detail.split()))})
    return frozenset()


# --- artists as credited ----------------------------------------------------------------------------------------------

_GUEST_CREDIT = re.compile(r"[\s(\[]+(?:(?:feat|ft)\.\s*|(?:feat|ft|featuring)\s).*$", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"\s*(?:,|;|\s&\s|\s\+\s|\sand\s|\s/\s|\swith\s|\sx\s)\s*", re.IGNORECASE)


UNKNOWN = frozenset({"unknown artist", "unknown", "various artists", "various", "va"})
"""Names that name nobody. They are kept together like any other name, and nothing is concluded from them."""
_CHANNEL = re.compile(r"(?<=\w)(?:VEVO| - Topic)$", re.IGNORECASE)


@lru_cache(maxsize=65_536)
def lead_credit(credited: str) -> str:
    """As written, without guests and without what makes a name that of a video channel."""
    return _CHANNEL.sub("", _GUEST_CREDIT.sub("", credited) or credited)


@lru_cache(maxsize=65_536)
def possible_names(credited: str) -> frozenset[str]:
    """The credit as one name, and the names it may be made of: `Queen & David Bowie` is three guesses."""
    lead = lead_credit(credited)
    parts = (fold_name(part) for part in _BETWEEN_NAMES.split(lead) if part)
    return frozenset({fold_name(lead), *parts})
