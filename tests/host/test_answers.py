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


def refresh(home: Home, account: int, ask: Any, seconds: float = 10) -> dict[str, int]:
    return answers.refresh(home.store, lambda _: {account}, ask, lambda done, total, doing: None, seconds)


def asked_of(home: Home, account: int, seconds: float = 10) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []

    def ask(_account: int, method: str, argument: Any) -> list[Any]:
        asked.append((method, argument["name"]))
        return [[{"type": "artist", "id": "n", "name": "Near"}, 0.8]] if method == "similar" else []

    refresh(home, account, ask, seconds)
    return asked


def test_what_is_missing_is_asked_once_and_opens_further_questions(home: Home, account: int) -> None:
    asked = asked_of(home, account)
    assert asked[0] == ("similar", "Quiet Harbour")
    assert ("tags", "Near") in asked
    assert ("albums_of", "Near") in asked
    assert len(asked) == len(set(asked))
    assert asked_of(home, account) == []


def test_an_answer_that_is_too_old_is_asked_for_again(home: Home, account: int) -> None:
    asked_of(home, account)
    with home.store.write() as conn:
        conn.exec_driver_sql("UPDATE answer SET expires_at = 1 WHERE method = 'similar'")
    assert asked_of(home, account) == [("similar", "Quiet Harbour")]


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
    assert asked_of(home, account) == []


def test_a_slice_ends_in_time_and_says_what_is_left(home: Home, account: int) -> None:
    counts = refresh(home, account, lambda _account, _method, _argument: [], seconds=0)
    assert (counts["asked"], counts["left"]) == (1, 1)


def test_answers_are_read_while_they_are_fresh(home: Home, account: int) -> None:
    with home.store.write() as conn:
        answers.save(conn, account, "tags", "quiet harbour", [{"name": "folk"}], NOW)
    with home.store.read() as conn:
        (found,) = answers.read(conn, "tags", "quiet harbour", [account], NOW)
        assert answers.decoded("tags", found.items)[0].name == "folk"
        assert answers.read(conn, "tags", "quiet harbour", [account], NOW + 40 * answers.DAY) == []
        assert answers.read(conn, "tags", "quiet harbour", [account + 1], NOW) == []
