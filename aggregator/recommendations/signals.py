"""What speaks for an artist: each signal is a number for every artist that one kind of evidence names.

Pure functions of what is played and of what services answered. `ranking` weighs the signals against each other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import exp, log, log1p, sqrt

Signal = dict[str, float]
Neighbours = Sequence[tuple[str, float]]
"""Artists with a match or a count, best first."""

LATE_PLACE = 10  # place 10 in a list counts half as much as place 0
STRANGER = 0.1  # what the word of a friend counts who shares no artist
SMALL = 0.07  # artists much smaller than this part of the usual size are not told apart
LOUD = 30  # how soon one list's word is enough: large, and lists count alike; small, and the strongest decide
USUAL_SPREAD = 1.2  # of the logarithm of listeners among one person's artists; counts as much as FEW artists
FEW = 4


def near(lists: Mapping[str, Neighbours], weights: Mapping[str, float]) -> Signal:
    """How high the artist stands in the lists of the artists played; lists of much played artists count more."""
    signal: Signal = defaultdict(float)
    for _, artist, worth in places(lists, weights):
        signal[artist] += worth
    return signal


def places(lists: Mapping[str, Neighbours], weights: Mapping[str, float]) -> Iterator[tuple[str, str, float]]:
    """Whose list, who stands in it, and what that place adds to `near`."""
    for seed, neighbours in lists.items():
        for place, (artist, _) in enumerate(neighbours):
            yield seed, artist, weights[seed] / (LATE_PLACE + place)


def shares(lists: Mapping[str, Neighbours], size: Mapping[str, float]) -> dict[str, Signal]:
    """Of each list's listeners in common with all it names, the share that each artist has.

    A match is about shared / sqrt(listeners of both), so that times the root of the listeners it is shared again.
    """
    found: dict[str, Signal] = {}
    for seed, neighbours in lists.items():
        shared = {artist: match * sqrt(size.get(artist, 1.0)) for artist, match in neighbours}
        total = sum(shared.values()) or 1.0
        found[seed] = {artist: x / total for artist, x in shared.items()}
    return found


def closest(shared: Mapping[str, Signal]) -> Signal:
    """The artist's largest share in any one list."""
    signal: Signal = defaultdict(float)
    for of_seed in shared.values():
        for artist, share in of_seed.items():
            signal[artist] = max(signal[artist], share)
    return signal


def lift(shared: Mapping[str, Signal], weights: Mapping[str, float], size: Mapping[str, float]) -> Signal:
    """How much oftener the artist is heard together with the artists played than its size alone would make it.

    The logarithm keeps one list from speaking for all: an artist whom many lists name a little wins.
    """
    signal: Signal = defaultdict(float)
    for seed, of_seed in shared.items():
        for artist, share in of_seed.items():
            signal[artist] += weights[seed] * log1p(LOUD * share / (SMALL + size.get(artist, 1.0)))
    return signal


def friendly(friends: Sequence[Mapping[str, int]], weights: Mapping[str, float], size: Mapping[str, float]) -> Signal:
    """What friends play, friends who share many artists first, and what few others play more than what all do."""
    signal: Signal = defaultdict(float)
    for plays in sorted(friends, key=lambda plays: sorted(plays.items())):
        likeness = sum(artist in weights for artist in plays) / sqrt(len(weights) * len(plays) + 1)
        for artist in plays:
            signal[artist] += (STRANGER + likeness) / (SMALL + size.get(artist, 1.0)) ** 0.7
    return signal


def profile(weights: Mapping[str, float], carried: Mapping[str, Mapping[str, float]]) -> Signal:
    """The tags of the artists played, each artist's of length 1 times its weight."""
    taste: Signal = defaultdict(float)
    for artist, tags in carried.items():
        of_one = length(tags.values())
        for tag, x in tags.items():
            taste[tag] += weights[artist] * x / of_one
    return taste


def typical(tagged: Mapping[str, Neighbours], taste: Mapping[str, float], size: Mapping[str, float]) -> Signal:
    """Artists most typical of the favourite tags: many use the tag for them, given how many listen to them."""
    signal: Signal = defaultdict(float)
    for tag, artists in tagged.items():
        said = [(artist, taggers / (0.6 + sqrt(size.get(artist, 1.0)))) for artist, taggers in artists]
        total = sum(x for _, x in said) or 1.0
        for artist, x in said:
            signal[artist] += taste[tag] * x / total
    return signal


def by_taste(carried: Mapping[str, Mapping[str, float]], taste: Mapping[str, float]) -> dict[str, Signal]:
    """`taste`: cosine of the artist's tags with the listener's; `covered`: the part of the listener's tags that the
    artist has. Tags that most of the artists in question carry say little, and count by their rarity (idf)."""
    rarity = _rarity(carried.values())
    mine = {tag: x * rarity[tag] for tag, x in taste.items() if tag in rarity}
    whole, of_mine = sum(mine.values()) or 1.0, length(mine.values())
    alike, covered = Signal(), Signal()
    for artist, tags in carried.items():
        theirs = {tag: x * rarity[tag] for tag, x in tags.items()}
        alike[artist] = sum(x * mine.get(tag, 0.0) for tag, x in theirs.items()) / (of_mine * length(theirs.values()))
        covered[artist] = sum(mine.get(tag, 0.0) for tag in theirs) / whole
    return {"taste": alike, "covered": covered}


def mentions(*namings: Iterable[Iterable[str]]) -> dict[str, int]:
    """How often each artist is named: all there is to go by where nobody counts listeners."""
    return Counter(artist for naming in namings for names in naming for artist in names)


def relative(listeners: Mapping[str, float], own: Collection[str]) -> tuple[Signal, Signal]:
    """Every artist's size and popularity next to the listener's own artists.

    The size is 1 where as many listen as to the (geometric) middle of the own artists; the popularity is how many
    standard deviations of theirs the logarithm lies above. So it does not matter how many people a service knows.
    An artist of unknown size (0) counts as of size 1.
    """
    logs = [log1p(listeners[artist]) for artist in sorted(own) if listeners.get(artist)]
    everything = [log1p(x) for _, x in sorted(listeners.items()) if x]
    usual = sum(everything) / (len(everything) or 1)
    middle = sum(logs) / len(logs) if logs else usual
    squares = sum((x - middle) ** 2 for x in logs) + FEW * USUAL_SPREAD**2
    spread = sqrt(squares / (len(logs) + FEW))
    above = {artist: log1p(x) - middle if x else 0.0 for artist, x in listeners.items()}
    return {a: exp(x) for a, x in above.items()}, {a: x / spread for a, x in above.items()}


def length(values: Iterable[float]) -> float:
    """Of a vector; 1 for an empty one, which may then be divided by it."""
    return sqrt(sum(x * x for x in values)) or 1.0


def _rarity(carried: Collection[Mapping[str, float]]) -> dict[str, float]:
    count = Counter(tag for tags in carried for tag in tags)
    return {tag: log((len(carried) + 1) / (n + 0.5)) for tag, n in count.items()}
