"""One account's run, against real processes."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from aggregator import sources
from aggregator._host import accounts, runs
from tests.host.conftest import Home, Service, alive, until


def test_records_state_and_log_of_a_good_run_are_stored(home: Home) -> None:
    account = home.account("good", size=2, token="sesame")
    row = home.run(account)
    assert (row.state, row.done, row.total, row.error) == ("done", 2, 2, None)
    assert home.present("album") == ["e0", "e1"]
    assert ("info", "reading with •••") in home.lines()
    assert ("skipped", "broken: not a song") in home.lines()
    with home.store.read() as conn:
        assert accounts.state(conn, account, 0, home.house.vault)[0] == {"seen0": 0, "seen1": 1}


def test_a_delta_goes_on_from_its_cursor(home: Home) -> None:
    account = home.account("good")
    home.run(account, "history")
    home.run(account, "history")
    with home.store.read() as conn:
        assert conn.exec_driver_sql("SELECT value FROM cursor").scalar() == "4"


def test_an_empty_answer_removes_nothing(home: Home) -> None:
    account = home.account("good", size=3)
    home.run(account)
    with home.store.write() as conn:
        accounts.change(conn, account, settings={"size": 0})
    row = home.run(account)
    assert row.state == "done"
    assert home.present("album") == ["e0", "e1", "e2"]


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        ("KeyError", "backing off", "Bug in Raises"),
        ("AuthFailed", "needs the listener", "refused the credentials"),
        ("Unavailable", "backing off", "does not answer"),
        ("BadData", "backing off", "makes no sense"),
        ("RateLimited", "backing off", "asks for fewer calls"),
    ],
)
def test_an_error_costs_its_run_and_says_what_to_do(home: Home, error: str, state: str, words: str) -> None:
    account = home.account("raises", error=error)
    row = home.run(account)
    found = home.state(account)
    assert (row.state, row.error) == ("failed", error if error != "KeyError" else "bug")
    assert found.state == state
    assert words in found.state_words
    assert found.state_words == row.error_words
    assert home.present("album") == ["kept"]


def test_no_secret_is_kept_in_words_or_traceback(home: Home) -> None:
    row = home.run(home.account("raises", token="open-sesame-42"))
    assert "library" in row.traceback
    assert "open-sesame-42" not in row.traceback + row.error_words
    assert "•••" in row.error_words


def test_pauses_grow_with_each_failure_and_end_with_success(home: Home) -> None:
    account = home.account("raises", error="Unavailable")
    pauses = []
    for _ in range(3):
        row = home.run(account)
        pauses.append((home.state(account).blocked_until or 0) - row.finished_at)
    assert pauses == [60, 240, 960]
    with home.store.write() as conn:
        accounts.change(conn, account, provider="good", settings={})
    home.run(account)
    assert (home.state(account).state, home.state(account).failures) == ("ready", 0)


def test_a_process_that_exits_costs_its_run(home: Home) -> None:
    account = home.account("exits")
    row = home.run(account)
    assert (row.state, row.error) == ("failed", "bug")
    assert "exit code 3" in row.error_words


def test_what_a_plugin_prints_is_log_and_never_a_frame(home: Home) -> None:
    row = home.run(home.account("prints"))
    assert row.state == "done"
    assert home.present("album") == ["a"]
    assert {"hello from the plugin", "and from stderr"} <= {line for _, line in home.lines()}


def test_what_is_no_record_is_a_bug(home: Home) -> None:
    row = home.run(home.account("oddities"))
    assert (row.state, row.error) == ("failed", "bug")
    assert "yielded dict, which is no record" in row.error_words


def test_processes_that_a_plugin_started_end_with_it(home: Home) -> None:
    home.run(home.account("children"))
    pid = int(home.lines()[0][1].split()[1])
    until(lambda: not alive(pid))


@pytest.mark.parametrize("hide", [False, True])
@pytest.mark.parametrize("seconds", [1, 86400])
def test_a_429_blocks_the_account_as_long_as_it_says(home: Home, service: Service, hide: bool, seconds: int) -> None:
    service.status, service.headers = 429, {"Retry-After": str(seconds)}
    account = home.account("calls", url=service.url, hide=hide)
    began = time.time()
    home.run(account)
    assert time.time() - began < 5
    found = home.state(account)
    assert found.state == "backing off"
    assert found.blocked_until == pytest.approx(began + seconds, abs=4)
    assert found.failures == 0


def test_a_blocked_account_does_not_call_again(home: Home, service: Service) -> None:
    service.status, service.headers = 429, {"Retry-After": "86400"}
    account = home.account("calls", url=service.url)
    home.run(account)
    home.run(account)
    assert service.calls == 1


def test_a_killed_child_costs_its_run_and_the_next_one_goes_on(home: Home) -> None:
    account = home.account("slow", size=60)
    killer = threading.Thread(target=lambda: os.kill(until(lambda: _child_of(os.getpid())), signal.SIGKILL))
    killer.start()
    row = home.run(account)
    killer.join()
    assert row.state == "failed"
    assert "signal 9" in row.error_words
    assert home.run(account).state == "done"
    assert len(home.present("recording")) == 60


def _child_of(parent: int) -> int | None:
    """A child that is at work: it has stored something already."""
    time.sleep(0.6)
    tasks = Path(f"/proc/{parent}/task").glob("*/children")  # by the thread that started them
    pids = [int(pid) for task in tasks for pid in task.read_text().split()]
    return next((pid for pid in pids if b"_host.child" in Path(f"/proc/{pid}/cmdline").read_bytes()), None)


def test_secrets_are_in_neither_arguments_nor_environment_of_a_child(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "open-sesame-42")
    account = home.account("slow", size=100)
    worker = threading.Thread(target=home.run, args=(account,))
    worker.start()
    pid = until(lambda: _child_of(os.getpid()))
    seen = b"".join(Path(f"/proc/{pid}/{name}").read_bytes() for name in ("environ", "cmdline"))
    worker.join()
    assert b"open-sesame-42" not in seen


def test_what_waits_for_an_account_ends_when_the_account_needs_its_listener(home: Home) -> None:
    account = home.account("raises", error="AuthFailed")
    with home.store.write() as conn:
        waiting = runs.ask(conn, "history", account, "start", 1)
    row = home.run(account)
    assert (home.row(waiting).state, home.row(waiting).error_words) == ("failed", row.error_words)


def test_a_refusal_that_a_provider_swallows_still_rests_the_account(home: Home, service: Service) -> None:
    service.status, service.headers = 429, {"Retry-After": "86400"}
    account = home.account("calls", url=service.url, swallow=True)
    assert home.run(account).state == "done"
    found = home.state(account)
    assert found.state == "backing off"
    assert found.blocked_until == pytest.approx(time.time() + 86400, abs=10)


def test_a_renewed_token_outlives_a_failed_run_and_is_never_in_clear(home: Home) -> None:
    account = home.account("renews", token="granted-token-1")
    home.run(account)
    home.run(account)
    assert home.present("album") == ["1", "2"]
    assert [line for _, line in home.lines()] == ["used •••, now •••"] * 2
    assert b"granted-token" not in (home.data / "bandstand.db").read_bytes()


def test_credentials_entered_anew_go_before_a_renewed_token(home: Home) -> None:
    account = home.account("renews", token="granted-token-1")
    home.run(account)
    with home.store.write() as conn:
        accounts.change(conn, account, secrets=home.house.vault.lock({"token": "granted-token-50"}))
    home.run(account)
    assert home.present("album") == ["1", "50"]


def test_a_secret_that_settings_refuse_is_not_repeated(home: Home) -> None:
    account = sources.create_account(home.store, "picky", None, {"token": "open-sesame-42"}, check=False)
    row = home.run(account)
    assert (row.error, home.state(account).state) == ("settings", "settings error")
    assert "••• is too short" in row.error_words


def test_a_chatty_plugin_fills_no_disk(home: Home) -> None:
    home.run(home.account("prints", lines=5000))
    assert 400 < len(home.lines()) <= 500
