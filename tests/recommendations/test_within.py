"""A listener's own albums near what they play: found without any service, with true reasons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from aggregator import listeners, recommendations
from aggregator.plugin import Audio, Credit, Edition, Play, Track
from aggregator.store.schema import album, recommended

from .house import NOW, House

RECENT = datetime.fromtimestamp(NOW, UTC).replace(microsecond=0) - timedelta(days=3)
LONG_AGO = RECENT - timedelta(days=400, hours=6)


def own(house: House, artist: str, title: str, *, genre: str | None = None, guest: str | None = None) -> None:
    key, genres = f"{artist}/{title}", [genre] if genre else []
    credits = [Credit(name=artist)]
    song = [Credit(name=artist, join=" feat. "), Credit(name=guest)] if guest else credits
    audio = Audio(path=f"{key}.mp3", codec="mp3", size=1000)
    edition = Edition(id=key, title=title, credits=credits, total_tracks=1, genres=genres)
    slot = Track(
        id=f"{key}/1", title=f"{title} one", credits=song, edition=key, seconds=200, audio=audio, genres=genres
    )
    house.take(house.files, [edition, slot])


def hear(house: House, at: datetime, *artists: str) -> None:
    """In one sitting, ten minutes apart."""
    songs = [
        ("Low Tide one", "Low Tide", "Slow Harbour") if a == "Slow Harbour" else (f"{a} one", a, a) for a in artists
    ]
    house.take(
        house.scrobbles,
        [
            Play(at=at + timedelta(minutes=10 * n), title=title, credits=[Credit(name=artist)], album=album)
            for n, (title, album, artist) in enumerate(songs)
        ],
    )


@pytest.fixture
def shelf(empty_house: House) -> House:
    """Five artists in files, one of them played these days; no service."""
    house = empty_house
    own(house, "Slow Harbour", "Low Tide", genre="Dream pop")
    own(house, "Old Friend", "Old Friend")
    own(house, "Same Genre", "Same Genre", genre="Dream pop")
    own(house, "Collaborator", "Alone")
    own(house, "Slow Harbour", "Duets", guest="Collaborator")
    own(house, "Stranger", "Stranger", genre="Polka")
    for week in range(3):
        hear(house, LONG_AGO + timedelta(weeks=week), "Slow Harbour", "Old Friend")
    hear(house, RECENT, "Slow Harbour")
    house.refresh()
    return house


def near(house: House) -> dict[str, str]:
    return {card.title: card.why for row in house.discover().rows if row.key == "near" for card in row.cards}


def test_hours_credits_and_genres_say_who_is_near(shelf: House) -> None:
    assert near(shelf) == {
        "Old Friend": "Heard in the same hours as Slow Harbour",
        "Alone": "Named together with Slow Harbour in credits",
        "Same Genre": "Tagged dream pop like one of your artists",
    }


def test_an_own_album_can_be_played_and_spoken_of(shelf: House) -> None:
    card = next(card for row in shelf.discover().rows if row.key == "near" for card in row.cards)
    assert card.owned and card.play_claim is not None
    said = shelf.say("album", card.id, "less")
    assert said and card.title not in near(shelf)
    recommendations.take_back(shelf.store, shelf.me, said.id)
    assert card.title in near(shelf)


def test_what_is_heard_again_leaves_it(shelf: House) -> None:
    hear(shelf, RECENT + timedelta(hours=5), "Old Friend")
    shelf.refresh()
    assert "Old Friend" not in near(shelf)


def test_what_is_kept_out_says_nothing_of_who_is_near(shelf: House) -> None:
    at_home = listeners.Place(label="Here", latitude=0, longitude=0, zone="Etc/UTC")
    listeners.save_preferences(shelf.store, shelf.me, listeners.Preferences(place=at_home))
    first = LONG_AGO.hour
    recommendations.exclude(shelf.store, shelf.me, "hours", f"{(first - 1) % 24}-{(first + 2) % 24}")
    shelf.refresh()
    assert set(near(shelf)) == {"Alone", "Same Genre"}


def test_an_album_that_is_kept_out_is_not_near(shelf: House) -> None:
    own(shelf, "Collaborator", "Another")
    recommendations.exclude(shelf.store, shelf.me, "album", "Another")
    shelf.refresh()
    with shelf.store.read() as conn:
        stored = conn.scalars(select(recommended.c.item_id).where(recommended.c.kind == "own"))
        titles = conn.scalars(select(album.c.title).where(album.c.id.in_(stored.all()))).all()
    assert "Alone" in titles and "Another" not in titles


def test_it_is_no_album_to_buy(shelf: House) -> None:
    assert shelf.albums() == []
    assert not shelf.discover().new
