"""Songs to try: a listener's own, not heard or not for long, for true reasons; a word of them holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from aggregator import recommendations
from aggregator.library import merging
from aggregator.library.claims import Intake
from aggregator.library.folding import fold_name
from aggregator.plugin import Credit, Play, Record, Track
from aggregator.recommendations.passing import KEEP
from aggregator.store.schema import account, answer, claim
from aggregator.store.schema import shelf as shelves

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


# --- new ones ---------------------------------------------------------------------------------------------------------


def says_songs(house: House, artist: str, *titles: str, account_id: int | None = None, ids: str = "") -> None:
    songs = [
        Track(
            id=f"{ids}{artist}/{title}", title=title, credits=[Credit(name=artist)], edition="e", preview="https://x/1"
        )
        for title in titles
    ]
    told = [song.model_dump(mode="json", exclude_none=True) for song in songs]
    house.answer("top_songs", fold_name(artist), told, account_id)


@pytest.fixture
def sung(house: House) -> House:
    """The furnished house, whose service tells which songs of recommended artists are heard most."""
    says_songs(house, "Glass Ferry", "Landing", "Rudder", "Gangway")
    says_songs(house, "Night Bakery", "Crust")
    house.refresh()
    return house


def test_songs_of_recommended_artists_are_new_and_told_with_the_artists_reasons(sung: House) -> None:
    found = songs(sung)
    assert {"Landing", "Rudder", "Crust"} <= set(found) and "Gangway" not in found, "two of one artist at most"
    assert found["Landing"].why.startswith("Because you play Slow Harbour; Mika has 412 plays")
    assert all(
        not card.owned and not card.service and card.play_claim is None for card in map(found.get, ["Crust"]) if card
    )
    assert "Wicks one" in found and found["Wicks one"].play_claim, "beside those of their own"
    first = [card.title for row in sung.discover().rows if row.key == "songs" for card in row.cards][:4]
    assert {title in ("Landing", "Rudder", "Crust") for title in first} == {True, False}, "mixed"


def test_what_is_recommended_is_in_no_library(sung: House) -> None:
    item = songs(sung)["Landing"].id
    with sung.store.read() as conn:
        assert conn.scalar(select(func.count()).select_from(shelves).where(shelves.c.item_id == item)) == 0
        assert "preview" not in str(conn.scalar(select(claim.c.payload).where(claim.c.pid == "Glass Ferry/Landing")))


def test_a_song_that_is_heard_or_listed_is_new_no_more(sung: House) -> None:
    sung.play("Night Bakery", 1, "Crust")
    assert "Crust" not in songs(sung)
    sung.refresh()
    assert "Crust" not in songs(sung)


def test_a_song_that_the_service_itself_lists_one_day_counts_from_then_on(sung: House) -> None:
    """In the same words as when it was recommended: nothing but its scope changes."""
    item = songs(sung)["Crust"].id
    again: list[Record] = [Track(id="Night Bakery/Crust", title="Crust", credits=[Credit(name="Night Bakery")])]
    with sung.store.write() as conn:
        row = conn.execute(select(account).where(account.c.id == sung.scrobbles)).one()
        intake = Intake(row.id, row.key, row.listener_id, None, NOW)
        intake.take(conn, again)
        intake.complete(conn)
    merging.merge(sung.store)
    with sung.store.read() as conn:
        assert conn.scalar(select(shelves.c.service).where(shelves.c.item_id == item, shelves.c.kind == "recording"))
    assert "Crust" not in songs(sung)


@pytest.mark.parametrize("word", ["less", "never", "know"])
def test_a_word_of_a_new_song_or_its_artist_holds(sung: House, word: recommendations.Word) -> None:
    said = sung.say("recording", songs(sung)["Crust"].id, word)
    assert said is not None and "Crust" not in songs(sung)
    sung.refresh()
    assert "Crust" not in songs(sung)
    recommendations.take_back(sung.store, sung.me, said.id)
    sung.refresh()
    assert "Crust" in songs(sung)
    artist = next(card for card in sung.artists() if card.title == "Night Bakery")
    sung.say("artist", artist.id, "never")
    assert "Crust" not in songs(sung)


def test_two_services_name_one_song_once(sung: House) -> None:
    other = sung.account("charts", None)
    says_songs(sung, "Glass Ferry", "Gangway", "Landing", account_id=other, ids="c:")
    sung.refresh()
    found = [card.title for row in sung.discover().rows if row.key == "songs" for card in row.cards]
    assert len(found) == len(set(found)) and "Landing" in found


def test_new_songs_are_asked_for_in_the_night_and_go_once_they_are_of_no_use(sung: House) -> None:
    with sung.store.read() as conn:
        asked = [each.key for each in recommendations.wanted(conn, sung.me) if each.method == "top_songs"]
        kept = set(conn.scalars(select(answer.c.argument).where(answer.c.method == "top_songs")))
    assert kept <= set(asked) and len(asked) == len(set(asked))
    says_songs(sung, "Glass Ferry")
    says_songs(sung, "Night Bakery")
    sung.refresh()
    recommendations.forget_unused(sung.store, NOW + KEEP + 86_400)
    merging.merge(sung.store)
    with sung.store.read() as conn:
        left = select(func.count()).select_from(claim).where(claim.c.scope == "discovery", claim.c.kind == "recording")
        assert conn.scalar(left) == 0
