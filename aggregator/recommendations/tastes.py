"""Clusters of taste: which of a listener's artists belong together, and a list shared out among them by plays.

Pure functions of plays, tags and lists of similar artists. An artist is described by its tags (rare ones count more)
and by whom services name with it; the two nearest groups are joined until none are near. What is recommended is then
shared out, so that jazz played a tenth of the time is a tenth of the list, whatever else the ranking prefers.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import TypeVar

from aggregator.recommendations.signals import length

T = TypeVar("T")
Vector = dict[str, float]

ALIKE = 0.25  # cosine from which two groups of artists are one taste
DESCRIBED = 120  # most played artists from which tastes are formed; the others join the nearest
SMALL = 0.04  # a taste with a smaller share of the plays joins the nearest
MOST = 8  # tastes
OVERDRAWN = 1.0  # items that a taste may be ahead of its share
SAY_LITTLE = frozenset(
    ("seen live", "favorites", "favourites", "favorite", "favourite", "favorite artists", "favourite artists",
     "albums i own", "my music", "awesome", "amazing", "beautiful", "cool", "good", "love",
     "loved", "check out", "spotify")
)  # fmt: skip
"""Tags by which listeners sort their own shelves: no name for a taste, and no reason where there is a better one."""


@dataclass(frozen=True)
class Taste:
    """Artists that belong together. `share`: their part of all plays, 0..1. `name`: the tag most typical of them, ''
    where nothing is known. `profile`: their tags, of length 1."""

    name: str
    share: float
    artists: frozenset[str]
    profile: Mapping[str, float]


def tastes(
    plays: Mapping[str, float],
    tags: Mapping[str, Mapping[str, float]],
    lists: Mapping[str, Collection[str]] = {},
) -> list[Taste]:
    """The listener's tastes, the largest share first. `plays` may be any weight; `lists`: artists named as similar."""
    order = sorted((artist for artist in plays if plays[artist] > 0), key=lambda artist: (-plays[artist], artist))
    whole = sum(plays[artist] for artist in order)
    described = _described(order, tags, lists)
    formed = _joined([[artist] for artist in order[:DESCRIBED]], described)
    formed = _without_small(formed, plays, described)
    middles = [_middle(group, described) for group in formed]
    for artist in order[DESCRIBED:]:
        near = [_dot(described[artist], middle) for middle in middles]
        formed[near.index(max(near))].append(artist)
    found: list[Taste] = []
    for group in sorted(formed, key=lambda group: (-_sum(group, plays), group[0])):
        profile = _profile(group, plays, tags)
        found.append(Taste(_name(profile, found), _sum(group, plays) / whole, frozenset(group), profile))
    return found


def belongs(tags: Mapping[str, float], near: Collection[str], among: Sequence[Taste]) -> int | None:
    """The place in `among` of the taste that an artist with these `tags`, similar to the artists `near`, belongs to.

    None where neither says anything.
    """
    whole = length(tags.values())
    says = [
        sum(x * taste.profile.get(tag, 0.0) for tag, x in tags.items()) / whole
        + len(taste.artists.intersection(near)) / (len(near) or 1)
        for taste in among
    ]
    best = max(says, default=0.0)
    return says.index(best) if best > 0 else None


def shared_out(ranked: Iterable[T], taste_of: Callable[[T], int | None], shares: Sequence[float]) -> list[T]:
    """`ranked` anew, so that every beginning of it holds each taste in proportion to `shares`.

    Within a taste the order stays. What belongs to no taste keeps its turn. A taste with nothing left gives its places
    to the others.
    """
    return list(_shared_out(ranked, taste_of, shares))


def _shared_out(ranked: Iterable[T], taste_of: Callable[[T], int | None], shares: Sequence[float]) -> Iterator[T]:
    waiting: dict[int | None, deque[tuple[int, T]]] = defaultdict(deque)
    for place, one in enumerate(ranked):
        waiting[taste_of(one)].append((place, one))
    given: Counter[int | None] = Counter()
    while waiting:
        so_far = given.total() - given[None] + 1
        ahead = {at: given[at] + 1 - shares[at] * so_far if at is not None else 0.0 for at in waiting}
        due = [at for at in waiting if ahead[at] <= OVERDRAWN] or [min(waiting, key=lambda at: ahead[at])]
        at = min(due, key=lambda at: waiting[at][0][0])
        given[at] += 1
        yield waiting[at].popleft()[1]
        if not waiting[at]:
            del waiting[at]


def _described(
    artists: Sequence[str], tags: Mapping[str, Mapping[str, float]], lists: Mapping[str, Collection[str]]
) -> dict[str, Vector]:
    """Half tags by rarity, half neighbours; an artist of whom one half is missing is described by the other."""
    carried = Counter(tag for artist in artists for tag in tags.get(artist, ()))
    described: dict[str, Vector] = {}
    for artist in artists:
        words = {tag: x * log(1 + len(artists) / carried[tag]) for tag, x in tags.get(artist, {}).items()}
        described[artist] = {f"#{tag}": x / length(words.values()) for tag, x in words.items()}
        near = {artist, *lists.get(artist, ())}
        described[artist] |= {other: 1 / sqrt(len(near)) for other in near}
    return described


def _joined(groups: list[list[str]], described: Mapping[str, Vector]) -> list[list[str]]:
    """The nearest two groups become one, again and again, until none are `ALIKE`."""
    middles = [_middle(group, described) for group in groups]
    near = {(a, b): _dot(middles[a], middles[b]) for b in range(len(groups)) for a in range(b)}
    alive = set(range(len(groups)))
    while near:
        (a, b), best = max(near.items(), key=lambda pair: (pair[1], -pair[0][0], -pair[0][1]))
        if best < ALIKE:
            break
        groups[a] = groups[a] + groups[b]
        middles[a] = _middle(groups[a], described)
        alive.discard(b)
        near = {pair: x for pair, x in near.items() if a not in pair and b not in pair}
        near |= {(min(a, c), max(a, c)): _dot(middles[a], middles[c]) for c in alive - {a}}
    return [groups[at] for at in sorted(alive)]


def _middle(group: Iterable[str], described: Mapping[str, Vector]) -> Vector:
    """The mean of what describes the artists, of length 1."""
    middle: Vector = defaultdict(float)
    for artist in group:
        for word, x in described[artist].items():
            middle[word] += x
    whole = length(middle.values())
    return {word: x / whole for word, x in middle.items()}


def _without_small(
    groups: list[list[str]], plays: Mapping[str, float], described: Mapping[str, Vector]
) -> list[list[str]]:
    """The smallest joins the nearest, until all are large and few. One of whom nothing is known joins the largest."""
    kept = sorted(groups, key=lambda group: (-_sum(group, plays), group[0]))
    whole = sum(_sum(group, plays) for group in kept)
    while len(kept) > MOST or (len(kept) > 1 and _sum(kept[-1], plays) < SMALL * whole):
        smallest = kept.pop()
        near = [_dot(_middle(smallest, described), _middle(group, described)) for group in kept]
        kept[near.index(max(near))] += smallest
        kept.sort(key=lambda group: (-_sum(group, plays), group[0]))
    return kept


def _sum(artists: Iterable[str], plays: Mapping[str, float]) -> float:
    return sum(plays[artist] for artist in artists)


def _profile(group: Iterable[str], plays: Mapping[str, float], tags: Mapping[str, Mapping[str, float]]) -> Vector:
    profile: Vector = defaultdict(float)
    for artist in group:
        of_one = length(tags.get(artist, {}).values())
        for tag, x in tags.get(artist, {}).items():
            profile[tag] += log(1 + plays[artist]) * x / of_one
    whole = length(profile.values())
    return {tag: x / whole for tag, x in profile.items()}


def _name(profile: Vector, larger: Iterable[Taste]) -> str:
    """The heaviest tag that no larger taste is named after."""
    taken = SAY_LITTLE.union(taste.name for taste in larger)
    return min((tag for tag in profile if tag not in taken), key=lambda tag: (-profile[tag], tag), default="")


def _dot(one: Vector, other: Vector) -> float:
    small, large = sorted((one, other), key=len)
    return sum(x * large.get(word, 0.0) for word, x in small.items())
