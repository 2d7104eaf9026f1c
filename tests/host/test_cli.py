"""The command line as a listener uses it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from aggregator import __version__
from tests.host.conftest import Home, until


def bandstand(home: Home, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, "BANDSTAND_DATA": str(home.data), **environment}
    command = [sys.executable, "-m", "aggregator", "--config", str(home.data / "config.toml"), *arguments]
    return subprocess.run(command, env=told, capture_output=True, text=True, timeout=60)


def configure(home: Home, text: str) -> None:
    (home.data / "config.toml").write_text(text)


def pin(key: str, provider: str, **settings: Any) -> str:
    lines = "\n".join(f"{name} = {value!r}" for name, value in settings.items())
    return f'[accounts.{key}]\nprovider = "{provider}"\nowner = "household"\n[accounts.{key}.settings]\n{lines}\n'


def test_version() -> None:
    told = subprocess.run([sys.executable, "-m", "aggregator", "--version"], capture_output=True, text=True)
    assert told.stdout == f"bandstand {__version__}\n"


def test_sync_reads_merges_and_says_so(home: Home) -> None:
    configure(home, pin("mine", "good", size=2))
    told = bandstand(home, "sync")
    assert told.returncode == 0, told.stderr
    assert "stored after" in told.stdout
    with home.store.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM album").scalar() == 2


def test_sync_of_one_account_and_capability(home: Home) -> None:
    configure(home, pin("mine", "good") + pin("other", "good"))
    told = bandstand(home, "sync", "mine", "--capability", "library")
    assert told.returncode == 0
    assert [row.what for row in home.runs(1) + home.runs(2)] == ["library"]


def test_a_failed_run_fails_the_command_with_its_words(home: Home) -> None:
    configure(home, pin("mine", "raises", error="Unavailable", token="open-sesame-42"))
    told = bandstand(home, "sync")
    assert told.returncode == 1
    assert "Raises does not answer" in told.stdout
    assert "open-sesame-42" not in told.stdout + told.stderr


def test_two_syncs_at_once_are_done_one_after_the_other(home: Home) -> None:
    configure(home, pin("mine", "slow", size=50))
    told = {**os.environ, "BANDSTAND_DATA": str(home.data)}
    command = [sys.executable, "-m", "aggregator", "--config", str(home.data / "config.toml"), "sync"]
    both = [subprocess.Popen(command, env=told, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, "stored after" in out) == (0, True)


def test_an_unknown_account_is_refused(home: Home) -> None:
    configure(home, "")
    told = bandstand(home, "sync", "nobody")
    assert (told.returncode, told.stderr) == (2, "There is no account 'nobody' with anything to sync.\n")


def test_a_misspelt_setting_is_answered_with_what_was_meant(home: Home) -> None:
    configure(home, "[server]\nprot = 1\n")
    told = bandstand(home, "sync")
    assert told.returncode == 2
    assert "did you mean 'port'" in told.stderr


def test_check_looks_at_everything(home: Home) -> None:
    configure(home, pin("mine", "good") + pin("off", "raises"))
    bandstand(home, "sync", "mine")
    told = bandstand(home, "check")
    assert told.returncode == 0, told.stdout
    assert "good   account mine: ready" in told.stdout
    (home.data / "plugins" / "broken.py").write_text("import nowhere_at_all\n")
    told = bandstand(home, "check")
    assert told.returncode == 1
    assert re.search(r"wrong  provider broken.py \(dropped in\): .*nowhere_at_all.*not installed", told.stdout)


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def test_a_taken_port_is_a_sentence(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        configure(home, f"[server]\nport = {taken.getsockname()[1]}\n")
        told = bandstand(home, "serve")
    assert told.returncode == 2
    assert "is taken by another program" in told.stderr


class Serving:
    """`bandstand serve` on a free port."""

    def __init__(self, home: Home) -> None:
        self.port = free_port()
        self.home = home
        configure(home, f"[server]\nport = {self.port}\n" + pin("mine", "good"))

    def __enter__(self) -> Serving:
        told = {**os.environ, "BANDSTAND_DATA": str(self.home.data)}
        command = [sys.executable, "-m", "aggregator", "--config", str(self.home.data / "config.toml"), "serve"]
        self.process = subprocess.Popen(command, env=told, stdout=subprocess.PIPE, text=True)
        try:
            until(self.answers, 40)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.communicate(timeout=20)
        finally:
            self.process.kill()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sign-in", timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def children(self) -> dict[str, int]:
        """Processes by the command they were started with."""
        pids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in pids}
        return {words[-3].decode(): pid for pid, words in commands.items() if len(words) > 3}


@pytest.fixture
def serving(home: Home) -> Any:
    with Serving(home) as serving:
        yield serving


def test_serve_prints_its_address_and_the_owner_code_and_ends_cleanly(home: Home) -> None:
    with Serving(home) as serving:
        pids = serving.children()
        serving.process.send_signal(signal.SIGTERM)
        out, _ = serving.process.communicate(timeout=20)
        assert serving.process.returncode == 0
    assert f"Bandstand is at http://127.0.0.1:{serving.port}" in out
    assert "Owner code: " in out
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids.values())
    assert not serving.answers()


def test_whoever_dies_is_started_again(home: Home, serving: Serving) -> None:
    before = serving.children()
    assert set(before) == {"_web", "_steward"}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: set(serving.children()) == {"_web", "_steward"} and serving.children() != before, 30)
    until(serving.answers, 40)


def test_when_serve_is_killed_its_processes_end(home: Home) -> None:
    with Serving(home) as serving:
        pids = serving.children()
        serving.process.kill()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids.values()))
        until(lambda: not serving.answers())


def test_sync_hands_over_to_a_running_steward(home: Home, serving: Serving) -> None:
    until(lambda: [row for row in home.runs(1) if row.state == "done"])
    told = bandstand(home, "sync", "mine", "--capability", "library")
    assert told.returncode == 0, told.stderr
    assert told.stdout == "Good · library: done\n"


def test_a_backup_is_made_while_it_serves_and_restored_when_it_has_ended(home: Home, tmp_path: Path) -> None:
    with Serving(home) as serving:
        until(lambda: [row for row in home.runs(None) if row.what == "merge" and row.state == "done"])
        assert bandstand(home, "backup", str(tmp_path / "all.zip")).returncode == 0
        refused = bandstand(home, "restore", str(tmp_path / "all.zip"))
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "Stop it, then restore" in refused.stderr
        assert serving.answers()
    home.store.close()
    (home.data / "bandstand.db").unlink()
    (home.data / "secret.key").unlink(missing_ok=True)
    restored = bandstand(home, "restore", str(tmp_path / "all.zip"))
    assert restored.returncode == 0, restored.stderr
    assert home.present("album") == ["e0", "e1", "e2"]
