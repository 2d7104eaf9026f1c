"""Nothing lost, nothing doubled, however Bandstand is killed. `make torture` does the same 50 times as long."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from aggregator.library import decisions
from aggregator.store import open_store
from tests.torture import household, picture, trial
from tests.torture.household import ANA, PASSWORD
from tests.torture.processes import busy

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.timeout(1200)
def test_killed_at_every_commit_and_at_random_moments() -> None:
    """In a process of its own: it forks, and so must have no threads."""
    command = [sys.executable, "-m", "tests.torture", "--commits", "after", "--random", "10"]
    told = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert told.returncode == 0, told.stdout
    kills = re.search(r"(\d+) kills; undisturbed, the household commits (\d+) times", told.stdout)
    assert kills is not None
    assert int(kills[1]) > int(kills[2]) > 100


# --- the real processes -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("settled") / "data"
    household.settle_in(data)
    return data


def copied(data: Path, target: Path) -> Path:
    shutil.copytree(data, target)
    household.move(target)
    return target


@contextmanager
def bandstand(data: Path, *words: str, fault: str = "") -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "aggregator", "--config", str(data / "config.toml"), *words]
    environment = {**os.environ, "BANDSTAND_DATA": str(data), "BANDSTAND_FAULT": fault}
    process = subprocess.Popen(command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.timeout(300)
def test_a_steward_that_dies_again_and_again_gets_there_in_the_end(settled: Path, tmp_path: Path) -> None:
    undisturbed, killed = copied(settled, tmp_path / "a"), copied(settled, tmp_path / "b")
    with bandstand(undisturbed, "sync") as sync:
        assert sync.wait(120) == 0
    for moment in ("before:4", "after:9", "before:14"):
        with bandstand(killed, "_steward", fault=moment) as steward:
            while steward.poll() is None and busy(killed):
                time.sleep(0.05)
        assert steward.returncode == -signal.SIGKILL
    assert busy(killed), "it was done before it had died often enough"
    with bandstand(killed, "_steward"):
        ends = time.monotonic() + 120
        while still := busy(killed):
            assert time.monotonic() < ends, still
            time.sleep(0.1)
    assert trial.broken(killed) is None
    assert picture.differences(trial.look(killed), trial.look(undisturbed)) == []


@pytest.fixture(scope="module")
def at_home(settled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything was read once."""
    data = copied(settled, tmp_path_factory.mktemp("home") / "data")
    with bandstand(data, "sync") as sync:
        assert sync.wait(120) == 0
    return data


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("moment", "done"), [("before:1", False), ("after:1", True)])
def test_pages_that_die_in_a_decision_leave_all_of_it_or_nothing(
    at_home: Path, tmp_path: Path, moment: str, done: bool
) -> None:
    """The listener looks again afterwards, and says it again where it was not kept; then takes it back, likewise."""
    data, undisturbed = copied(at_home, tmp_path / "data"), copied(at_home, tmp_path / "undisturbed")
    artists = household.ids(data, "artist", "name")
    pair = (artists["Nora Quist"], artists["Luz Berrocal"])
    say = (f"/library/artist/{pair[0]}/same", {"other": str(pair[1])})
    take_back = ("/library/decisions/1/undo", {})
    for address, form in (say, take_back):
        before = trial.look(data)
        with served(data, fault=moment) as ana, pytest.raises(requests.ConnectionError):
            ana.post(address, data=form, allow_redirects=False)
        assert trial.broken(data) is None
        assert (trial.look(data) != before) == done
        if not done:
            with served(data) as ana:
                assert ana.post(address, data=form, allow_redirects=False).status_code == 303
    store = open_store(undisturbed)
    decisions.undo(store, ANA, decisions.same(store, ANA, "artist", pair))
    store.close()
    assert picture.differences(trial.look(data), trial.look(undisturbed)) == []


class Visitor(requests.Session):
    """A browser at one address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.trust_env = False

    def request(self, method: str, url: str, **options: object) -> requests.Response:
        return super().request(method, self.address + url, timeout=30, **options)


@contextmanager
def served(data: Path, fault: str = "") -> Iterator[Visitor]:
    """Ana's browser, signed in at a real web process. Signing in commits nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (data / "config.toml").write_text(f"[server]\nport = {port}\n")
    with bandstand(data, "_web", fault=fault) as web, Visitor(f"http://127.0.0.1:{port}") as ana:
        ends = time.monotonic() + 60
        while web.poll() is None and time.monotonic() < ends:
            try:
                entered = ana.post("/sign-in", data={"name": "Ana", "password": PASSWORD}, allow_redirects=False)
            except requests.ConnectionError:
                time.sleep(0.1)
                continue
            assert entered.status_code == 303
            break
        yield ana


def test_rows_that_count_twice_are_told_apart() -> None:
    """The comparison itself: what is lost, what is strange, and what is there once too often."""
    told = picture.differences({"report": [[1], [2], [2]]}, {"report": [[2], [3]]})
    assert told == ["report: lost [3]", "report: strange [1]", "report: strange [2]"]


def test_a_doubled_play_and_a_lost_link_are_seen(at_home: Path, tmp_path: Path) -> None:
    data = copied(at_home, tmp_path / "data")
    before = trial.look(data)
    with closing(sqlite3.connect(data / "bandstand.db")) as raw, raw:
        raw.execute(
            "INSERT INTO report (listener_id, account_id, key, at, claim_id, leads) SELECT listener_id, account_id,"
            " key || '+', at, claim_id, 1 FROM report LIMIT 1"
        )
        raw.execute("UPDATE link SET item_id = claim_id WHERE rowid = (SELECT MAX(rowid) FROM link WHERE points > 0)")
    tables = {line.partition(":")[0] for line in picture.differences(trial.look(data), before)}
    assert {"report", "link"} <= tables
