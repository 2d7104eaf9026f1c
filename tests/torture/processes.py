"""Kills of whole processes: of the steward, of the children that read for it, of the pages, of an upgrade."""

from __future__ import annotations

import logging
import os
import random
import signal
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from aggregator._host import runs, steward
from aggregator._host.find import providers
from aggregator.config import Config
from aggregator.library import erasing, merging
from aggregator.store import connection, faults, open_store
from tests.store.conftest import OLD
from tests.store.rows import tables
from tests.torture import household, trial
from tests.torture.household import STEPS
from tests.torture.trial import Known, begin, wait

ASKED = {
    "first sync": lambda data: _ask_on(data, 1, "1"),
    "nightly sync": lambda data: _ask_on(data, 2, "1"),
    "sync of an empty answer": lambda data: _ask_on(data, 3, "account.key = 'streamAna'"),
    "sync that removes": lambda data: _ask_on(data, 3, "account.key = 'streamAna'"),
    "an account erased": household.ask_to_erase,
}
"""What a steward is tried on. (After a service broke off it would wait for minutes.)"""
STATEMENTS = 24
"""More than an upgrade has."""
DAYS = {"first sync": 1, "nightly sync": 2}
"""Steps that every account is read in."""
PATIENCE = 90.0
"""Seconds for work that takes three."""


class Stuck(Exception):
    """Something that should have come to an end by itself did not."""


def hurry() -> None:
    """For the rest of this process: a steward that does not wait for more, and merges in small steps."""
    steward.SOON, steward.GATHER_SECONDS, steward.LOOK_SECONDS = 0, 1, 0.1
    merging.BATCH = erasing.BATCH = 50


def busy(data: Path) -> str:
    """What is still to be done, but for what waits until a pause after trouble is over."""
    with closing(sqlite3.connect(data / "bandstand.db", timeout=10)) as raw:
        waiting = raw.execute(
            "SELECT what, run.state FROM run LEFT JOIN account ON account.id = account_id"
            " WHERE run.state = 'running' OR run.state = 'queued' AND COALESCE(blocked_until, 0) < ?",
            (time.time(),),
        ).fetchall()
        (dirty,) = raw.execute("SELECT COUNT(*) FROM dirty").fetchone()
    return f"{waiting}, {dirty} claims to merge" if waiting or dirty else ""


# --- the steward and its children -------------------------------------------------------------------------------------


def steward_killed(known: Known, chance: random.Random) -> tuple[str, list[str]]:
    """Killed up to three times, then left alone until it has nothing more to do."""
    step = chance.choice(list(ASKED))
    with known.before(step) as data:
        ASKED[step](data)
        kills = [chance.uniform(0.1, 4.0) for _ in range(chance.randint(1, 3))]
        for seconds in kills:
            trial.kill_after(begin(lambda: _work(data)), seconds)
        _until_quiet(data)
        words = f"steward killed during {step} after {', '.join(f'{each:.2f}' for each in kills)} s"
        return words, trial.compare(known, step, data)


def child_killed(known: Known, chance: random.Random) -> tuple[str, list[str]]:
    """Its run fails, the others go on; what it had sent is kept, and "Sync now" brings the rest."""
    step = chance.choice([name for name in ASKED if "sync" in name])
    with known.before(step) as data:
        ASKED[step](data)
        pid = begin(lambda: _work(data))
        time.sleep(chance.uniform(0.3, 2.5))
        killed = [_kill(child) for child in _children(pid) if chance.random() < 0.7]
        _stop_when_quiet(pid, data)
        for _ in range(3):  # an empty answer may hide a run that failed
            if _ask_the_failed(data):
                _until_quiet(data)
        return f"{len(killed)} children killed during {step}", trial.compare(known, step, data)


def child_killed_at(known: Known, step: str, number: int) -> tuple[str, list[str]]:
    """Every child that lives just after the so manyth commit of the process it reads for."""
    with known.before(step) as data:
        ended = wait(begin(lambda: _sync_while_children_die(data, DAYS[step]), f"after:{number}"))
        words = f"children killed during {step} after commit {number}"
        if ended != 0:
            return words, [f"the process they read for ended with {ended}"]
        wait(begin(lambda: STEPS[step](data)))
        return words, trial.compare(known, step, data)


def _sync_while_children_die(data: Path, day: int) -> None:
    faults.die = lambda: [_kill(child) for child in _children(os.getpid())]
    household.wake_up(data, day)
    household.sync(data)


def _work(data: Path) -> None:
    hurry()
    logging.disable(logging.WARNING)
    steward.Steward(Config(data=data, path=data / "config.toml")).run()


def _ask_on(data: Path, day: int, which: str) -> None:
    household.wake_up(data, day)
    _ask(data, which)


def _ask_the_failed(data: Path) -> bool:
    return _ask(data, "account.failures > 0")


def _ask(data: Path, which: str) -> bool:
    """As "Sync now" does; whether there was anything to ask for."""
    store, catalogue = open_store(data), providers(data)
    with store.write() as conn:
        found = conn.exec_driver_sql(f"SELECT id, provider FROM account WHERE {which}").all()
        for account, provider in found:
            conn.exec_driver_sql("UPDATE account SET blocked_until = NULL WHERE id = ?", (account,))
            for what in catalogue.providers[provider].manifest.synced:
                runs.ask(conn, what, account, "listener", int(time.time()))
    store.close()
    return bool(found)


def _until_quiet(data: Path) -> None:
    _stop_when_quiet(begin(lambda: _work(data)), data)


def _stop_when_quiet(pid: int, data: Path) -> None:
    ends = time.monotonic() + PATIENCE
    try:
        while busy(data):
            if time.monotonic() > ends:
                raise Stuck(f"The steward never came to an end: {busy(data)}.")
            time.sleep(0.1)
    finally:
        os.kill(pid, signal.SIGKILL)
        wait(pid)


def _children(pid: int) -> list[int]:
    """Provider processes of this process."""
    try:
        found = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _started(task)]
        return [child for child in found if b"_host.child" in Path(f"/proc/{child}/cmdline").read_bytes()]
    except OSError:  # it went while it was looked at
        return []


def _started(task: Path) -> list[str]:
    return (task / "children").read_text().split()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


# --- the web process --------------------------------------------------------------------------------------------------


def web_killed(known: Known, chance: random.Random) -> tuple[str, list[str]]:
    """Somebody decides or takes back; the page dies in the middle, and they look again and go on."""
    step, seconds = chance.choice(("decisions", "undo")), chance.uniform(0.0, 0.4)
    words = f"web killed during {step} after {seconds:.3f} s"
    with known.before(step) as data:
        trial.kill_after(begin(lambda: STEPS[step](data)), seconds)
        if wrong := trial.broken(data):
            return words, [wrong]
        wait(begin(lambda: STEPS[step](data)))
        return words, trial.compare(known, step, data)


# --- an upgrade -------------------------------------------------------------------------------------------------------


def upgrade_killed(known: Known, chance: random.Random) -> tuple[str, list[str]]:
    seconds = chance.uniform(0.0, 0.3)
    with tempfile.TemporaryDirectory(dir=known.folder) as folder:
        data = Path(folder)
        with tarfile.open(OLD) as stored:
            stored.extractall(data, filter="data")
        before = tables(data / "bandstand.db")
        trial.kill_after(begin(lambda: open_store(data)), seconds)
        return f"upgrade killed after {seconds:.3f} s", _upgraded(data, before)


def upgrade_killed_at_statement(known: Known, number: int) -> tuple[str, list[str]]:
    with tempfile.TemporaryDirectory(dir=known.folder) as folder:
        data = Path(folder)
        with tarfile.open(OLD) as stored:
            stored.extractall(data, filter="data")
        before = tables(data / "bandstand.db")
        ended = "killed" if wait(begin(lambda: _open_until(data, number))) else "ended"
        return f"upgrade {ended} at statement {number}", _upgraded(data, before)


def _open_until(data: Path, number: int) -> None:
    from sqlalchemy import Engine, event

    left = number

    @event.listens_for(Engine, "after_cursor_execute")
    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    open_store(data)


def _upgraded(data: Path, before: dict[str, list[tuple[object, ...]]]) -> list[str]:
    """It is still the old database, or already the new one, and the next start makes it the new one."""
    found = connection.revision(data / "bandstand.db")
    if found == "0001" and tables(data / "bandstand.db") != before:
        return ["half an upgrade is left behind"]
    if found not in ("0001", connection.HEAD):
        return [f"its revision is {found}"]
    open_store(data).close()
    wrong = [] if connection.revision(data / "bandstand.db") == connection.HEAD else ["it cannot be upgraded any more"]
    copy = data / f"bandstand-before-{connection.HEAD}-from-0001.db"
    return wrong if tables(copy) == before else [*wrong, "the copy made before is not the old database"]


Kind = Callable[[Known, random.Random], tuple[str, list[str]]]
KINDS: dict[str, Kind] = {
    "steward": steward_killed,
    "child": child_killed,
    "web": web_killed,
    "upgrade": upgrade_killed,
}
