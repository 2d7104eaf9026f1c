"""The queue of questions: what is asked first, what was put off, what answers do to it, and what two items show."""

import json

import pytest

from aggregator import listeners
from aggregator.library import acts, decisions, erasing, review
from aggregator.library.comparison import compare, marked
from aggregator.library.review import Wanted
from aggregator.plugin import Artist, Credit, Edition, Holding
from tests.library.house import ANA, BEN, House, edition, file, play, track, wait_a_day


def queue(house: House, listener: int = ANA, **wanted: object) -> list[review.Pair]:
    with house.store.read() as conn:
        return review.pairs(conn, listener, Wanted(**wanted))


def titles(house: House, listener: int = ANA) -> list[str]:
    return [pair.a.title for pair in queue(house, listener)]


def waiting(house: House, listener: int = ANA, **wanted: object) -> review.Waiting:
    with house.store.read() as conn:
        return review.waiting(conn, listener, Wanted(**wanted))


def lines(house: House, pair: review.Pair) -> dict[str, tuple[str, str, str]]:
    """Field by field: both texts, what is marked between brackets, and the verdict."""
    with house.store.read() as conn:
        found = compare(conn, ANA, pair).lines
    return {line.field: (text(line.a), text(line.b), line.verdict) for line in found}


def text(pieces: tuple[tuple[str, bool], ...]) -> str:
    return "".join(f"[{piece}]" if is_marked else piece for piece, is_marked in pieces)


def doubtful(house: House, *names: str) -> None:
    """Songs that the files and Spotify know in lengths too near and too far for the rules."""
    house.sync("files", *(file(name, name, seconds=185) for name in names))
    house.sync("spotify", *(track(name, name, seconds=190) for name in names))
    house.merge()


# --- the order --------------------------------------------------------------------------------------------------------


def test_what_is_heard_most_is_asked_first_then_what_is_loved(house: House) -> None:
    doubtful(house, "Anvil", "Bell", "Crane", "Dune")
    house.sync("spotify", Holding(of="track", id="Dune", how="loved"), scope=None)
    assert titles(house) == ["Anvil", "Bell", "Crane", "Dune"]
    house.merge()
    assert titles(house) == ["Dune", "Anvil", "Bell", "Crane"]
    heard = [("Crane", 1), ("Crane", 2), ("Crane", 3), ("Bell", 4), ("Bell", 5)]
    house.plays("spotify", *(play(10 * at, title, track=title) for title, at in heard))
    house.merge()
    assert [(pair.a.title, pair.plays) for pair in queue(house)] == [
        ("Crane", 3),
        ("Bell", 2),
        ("Dune", 0),
        ("Anvil", 0),
    ]
    assert waiting(house).plays == 5


def test_a_list_goes_on_after_its_last_question_whatever_was_answered_meanwhile(house: House) -> None:
    doubtful(house, *(f"Song {letter}" for letter in "ABCDEFG"))
    everything, seen, after = titles(house), [], None
    while True:
        with house.store.read() as conn:
            page = review.pairs(conn, ANA, after=after, limit=2)
        if not page:
            break
        seen += [pair.a.title for pair in page]
        after = page[-1].place
        decisions.apart(house.store, ANA, "recording", page[-1].a.item, page[-1].b.item)
    assert seen == everything


def test_kinds_and_sources_narrow_the_queue(house: House) -> None:
    doubtful(house, "Anvil")
    house.sync("ben-spotify", track("b", "Anvil", seconds=190), track("c", "Bell", seconds=190))
    house.sync("files", Artist(id="a", name="Morrow", country="NL"), scope=None)
    house.sync("tickets", Artist(id="b", name="Morrow", country="US"))
    house.merge()
    told = waiting(house)
    assert (told.kinds, told.count(), told.count("artist")) == ({"artist": 1, "recording": 1}, 2, 1)
    assert [pair.kind for pair in queue(house, kind="recording")] == ["recording"]
    tickets = house.accounts["tickets"]
    assert [pair.kind for pair in queue(house, account=tickets)] == ["artist"]
    assert waiting(house, kind="recording", account=tickets).count("recording") == 0
    of_files = [house.claim("files", "recording", "Anvil")]
    assert [pair.kind for pair in queue(house, among=of_files)] == ["recording"]
    assert queue(house, among=()) == []


# --- who is asked -----------------------------------------------------------------------------------------------------


def test_a_new_listener_is_asked_what_the_household_cannot_tell(house: House) -> None:
    house.sync("files", file("t", "Harbour", seconds=185), file("u", "Harbour", seconds=190, edition=None))
    house.merge()
    newcomer = listeners.create(house.store, "Cleo", "member", "a long enough one")
    assert len(queue(house, newcomer.id)) == len(queue(house)) == 1


def test_one_is_asked_in_words_of_ones_own_where_another_listener_says_the_same(house: House) -> None:
    house.sync("files", file("t", "Harbour", seconds=185))
    house.sync("ben-spotify", track("b", "Harbour", seconds=190))
    house.merge()
    assert [len(queue(house, who)) for who in (ANA, BEN)] == [0, 1]
    house.sync("spotify", track("t", "Harbour", seconds=190))
    house.merge()
    assert [{pair.a.account, pair.b.account} for pair in queue(house, ANA)] == [{"Files", "Spotify"}]
    assert [{pair.a.account, pair.b.account} for pair in queue(house, BEN)] == [{"Files", "Ben Spotify"}]
    assert queue(house, ANA)[0].why == queue(house, BEN)[0].why == "title and artist agree, length differs"


def test_nobody_is_asked_in_words_of_another_listener(house: House) -> None:
    """However many accounts of Ben's say them."""
    with house.store.write() as conn:
        house.accounts["ben-deezer"] = conn.exec_driver_sql(
            "INSERT INTO account (key, provider, name, listener_id, created_at)"
            " VALUES ('ben-deezer', 'deezer', 'Ben Deezer', ?, 0) RETURNING id",
            (BEN,),
        ).scalar_one()
    house.sync("files", file("t", "Harbour", seconds=185))
    for account in ("ben-spotify", "ben-deezer"):
        house.sync(account, track("b", "Harbour", seconds=190))
    house.merge()
    assert house.together("recording", "ben-spotify/b", "ben-deezer/b")
    assert [len(queue(house, who)) for who in (ANA, BEN)] == [0, 1]


def test_two_items_are_one_question_however_many_claims_doubt(house: House) -> None:
    house.sync("files", file("t", "Harbour", seconds=185))
    house.sync("spotify", track("t", "Harbour", seconds=190))
    house.sync("ben-spotify", track("t", "Harbour", seconds=190.2))
    house.merge()
    assert len(house.questions("recording")) >= 1
    assert [len(queue(house, who)) for who in (ANA, BEN)] == [1, 1]
    [asked] = queue(house)
    assert {asked.a.account, asked.b.account} == {"Files", "Spotify"}
    decisions.apart(house.store, ANA, "recording", asked.a.item, asked.b.item)
    assert queue(house) == []


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_settles_its_neighbours_and_is_asked_again_once_taken_back(house: House) -> None:
    doubtful(house, "Harbour")
    house.sync("ben-spotify", track("b", "Harbour", seconds=195))
    house.merge()
    [asked] = queue(house)
    act = decisions.same(house.store, ANA, "recording", [asked.a.item, asked.b.item])
    assert queue(house) == []
    decisions.undo(house.store, ANA, act)
    assert [(pair.a, pair.b) for pair in queue(house)] == [(asked.a, asked.b)]


def test_a_question_goes_with_what_it_is_about(house: House) -> None:
    doubtful(house, "Harbour")
    house.sync("spotify", track("other", "Tide", seconds=100))
    house.merge()
    assert titles(house) == []
    house.sync("spotify", track("Harbour", "Harbour", seconds=190))
    house.merge()
    erasing.erase(house.store, house.accounts["files"])
    assert titles(house) == []
    house.merge()
    assert titles(house) == []


# --- put off ----------------------------------------------------------------------------------------------------------


def test_what_was_skipped_waits_until_it_is_wanted(house: House) -> None:
    doubtful(house, "Anvil", "Bell")
    review.skip(house.store, ANA, queue(house)[0])
    assert (titles(house), waiting(house).skipped, waiting(house).count()) == (["Bell"], 1, 1)
    assert titles(house, BEN) == []
    house.sync("spotify", track("Anvil", "Anvil", seconds=190.3), track("Bell", "Bell", seconds=190))
    wait_a_day(house)
    house.merge()
    assert titles(house) == ["Bell"]
    assert review.look_again(house.store, ANA) == 1
    assert sorted(titles(house)) == ["Anvil", "Bell"]
    assert house.rows("SELECT * FROM skip") == []


def test_a_skip_outlives_the_claims_and_the_numbers_of_items(house: House) -> None:
    doubtful(house, "Harbour")
    review.skip(house.store, ANA, queue(house)[0])
    erasing.erase(house.store, house.accounts["spotify"])
    house.merge()
    assert waiting(house) == review.Waiting({}, 0, 0)
    house.sync("spotify", track("Harbour", "Harbour", seconds=190), scope=None)
    house.merge()
    assert (titles(house), waiting(house).skipped) == ([], 1)


def test_a_skip_taken_back_is_asked_at_once(house: House) -> None:
    doubtful(house, "Harbour")
    [asked] = queue(house)
    review.skip(house.store, ANA, asked)
    review.unskip(house.store, ANA, asked)
    assert titles(house) == ["Harbour"]
    assert house.rows("SELECT * FROM skip") == []


# --- the same answer to many ------------------------------------------------------------------------------------------


@pytest.fixture
def two_albums(house: House) -> House:
    names = ("Anvil", "Bell", "Crane")
    songs = [file(name, name, seconds=185, edition="red") for name in names]
    house.sync("files", edition("red", "Red Room", released="1999"), *songs)
    blue = [track(name, name, seconds=190, edition="blue") for name in names]
    house.sync("spotify", edition("blue", "Blue Room", released="2012"), *blue, track("lone", "Anvil", seconds=196))
    house.merge()
    return house


def test_songs_of_the_same_two_albums_are_answered_at_once_and_taken_back_at_once(two_albums: House) -> None:
    asked = next(pair for pair in queue(two_albums) if {pair.a.claim, pair.b.claim} == {
        two_albums.claim("files", "recording", "Anvil"), two_albums.claim("spotify", "recording", "Anvil")
    })  # fmt: skip
    before = two_albums.items("recording")
    with two_albums.store.read() as conn:
        others = review.alike(conn, ANA, asked)
    assert {pair.a.title for pair in others} == {"Bell", "Crane"}
    pairs = [(pair.a.item, pair.b.item) for pair in (asked, *others)]
    act = decisions.pairwise(two_albums.store, ANA, "recording", "same", pairs)
    for name in ("Anvil", "Bell", "Crane"):
        assert two_albums.together("recording", f"files/{name}", f"spotify/{name}")
    with two_albums.store.read() as conn:
        [said] = acts.history(conn, ANA)
    assert said.words == "2 called “Anvil” are the same song, and 2 more pairs likewise"
    decisions.undo(two_albums.store, ANA, act)
    assert two_albums.items("recording") == before


def test_none_of_many_pairs_is_one(two_albums: House) -> None:
    pairs = [(pair.a.item, pair.b.item) for pair in queue(two_albums, kind="recording")]
    decisions.pairwise(two_albums.store, ANA, "recording", "different", pairs)
    assert queue(two_albums, kind="recording") == []
    with pytest.raises(decisions.Refused):
        decisions.pairwise(two_albums.store, ANA, "recording", "same", [])


def test_names_are_alike_where_a_source_is_shared_and_the_reason_too(house: House) -> None:
    for account, country in (("files", "NL"), ("spotify", "US")):
        names = ("Morrow", "Quill", "Tern")
        house.sync(account, *(Artist(id=name, name=name, country=country) for name in names))
    house.merge()
    first, *rest = queue(house, kind="artist")
    with house.store.read() as conn:
        assert review.alike(conn, ANA, first) == rest
    assert len(rest) == 2


# --- side by side -----------------------------------------------------------------------------------------------------


def test_two_songs_side_by_side(house: House) -> None:
    house.sync("files", edition("e", "Blue Room", released="2019"), file("t", "Harbour", seconds=185, edition="e"))
    house.sync("spotify", track("t", "Harbour", seconds=190), track("u", "Harbour", seconds=190))
    house.plays("lastfm", play(0, "Harbour", album="Blue Room"))
    house.merge()
    [asked] = queue(house, kind="recording")
    told = lines(house, asked)
    assert told["Title"] == ("Harbour", "Harbour", "agrees")
    assert told["Length"] == ("[3:05]", "[3:10]", "differs")
    assert told["Album"] == ("Blue Room", "", "told")
    assert told["Year"] == ("2019", "", "told")
    assert told["Who says it"] == ("Files and Lastfm", "Spotify", "told")
    assert told["Plays"] == ("1 play", "not played yet", "told")
    assert told["Heard"] == ("in March 2026", "", "told")
    assert asked.why == "title and artist agree, length differs"


def test_two_artists_side_by_side(house: House) -> None:
    morrow = [Credit(name="Morrow", id="a")]
    album = Edition(id="e", title="Blue Room", credits=morrow)
    song = file("t", "Harbour", edition="e").model_copy(update={"credits": morrow})
    house.sync("files", Artist(id="a", name="Morrow", country="NL"), album, song)
    house.sync("tickets", Artist(id="b", name="Morrow", country="US"))
    house.merge()
    [asked] = queue(house, kind="artist")
    told = lines(house, asked)
    assert told["Name"] == ("Morrow", "Morrow", "agrees")
    assert told["Albums"] == ("Blue Room", "", "told")
    assert told["Songs"] == ("Harbour", "", "told")
    assert told["Who says it"] == ("Files", "Tickets", "told")
    assert asked.why == "name agrees, country differs"


@pytest.mark.parametrize(
    ("left", "right", "marks"),
    [
        ("Harbour", "Harbour (Live)", ("Harbour", "Harbour [(Live)]")),
        ("Harbour, Pt. 1", "Harbour, Pt. 2", ("Harbour, Pt. [1]", "Harbour, Pt. [2]")),
        ("The Tide", "THE tide!", ("The Tide", "THE tide!")),
        ("Ebb", "Flow", ("[Ebb]", "[Flow]")),
        ("The  Palms", "Community Hall", ("[The Palms]", "[Community Hall]")),
        ("夜の海", "夜の山", ("[夜の海]", "[夜の山]")),
    ],
)
def test_the_words_that_differ_are_marked(left: str, right: str, marks: tuple[str, str]) -> None:
    assert tuple(map(text, marked(left, right))) == marks


def test_very_long_texts_are_marked_whole() -> None:
    assert text(marked("a " * 5000, "b")[0]).startswith("[a a")


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ((40, 20), "title and artist agree, which is too little to be sure"),
        ((40, -20), "title agrees, artist differs"),
        ((40, 0), "title agrees, artist is unclear"),
        ((-40, -20), "title and artist differ"),
    ],
)
def test_why_it_is_asked(points: tuple[int, int], words: str) -> None:
    evidence = [{"field": f, "a": "x", "b": "y", "points": p} for f, p in zip(("title", "artist"), points, strict=True)]
    assert review.why(json.dumps(evidence)) == words
