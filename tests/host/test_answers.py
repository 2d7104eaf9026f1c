"""Answers of services: kept with their age, asked again when too old, the most telling first."""

from __future__ import annotations

import time
from typing import Any

import pytest

from aggregator import answers, listeners
from aggregator._host import runs
from aggregator.library import merging
from aggregator.library.claims import Intake
from aggregator.plugin import Artist, Holding
from tests.host.conftest import Home

NOW = int(time.time())


@pytest.fixture
def account(home: Home) -> int:
    """A source of one followed artist, and a listener to ask for."""
    listeners.create(home.store, "Robin", "owner")
    account = home.account("good")
    with home.store.write() as conn:
        intake = Intake(account, "good", None, runs.ask(conn, "library", account, "start", 1), 1)
        intake.take(conn, [Artist(id="a", name="Quiet Harbour"), Holding(of="artist", id="a", how="followed")])
        intake.complete(conn)
    merging.merge(home.store)
    return account


def refresh(
    home: Home, account: int, ask: Any, seconds: float = 10, budget: answers.Budget = answers.USUAL
) -> dict[str, int]:
    return answers.refresh(home.store, lambda _: {account}, ask, lambda done, total, doing: None, seconds, budget)


NEAR = {"type": "artist", "id": "n", "name": "Near"}
SAID = {"similar": [[NEAR, 0.8]], "tags": [{"name": "Slow"}], "tag_artists": [[NEAR, 7]], "listeners": [900]}


def asked_of(home: Home, account: int, budget: answers.Budget = answers.USUAL) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []

    def ask(_account: int, method: str, argument: Any) -> list[Any]:
        asked.append((method, argument["name"] if isinstance(argument, dict) else argument or ""))
        return SAID.get(method, [])

    refresh(home, account, ask, budget=budget)
    return asked


def make_old(home: Home, method: str, fetched_at: int = 1) -> None:
    sql = "UPDATE answer SET expires_at = 1, asked_at = 1, fetched_at = ? WHERE method = ?"
    with home.store.write() as conn:
        conn.exec_driver_sql(sql, (fetched_at, method))


def kept(home: Home, account: int, method: str, argument: str) -> answers.Answer:
    with home.store.read() as conn:
        (found,) = answers.read(conn, method, argument, [account], 0)
    return found


def test_what_is_missing_is_asked_once_and_opens_further_questions(home: Home, account: int) -> None:
    asked = asked_of(home, account)
    assert asked[0] == ("similar", "Quiet Harbour")
    assert {("tags", "Near"), ("listeners", "Near"), ("albums_of", "Near")} <= set(asked)
    assert {("tag_artists", "slow"), ("chart", "")} <= set(asked)
    assert len(asked) == len(set(asked))
    assert asked_of(home, account) == []


def test_an_answer_that_is_too_old_is_asked_for_again(home: Home, account: int) -> None:
    asked_of(home, account)
    make_old(home, "similar")
    assert asked_of(home, account) == [("similar", "Quiet Harbour")]


def test_the_oldest_answers_are_asked_for_first_after_what_is_missing(home: Home, account: int) -> None:
    asked_of(home, account)
    for method, fetched_at in (("chart", 30), ("similar", 20), ("tag_artists", 10)):
        make_old(home, method, fetched_at)
    with home.store.write() as conn:
        conn.exec_driver_sql("DELETE FROM answer WHERE method = 'listeners' AND argument = 'near'")
    assert [method for method, _ in asked_of(home, account)] == ["listeners", "tag_artists", "similar", "chart"]


@pytest.mark.parametrize(("lists", "facts"), [(1, 2), (0, 3), (9, 0)])
def test_a_night_asks_no_more_than_its_budget_and_the_next_one_goes_on(
    home: Home, account: int, lists: int, facts: int
) -> None:
    whole: list[tuple[str, str]] = []
    for _night in range(9):
        asked = asked_of(home, account, answers.Budget(lists, facts))
        assert sum(method in answers.LISTS for method, _ in asked) <= lists
        assert sum(method not in answers.LISTS for method, _ in asked) <= facts
        assert asked_of(home, account, answers.Budget(lists, facts)) == [], "the night is over"
        whole += asked
        with home.store.write() as conn:
            conn.exec_driver_sql("UPDATE answer SET asked_at = asked_at - 86400")
    assert len(whole) == len(set(whole))
    if lists and facts:
        assert {method for method, _ in whole} == set(answers.LIFE) - {*answers.ASIDE, "top_artists", "top_albums"}


def test_an_account_of_the_household_is_asked_as_much_for_each_listener(home: Home, account: int) -> None:
    for name in (None, "Bo"):
        if name:
            listeners.create(home.store, name, "member")
        asked = asked_of(home, account, answers.Budget(1, 9))
        assert sum(method in answers.LISTS for method, _ in asked) == 1


def test_what_a_listener_types_is_not_taken_from_the_budget(home: Home, account: int) -> None:
    with home.store.write() as conn:
        for number in range(5):
            answers.save(conn, account, "search", f"typed {number}", [], int(time.time()))
    assert len(asked_of(home, account, answers.Budget(0, 2))) == 2


def test_what_waits_for_another_night_is_said(home: Home, account: int) -> None:
    counts = refresh(
        home, account, lambda _account, method, _argument: SAID.get(method, []), budget=answers.Budget(9, 1)
    )
    assert counts["wait"] > 0 and counts["left"] == 0


def test_an_empty_answer_or_half_of_one_never_takes_the_place_of_a_whole_one(home: Home, account: int) -> None:
    whole = [{"name": word} for word in "abcdef"]

    def come(items: list[Any], at: int) -> answers.Answer:
        with home.store.write() as conn:
            answers.save(conn, account, "tags", "quiet harbour", items, at)
        return kept(home, account, "tags", "quiet harbour")

    come(whole, NOW)
    for later in (1, 2, 3):
        found = come([], NOW + later)
        assert (found.items, found.fetched_at, found.error) == (whole, NOW, answers.DOUBTED)
    assert come(whole[:4], NOW + 4).items == whole[:4]
    assert come(whole[:1], NOW + 5).items == whole[:4], "doubted once"
    found = come(whole[:1], NOW + 6)
    assert (found.items, found.error) == (whole[:1], None), "and believed when it is said again"


def test_an_error_keeps_the_older_answer_and_is_over_after_a_day(home: Home, account: int) -> None:
    with home.store.write() as conn:
        answers.save(conn, account, "tags", "quiet harbour", [{"name": "folk"}], NOW)
        answers.save_error(conn, account, "tags", "quiet harbour", "It stumbled.", NOW + 50)
    with home.store.read() as conn:
        (found,) = answers.read(conn, "tags", "quiet harbour", [account], NOW + 60)
        assert (found.items, found.fetched_at, found.error) == ([{"name": "folk"}], NOW, "It stumbled.")
        assert answers.read(conn, "tags", "quiet harbour", [account], NOW + 51 + answers.DAY) == []


def test_what_nobody_needs_for_half_a_year_is_forgotten(home: Home, account: int) -> None:
    long_ago = NOW - answers.FORGOTTEN - answers.DAY
    with home.store.write() as conn:
        answers.save(conn, account, "tags", "needless", [], long_ago)
        answers.save(conn, account, "tags", "needed", [], long_ago)
        answers.save_error(conn, account, "tags", "needed", "It does not answer.", NOW)
        answers.save(conn, account, "search", "typed last week", [], NOW - 7 * answers.DAY)
        answers.save(conn, account, "search", "typed just now", [], NOW)
        assert answers.forget(conn, NOW) == 2
        assert {row[0] for row in conn.exec_driver_sql("SELECT argument FROM answer")} == {"needed", "typed just now"}


def test_a_service_that_refuses_is_not_asked_further(home: Home, account: int) -> None:
    asked: list[str] = []

    def ask(_account: int, method: str, _argument: Any) -> list[Any]:
        asked.append(method)
        raise answers.Refused("asks for fewer calls")

    refresh(home, account, ask)
    assert len(asked) == 1


def test_one_question_that_fails_is_left_for_a_day_and_the_next_ones_are_asked(home: Home, account: int) -> None:
    def ask(_account: int, method: str, _argument: Any) -> list[Any]:
        if method == "similar":
            raise ValueError("unknown artist")
        return []

    assert refresh(home, account, ask)["failed"] == 1
    assert ("similar", "Quiet Harbour") not in asked_of(home, account)


def test_a_slice_ends_in_time_and_says_what_is_left(home: Home, account: int) -> None:
    counts = refresh(home, account, lambda _account, _method, _argument: [], seconds=0)
    assert counts["asked"] == 1 and counts["left"] >= 1


def test_answers_are_read_while_they_are_fresh(home: Home, account: int) -> None:
    with home.store.write() as conn:
        answers.save(conn, account, "tags", "quiet harbour", [{"name": "folk"}], NOW)
    with home.store.read() as conn:
        (found,) = answers.read(conn, "tags", "quiet harbour", [account], NOW)
        assert answers.decoded("tags", found.items)[0].name == "folk"
        assert answers.read(conn, "tags", "quiet harbour", [account], NOW + 40 * answers.DAY) == []
        assert answers.read(conn, "tags", "quiet harbour", [account + 1], NOW) == []
