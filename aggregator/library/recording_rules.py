"""When two recording claims are one performance and mix: remasters join; live, remix, edit and demo stand apart.

Evidence adds up in points, field by field; a field that one side does not name counts nothing. `SAME` points join two
claims where something besides artist and title speaks for it: the length or the album. Artist and title alone make a
`lone` verdict: the same, if nothing else can be meant.
"""

from __future__ import annotations

from typing import NamedTuple

from aggregator.library.evidence import NOTHING, Evidence, Verdict, Word
from aggregator.library.likeness import Likeness, alike, one_slip, within
from aggregator.library.readings import Reading
from aggregator.library.recording_form import RecordingForm, form, keys
from aggregator.library.versions import Version

__all__ = ["compare", "form", "keys"]

# --- how much each field says -----------------------------------------------------------------------------------------

SAME = 45
"""Points from which two claims are one recording."""
TITLE, LONG_TITLE, LITTLE_TITLE = 30, 36, 8
"""A title, one of `LONG` letters or more, and one that says little (`Intro`)."""
LONG, SHORT = 14, 6
NEAR = 0.75
"""Share of a title's points where it is equal but for a slip."""
TITLE_INSIDE = 10
ARTIST, ARTIST_NEAR, ARTIST_SHARED, ARTIST_OTHER, ARTIST_OTHER_THERE = 20, 15, 14, -40, -25
"""Equal; but for a slip; one of several is the same; another, and another at the same place of the same album."""
ALBUM, ALBUM_NEAR, ALBUM_INSIDE, ALBUM_OTHER = 18, 14, 10, -6
LENGTH, LENGTH_CLOSE, LENGTH_NEAR, LENGTH_OFF, LENGTH_OTHER, LENGTH_WRONG = 25, 18, 10, -10, -60, -8
"""Within 1, 3 and 7 seconds (the last where the album agrees, else off); beyond; beyond where all else agrees."""
PLACE, PLACE_OTHER, PLACE_OTHER_LITTLE, PLACE_OTHER_LONG = 7, -2, -35, -15
"""The number on the album; another one; of a title that says little; and of one that lasts a telling minute or more."""
YEAR = 4
VERSION_OTHER, VERSION_OTHER_THERE = -40, -15
"""Parts, whatever else agrees; but for one place of one album, where a source may have left the word out."""

EQUAL_LENGTH, SAME_LENGTH, NEAR_LENGTH, ISRC_LENGTH, TELLING_LENGTH = 1.01, 3.0, 7.0, 10.0, 60.0
"""Seconds between rounded lengths, two rips, two masterings; codes are reused and mistyped; silences are alike."""


# --- comparing --------------------------------------------------------------------------------------------------------


class _Weighed(NamedTuple):
    """The texts of two readings against each other."""

    points: float
    title: float
    artist: float
    album: float
    version: float
    little: bool
    a: Reading
    b: Reading


def compare(a: RecordingForm, b: RecordingForm) -> Verdict:
    ids_a, ids_b = dict(a.ids), dict(b.ids)
    if known := min(((s, v) for s, v in a.ids & b.ids if s != "isrc"), default=None):
        return Verdict("same", (Evidence(known[0], known[1], known[1], 100.0),))
    if a.slot and b.slot and a.slot != b.slot and a.slot[0] == b.slot[0]:
        return Verdict("different", (Evidence("place on the album", _place(a), _place(b), -80.0),))
    length = _length_points(a, b)
    if "isrc" in ids_a and ids_a["isrc"] == ids_b.get("isrc"):
        return _by_isrc(a, b, ids_a["isrc"], length)
    best = _best(a, b, length)
    if best is None:
        return NOTHING
    return _judged(a, b, best, length, "mbid" in ids_a and "mbid" in ids_b)


def _by_isrc(a: RecordingForm, b: RecordingForm, isrc: str, length: float) -> Verdict:
    """A code that stands with two other songs was mistyped, or given twice."""
    said = (Evidence("isrc", isrc, isrc, 80.0),)
    apart = abs(a.seconds - b.seconds) if a.seconds and b.seconds else 0.0
    if apart > ISRC_LENGTH or _clash(a.versions, b.versions):
        return Verdict("unsure", (*said, _length(a, b, -40.0)))
    text = _best(a, b, length)
    if text is None or (text.a.title and text.b.title and not text.title):
        return Verdict("unsure", (*said, Evidence("title", a.plain.title, b.plain.title, -40.0)))
    return Verdict("same", said)


def _best(a: RecordingForm, b: RecordingForm, length: float) -> _Weighed | None:
    placed = bool(a.place) and a.place == b.place and length == LENGTH
    best, shared = None, (a.artists & b.artists) - a.composers - b.composers
    composed = bool(a.artists & b.composers or a.composers & b.artists) or _by_composer(a) != _by_composer(b)
    lines = a.says_more and b.says_more
    for mine in a.readings:
        for theirs in b.readings:
            if lines and mine is a.plain and theirs is b.plain and mine.title != theirs.title:
                continue  # one artist's name in front, or one album's behind, makes any two songs alike
            weighed = _weigh(mine, theirs, bool(shared), composed, placed)
            if weighed and (best is None or weighed.points > best.points):
                best = weighed
    if (a.run_together or b.run_together) and (best is None or best.points < SAME):
        best = _weigh_lines(a, b) or best
    return best


def _by_composer(form: RecordingForm) -> bool:
    """Is nobody named but who wrote it?"""
    return bool(form.artists) and form.artists <= form.composers


def _weigh(a: Reading, b: Reading, shared: bool, composed: bool, placed: bool) -> _Weighed | None:
    """None where the titles are of two songs. `composed`: one says who wrote it where the other says who plays it,
    which counts on one album alone. `placed`: both have one number and last equally long."""
    if (a.exchanged or b.exchanged) and not _exchange_holds(a, b):
        return None
    album = _album_points(a, b)
    if (a.note or b.note) and album < ALBUM_NEAR:
        return None
    there = placed and album >= ALBUM_NEAR
    titles = _titles(a, b, placed, there)
    if titles is None:
        return None
    title, little = titles
    artist = _artist_points(a, b, shared or (composed and album > 0), there and title > TITLE_INSIDE)
    version = 0
    if a.title and b.title and _version_clash(a, b):
        version = VERSION_OTHER_THERE if there and artist > 0 else VERSION_OTHER
    return _Weighed(title + artist + album + version, title, artist, album, version, little, a, b)


def _exchange_holds(a: Reading, b: Reading) -> bool:
    """Artist and title may have been taken for each other where that makes all three fields equal."""
    return a.exchanged != b.exchanged and bool(a.album) and a[:3] == b[:3]


def _titles(a: Reading, b: Reading, placed: bool, there: bool) -> tuple[float, bool] | None:
    """Points of the titles, and whether they say little; a title that is missing counts nothing.

    `there`: `placed`, and on one album."""
    if not a.title or not b.title or _dropped(a, b) or _dropped(b, a):
        return 0, True
    if there and a.title != b.title and (a.title == a.album or b.title == b.album):
        return 0, False  # the album's name where the song's should be
    little = a.little or b.little
    full = LITTLE_TITLE if little else LONG_TITLE if len(a.title) >= LONG else TITLE
    match _likeness(a.title, b.title, a.lost.title, b.lost.title):
        case "equal":
            return full, little
        case "near":
            return full * NEAR, little
        case "inside":
            return TITLE_INSIDE, little
        case "resembling" if there:
            return 0, little
        case "unlike" if there and one_slip(a.whole, b.whole):
            return 0, little
    if _cut_elsewhere(a, b):
        return full * NEAR, little
    return (TITLE_INSIDE, little) if placed and within(a.title, b.title) else None


def _cut_elsewhere(a: Reading, b: Reading) -> bool:
    """The cut between artist and title fell in another place."""
    if not a.artist or not b.artist or a.artist == b.artist:
        return False
    return alike(a.artist + a.title, b.artist + b.title) in ("equal", "near")


def _dropped(one: Reading, other: Reading) -> bool:
    """Hardly anything is left of the title where the other source drops letters beyond ASCII."""
    if one.lost.title is None or other.lost.title is not None:
        return False
    return max(sum(map(str.isalnum, text)) for text in (one.lost.title, other.title)) < 2


def _artist_points(a: Reading, b: Reading, shared: bool, there: bool) -> float:
    if not a.artist or not b.artist:
        return 0
    likeness = _likeness(a.artist, b.artist, a.lost.artist, b.lost.artist)
    if likeness in ("equal", "near"):
        return ARTIST if likeness == "equal" else ARTIST_NEAR
    if shared or likeness == "inside":
        return ARTIST_SHARED
    if a.artist.isdigit() != b.artist.isdigit():  # a number that slipped into the column
        return 0
    return ARTIST_OTHER_THERE if there else ARTIST_OTHER


def _album_points(a: Reading, b: Reading) -> float:
    if not a.album or not b.album:
        return 0
    likeness = _likeness(a.album, b.album, a.lost.album, b.lost.album)
    if likeness in ("equal", "near"):
        return ALBUM if likeness == "equal" else ALBUM_NEAR
    return ALBUM_INSIDE if within(a.album, b.album) else ALBUM_OTHER


def _likeness(a: str, b: str, left_a: str | None, left_b: str | None) -> Likeness:
    """As `alike`; where the one source drops letters beyond ASCII, the other is read without them too."""
    found = alike(a, b)
    if found in ("equal", "near"):
        return found
    if _cut_off(a, b):
        return "near"
    if left_a is not None and left_b is None and len(left_a) >= 3:
        without = alike(left_a, b)
    elif left_b is not None and left_a is None and len(left_b) >= 3:
        without = alike(a, left_b)
    else:
        return found
    return without if without in ("equal", "near") else found


CUT = range(26, 31)
"""Letters a folded text may have that was cut after thirty, the limit of ID3v1."""


def _cut_off(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    return len(short) in CUT and long.startswith(short)


def _version_clash(a: Reading, b: Reading) -> bool:
    """An album's version counts for its songs where the other side names one, its day where the other names another."""
    if a.versions == b.versions and _other_days(a.album_versions, b.album_versions):
        return True
    if a.versions == b.versions or one_slip(a.whole, b.whole):
        return False
    return _clash(a.versions or a.album_versions, b.versions or b.album_versions)


def _other_days(a: frozenset[Version], b: frozenset[Version]) -> bool:
    """Two concerts, by the titles of their albums."""
    mine, theirs = dict(a).get("live"), dict(b).get("live")
    return bool(mine and theirs and mine != theirs)


def _clash(a: frozenset[Version], b: frozenset[Version]) -> bool:
    """Two sets of versions that cannot be one: other kinds, or one kind with two names."""
    kinds_a, kinds_b = dict(a), dict(b)
    if kinds_a.keys() != kinds_b.keys():
        return True
    return any(
        kinds_a[kind] and kinds_b[kind] and alike(kinds_a[kind], kinds_b[kind]) not in ("equal", "near", "inside")
        for kind in kinds_a
    )


# --- whole lines ------------------------------------------------------------------------------------------------------

_EDITION_WORDS = frozenset(
    ["deluxe", "edition", "version", "explicit", "clean", "amended", "amazon", "exclusive", "video", "digital",
     "booklet", "edited", "bonus", "track", "ep", "single", "album", "fan", "feat", "the", "a", "and", "with", "main",
     "exp", "expanded"]
)  # fmt: skip
_VERSION_WORDS = frozenset(
    ["live", "remix", "mix", "acoustic", "demo", "instrumental", "karaoke", "edit", "radio", "extended", "orchestral",
     "intro", "outro", "interlude", "reprise"]
)  # fmt: skip
_ALL_WORDS = 68.0
"""Artist, title and album at once; 2 points go with each per cent of letters that only one side has."""
_LEAST_COMMON = 0.8


def _weigh_lines(a: RecordingForm, b: RecordingForm) -> _Weighed | None:
    """All words of artist, title and album together, where a source wrote them into one line."""
    mine, theirs = _words(a.plain), _words(b.plain)
    first_a, first_b = a.plain.title.split()[:1], b.plain.title.split()[:1]
    if min(len(mine), len(theirs)) < 3 or not first_a or first_a != first_b:
        return None
    if a.place and b.place and a.place != b.place:
        return None
    if mine & _VERSION_WORDS != theirs & _VERSION_WORDS or _kinds(a) != _kinds(b):
        return None
    common = 1 - _odd_letters(mine, theirs) / sum(map(len, [*mine, *theirs]))
    if common < _LEAST_COMMON:
        return None
    return _Weighed(_ALL_WORDS - 200 * (1 - common), TITLE, ARTIST, ALBUM, 0, False, a.plain, b.plain)


def _words(reading: Reading) -> frozenset[str]:
    said = f"{reading.whole} {reading.artist} {reading.album}"
    return frozenset(said.split()) - _EDITION_WORDS


def _kinds(form: RecordingForm) -> set[str]:
    return {kind for reading in form.readings for kind, _ in reading.versions}


def _odd_letters(mine: frozenset[str], theirs: frozenset[str]) -> int:
    """Letters in words that only one side has, without slips; a number or a small word weighs more."""
    odd, others = sorted(mine - theirs), sorted(theirs - mine)
    for word in list(odd):
        slip = next((other for other in others if len(word) > 3 and alike(word, other) == "near"), None)
        if slip:
            odd.remove(word)
            others.remove(slip)
    heavy = any(word.isdigit() or len(word) < 3 for word in odd + others)
    return sum(map(len, odd + others)) + 6 * heavy


# --- the verdict ------------------------------------------------------------------------------------------------------


def _judged(a: RecordingForm, b: RecordingForm, text: _Weighed, length: float, two_mbids: bool) -> Verdict:
    place = _place_points(a, b, text.little, length)
    year = YEAR if a.year and a.year == b.year else 0
    if length == LENGTH_NEAR and text.album <= 0:
        length = LENGTH_OFF
    elif length == LENGTH_OTHER and _all_else_agrees(text, place):
        length = LENGTH_WRONG
    word = _word(text, length, place, text.points + length + place + year, two_mbids)
    return NOTHING if word == "nothing" else Verdict(word, _evidence(a, b, text, length, place, year))


def _word(text: _Weighed, length: float, place: float, points: float, two_mbids: bool) -> Word:
    unnamed = _unnamed_version(text)
    if points >= SAME and _corroborated(text, length, place) and not unnamed and text.version != VERSION_OTHER:
        return "unsure" if two_mbids and text.album <= 0 else "same"
    if text.title < TITLE * NEAR or text.artist < ARTIST_SHARED:
        return _word_of_little(text, length)
    if text.version < 0:
        return "unsure" if length == LENGTH and place > 0 else "different"
    if unnamed or two_mbids or length == LENGTH_OFF or (length < 0 and text.album > 0):
        return "unsure"
    if length < 0:
        return "different"
    return "lone" if length == 0 and text.title >= TITLE else "nothing"


def _corroborated(text: _Weighed, length: float, place: float) -> bool:
    """Something besides artist and title; half a title needs the album or the place on it, no title two of three, and
    no artist the album: in a large library many songs of one name last equally long."""
    if not text.title:
        return (length > 0) + (text.album > 0) + (place > 0) > 1 and place >= 0
    if not text.artist and (text.album <= 0 or (place < 0 and not length)):
        return False
    if _short_slip(text) and (place < 0 or (length > 0) + (text.album > 0) + (place > 0) < 2):
        return False
    if text.title <= TITLE_INSIDE and not text.little:
        return text.album > 0 or (length > 0 and place > 0)
    return length > 0 or text.album > 0


def _short_slip(text: _Weighed) -> bool:
    """A slip in a short title may as well be another song: `Live` and `Alive`, `Heart` and `Hearts`."""
    short = min(len(text.a.title), len(text.b.title)) < SHORT
    return short and text.a.title != text.b.title and text.title == TITLE * NEAR


def _all_else_agrees(text: _Weighed, place: float) -> bool:
    """One wrong length does not part what stands at one place of one album under one name."""
    return (
        place > 0 and text.title >= TITLE * NEAR and text.artist >= ARTIST_SHARED and text.album >= ALBUM_NEAR
        and not text.version
    )  # fmt: skip


def _word_of_little(text: _Weighed, length: float) -> Word:
    """Titles that say little: of one artist and no album on a side, somebody may want to decide."""
    if not text.little or not text.title or text.artist < ARTIST_SHARED or text.version:
        return "nothing"
    if length <= LENGTH_OFF:
        return "different"
    return "nothing" if text.a.album and text.b.album else "unsure"


def _unnamed_version(text: _Weighed) -> bool:
    """A version that only an album names is not known of what names another album, or none."""
    if text.version or text.a.versions or text.b.versions or text.album >= ALBUM_NEAR:
        return False
    return text.title > 0 and text.a.album_versions != text.b.album_versions


def _place_points(a: RecordingForm, b: RecordingForm, little: bool, length: float) -> float:
    if not a.place or not b.place:
        return 0
    if a.place == b.place:
        return PLACE
    if not little:
        return PLACE_OTHER
    return PLACE_OTHER_LONG if length == LENGTH and (a.seconds or 0) >= TELLING_LENGTH else PLACE_OTHER_LITTLE


def _length_points(a: RecordingForm, b: RecordingForm) -> float:
    if not a.seconds or not b.seconds:
        return 0
    apart = abs(a.seconds - b.seconds)
    if apart <= EQUAL_LENGTH:
        return LENGTH
    return LENGTH_CLOSE if apart <= SAME_LENGTH else LENGTH_NEAR if apart <= NEAR_LENGTH else LENGTH_OTHER


# --- in words ---------------------------------------------------------------------------------------------------------


def _evidence(
    a: RecordingForm, b: RecordingForm, text: _Weighed, length: float, place: float, year: float
) -> tuple[Evidence, ...]:
    fields = (
        ("title", text.a.title, text.b.title, text.title),
        ("artist", text.a.artist, text.b.artist, text.artist),
        ("album", text.a.album, text.b.album, text.album),
        ("version", _version_words(text.a), _version_words(text.b), text.version),
        ("length", _minutes(a.seconds), _minutes(b.seconds), length),
        ("number on the album", str(a.place), str(b.place), place),
        ("year", str(a.year), str(b.year), year),
    )
    return tuple(Evidence(field, mine, theirs, points) for field, mine, theirs, points in fields if points)


def _version_words(reading: Reading) -> str:
    versions = reading.versions or reading.album_versions
    return ", ".join(sorted(" ".join(version).strip() for version in versions)) or "none"


def _length(a: RecordingForm, b: RecordingForm, points: float) -> Evidence:
    return Evidence("length", _minutes(a.seconds), _minutes(b.seconds), points)


def _minutes(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{round(seconds) // 60}:{round(seconds) % 60:02d}"


def _place(form: RecordingForm) -> str:
    return f"disc {form.slot[1]}, song {form.slot[2]}" if form.slot else "unknown"
