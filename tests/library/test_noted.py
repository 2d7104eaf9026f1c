"""What a run changed, claim by claim."""

from aggregator.library import noted
from aggregator.plugin import Holding
from tests.library.house import edition, file, track


def end(house):
    """The last run is over, so the next is not the first."""
    with house.store.write() as conn:
        conn.exec_driver_sql("UPDATE run SET state = 'done'")


def notes(house):
    rows = house.rows(
        "SELECT what, pid FROM run_change JOIN claim ON id = claim_id WHERE run_id = (SELECT MAX(id) FROM run)"
    )
    return sorted(rows)


def test_of_the_first_run_nothing_is_noted(house):
    house.sync("files", file("a", "Harbour"), scope=None)
    assert notes(house) == [], "not of a first run that fails"
    house.sync("files", file("a", "Harbour"), file("b", "Tide"))
    assert notes(house) == [], "nor of the one that comes to its end"
    end(house)
    house.sync("files", file("a", "Harbour"), file("b", "Tide"), file("c", "Foghorn"))
    assert notes(house) == [("added", "c")]
    house.sync("files", what="friends")
    assert notes(house) == [], "each capability has a first run of its own"


def test_added_changed_removed_and_returned(house):
    house.sync("files", *(file(name, f"Song {name}") for name in "abcdef"))
    end(house)
    house.sync("files", *(file(name, f"Song {name}") for name in "bcdef"))
    assert notes(house) == [("removed", "a")]
    end(house)
    house.sync("files", file("b", "Other words"), *(file(name, f"Song {name}") for name in "acdefg"))
    assert notes(house) == [("added", "g"), ("changed", "b"), ("returned", "a")]
    end(house)
    house.sync("files", file("b", "Other words"), *(file(name, f"Song {name}") for name in "acdefg"))
    assert notes(house) == []


def test_what_is_only_held_is_not_noted_as_removed(house):
    house.sync("files", *(file(f"t{n}", f"Song {n}") for n in range(9)))
    end(house)
    house.sync("files", file("t0", "Song 0"))
    assert notes(house) == []


def test_what_goes_in_one_scope_and_comes_in_another_has_returned(house):
    saved = Holding(of="edition", id="e", how="saved")
    songs = [track(f"t{n}", f"Song {n}") for n in range(9)]
    house.sync("spotify", edition("e", "Blue Room"), saved, *songs, scope="albums")
    end(house)
    intake = house.intake("spotify")
    with house.store.write() as conn:
        intake.take(conn, songs)
        assert intake.complete(conn, "albums").removed == 2
        intake.take(conn, [edition("e", "Blue Room")])
        intake.complete(conn, "other")
    assert notes(house) == [("removed", "edition:saved:e"), ("returned", "e")]


def test_no_more_than_a_page_may_show_is_noted(house):
    house.sync("files", file("a", "Harbour"))
    end(house)
    house.sync("files", *(file(f"t{n}", f"Song {n}") for n in range(noted.MOST + 50)), batch=400, scope=None)
    assert len(notes(house)) == noted.MOST
