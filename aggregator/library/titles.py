"""Titles taken apart: the song or album itself, what version it is, and what only speaks of the release."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from aggregator.library.folding import fold, fold_name, spelt
from aggregator.library.versions import Version, version, version_of_some_kind


class Title(NamedTuple):
    main: str
    versions: frozenset[Version]


_BRACKETED = re.compile(r"\s*[(\[{]([^()\[\]{}]+)[)\]}]\s*$")
_DASHED = re.compile(r"\s+[-–—]\s+((?:[^-–—]|(?<=\w)-(?=\w))+)$")
_GUESTS = re.compile(r"^(feat|featuring|ft|with|con|avec|mit)\b", re.IGNORECASE)
_GUESTS_AFTER = re.compile(r"(?<![(\[{\s])\s+(?:feat\.?|ft\.?|featuring)\s+[^()\[\]{}]+", re.IGNORECASE)
_FORMAT = re.compile(r"(?<=[\w)\]]) (EP|LP|HD|HQ|4K)$", re.IGNORECASE)
_RELEASE = re.compile(
    r"\b(remaster\w*|explicit|clean|bonus|mono|stereo|(album|original|lp|main|full|standard) (version|mix|edit)|album|"
    r"original|oficial|official|officiel|video\w*|clip|audio|lyrics?|visuali[sz]er|hd|hq|4k|deluxe|anniversary|edition|"
    r"digital|hidden track|soundtrack|single|\d{4} version|from|uncensored|censored)\b"
)
_EDITION = re.compile(
    r"\b(remaster\w*|explicit|clean|deluxe|expanded|anniversary|edition|edicion|edicao|edizione|ausgabe|auflage|bonus|"
    r"special|limited|legacy|reissue|mono|stereo|collectors?|disc|disk|disque|disco \d|cd ?\d*|vol(ume)? \d+ of|ep|"
    r"single|lp|vinyl|tour edition|version|hi res|\d+ ?bit|\d+ ?cds?)\b|^(\d{4}|japan|us|usa|uk|eu|europe|import)$"
)
_MEDLEY = re.compile(r"[^\W\d]{2}\)?\s?/\s?\(?[^\W\d]{2}|\bmedley\b", re.IGNORECASE)
"""Two songs in one track: `Golden Slumbers / Carry That Weight`."""
_DISC_BEHIND = re.compile(
    r"(?<=[\w)\]])(?:,? (?:cd|dis[ck]) ?(?:\d+|one|two|three|i+)| ?: [^:]* edition)$", re.IGNORECASE
)
_YEAR_ALONE = re.compile(r"^\d{4}$")
_LIVE_ALBUM = re.compile(
    r"\b(live (at|in|from|on)\b|(en|ao|dal) vivo\b|en directo\b|unplugged\b|in concert\b|en concierto\b)|\blive$|^live$"
)
_OF_EVERY_SONG = frozenset(
    ("live", "acoustic", "demo", "instrumental", "rerecorded", "karaoke", "orchestral", "altered")
)
"""Kinds of albums whose songs are all of that kind: an album of remixes or rarities often has the song itself, too."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH, _YEAR = rf"(?:{'|'.join(_MONTHS)})[a-z]*", r"(?:19|20)\d\d"
_CONCERT = re.compile(
    rf"\b(?:({_YEAR})([-./ ])(\d\d?)\2(\d\d?)|(\d\d?)/(\d\d?)/({_YEAR}|\d\d)"
    rf"|({_MONTH}) (\d\d?)(?:st|nd|rd|th)?,? ({_YEAR})|(\d\d?)(?:st|nd|rd|th)? ({_MONTH}),? ({_YEAR}))\b",
    re.IGNORECASE,
)
"""The day of a concert: `2000-06-16: Spodek, Katowice`, `Cornell 5/8/77`, `Live, May 8th, 1977`."""
_ALBUM_OF = re.compile(r"\b(demos?|instrumentals?)$")


MOST_NOTES = 12
"""Notes that are read behind one title: a text may be made of nothing else."""


@lru_cache(maxsize=65_536)
def song_title(text: str) -> Title:
    """`Dreams (Live at Wembley) - 2004 Remaster` -> `dreams`, live at `wembley`."""
    main, versions = _stripped(text, _RELEASE)
    return Title(spelt(main), versions | ({("medley", "")} if _MEDLEY.search(main) else set()))


def main_of(text: str) -> str:
    """A song's title as written, without guests, version and release notes."""
    return _stripped(text, _RELEASE)[0]


def album_of(text: str) -> str:
    """An album's title as written, without what names an edition; a version stays."""
    return _stripped(text, _EDITION, whole=True)[0]


@lru_cache(maxsize=65_536)
def album_title(text: str) -> Title:
    """`Rumours (Deluxe Edition)` -> `rumours`; `1989 (Taylor's Version)` -> `1989`, recorded again."""
    return _take_apart(_DISC_BEHIND.sub("", text), _EDITION)


@lru_cache(maxsize=65_536)
def album_versions(text: str) -> frozenset[Version]:
    """What an album's title says of every song on it: that it was played live, that it was recorded again."""
    title = album_title(text)
    kinds = {kind for kind, _ in title.versions if kind in _OF_EVERY_SONG}
    if _LIVE_ALBUM.search(fold(title.main)):
        kinds.add("live")
    if found := _ALBUM_OF.search(title.main):
        kinds.add(found[1].rstrip("s"))
    if day := concert_day(text):
        return frozenset({("live", day), *((kind, "") for kind in kinds - {"live"})})
    return frozenset((kind, "") for kind in kinds)


def concert_day(album: str) -> str:
    """As `1977 5 8`, day and month in order of size, for who knows which came first; "": the title names none."""
    found = _CONCERT.search(album)
    if not found:
        return ""
    year, _, *iso = found.group(1, 2, 3, 4)
    slashed, named, led = found.group(7, 5, 6), found.group(10, 8, 9), found.group(13, 12, 11)
    year, *parts = next(each for each in ((year, *iso), slashed, named, led) if each[0])
    numbers = sorted(_MONTHS.index(part[:3].lower()) + 1 if part[0].isalpha() else int(part) for part in parts)
    if not 1 <= numbers[0] <= 12 or numbers[1] > 31:
        return ""
    if len(year) == 2:
        year = ("19" if year > "30" else "20") + year
    return f"{year} {numbers[0]} {numbers[1]}"


def _take_apart(text: str, release_words: re.Pattern[str]) -> Title:
    rest, versions = _stripped(text, release_words)
    return Title(spelt(rest), versions)


@lru_cache(maxsize=65_536)
def _stripped(text: str, release_words: re.Pattern[str], *, whole: bool = False) -> tuple[str, frozenset[Version]]:
    """The text without guests, versions and release notes behind it, and the versions; `whole`: up to the first."""
    rest, versions, noted = _unmarked(_GUESTS_AFTER.sub(" ", text).rstrip()), frozenset[Version](), False
    for _ in range(MOST_NOTES):
        found = _BRACKETED.search(rest) or _DASHED.search(rest)
        if not found:
            break
        before, said = rest[: found.start()], found.group(1).strip()
        folded = fold(said)
        spoken = version(folded)
        note = _GUESTS.match(said) or release_words.search(folded) or (noted and _YEAR_ALONE.match(folded))
        if not spoken and not note:
            spoken = version_of_some_kind(folded)
        if not before.strip() or not (spoken or note) or (spoken and whole):
            break
        rest, noted = _unmarked(before), True
        versions |= spoken
    return rest, versions


def _unmarked(text: str) -> str:
    return _FORMAT.sub("", text)


# --- artists as credited ----------------------------------------------------------------------------------------------

_GUEST_CREDIT = re.compile(r"(?<![\s(\[])[\s(\[]+(?:(?:feat|ft)\.\s*|(?:feat|ft|featuring)\s).*$", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(
    r"(?<!\s)\s*(?:,|;|\\\\|\s(?:&|\+|/|and|und|et|y|e|og|och|with|x|×|vs\.?|meets)\s)\s*", re.IGNORECASE
)


UNKNOWN = frozenset(
    ["unknown artist", "unknown", "various artists", "various artist", "various", "va", "v a", "varios artistas",
     "artistas varios", "varios interpretes", "varios", "varias", "verschiedene interpreten", "verschiedene kunstler",
     "verschiedene", "diverse interpreten", "diverse kunstler", "diverse artister", "diverse artiesten", "diverse",
     "artistes divers", "artistes varies", "divers", "artisti vari", "vari artisti", "aa vv", "blandade artister",
     "eri esittajia", "rozni wykonawcy", "cesitli sanatcilar", "raznye ispolniteli", "群星", "オムニバス",
     "original soundtrack", "soundtrack", "ost"]
)  # fmt: skip
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
