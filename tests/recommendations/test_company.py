"""Who goes with whom by a house's own hours and credits."""

from __future__ import annotations

from aggregator.recommendations.company import CROWD, GAP, credited, together
from aggregator.recommendations.ranking import rank

HOUR = 3600


def test_artists_of_one_session_go_together_and_of_two_do_not():
    listens = [(0, "a"), (200, "b"), (200 + GAP, "c"), (5 * HOUR, "d"), (10 * HOUR, "a"), (10 * HOUR + 9, "b")]
    found = together(listens)
    assert found["a"] == [("b", 1.0), ("c", 1 / 2**0.5)]
    assert "d" not in found


def test_the_order_of_the_listens_does_not_matter():
    listens = [(n * 700, f"artist {n % 7}") for n in range(60)]
    assert together(listens) == together(reversed(listens))


def test_a_shuffled_library_says_nothing():
    assert together([(n, f"artist {n}") for n in range(CROWD + 1)]) == {}


def test_credits_name_company():
    assert credited([["a", "guest"], ["a"], ["b"]]) == {"a": [("guest", 1 / 2**0.5)], "guest": [("a", 1 / 2**0.5)]}


def test_owned_and_never_played_is_ranked_without_any_service():
    played = {"Slow Harbour": 50, "Iron Pony": 3}
    genres = {"Slow Harbour": {"dream pop": 100.0}, "Glass Ferry": {"dream pop": 100.0}, "Iron Pony": {"metal": 100.0}}
    guests = credited([["Slow Harbour", "Night Bakery"]])
    owned = ["Paper Moose", "Glass Ferry", "Night Bakery"]
    found = rank(
        played, lambda _: [], lambda artist: genres.get(artist, {}), [], 5,
        credited=lambda artist: guests.get(artist, []), among=owned,
    )  # fmt: skip
    assert found == [
        ("Glass Ferry", [("tag", "dream pop")]),
        ("Night Bakery", [("credited", "Slow Harbour")]),
        ("Paper Moose", []),
    ]
