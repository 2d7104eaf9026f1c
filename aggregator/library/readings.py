"""What a song's line may mean. Sources write artist, album, place, price and what not into the title.

A title is read in every way its form allows; two claims are compared by the readings that agree best. Everything here
undoes what a kind of source does to a line, never what one record says.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.fuzz import ratio

from aggregator.library.folding import NUMBER_WORDS, NUMERALS, fold, fold_name, spelt
from aggregator.library.likeness import numbers
from aggregator.library.titles import (
    MOST_NOTES,
    UNKNOWN,
    album_of,
    album_versions,
    concert_day,
    lead_credit,
    main_of,
    song_title,
)
from aggregator.library.versions import Version, version


class Lost(NamedTuple):
    """Title, artist and album without the letters beyond ASCII, as some servers keep them; None: nothing to lose."""

    title: str | None
    artist: str | None
    album: str | None


_NOTHING_LOST = Lost(None, None, None)


class Reading(NamedTuple):
    """Folded texts, `""` where nothing is said. `whole` is the title with its version."""

    title: str
    artist: str
    album: str
    whole: str
    versions: frozenset[Version]
    album_versions: frozenset[Version]  # what the album says of every song on it
    lost: Lost
    little: bool  # the title says little: `Intro`, `Track 5`
    exchanged: bool = False  # artist and title taken for each other: holds where all three fields are then equal
    note: bool = False  # the album may be a note on the version: holds where the other side names the same album


class Line(NamedTuple):
    """A title as sent, without a shop's price and date; `seconds` from the line where the source gave none."""

    text: str
    seconds: float | None
    run_together: bool


# --- words that say nothing -------------------------------------------------------------------------------------------

_NOTHING = UNKNOWN | {
    *("unknown album", "unknown title", "unk", "n a", "na", "none"),
    *("no artist", "language instruction"),  # two of MusicBrainz's artists that stand for nobody
}
_NUMBER_WORD = re.compile(rf"\b({'|'.join(NUMBER_WORDS)})\b")
_MOVEMENT = re.compile(rf"(?<=[:–-] )({'|'.join(NUMERALS)})(?=\. )", re.IGNORECASE)
"""`Symphony No. 5: IV. Allegro`."""
_MASKED = re.compile(r"(?<=\w)[*#]+(?=\w)")
_CLOCK = re.compile(r"^\d{1,2}:\d\d$")


@lru_cache(maxsize=65_536)
def says_nothing(folded: str) -> bool:
    return folded in _NOTHING or (folded[:3] in ("unk", "unn") and len(folded) < 10 and ratio(folded, "unknown") >= 85)


@lru_cache(maxsize=65_536)
def song_words(text: str) -> str:
    """A song's name as it is compared; hidden letters stay as `*`."""
    masked = _MASKED.search(text)
    words = _masked(text) if masked else spelt(_MOVEMENT.sub(_in_digits, text))
    return "" if says_nothing(words) or _CLOCK.match(text.strip()) else _NUMBER_WORD.sub(_as_digit, words)


def _in_digits(found: re.Match[str]) -> str:
    return NUMERALS[found[1].lower()]


def _as_digit(found: re.Match[str]) -> str:
    return NUMBER_WORDS[found[1]]


def _masked(text: str) -> str:
    """`F**k You` -> `f**k you`."""
    parts = re.split(r"([*#]+)", text)
    return "".join("*" * len(part) if part[:1] in "*#" and part else _edge(part) for part in parts)


def _edge(part: str) -> str:
    """Folded, but for the blanks at its ends, which part words from hidden letters."""
    if not part.strip():
        return part
    return " " * part[0].isspace() + fold(part) + " " * part[-1].isspace()


_ALBUM_YEAR = re.compile(r"(?<!\s)\s*(?:[(\[]\s*)?(?:(?:19|20)\d\d|unk\w*)\)\s*$")


@lru_cache(maxsize=65_536)
def album_words(text: str) -> str:
    """An album's name as it is compared; a year in brackets behind it is no part of it."""
    words = spelt(album_of(_ALBUM_YEAR.sub("", _spaced(text))))
    return "" if says_nothing(words) else words


@lru_cache(maxsize=65_536)
def artist_words(text: str) -> str:
    words = fold_name(lead_credit(_spaced(text)))
    return "" if says_nothing(words) else words


# --- a shop's whole line ----------------------------------------------------------------------------------------------

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_SHOP = re.compile(
    r"\$ ?\d+\.\d\d|\( ?[cp] ?\) ?(?:19|20)\d\d|[©℗]|‰ ãÑ"
    r"|(?<![(\[])\b(?!\d{4} re-?record)(?:19|20)\d\d(?: , (?:19|20)\d\d)* (?=[^()]*\b(?:records?|recordings?|"
    rf"music|entertainment|llc|ltd|inc|corp|"
    rf"productions|group|label)\b)|\b{_MONTH} \d{{1,2}} ?, (?:19|20)\d\d|\b\d{{1,2}}-{_MONTH}-\d\d\b",
    re.IGNORECASE,
)
_TIME_BEHIND = re.compile(r"(?:\S+\s+){3,}\d{1,2}:\d\d$")
_PRICED = re.compile(r"[\d©℗‰]")
"""No line of a shop is without."""
_TIME = re.compile(r"(?<![\d:])(\d{1,2}):(\d\d)(?= |$)")
_GENRES = re.compile(
    r"(?:[ ,/&]+(?:music|country|pop|rock|dance|hip-hop ?/? ?rap|hip-hop|rap(?: & hip-hop)?|electronica?|"
    r"alternative(?: rock| rap)?|r&b|soul|metal|grunge|jazz|teen pop|disco|house|folk|blues|latin(?: music)?|"
    r"international|indie|lo-fi|adult(?: contemporary| alternative)?|contemporary(?: country| r&b| bluegrass)?|"
    r"honky tonk|urban cowboy|(?:traditional|southern|hard|hardcore|gangsta|east coast|west coast|underground)"
    r"(?: country| rock| rap)?|gangsta & hardcore|dubstep|bop|world|new age|reggae|punk|classical|soundtracks?|"
    r"(?:contemporary )?singer/songwriter))+\s*$",
    re.IGNORECASE,
)


def line(text: str, seconds: float | None) -> Line:
    """`Gone Trilogy R&B $ 1.29 8:07` -> `Gone Trilogy`, 487 seconds; `The 6:42` is a song."""
    if not _PRICED.search(text):
        return Line(text, seconds, False)
    times = list(_TIME.finditer(text))
    found = _SHOP.search(text) or (times[-1] if seconds is None and _TIME_BEHIND.match(text) else None)
    if not found or not found.start():
        return Line(text, seconds, False)
    if seconds is None and times:
        seconds = int(times[-1][1]) * 60.0 + int(times[-1][2])
    cut = min([found.start(), *(time.start() for time in times[:1] if time.start())])
    return Line(_GENRES.sub("", text[:cut]).rstrip(" ,-"), seconds, True)


# --- the readings of a line -------------------------------------------------------------------------------------------

_FIGURE = re.compile(r"\d")
_PLACE = re.compile(
    r"^(?:[a-z]?0[0-9a-z]{2,4}|0?[a-d]{2}\d{1,2}|0[a-d]\d{1,2}|0\d)(?: 0\d+)?\s*[-_.]\s*", re.IGNORECASE
)
_NUMBERED = re.compile(r"^[a-z]?0*(\d+)\s*[-_.]\s*(?=\S)", re.IGNORECASE)
_GLUED_PLACE = re.compile(r"^0(?:\d\d|[1-9]\s+)(?=[^\W\d])")
_FILE_ENDING = re.compile(r"\.(?:mp3|flac|m4a|ogg|opus|wav|wma|aac|aiff?)$", re.IGNORECASE)
_DASH = re.compile(r"(?: |^)[-–—]")
_COLON = re.compile(r"^([^:]+): ")
_BRACKET_END = re.compile(r"(?<=\S) \((.+)\)$")
_BEHIND = 80
"""Per cent of letters in common that make the words in brackets behind a title the album's name."""


def readings(title: str, artist: str, album: str, place: str | None, *, exact: bool = True) -> tuple[Reading, ...]:
    """Every way to read a line, the plain one first; `place` is the song's number as the source gives it.

    Not `exact`: the same claim may be told with accents or without (see `folding.plain`), so none are missed.
    """
    text = _without_place(_FILE_ENDING.sub("", title.strip()).replace(" | ", " - "), place)
    by, on = artist_words(artist), album_words(album)
    text = _without_album(_spaced(text), on)
    found = [_reading(text, by, on, artist, album, place)]
    dashes = [dash.start() for dash in _DASH.finditer(text)]
    for dash in dashes[:2]:
        head = artist_words(text[:dash])
        if not by or (head and ratio(head, by) >= 85):
            found.append(_reading(text[dash + 2 :], _spelt_out(by, head), on, artist or text[:dash], album, place))
    if by and (named := _COLON.match(text)) and artist_words(named[1]) == by:
        found.append(_reading(text[named.end() :], by, on, artist, album, place))
    if by and on and found[0].title:
        exchanged = _reading(artist, song_words(text), on, text, album, place)
        found.append(exchanged._replace(exchanged=True))
    if not on:
        found += [_before_album(text[:dash], text[dash + 2 :].strip(), by, artist, place) for dash in dashes[-3:]]
        if bracket := _BRACKET_END.search(text):
            within = _before_album(text[: bracket.start()], bracket[1], by, artist, place)
            found.append(within._replace(note=True))
    return tuple(dict.fromkeys(found if exact else (reading._replace(lost=_NOTHING_LOST) for reading in found)))


def _spelt_out(by: str, head: str) -> str:
    """The channel `AnaVEVO` before `Ana - Harbour`: a name with its blanks."""
    return head if by.replace(" ", "") in ("", head.replace(" ", "")) else by


_PART = re.compile(r"^(part|vol|no|act|chapter|book|side) \w+$")


def _before_album(text: str, album: str, by: str, artist: str, place: str | None) -> Reading:
    """`Intro - Blue Room`; `Intro - Radio Edit` is read so as well, in case there is an album of that name."""
    found = _reading(text, by, album_words(album), artist, album, place)
    note = main_of(f"x - {album}") == "x" and not album_versions(album)
    return found._replace(note=note or bool(_PART.match(spelt(album))))


def _reading(text: str, by: str, on: str, artist: str, album: str, place: str | None) -> Reading:
    main = main_of(text)
    title = song_words(main)
    if title.isdigit() and place and title.lstrip("0") == place:
        title = ""
    whole = spelt(text)
    return Reading(
        title,
        by,
        on,
        whole,
        song_title(text).versions,
        _said_of_all(album),
        Lost(_ascii_alone(main), _ascii_alone(artist), _ascii_alone(album)),
        _is_little(title, whole),
    )


@lru_cache(maxsize=65_536)
def _said_of_all(album: str) -> frozenset[Version]:
    return album_versions(album if concert_day(album) else _ALBUM_YEAR.sub("", album))


_TEMPO = re.compile(
    r"^(\d{1,2} )?(allegr(o|etto)|andant(e|ino)|adagi(o|etto)|prest(o|issimo)|largo|larghetto|lento|vivace|moderato|"
    r"scherzo|menuett?o?|minuet|finale|rondo|intermezzo|fug(ue|a)|aria|gavotte|sarabande|gigue|courante|allemande|bourree|"
    r"recitativ[eo]|ouverture|cadenza)$"
)
"""Movements that hundreds of works have."""
_LITTLE = re.compile(
    r"^((intro|outro|interlude|prelude|untitled|skit|bonus|hidden|opening|ending|reprise|overture|silence|crowd noise"
    r"|introduction|data track)( \w{1,4})?|(track|piste|titel|audio ?track) ?\d*|\d{1,2}|[ivx]+ \w+|)$"
)


@lru_cache(maxsize=65_536)
def _is_little(title: str, whole: str) -> bool:
    """A number written as a word is a name (`One`), a bare number is not."""
    return bool(_LITTLE.match(title) or _TEMPO.match(title)) and numbers(title) <= numbers(whole)


def _ascii_alone(text: str) -> str | None:
    return None if text.isascii() else spelt(text.encode("ascii", "ignore").decode())


def _without_place(text: str, place: str | None) -> str:
    """`004-You and Me` -> `You and Me`; other numbers only where they are the song's own."""
    if not _FIGURE.search(text[:3]):
        return text
    rest = _PLACE.sub("", text)
    found = _NUMBERED.match(rest)
    if found and place and found[1] == place:
        rest = rest[found.end() :]
    rest = _GLUED_PLACE.sub("", rest)
    return text if rest == text else rest.lstrip("-")


def _spaced(text: str) -> str:
    """`Too_Beautiful_-_Godsend` and `I-don't-know---CALLING-ME` with their blanks, one at a time."""
    text = " ".join(text.split())
    if " " in text:
        return text
    if text.count("_") >= 2:
        return " ".join(text.replace("_", " ").split())
    if text.count("-") >= 3:
        return " - ".join(part.replace("-", " ") for part in text.split("---"))
    return text


def _adds_nothing(note: str, album: str) -> bool:
    """`(Live at the Fillmore)` on At the Fillmore does say something."""
    return {kind for kind, _ in version(fold(note))} <= {kind for kind, _ in version(album)}


def _without_album(text: str, album: str) -> str:
    """`Partir (Never Cage)` on the album Never Cage -> `Partir`; brackets may nest or lack their end."""
    if not album or " (" not in text:
        return text
    brackets = [at for at in range(1, len(text)) if text.startswith(" (", at)]
    notes = [(at, text[at + 2 :].rstrip(")")) for at in brackets[:MOST_NOTES]]
    likest = max(
        ((ratio(album_words(note), album), at) for at, note in notes if _adds_nothing(note, album)), default=(0, 0)
    )
    return text[: likest[1]] if likest[0] >= _BEHIND else text
