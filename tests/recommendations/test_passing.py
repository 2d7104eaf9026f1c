"""What was claimed for recommendations alone goes once it is of no use, and nothing else does."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from aggregator import recommendations, stars
from aggregator.library import decisions, merging
from aggregator.recommendations.passing import KEEP
from aggregator.store.schema import album, claim, link

from .house import NOW, House

LATER = NOW + KEEP + 86_400


def found(house: House) -> set[str]:
    with house.store.read() as conn:
        return set(conn.scalars(select(album.c.title)))


def later(house: House) -> int:
    """A month on: the services name nobody any more, and the list is made anew."""
    house.says_similar("Slow Harbour", [])
    house.says_similar("Tin Lanterns", [])
    house.answer("top_artists", "mika", [])
    house.says_albums("Slow Harbour")
    house.refresh()
    gone = recommendations.forget_unused(house.store, LATER)
    merging.merge(house.store)
    return gone


def item(house: House, title: str) -> int:
    return next(card.id for card in house.albums() if card.title == title)


def test_what_nobody_is_recommended_any_more_goes_with_its_artists(house: House) -> None:
    with house.store.read() as conn:
        before = conn.scalar(select(func.count()).select_from(claim)) or 0
        made = conn.scalar(select(func.count()).select_from(claim).where(claim.c.scope == "discovery")) or 0
    assert made > 5
    assert later(house) >= made
    assert found(house) == {"Low Tide", "Wicks"}
    with house.store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(claim).where(claim.c.scope == "discovery")) == 0
        assert (conn.scalar(select(func.count()).select_from(claim)) or 0) <= before - made
        assert conn.scalar(select(func.count()).select_from(link).where(link.c.item_id.not_in(select(claim.c.id)))) == 0
    assert recommendations.forget_unused(house.store, LATER) == 0, "once is enough"


def test_what_is_recommended_still_or_is_young_stays(house: House) -> None:
    listed = set(house.titles())
    recommendations.forget_unused(house.store, LATER)
    merging.merge(house.store)
    assert set(house.titles()) == listed
    house.says_albums("Night Bakery")
    house.refresh()
    assert recommendations.forget_unused(house.store, NOW) == 0
    assert "Rye" in found(house)


def test_a_bought_album_keeps_its_number(house: House) -> None:
    rye = item(house, "Rye")
    house.own("Night Bakery", "Rye")
    later(house)
    with house.store.read() as conn:
        assert conn.scalar(select(link.c.item_id).where(link.c.claim_id == rye)) == rye
        assert conn.scalar(select(album.c.title).where(album.c.id == rye)) == "Rye"


@pytest.mark.parametrize("word", recommendations.WORDS)
def test_what_was_spoken_of_stays_and_can_be_taken_back(house: House, word: recommendations.Word) -> None:
    said = house.say("album", item(house, "Rye"), word)
    assert said
    later(house)
    assert found(house) == {"Low Tide", "Wicks", "Rye"}
    assert recommendations.take_back(house.store, house.me, said.id)


def test_a_favourite_and_a_decision_stay(house: House) -> None:
    stars.put(house.store, house.me, "album", item(house, "Rye"))
    pair = [item(house, "Crossing"), item(house, "Antlers")]
    decision = decisions.same(house.store, house.me, "album", pair)
    later(house)
    assert {"Rye"} < found(house) - {"Low Tide", "Wicks"}
    decisions.undo(house.store, house.me, decision)
    assert found(house) >= {"Rye", "Crossing", "Antlers"}
