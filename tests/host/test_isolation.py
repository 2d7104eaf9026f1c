"""What a provider does at run time costs its own run and nothing else: against real processes."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from aggregator._host import accounts, process, runs
from aggregator._host.process import Failure
from aggregator._host.run import House, Wanted, run_account
from aggregator.plugin import Area
from aggregator.store import open_store
from tests.host.conftest import Home, alive, until

BEFORE = [f"e{number}" for number in range(6)]

KEPT = (
    r"What it had brought is kept, what it had not come to stays as it was, and everything else goes on\. "
    r"Bandstand tries again by itself (on .* )?at \d\d:\d\d; “Sync now” tries at once\. "
    r"If it happens again, tell its author, or switch the source off\."
)

BUGS = {
    "raises": "KeyError: 'artists'",
    "raises_in_close": "yielded dict, which is no record",
    "never_closes": "yielded int, which is no record",
    "exits": "It called sys.exit() in the middle of the work.",
    "interrupts": "It raised KeyboardInterrupt in the middle of the work.",
    "stops": "RuntimeError: generator raised StopIteration",
    "recurses": "RecursionError",
    "cannot_say": "Mute: (its message cannot be read: ValueError)",
    "dies": "Its process ended in the middle of the work (exit code 3).",
    "crashes": "Its process ended in the middle of the work (Segmentation fault, signal 11).",
    "aborts": "Its process ended in the middle of the work (Aborted, signal 6).",
    "is_alarmed": "Its process ended in the middle of the work (Alarm clock, signal 14).",
    "is_signalled": "Its process ended in the middle of the work (Real-time signal 3, signal 37).",
    "takes_memory": "It asked for more memory than the 512 MB it may use.",
    "takes_memory_slowly": "It asked for more memory than the 512 MB it may use.",
    "yields_a_dict": "yielded dict, which is no record",
    "yields_a_play": "yielded Play, which does not belong here",
    "yields_wrong_types": "yielded Edition with values of wrong types: id, title. What",
    "yields_an_empty_id": "It brought something that is no record: edition.id: String should have at least 1 character",
    "yields_a_huge_record": "yielded Edition of 10 MB; at most 8 MB are taken",
    "completes_twice": "completed the scope 'part' twice, or yielded something after its end",
    "writes_into_the_pipe": "It wrote into the pipe through which Bandstand reads it.",
    "closes_the_pipe": "",  # how it ends is a matter of the moment
    "closes_all_files": "",
    "keeps_no_json": "self.state holds something that is not JSON",
    "keeps_too_much": "70 MB at once are more than the 64 MB that Bandstand takes",
}
"""Ways to fail, and the reason that the listener reads."""

LATE = ["hangs", "hangs_in_c", "hangs_in_a_pattern", "hangs_deaf", "never_ends", "stops_itself"]

HARMLESS = [
    "starts_a_thread", "patches_output", "closes_output", "leaves", "forgets", "prints_without_end",
    "logs_without_end", "counts_too_far", "lies_about_text", "forks",
]  # fmt: skip


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Path:
    """A data directory in which accounts of the harmful providers have been read well once."""
    data = tmp_path_factory.mktemp("lived") / "data"
    shutil.copytree(prepared, data)
    store = open_store(data)
    home = Home(data, store, House(data, store))
    for provider in ("harm", "harm_late"):
        assert home.run(home.account(provider)).state == "done"
    store.close()
    return data


@pytest.fixture
def home(tmp_path: Path, lived: Path) -> Iterator[Home]:
    data = tmp_path / "data"
    shutil.copytree(lived, data)
    store = open_store(data)
    yield Home(data, store, House(data, store))
    store.close()


def harm(home: Home, way: str, provider: str = "harm", what: str = "library") -> Any:
    """The row of a run that goes wrong in this way."""
    return home.run(set_up(home, way, provider), what)


def set_up(home: Home, way: str, provider: str = "harm") -> int:
    with home.store.write() as conn:
        (account,) = [each for each in accounts.every(conn) if each.provider == provider]
        accounts.change(conn, account.id, settings={"way": way})
    return account.id


def present(home: Home) -> list[str]:
    """The albums that are in the library, each account's."""
    return sorted(set(home.present("album")))


@pytest.mark.parametrize("way", BUGS)
def test_a_bug_costs_its_run_and_says_so(home: Home, way: str) -> None:
    row = harm(home, way)
    assert (row.state, row.error) == ("failed", "bug")
    assert BUGS[way] in row.error_words
    assert row.error_words.startswith("Bug in Harm: ")
    assert re.search(rf"{KEPT}$", row.error_words)
    assert ".." not in row.error_words
    assert present(home) == [*BEFORE, "new"]


@pytest.mark.parametrize("way", LATE)
def test_what_hangs_is_stopped_at_its_deadline(home: Home, way: str) -> None:
    began = time.monotonic()
    row = harm(home, way, "harm_late")
    assert time.monotonic() - began < 30
    assert (row.state, row.error) == ("failed", "late")
    told = r"Late was stopped: It was still at work after 1\.5 seconds, which is as long as it may take\."
    assert re.fullmatch(rf"{told} {KEPT}", row.error_words)
    assert {*BEFORE, "new"} <= set(present(home))
    assert ("more1" in present(home)) == (way == "never_ends")


@pytest.mark.parametrize("way", HARMLESS)
def test_what_harms_nobody_is_let_be(home: Home, way: str) -> None:
    row = harm(home, way)
    assert (row.state, row.error) == ("done", None)
    assert "new" in present(home)
    assert len(home.lines()) <= 510
    assert all(len(line) <= 2000 for _, line in home.lines())


@pytest.mark.parametrize("way", ["gives_a_number", "gives_nothing"])
def test_no_generator_is_not_an_empty_library(home: Home, way: str) -> None:
    row = harm(home, way)
    assert (row.state, row.error) == ("failed", "bug")
    assert "where it should yield records" in row.error_words
    assert present(home) == BEFORE


@pytest.mark.parametrize(
    ("way", "error", "words"),
    [
        ("says_too_much", "BadData", "answered something that makes no sense: xxx"),
        ("says_half_characters", "BadData", "caf?"),
        ("asks_for_no_number", "RateLimited", "asks for fewer calls"),
        ("asks_for_ever", "RateLimited", "asks for fewer calls"),
    ],
)
def test_an_error_with_impossible_contents_is_still_that_error(home: Home, way: str, error: str, words: str) -> None:
    row = harm(home, way)
    assert (row.state, row.error) == ("failed", error)
    assert words in row.error_words
    assert len(row.error_words) < 1200
    assert len(row.traceback) < 20_000


def test_a_scope_that_is_answered_twice_removes_nothing(home: Home) -> None:
    row = harm(home, "yields_after_complete")
    assert "yielded something after its end" in row.error_words
    assert {*BEFORE, "new", "late"} == set(present(home))
    with home.store.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM held").scalar() == 1  # what was missing at its Complete


def test_records_without_end_are_stopped_before_the_disk_is_full(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MOST_RECORDS", 5_000)
    row = harm(home, "yields_a_million")
    assert (row.state, row.error) == ("failed", "bug")
    assert re.search(r"It brought \d,\d{3} records .*more than one run may", row.error_words)
    assert {*BEFORE, "new"} <= set(present(home))


def test_silence_ends_a_run_long_before_its_deadline(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SILENCE_SECONDS", 5.0)
    row = harm(home, "hangs")
    assert row.error == "late"
    assert "Harm was stopped: It gave no sign of life for 5 seconds." in row.error_words
    assert present(home) == [*BEFORE, "new"]


def test_processes_that_it_forked_end_with_it(home: Home) -> None:
    assert harm(home, "forks").state == "done"
    pids = [int(line.split()[1]) for _, line in home.lines() if line.startswith("forked ")]
    assert len(pids) == 2
    until(lambda: not any(map(alive, pids)))


@pytest.mark.parametrize(
    ("way", "words"), [("dies", "exit code 3"), ("good", "yielded Checkpoint of 10 MB; at most 8 MB are taken")]
)
def test_plays_are_kept_up_to_the_last_checkpoint(home: Home, way: str, words: str) -> None:
    row = harm(home, way, what="history")
    assert (row.state, row.error) == ("failed", "bug")
    assert words in row.error_words
    with home.store.read() as conn:
        assert conn.exec_driver_sql("SELECT value FROM cursor").scalar() == "good"
    assert len(home.present("recording")) >= 2


def test_many_places_are_asked_for_one_after_the_other(home: Home) -> None:
    """More orders to one child than batches may wait for their commit; the last of them goes wrong."""
    today = date.today()
    wanted = Wanted((), [Area(latitude=0, longitude=0, radius_km=r, since=today, until=today) for r in range(1, 8)])
    account = home.state(set_up(home, "good"))
    with home.store.write() as conn:
        run_id = runs.ask(conn, "shows", account.id, "listener", 1)
    with pytest.raises(Failure, match="the last one"):
        provided = home.house.catalogue().providers["harm"]
        run_account(home.house, account, provided, "shows", run_id, wanted=wanted)
    assert home.present("show") == [f"s{radius}" for radius in range(1, 8)]


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("wrong", "bug", "similar() gave something else than it should: 0.1: "),
        ("dead", "bug", "exit code 3"),
        ("none", "bug", "similar() gave NoneType"),
        ("fine", "Unavailable", "{}"),
    ],
)
def test_a_live_answer_that_is_none_costs_that_answer(home: Home, name: str, kind: str, words: str) -> None:
    account = set_up(home, "good")
    with pytest.raises(Failure) as caught:
        home.house.warm.call(account, "similar", {"type": "artist", "id": "x", "name": name})
    assert (caught.value.kind, words in caught.value.words) == (kind, True), caught.value.words
    assert len(home.house.warm.call(account, "similar", {"type": "artist", "id": "x", "name": "endless"})) == 1000
    home.house.warm.close()


def test_whatever_it_did_the_next_run_goes_on(home: Home) -> None:
    for way in ("crashes", "writes_into_the_pipe", "takes_memory"):
        harm(home, way)
    assert home.run(home.account("good", size=1)).state == "done"
    row = harm(home, "good")
    assert (row.state, row.error) == ("done", None)
