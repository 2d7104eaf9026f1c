"""The rows of Discover: what stands in which, for how long, and that nothing stands twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from aggregator import listeners, recommendations
from aggregator.plugin import Artist, Credit, Edition, Holding
from aggregator.recommendations.rotation import REST

from .conftest import lived_in
from .house import House

LAST_YEAR = (date.today() - timedelta(days=200)).isoformat()


@pytest.fixture
def busy(crowded: House, tmp_path: Path) -> Iterator[House]:
    yield from lived_in(crowded, tmp_path / "copy")


@pytest.fixture(scope="module")
def crowded(furnished: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Thirty more acts near the two that Ana plays, a new release, friends, and albums of her own of every sort."""
    house = next(lived_in(furnished, tmp_path_factory.mktemp("crowded") / "house"))
    acts = [f"Act {n}" for n in range(30)]
    house.says_similar("Slow Harbour", ["Glass Ferry", "Night Bakery", *acts[:15]])
    house.says_similar("Tin Lanterns", ["Paper Moose", *acts[15:]])
    for act in acts:
        house.says_albums(act, *(f"{act} {title}" for title in ("first", "second", "third")))
    new = Edition(id="new", title="Fresh Paint", credits=[Credit(name="Act 3")], released=LAST_YEAR)
    house.says_editions("Act 3", new)
    house.befriend("Zoe", [(f"Act {n}", 100 + n) for n in range(20, 30)])
    house.own("Slow Harbour", "Unopened")
    house.own("Old Signal", "Once loved")
    house.play("Old Signal", 9, "Once loved one", "Once loved")
    saved = {"of": "edition", "how": "saved", "since": datetime(2021, 5, 2, tzinfo=UTC)}
    far = Edition(id="far", title="Far away", credits=[Credit(name="Tin Lanterns")])
    house.take(house.scrobbles, [far, Holding(id="far", **saved)])
    house.refresh()
    return house


def titles(house: House, key: str, days: int = 0) -> list[str]:
    return [card.title for row in house.discover(days).rows if row.key == key for card in row.cards]


def test_every_row_holds_what_it_says(busy: House) -> None:
    rows = {row.key: row for row in busy.discover().rows}
    assert set(rows) >= {"you", "friends", "unplayed", "forgotten", "artists"}
    assert all("Zoe has" in card.why or "Mika has" in card.why for card in rows["friends"].cards)
    because = [row for key, row in rows.items() if key.startswith("because")]
    assert because
    for row in because:
        name = row.heading.removeprefix("Because you play ")
        assert all(card.why.startswith(f"Because you play {name}") for card in row.cards)
    [unopened] = rows["unplayed"].cards
    assert (unopened.title, unopened.owned) == ("Unopened", True)
    assert unopened.why == "You own it and have not played it, though you have 41 plays of Slow Harbour"
    assert unopened.play_claim is not None, "it can be played right here"
    [far] = rows["forgotten"].cards
    assert far.why == "Saved in May 2021, never played"


def test_a_new_release_is_in_the_row_for_it_or_before(busy: House) -> None:
    rows = {row.key: [card.title for card in row.cards] for row in busy.discover().rows}
    assert "Fresh Paint" in rows["you"] + rows["friends"] + rows["new"]


def test_a_new_release_is_found_behind_more_popular_ones(house: House) -> None:
    def bakery(title: str, released: str) -> Edition:
        return Edition(id=title, title=title, credits=[Credit(name="Night Bakery")], released=released)

    old = [bakery(title, "2011-05-06") for title in ("Rye", "Sourdough", "Spelt", "Oat")]
    house.says_editions("Night Bakery", *old, bakery("Year only", LAST_YEAR[:4]), bakery("Fresh Loaf", LAST_YEAR))
    house.refresh()
    assert {"Rye", "Fresh Loaf"} <= set(house.titles())
    assert "Year only" not in house.titles()


def test_what_was_loved_and_not_heard_for_half_a_year_is_back_in_rotation(busy: House) -> None:
    assert titles(busy, "rotation", days=0) == titles(busy, "rotation", days=1)
    found = {card.title: card.why for row in busy.discover(400).rows if row.key == "rotation" for card in row.cards}
    assert "Once loved" in found
    assert found["Once loved"].startswith("9 plays, the last in ")


@pytest.mark.parametrize("days", range(0, 40, 3))
def test_nothing_stands_twice_and_no_artist_more_than_twice(busy: House, days: int) -> None:
    page = busy.discover(days)
    items = Counter(card.item for card in page.cards)
    assert max(items.values()) == 1
    by = Counter(card.credit for card in page.cards if card.kind == "album")
    assert max(by.values()) <= 2
    assert all(row.cards for row in page.rows)


def test_the_page_is_the_same_all_day_and_another_tomorrow(busy: House) -> None:
    assert busy.discover().rows == busy.discover().rows
    today, tomorrow = titles(busy, "you"), titles(busy, "you", days=1)
    assert today != tomorrow
    assert set(today) & set(tomorrow), "the best are likely to come again"


def test_what_was_shown_on_five_days_rests(busy: House) -> None:
    days: Counter[str] = Counter()
    for day in range(12):
        for card in busy.look(day).cards:
            days[card.item] += 1
    assert max(days.values()) == 5
    worn = next(item for item, count in days.items() if count == 5)
    back = 12 + REST
    assert not any(worn == card.item for day in range(12, 4 + REST) for card in busy.discover(day).cards)
    assert any(worn == card.item for day in range(back, back + 20) for card in busy.discover(day).cards)


def test_looking_twice_on_one_day_is_looking_once(busy: House) -> None:
    statements: list[str] = []
    event.listen(busy.store.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    for _ in range(6):
        busy.look(0)
    assert len([one for one in statements if one.startswith("INSERT INTO seen")]) == 1
    assert titles(busy, "you", days=1), "nothing is tired after one day"


def test_each_taste_has_the_share_of_its_plays(empty_house: House) -> None:
    """Nine of ten plays are jazz; without sharing out the ten metal acts, all nearer, would come first."""
    house = empty_house
    for n in range(3):
        house.play(f"Jazz {n}", 60, f"tune {n}")
        house.says_tags(f"Jazz {n}", "jazz", "bebop")
        house.says_similar(f"Jazz {n}", [f"Bop {n} {m}" for m in range(12)])
    house.play("Metal 0", 20, "riff")
    house.says_tags("Metal 0", "doom metal")
    house.says_similar("Metal 0", [f"Doom {m}" for m in range(20)])
    for name in (*(f"Bop {n} {m}" for n in range(3) for m in range(12)), *(f"Doom {m}" for m in range(20))):
        house.says_tags(name, *(["jazz", "bebop"] if name.startswith("Bop") else ["doom metal"]))
        house.says_albums(name, f"{name} LP")
    house.refresh()
    for day in range(5):
        shown = titles(house, "you", day)
        assert len(shown) == 12
        assert 1 <= sum(title.startswith("Doom") for title in shown) <= 3


def test_artists_have_a_row_of_their_own(busy: House) -> None:
    assert titles(busy, "artists")
    assert not {"Slow Harbour", "Tin Lanterns"} & set(titles(busy, "artists"))


def test_a_household_without_services_has_rows_too(empty_house: House) -> None:
    house = empty_house
    house.own("Slow Harbour", "Low Tide")
    house.own("Slow Harbour", "High Water")
    house.take(house.files, [Artist(id="x", name="Slow Harbour")])
    house.refresh()
    assert {card.title for card in house.discover().cards} == {"Low Tide", "High Water"}


def test_the_dial_decides_how_well_known_the_new_music_is(empty_house: House) -> None:
    """Twenty acts equally near; each has more listeners than the one before."""
    house = empty_house
    acts = [f"Act {n:02}" for n in range(20)]
    for n in range(6):
        house.play(f"Mine {n}", 20, f"song {n}")
        house.says_similar(f"Mine {n}", acts if n % 2 else acts[::-1])
        house.answer("listeners", f"mine {n}", [30_000])
    for n, act in enumerate(acts):
        house.answer("listeners", act.casefold(), [1000 * 2**n])
        house.says_albums(act, f"{act} LP")
    means = []
    for step in range(5):
        listeners.save_preferences(house.store, house.me, listeners.Preferences(novelty=step))
        house.refresh()
        best = [card.title for card in house.artists()[:8]]
        means.append(sum(acts.index(name) for name in best) / len(best))
    assert means == sorted(means, reverse=True)
    assert means[0] > means[4]


@pytest.fixture
def torn(empty_house: House) -> House:
    """Ana plays dreamy things and doom in equal parts; forty acts of each are near."""
    for seed, tag in (("Slow Harbour", "dream pop"), ("Iron Pony", "doom metal")):
        acts = [f"{tag} {n}" for n in range(40)]
        empty_house.play(seed, 20)
        empty_house.says_similar(seed, acts)
        for act in (seed, *acts):
            empty_house.says_tags(act, tag)
            empty_house.says_albums(act, f"{act} first", f"{act} second")
    empty_house.refresh()
    return empty_house


@pytest.mark.parametrize(("word", "more"), [("more", True), ("less", False)])
def test_a_word_about_one_album_moves_how_much_of_the_page_is_like_it(torn: House, word: str, more: bool) -> None:
    def doomy() -> int:
        return sum(card.credit.startswith("doom") for day in range(3) for card in torn.discover(day).cards)

    before = doomy()
    one = next(card for card in torn.albums() if card.credit.startswith("doom"))
    said = torn.say("album", one.id, word)
    assert doomy() > 1.2 * before if more else doomy() < before / 1.2
    recommendations.take_back(torn.store, torn.me, said.id)
    assert doomy() == before
