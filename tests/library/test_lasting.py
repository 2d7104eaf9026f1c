"""What a listener said outlives what services do: new titles, absence, new ids, moved files, a second account."""

import pytest

from aggregator.library import decisions, erasing, merging, picks
from aggregator.plugin import Artist, Credit, Edition, Holding, Playlist, Track
from plugins.files import Files
from tests.library.house import ANA, BEN, House, file, play, track
from tests.plugins.conftest import Account
from tests.plugins.test_files import Music


def item(house: House, account: str, pid: str, kind: str = "recording") -> int:
    claim = house.claim(account, kind, pid)
    number = house.value("SELECT item_id FROM link WHERE claim_id = ?", claim)
    assert isinstance(number, int)
    return number


def two_songs(house: House) -> None:
    house.sync("files", file("a", "Harbour"), file("b", "Tide", seconds=250.0))
    house.sync("spotify", track("x", "Harbour", seconds=185.0), track("y", "Tide", seconds=250.0))
    house.merge()
    assert house.together("recording", "files/a", "spotify/x") and house.together("recording", "files/b", "spotify/y")


@pytest.fixture
def joined(house):
    """Two songs that are one to Ana, and one that is two to her."""
    two_songs(house)
    decisions.same(house.store, ANA, "recording", [item(house, "files", "a"), item(house, "files", "b")])
    return house


@pytest.fixture
def parted(house):
    two_songs(house)
    decisions.split(house.store, ANA, "recording", [house.claim("spotify", "recording", "x")])
    assert not house.together("recording", "files/a", "spotify/x")
    return house


def test_new_titles_change_no_decision(joined):
    joined.sync("files", file("a", "Something else", "Nobody"), file("b", "Another thing", "Somebody", seconds=20.0))
    joined.merge()
    assert joined.together("recording", "files/a", "files/b")


def test_equal_titles_change_no_decision(parted):
    parted.sync("spotify", track("x", "Harbour", seconds=185.0, ids={"isrc": "DE1"}), track("y", "Tide", seconds=250.0))
    parted.sync("files", file("a", "Harbour", ids={"isrc": "DE1"}), file("b", "Tide", seconds=250.0))
    parted.merge()
    assert not parted.together("recording", "files/a", "spotify/x")
    assert frozenset({"files/a", "spotify/x"}) not in parted.questions("recording")


def test_what_goes_and_comes_back_is_what_it_was_said_to_be(parted):
    before = parted.items("recording")
    parted.sync("spotify", track("z", "Another", seconds=100.0))
    parted.merge()
    assert parted.value("SELECT COUNT(*) FROM claim WHERE pid IN ('x', 'y') AND present") == 0
    parted.sync("spotify", track("x", "Harbour", seconds=185.0), track("y", "Tide", seconds=250.0))
    parted.merge()
    assert before <= parted.items("recording")


def test_an_erased_account_that_comes_back_finds_what_was_said(parted):
    erasing.erase(parted.store, parted.accounts["spotify"])
    parted.merge()
    parted.sync("spotify", track("y", "Tide", seconds=250.0), track("x", "Harbour", seconds=185.0))
    parted.merge()
    assert not parted.together("recording", "files/a", "spotify/x")
    assert parted.together("recording", "files/b", "spotify/y")


def test_a_twin_account_of_one_service_goes_with_its_twin(parted):
    """Ben's Spotify names the same songs by the same ids: his belongs to the side that Ana's was put on."""
    parted.sync("ben-spotify", track("x", "Harbour", seconds=185.0, ids={"spotify": "x"}))
    parted.merge()
    assert not parted.together("recording", "files/a", "spotify/x")
    derived = parted.derived()
    merging.rebuild(parted.store)
    assert parted.derived() == derived and not parted.together("recording", "files/a", "spotify/x")


# --- new ids ----------------------------------------------------------------------------------------------------------


def test_a_new_musicbrainz_id_takes_over_all_that_the_old_one_had(house):
    old, new = {"mbid": "old"}, {"mbid": "new", "former_mbid": "older old"}
    ana = [Credit(name="Ana", id="ana")]
    house.sync("spotify", Track(id="old", title="Harbour", credits=ana, ids=old, seconds=185),
               Artist(id="ana", name="Ana"), Holding(of="track", id="old", how="loved"),
               Playlist(id="p", name="Slow", tracks=["old"]))  # fmt: skip
    house.sync("files", file("f", "Elsewhere", "Nobody"))
    house.plays("spotify", play(0, "Harbour", "Ana", track="old"))
    house.merge()
    number = house.claim("spotify", "recording", "old")
    decisions.same(house.store, ANA, "recording", [item(house, "spotify", "old"), item(house, "files", "f")])
    house.sync("spotify", Track(id="new", title="Harbour", credits=ana, ids=new, seconds=185),
               Artist(id="ana", name="Ana"), Holding(of="track", id="new", how="loved"),
               Playlist(id="p", name="Slow", tracks=["new"]))  # fmt: skip
    house.merge()
    assert house.claim("spotify", "recording", "new") == number
    assert house.together("recording", "spotify/new", "files/f")
    shelf = "SELECT loved, plays FROM shelf WHERE kind = 'recording' AND listener_id = ? AND plays"
    assert house.rows(shelf, ANA) == [(1, 1)]
    assert house.value("SELECT COUNT(*) FROM claim WHERE kind = 'holding'") == 1
    assert house.value("SELECT COUNT(*) FROM claim WHERE pid = 'old'") == 0
    derived = house.derived()
    merging.rebuild(house.store)
    assert house.derived() == derived


def test_where_both_ids_were_known_the_decision_holds_for_both(house):
    house.sync("spotify", Artist(id="old", name="Ana", ids={"mbid": "old"}),
               Artist(id="new", name="Anna", ids={"mbid": "new"}), Artist(id="z", name="Zoe"))  # fmt: skip
    house.merge()
    decisions.same(
        house.store, ANA, "artist", [item(house, "spotify", "old", "artist"), item(house, "spotify", "z", "artist")]
    )
    house.sync(
        "spotify", Artist(id="new", name="Anna", ids={"mbid": "new", "former_mbid": "old"}), Artist(id="z", name="Zoe")
    )
    house.merge()
    assert house.together("artist", "spotify/new", "spotify/z")
    decisions.undo(house.store, ANA, 1)
    assert not house.together("artist", "spotify/new", "spotify/z")


def test_an_artist_known_by_credits_alone_moves_to_its_new_id(house):
    def song(mbid: str, **more: str) -> Edition:
        return Edition(id="e", title="Blue Room", credits=[Credit(name="Ana", id=mbid, ids={"mbid": mbid, **more})])

    house.sync("files", song("old"))
    house.sync("spotify", Artist(id="s", name="Somebody"))
    house.merge()
    decisions.same(
        house.store, ANA, "artist", [item(house, "files", "old", "artist"), item(house, "spotify", "s", "artist")]
    )
    house.sync("files", song("new", former_mbid="old"))
    house.merge()
    assert house.together("artist", "files/new", "spotify/s")


def test_a_decision_that_told_the_two_ids_apart_does_not_end_up_on_both_sides(house):
    house.sync(
        "spotify", Artist(id="old", name="Ana", ids={"mbid": "old"}), Artist(id="new", name="Ana", ids={"mbid": "new"})
    )
    house.merge()
    decisions.apart(house.store, ANA, "artist", *(house.claim("spotify", "artist", pid) for pid in ("old", "new")))
    house.sync("spotify", Artist(id="old", name="Ana", ids={"mbid": "old"}),
               Artist(id="new", name="Ana", ids={"mbid": "new", "former_mbid": "old"}))  # fmt: skip
    house.merge()
    assert not house.together("artist", "spotify/old", "spotify/new")
    assert house.value("SELECT COUNT(*) FROM decision_claim") == 2


def test_what_was_picked_and_put_off_goes_with_the_new_id(house):
    def names(mbid: str, **more: str) -> tuple[Artist, Artist]:
        return Artist(id=mbid, name="Röyk", ids={"mbid": mbid, **more}), Artist(id="z", name="Zoe")

    house.sync("files", *names("old"))
    house.sync("spotify", Artist(id="s", name="Röyk"))
    house.merge()
    assert picks.pick(house.store, ANA, "artist", "name", house.claim("files", "artist", "old"))
    with house.store.write() as conn:
        conn.exec_driver_sql("INSERT INTO skip VALUES ('files', 'old', 'artist', 'spotify', 's', ?)", (ANA,))
        conn.exec_driver_sql("INSERT INTO skip VALUES ('spotify', 's', 'artist', 'files', 'old', ?)", (BEN,))
    house.sync("files", *names("new", former_mbid="old"))
    house.merge()
    assert house.rows("SELECT pid FROM pick") == [("new",)]
    assert house.rows("SELECT pid, other_pid FROM skip ORDER BY listener_id") == [("new", "s"), ("s", "new")]


@pytest.mark.parametrize("batch", [1, 1000])
def test_an_account_that_names_both_ids_in_one_run_has_two_things_in_any_order(house, batch):
    both = Artist(id="old", name="Ana"), Artist(id="new", name="Anna", ids={"mbid": "new", "former_mbid": "old"})
    house.sync("spotify", both[0])
    house.sync("spotify", *both, batch=batch)
    assert house.rows("SELECT pid FROM claim ORDER BY pid") == [("new",), ("old",)]


@pytest.mark.parametrize("batch", [1, 1000])
@pytest.mark.parametrize("order", [1, -1])
def test_what_was_said_of_an_id_outlives_a_night_that_names_it_and_its_successor(house, order, batch):
    """The old id by a credit alone, before its successor or after it; and the nights after that one."""
    house.sync("spotify", Artist(id="old", name="Ana", country="IS", ids={"mbid": "old"}), Artist(id="z", name="Zoe"))
    house.sync("files", Artist(id="a", name="Ana"))
    house.merge()
    mine = item(house, "spotify", "old", "artist")
    decisions.split(house.store, ANA, "artist", [house.claim("files", "artist", "a")])
    decisions.same(house.store, ANA, "artist", [mine, item(house, "spotify", "z", "artist")])
    told = [
        Track(id="t", title="Harbour", credits=[Credit(name="Ana", id="old")]),
        Artist(id="new", name="Ana", ids={"mbid": "new", "former_mbid": "old"}),
    ]
    for _ in range(2):
        house.sync("spotify", *told[::order], Artist(id="z", name="Zoe"), batch=batch)
        house.merge()
        assert house.items("artist") == {frozenset({"spotify/old", "spotify/new", "spotify/z"}), frozenset({"files/a"})}
        assert "IS" in str(house.value("SELECT payload FROM claim WHERE pid = 'old'"))
        house.now += 86_400


def test_an_account_with_ids_of_its_own_is_not_renamed_by_those_of_musicbrainz(house):
    house.sync("spotify", Artist(id="old", name="Ana"), Artist(id="x", name="Zoe"))
    house.sync("spotify", Artist(id="x", name="Zoe", ids={"mbid": "new", "former_mbid": "old"}), scope=None)
    house.sync("spotify", Artist(id="y", name="Una", ids={"mbid": "new", "former_mbid": "old"}), scope=None)
    assert house.rows("SELECT pid FROM claim ORDER BY pid") == [("old",), ("x",), ("y",)]


# --- moved files ------------------------------------------------------------------------------------------------------


def test_a_moved_and_renamed_file_keeps_its_decisions_and_plays(house, tmp_path):
    """Through the scan of a real folder."""
    music = Music(tmp_path / "music")
    music.distinct("Ana/Blue Room/01 Harbour.flac", 1, title="Harbour", artist="Ana", album="Blue Room")
    music.distinct("Ana/Blue Room/02 Tide.flac", 2, title="Tide", artist="Ana", album="Blue Room")
    house.sync("files", *_scanned(music))
    house.sync("spotify", track("z", "Elsewhere", "Nobody"))
    house.plays("lastfm", play(0, "Harbour", "Ana", "Blue Room"))
    house.merge()
    (song,) = [row[0] for row in house.rows("SELECT id FROM recording WHERE title = 'Harbour'")]
    decisions.same(house.store, ANA, "recording", [song, item(house, "spotify", "z")])
    before = house.items("recording")
    moved = tmp_path / "music" / "Sorted" / "A"
    moved.mkdir(parents=True)
    (tmp_path / "music/Ana/Blue Room/01 Harbour.flac").rename(moved / "Hafen.flac")
    (tmp_path / "music/Ana/Blue Room/02 Tide.flac").rename(moved / "Flut.flac")
    house.sync("files", *_scanned(music))
    house.merge()
    assert house.items("recording") == before
    assert house.value("SELECT plays FROM shelf WHERE kind = 'recording' AND listener_id = ? AND plays", ANA) == 1
    assert "Sorted/A/Hafen.flac" in str(house.value("SELECT payload FROM claim WHERE payload LIKE '%Hafen%'"))


def _scanned(music: Account) -> list:
    assert music.cls is Files
    return [record for record in music.run("library").records if record.type not in ("progress", "complete")]
