"""The steward as a process: scheduling, recovery, one at a time, live answers, signing in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator import listeners, sources
from aggregator._host import accounts, chores, control, runs
from aggregator._host.steward import SOON
from aggregator.plugin import Artist
from tests.host.conftest import Home, until

Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def start(home: Home) -> Iterator[Start]:
    """Starts a steward and waits until it answers."""
    config = home.data / "config.toml"
    config.write_text("")
    started: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "aggregator", "--config", str(config), "_steward"]
        environment = {**os.environ, "BANDSTAND_DATA": str(home.data)}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        started.append(process)
        until(lambda: _answers(home.data) or process.poll() is not None)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def _answers(data: Path) -> bool:
    try:
        return control.ask(data, {"do": "wake"}) == {}
    except control.Silent:
        return False


def ended(home: Home, account_id: int, count: int = 1) -> Any:
    """The newest run of the account, once so many have ended."""

    def look() -> Any:
        found = [row for row in home.runs(account_id) if row.state in ("done", "failed")]
        return found[-1] if len(found) >= count else None

    return until(look)


def test_a_new_account_is_read_and_merged_by_itself(home: Home, start: Start) -> None:
    account = home.account("good")
    start()
    assert ended(home, account, 2).state == "done"
    until(lambda: [row for row in home.runs(None) if row.what == "merge" and row.state == "done"])
    with home.store.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM album").scalar() == 3


def test_two_stewards_exclude_each_other(home: Home, start: Start) -> None:
    start()
    second = start()
    assert second.wait(20) == 2
    assert second.stderr is not None
    assert "already works on" in second.stderr.read()


def test_an_overdue_run_starts_once_soon_after_the_start(home: Home, start: Start) -> None:
    account = home.account("good")
    with home.store.write() as conn:
        conn.exec_driver_sql("UPDATE run SET state = 'done', finished_at = 1, started_at = 1")
    began = time.time()
    start()
    row = ended(home, account, 4)
    assert row.asked_by == "schedule"
    assert row.started_at - began < SOON + 15
    time.sleep(1)
    assert len([row for row in home.runs(account) if row.what == "library"]) == 2


def test_a_killed_steward_leaves_nothing_running_and_resumes(home: Home, start: Start) -> None:
    account = home.account("slow", size=300)
    first = start()
    until(lambda: home.present("recording"))
    (child,) = _children(first.pid)
    first.send_signal(signal.SIGKILL)
    first.wait()
    until(lambda: not Path(f"/proc/{child}").exists())
    assert home.runs(account)[0].state == "running"
    start()
    last = ended(home, account, 2)
    cut = home.runs(account)[0]
    assert (cut.state, cut.error) == ("failed", "stopped")
    assert last.state == "done"
    assert len(home.present("recording")) == 300


def test_claims_whose_merge_was_never_asked_for_are_merged_at_the_start(home: Home, start: Start) -> None:
    """Killed between the end of a run and the asking, with nothing else to do for hours."""
    account = home.account("good")
    home.run(account)
    with home.store.write() as conn:
        conn.exec_driver_sql("UPDATE run SET state = 'done', finished_at = ?", (int(time.time()),))
        assert chores.merge_is_due(conn)
    start()
    until(lambda: [row for row in home.runs(None) if row.what == "merge" and row.state == "done"])
    with home.store.read() as conn:
        assert not chores.merge_is_due(conn)


def _children(pid: int) -> list[int]:
    found = [int(each) for task in Path(f"/proc/{pid}/task").glob("*/children") for each in task.read_text().split()]
    return [each for each in found if b"_host.child" in Path(f"/proc/{each}/cmdline").read_bytes()]


def test_it_ends_cleanly_on_sigterm_with_work_in_progress(home: Home, start: Start) -> None:
    home.account("slow", size=3000)
    process = start()
    until(lambda: home.present("recording"))
    process.terminate()
    assert process.wait(5) == 0
    assert not (home.data / "steward.sock").exists()


def test_a_blocked_account_is_left_alone_until_its_time(home: Home, start: Start) -> None:
    account = home.account("good")
    with home.store.write() as conn:
        accounts.change(conn, account, blocked_until=int(time.time()) + 6, state="backing off")
    began = time.time()
    start()
    assert ended(home, account).started_at >= began + 5


def test_a_pause_of_an_account_of_which_nothing_is_read_ends_by_itself(home: Home, start: Start) -> None:
    over, goes_on = home.account("hangs"), home.account("hangs")
    with home.store.write() as conn:
        accounts.change(conn, over, blocked_until=1, state="backing off", state_words="It asks for fewer calls.")
        accounts.change(conn, goes_on, blocked_until=int(time.time()) + 3600, state="backing off", state_words="Later.")
    start()
    until(lambda: home.state(over).state == "ready")
    assert home.state(over).state_words == "" and home.state(goes_on).state == "backing off"


def test_sync_ends_a_pause_after_trouble_and_never_waits_for_one(home: Home, start: Start) -> None:
    troubled, limited = home.account("good"), home.account("good")
    later = int(time.time()) + 3600
    with home.store.write() as conn:
        accounts.change(conn, troubled, blocked_until=later, state="backing off", failures=2)
        accounts.change(conn, limited, blocked_until=later, state="backing off", state_words="It asks for fewer calls.")
    start()
    command = [sys.executable, "-m", "aggregator", "--config", str(home.data / "config.toml"), "sync"]
    environment = {**os.environ, "BANDSTAND_DATA": str(home.data)}
    told = subprocess.run(
        [*command, "--capability", "library"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 1, told.stderr
    assert told.stdout.splitlines() == ["Good · library: done", "Good 2 · library: It asks for fewer calls."]
    assert ended(home, troubled).state == "done"
    assert not [row for row in home.runs(limited) if row.started_at]


def test_live_questions_are_answered_and_kept(home: Home, start: Start) -> None:
    account = home.account("good")
    start()
    (answer,) = sources.ask_live(home.data, "similar", Artist(id="x", name="Aimée"), account_ids=[account], deadline=20)
    assert answer.error is None
    assert [(artist.name, match) for artist, match in answer.items] == [("Like Aimée", 0.9)]
    with home.store.read() as conn:
        assert conn.exec_driver_sql("SELECT method, argument FROM answer").all() == [("similar", "aimee")]


def test_who_does_not_answer_in_time_has_a_sentence_and_others_an_answer(home: Home, start: Start) -> None:
    good, hangs = home.account("good"), home.account("hangs")
    start()
    sources.ask_live(home.data, "albums_of", Artist(id="x", name="A"), account_ids=[good, hangs], deadline=20)
    began = time.monotonic()
    answers = sources.ask_live(home.data, "similar", Artist(id="x", name="A"), account_ids=[good, hangs], deadline=1)
    assert time.monotonic() - began < 3
    assert [answer.error for answer in answers] == [None, "Hangs did not answer within 1 s."]
    assert len(answers[0].items) == 1


def test_without_a_steward_a_page_gets_a_sentence(home: Home) -> None:
    account = home.account("good")
    (answer,) = sources.ask_live(home.data, "search", "x", account_ids=[account])
    assert "does not answer" in (answer.error or "")


def test_signing_in_locks_the_credentials_away_and_reads_the_account(home: Home, start: Start) -> None:
    account, ana = home.account("door"), listeners.create(home.store, "Ana", "owner").id
    start()
    ended(home, account)
    assert home.state(account).state == "needs the listener"
    url = sources.begin_sign_in(home.store, ana, account, "http://127.0.0.1:8484/back", "s1")
    assert url == "https://door.example/authorize?state=s1&redirect_uri=http://127.0.0.1:8484/back"
    with pytest.raises(sources.SourceError, match="did not grant it"):
        sources.finish_sign_in(home.store, ana, account, "http://127.0.0.1:8484/back", {"code": "bad"})
    sources.finish_sign_in(home.store, ana, account, "http://127.0.0.1:8484/back", {"code": "good"})
    assert ended(home, account, 2).state == "done"
    found = home.state(account)
    assert found.state == "ready"
    assert b"granted-token" not in (home.data / "bandstand.db").read_bytes()
    assert home.house.vault.unlock(found.secrets) == {"token": "granted-token"}


def test_pinned_accounts_come_from_the_file_and_go_with_it(
    home: Home, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.data / "config.toml").write_text("")
    begin = start
    monkeypatch.setenv("GOOD_TOKEN", "sesame-42")
    text = '[accounts.mine]\nprovider = "good"\nowner = "household"\nsettings = {size = 2, token = "env:GOOD_TOKEN"}\n'
    (home.data / "config.toml").write_text(text)
    process = begin()
    account = until(lambda: _by_key(home, "mine"))
    assert (account.pinned, account.settings) == (True, {"size": 2})
    assert home.house.vault.unlock(account.secrets) == {"token": "sesame-42"}
    assert ended(home, account.id, 2).state == "done"
    process.terminate()
    process.wait()
    (home.data / "config.toml").write_text("")
    begin()
    assert not _by_key(home, "mine").enabled
    assert len(home.present("album")) == 2


def _by_key(home: Home, key: str) -> Any:
    with home.store.read() as conn:
        return accounts.by_key(conn, key)


def test_asking_twice_queues_once(home: Home) -> None:
    account = home.account("good")
    with home.store.write() as conn:
        first = runs.ask(conn, "library", account, "listener", 1)
        assert runs.ask(conn, "library", account, "schedule", 2) == first


def test_each_new_account_is_read_once_however_long_it_takes(home: Home, start: Start) -> None:
    slow, good = home.account("slow", size=400), home.account("good")
    start()
    ended(home, slow)
    ended(home, good, 2)
    time.sleep(SOON + 2)
    assert [len(home.runs(account)) for account in (slow, good)] == [1, 2]


def test_a_provider_that_comes_back_is_used_again(home: Home, start: Start) -> None:
    account = home.account("good")
    plugin = home.data / "plugins" / "good.py"
    code = plugin.read_text()
    plugin.write_text("import nowhere_at_all\n")
    start()
    ended(home, account, 2)
    assert home.state(account).state == "load error"
    assert "nowhere_at_all" in home.state(account).state_words
    plugin.write_text(code)
    control.wake(home.data)
    assert home.state(account).state == "ready"
    assert ended(home, account, 4).state == "done"


def test_a_provider_that_hangs_on_every_account_leaves_room_for_the_others(home: Home, start: Start) -> None:
    hung = [home.account("harm", way="hangs") for _ in range(4)]
    good = home.account("good")
    start()
    assert ended(home, good).state == "done"
    assert [row.state for account in hung for row in home.runs(account)].count("running") <= 2


def test_a_provider_edited_in_the_drop_in_folder_is_used_at_once(home: Home, start: Start) -> None:
    """Its runs and its live answers are those of the new code, with no restart in between."""
    account = home.account("good")
    start()
    assert ended(home, account, 2).state == "done"
    assert _similar(home, account, "Aimée") == [("Like Aimée", 0.9)]
    before = set(home.present("album"))

    plugin = home.data / "plugins" / "good.py"
    code = plugin.read_text()
    plugin.write_text(code.replace("Like {", "Much like {").replace("range(self.settings.size)", "range(5)"))
    assert _similar(home, account, "Zaz") == [("Much like Zaz", 0.9)]
    with home.store.write() as conn:
        runs.ask(conn, "library", account, "listener", int(time.time()))
    control.wake(home.data)
    row = ended(home, account, 3)
    assert row.state == "done", row.error_words
    assert set(home.present("album")) > before


def _similar(home: Home, account: int, name: str) -> list[tuple[str, float]]:
    artist = Artist(id="x", name=name)
    (answer,) = sources.ask_live(home.data, "similar", artist, account_ids=[account], deadline=20)
    return [(near.name, match) for near, match in answer.items]
