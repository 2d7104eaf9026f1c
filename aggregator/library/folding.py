"""Text as it is compared: without case, accents, punctuation and articles. What folds to nothing stays as it was."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

_ALPHABETS_END = "\u0590"
"""Latin, Greek, Cyrillic and Armenian lie below; beyond it a spelling in Latin letters is a guess, not a rule."""
_SILENT = str.maketrans(dict.fromkeys("'’‘`´ʼ", ""))
_NOT_A_WORD = re.compile(r"[\W_]+")
_ARTICLE = re.compile(r"^(the|a|an) (?!(the|a|an)$)")
_WRITTEN_ARTICLE = re.compile(r"^\s*(the|a|an)\s+(?!(the|a|an)\s*$)", re.IGNORECASE)
"""Before a blank: `A-ha` is a name."""
_TRAILING_ARTICLE = re.compile(r"^(.+), (the|a|an)$", re.IGNORECASE)
_DRAWN_LETTERS = (
    (re.compile(r"(?<=\w)!(?=\w)"), "i"),
    (re.compile(r"\$(?=\w)|(?<=\w)\$"), "s"),
    (re.compile(r"(?<=\w)@(?=\w)"), "a"),
)
_UNITS = {
    **dict.fromkeys(("volume", "volumen"), "vol"),
    **dict.fromkeys(("pt", "parte", "partie", "teil", "pte", "deel", "del", "chast"), "part"),
    **dict.fromkeys(("number", "nr", "num", "nummer"), "no"),
    "opus": "op",
}
_UNIT = re.compile(
    r"\b(vol(?:ume|umen)?|part(?:e|ie)?|pte?|teil|deel|del|chast|no|number|nr|num|nummer|op|opus|disc|cd|book|act|chapter)"
    r" (\w+)\b"
)
NUMERALS = {
    numeral: str(number)
    for number, numeral in enumerate(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"), 1)
}
NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """`Sigur Rós!` -> `sigur ros`; `&` reads `and`; names made of signs alone (`!!!`) are only casefolded."""
    folded = text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    if "&" in folded:
        folded = html.unescape(folded).replace("&", " and ")
    words = _NOT_A_WORD.sub(" ", _latin(folded.translate(_SILENT))).strip()
    return words or " ".join(text.casefold().split())


@lru_cache(maxsize=65_536)
def spelt(text: str) -> str:
    """Folded, with parts and volumes counted in digits: `Wall, Pt. II` -> `wall part 2`."""
    folded = fold(text)
    return _UNIT.sub(_counted, folded) if " " in folded else folded


def _counted(found: re.Match[str]) -> str:
    number = NUMERALS.get(found[2]) or NUMBER_WORDS.get(found[2]) or found[2]
    return f"{_UNITS.get(found[1], found[1]) if number.isdigit() else found[1]} {number}"


@lru_cache(maxsize=65_536)
def fold_name(name: str) -> str:
    """An artist's name for comparing: `The Beatles` and `Beatles, The` -> `beatles`; `Ke$ha` -> `kesha`."""
    for drawn, letter in _DRAWN_LETTERS:
        name = drawn.sub(letter, name)
    return fold(_WRITTEN_ARTICLE.sub("", _TRAILING_ARTICLE.sub(r"\2 \1", name)))


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Only case, accents and doubled blanks gone: two texts that are plainly equal are taken apart in the same way."""
    return " ".join(_unaccented(text.casefold()).split())


def sort_key(text: str) -> str:
    """How a shelf is ordered: folded, the article dropped."""
    return _ARTICLE.sub("", fold(text))


def _unaccented(text: str) -> str:
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _latin(text: str) -> str:
    """Without accents, and alphabets with one usual spelling in Latin letters spelt so: `Кино` -> `kino`."""
    return text if text.isascii() else "".join(letter if letter.isascii() else _spelt(letter) for letter in text)


@lru_cache(maxsize=16_384)
def _spelt(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    if unicodedata.combining(letter):
        return ""
    return anyascii(base).lower() if base < _ALPHABETS_END and base.isalpha() else letter
