"""Which artists to recommend: a pure function of what is played and of what services answer about artists.

Every artist who might be recommended is looked at through the *signals* of `signals.py`. A signal is brought to 0..1
by dividing by its largest value for this listener and taking the root, so that one loud source cannot drown the rest;
`score` adds them up. How much each signal counts moves between two columns of `WEIGHTS` with the number of artists
known: with five artists, tags and friends say most; with forty, the nearest neighbours do. Popularity is weighed apart:
artists about as popular as the listener's own go first, and the `novelty` dial moves that aim.

The numbers were fitted once, offline, on public listening counts of three hundred people (tests/benchmarks/fit.py;
judged by five-fold cross-validation). They depend on no install's data. See docs/recommendations.md for what they
achieve.

All look-ups are given as functions, because each may be a call to a service: at most `SEEDS` artists and `TAGS` tags
are asked for their lists, at most `KEPT` artists besides the listener's own for their tags and listeners.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log1p, sqrt

from aggregator.recommendations.signals import (
    Neighbours,
    Signal,
    by_taste,
    closest,
    friendly,
    lift,
    mentions,
    near,
    places,
    profile,
    relative,
    shares,
    typical,
)

Reason = tuple[str | int, ...]
"""Always true of the data it was made from: ``("similar", A)`` A is played and one of the two is in the other's list;
``("friend", i)`` friend number i plays the artist; ``("tag", T)`` the artist and a played one carry the tag;
``("together", A)`` and ``("credited", A)`` A is played and names the artist in the list of that name;
``("chart",)`` nothing personal is known, but many listen to the artist."""

Lists = Callable[[str], Iterable[tuple[str, float]]]
"""What is named with an artist (or a tag), and how strongly, best first."""
TagsOf = Callable[[str], Mapping[str, float]]

SEEDS = 50
TAGS = 25
KEPT = 1200

WEIGHTS = {  # signal: (weight where little is known, weight where much is known)
    "near": (0.2, 1.9),
    "closest": (0.6, 1.1),
    "lift": (0.4, 1.7),
    "friends": (1.4, 0.6),
    "typical": (0.4, 0.8),
    "taste": (1.2, 1.8),
    "covered": (1.4, 1.2),
    "together": (1.0, 1.0),  # what a house knows of itself could not be fitted: each like one of the others
    "credited": (1.0, 1.0),
}
HALF_KNOWN = 15  # with this many artists the two columns count alike
POPULAR = (0.45, 0.0)  # per standard deviation above the listener's own artists, at step BEST_FIT of novelty
ASTRAY = (0.02, 0.3)  # taken off for half the square of it
BEST_FIT = 1
NOVELTY = 2  # the default, one step on: as many are found again, and a tenth more of all artists is ever recommended
STEPS = 5
STEP = (0.06, 0.16)  # taken off POPULAR by each step of novelty: whoever is little known is not led far astray


@dataclass(frozen=True)
class Evidence:
    """All there is to rank by: the signals, and what the reasons are told from."""

    known: int
    weights: Mapping[str, float]
    named: Mapping[str, Mapping[str, Neighbours]]
    friends: Sequence[Mapping[str, int]]
    carried: Mapping[str, Mapping[str, float]]
    taste: Signal
    signals: Mapping[str, Signal]
    popularity: Signal


def rank(
    visible: Mapping[str, int],
    similar: Lists,
    tags: TagsOf,
    friends: Sequence[Mapping[str, int]],
    k: int,
    *,
    tag_artists: Lists | None = None,
    listeners: Callable[[str], int] | None = None,
    chart: Sequence[str] = (),
    together: Lists | None = None,
    credited: Lists | None = None,
    among: Collection[str] | None = None,
    novelty: int = NOVELTY,
    seeds: int = SEEDS,
) -> list[tuple[str, list[Reason]]]:
    """At most `k` artists outside `visible`, best first, each with its reasons, strongest first.

    visible      {artist: plays}
    similar      artist -> [(artist, match)], best first
    tags         artist -> {tag: weight}
    friends      {artist: plays} per friend
    tag_artists  tag -> [(artist, how many used the tag for it)]
    listeners    artist -> how many people listen to it, 0 if unknown; without it, being named often stands for that
    chart        the artists with the most listeners; they fill up what is left of `k`
    together     artist -> [(artist, share)]: heard in the same hours in this house (`company.together`)
    credited     artist -> [(artist, share)]: named with it in credits (`company.credited`)
    among        rank these artists and no others (own ones never played, say); they need nobody to name them
    novelty      0 (what most people know) to STEPS - 1 (what few do); each step asks for less popular artists

    The same listening gives the same list, whatever the order of the mappings.
    """
    evidence = gather(
        visible, similar, tags, friends,
        tag_artists=tag_artists, listeners=listeners, together=together, credited=credited, among=among, seeds=seeds,
    )  # fmt: skip
    total = score(evidence.signals, evidence.known)
    chosen = heaviest(_with_popularity(total, evidence, novelty), k)
    found = list(zip(chosen, reasons(evidence, chosen), strict=True))
    return found + _from_chart(chart, {*visible, *chosen}, k - len(found) if among is None else 0)


def gather(
    visible: Mapping[str, int],
    similar: Lists,
    tags: TagsOf,
    friends: Sequence[Mapping[str, int]],
    *,
    tag_artists: Lists | None = None,
    listeners: Callable[[str], int] | None = None,
    together: Lists | None = None,
    credited: Lists | None = None,
    among: Collection[str] | None = None,
    seeds: int = SEEDS,
) -> Evidence:
    """Ask everything that `rank` goes by; see there."""
    weights = {artist: log1p(visible[artist]) for artist in sorted(visible)}
    known = sorted(weights, key=lambda artist: (-weights[artist], artist))[:seeds]
    named = {
        kind: {artist: answer for artist in known if (answer := list(ask(artist)))}
        for kind, ask in (("similar", similar), ("together", together), ("credited", credited))
        if ask
    }
    taste = profile(weights, {artist: tags(artist) for artist in known})
    tagged = {tag: list(tag_artists(tag)) for tag in heaviest(taste, TAGS)} if tag_artists else {}

    lists = named["similar"]
    first = {
        "near": near(lists, weights),
        "friends": friendly(friends, weights, {}),
        "typical": typical(tagged, taste, {}),
        **{kind: near(named[kind], weights) for kind in named if kind != "similar"},
    }
    support = score(first, len(known))
    candidates = support if among is None else {artist: support.get(artist, 0.0) for artist in among}
    kept = heaviest({artist: x for artist, x in candidates.items() if artist not in visible}, KEPT)

    counted: Mapping[str, float] = {artist: listeners(artist) for artist in [*kept, *lists]} if listeners else {}
    if len(set(counted.values())) < 2:  # nobody told
        counted = mentions(([a for a, _ in answer] for answer in [*lists.values(), *tagged.values()]), friends)
    size, popularity = relative(counted, lists)
    carried = {artist: tags(artist) for artist in kept}
    shared = shares(lists, size)
    signals = {
        **first,
        "closest": closest(shared),
        "lift": lift(shared, weights, size),
        "friends": friendly(friends, weights, size),
        "typical": typical(tagged, taste, size),
        **by_taste(carried, taste),
    }
    of_kept = {name: {a: signal[a] for a in kept if a in signal} for name, signal in signals.items()}
    return Evidence(len(known), weights, named, friends, carried, taste, of_kept, popularity)


def score(signals: Mapping[str, Signal], known: int) -> Signal:
    """How strongly each artist is supported, all signals together; `known` is the number of artists listened to."""
    total: Signal = defaultdict(float)
    for name in sorted(signals):
        weight = at(WEIGHTS[name], known)
        top = max(signals[name].values(), default=0.0)
        for artist, value in signals[name].items():
            total[artist] += weight * sqrt(value / top) if top else 0.0
    return total


def _with_popularity(total: Signal, evidence: Evidence, novelty: int) -> Signal:
    """`total` with a preference for artists about as popular as the listener's own, or less so."""
    slope = at(POPULAR, evidence.known) - at(STEP, evidence.known) * (novelty - BEST_FIT)
    bend = at(ASTRAY, evidence.known)
    above = evidence.popularity
    return {a: x + slope * above.get(a, 0.0) - bend * above.get(a, 0.0) ** 2 / 2 for a, x in total.items()}


def at(columns: tuple[float, float], known: int) -> float:
    """Between the two columns, by how many artists are known."""
    few, many = columns
    return few + (many - few) * known / (known + HALF_KNOWN)


def heaviest(amounts: Mapping[str, float], count: int) -> list[str]:
    """The `count` keys with the largest amounts, largest first; equal ones by name."""
    return sorted(amounts, key=lambda key: (-round(amounts[key], 9), key))[:count]


# --- reasons ----------------------------------------------------------------------------------------------------------


def reasons(evidence: Evidence, artists: Sequence[str]) -> list[list[Reason]]:
    """For each of `artists`: two played ones that name it (of each kind), a friend who plays it, two shared tags."""
    nearest = {kind: _supporters(lists, evidence.weights, set(artists)) for kind, lists in evidence.named.items()}
    found: list[list[Reason]] = []
    for artist in artists:
        plays = {i: friend[artist] for i, friend in enumerate(evidence.friends) if artist in friend}
        carried = evidence.carried[artist]
        shared = {tag: x * evidence.taste[tag] for tag, x in carried.items() if tag in evidence.taste}
        found.append(
            [
                *((kind, seed) for kind, of in nearest.items() for seed in heaviest(of[artist], 2)),
                *(("friend", i) for i in ([max(plays, key=lambda i: (plays[i], -i))] if plays else [])),
                *(("tag", tag) for tag in heaviest(shared, 2)),
            ]
        )
    return found


def _supporters(
    lists: Mapping[str, Neighbours], weights: Mapping[str, float], artists: set[str]
) -> dict[str, dict[str, float]]:
    """For each of `artists`, the played artists whose lists it is in, with what each adds to `near`."""
    found: dict[str, dict[str, float]] = {artist: {} for artist in artists}
    for seed, artist, worth in places(lists, weights):
        if artist in found:
            found[artist].setdefault(seed, worth)
    return found


def _from_chart(chart: Sequence[str], without: set[str], count: int) -> list[tuple[str, list[Reason]]]:
    why: Reason = ("chart",)
    return [(artist, [why]) for artist in chart if artist not in without][: max(count, 0)]
