"""Nothing vanishes because a service had a bad day."""

import pytest

from aggregator.library import guard
from aggregator.library.guard import Removal
from aggregator.plugin import Artist, Credit, Holding, Show, Venue
from tests.library.house import edition, file, track, wait_a_day


def files(count):
    return [file(f"t{n:03}", f"Song {n}") for n in range(count)]


def songs(house):
    return house.value("SELECT COUNT(*) FROM claim WHERE kind = 'recording' AND present")


def show(number, day):
    lineup = [Credit(name=f"Act {number}", id=f"a{number}")]
    return Show(id=f"s{number}", title=f"Night {number}", day=day, venue=Venue(name="Hall"), lineup=lineup)


def test_an_empty_answer_never_empties_the_library(house):
    house.sync("files", *files(2))
    assert house.sync("files") == Removal(removed=0, held=2)
    assert songs(house) == 2
    assert house.rows('SELECT items, "of", decided_at FROM held') == [(2, 2, None)]


@pytest.mark.parametrize(("left", "gone"), [(80, 20), (79, 0)])
def test_a_fifth_may_go_and_not_one_more(house, left, gone):
    house.sync("files", *files(100))
    assert house.sync("files", *files(left)).removed == gone
    assert songs(house) == (left if gone else 100)


def test_three_may_always_go(house):
    house.sync("files", *files(4))
    assert house.sync("files", *files(1)) == Removal(removed=3, held=0)


def test_the_largest_size_of_seven_days_is_the_measure_of_one_answer(house):
    """Other songs in their place do not hide what is missing."""
    house.sync("files", *files(100))
    wait_a_day(house, 2)
    house.sync("files", *files(90))
    others = [file(f"new {n}", f"New {n}") for n in range(30)]
    assert house.sync("files", *others, *files(70)).removed == 20
    assert house.sync("files", *files(79)).held == 30


def test_each_kind_counts_for_itself(house):
    """A thousand songs do not hide that every followed artist is missing."""
    artists = [Artist(id=f"a{n}", name=f"Act {n}") for n in range(30)]
    house.sync("spotify", *artists, *(track(f"t{n}", f"Song {n}") for n in range(300)))
    assert house.sync("spotify", *(track(f"t{n}", f"Song {n}") for n in range(300))).held == 30


def answer(house, word):
    with house.store.write() as conn:
        return word(conn, house.value("SELECT MAX(id) FROM held"), house.now)


def test_a_yes_removes_what_was_shown_at_once_and_is_the_new_measure(house):
    house.sync("files", *files(100))
    house.sync("files", *files(40))
    assert answer(house, guard.believe) == 60
    assert songs(house) == 40
    assert answer(house, guard.believe) == 0
    assert house.sync("files", *files(33)).removed == 7
    assert house.sync("files", *files(20)).held == 13


def test_a_no_is_not_asked_again_and_does_not_hide_what_else_goes(house):
    house.sync("files", *files(100))
    house.sync("files", *files(40))
    answer(house, guard.keep)
    assert house.sync("files", *files(40)) == Removal(removed=0, held=0)
    assert house.sync("files", *files(35)) == Removal(removed=5, held=0)
    assert house.rows("SELECT decision, decided_at IS NULL FROM held") == [("no", 0)]
    assert songs(house) == 95
    assert answer(house, guard.believe) == 60


def test_a_yes_leaves_what_another_list_of_the_service_names_by_now(house):
    house.sync("files", *files(20), scope="here")
    house.sync("files", scope="here")
    house.sync("files", *files(2), scope="there")
    assert answer(house, guard.believe) == 18
    assert songs(house) == 2


def test_changed_settings_start_anew(house):
    house.sync("files", *files(10))
    with house.store.write() as conn:
        guard.begin_anew(conn, house.accounts["files"])
    other = [file(f"other {n}", f"Other {n}") for n in range(10)]
    assert house.sync("files", *other) == Removal(removed=10, held=0)


def test_a_failed_run_removes_nothing_and_hides_nothing(house):
    house.sync("files", *files(5))
    house.sync("files", *files(1), scope=None)
    assert songs(house) == 5


def test_absence_counts_only_in_the_scope_that_is_complete(house):
    house.sync("tickets", show(1, "2026-05-01"), show(2, "2026-05-02"), what="shows", scope="Chicago")
    house.sync("tickets", show(3, "2026-05-03"), what="shows", scope="Boston")
    assert house.sync("tickets", show(1, "2026-05-01"), what="shows", scope="Chicago").removed == 1
    assert house.value("SELECT COUNT(*) FROM claim WHERE kind = 'show' AND present") == 2


def test_a_library_run_says_nothing_of_shows(house):
    house.sync("tickets", show(1, "2026-05-01"), what="shows")
    house.sync("tickets", *files(3))
    assert house.sync("tickets", *files(3)).removed == 0
    assert house.value("SELECT COUNT(*) FROM claim WHERE kind = 'show' AND present") == 1


def test_shows_that_are_over_expire_without_being_removed(house):
    house.sync("tickets", *(show(n, "2026-03-04") for n in range(20)), what="shows")
    wait_a_day(house, 10)
    assert house.sync("tickets", what="shows") == Removal(removed=0, held=0)
    assert house.value("SELECT COUNT(*) FROM held") == 0


def test_what_goes_is_marked_and_can_come_back(house):
    saved = Holding(of="edition", id="e1", how="saved")
    house.sync("spotify", edition("e1", "Blue Room"), saved, *(track(f"t{n}", f"Song {n}") for n in range(9)))
    before = house.claim("spotify", "album", "e1")
    wait_a_day(house)
    house.sync("spotify", *(track(f"t{n}", f"Song {n}") for n in range(9)))
    assert house.rows("SELECT present, absent_since FROM claim WHERE id = ?", before) == [(0, house.now)]
    house.sync("spotify", edition("e1", "Blue Room"), saved, *(track(f"t{n}", f"Song {n}") for n in range(9)))
    assert house.claim("spotify", "album", "e1") == before
    assert house.rows("SELECT present, absent_since FROM claim WHERE id = ?", before) == [(1, None)]
