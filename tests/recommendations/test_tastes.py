"""Clusters of taste and the lists shared out among them; each function alone."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from aggregator.recommendations.tastes import MOST, OVERDRAWN, belongs, shared_out, tastes

TAGS = {
    "Slow Harbour": {"dream pop": 100, "indie": 60},
    "Tin Lanterns": {"dream pop": 80, "indie": 40},
    "Glass Ferry": {"dream pop": 90},
    "Iron Pony": {"doom metal": 100, "metal": 90},
    "Grave Bakery": {"metal": 100, "doom metal": 30},
}
PLAYS = {"Slow Harbour": 60, "Tin Lanterns": 20, "Glass Ferry": 10, "Iron Pony": 6, "Grave Bakery": 4}


def test_artists_with_the_same_words_are_one_taste_named_after_the_heaviest():
    dreamy, heavy = tastes(PLAYS, TAGS)
    assert (dreamy.name, dreamy.artists) == ("dream pop", {"Slow Harbour", "Tin Lanterns", "Glass Ferry"})
    assert heavy.artists == {"Iron Pony", "Grave Bakery"}
    assert (round(dreamy.share, 6), round(heavy.share, 6)) == (0.9, 0.1)


def test_without_words_the_company_they_are_named_in_tells():
    lists = {"Slow Harbour": ["Tin Lanterns", "x", "y"], "Tin Lanterns": ["Slow Harbour", "x", "y"], "Iron Pony": ["z"]}
    found = tastes({"Slow Harbour": 5, "Tin Lanterns": 5, "Iron Pony": 5}, {}, lists)
    assert [set(taste.artists) for taste in found] == [{"Slow Harbour", "Tin Lanterns"}, {"Iron Pony"}]
    assert {taste.name for taste in found} == {""}


def test_what_is_too_small_joins_the_nearest():
    plays = {**PLAYS, "Iron Pony": 1, "Grave Bakery": 1}
    assert len(tastes(plays, TAGS)) == 1


@given(
    plays=st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 500), min_size=1, max_size=30),
    dice=st.randoms(use_true_random=False),
)
def test_every_artist_is_in_one_taste_and_the_order_of_what_is_given_does_not_matter(plays, dice):
    tags = {artist: dict.fromkeys(artist, 50) for artist in plays}
    found = tastes(plays, tags)
    assert Counter(artist for taste in found for artist in taste.artists) == Counter(plays.keys())
    assert abs(sum(taste.share for taste in found) - 1) < 1e-9
    assert len(found) <= MOST
    items = list(plays.items())
    dice.shuffle(items)
    assert tastes(dict(items), tags) == found


def test_a_candidate_belongs_where_its_words_or_its_neighbours_are():
    found = tastes(PLAYS, TAGS)
    assert belongs({"metal": 100}, [], found) == 1
    assert belongs({}, ["Glass Ferry"], found) == 0
    assert belongs({}, [], found) is None
    assert belongs({"polka": 100}, [], found) is None


@given(
    of=st.lists(st.sampled_from([0, 1, 2, None]), max_size=60),
    weights=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
)
def test_a_list_is_shared_out_by_plays_and_loses_nothing(of, weights):
    shares = [x / sum(weights) for x in weights]
    items = list(enumerate(of))
    found = shared_out(items, lambda item: item[1], shares)
    assert sorted(found, key=lambda item: item[0]) == items
    for taste in (0, 1, 2, None):
        assert [item for item in found if item[1] == taste] == [item for item in items if item[1] == taste]
    left = Counter(of)
    given_to: Counter[int | None] = Counter()
    for _, taste in found:
        given_to[taste] += 1
        so_far = given_to.total() - given_to[None]
        if taste is not None and all(left[other] > given_to[other] for other in (0, 1, 2)):
            assert given_to[taste] - shares[taste] * so_far <= OVERDRAWN + 1e-9


def test_one_taste_cannot_crowd_out_another():
    ranked = ["pop"] * 50 + ["jazz"] * 10
    found = shared_out(ranked, ["pop", "jazz"].index, [0.8, 0.2])
    assert Counter(found[:20])["jazz"] in (3, 4)


def test_it_does_not_take_long_for_five_thousand_artists():
    dice = Random(1)
    plays = {f"artist {n}": dice.randint(1, 900) for n in range(5000)}
    words = [f"tag {n}" for n in range(40)]
    tags = {artist: dict(zip(dice.sample(words, 3), (100, 60, 20), strict=True)) for artist in plays}
    found = tastes(plays, tags)
    assert sum(len(taste.artists) for taste in found) == 5000
