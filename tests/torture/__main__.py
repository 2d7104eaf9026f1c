"""Kills Bandstand over and over and compares what is left with an undisturbed household.

python -m tests.torture                     every commit boundary, then 500 random moments (`make torture`)
python -m tests.torture --random 10 --commits after
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.torture import processes, trial
from tests.torture.trial import Known

SHOWN = 6
"""Lines of one trial that went wrong."""
MOMENTS = {"all": ("before", "after"), "after": ("after",), "none": ()}
"""What stands on disk just before a commit is what stood there after the last one."""

FEW = 25
"""Starting children takes time: where not all is tried, they are killed at every so manyth commit."""

Trial = Callable[[], tuple[str, list[str]]]
"""Words for what was done, and what was wrong afterwards."""


def main() -> int:
    options = _options()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bandstand-torture-") as folder:
        known = _lived(Path(folder))
        trials = list(_trials(known, options))
        print(
            f"{len(trials)} kills; undisturbed, the household commits {sum(known.commits.values())} times", flush=True
        )
        workers = range(options.workers)
        pids = [trial.begin(partial(_work, trials[n :: len(workers)], n), quiet=False) for n in workers]
        bad = sum([trial.wait(pid) != 0 for pid in pids])
    print(f"Something was lost or doubled (seed {options.seed})." if bad else "Nothing lost, nothing doubled.")
    return 1 if bad else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("--random", type=int, default=500, metavar="N", help="kills at random moments")
    parser.add_argument("--commits", choices=list(MOMENTS), default="all", help="kills at commits")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--only", choices=list(processes.KINDS), help="random kills of this kind only")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _lived(folder: Path) -> Known:
    """In a fork, because accounts are made with threads, and who forks must have none."""
    if trial.wait(trial.begin(lambda: trial.live(folder))) != 0:
        sys.exit("The undisturbed household came to no good end.")
    return trial.live(folder)


def _trials(known: Known, options: argparse.Namespace) -> Iterator[Trial]:
    for step, commits in known.commits.items():
        for number in range(1, commits + 1):
            for when in MOMENTS[options.commits]:
                yield partial(_at_commit, known, step, f"{when}:{number}")
    if options.commits != "none":
        for step in processes.DAYS:
            for number in range(3, known.commits[step], 1 if options.commits == "all" else FEW):
                yield partial(processes.child_killed_at, known, step, number)
        for number in range(1, processes.STATEMENTS + 1):
            yield partial(processes.upgrade_killed_at_statement, known, number)
    kinds = [options.only] if options.only else list(processes.KINDS)
    for number in range(options.random):
        chance = random.Random(f"{options.seed} {number}")
        yield partial(processes.KINDS[kinds[number % len(kinds)]], known, chance)


def _at_commit(known: Known, step: str, moment: str) -> tuple[str, list[str]]:
    return f"{step}, killed {moment}", trial.killed_at(known, step, moment)


def _work(trials: list[Trial], worker: int) -> int:
    """Returns how many went wrong."""
    bad = 0
    for done, each in enumerate(trials, 1):
        words, wrong = each()
        bad += bool(wrong)
        for line in wrong[:SHOWN]:
            print(f"WRONG  {words}: {line[:300]}", flush=True)
        if done % 20 == 0 or done == len(trials):
            print(f"worker {worker}: {done} of {len(trials)}, the last: {words}", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
