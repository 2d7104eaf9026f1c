"""Which look-ups recommendations live on, and that answers open the next ones."""

from __future__ import annotations

from aggregator import listeners, recommendations


def wanted(house):
    with house.store.read() as conn:
        return recommendations.wanted(conn, house.me)


def keys(house, method):
    return [look_up.key for look_up in wanted(house) if look_up.method == method]


def test_a_listeners_own_artists_are_asked_about_first_and_the_dearest_before_others(empty_house):
    house = empty_house
    house.own("Tin Lanterns", "Wicks")
    house.play("Slow Harbour", 12)
    assert keys(house, "similar") == ["slow harbour", "tin lanterns"]
    assert keys(house, "tags") == ["slow harbour", "tin lanterns"]
    assert keys(house, "albums_of") == ["slow harbour"], "played often enough to look for gaps"


def test_answers_open_further_questions(empty_house):
    house = empty_house
    house.own("Tin Lanterns", "Wicks")
    house.says_similar("Tin Lanterns", ["Paper Moose"])
    assert keys(house, "tags") == ["tin lanterns", "paper moose"]
    assert keys(house, "albums_of") == []
    house.says_tags("Paper Moose", "folk")
    assert keys(house, "albums_of") == ["paper moose"]


def test_friends_are_asked_through_their_own_account(house):
    friend = next(look_up for look_up in wanted(house) if look_up.method == "top_artists")
    assert (friend.key, friend.account_id) == ("mika", house.scrobbles)


def test_nobody_elses_friends_are_asked(house):
    theirs = house.account("theirs", listeners.create(house.store, "Bo", "member").id)
    house.befriend("Zoe", account_id=theirs)
    assert keys(house, "top_artists") == ["mika"]


def test_a_candidate_is_asked_about_with_the_ids_its_service_gave(house):
    ferry = next(look_up for look_up in wanted(house) if look_up.key == "glass ferry")
    assert ferry.argument.id == "artist:Glass Ferry"


def test_nothing_is_asked_for_an_empty_library(empty_house):
    assert wanted(empty_house) == []
