"""What a listener keeps out of their taste has no influence on it, and counts again once it is let in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from aggregator import listeners, recommendations
from aggregator.plugin import Artist, Credit, Edition, Holding, Play, Playlist, Track
from aggregator.recommendations import counted, knowledge
from aggregator.store import open_store
from aggregator.store.schema import account, artist, excluded, uncounted

from .house import House

LULLABIES = 300
FEW_AND_SLOW = settings(
    max_examples=15,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # an example is two houses: to shrink it would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def house(house: House) -> House:
    """Ana lives by UTC, wherever the machine stands."""
    live_in(house, "Etc/UTC")
    return house


def live_in(house: House, zone: str) -> None:
    place = listeners.Place(label="x", latitude=0, longitude=0, zone=zone)
    listeners.save_preferences(house.store, house.me, listeners.Preferences(place=place))


def child(house: House) -> None:
    """The house plays a lot of Sleepy Bear, from noon on, and services say what is like it."""
    start = datetime(2026, 2, 1, 12, tzinfo=UTC)
    credits = [Credit(name="Sleepy Bear")]
    times = [start + timedelta(days=n % 100, minutes=5 * (n // 100)) for n in range(LULLABIES)]
    plays = [Play(at=at, title="Hush", credits=credits, album="Hush") for at in times]
    house.take(house.scrobbles, plays)
    house.says_similar("Sleepy Bear", ["Humming Whale", "Tiny Stars"])
    house.says_tags("Sleepy Bear", "lullaby")
    for act in ("Humming Whale", "Tiny Stars"):
        house.says_tags(act, "lullaby")
        house.says_albums(act, f"{act} sings")
    house.refresh()


def exclude(house: House, what: recommendations.What, value: str) -> str:
    effect = recommendations.exclude(house.store, house.me, what, value)
    house.refresh()
    return effect


def let_in(house: House) -> str | None:
    with house.store.read() as conn:
        newest = recommendations.exclusions(conn, house.me)[0].id
    told = recommendations.include(house.store, house.me, newest)
    house.refresh()
    return told


def taste(house: House) -> dict[str, tuple[int, bool]]:
    """What the ranking is told of the listener: plays and whether something is had, by artist."""
    with house.store.read() as conn:
        own = knowledge.read(conn, house.me).own
    return {key: (each.plays, each.has) for key, each in own.items() if each.weight}


def listens(house: House) -> list[tuple[int, str]]:
    """What says who is heard with whom: when, and the artist's name."""
    with house.store.read() as conn:
        names = {row[0]: row[1] for row in conn.execute(select(artist.c.id, artist.c.name))}
        return [(at, names[artist_id]) for at, artist_id in counted.listens(conn, house.me)]


WAYS: list[tuple[recommendations.What, str]] = [
    ("artist", "sleepy bear"), ("album", "Hush"), ("hours", "12-21"), ("account", "nursery"), ("playlist", "bed"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "value"), WAYS)
def test_what_is_kept_out_has_no_influence_and_counts_again_later(
    house: House, what: recommendations.What, value: str
) -> None:
    calm = house.albums(), house.artists(), taste(house)
    if what == "account":
        house.scrobbles, mine = house.account("nursery", house.me), house.scrobbles
    child(house)
    if what == "account":
        house.scrobbles = mine
    if what == "playlist":
        song = Track(id="hush", title="Hush", credits=[Credit(name="Sleepy Bear")], seconds=100)
        house.take(house.scrobbles, [song, Playlist(id="bed", name="Bed time", tracks=["hush"])])
        with house.store.read() as conn:
            value = recommendations.playlists(conn, house.me)[0].value
        house.refresh()
    assert "Humming Whale sings" in house.titles()
    before = house.albums(), house.artists(), taste(house)
    effect = exclude(house, what, value)
    assert re.search(r"3\d\d plays of \d artists? do not count any more", effect)
    if what not in ("playlist", "hours"):  # a song of theirs is in a service now, which counts; others play at noon too
        assert taste(house) == calm[2]
        assert (house.albums(), house.artists()) == calm[:2]
    assert "sleepy bear" not in {key for key, (plays, _) in taste(house).items() if plays}
    assert "Sleepy Bear" not in {card.title for card in house.artists()}, "known all the same"
    assert re.search(r"counts again, with 3\d\d plays", str(let_in(house)))
    assert (house.albums(), house.artists(), taste(house)) == before


def test_hours_are_those_of_the_listeners_own_wall(house: House) -> None:
    """Noon UTC is four in the morning in Davis, where they sleep to it."""
    live_in(house, "America/Los_Angeles")
    child(house)
    exclude(house, "hours", "22-6")
    assert "sleepy bear" not in taste(house)
    let_in(house)
    exclude(house, "hours", "11-14")
    assert taste(house)["sleepy bear"] == (LULLABIES, False)


def test_a_play_that_two_sources_report_is_out_when_one_of_them_is(house: House) -> None:
    speaker = house.account("speaker", house.me)
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    for number in range(4):
        play = Play(at=at + timedelta(hours=number), title="Hush", credits=[Credit(name="Sleepy Bear")])
        house.take(house.scrobbles, [play])
        if number < 3:
            house.take(speaker, [play])
    assert taste(house)["sleepy bear"] == (4, False)
    exclude(house, "account", "speaker")
    assert taste(house)["sleepy bear"] == (1, False)


def test_two_reasons_to_keep_a_play_out_take_it_away_once(house: House) -> None:
    child(house)
    for hour, plays in ((9, 4), (13, 3)):
        times = [datetime(2026, 2, 1 + day, hour, tzinfo=UTC) for day in range(plays)]
        credits = [Credit(name="Sleepy Bear")]
        house.take(house.scrobbles, [Play(at=at, title="Wake", credits=credits, album="Wake") for at in times])
    exclude(house, "album", "Hush")
    assert taste(house)["sleepy bear"] == (7, False)
    exclude(house, "hours", "12-21")
    assert taste(house)["sleepy bear"] == (4, False)
    exclude(house, "account", "scrobbles")
    assert "sleepy bear" not in taste(house)


def test_what_an_account_holds_does_not_count_either(house: House) -> None:
    nursery = house.account("nursery", house.me)
    bear = Edition(id="b", title="Bear", credits=[Credit(name="Sleepy Bear")])
    house.take(nursery, [bear, Holding(of="edition", id="b", how="saved"), Artist(id="x", name="Slow Harbour")])
    assert taste(house)["sleepy bear"] == (0, True)
    exclude(house, "account", "nursery")
    assert "sleepy bear" not in taste(house)
    assert taste(house)["slow harbour"] == (41, True), "the files have it too"


def test_albums_of_who_is_kept_out_are_in_no_row(house: House) -> None:
    house.own("Sleepy Bear", "Hibernation")
    assert "Hibernation" in {card.title for card in house.discover().cards}
    assert taste(house)["sleepy bear"] == (0, True)
    exclude(house, "artist", "Sleepy Bear")
    assert "Hibernation" not in {card.title for card in house.discover().cards}
    let_in(house)
    exclude(house, "album", "Hibernation")
    assert "sleepy bear" not in taste(house), "there by that album alone"
    assert "Hibernation" not in {card.title for card in house.discover().cards}


def test_it_survives_a_merge_and_the_account_that_brought_it(house: House) -> None:
    child(house)
    exclude(house, "artist", "Sleepy Bear")
    house.own("Sleepy Bear", "Hibernation")
    house.refresh()
    assert "sleepy bear" not in taste(house)
    with house.store.read() as conn:
        [kept] = recommendations.exclusions(conn, house.me)
        assert kept.item_id == conn.scalar(select(artist.c.id).where(artist.c.name == "Sleepy Bear"))


def test_saying_it_twice_is_saying_it_once(house: House) -> None:
    child(house)
    assert exclude(house, "artist", "Sleepy Bear") == exclude(house, "artist", "sleepy bear")
    with house.store.read() as conn:
        assert len(recommendations.exclusions(conn, house.me)) == 1


@pytest.mark.parametrize(
    ("what", "value"),
    [("artist", "Nobody"), ("artist", ""), ("album", "9" * 30), ("playlist", "7"), ("account", "theirs"),
     ("hours", "6-6"), ("hours", "20-24"), ("hours", "night"), ("hours", "")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(house: House, what: recommendations.What, value: str) -> None:
    house.account("theirs", listeners.create(house.store, "Bo", "member").id)
    with pytest.raises(recommendations.NotThere, match=r"[.]$"):
        recommendations.exclude(house.store, house.me, what, value)


def test_another_listener_is_not_affected_and_nothing_stays_of_who_goes(house: House) -> None:
    bo = listeners.create(house.store, "Bo", "member")
    child(house)
    exclude(house, "hours", "0-23")
    assert recommendations.include(house.store, bo.id, 1) is None
    with house.store.write() as conn:
        assert recommendations.exclusions(conn, bo.id) == []
        conn.execute(account.update().values(listener_id=None))
        conn.exec_driver_sql("DELETE FROM listener WHERE id = ?", (house.me,))
        assert conn.execute(select(excluded)).all() == conn.execute(select(uncounted)).all() == []


def _play(day: int, name: str, title: str, hour: int) -> Play:
    at = datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=day)
    return Play(at=at, title=f"{name} {title}", credits=[Credit(name=f"Band {name}")], album=f"{name} {title}")


@FEW_AND_SLOW
@given(
    plays=st.lists(
        st.tuples(st.sampled_from("ABCD"), st.sampled_from(["one", "two"]), st.integers(0, 23), st.booleans()),
        max_size=25,
    ),
    hours=st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1]),
    album=st.sampled_from(["one", "two", None]),
    nursery=st.booleans(),
)
def test_excluded_plays_count_exactly_as_if_they_had_never_been(tmp_path_factory, plays, hours, album, nursery) -> None:
    """The taste of a house that keeps something out is that of a house where it was never played, and who is heard
    with whom as well."""
    first, last = hours
    out = {hour % 24 for hour in range(first, last if last > first else last + 24)}
    told = list(enumerate(plays))
    stays = [(n, p) for n, p in told if p[2] not in out and not (album and p[1] == album) and not (nursery and p[3])]
    tastes = []
    for heard, kept_out in ((told, True), (stays, False)):
        store = open_store(tmp_path_factory.mktemp("taste"))
        house = House(store, listeners.create(store, "Ana", "owner").id)
        live_in(house, "Etc/UTC")
        other = house.account("nursery", house.me)
        for by_other, account_id in ((True, other), (False, house.scrobbles)):
            house.take(account_id, [_play(number, *play[:3]) for number, play in heard if play[3] == by_other])
        if kept_out:
            recommendations.exclude(store, house.me, "hours", f"{first}-{last}")
            for name in {p[0] for _, p in heard if p[1] == album}:
                recommendations.exclude(store, house.me, "album", f"{name} {album}")
            if nursery:
                recommendations.exclude(store, house.me, "account", "nursery")
        tastes.append((taste(house), listens(house)))
        store.close()
    assert tastes[0] == tastes[1]
