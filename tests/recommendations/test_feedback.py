"""What is said of a recommendation holds under any id until it is taken back, and says what it changed."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from aggregator import recommendations
from aggregator.library import erasing, merging
from aggregator.plugin import Credit, Edition
from aggregator.store.schema import artist, run


def card(house, title):
    return next(card for card in [*house.albums(), *house.artists()] if card.title == title)


def test_a_refused_album_is_gone_at_once_and_stays_away(house):
    house.say("album", card(house, "Rye").id, "never")
    assert "Rye" not in house.titles()
    house.refresh()
    assert "Rye" not in house.titles()
    assert "Night Bakery" in {card.title for card in house.artists()}


def test_it_stays_away_under_another_services_id_and_edition(house):
    house.say("album", card(house, "Rye").id, "never")
    elsewhere = house.account("elsewhere", house.me)
    house.says_albums("Night Bakery", "Rye (Remastered)", "Sourdough", account_id=elsewhere, ids="other:")
    house.says_albums("Night Bakery")
    house.refresh()
    assert "Sourdough" in house.titles()
    assert not [title for title in house.titles() if title.startswith("Rye")]


def test_it_stays_away_where_the_library_takes_it_for_another_album(house):
    def rye(release_group, title="Rye"):
        ids = {"release_group": release_group}
        return Edition(id=release_group, title=title, credits=[Credit(name="Night Bakery")], ids=ids)

    house.says_editions("Night Bakery", rye("one"))
    house.refresh()
    house.say("album", card(house, "Rye").id, "never")
    house.says_editions("Night Bakery", rye("two", "RYE (Deluxe Edition)"), Edition(id="s", title="Sourdough"))
    house.refresh()
    assert not [title for title in house.stored() if title.upper().startswith("RYE")]
    assert "Sourdough" in house.titles()


def test_a_refused_artists_missing_albums_are_not_looked_for(house):
    with house.store.read() as conn:
        harbour = conn.scalar(select(artist.c.id).where(artist.c.name == "Slow Harbour"))
    house.say("artist", harbour, "never")
    assert "High Water" not in house.titles()
    house.refresh()
    assert "High Water" not in house.stored()


def test_undo_brings_it_back_at_once(house):
    before = house.albums()
    said = house.say("album", card(house, "Rye").id, "never").id
    assert recommendations.take_back(house.store, house.me, said)
    assert house.albums() == before
    assert not recommendations.take_back(house.store, house.me, said), "undone before"


def test_undo_after_the_next_refresh_needs_another_one(house):
    said = house.say("album", card(house, "Rye").id, "never").id
    house.refresh()
    recommendations.take_back(house.store, house.me, said)
    house.refresh()
    assert "Rye" in house.titles()


def test_a_refused_artist_takes_the_albums_along(house):
    house.say("artist", card(house, "Glass Ferry").id, "never")
    for _ in range(2):
        assert not [title for title in house.titles() if "Crossing" in title]
        assert "Glass Ferry" not in {card.title for card in house.artists()}
        house.refresh()


def test_saying_it_twice_is_saying_it_once(house):
    rye = card(house, "Rye").id
    first = house.say("album", rye, "never")
    assert house.say("album", rye, "never") == first
    with house.store.read() as conn:
        assert [d.title for d in recommendations.said_by(conn, house.me)] == ["Rye"]


def test_what_does_not_exist_cannot_be_spoken_of(house):
    assert house.say("album", 999_999, "never") is None


def test_one_listeners_word_does_not_bind_another(house):
    from aggregator import listeners

    said = house.say("album", card(house, "Rye").id, "never").id
    other = listeners.create(house.store, "Bo", "member").id
    assert not recommendations.take_back(house.store, other, said)
    with house.store.read() as conn:
        assert recommendations.said_by(conn, other) == []


# --- more, less, already known ----------------------------------------------------------------------------------------


def crowd(house):
    """Twenty more acts that services name: ten of dream pop, ten of doom metal, in turns."""
    names = [f"{kind} {n}" for n in range(10) for kind in ("Dream", "Doom")]
    house.says_similar("Slow Harbour", ["Glass Ferry", "Night Bakery", *names])
    for name in names:
        house.says_tags(name, "dream pop" if name.startswith("Dream") else "doom metal")
        house.says_albums(name, f"{name} first", f"{name} second", f"{name} third")
    house.refresh()
    return house


def place(house, title):
    return house.titles().index(title)


def test_more_lifts_what_is_like_it_and_says_how_many(house):
    before = place(crowd(house), "Doom 9 first"), place(house, "Dream 9 first")
    said = house.say("album", card(house, "Doom 0 first").id, "more")
    assert place(house, "Doom 9 first") < before[0]
    assert place(house, "Dream 9 first") > before[1]
    moved = re.fullmatch(r"More like Doom 0 first: (\d+) of 40 moved up.", said.effect)
    assert moved and int(moved[1]) >= 10
    assert "Doom 0 first" in house.titles(), "it stays"


def test_less_takes_it_away_and_lowers_what_is_like_it(house):
    before = place(crowd(house), "Dream 1 first"), place(house, "Doom 9 first")
    said = house.say("album", card(house, "Dream 0 first").id, "less")
    assert place(house, "Dream 1 first") > before[0]
    assert place(house, "Doom 9 first") < before[1]
    assert "Dream 0 first" not in house.titles()
    assert re.fullmatch(r"Fewer like Dream 0 first: [1-9]\d* of 40 moved down.", said.effect)


def test_a_word_about_an_artist_moves_those_like_the_artist(house):
    before = place(crowd(house), "Doom 4 first")
    house.say("artist", card(house, "Dream 2").id, "less")
    assert "Dream 2" not in {each.title for each in house.artists()}
    assert place(house, "Doom 4 first") < before
    assert place(house, "Dream 2 first") > place(house, "Doom 9 first")


def test_who_is_known_already_is_no_new_artist_but_their_albums_stay(house):
    said = house.say("artist", card(house, "Glass Ferry").id, "know")
    assert "Glass Ferry" not in {each.title for each in house.artists()}
    assert "Crossing" in house.titles()
    assert said.effect.startswith("Glass Ferry counts as known")
    house.refresh()
    assert "Glass Ferry" not in {each.title for each in house.artists()}


def test_an_album_that_is_known_already_is_not_shown_again(house):
    house.say("album", card(house, "Rye").id, "know")
    house.refresh()
    assert "Rye" not in house.titles()


@pytest.mark.parametrize("word", recommendations.WORDS)
@pytest.mark.parametrize("kind", ["album", "artist"])
def test_undo_restores_the_list_exactly(house, kind, word):
    crowd(house)
    before = house.albums(), house.artists()
    said = house.say(kind, (before[0] if kind == "album" else before[1])[3].id, word)
    assert (house.albums(), house.artists()) != before or word == "more"
    house.refresh()
    assert recommendations.take_back(house.store, house.me, said.id).id == said.id
    house.refresh()
    assert (house.albums(), house.artists()) == before


def test_the_last_word_about_a_thing_holds(house):
    rye = card(house, "Rye").id
    house.say("album", rye, "never")
    house.say("album", rye, "more")
    assert "Rye" in house.titles()
    with house.store.read() as conn:
        assert [(one.title, one.word) for one in recommendations.said_by(conn, house.me)] == [("Rye", "more")]


def test_more_of_an_artist_who_was_refused_brings_their_albums_back(house):
    artist = card(house, "Night Bakery").id
    before = set(house.titles())
    house.say("artist", artist, "never")
    assert set(house.titles()) < before
    said = house.say("artist", artist, "more")
    assert said.word == "more"
    assert set(house.titles()) == before


def test_less_of_a_kind_survives_the_thing_it_was_said_of(house):
    """Its service lists it no more, and another one has it under another number."""
    before = place(crowd(house), "Doom 1 first")
    house.say("album", card(house, "Doom 0 first").id, "less")
    elsewhere = house.account("elsewhere", house.me)
    house.says_albums("Doom 0", "Doom 0 first (Deluxe Edition)", account_id=elsewhere, ids="other:")
    house.says_albums("Doom 0")
    house.refresh()
    assert not [title for title in house.titles() if title.startswith("Doom 0 first")]
    assert place(house, "Doom 1 first") > before


@pytest.mark.parametrize("word", ["never", "less", "know"])
def test_a_word_survives_the_account_it_was_said_of(house, word):
    house.say("album", card(house, "Rye").id, word)
    erasing.erase(house.store, house.scrobbles)
    merging.merge(house.store)
    elsewhere = house.account("elsewhere", house.me)
    house.says_similar("Slow Harbour", ["Night Bakery"], elsewhere)
    house.says_albums("Night Bakery", "Rye", "Sourdough", account_id=elsewhere, ids="other:")
    house.refresh()
    assert "Sourdough" in house.titles()
    assert "Rye" not in house.titles()


def test_the_list_is_asked_to_be_made_anew(house):
    house.say("album", card(house, "Rye").id, "never")
    with house.store.read() as conn:
        assert conn.execute(select(run.c.what, run.c.asked_by, run.c.state)).all() == [
            ("recommend", "listener", "queued")
        ]
