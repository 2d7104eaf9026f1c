"""Which look-ups recommendations live on, and that answers open the next ones."""

from __future__ import annotations

from aggregator import listeners, recommendations
from aggregator.recommendations import knowledge
from aggregator.recommendations.heard import tag_key


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


def test_what_the_ranking_asks_is_what_services_are_asked(house):
    with house.store.read() as conn:
        known = knowledge.read(conn, house.me)
    known.ranked(100)
    asked = {(each.method, each.key) for each in wanted(house)}
    assert {(method, tag_key(key) if method == "tag_artists" else key) for method, key in known.asked} <= asked
    assert {method for method, _ in known.asked} == {"similar", "tags", "tag_artists", "listeners"}


def test_the_artists_of_a_favourite_tag_come_into_the_list(empty_house):
    house = empty_house
    house.own("Tin Lanterns", "Wicks")
    house.says_tags("Tin Lanterns", "lantern folk")
    assert [look_up.argument for look_up in wanted(house) if look_up.method == "tag_artists"] == ["lantern folk"]
    house.answer("tag_artists", "lantern folk", [[{"type": "artist", "id": "w", "name": "Wick Trimmers"}, 9]])
    house.says_tags("Wick Trimmers", "lantern folk")
    house.refresh()
    [card] = house.artists()
    assert (card.name, card.why) == ("Wick Trimmers", "Tagged lantern folk like one of your artists")


def test_each_question_is_asked_once(house):
    questions = [(each.method, each.key, each.account_id) for each in wanted(house)]
    assert len(questions) == len(set(questions))
    assert ("chart", "", None) in questions
