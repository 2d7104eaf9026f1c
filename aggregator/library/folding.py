"""Text as it is compared: without case, accents, punctuation and articles. What folds to nothing stays as it was."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "’": "",
        "'": "",
        "‘": "",
        "`": "",
    }
)
_NOT_A_WORD = re.compile(r"[\W_]+")
_ARTICLE = re.compile(r"^(the|a|an) (?!(the|a|an)$)")
_TRAILING_ARTICLE = re.compile(r"^(.+), (the|a|an)$", re.IGNORECASE)


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """`Sigur Rós!` -> `sigur ros`; `&` reads `and`; names made of signs alone (`!!!`) are only casefolded."""
    folded = text.casefold()
    if "&" in folded:
        folded = html.unescape(folded).replace("&", " and ")
    words = _NOT_A_WORD.sub(" ", _unaccented(folded).translate(_LETTERS)).strip()
    return words or " ".join(text.casefold().split())


@lru_cache(maxsize=65_536)
def fold_name(name: str) -> str:
    """An artist's name for comparing: `The Beatles` and `Beatles, The` -> `beatles`; `The The` keeps a word."""
    return _ARTICLE.sub("", fold(_TRAILING_ARTICLE.sub(r"\2 \1", name)))


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
