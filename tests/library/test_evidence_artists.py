"""What is one act: names in many hands, homonyms told apart by what they made, numbers on bills."""

import pytest

from aggregator.library import decisions
from aggregator.plugin import Artist, Credit, Edition, Show, Venue
from tests.library.house import ANA, file, track
from tests.library.test_evidence import DIFFERENT, SAME, UNSURE, artist_of, verdict


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("Marble & Oak", "Marble + Oak", SAME),
        ("Marble & Oak", "Marble und Oak", SAME),
        ("Marble & Oak", "Marble et Oak", SAME),
        ("Marble & Oak", "Marble y Oak", SAME),
        ("Stones N' Glass", "Stones and Glass", SAME),
        ("Marble & Oak", "Marble", DIFFERENT),
        ("DC/AB", "DC", DIFFERENT),
        ("DC/AB", "DCAB", SAME),
        ("Marble, Oak & Ash", "Marble, Oak, Ash & Elm", DIFFERENT),
        ("Lark, Joanna", "Joanna Lark", SAME),
        ("U-na", "Una", SAME),
        ("A-na", "Na", DIFFERENT),
        ("4UH!4", "4uh4", SAME),
        ("Anton Marble I", "Anton Marble II", DIFFERENT),
        ("Marble Lantern 22", "Marble Lantern 2", DIFFERENT),
        ("Ana Lark x Ben Oak", "Ben Oak", DIFFERENT),
        ("Kino Noord", "Кино Noord", SAME),
        ("Röyk", "Roeyk", SAME),
        ("Paper$hore", "Papershore", SAME),
        ("NightBus", "Night Bus", SAME),
        ("Marble Lanterns", "Marble Lantterns", SAME),
        ("Marble Lanterns", "Marble Lanetrns", SAME),
        ("John Cane", "John Cale", DIFFERENT),
        ("The The", "The", DIFFERENT),
        ("!!!", "??!", DIFFERENT),
        ("!!!", "!!! (Chk Chk)", SAME),
        ("Earth, Sea & Sky", "Earth", DIFFERENT),
    ],
)
def test_a_name_in_two_hands(house, mine, theirs, expected):
    house.sync("files", Artist(id="a", name=mine))
    house.sync("spotify", Artist(id="a", name=theirs))
    assert verdict(house, "artist", "files/a", "spotify/a") == expected


def act(albums=(), **more):
    by = Credit(name="Lantern", id="a")
    return [Artist(id="a", name="Lantern", **more), *(Edition(id=title, title=title, credits=[by]) for title in albums)]


HERE, THERE = ["Blue Room", "Tide", "Harbour"], ["Marble", "Echoes", "North"]


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (act(HERE), act([*THERE, "Tide (Deluxe)"]), SAME),
        (act(HERE), act(THERE), UNSURE),
        (act(HERE), act(["Marble"]), SAME),
        (act([*HERE, "Greatest Hits"]), act([*THERE, "Greatest Hits"]), UNSURE),
        (act(HERE, country="SE"), act(THERE, country="US"), DIFFERENT),
        (act(HERE, country="SE"), act(HERE, country="US"), SAME),
        (act(country="UK"), act(country="gb"), SAME),
    ],
)
def test_acts_of_one_name_are_told_apart_by_what_they_made(house, mine, theirs, expected):
    house.sync("files", *mine)
    house.sync("spotify", *theirs)
    assert verdict(house, "artist", "files/a", "spotify/a") == expected


def test_an_album_that_comes_later_answers_whether_two_acts_are_one(house):
    house.sync("files", *act(HERE))
    house.sync("spotify", *act(THERE))
    assert verdict(house, "artist", "files/a", "spotify/a") == UNSURE
    house.sync("spotify", act(["Tide"])[-1], scope=None)
    assert verdict(house, "artist", "files/a", "spotify/a") == SAME
    assert not house.questions("artist")


def test_a_name_alone_joins_the_one_act_that_bears_it_and_asks_where_there_are_two(house):
    house.sync("spotify", Artist(id="a", name="Lantern", ids={"spotify": "a"}))
    house.sync("files", file("t", "Harbour", "Lantern"))
    said = artist_of(house, "files")
    assert verdict(house, "artist", "spotify/a", said) == SAME
    house.sync("spotify", Artist(id="b", name="Lantern", ids={"spotify": "b"}), scope=None)
    assert verdict(house, "artist", "spotify/a", said) == UNSURE
    assert verdict(house, "artist", "spotify/b", said) == UNSURE
    assert verdict(house, "artist", "spotify/a", "spotify/b") == DIFFERENT


def test_who_a_name_alone_means_is_said_once(house):
    """What bears the same name afterwards goes with it."""
    house.sync("spotify", *(Artist(id=pid, name="Lantern", ids={"spotify": pid}) for pid in "ab"))
    house.sync("files", file("t", "Harbour", "Lantern"))
    house.merge()
    meant = [house.claim("spotify", "artist", "b"), house.claim("files", "artist", artist_of(house, "files")[6:])]
    decisions.same(house.store, ANA, "artist", meant)
    house.sync("ben-spotify", track("t", "Tide", "Lantern"))
    house.merge()
    assert house.together("artist", "spotify/b", artist_of(house, "files"), artist_of(house, "ben-spotify"))
    assert not house.together("artist", "spotify/a", "spotify/b")
    assert not house.questions("artist")


def bill(*names, **credit):
    lineup = [Credit(name=name, **credit) for name in names]
    return Show(id="s", title="Night", day="2026-05-01", venue=Venue(name="Hall", city="Oslo"), lineup=lineup)


def test_a_name_on_a_bill_that_two_artists_bear_asks(house):
    house.sync("files", Artist(id="a", name="Röyk", ids={"mbid": "1"}))
    house.sync("spotify", Artist(id="a", name="Röyk", ids={"mbid": "2"}))
    house.sync("tickets", bill("Röyk"), what="shows")
    said = artist_of(house, "tickets", "s")
    assert verdict(house, "artist", "files/a", said) == UNSURE
    assert verdict(house, "artist", "spotify/a", said) == UNSURE


def test_a_number_on_a_bill_decides_whatever_else_bears_the_name(house):
    house.sync("files", Artist(id="a", name="Röyk", ids={"mbid": "1"}))
    house.sync("spotify", Artist(id="a", name="Röyk", ids={"mbid": "2"}))
    house.sync("tickets", bill("Röyk", id="k1", ids={"mbid": "2"}), what="shows")
    assert verdict(house, "artist", "spotify/a", "tickets/k1") == SAME
    assert not house.together("artist", "files/a", "tickets/k1")


def test_a_joint_credit_is_kept_as_credited_and_its_acts_stay_themselves(house):
    both = [Credit(name="Marble", id="m", join=" & "), Credit(name="Oak", id="o")]
    house.sync("spotify", track("t", "Harbour").model_copy(update={"credits": both}), Artist(id="m", name="Marble"))
    house.sync("files", file("t", "Harbour", "Marble & Oak"))
    house.merge()
    credited = {row[0] for row in house.rows("SELECT credit FROM recording")}
    assert credited == {"Marble & Oak"}
    assert verdict(house, "artist", "spotify/m", artist_of(house, "files")) == DIFFERENT
