"""*Not interested* holds for ever, under any id, until it is taken back."""

from __future__ import annotations

from sqlalchemy import select

from aggregator import recommendations
from aggregator.plugin import Credit, Edition
from aggregator.store.schema import artist


def card(house, title):
    return next(card for card in [*house.albums(), *house.artists()] if card.title == title)


def test_a_dismissed_album_is_gone_at_once_and_stays_away(house):
    recommendations.dismiss(house.store, house.me, "album", card(house, "Rye").id)
    assert "Rye" not in house.titles()
    house.refresh()
    assert "Rye" not in house.titles()
    assert "Night Bakery" in {card.title for card in house.artists()}


def test_it_stays_away_under_another_services_id_and_edition(house):
    recommendations.dismiss(house.store, house.me, "album", card(house, "Rye").id)
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
    recommendations.dismiss(house.store, house.me, "album", card(house, "Rye").id)
    house.says_editions("Night Bakery", rye("two", "RYE (Deluxe Edition)"), Edition(id="s", title="Sourdough"))
    house.refresh()
    assert not [title for title in house.stored() if title.upper().startswith("RYE")]
    assert "Sourdough" in house.titles()


def test_a_dismissed_artists_missing_albums_are_not_looked_for(house):
    with house.store.read() as conn:
        harbour = conn.scalar(select(artist.c.id).where(artist.c.name == "Slow Harbour"))
    recommendations.dismiss(house.store, house.me, "artist", harbour)
    assert "High Water" not in house.titles()
    house.refresh()
    assert "High Water" not in house.stored()


def test_undo_brings_it_back_at_once(house):
    before = house.albums()
    said = recommendations.dismiss(house.store, house.me, "album", card(house, "Rye").id)
    assert recommendations.restore(house.store, house.me, said)
    assert house.albums() == before
    assert not recommendations.restore(house.store, house.me, said), "undone before"


def test_undo_after_the_next_refresh_needs_another_one(house):
    said = recommendations.dismiss(house.store, house.me, "album", card(house, "Rye").id)
    house.refresh()
    recommendations.restore(house.store, house.me, said)
    house.refresh()
    assert "Rye" in house.titles()


def test_a_dismissed_artist_takes_the_albums_along(house):
    recommendations.dismiss(house.store, house.me, "artist", card(house, "Glass Ferry").id)
    for _ in range(2):
        assert not [title for title in house.titles() if "Crossing" in title]
        assert "Glass Ferry" not in {card.title for card in house.artists()}
        house.refresh()


def test_saying_it_twice_is_saying_it_once(house):
    rye = card(house, "Rye").id
    first = recommendations.dismiss(house.store, house.me, "album", rye)
    assert recommendations.dismiss(house.store, house.me, "album", rye) == first
    with house.store.read() as conn:
        assert [d.title for d in recommendations.dismissals(conn, house.me)] == ["Rye"]


def test_what_does_not_exist_cannot_be_dismissed(house):
    assert recommendations.dismiss(house.store, house.me, "album", 999_999) is None


def test_one_listeners_word_does_not_bind_another(house):
    from aggregator import listeners

    said = recommendations.dismiss(house.store, house.me, "album", card(house, "Rye").id)
    other = listeners.create(house.store, "Bo", "member").id
    assert not recommendations.restore(house.store, other, said)
    with house.store.read() as conn:
        assert recommendations.dismissals(conn, other) == []
