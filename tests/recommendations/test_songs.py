"""Songs to try: a listener's own, not heard or not for long, for true reasons; a word of them holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator import recommendations
from aggregator.plugin import Credit, Play

from .house import NOW, House


@pytest.fixture
def shelf(empty_house: House) -> House:
    """Slow Harbour is played these days, except for one song; Old Signal was heard two years ago."""
    house = empty_house
    house.own("Slow Harbour", "Low Tide")
    house.own("Slow Harbour", "Unopened")
    house.own("Old Signal", "Once loved")
    hear(house, "Slow Harbour", "Low Tide", days_ago=3, times=41)
    hear(house, "Old Signal", "Once loved", days_ago=700)
    house.refresh()
    return house


def hear(house: House, artist: str, album: str, days_ago: int, times: int = 1) -> None:
    """The album's song, hour after hour until so many days ago."""
    last = datetime.fromtimestamp(NOW, UTC) - timedelta(days=days_ago)
    credits = [Credit(name=artist)]
    plays = [
        Play(at=last - timedelta(hours=n), title=f"{album} one", credits=credits, album=album) for n in range(times)
    ]
    house.take(house.scrobbles, plays)


def songs(house: House) -> dict[str, recommendations.Card]:
    return {card.title: card for row in house.discover().rows if row.key == "songs" for card in row.cards}


def test_what_was_never_heard_or_not_for_long_can_be_tried_and_played(shelf: House) -> None:
    found = songs(shelf)
    assert set(found) == {"Unopened one", "Once loved one"}
    assert found["Unopened one"].why == "You have it and never played it, though you play Slow Harbour (41 plays)"
    assert found["Once loved one"].why.startswith("Last heard in ")
    assert all(card.play_claim is not None for card in found.values())


def test_a_song_is_gone_once_it_was_heard(shelf: House) -> None:
    hear(shelf, "Slow Harbour", "Unopened", days_ago=1)
    assert "Unopened one" not in songs(shelf)


@pytest.mark.parametrize("word", ["less", "never", "know"])
def test_a_word_takes_the_song_away_until_it_is_taken_back(shelf: House, word: recommendations.Word) -> None:
    said = shelf.say("recording", songs(shelf)["Unopened one"].id, word)
    assert said is not None and said.effect
    assert "Unopened one" not in songs(shelf)
    shelf.refresh()
    assert set(songs(shelf)) == {"Once loved one"}
    recommendations.take_back(shelf.store, shelf.me, said.id)
    assert "Unopened one" in songs(shelf)


def test_who_is_kept_out_of_taste_brings_no_songs(shelf: House) -> None:
    recommendations.exclude(shelf.store, shelf.me, "artist", "Slow Harbour")
    shelf.refresh()
    assert "Unopened one" not in songs(shelf)


def test_at_most_two_songs_of_one_artist(shelf: House) -> None:
    for n in range(5):
        shelf.own("Slow Harbour", f"Another {n}")
    shelf.refresh()
    assert sum(card.credit == "Slow Harbour" for card in songs(shelf).values()) == 2


def test_each_taste_has_the_share_of_its_plays_among_the_songs(empty_house: House) -> None:
    """Six places: the part of folk is that of its plays, though there is as much to try of either."""
    house = empty_house
    for taste, times in (("folk", 20), ("jazz", 10)):
        for n in range(6):
            name = f"{taste.title()} {n}"
            house.own(name, f"{name} first")
            house.own(name, f"{name} second")
            hear(house, name, f"{name} first", days_ago=3, times=times)
            house.says_tags(name, taste)
    house.refresh()
    for days in range(3):
        row = next(row for row in house.discover(days).rows if row.key == "songs")
        tastes = [card.credit.split()[0] for card in row.cards]
        assert (tastes.count("Folk"), tastes.count("Jazz")) == (4, 2)
