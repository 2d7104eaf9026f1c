"""Whose word is shown: the usual order, the house's order, a listener's pick; and that a page tells it truly."""

import json
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import members
from aggregator.library import decisions, erasing, merging, picks, precedence
from aggregator.library.fields import FIELDS, field_of
from aggregator.library.items import said
from aggregator.plugin import Cover, Show, Venue
from tests.library.house import ANA, BEN, House, credits, edition, file, play, track
from tests.library.worlds import KINDS, LAWS, WORLD, a_house_of, decide

pytestmark = pytest.mark.timeout(600)


def line(house: House, account: str, kind: str, pid: str, field: str, listener: int = ANA) -> said.Line:
    """What the page of the item says of one field."""
    with house.store.read() as conn:
        item = house.value("SELECT item_id FROM link WHERE claim_id = ?", house.claim(account, kind, pid))
        lines = said.what_is_said(conn, listener, kind, item)
    return next(line for line in lines if line.field == field)


def pick(house: House, account: str, kind: str, pid: str, field: str, listener: int = ANA) -> int:
    made = picks.pick(house.store, listener, kind, field, house.claim(account, kind, pid))
    assert made is not None
    return made


def order(house: House, kind: str, field: str, *providers: str) -> None:
    with house.store.write() as conn:
        precedence.set_order(conn, ANA, kind, field, providers, 0)
    house.merge()


@pytest.fixture
def two_editions(house: House) -> House:
    house.sync("files", edition("e", "Blue Room", released="1995", genres=["Rock"]), file("t", "Harbour", edition="e"))
    deluxe = edition(
        "e", "Blue Room (Deluxe)", released="1994-03", genres=["rock", "Pop"], total_tracks=12, form="live",
        ids={"upc": "123"}, cover=Cover(url="https://img.example/e.jpg"),
    )  # fmt: skip
    house.sync("spotify", deluxe, track("t", "Harbour (Remastered)", seconds=186, edition="e"))
    house.plays("lastfm", *(play(10 * n, "Harbour", album="Blue Room") for n in range(3)))
    house.merge()
    assert len(house.items("album")) == len(house.items("recording")) == 1
    return house


def album(house: House) -> tuple[object, ...]:
    return house.rows("SELECT title, released, year, genres FROM album")[0]


# --- what a page says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "field", "words", "sources", "why", "others"),
    [
        ("album", "title", "Blue Room", ("Files", "Lastfm"), "Your files come first", ["Blue Room (Deluxe)"]),
        ("album", "artist", "The Lanterns", ("Files", "Spotify", "Lastfm"), "3 sources say so", []),
        ("album", "released", "March 1994", ("Spotify",), "The earliest date counts", ["1995"]),
        ("album", "tracks", "12", ("Spotify",), "The only one that says it", []),
        ("album", "genres", "Pop, Rock", None, "All of them together", ["Rock", "Pop, rock"]),
        ("album", "upc", "123", ("Spotify",), "The only one that says it", []),
        ("recording", "title", "Harbour", ("Files", "Lastfm"), "Your files come first", ["Harbour (Remastered)"]),
        ("recording", "album", "Blue Room", ("Files", "Lastfm"), "Your files come first", ["Blue Room (Deluxe)"]),
        ("recording", "length", "3:05", ("Files",), "Your files come first", ["3:06"]),
    ],
)
def test_a_page_says_of_each_field_what_is_shown_whose_it_is_and_why(
    two_editions, kind, field, words, sources, why, others
):
    found = line(two_editions, "files", kind, "e" if kind == "album" else "t", field)
    assert (found.words, found.value and found.value.sources, found.why) == (words, sources, why)
    assert [value.words for value in found.others] == others


def test_nobody_is_told_what_another_listeners_account_says(house):
    house.sync("ben-spotify", edition("e", "Blue Room (Deluxe)", released="1994"))
    house.plays("lastfm", play(0, "Harbour", album="Blue Room"))
    house.merge()
    pid = house.value("SELECT pid FROM claim WHERE kind = 'album' AND account_id = 3")
    shown = line(house, "lastfm", "album", str(pid), "title")
    assert (shown.words, shown.value, shown.why) == ("Blue Room (Deluxe)", None, "None of your sources says it")
    assert [value.words for value in shown.others] == ["Blue Room"]
    shown = line(house, "lastfm", "album", str(pid), "released")
    assert (shown.value, shown.others) == (None, ())


def test_a_song_of_a_thousand_plays_is_told_in_few_queries(house, counted=10):
    house.sync("files", file("t", "Harbour"))
    house.plays("lastfm", *(play(10 * n, "Harbour", album=f"Album {n}") for n in range(300)))
    house.merge()
    with house.store.read() as conn:
        seen: list[str] = []
        execute = conn.exec_driver_sql
        conn.exec_driver_sql = lambda *said: seen.append(said[0]) or execute(*said)  # type: ignore[method-assign]
        item = house.claim("files", "recording", "t")
        lines = said.what_is_said(conn, ANA, "recording", item)
    assert len(seen) <= counted
    title = next(line for line in lines if line.field == "title")
    assert title.why == "2 sources say so"


def test_a_picture_that_was_fetched_is_told_with_who_brought_it(two_editions):
    with two_editions.store.write() as conn:
        conn.exec_driver_sql(
            "INSERT INTO art (source, name, hue, fetched_at) VALUES ('https://img.example/e.jpg', 'abc', 120, 0)"
        )
    shown = line(two_editions, "spotify", "album", "e", "picture")
    assert shown.value is not None
    assert (shown.words, shown.value.art, shown.value.hue, shown.why) == (
        "abc",
        "abc",
        120,
        "The only one that says it",
    )


@LAWS
@given(WORLD, st.randoms(use_true_random=False))
def test_what_a_page_says_is_shown_is_what_rows_hold(world, random):
    """Of any library, with picks and orders."""
    with a_house_of(world) as house:
        choose(house, random)
        house.merge()
        for kind, columns in SHOWN_IN.items():
            for item, *values in house.rows(f"SELECT id, {', '.join(columns.values())} FROM {kind}"):
                assert told(house, kind, item, columns) == dict(zip(columns, values, strict=True))


SHOWN_IN = {
    "artist": {"name": "name", "genres": "(SELECT group_concat(value, ', ') FROM json_each(genres))"},
    "album": {"title": "title", "artist": "credit", "form": "form"},
    "recording": {"title": "title", "artist": "credit", "album": "COALESCE(album_title, '')"},
    "show": {"title": "title", "status": "status"},
}
"""Fields that a row has in the words of a page."""


def told(house: House, kind: str, item: object, fields: dict[str, str]) -> dict[str, str | None]:
    with house.store.read() as conn:
        lines = {line.field: line.words for line in said.what_is_said(conn, ANA, kind, int(str(item)))}
    usual = {"form": "album", "genres": None}
    return {field: lines.get(field, usual.get(field, "")) for field in fields}


# --- picks ------------------------------------------------------------------------------------------------------------


def test_what_was_picked_is_shown_until_it_is_taken_back(two_editions):
    before = two_editions.derived()
    made = [pick(two_editions, "spotify", "album", "e", field, BEN) for field in ("title", "genres")]
    made.append(pick(two_editions, "files", "album", "e", "released"))
    assert album(two_editions) == ("Blue Room (Deluxe)", "1995", 1995, '["Pop", "rock"]')
    assert line(two_editions, "files", "album", "e", "title").why == "Ben picked it"
    assert line(two_editions, "files", "album", "e", "released").why == "You picked it"
    assert two_editions.rows("SELECT item_id FROM find WHERE find MATCH 'deluxe'")
    merging.rebuild(two_editions.store)
    assert album(two_editions) == ("Blue Room (Deluxe)", "1995", 1995, '["Pop", "rock"]')
    for one in made:
        picks.undo(two_editions.store, ANA, one)
    assert two_editions.derived() == before


def test_the_newest_pick_holds_and_the_one_before_when_it_is_taken_back(two_editions):
    pick(two_editions, "spotify", "recording", "t", "length")
    newer = pick(two_editions, "files", "recording", "t", "length")
    assert two_editions.value("SELECT seconds FROM recording") == 185
    picks.undo(two_editions.store, ANA, newer)
    assert two_editions.value("SELECT seconds FROM recording") == 186


def test_no_sync_and_no_order_overrides_a_pick(two_editions):
    pick(two_editions, "spotify", "album", "e", "title")
    order(two_editions, "album", "title", "lastfm", "files")
    remaster = edition("e", "Blue Room (Remastered)", released="1995")
    two_editions.sync("files", remaster, file("t", "Harbour", edition="e"))
    two_editions.merge()
    assert album(two_editions)[0] == "Blue Room (Deluxe)"


def test_what_says_nothing_of_a_field_cannot_be_picked(two_editions):
    claim = two_editions.claim("files", "album", "e")
    assert picks.pick(two_editions.store, ANA, "album", "tracks", claim) is None
    assert picks.pick(two_editions.store, ANA, "album", "ids", claim) is None
    assert picks.pick(two_editions.store, ANA, "album", "colour", claim) is None
    assert picks.pick(two_editions.store, ANA, "recording", "title", claim) is None
    assert two_editions.rows("SELECT * FROM pick") == []


def test_a_pick_follows_its_claim_when_an_item_is_split_and_joined_again(two_editions):
    pick(two_editions, "spotify", "album", "e", "released")
    pick(two_editions, "files", "album", "e", "released")
    joined = two_editions.derived()
    apart = decisions.split(two_editions.store, ANA, "album", [two_editions.claim("spotify", "album", "e")])
    assert dict(two_editions.rows("SELECT title, released FROM album")) == {
        "Blue Room": "1995", "Blue Room (Deluxe)": "1994-03",
    }  # fmt: skip
    decisions.undo(two_editions.store, ANA, apart)
    assert two_editions.derived() == joined


def test_a_pick_sleeps_while_its_source_is_away_and_wakes_up_with_it(two_editions):
    pick(two_editions, "spotify", "album", "e", "title")
    spotify = two_editions.accounts["spotify"]
    two_editions.sync("spotify", *(track(f"x{n}", f"Song {n}") for n in range(9)))
    two_editions.merge()
    assert album(two_editions)[0] == "Blue Room"
    erasing.erase(two_editions.store, spotify)
    two_editions.merge()
    assert album(two_editions)[0] == "Blue Room"
    two_editions.sync("spotify", edition("e", "Blue Room (Deluxe)", released="1994-03"))
    two_editions.merge()
    assert album(two_editions)[0] == "Blue Room (Deluxe)"


def test_picking_a_songs_artist_moves_what_the_artist_was_heard(house):
    house.sync("files", file("t", "Harbour", "Röyk", ids={"isrc": "X"}))
    house.sync("spotify", track("t", "Harbour", "The Lanterns", seconds=185, ids={"isrc": "X"}))
    house.plays("lastfm", play(0, "Harbour", "Röyk"))
    house.merge()
    before = house.derived()
    made = pick(house, "spotify", "recording", "t", "artist")
    during = house.derived()
    assert house.value("SELECT credit FROM recording") == "The Lanterns"
    merging.rebuild(house.store)
    assert house.derived() == during
    picks.undo(house.store, ANA, made)
    assert house.derived() == before


def test_the_history_of_picks_says_who_picked_what(two_editions):
    made = pick(two_editions, "files", "album", "e", "released", BEN)
    picks.undo(two_editions.store, ANA, made)
    pick(two_editions, "spotify", "album", "e", "title")
    with two_editions.store.read() as conn:
        found = picks.history(conn, ANA)
    assert [(one.listener, one.words, one.undone_by) for one in found] == [
        ("Ana", "the album “Blue Room (Deluxe)” shows the title of Spotify, Blue Room (Deluxe)", None),
        ("Ben", "the album “Blue Room” shows the release date of Files, 1995", "Ana"),
    ]
    assert {one.item for one in found} == {two_editions.value("SELECT id FROM album")}


def test_picks_of_what_only_another_listener_has_are_not_told(two_editions):
    made = pick(two_editions, "spotify", "album", "e", "released", ANA)
    with two_editions.store.read() as conn:
        assert picks.visible(conn, ANA, made)
        assert picks.visible(conn, BEN, made) is None
        assert picks.history(conn, BEN) == []


def test_what_a_listener_picked_stays_for_the_house_when_they_leave(two_editions):
    picks.undo(two_editions.store, BEN, pick(two_editions, "files", "album", "e", "title", ANA))
    pick(two_editions, "files", "album", "e", "released", BEN)
    with two_editions.store.write() as conn:
        precedence.set_order(conn, BEN, "album", "title", ["spotify"], 0)
        conn.exec_driver_sql("DELETE FROM account WHERE listener_id = ?", (BEN,))
        conn.exec_driver_sql("UPDATE listener SET role = 'leaving' WHERE id = ?", (BEN,))
    members.forget_leavers(two_editions.store)
    two_editions.merge()
    assert album(two_editions)[:2] == ("Blue Room (Deluxe)", "1995")
    assert line(two_editions, "files", "album", "e", "released").why == "Somebody picked it"


# --- orders -----------------------------------------------------------------------------------------------------------


def test_the_house_can_put_a_provider_first_for_one_field(two_editions):
    order(two_editions, "album", "title", "lastfm", "spotify", "files")
    order(two_editions, "album", "released", "files", "spotify")
    order(two_editions, "album", "genres", "spotify")
    assert album(two_editions) == ("Blue Room", "1995", 1995, '["Pop", "rock"]')
    assert line(two_editions, "files", "album", "e", "released").why == "The order chosen for it: Files, Spotify"
    order(two_editions, "album", "title", "spotify")
    assert album(two_editions)[0] == "Blue Room (Deluxe)"
    order(two_editions, "album", "title")
    order(two_editions, "album", "released")
    assert album(two_editions)[:2] == ("Blue Room", "1994-03")


def test_an_order_taken_back_leaves_the_one_before_whatever_came_after(two_editions):
    def say(*providers: str) -> int:
        with two_editions.store.write() as conn:
            return precedence.set_order(conn, ANA, "album", "title", providers, 0)

    def back(order: int) -> object:
        with two_editions.store.write() as conn:
            precedence.undo(conn, BEN, order, 0)
        two_editions.merge()
        return album(two_editions)[0]

    before = two_editions.derived()
    first, second, third = say("spotify"), say("files"), say()
    two_editions.merge()
    assert album(two_editions)[0] == "Blue Room"
    assert back(third) == "Blue Room"
    assert back(second) == "Blue Room (Deluxe)"
    with two_editions.store.read() as conn:
        told = [(one.id, one.providers, one.undone_by, one.holds) for one in precedence.history(conn)]
    assert told == [(third, [], "Ben", False), (second, ["files"], "Ben", False), (first, ["spotify"], None, True)]
    assert back(first) == "Blue Room"
    assert two_editions.derived() == before


def test_an_order_says_beforehand_what_it_would_change(two_editions):
    with two_editions.store.read() as conn:
        found = precedence.effect(conn, {1, 2, 3}, "album", field_of("album", "released"), ["files", "spotify"])
        assert (found.items, found.about) == (1, False)
        assert [(one.before, one.after) for one in found.examples] == [("March 1994", "1995")]
        assert precedence.effect(conn, {1, 2, 3}, "album", field_of("album", "form"), ["files"]).items == 0


def rooms(house: House) -> None:
    """Albums whose year two sources see differently."""
    for account, year in (("files", "1995"), ("spotify", "1990")):
        house.sync(account, *(edition(f"n{n}", f"Room {n}", released=year) for n in range(5)), scope=None)
    house.merge()


def test_a_large_library_is_told_by_a_part_of_it(two_editions, monkeypatch):
    monkeypatch.setattr(precedence, "SAMPLE", 2)
    pairs = [
        (edition(f"n{n}", f"Room {n}", released="1990"), edition(f"n{n}", f"Room {n}", released="1991"))
        for n in range(5)
    ]
    two_editions.sync("files", *(pair[0] for pair in pairs), scope=None)
    two_editions.sync("spotify", *(pair[1] for pair in pairs), scope=None)
    two_editions.merge()
    with two_editions.store.read() as conn:
        found = precedence.effect(conn, {1, 2, 3}, "album", field_of("album", "released"), ["files"])
    assert found.about
    assert 3 <= found.items <= 6


def test_an_order_is_carried_out_bit_by_bit_and_goes_on_after_a_kill(two_editions, monkeypatch):
    monkeypatch.setattr(precedence, "BATCH", 2)
    rooms(two_editions)
    with two_editions.store.write() as conn:
        precedence.set_order(conn, ANA, "album", "released", ["files"], 0)
    with monkeypatch.context() as killed:
        killed.setattr(merging, "rest", lambda _: sys.exit("killed"))
        with pytest.raises(SystemExit):
            two_editions.merge()
    years = {row[0] for row in two_editions.rows("SELECT year FROM album")}
    assert years == {1990, 1995}
    two_editions.merge()
    assert {row[0] for row in two_editions.rows("SELECT year FROM album")} == {1995}
    with two_editions.store.read() as conn:
        assert precedence.unshown(conn) is None


# --- the laws ---------------------------------------------------------------------------------------------------------


def choose(house: House, random) -> list[int]:
    """Picks of whatever claims say something, and an order; as listeners would, of any of them."""
    made = []
    for claim, kind in house.rows("SELECT claim_id, kind FROM link ORDER BY claim_id"):
        if random.random() < 0.4:
            fields = [field.name for field in FIELDS[str(kind)] if field.can_be_chosen]
            found = picks.pick(
                house.store, random.choice([ANA, BEN]), str(kind), random.choice(fields), int(str(claim))
            )
            made += [] if found is None else [found]
    kind = random.choice(KINDS)
    fields = [field.name for field in FIELDS[kind] if field.can_be_chosen]
    order(house, kind, random.choice(fields), *random.sample(["files", "spotify", "lastfm", "tickets"], 3))
    return made


def unchosen(house: House) -> dict[str, list[tuple[object, ...]]]:
    return {**house.derived(), "show": house.rows("SELECT id, title, day, start, status, venue, detail FROM show")}


@LAWS
@given(WORLD, st.randoms(use_true_random=False))
def test_what_is_shown_is_made_of_claims_decisions_and_choices_alone(world, random):
    with a_house_of(world) as house:
        choose(house, random)
        with suppress(decisions.Refused):  # items of others' accounts alone
            decide(house, random.choice(KINDS[:3]), random)
        during = unchosen(house)
        merging.rebuild(house.store)
        assert unchosen(house) == during


@LAWS
@given(WORLD, st.randoms(use_true_random=False))
def test_choices_taken_back_leave_everything_as_it_was(world, random):
    with a_house_of(world) as house:
        before = unchosen(house)
        for made in random.sample(chosen := choose(house, random), len(chosen)):
            picks.undo(house.store, ANA, made)
        for kind, field in house.rows("SELECT kind, field FROM precedence"):
            order(house, str(kind), str(field))
        assert unchosen(house) == before


def test_a_show_shows_what_was_picked(house):
    venue = Venue(name="The Hall", city="Springfield")
    said_here = {"day": "2026-05-01", "lineup": credits("The Lanterns"), "venue": venue}
    house.sync("tickets", Show(id="a", title="The Lanterns", start="20:00", **said_here),
               Show(id="b", title="Lanterns live!", status="cancelled", **said_here), what="shows")  # fmt: skip
    house.merge()
    assert house.rows("SELECT title, start, status FROM show") == [("The Lanterns", "20:00", "scheduled")]
    pick(house, "tickets", "show", "b", "title")
    pick(house, "tickets", "show", "b", "status")
    made = pick(house, "tickets", "show", "b", "when")
    assert house.rows("SELECT title, start, status FROM show") == [("Lanterns live!", None, "cancelled")]
    picks.undo(house.store, ANA, made)
    assert house.value("SELECT start FROM show") == "20:00"
    assert json.loads(str(house.value("SELECT detail FROM show")))["disagree"] == {}
