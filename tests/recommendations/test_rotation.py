"""The order of the day, and rest for what was seen often."""

from __future__ import annotations

from collections import Counter

from aggregator.recommendations.rotation import REST, TIRED, Seen, drawn, rested

ITEMS = list(range(40))


def test_the_order_is_the_same_all_day_and_another_tomorrow():
    today = drawn(ITEMS, str, listener=1, day=100)
    assert today == drawn(ITEMS, str, listener=1, day=100)
    assert sorted(today) == ITEMS
    assert drawn(ITEMS, str, listener=1, day=101) != today
    assert drawn(ITEMS, str, listener=2, day=100) != today


def test_what_goes_leaves_the_others_in_their_order():
    today = drawn(ITEMS, str, listener=1, day=100)
    without = drawn([item for item in ITEMS if item != today[3]], str, listener=1, day=100)
    moved = [item for item in without if abs(without.index(item) - [i for i in today if i != today[3]].index(item)) > 2]
    assert not moved


def test_the_better_its_place_the_oftener_an_item_stands_high():
    first = Counter(item for day in range(400) for item in drawn(ITEMS, str, listener=1, day=day)[:5])
    assert first[0] > first[5] > first[20]
    assert len(first) > 15


def test_without_spread_the_best_come_first():
    assert drawn(ITEMS, str, listener=1, day=100, spread=0) == ITEMS


def test_what_was_seen_often_rests_and_comes_back():
    def there(days: int, last: int, day: int) -> bool:
        return rested(["album"], str, {"album": Seen(days, last)}, day) == ["album"]

    assert there(TIRED - 1, last=10, day=11)
    assert there(TIRED, last=10, day=10)  # the day on which it was seen once too often is not interrupted
    assert not there(TIRED, last=10, day=11)
    assert not there(TIRED, last=10, day=10 + REST)
    assert there(TIRED, last=10, day=11 + REST)
    assert there(TIRED + 1, last=50, day=51)  # after its rest it is fresh again ...
    assert not there(2 * TIRED, last=60, day=61)  # ... for as long as the first time


def test_what_was_never_seen_does_not_rest():
    assert rested(ITEMS, str, {}, 5) == ITEMS
