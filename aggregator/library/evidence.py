"""What speaks for two claims being one thing.

Each kind has a module of rules with three functions, pure and free of any other kind's items:

    form(facts) -> a hashable normal form; claims of equal form are one thing
    keys(form) -> blocking keys; only claims that meet under one are ever compared
    compare(a, b) -> Verdict

Claims meet under a key that both have. A common one may be parted: under `!key` a claim waits for those that have
`?key`, and does not meet its own likes; under `?key` it meets both.

A verdict `lone` means: same, provided that the block offers no second candidate that is another thing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, NamedTuple, Protocol

KINDS = ("artist", "album", "recording", "show")

RULES = 1
"""To be raised with every change of what the rules say: everything is then decided anew, once (a test reminds)."""

Word = Literal["same", "different", "unsure", "lone", "nothing"]


class Evidence(NamedTuple):
    """One field in words: what each side says, and the points it adds (negative: speaks against)."""

    field: str
    a: str
    b: str
    points: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`nothing`: the two say too little about each other to be worth a listener's time."""

    word: Word
    evidence: tuple[Evidence, ...] = ()

    @property
    def points(self) -> float:
        return sum(part.points for part in self.evidence)

    def turned(self) -> Verdict:
        """The same, told from the other side."""
        return Verdict(self.word, tuple(Evidence(part.field, part.b, part.a, part.points) for part in self.evidence))


NOTHING = Verdict("nothing")
DIFFERENT = Verdict("different")


class Part(NamedTuple):
    """A song of an album claim with its artist, or an album of an artist claim."""

    title: str
    artist: str


@dataclass(frozen=True, slots=True)
class Facts:
    """One claim as the rules see it: its own text and ids. `about` is the text of a recording's album claim; `parts` is
    what its account lists of an album or an artist, in order of the titles."""

    payload: Mapping[str, Any]
    about: Mapping[str, Any] = field(default_factory=dict)
    edition: str = ""  # account and album claim a recording is a slot of
    parts: tuple[Part, ...] = ()


class Rules(Protocol):
    def form(self, facts: Facts) -> Hashable: ...
    def keys(self, form: Any) -> Iterable[str]: ...
    def compare(self, a: Any, b: Any) -> Verdict: ...


@cache
def rules(kind: str) -> Rules:
    """The rules of a kind. Imported late: shows know the library, the library does not know shows."""
    from aggregator.library import album_rules, artist_rules, recording_rules
    from aggregator.shows import evidence as show_rules

    found: dict[str, Rules] = {
        "artist": artist_rules,
        "album": album_rules,
        "recording": recording_rules,
        "show": show_rules,
    }
    return found[kind]


def known_ids(said: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """A claim's ids as (scheme, value); older ids (`former_mbid`, parted by blanks) count like the one of today."""
    ids = said.get("ids")
    if not ids:
        return frozenset()
    former = ids.get("former_mbid", "").split()
    now = {(scheme, _as_written(scheme, value)) for scheme, value in ids.items() if scheme != "former_mbid"}
    return frozenset(now.union(("mbid", value.lower()) for value in former))


def _as_written(scheme: str, value: str) -> str:
    """Codes are written with dashes or without, in large letters or small."""
    if scheme == "isrc":
        return "".join(filter(str.isalnum, value)).upper()
    return value.strip().lower() if scheme == "mbid" else value


def shared_id(a: Mapping[str, str], b: Mapping[str, str]) -> str | None:
    """The first scheme, in alphabetical order, in which both name the same id."""
    return min((scheme for scheme in a if a[scheme] == b.get(scheme)), default=None)
