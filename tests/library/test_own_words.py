"""What listeners write themselves: it is shown over all rules, follows its item, and goes when it is taken back."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import members
from aggregator.library import decisions, erasing, items, merging, own, picks, search
from aggregator.library.fields import FIELDS
from aggregator.plugin import Show, Venue
from tests.library.house import ANA, BEN, House, credits, edition, file, play, track
from tests.library.test_picks import choose, line, order, pick, unchosen
from tests.library.worlds import KINDS, LAWS, WORLD, a_house_of, decide

pytestmark = pytest.mark.timeout(600)


def write(house: House, account: str, kind: str, pid: str, field: str, typed: str, listener: int = ANA) -> int:
    made = picks.write(house.store, listener, kind, field, house.claim(account, kind, pid), typed)
    assert made is not None
    return made


@pytest.fixture
def blue_room(house: House) -> House:
    house.sync("files", edition("e", "Blue Rom", released="1995"), file("t", "Harbor", edition="e", position=1),
               file("u", "Salt", edition="e", position=2), file("v", "Ferry", edition="e", position=3))  # fmt: skip
    house.sync("spotify", edition("e", "Blue Rom", ids={"upc": "12345678"}), track("t", "Harbor", edition="e"))
    house.plays("lastfm", play(0, "Harbor", album="Blue Rom"))
    house.merge()
    assert len(house.items("album")) == 1
    return house


@pytest.mark.parametrize(
    ("kind", "field", "typed", "shown", "row"),
    [
        ("album", "title", "  Blue \n Room ", "Blue Room", {"title": "Blue Room", "sort": "blue room"}),
        ("album", "artist", "Röyk", "Röyk", {"credit": "Röyk", "artist_sort": "royk"}),
        ("album", "released", "1994-03", "March 1994", {"released": "1994-03", "year": 1994}),
        ("album", "form", "ep", "EP", {"form": "ep"}),
        ("album", "tracks", "12", "12", {"tracks": 12}),
        ("album", "genres", "Soul, jazz, Jazz", "Jazz, Soul", {"genres": '["Jazz", "Soul"]'}),
        ("album", "upc", "724382975229", "724382975229", {"ids": '{"upc":"724382975229"}'}),
        ("recording", "title", "Harbour", "Harbour", {"title": "Harbour", "sort": "harbour"}),
        ("recording", "length", "3:07", "3:07", {"seconds": 187.0}),
        ("recording", "isrc", "gb-aye-68-00011", "GBAYE6800011", {"ids": '{"isrc":"GBAYE6800011"}'}),
        ("artist", "name", "Lanterns", "Lanterns", {"name": "Lanterns", "folded": "lanterns"}),
    ],
)
def test_what_a_listener_writes_is_shown_until_it_is_taken_back(blue_room, kind, field, typed, shown, row):
    before = blue_room.derived()
    claim = blue_room.value(f"SELECT MIN(claim_id) FROM link WHERE kind = '{kind}'")
    made = picks.write(blue_room.store, BEN, kind, field, claim, typed)
    item = blue_room.value("SELECT item_id FROM link WHERE claim_id = ?", claim)
    rows = blue_room.rows(f"SELECT {', '.join(row)} FROM {kind} WHERE id = ?", item)
    assert rows == [tuple(row.values())]
    with blue_room.store.read() as conn:
        told = next(one for one in items.what_is_said(conn, ANA, kind, item) if one.field == field)
    assert (told.words, told.why, told.pick) == (shown, "Ben wrote it", made)
    merging.rebuild(blue_room.store)
    assert blue_room.rows(f"SELECT {', '.join(row)} FROM {kind} WHERE id = ?", item) == rows
    picks.undo(blue_room.store, ANA, made)
    assert blue_room.derived() == before


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("title", " \n"), ("title", "\u200b"), ("title", "x" * 301), ("released", "14.3.94"),
        ("released", "1994-02-30"),
        ("tracks", "0"), ("tracks", "two"), ("genres", ", ,"), ("length", "3.05"), ("number", "0"), ("number", "1-0"),
        ("mbid", "nope"), ("isrc", "1"), ("upc", "12"), ("form", "opera"), ("when", "tomorrow"), ("doors", "25:00"),
        ("status", "sold out"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_sentence(field, typed):
    way = own.way(field)
    assert way is not None
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        way.read(typed.strip())


def test_a_field_can_be_written_as_it_is_shown(blue_room):
    """What the form holds beforehand is read as what is shown."""
    for kind in ("artist", "album", "recording"):
        for item in blue_room.rows(f"SELECT id FROM {kind}"):
            with blue_room.store.read() as conn:
                lines = [one for one in items.what_is_said(conn, ANA, kind, item[0]) if one.way]
            assert lines
            for one in lines:
                assert one.way.read(one.typed)


def test_nothing_overrides_own_words_but_a_newer_pick(blue_room):
    write(blue_room, "files", "album", "e", "title", "Blue Room")
    order(blue_room, "album", "title", "spotify", "lastfm", "files")
    blue_room.sync("files", edition("e", "Blue Rom (2001)"), file("t", "Harbor", edition="e"))
    blue_room.merge()
    assert blue_room.value("SELECT title FROM album") == "Blue Room"
    newer = pick(blue_room, "spotify", "album", "e", "title")
    assert blue_room.value("SELECT title FROM album") == "Blue Rom"
    picks.undo(blue_room.store, ANA, newer)
    assert blue_room.value("SELECT title FROM album") == "Blue Room"
    written = line(blue_room, "files", "album", "e", "title")
    assert (written.why, written.value, written.typed) == ("You wrote it", None, "Blue Room")
    assert {value.words for value in written.others} == {"Blue Rom", "Blue Rom (2001)"}


def test_own_words_are_found_and_matching_goes_on_with_what_sources_say(blue_room):
    write(blue_room, "files", "recording", "t", "title", "Quay")
    with blue_room.store.read() as conn:
        assert [hit.title for hit in search.search(conn, ANA, "quay").songs] == ["Quay"]
        assert search.search(conn, ANA, "harbor").songs == []
    blue_room.plays("lastfm", play(50, "Harbor", album="Blue Rom"), play(60, "Quay", album="Blue Rom"))
    blue_room.merge()
    assert len([1 for (title,) in blue_room.rows("SELECT title FROM recording") if title == "Quay"]) == 2


def test_own_words_outlive_the_source_they_stand_beside_and_its_return(blue_room):
    write(blue_room, "spotify", "album", "e", "title", "Blue Room")
    blue_room.sync("spotify", *(track(f"x{n}", f"Song {n}") for n in range(9)))
    blue_room.merge()
    assert blue_room.value("SELECT title FROM album WHERE credit = 'The Lanterns'") == "Blue Room"
    erasing.erase(blue_room.store, blue_room.accounts["spotify"])
    blue_room.merge()
    assert blue_room.value("SELECT title FROM album") == "Blue Room"
    blue_room.sync("spotify", edition("e", "Blue Rom"), track("t", "Harbor", edition="e"))
    blue_room.merge()
    assert blue_room.rows("SELECT title FROM album") == [("Blue Room",)]


def test_who_is_not_told_of_a_source_is_offered_no_undo_of_words_beside_it(blue_room):
    made = write(blue_room, "spotify", "album", "e", "title", "Blue Room")
    told = [line(blue_room, "files", "album", "e", "title", listener) for listener in (ANA, BEN)]
    assert [(one.words, one.why, one.pick) for one in told] == [
        ("Blue Room", "You wrote it", made),
        ("Blue Room", "Ana wrote it", None),
    ]
    with blue_room.store.read() as conn:
        assert picks.visible(conn, BEN, made) is None
    made = write(blue_room, "files", "album", "e", "title", "Blue Room!")
    assert line(blue_room, "files", "album", "e", "title", BEN).pick == made


def test_own_words_follow_their_entry_when_an_item_is_split_and_joined_again(blue_room):
    write(blue_room, "files", "album", "e", "title", "Blue Room")
    joined = blue_room.derived()
    apart = decisions.split(blue_room.store, ANA, "album", [blue_room.claim("spotify", "album", "e")])
    assert {row[0] for row in blue_room.rows("SELECT title FROM album")} == {"Blue Room", "Blue Rom"}
    decisions.undo(blue_room.store, ANA, apart)
    assert blue_room.derived() == joined


def test_the_artist_that_was_written_is_the_one_of_that_name_here(blue_room):
    blue_room.sync("files", file("z", "Elsewhere", "Röyk"), scope=None)
    blue_room.merge()
    royk = blue_room.value("SELECT id FROM artist WHERE name = 'Röyk'")
    before = blue_room.derived()
    made = write(blue_room, "files", "recording", "t", "artist", "röyk")
    item = blue_room.value("SELECT item_id FROM link WHERE claim_id = ?", blue_room.claim("files", "recording", "t"))
    credited = "SELECT artist_id, name FROM item_credit WHERE kind = 'recording' AND item_id = ?"
    assert blue_room.rows(credited, item) == [(royk, "röyk")]
    during = blue_room.derived()
    merging.rebuild(blue_room.store)
    assert blue_room.derived() == during
    picks.undo(blue_room.store, ANA, made)
    assert blue_room.derived() == before


def test_an_artist_that_comes_later_is_the_one_that_was_written(blue_room):
    write(blue_room, "files", "recording", "t", "artist", "Röyk")
    blue_room.sync("files", file("z", "Elsewhere", "Röyk"), scope=None)
    blue_room.merge()
    [(artist,)] = blue_room.rows("SELECT artist_id FROM item_credit WHERE kind = 'recording' AND name = 'Röyk'"
                                 " AND item_id = (SELECT item_id FROM link WHERE claim_id = ?)",
                                 blue_room.claim("files", "recording", "t"))  # fmt: skip
    assert artist == blue_room.value("SELECT id FROM artist WHERE name = 'Röyk'")


def titles(house: House) -> list[tuple[int | None, str]]:
    with house.store.read() as conn:
        page = items.album(conn, ANA, int(str(house.value("SELECT id FROM album"))))
    assert isinstance(page, items.AlbumPage)
    return [(song.position, song.title) for song in page.songs]


def test_a_number_that_was_written_or_picked_puts_the_song_in_its_place(blue_room):
    assert titles(blue_room) == [(1, "Harbor"), (2, "Salt"), (3, "Ferry")]
    made = write(blue_room, "files", "recording", "t", "number", "2")
    assert titles(blue_room) == [(2, "Salt"), (2, "Harbor"), (3, "Ferry")]
    newer = write(blue_room, "files", "recording", "t", "number", "2-1")
    assert titles(blue_room) == [(2, "Salt"), (3, "Ferry"), (1, "Harbor")]
    assert line(blue_room, "files", "recording", "t", "number").words == "1 on disc 2"
    picks.undo(blue_room.store, ANA, newer)
    picks.undo(blue_room.store, ANA, made)
    assert titles(blue_room) == [(1, "Harbor"), (2, "Salt"), (3, "Ferry")]


def test_a_show_shows_what_was_written(house):
    said_here = {"day": "2026-05-01", "lineup": credits("The Lanterns"), "venue": Venue(name="The Hall", city="Bergen")}
    house.sync("tickets", Show(id="a", title="The Lanterns", start="20:00", **said_here), what="shows")
    house.merge()
    shown = "SELECT title, day, start, venue, place, status FROM show"
    before = house.rows(shown)
    wishes = {"title": "Lanterns!", "when": "2026-05-02 21:30", "venue": "The Barn", "status": "postponed"}
    made = [write(house, "tickets", "show", "a", field, typed) for field, typed in wishes.items()]
    assert house.rows(shown) == [("Lanterns!", "2026-05-02", "21:30", "The Barn", "Bergen", "postponed")]
    for field, typed in (("doors", "19:00"), ("note", "Bring a coat")):
        made.append(write(house, "tickets", "show", "a", field, typed))
    detail = json.loads(str(house.value("SELECT detail FROM show")))
    assert (detail["doors"], detail["note"]) == ("19:00", "Bring a coat")
    for one in made:
        picks.undo(house.store, ANA, one)
    assert house.rows(shown) == before


def test_own_words_stay_for_the_house_when_their_listener_leaves(blue_room):
    write(blue_room, "files", "album", "e", "title", "Blue Room", BEN)
    with blue_room.store.write() as conn:
        conn.exec_driver_sql("DELETE FROM account WHERE listener_id = ?", (BEN,))
        conn.exec_driver_sql("UPDATE listener SET role = 'leaving' WHERE id = ?", (BEN,))
    members.forget_leavers(blue_room.store)
    assert blue_room.value("SELECT title FROM album") == "Blue Room"
    assert line(blue_room, "files", "album", "e", "title").why == "Somebody wrote it"


MBID = "83d91898-7763-47d7-b03b-b92132375c47"
WORDS = {
    "released": "1999", "genres": "Jazz", "length": "3:05", "tracks": "3", "form": "ep", "number": "4",
    "upc": "12345678", "mbid": MBID, "group": MBID, "isrc": "GBAYE6800011", "when": "2027-03-14 20:00",
    "status": "postponed", "doors": "19:00",
}  # fmt: skip


def write_some(house: House, random) -> list[int]:
    """Own words on fields of any claims; one in two artists is of a name that is here."""
    names = [str(name) for (name,) in house.rows("SELECT name FROM artist ORDER BY id")] or ["Nobody"]
    made = []
    for claim, kind in house.rows("SELECT claim_id, kind FROM link ORDER BY claim_id"):
        if random.random() < 0.3:
            field = random.choice([field.name for field in FIELDS[str(kind)] if own.way(field.name)])
            typed = WORDS.get(field, random.choice([random.choice(names)[:300], "Own words"]))
            with suppress(ValueError):  # a name without anything to be seen
                made.append(picks.write(house.store, ANA, str(kind), field, int(str(claim)), typed))
    return [one for one in made if one is not None]


@LAWS
@given(WORLD, st.randoms(use_true_random=False))
def test_own_words_make_the_same_of_a_library_in_any_way(world, random):
    with a_house_of(world) as house:
        choose(house, random)
        with suppress(decisions.Refused):  # items of others' accounts alone
            decide(house, random.choice(KINDS[:3]), random)
        before = unchosen(house)
        made = write_some(house, random)
        during = unchosen(house)
        merging.rebuild(house.store)
        assert unchosen(house) == during
        for one in random.sample(made, len(made)):
            picks.undo(house.store, ANA, one)
        assert unchosen(house) == before
