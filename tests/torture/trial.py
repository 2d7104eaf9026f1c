"""One trial: a step is killed and done again; then the household must be as if nothing had happened."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.store import faults, open_store
from tests.torture import household, picture
from tests.torture.household import STEPS
from tests.torture.picture import Picture


@dataclass
class Known:
    """The undisturbed history: the household before each step, what it has after it, and how often it commits."""

    folder: Path
    after: dict[str, Picture] = field(default_factory=dict)
    commits: dict[str, int] = field(default_factory=dict)

    def before(self, step: str) -> Path:
        return self.folder / step


def live(folder: Path) -> Known:
    """Let the days go by undisturbed."""
    known = Known(folder)
    data = folder / "settled"
    household.settle_in(data)
    for name, step in STEPS.items():
        there = known.before(name)
        shutil.copytree(data, there)
        household.move(there)
        known.commits[name] = _counted(step, data)
        known.after[name] = look(data)
    return known


def _counted(step: household.Step, data: Path) -> int:
    out = data / "commits"
    assert apart(lambda: (step(data), out.write_text(str(faults.commits)))) == 0
    return int(out.read_text())


def killed_at(known: Known, step: str, moment: str, scratch: Path) -> list[str]:
    """Kill the step at ``before:N`` or ``after:N``, then do it again. Returns what is not as it should be."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        data = Path(folder) / "data"
        shutil.copytree(known.before(step), data)
        household.move(data)
        code = apart(lambda: STEPS[step](data), moment)
        if code not in (-signal.SIGKILL, 0):
            return [f"it ended with {code} instead of being killed"]
        if wrong := _broken(data):
            return [f"after the kill: {wrong}"]
        if (code := apart(lambda: STEPS[step](data))) != 0:
            return [f"taken up again it ended with {code}"]
        wrong = _broken(data)
        return [wrong] if wrong else picture.differences(look(data), known.after[step])


def look(data: Path) -> Picture:
    store = open_store(data)
    try:
        return picture.take(store)
    finally:
        store.close()


def _broken(data: Path) -> str | None:
    store = open_store(data)
    try:
        return picture.broken(store)
    finally:
        store.close()


def apart(work: Callable[[], object], moment: str = "") -> int:
    """Do it in a fork of this process, to be killed at `moment`. Returns the exit code, or minus the signal."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            faults.arm(moment)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
