"""What looks like an item and is another one: told with the reason, to those who may know of both."""

import pytest

from aggregator.library import decisions, items
from aggregator.library.items.near import near_misses
from aggregator.plugin import Artist
from tests.library.house import ANA, BEN, edition, file, play, track


def near(house, account, kind, pid, title, listener=ANA):
    with house.store.read() as conn:
        item = items.resolve(conn, kind, house.claim(account, kind, pid))
        assert item is not None
        found = near_misses(conn, listener, kind, item, title)
    return [(one.title, one.why, one.unsure) for one in found]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"title": "Harbour (Live)", "seconds": 245.0}, [("Harbour (Live)", "live on one side", False)]),
        ({"title": "Harbour", "seconds": 192.0}, [("Harbour", "length 4:05 and 3:12", False)]),
        ({"title": "Harbour", "seconds": 250.0}, [("Harbour", "length 4:05 and 4:10", True)]),
        ({"title": "Something else", "seconds": 245.0}, []),
        ({"title": "Harbour", "seconds": 192.0, "artist": "Röyk"}, []),
    ],
)
def test_songs_that_were_kept_apart_are_told_with_the_reason(house, other, told):
    house.sync("files", file("t", "Harbour", seconds=245.0))
    house.sync("spotify", track("u", other.pop("title"), **other))
    house.merge()
    assert near(house, "files", "recording", "t", "Harbour") == told


def test_albums_too(house):
    house.sync("files", edition("e", "Blue Room"), edition("f", "Blue Room (Live)"), edition("g", "Red Room"))
    house.merge()
    assert near(house, "files", "album", "e", "Blue Room") == [("Blue Room (Live)", "live on one side", False)]


def test_artists_of_one_name_too(house):
    house.sync("files", Artist(id="a", name="Morrow", country="SE", begun=1990))
    house.sync("spotify", Artist(id="b", name="Morrow", country="US", begun=2011), Artist(id="c", name="Other"))
    house.merge()
    [(title, why, _)] = near(house, "files", "artist", "a", "Morrow")
    assert title == "Morrow"
    assert "SE and US" in why


def test_nobody_is_told_of_what_another_listener_has(house):
    house.sync("files", file("t", "Harbour", seconds=245.0))
    house.sync("ben-spotify", track("u", "Harbour (Live)", seconds=245.0))
    house.merge()
    assert near(house, "files", "recording", "t", "Harbour") == []
    assert near(house, "files", "recording", "t", "Harbour", BEN) == [("Harbour (Live)", "live on one side", False)]


def test_of_much_that_is_alike_a_few_are_told(house):
    house.sync("files", file("t", "Harbour", seconds=245.0))
    live = [track(f"l{n}", "Harbour (Live)", seconds=100.0 + 20 * n) for n in range(9)]
    house.sync("spotify", *live, *(track(f"o{n}", f"Song {n}") for n in range(200)))
    house.merge()
    assert len(near(house, "files", "recording", "t", "Harbour")) == 5


def test_an_entry_tells_what_joined_it_in_points_and_what_rules_say_of_a_listeners_word(house):
    house.sync("files", file("t", "Harbour", seconds=185.0))
    house.sync("spotify", track("t", "Harbour", seconds=186.0), track("u", "Harbour (Live)", seconds=185.0))
    house.merge()
    item = house.claim("files", "recording", "t")
    with house.store.read() as conn:
        rows = items.recording(conn, ANA, item).claims
    assert [(row.account, row.evidence, row.points) for row in rows][1] == (
        "Spotify", (("same title", 30.0), ("same artist", 20.0), ("length 3:05 and 3:06", 25.0)), 75.0,
    )  # fmt: skip
    decisions.same(house.store, ANA, "recording", [item, house.claim("spotify", "recording", "u")])
    with house.store.read() as conn:
        rows = items.recording(conn, ANA, item).claims
    live = next(row for row in rows if row.title == "Harbour (Live)")
    assert (live.decided_by, live.verdict) == ("listener", "different")
    assert (
        house.value("SELECT verdict FROM link WHERE claim_id = ?", house.claim("spotify", "recording", "t")) == "same"
    )


def test_a_lone_claim_was_joined_by_nothing(house):
    house.plays("lastfm", play(0, "Harbour"))
    house.merge()
    assert set(house.rows("SELECT verdict, evidence FROM link")) == {("", "[]")}
