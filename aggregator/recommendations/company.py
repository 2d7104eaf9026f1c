"""What a house knows of itself about which artists go together, without any service: hours and credits.

Pure functions; `ranking.rank` takes what they give as `together` and `credited`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import permutations
from math import sqrt

GAP = 30 * 60
"""Seconds without a listen that end a session."""
CROWD = 40
"""A session with more artists than this (a shuffled library) says nothing about who goes with whom."""
MOST = 100

Lists = dict[str, list[tuple[str, float]]]


def together(listens: Iterable[tuple[int, str]]) -> Lists:
    """For each artist those heard in the same sessions, the strongest first, from (time, artist).

    The match is the number of sessions with both over the root of the product of each one's: 1 where neither was ever
    heard without the other.
    """
    return _lists([artists for artists in _sessions(listens) if len(artists) <= CROWD])


def credited(credits: Iterable[Collection[str]]) -> Lists:
    """For each artist those named with it, from the artists that each song or album credits; `together`'s match."""
    return _lists([set(artists) for artists in credits])


def _sessions(listens: Iterable[tuple[int, str]]) -> Iterator[set[str]]:
    artists: set[str] = set()
    before: int | None = None
    for at, artist in sorted(listens):
        if before is not None and at - before > GAP:
            yield artists
            artists = set()
        artists.add(artist)
        before = at
    yield artists


def _lists(groups: Collection[Collection[str]]) -> Lists:
    times = Counter(artist for group in groups for artist in group)
    pairs: Mapping[str, Counter[str]] = defaultdict(Counter)
    for group in groups:
        for one, other in permutations(sorted(group), 2):
            pairs[one][other] += 1
    found: Lists = {}
    for one, others in pairs.items():
        matches = [(other, count / sqrt(times[one] * times[other])) for other, count in others.items()]
        found[one] = sorted(matches, key=lambda pair: (-pair[1], pair[0]))[:MOST]
    return found
