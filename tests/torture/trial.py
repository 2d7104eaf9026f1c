"""One trial: a step is killed and taken up again; then the household must be as if nothing had happened."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.store import faults, open_store
from tests.torture import household, picture
from tests.torture.household import STEPS
from tests.torture.picture import Picture


@dataclass
class Known:
    """The undisturbed history: the household before each step, what it has afterwards, and how often it commits."""

    folder: Path
    after: dict[str, Picture] = field(default_factory=dict)
    commits: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def before(self, step: str) -> Iterator[Path]:
        """A copy of the household as it is before the step."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            data = Path(folder) / "data"
            shutil.copytree(self.folder / step, data)
            household.move(data)
            yield data


def live(folder: Path) -> Known:
    """Let the days go by undisturbed. What was lived in this folder before is remembered."""
    memory = folder / "known"
    if memory.exists():
        known: Known = pickle.loads(memory.read_bytes())
        return known
    known = Known(folder)
    data = folder / "settled"
    household.settle_in(data)
    for name, step in STEPS.items():
        shutil.copytree(data, folder / name)
        known.commits[name] = _counted(step, data)
        known.after[name] = look(data)
        if name not in household.TROUBLED and (failed := _failed_runs(data)):
            raise RuntimeError(f"undisturbed, and yet: {failed}")
    memory.write_bytes(pickle.dumps(known))
    return known


def _counted(step: household.Step, data: Path) -> int:
    out = data / "commits"
    if wait(begin(lambda: (step(data), out.write_text(str(faults.commits))))) != 0:
        raise RuntimeError("a step failed without being killed")
    return int(out.read_text())


def _failed_runs(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "bandstand.db")) as raw:
        return [words for (words,) in raw.execute("SELECT error_words FROM run WHERE state = 'failed'")]


def killed_at(known: Known, step: str, moment: str) -> list[str]:
    """Kill the step at ``before:N`` or ``after:N``, then do it again. Returns what is not as it should be."""
    with known.before(step) as data:
        code = wait(begin(lambda: STEPS[step](data), moment))
        if code not in (-signal.SIGKILL, 0):
            return [f"it ended with {code} instead of being killed"]
        if wrong := broken(data):
            return [f"right after the kill: {wrong}"]
        if (code := wait(begin(lambda: STEPS[step](data)))) != 0:
            return [f"taken up again it ended with {code}"]
        return compare(known, step, data)


def compare(known: Known, step: str, data: Path) -> list[str]:
    wrong = broken(data)
    return [wrong] if wrong else picture.differences(look(data), known.after[step])


def look(data: Path) -> Picture:
    store = open_store(data)
    try:
        return picture.take(store)
    finally:
        store.close()


def broken(data: Path) -> str | None:
    store = open_store(data)
    try:
        return picture.broken(store)
    finally:
        store.close()


# --- forks ------------------------------------------------------------------------------------------------------------


def begin(work: Callable[[], object], moment: str = "", quiet: bool = True) -> int:
    """Do it in a fork of this process (which has no threads), to be killed at `moment`. Returns its process id.

    A whole number that `work` returns is its exit code.
    """
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            faults.arm(moment)
            if quiet:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            result = work()
            code = result if isinstance(result, int) else 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def wait(pid: int) -> int:
    """The exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_after(pid: int, seconds: float) -> bool:
    """Kill it once so much time has passed. False: it had ended well before; raises where it ended badly."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            assert status == 0, f"it ended by itself with {os.waitstatus_to_exitcode(status)}"
            return False
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    wait(pid)
    return True
