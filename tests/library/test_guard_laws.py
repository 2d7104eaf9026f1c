"""The laws of the removal guard: no run of bad answers empties a library, and a yes takes away what was shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.library import guard
from tests.library.house import file, wait_a_day
from tests.library.worlds import LAWS, a_house

pytestmark = pytest.mark.timeout(600)

SONGS = [file(f"t{n:02}", f"Song {n}") for n in range(40)]

ANSWERS = st.one_of(
    st.just(()),
    st.just(tuple(range(40))),
    st.integers(0, 40).map(lambda n: tuple(range(n))),
    st.lists(st.integers(0, 39), unique=True).map(tuple),
    st.lists(st.integers(0, 39), unique=True, max_size=4).map(lambda few: tuple(n for n in range(40) if n not in few)),
)
"""Songs by number: nothing, all, the beginning, any, all but a few."""
NIGHTS = st.lists(
    st.tuples(st.integers(0, 7), ANSWERS, st.booleans(), st.sampled_from(["", "", "", "yes", "no"])), max_size=12
)
"""Days since the last one, the answer, whether it came to its end, and a listener's word before it."""


def present(house) -> set[int]:
    return {int(str(pid)[1:]) for (pid,) in house.rows("SELECT pid FROM claim WHERE present AND kind = 'recording'")}


def shown(house) -> tuple[int, set[int]] | None:
    """The question that waits, page by page."""
    waiting = house.rows("SELECT id FROM held WHERE decided_at IS NULL")
    assert len(waiting) <= 1
    if not waiting:
        return None
    number, songs, after = waiting[0][0], set(), 0
    with house.store.read() as conn:
        while some := guard.going(conn, number, after, limit=7):
            songs |= {int(each.title.removeprefix("Song ")) for each in some if each.kind == "recording"}
            after = some[-1].claim
        held = guard.held(conn, number)
    assert held.items == len(songs) == sum(held.counts.values())
    return number, songs


def night(house, answer, whole) -> guard.Removal | None:
    return house.sync("files", *(SONGS[n] for n in answer), scope="" if whole else None)


@LAWS
@given(NIGHTS)
def test_bad_answers_never_take_more_than_a_fifth_whatever_their_order(nights):
    with a_house() as house:
        night(house, range(40), True)
        for days, answer, whole, _ in nights:
            wait_a_day(house, days)
            before = present(house)
            removal = night(house, answer, whole)
            if not answer or not whole:
                assert present(house) == before | set(answer)
            assert removal is None or removal.removed == 0 or removal.held == 0
            assert len(present(house)) >= 32


@LAWS
@given(NIGHTS)
def test_a_yes_removes_just_what_was_shown_and_a_no_nothing(nights):
    with a_house() as house:
        night(house, range(40), True)
        for days, answer, whole, word in nights:
            wait_a_day(house, days)
            before, asked = present(house), shown(house)
            if asked and word:
                with house.store.write() as conn:
                    (guard.believe if word == "yes" else guard.keep)(conn, asked[0], house.now)
                assert present(house) == (before - asked[1] if word == "yes" else before)
                assert shown(house) is None
            night(house, answer, whole)
            if whole and set(answer) >= before:
                assert shown(house) is None


def test_what_the_service_names_again_is_not_asked_about_any_more(house):
    everything = range(40)
    night(house, everything, True)
    night(house, range(10), True)
    number, songs = shown(house)
    assert songs == set(range(10, 40))
    night(house, range(10), True)
    assert shown(house) == (number, songs), "the same question keeps its number"
    night(house, range(9), True)
    assert shown(house)[0] != number, "another question is another number"
    with house.store.write() as conn:
        assert guard.believe(conn, number, house.now) == 0
    night(house, everything, True)
    assert shown(house) is None
    assert len(present(house)) == 40


@pytest.mark.parametrize(("days", "share"), [(1, 0.01), (7, 0.15)])
def test_slow_bleeding_is_seen(house, days, share):
    """One in a hundred a day, or 15 % a week: each answer by itself stays below what is let through."""
    songs = [file(f"s{n:03}", f"Song {n}") for n in range(300)]
    house.sync("files", *songs)
    for _ in range(60):
        wait_a_day(house, days)
        songs = songs[: int(len(songs) * (1 - share))]
        removal = house.sync("files", *songs)
        if removal.held:
            break
    assert house.value("SELECT COUNT(*) FROM claim WHERE present AND kind = 'recording'") >= 240
    reason = house.value("SELECT reason FROM held")
    assert "of 300 songs would be gone in 90 days" in str(reason)


def test_what_left_a_season_ago_counts_no_more(house):
    house.sync("files", *SONGS)
    wait_a_day(house)
    assert house.sync("files", *SONGS[:33]).removed == 7
    wait_a_day(house, guard.SEASON)
    house.sync("files", *SONGS[:33])
    assert house.sync("files", *SONGS[:28]).removed == 5


def test_a_listing_of_shows_may_shrink_with_the_calendar(house):
    from tests.library.test_guard import show

    shows = [show(n, f"2026-03-{4 + n:02}") for n in range(20)]
    house.sync("tickets", *shows, what="shows")
    wait_a_day(house, 14)
    assert house.sync("tickets", *shows[11:], what="shows") == guard.Removal(0, 0)
    assert house.sync("tickets", *shows[11:19], what="shows") == guard.Removal(1, 0)


def test_before_the_first_whole_answer_what_is_there_is_the_measure(house):
    house.sync("files", *SONGS, scope=None)
    assert house.sync("files", *SONGS[:10]).held == 30
    assert house.sync("files").held == 40


def test_an_empty_answer_is_asked_about_even_after_other_settings(house):
    house.sync("files", *SONGS)
    with house.store.write() as conn:
        guard.begin_anew(conn, house.accounts["files"], house.now)
    assert house.sync("files").held == 40
    assert house.sync("files", *SONGS[:1]).removed == 39
