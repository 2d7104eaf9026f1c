"""When two artist claims are one act."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aggregator.library.album_rules import is_common
from aggregator.library.evidence import NOTHING, Evidence, Facts, Verdict, known_ids
from aggregator.library.folding import fold, fold_name
from aggregator.library.likeness import numbers
from aggregator.library.titles import album_title, lead_credit

NAME = 50.0
"""Equal once folded, spelt another way (`Bjoerk`, `NxZero`), with a letter doubled or two exchanged, or an alias."""
ALBUMS = 20.0
OTHER_COUNTRY, OTHER_TIME, OTHER_ALBUMS = -30.0, -30.0, -30.0
BEGUN_APART = 2
"""Years by which sources differ on when one act began."""
SEVERAL, SEVERAL_TOGETHER = 2, 5
"""Albums that each side, and both together, must list before it speaks against them that they share none."""

_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_LOOK_ALIKES = str.maketrans("асеорхуікмнтвАСЕОРХУІКМНТВ", "aceopxyikmhtbACEOPXYIKMHTB")
_LATIN, _CYRILLIC = re.compile(r"[A-Za-z]"), re.compile(r"[\u0400-\u04ff]")
_WORD = re.compile(r"\w+")
_STRAY = re.compile(r"(?<=[A-Za-z0-9])[^\x00-\x7f]$")
_READ_SO = re.compile(r"^([\W_]+)\s*\((\w.*)\)$")
_AND = re.compile(r" (?:\+|und|et|y|e|og|och|'?n['’]?|[’'´]n) ", re.IGNORECASE)
_INVERTED = re.compile(r"^([^,&+]+), ([^,&+]+)$")
"""`Bowie, David`, as a library sorts it."""
_TWICE = re.compile(r"(.)\1+")
_NUMERAL = re.compile(r"^[ivx]+$")
_LONG_NAME = 8
"""Letters from which a slip may be made; shorter names differ by as much on purpose."""


class ArtistForm(NamedTuple):
    name: str
    spellings: frozenset[str]  # without blanks; other ways to write the same name
    aliases: frozenset[str]
    ids: frozenset[tuple[str, str]]
    billed: bool  # known from show bills alone
    country: str | None
    begun: int | None
    albums: frozenset[str]  # but for those that every other act has one of

    @property
    def vague(self) -> bool:
        """Nothing but a name, as songs are credited and plays are told."""
        return not (self.billed or self.ids or self.albums or self.country or self.begun)


def form(facts: Facts) -> ArtistForm:
    said = facts.payload
    name = _clean(lead_credit(said["name"]))
    aliases = frozenset(tight for alias in said.get("aliases", ()) for tight in _spellings(alias))
    spellings = frozenset(_spellings(name, exact="from" not in said))
    albums = frozenset(album_title(part.title).main for part in facts.parts)
    return ArtistForm(
        fold_name(name),
        spellings,
        aliases,
        known_ids(said),
        said.get("from") == "bill",
        _country(said.get("country")),
        said.get("begun"),
        frozenset(album for album in albums if not is_common(album)),
    )


def _country(said: str | None) -> str | None:
    return {"UK": "GB", "USA": "US"}.get(said.upper(), said.upper()) if said else None


def _clean(name: str) -> str:
    """Without what clients leave behind: one letter of another script at the end, look-alikes within a Latin word."""
    name = unicodedata.normalize("NFC", name)
    stray = _STRAY.search(name)
    if stray and stray[0] not in name[: stray.start()] and not _goes_on(name[stray.start() - 1], stray[0]):
        name = name[: stray.start()]
    if read := _READ_SO.match(name):
        name = read[1].strip()
    return _WORD.sub(_in_one_script, name)


def _in_one_script(word: re.Match[str]) -> str:
    """`Paniс` with a Cyrillic letter that looks like the last one of `Panic`; a word all in Cyrillic stays."""
    latin, cyrillic = len(_LATIN.findall(word[0])), len(_CYRILLIC.findall(word[0]))
    return word[0].translate(_LOOK_ALIKES) if latin > cyrillic > 0 else word[0]


def _goes_on(before: str, letter: str) -> bool:
    """Is the letter of the same script, and no capital behind a small one?"""
    return unicodedata.name(letter, "").startswith("LATIN") and not (before.islower() and letter.isupper())


def _spellings(name: str, exact: bool = True) -> Iterator[str]:
    """Not `exact`: a credit may be told with umlauts or without (see `folding.plain`), so they say nothing."""
    yield _tight(fold_name(name))
    yield _tight(fold_name(_AND.sub(" and ", name)))
    yield _tight(fold(name))
    if inverted := _INVERTED.match(name):
        yield _tight(fold_name(f"{inverted[2]} {inverted[1]}"))
    written_out = name.casefold().translate(_WRITTEN_OUT)
    if exact and written_out != name.casefold():
        yield _tight(fold_name(written_out))


def _tight(folded: str) -> str:
    return folded.replace(" ", "")


def keys(form: ArtistForm) -> Iterable[str]:
    for spelling in form.spellings | form.aliases:
        yield f"n:{spelling}"
    if len(tight := _tight(form.name)) >= _LONG_NAME:
        yield "s:" + "".join(sorted(_TWICE.sub(r"\1", tight)))
    for scheme, value in form.ids:
        yield f"{scheme}:{value}"


def compare(a: ArtistForm, b: ArtistForm) -> Verdict:
    """Ids decide; equal names join what listeners listen to, a name alone where it can mean one act; a bill by name
    alone is only possible."""
    if known := a.ids & b.ids:
        scheme, value = min(known)
        return Verdict("same", (Evidence(f"{scheme} id", value, value, 100.0), *_names(a, b)))
    if conflict := _conflict(a, b):
        return Verdict("different", (conflict,))
    named = _names(a, b)
    if not named or (a.billed and b.billed and a != b):
        return NOTHING
    against = tuple(_against(a, b))
    if shared := a.albums & b.albums:
        said = (*named, Evidence("albums", min(shared), min(shared), ALBUMS), *against)
        return Verdict("same" if len(against) < 2 else "unsure", said)
    if len(against) > 1:
        return Verdict("different", (*named, *against))
    if against or a.billed != b.billed:
        return Verdict("unsure", (*named, *against))
    return Verdict("lone" if a.vague != b.vague else "same", named)


def _conflict(a: ArtistForm, b: ArtistForm) -> Evidence | None:
    """The first scheme in which both are known by other ids."""
    for scheme in sorted({scheme for scheme, _ in a.ids} & {scheme for scheme, _ in b.ids}):
        mine, theirs = (min(value for name, value in form.ids if name == scheme) for form in (a, b))
        return Evidence(f"{scheme} id", mine, theirs, -100.0)
    return None


def _names(a: ArtistForm, b: ArtistForm) -> tuple[Evidence, ...]:
    if a.name == b.name:
        return (Evidence("name", a.name, b.name, NAME),) if fold(a.name) else ()
    if a.spellings & b.spellings:
        return (Evidence("spelling", a.name, b.name, NAME),)
    if (a.spellings | a.aliases) & (b.spellings | b.aliases):
        return (Evidence("also called", a.name, b.name, NAME),)
    return (Evidence("slip of a letter", a.name, b.name, NAME),) if _slipped(a, b) else ()


def _slipped(a: ArtistForm, b: ArtistForm) -> bool:
    """One letter doubled, or two neighbours exchanged; another letter makes another name (`Cage`, `Cale`)."""
    mine, theirs = _tight(a.name), _tight(b.name)
    if min(len(mine), len(theirs)) < _LONG_NAME or numbers(a.name) != numbers(b.name):
        return False
    if {word for word in (*a.name.split(), *b.name.split()) if _NUMERAL.match(word)}:
        return False
    return _TWICE.sub(r"\1", mine) == _TWICE.sub(r"\1", theirs) or _exchanged(mine, theirs)


def _exchanged(a: str, b: str) -> bool:
    differ = [at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y]
    return (
        len(a) == len(b) and len(differ) == 2 and differ[1] == differ[0] + 1
        and a[differ[0]] == b[differ[1]] and a[differ[1]] == b[differ[0]]
    )  # fmt: skip


def _against(a: ArtistForm, b: ArtistForm) -> Iterator[Evidence]:
    if a.country and b.country and a.country != b.country:
        yield Evidence("country", a.country, b.country, OTHER_COUNTRY)
    if a.begun and b.begun and abs(a.begun - b.begun) > BEGUN_APART:
        yield Evidence("begun", str(a.begun), str(b.begun), OTHER_TIME)
    fewer, more = sorted((len(a.albums), len(b.albums)))
    if fewer >= SEVERAL and fewer + more >= SEVERAL_TOGETHER and not a.albums & b.albums:
        yield Evidence("albums", _some(a.albums), _some(b.albums), OTHER_ALBUMS)


def _some(albums: frozenset[str]) -> str:
    return ", ".join(sorted(albums)[:3])
