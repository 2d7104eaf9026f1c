"""Why two claims are one, or two, in the words of a listener: what the rules weighed, field by field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from aggregator.library.evidence import Evidence
from aggregator.library.fields import SCHEMES, scheme_words

_CALLED = {
    "when": "day and hour",
    "where": "place",
    "who": "names on the bill",
    "called": "name in brackets",
    "form": "kind of album",
    "begun": "first year",
    "also called": "another name of one",
    "slip of a letter": "name but for a letter",
    "release group": "MusicBrainz release group",
}
_MANY = frozenset({"songs", "albums", "names on the bill", "day and hour"})
_NOTHING = frozenset({"", "none", "None", "False", "unknown"})


def called(field: str) -> str:
    """What a field of the evidence is called: `title`, `MusicBrainz id`."""
    scheme = field.removesuffix(" id")
    return scheme_words(scheme) if scheme in SCHEMES or scheme != field else _CALLED.get(field, field)


def told(part: Evidence) -> str:
    """One field that was weighed: `same title`, `length 3:05 and 3:06`, `live on one side`."""
    if part.field in _TOLD:
        return _TOLD[part.field](part)
    return f"same {called(part.field)}" if part.a == part.b else f"{called(part.field)} {part.a} and {part.b}"


def summed(parts: Iterable[Evidence]) -> str:
    """`same title, same artist, length 3:05 and 3:06`; what speaks against stands behind a `but`."""
    speaks_for, against = list[str](), list[str]()
    for part in parts:
        (speaks_for if part.points >= 0 else against).append(told(part))
    return ", but ".join(filter(None, (", ".join(speaks_for), ", ".join(against))))


def agreeing(fields: Iterable[str], verbs: tuple[str, str]) -> str:
    """`title and artist agree`, with verbs for one and for many."""
    names = list(dict.fromkeys(map(called, fields)))
    listed = " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    return f"{listed} {verbs[len(names) > 1 or names[0] in _MANY]}"


# --- fields that need a sentence --------------------------------------------------------------------------------------


def _on_one_side(part: Evidence) -> str:
    """`live on one side`, `version live and acoustic`."""
    said = [side for side in (part.a, part.b) if side not in _NOTHING]
    if len(said) != 1:
        return f"{called(part.field)} {part.a} and {part.b}"
    return f"{'a soundtrack' if part.field == 'soundtrack' else said[0]} on one side"


def _songs(part: Evidence) -> str:
    """The evidence says how many each lists."""
    if part.a == part.b and part.points > 0:
        return "same songs"
    return f"{'songs in common' if part.points > 0 else 'other songs'}, {part.a} and {part.b}"


def _albums(part: Evidence) -> str:
    return f"both made {part.a}" if part.a == part.b else f"no album in common ({part.a}; {part.b})"


def _form(part: Evidence) -> str:
    return "{} and {}".format(*("not said" if side in _NOTHING else f"a {side}" for side in (part.a, part.b)))


_TOLD: Mapping[str, Callable[[Evidence], str]] = {
    "version": _on_one_side,
    "called": _on_one_side,
    "soundtrack": _on_one_side,
    "songs": _songs,
    "albums": _albums,
    "form": _form,
    "spelling": lambda part: f"one name spelt {part.a} and {part.b}",
    "also called": lambda part: f"{part.a} is also called {part.b}",
    "slip of a letter": lambda part: f"{part.a} and {part.b}, a letter apart",
    "country": lambda part: f"from two countries, {part.a} and {part.b}",
    "begun": lambda part: f"began in {part.a} and in {part.b}",
    "place on the album": lambda part: f"two places on one album, {part.a} and {part.b}",
}
