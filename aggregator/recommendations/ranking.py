"""Which artists to recommend: a pure function of what is played and of what services answer about artists.

Every artist who might be recommended is looked at through seven *signals*. A signal is brought to 0..1 by dividing by
its largest value for this listener and taking the root, so that one loud source cannot drown the rest; `score` adds
them up. How much each signal counts moves between two columns of `WEIGHTS` with the number of artists known: with five
artists, what services and friends agree on says most; with forty, the nearest neighbours do.

The numbers were fitted once, offline, on public listening counts of three hundred people (softmax of the hidden
artists against all others, over three ways of hiding; judged by five-fold cross-validation). They depend on no
install's data. See docs/recommendations.md for what they achieve.

All look-ups are given as functions, because each may be a call to a service: at most `SEEDS` artists and `TAGS` tags
are asked for their lists, at most `KEPT` artists besides the listener's own for their tags and listeners.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import log, log1p, sqrt

Reason = tuple[str | int, ...]
"""Always true of the data it was made from: ``("similar", A)`` A is played and one of the two is in the other's list;
``("friend", i)`` friend number i plays the artist; ``("tag", T)`` the artist and a played one carry the tag;
``("chart",)`` nothing personal is known, but many listen to the artist."""

Signal = dict[str, float]
Neighbours = Sequence[tuple[str, float]]
"""Artists with a match or a count, best first."""
Similar = Callable[[str], Iterable[tuple[str, float]]]
TagsOf = Callable[[str], Mapping[str, float]]
Tagged = Callable[[str], Iterable[tuple[str, float]]]

SEEDS = 50
TAGS = 25
KEPT = 1200
LATE_PLACE = 10  # place 10 in a list counts half as much as place 0
STRANGER = 0.02  # what the word of a friend counts who shares no artist

WEIGHTS = {  # signal: (weight where little is known, weight where much is known)
    "near": (0.6, 2.7),
    "co_heard": (0.7, 1.0),
    "friends": (0.4, 0.1),
    "circle": (1.1, 0.2),
    "tagged": (0.8, 0.4),
    "taste": (0.6, 1.9),
    "covered": (1.6, 1.8),
}
HALF_KNOWN = 8  # with this many artists the two columns count alike


def rank(
    visible: Mapping[str, int],
    similar: Similar,
    tags: TagsOf,
    friends: Sequence[Mapping[str, int]],
    k: int,
    *,
    tag_artists: Tagged | None = None,
    listeners: Callable[[str], int] | None = None,
    chart: Sequence[str] = (),
    seeds: int = SEEDS,
) -> list[tuple[str, list[Reason]]]:
    """At most `k` artists outside `visible`, best first, each with its reasons, strongest first.

    visible      {artist: plays}
    similar      artist -> [(artist, match)], best first
    tags         artist -> {tag: weight}
    friends      {artist: plays} per friend
    tag_artists  tag -> [(artist, how many used the tag for it)]
    listeners    artist -> how many people listen to it
    chart        the artists with the most listeners; they fill up what is left of `k`

    The same listening gives the same list, whatever the order of the mappings.
    """
    weights = {artist: log1p(visible[artist]) for artist in sorted(visible)}
    known = sorted(weights, key=lambda artist: (-weights[artist], artist))[:seeds]
    lists = {seed: answer for seed in known if (answer := list(similar(seed)))}
    taste = profile({artist: weights[artist] for artist in known}, tags)
    tagged = {tag: list(tag_artists(tag)) for tag in heaviest(taste, TAGS)} if tag_artists else {}

    signals = {
        "near": near(lists, weights),
        "friends": friendly(friends, weights),
        "circle": circle(friends),
        "tagged": by_tag(tagged, taste, {}),
    }
    first = score(signals, len(known))
    kept = heaviest({artist: x for artist, x in first.items() if artist not in visible}, KEPT)

    size = {artist: listeners(artist) for artist in [*kept, *lists]} if listeners else {}
    carried = {artist: tags(artist) for artist in kept}
    signals |= {"co_heard": co_heard(lists, weights, size), "tagged": by_tag(tagged, taste, size)}
    signals |= by_taste(carried, taste)
    final = score({name: {a: x for a, x in s.items() if a in carried} for name, s in signals.items()}, len(known))
    chosen = heaviest(final, k)
    seeds_of = supporters(lists, weights, set(chosen))
    found = [(artist, reasons(artist, seeds_of[artist], friends, carried[artist], taste)) for artist in chosen]
    return found + _from_chart(chart, {*visible, *chosen}, k - len(found))


def score(signals: Mapping[str, Signal], known: int) -> Signal:
    """How strongly each artist is supported, all signals together; `known` is the number of artists listened to."""
    much = known / (known + HALF_KNOWN)
    total: Signal = defaultdict(float)
    for name in sorted(signals):
        few, many = WEIGHTS[name]
        weight = few + (many - few) * much
        top = max(signals[name].values(), default=0.0)
        for artist, value in signals[name].items():
            total[artist] += weight * sqrt(value / top) if top else 0.0
    return total


def heaviest(amounts: Mapping[str, float], count: int) -> list[str]:
    """The `count` keys with the largest amounts, largest first; equal ones by name."""
    return sorted(amounts, key=lambda key: (-round(amounts[key], 9), key))[:count]


# --- signals ----------------------------------------------------------------------------------------------------------


def near(lists: Mapping[str, Neighbours], weights: Mapping[str, float]) -> Signal:
    """How high the artist stands in the lists of the artists played; lists of much played artists count more."""
    signal: Signal = defaultdict(float)
    for seed, neighbours in lists.items():
        for place, (artist, _) in enumerate(neighbours):
            signal[artist] += weights[seed] / (LATE_PLACE + place)
    return signal


def co_heard(lists: Mapping[str, Neighbours], weights: Mapping[str, float], size: Mapping[str, int]) -> Signal:
    """The share of each seed's listeners who also listen to the artist.

    A match is about shared / sqrt(listeners of both), so that times the root it is shared again. Where the number of
    listeners is not known, all artists count as equally large, and the match stands for itself.
    """
    signal: Signal = defaultdict(float)
    for seed, neighbours in lists.items():
        shared = [(a, match * (sqrt(size.get(a, 1) * size.get(seed, 1)) + 3)) for a, match in neighbours]
        total = sum(x for _, x in shared) or 1.0
        for artist, x in shared:
            signal[artist] += weights[seed] * x / total
    return signal


def friendly(friends: Sequence[Mapping[str, int]], weights: Mapping[str, float]) -> Signal:
    """What friends play, friends of like taste (cosine of log plays) first."""
    signal: Signal = defaultdict(float)
    mine = _length(weights.values())
    for plays in sorted(friends, key=lambda plays: sorted(plays.items())):
        theirs = {artist: log1p(plays[artist]) for artist in sorted(plays)}
        length = _length(theirs.values())
        likeness = sum(x * weights.get(artist, 0.0) for artist, x in theirs.items()) / (mine * length)
        for artist, x in theirs.items():
            signal[artist] += (STRANGER + likeness) * x / length
    return signal


def circle(friends: Sequence[Mapping[str, int]]) -> Signal:
    """The number of friends who play the artist."""
    signal: Signal = defaultdict(float)
    for plays in friends:
        for artist in plays:
            signal[artist] += 1
    return signal


def profile(weights: Mapping[str, float], tags: TagsOf) -> dict[str, float]:
    """The tags of the artists played, each artist's of length 1 times its weight."""
    taste: dict[str, float] = defaultdict(float)
    for artist, weight in weights.items():
        carried = tags(artist)
        length = _length(carried.values())
        for tag, x in carried.items():
            taste[tag] += weight * x / length
    return taste


def by_tag(tagged: Mapping[str, Neighbours], taste: Mapping[str, float], size: Mapping[str, int]) -> Signal:
    """Artists most typical of the favourite tags: many use the tag for them, given how many listen to them."""
    signal: Signal = defaultdict(float)
    for tag, artists in tagged.items():
        typical = [(artist, taggers / (5 + sqrt(size.get(artist, 1)))) for artist, taggers in artists]
        total = sum(x for _, x in typical) or 1.0
        for artist, x in typical:
            signal[artist] += taste[tag] * x / total
    return signal


def by_taste(carried: Mapping[str, Mapping[str, float]], taste: Mapping[str, float]) -> dict[str, Signal]:
    """`taste`: cosine of the artist's tags with the listener's; `covered`: the part of the listener's tags that the
    artist has. Tags that most of the artists in question carry say little, and count by their rarity (idf)."""
    rarity = _rarity(carried.values())
    mine = {tag: x * rarity[tag] for tag, x in taste.items() if tag in rarity}
    whole, length = sum(mine.values()) or 1.0, _length(mine.values())
    alike, covered = Signal(), Signal()
    for artist, tags in carried.items():
        theirs = {tag: x * rarity[tag] for tag, x in tags.items()}
        alike[artist] = sum(x * mine.get(tag, 0.0) for tag, x in theirs.items()) / (length * _length(theirs.values()))
        covered[artist] = sum(mine.get(tag, 0.0) for tag in theirs) / whole
    return {"taste": alike, "covered": covered}


def _rarity(carried: Collection[Mapping[str, float]]) -> dict[str, float]:
    count: dict[str, int] = defaultdict(int)
    for tags in carried:
        for tag in tags:
            count[tag] += 1
    return {tag: log((len(carried) + 1) / (n + 0.5)) for tag, n in count.items()}


def _length(values: Iterable[float]) -> float:
    return sqrt(sum(x * x for x in values)) or 1.0


# --- reasons ----------------------------------------------------------------------------------------------------------


def supporters(
    lists: Mapping[str, Neighbours], weights: Mapping[str, float], artists: set[str]
) -> dict[str, dict[str, float]]:
    """For each of `artists`, the played artists whose lists it is in, with what each adds to `near`."""
    found: dict[str, dict[str, float]] = {artist: {} for artist in artists}
    for seed, neighbours in lists.items():
        for place, (artist, _) in enumerate(neighbours):
            if artist in found:
                found[artist].setdefault(seed, weights[seed] / (LATE_PLACE + place))
    return found


def reasons(
    artist: str,
    seeds: Mapping[str, float],
    friends: Sequence[Mapping[str, int]],
    carried: Mapping[str, float],
    taste: Mapping[str, float],
) -> list[Reason]:
    """The two nearest played artists, the friend who plays it most, and the two tags most shared."""
    plays = {i: friend[artist] for i, friend in enumerate(friends) if artist in friend}
    shared = {tag: x * taste[tag] for tag, x in carried.items() if tag in taste}
    fan = [max(plays, key=lambda i: (plays[i], -i))] if plays else []
    return [
        *(("similar", seed) for seed in heaviest(seeds, 2)),
        *(("friend", i) for i in fan),
        *(("tag", tag) for tag in heaviest(shared, 2)),
    ]


def _from_chart(chart: Sequence[str], without: set[str], count: int) -> list[tuple[str, list[Reason]]]:
    why: Reason = ("chart",)
    return [(artist, [why]) for artist in chart if artist not in without][: max(count, 0)]
