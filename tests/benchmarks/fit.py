"""Fit the numbers of `ranking` anew: how much each signal counts, going by listeners part of whose artists was hidden.

The data is no part of the project. PATH is a folder of gzip-compressed tables with a header line each, as public
collections of listening counts are easily brought to: artists (id, name, listeners), similar (id, ``id:match ...``),
artist_tags (id, ``tag:weight|...``), tag_artists (tag, ``id:taggers ...``), friends (id, ``id:plays ...``), users (id,
``friend ...``), listens_WAY (user, artist, plays, visible or hidden) for every way of hiding::

    .venv/bin/python -m tests.benchmarks.fit PATH

Fitted is what makes the hidden artists likeliest among all candidates (a softmax over them, with a small ridge), over
all ways of hiding at once, by Newton's method; a signal never counts against an artist. Printed are the two columns of
each signal, and how well they find the hidden artists of listeners whom they were not fitted to (five folds).
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator, Sequence
from math import log2
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aggregator.recommendations.ranking import HALF_KNOWN, Evidence, gather

WAYS = ("random", "tail", "cold")
SIGNALS = ("near", "closest", "lift", "friends", "typical", "taste", "covered")
POPULARITY = ("POPULAR", "ASTRAY")
RIDGE = 0.002
FOLDS = 5
COLUMNS = 2 * len(SIGNALS + POPULARITY)
FREE = np.array([name == "POPULAR" for name in SIGNALS + POPULARITY] * 2)  # may be negative


class Case(NamedTuple):
    """One listener, hidden in one way: a row of numbers for each candidate, and which of them were hidden."""

    user: int
    rows: np.ndarray
    hits: np.ndarray
    hidden: int


def main(folder: Path) -> None:
    cases = {way: list(_cases(folder, way)) for way in WAYS}
    every = [case for of_way in cases.values() for case in of_way]
    fitted = fit(every)
    for name, few, many in zip(SIGNALS + POPULARITY, fitted[: COLUMNS // 2], fitted[COLUMNS // 2 :], strict=True):
        print(f"{name:10} ({few:.2f}, {many:.2f})")
    folds = [fit([case for case in every if case.user % FOLDS != fold]) for fold in range(FOLDS)]
    for way in WAYS:
        found = [quality(case, folds[case.user % FOLDS]) for case in cases[way]]
        print(f"{way:10} recall@50 %.4f, NDCG@100 %.4f" % tuple(np.mean(found, axis=0)))


def fit(cases: Sequence[Case]) -> np.ndarray:
    """The likeliest numbers; those that want to count against an artist are 0."""
    numbers, allowed = np.zeros(COLUMNS), np.ones(COLUMNS, bool)
    while True:
        numbers = _climb(cases, np.where(allowed, numbers, 0.0), allowed)
        against = allowed & ~FREE & (numbers < 0)
        if not against.any():
            return numbers
        allowed &= ~against


def _climb(cases: Sequence[Case], numbers: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    told = [(case.rows, case.hits / case.hits.sum()) for case in cases if case.hits.any()]
    for _ in range(12):
        slope, bend = -RIDGE * numbers, RIDGE * np.eye(COLUMNS)
        for rows, share in told:
            chance = np.exp((worth := rows @ numbers) - worth.max())
            chance /= chance.sum()
            mean = chance @ rows
            slope += (share @ rows - mean) / len(told)
            bend += ((rows * chance[:, None]).T @ rows - np.outer(mean, mean)) / len(told)
        step = np.zeros(COLUMNS)
        step[allowed] = np.linalg.solve(bend[np.ix_(allowed, allowed)], slope[allowed])
        numbers = numbers + step * min(1.0, 2 / max(abs(step)))
    return numbers


def quality(case: Case, numbers: np.ndarray) -> tuple[float, float]:
    """Recall@50 and NDCG@100 of one listener."""
    order = np.argsort(-(case.rows @ numbers), kind="stable")[:100]
    worth = np.array([1 / log2(place + 2) for place in range(100)])
    gained = worth[: len(order)][case.hits[order]].sum()
    return case.hits[order[:50]].sum() / min(50, case.hidden), gained / worth[: case.hidden].sum()


# --- the data ---------------------------------------------------------------------------------------------------------


def _cases(folder: Path, way: str) -> Iterator[Case]:
    name, fans = {}, {}
    for number, artist, count in _table(folder / "artists.tsv.gz"):
        name[number], fans[artist] = artist, int(count)

    def pairs(text: str) -> list[tuple[str, float]]:
        return [(name[number], float(x)) for number, x in (pair.split(":") for pair in text.split())]

    similar = {name[number]: pairs(rest) for number, rest in _table(folder / "similar.tsv.gz")}
    tagged = {tag: pairs(rest) for tag, rest in _table(folder / "tag_artists.tsv.gz")}
    tags = {
        name[number]: {tag: float(x) for tag, x in (pair.rsplit(":", 1) for pair in rest.split("|"))}
        for number, rest in _table(folder / "artist_tags.tsv.gz")
    }
    tops = {friend: {a: int(x) for a, x in pairs(rest)} for friend, rest in _table(folder / "friends.tsv.gz")}
    friends = {user: [tops[friend] for friend in rest.split()] for user, rest in _table(folder / "users.tsv.gz")}
    seen: dict[str, dict[str, int]] = {user: {} for user in friends}
    hidden: dict[str, set[str]] = {user: set() for user in friends}
    for user, artist, plays, part in _table(folder / f"listens_{way}.tsv.gz"):
        if part == "visible":
            seen[user][name[artist]] = int(plays)
        else:
            hidden[user].add(name[artist])
    for place, user in enumerate(sorted(friends)):
        evidence = gather(
            seen[user], lambda a: similar.get(a, ()), lambda a: tags.get(a, {}), friends[user],
            tag_artists=lambda tag: tagged.get(tag, ()), listeners=lambda a: fans.get(a, 0),
        )  # fmt: skip
        hits = np.array([artist in hidden[user] for artist in evidence.carried])
        yield Case(place, _rows(evidence), hits, len(hidden[user]))


def _rows(evidence: Evidence) -> np.ndarray:
    """What `ranking.score` multiplies with weights, both columns beside each other."""
    signals = np.zeros((len(evidence.carried), len(SIGNALS)))
    for column, name in enumerate(SIGNALS):
        signals[:, column] = [evidence.signals[name].get(artist, 0.0) for artist in evidence.carried]
    above = np.array([evidence.popularity.get(artist, 0.0) for artist in evidence.carried])
    top = np.where(signals.max(axis=0) > 0, signals.max(axis=0), 1.0)
    rows = np.column_stack([np.sqrt(signals / top), above, -(above**2) / 2])
    much = evidence.known / (evidence.known + HALF_KNOWN)
    return np.hstack([rows * (1 - much), rows * much])


def _table(path: Path) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        next(lines)
        yield from (line.rstrip("\n").split("\t") for line in lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
