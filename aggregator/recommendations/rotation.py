"""Fresh every day, steady through the day: the list drawn anew from the best, and rest for what was seen often.

Pure functions. `day` is any number that says which day (or week) it is, `date.toordinal()` for one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from hashlib import sha256
from math import log
from typing import NamedTuple, TypeVar

T = TypeVar("T")

SPREAD = 0.5  # 0: the best always first; 1: the first place is drawn with chances 1, 1/2, 1/3, ...
TIRED = 5  # after so many days on which it was seen ...
REST = 14  # ... an item is left out for so many days


class Seen(NamedTuple):
    """On how many days a listener was shown an item, and the last such day."""

    days: int
    last: int


def drawn(ranked: Sequence[T], key: Callable[[T], object], listener: int, day: int, spread: float = SPREAD) -> list[T]:
    """`ranked` in the order of the day: the better its place, the likelier an item stands high.

    The same listener, day and keys give the same order. A key (an item's id) has luck of its own each day, so that the
    order of the others stays when one of them goes.
    """

    def worth(place: int, one: T) -> float:
        return spread * _luck(f"{listener}/{day}/{key(one)}") - log(1 + place)

    luck = {place: worth(place, one) for place, one in enumerate(ranked)}
    return [ranked[place] for place in sorted(luck, key=lambda place: (-luck[place], place))]


def rested(ranked: Sequence[T], key: Callable[[T], Hashable], seen: Mapping[Hashable, Seen], day: int) -> list[T]:
    """`ranked` without what rests: seen on `TIRED` days (or twice, three times as many), the last within `REST`."""

    def rests(one: T) -> bool:
        was = seen.get(key(one))
        return was is not None and was.days > 0 and was.days % TIRED == 0 and 0 < day - was.last <= REST

    return [one for one in ranked if not rests(one)]


def _luck(seed: str) -> float:
    """A draw from the Gumbel distribution: adding it to log chances and sorting draws without putting back."""
    number = int.from_bytes(sha256(seed.encode()).digest()[:7], "big")
    return -log(-log((number + 0.5) / 2**56))
