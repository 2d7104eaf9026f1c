"""What services answered, as the ranking reads it: several services in one, in whatever order their answers came."""

from __future__ import annotations

import json
import random

from sqlalchemy import select

from aggregator.plugin import Credit, Edition, Show, Venue
from aggregator.recommendations.heard import Heard
from aggregator.store.schema import question

FIRST, SECOND = 7, 3  # in the order of accounts, which is not that of their numbers


def artist(name, **ids):
    return {"type": "artist", "id": f"{name}!", "name": name, "ids": ids}


def heard(*said):
    answers = [(account, method, key, json.dumps(items)) for account, method, key, items in said]
    return Heard(answers, [FIRST, SECOND])


def album(title, popularity=None, **more):
    said = {"type": "edition", "id": title, "title": title, **more}
    return said if popularity is None else {**said, "popularity": popularity}


def titles(known):
    return [found.record["title"] for found in known.albums["a"]]


SAID = [
    (FIRST, "similar", "a", [[artist("B"), 0.4], [artist("C"), 0.3]]),
    (SECOND, "similar", "a", [[artist("C", mbid="m"), 0.9], [artist("D"), 0.1]]),
    (FIRST, "tags", "a", [{"name": "Dream Pop", "weight": 60}]),
    (SECOND, "tags", "a", [{"name": "dream pop"}, {"name": "slow", "weight": 5}]),
    (FIRST, "tag_artists", "dream pop", [[artist("B"), 4000], [artist("D"), 1000]]),
    (SECOND, "tag_artists", "dream pop", [[artist("D"), 3]]),
    (FIRST, "listeners", "b", [900]),
    (SECOND, "listeners", "b", [30]),
    (SECOND, "listeners", "c", []),
    (FIRST, "listeners", "d", [100]),
    (FIRST, "chart", "", [artist("B"), artist("D"), artist("E")]),
    (SECOND, "chart", "", [artist("D"), artist("B"), artist("F")]),
]


def everything(known):
    tagged, numbers = known.tag_artists["dream pop"], [known.listeners(key) for key in "abcd"]
    names = {key: (known.named(key).account_id, known.named(key).record["id"]) for key in "bcd" if known.similar["a"]}
    return dict(known.similar["a"]), dict(known.tags["a"]), dict(tagged), numbers, known.chart, names


def test_of_two_services_the_greater_number_counts():
    near, tags, tagged, numbers, _, _ = everything(heard(*SAID))
    assert near == {"b": 0.4, "c": 0.9, "d": 0.1}
    assert tags == {"dream pop": 100.0, "slow": 5}
    assert tagged == {"b": 1000, "d": 1000}, "services are of different size: each counts from its own most used"
    assert numbers == [500, 900, 500, 100], "of whom nobody told, the usual number"


def test_whoever_stands_high_in_most_charts_comes_first():
    assert heard(*SAID).chart == ["b", "d", "e", "f"]
    assert heard().chart == [] and heard().listeners("a") == 1


def test_an_artist_is_the_one_with_an_mbid_and_else_the_first_accounts():
    names = everything(heard(*SAID))[-1]
    assert names == {"b": (FIRST, "B!"), "c": (SECOND, "C!"), "d": (FIRST, "D!")}


def test_the_order_in_which_answers_came_is_nothing():
    dice = random.Random(5)
    told = everything(heard(*SAID))
    for _ in range(40):
        assert everything(heard(*dice.sample(SAID, len(SAID)))) == told


def test_albums_of_two_services_are_told_once_and_in_one_order():
    known = heard(
        (FIRST, "albums_of", "a", [album("Low Tide", 90_000), album("Crossing", 9_000), album("Rye", 1_000)]),
        (SECOND, "albums_of", "a", [album("Crossing", 50, form="ep", released="2024"), album("Low Tide (Deluxe)", 20)]),
    )
    assert titles(known) == ["Low Tide", "Crossing", "Rye"]
    assert known.albums["a"][1].account_id == SECOND, "the one that says form and day stands for it"


def test_nothing_is_taken_apart_that_nobody_asks_for():
    known = heard((FIRST, "similar", "a", [[artist("B"), 1.0]]))
    known._said["similar"]["z"] = [(FIRST, "this is no JSON")]
    assert "z" in known.similar and list(known.similar["a"]) == ["b"]


def test_the_whole_list_is_the_same_whatever_answers_came_first(empty_house):
    house = empty_house
    house.own("Tin Lanterns", "Wicks")
    steps = [
        lambda: house.says_similar("Tin Lanterns", ["Paper Moose", "Night Bakery"]),
        lambda: house.says_tags("Tin Lanterns", "folk"),
        lambda: house.says_tags("Paper Moose", "folk"),
        lambda: house.says_albums("Paper Moose", "Antlers"),
        lambda: house.says_albums("Night Bakery", "Rye"),
        lambda: house.answer("listeners", "paper moose", [500]),
    ]
    lists = []
    for order in ([0, 1, 2, 3, 4, 5], [5, 3, 4, 0, 2, 1]):
        with house.store.write() as conn:
            conn.exec_driver_sql("DELETE FROM answer")
        for step in order:
            steps[step]()
        house.refresh()
        lists.append([(card.title, card.why) for card in [*house.albums(), *house.artists()]])
    assert lists[0] == lists[1] and len(lists[0]) == 4


def test_what_is_only_recommended_is_worth_no_question(house):
    theirs = house.account("listing", None)
    bill = Show(
        id="1", title="A night", day="2027-05-01", venue=Venue(name="Hall"), lineup=[Credit(name="Glass Ferry")]
    )
    house.take(theirs, [bill])
    house.refresh()
    with house.store.read() as conn:
        assert conn.execute(select(question)).all() == []


def test_an_album_of_an_own_artist_is_by_that_artist_whoever_named_it(house):
    shop = house.account("shop", None)
    by = [Credit(name="Slow Harbour", id="77", ids={"shop": "77"})]
    house.says_editions("Slow Harbour", Edition(id="9", title="High Water", credits=by), account_id=shop)
    house.refresh()
    (card,) = [card for card in house.albums() if card.title == "High Water"]
    own = next(card.completes for card in house.albums() if card.completes)
    assert card.artist_id == own.id
