"""Pieces of sentences that several rooms say."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def meant(word: str, known: Iterable[str]) -> str:
    """After a word that is not known: ``did you mean 'port'?``, or all that is."""
    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(choices)}."


def sentence(words: str) -> str:
    """The words with one stop at their end, whatever they ended with."""
    return words if words.endswith(("?", "!", "…")) else f"{words.rstrip('.')}."


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 song`, `1,204 songs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """``90 seconds``, ``10 minutes``, ``2 hours``: in the largest unit in which it is no less than two."""
    for size, name in ((3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:g} {name}"
    return "1 second" if seconds == 1 else f"{seconds:g} seconds"
