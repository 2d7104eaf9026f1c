"""How alike two folded texts are. Slips of typing are forgiven; numbers and lone letters are meant as they stand."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import partial_ratio, ratio, token_sort_ratio

Likeness = Literal["equal", "near", "inside", "resembling", "unlike"]
"""`near`: the same but for a slip. `inside`: the one says all words of the other. `resembling`: much in common."""

_NUMBER = re.compile(r"\d+")
_NUMERALS = frozenset(
    ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi")
)
_PARTS = _NUMERALS - {"i", "v", "x"}
_MODES = frozenset(("major", "minor", "dur", "moll"))
_KEYS = _MODES | {"flat", "sharp"}
_ONE_SLIP, _TWO_SLIPS = 4, 9
"""Letters from which one slip, and two, may be made."""
_NEAR, _RESEMBLING, _PARTLY = 85, 60, 75
"""Per cent of letters in common (Indel similarity)."""


@lru_cache(maxsize=65_536)
def alike(a: str, b: str) -> Likeness:
    """Texts as `folding.fold` leaves them; `*` stands for a letter somebody hid."""
    if a == b or a.replace(" ", "") == b.replace(" ", ""):
        return "equal"
    if "*" in a or "*" in b:
        return "near" if _hides(a, b) or _hides(b, a) else "unlike"
    if numbers(a) != numbers(b):
        return "unlike"
    if _is_slip(a, b):
        return "near"
    if _other_part(a, b):
        return "unlike"
    if _within(a, b):
        return "inside"
    return "resembling" if ratio(a, b) >= _RESEMBLING or partial_ratio(a, b) >= _PARTLY else "unlike"


@lru_cache(maxsize=65_536)
def numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text)) if any(letter.isdigit() for letter in text) else frozenset()


def within(a: str, b: str) -> bool:
    """Does the one say all that the other says? A number may be missing from one of them altogether."""
    mine, theirs = numbers(a), numbers(b)
    return (mine == theirs or not mine or not theirs) and _within(a, b)


def one_slip(a: str, b: str) -> bool:
    """At most two letters apart in a long text, with the same numbers."""
    return min(len(a), len(b)) > 12 and numbers(a) == numbers(b) and OSA.distance(a, b, score_cutoff=2) <= 2


def _is_slip(a: str, b: str) -> bool:
    shorter, apart = min(len(a), len(b)), OSA.distance(a, b, score_cutoff=2)
    slipped = (apart <= 1 and shorter >= _ONE_SLIP) or (apart <= 2 and shorter >= _TWO_SLIPS)
    return (slipped or _mostly_equal(a, b)) and not _other_signs(a, b)


def _mostly_equal(a: str, b: str) -> bool:
    common = ratio(a, b)
    if common >= _NEAR or token_sort_ratio(a, b) >= _NEAR:
        return True
    if common < _RESEMBLING:
        return False
    return ratio(a.replace(" ", ""), b.replace(" ", "")) >= _NEAR or ratio(_undoubled(a), _undoubled(b)) >= _NEAR


def _other_signs(a: str, b: str) -> bool:
    """`Side A` and `Side B` are two things, and so are `I. Allegro` and `IV. Allegro`."""
    mine, theirs = set(a.split()), set(b.split())
    if mine & _NUMERALS != theirs & _NUMERALS or _other_part(a, b):
        return True
    return any(len(word) == 1 for word in mine - theirs) and any(len(word) == 1 for word in theirs - mine)


def _other_part(a: str, b: str) -> bool:
    """`Prelude in C Major` and `Prelude in C Minor`; `Harbour` and `Harbour II`."""
    mine, theirs = set(a.split()), set(b.split())
    if (mine ^ theirs) & _PARTS:
        return True
    return bool(mine & _MODES and theirs & _MODES) and mine & _KEYS != theirs & _KEYS


def _undoubled(text: str) -> str:
    words = text.split()
    return " ".join(word for at, word in enumerate(words) if at == 0 or word != words[at - 1])


def _within(a: str, b: str) -> bool:
    mine, theirs = set(a.split()), set(b.split())
    return mine <= theirs or theirs <= mine


def _hides(masked: str, plain: str) -> bool:
    pattern = "".join("." if letter == "*" else re.escape(letter) for letter in masked)
    return "*" in masked and len(masked.replace("*", "")) > 1 and bool(re.fullmatch(pattern, plain))
