"""The ranking alone: true reasons, one answer whatever the order, few look-ups, and one scoring function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.recommendations import ranking
from aggregator.recommendations.ranking import KEPT, NOVELTY, SEEDS, STEPS, TAGS, gather, rank
from tests.benchmarks.recommend import recommend

TAG_WORDS = [f"tag {n}" for n in range(12)]


class World:
    """Services that know `size` invented artists; counts what they are asked."""

    def __init__(self, size: int, seed: int = 1) -> None:
        dice = Random(seed)
        self.artists = [f"artist {n:04}" for n in range(size)]
        self.lists = {
            one: [(other, round(1 - place / 120, 3)) for place, other in enumerate(self._others(one, dice))]
            for one in self.artists
        }
        self.tagged = {
            one: {tag: dice.randint(1, 100) for tag in dice.sample(TAG_WORDS, dice.randint(0, 5))}
            for one in self.artists
        }
        self.fans = {one: dice.randint(1, 5000) for one in self.artists}
        self.lists_asked: set[str] = set()
        self.facts_asked: set[str] = set()

    def _others(self, one: str, dice: Random) -> list[str]:
        return dice.sample([other for other in self.artists if other != one], min(100, len(self.artists) - 1))

    def similar(self, artist: str) -> list[tuple[str, float]]:
        self.lists_asked.add(artist)
        return self.lists.get(artist, [])

    def tags(self, artist: str) -> Mapping[str, int]:
        self.facts_asked.add(artist)
        return self.tagged.get(artist, {})

    def listeners(self, artist: str) -> int:
        self.facts_asked.add(artist)
        return self.fans.get(artist, 0)

    def tag_artists(self, tag: str) -> list[tuple[str, int]]:
        self.lists_asked.add(tag)
        return [(one, tags[tag]) for one, tags in self.tagged.items() if tag in tags][:100]

    def is_true(self, artist: str, reason: ranking.Reason, visible: Mapping[str, int], friends: Sequence) -> bool:
        match reason:
            case ("similar", seed):
                return seed in visible and artist in dict(self.lists[seed])
            case ("friend", number):
                return artist in friends[number]
            case ("tag", tag):
                return tag in self.tagged[artist] and any(tag in self.tagged.get(own, {}) for own in visible)
        return False


WORLD = World(160)
plays = st.dictionaries(st.sampled_from(WORLD.artists), st.integers(1, 2000), max_size=30)


def ranked(visible, friends, world=WORLD, k=60, **more):
    return rank(visible, world.similar, world.tags, friends, k, **more)


@given(visible=plays, friends=st.lists(plays, max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_reason_is_true_and_nothing_known_is_recommended(visible, friends):
    found = ranked(visible, friends, tag_artists=WORLD.tag_artists, listeners=WORLD.listeners)
    names = [artist for artist, _ in found]
    assert len(names) == len(set(names)) <= 60
    assert not visible.keys() & set(names)
    for artist, reasons in found:
        assert reasons
        assert all(WORLD.is_true(artist, reason, visible, friends) for reason in reasons)


@given(visible=plays, friends=st.lists(plays, max_size=4), dice=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_what_is_given_does_not_matter(visible, friends, dice):
    def shuffled(mapping):
        items = list(mapping.items())
        dice.shuffle(items)
        return dict(items)

    mixed = [shuffled(friend) for friend in friends]
    dice.shuffle(mixed)
    assert [a for a, _ in ranked(visible, friends)] == [a for a, _ in ranked(shuffled(visible), mixed)]


def test_a_new_install_with_five_artists_gets_a_full_list():
    visible = dict.fromkeys(WORLD.artists[:5], 7)
    assert len(ranked(visible, [])) == 60


def test_without_any_answer_there_is_nothing_to_recommend():
    assert rank({"somebody": 9}, lambda _: [], lambda _: {}, [], 10) == []


def test_the_chart_fills_up_but_is_no_personal_reason():
    found = rank({"a": 1}, lambda _: [("b", 1.0)], lambda _: {}, [], 3, chart=["a", "b", "c", "d", "e"])
    assert found == [("b", [("similar", "a")]), ("c", [("chart",)]), ("d", [("chart",)])]


def test_a_neighbour_of_much_played_artists_goes_before_one_of_a_little_played():
    lists = {"loud": [("near loud", 1.0)], "quiet": [("near quiet", 1.0)]}
    found = rank({"loud": 500, "quiet": 2}, lambda a: lists.get(a, []), lambda _: {}, [], 5)
    assert [artist for artist, _ in found] == ["near loud", "near quiet"]


def test_a_friend_of_like_taste_counts_more_than_another():
    alike, other = {"mine": 50, "theirs": 50}, {"elsewhere": 50, "far": 50}
    found = rank({"mine": 50}, lambda _: [], lambda _: {}, [other, alike], 5)
    assert found[0] == ("theirs", [("friend", 1)])


def popularity_of_the_first_fifty(novelty: int, **services) -> float:
    world = World(900, seed=4)
    found = ranked(dict.fromkeys(world.artists[:12], 9), [], world, k=50, novelty=novelty, **services)
    order = sorted(world.artists, key=lambda artist: world.fans[artist])
    return sum(order.index(artist) for artist, _ in found)


def test_every_step_of_novelty_asks_for_less_popular_artists():
    world = World(900, seed=4)
    steps = [popularity_of_the_first_fifty(step, listeners=world.listeners) for step in range(STEPS)]
    assert steps == sorted(set(steps), reverse=True)
    assert 0 < NOVELTY < STEPS - 1


def test_with_no_count_of_listeners_what_is_named_often_counts_as_popular():
    own = {f"own {n}": 5 for n in range(8)}
    lists = {artist: [(f"rare {artist}", 1.0), ("hit", 0.3), (f"rarer {artist}", 0.2)] for artist in own}

    evidence = gather(own, lambda a: lists.get(a, []), lambda _: {}, [])
    assert evidence.popularity["hit"] > 0 > evidence.popularity["rare own 1"]
    unknown = gather(own, lambda a: lists.get(a, []), lambda _: {}, [], listeners=lambda _: 1)
    assert unknown.popularity == evidence.popularity


def test_the_scale_on_which_a_service_counts_listeners_does_not_matter():
    world = World(300, seed=3)
    visible = dict.fromkeys(world.artists[:12], 9)
    small = ranked(visible, [], world, k=30, listeners=lambda artist: 1000 * world.fans[artist])
    large = ranked(visible, [], world, k=30, listeners=lambda artist: 900_000 * world.fans[artist])
    assert [artist for artist, _ in small] == [artist for artist, _ in large]


def test_who_plays_the_obscure_is_recommended_the_obscure():
    lists = {f"own {n}": [("star", 0.5), ("peer", 0.5)][:: 1 if n % 2 else -1] for n in range(6)}
    fans = {"star": 90_000, "peer": 900}

    def first(size: int) -> str:
        found = rank(
            dict.fromkeys(lists, 5), lambda a: lists.get(a, []), lambda _: {}, [], 2,
            listeners=lambda artist: fans.get(artist, size),
        )  # fmt: skip
        return found[0][0]

    assert (first(size=1_000), first(size=100_000)) == ("peer", "star")


def test_look_ups_stay_within_the_budget():
    world = World(3000)
    visible = dict.fromkeys(world.artists[:90], 3)
    ranked(visible, [], world, tag_artists=world.tag_artists, listeners=world.listeners)
    assert len(world.lists_asked) <= SEEDS + TAGS == 75
    assert len(world.facts_asked) <= SEEDS + KEPT <= 1500


def test_product_and_benchmark_rank_by_the_same_function(monkeypatch: pytest.MonkeyPatch):
    visible = dict.fromkeys(WORLD.artists[:8], 5)
    before = ranked(visible, []), recommend(visible, WORLD.similar, WORLD.tags, [], 60)
    assert before[0] == before[1]
    monkeypatch.setattr(ranking, "score", lambda signals, known: {artist: -x for artist, x in signals["near"].items()})
    after = ranked(visible, []), recommend(visible, WORLD.similar, WORLD.tags, [], 60)
    assert after[0] == after[1] != before[0]
