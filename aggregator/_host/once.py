"""`bandstand sync`: hand the work to a running steward, or do it here under its lock.

The path of an unchanged library is short on purpose: the child is started before anything is imported here, and what
is not needed is not imported at all.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from aggregator._host import accounts, chores, find, pinned, runs, states
from aggregator._host.accounts import Account
from aggregator._host.lock import AlreadyRunning, StewardLock
from aggregator._host.perform import GONE, perform
from aggregator._host.process import Child
from aggregator._host.run import Done, House, Watch
from aggregator._host.spawn import Spawned
from aggregator.config import Config
from aggregator.store import Store, open_store

POLL_SECONDS = 0.2


def sync(config: Config, key: str | None, capability: str | None, spawned: Spawned) -> int:
    """Sync all accounts, or the one named `key`. Returns the exit code: 0 well, 1 a run failed, 2 no such account."""
    first = Child(spawned)
    try:
        while True:
            try:
                with StewardLock(config.data):
                    return _here(config, key, capability, first)
            except AlreadyRunning:
                if _steward_answers(config):
                    return _by_steward(config, key, capability)
                time.sleep(POLL_SECONDS)  # another `bandstand sync`, or a steward that is just starting
    finally:
        first.end()


def _here(config: Config, key: str | None, capability: str | None, first: Child) -> int:
    store = open_store(config.data)
    house = House(config.data, store, demo=config.demo, private=config.sync.private_addresses)
    with store.read() as conn:
        named = {account.provider for account in accounts.every(conn)}
    named |= {account.provider for account in config.accounts.values()}
    catalogue = find.providers(config.data, named, first, again=True)
    for sentence in pinned.apply(house, config, catalogue):
        print(sentence)
    with store.write() as conn:
        runs.recover(conn, int(time.time()))
        queued = _ask(conn, accounts.every(conn), catalogue, key, capability)
    if not queued:
        return _nothing(key)
    child: Child | None = first
    good = True
    for each, name in queued:
        if not _still_waits(store, each.id):
            continue
        with _bar(name) as watch:
            started = time.monotonic()
            outcome = perform(house, catalogue, each, child=child, watch=watch)
        child = None
        good &= isinstance(outcome, Done)
        print(_sentence(name, outcome, time.monotonic() - started), flush=True)
    good &= _afterwards(house)
    return 0 if good else 1


def _ask(
    conn: Connection, known: list[Account], catalogue: find.Catalogue, key: str | None, capability: str | None
) -> list[tuple[runs.Queued, str]]:
    """Queue what was asked for. An account that cannot be loaded is run too: its failure is the answer. A pause after
    trouble ends."""
    asked = []
    for account in known:
        if not account.enabled or key not in (None, account.key):
            continue
        accounts.end_pause(conn, account)
        manifest = catalogue.manifest(account.provider)
        for what in manifest.synced if manifest else ["library"]:
            if capability in (None, what):
                run_id = runs.ask(conn, what, account.id, "listener", int(time.time()))
                asked.append((runs.Queued(run_id, account.id, what), f"{account.name} · {what}"))
    return asked


def _still_waits(store: Store, run_id: int) -> bool:
    """Not any more, when an earlier run found that its account needs somebody."""
    with store.read() as conn:
        return any(row.state == "queued" for row in runs.find(conn, [run_id]))


def _nothing(key: str | None) -> int:
    if key is None:
        print("There is no account to sync yet. Add one on the Sources page or in config.toml.")
        return 0
    print(f"There is no account {key!r} with anything to sync.", file=sys.stderr)
    return 2


def _afterwards(house: House) -> bool:
    """Merging, once all claims are committed; pictures and questions to services wait for `serve`. False: it failed."""
    with house.store.write() as conn:
        if chores.merge_is_due(conn):
            runs.ask(conn, "merge", None, "listener", int(time.time()))
    good = True
    while chore := _next_chore(house.store):
        with _bar(chore.what) as watch:
            failure = chores.do(house, chore, watch)
        if failure:
            print(f"{chore.what}: {failure}", file=sys.stderr)
            good = False
    return good


def _next_chore(store: Store) -> runs.Queued | None:
    with store.read() as conn:
        return next((each for each in runs.waiting(conn) if chores.LANES.get(each.what) == "deciding"), None)


def _sentence(name: str, outcome: Done | states.Verdict, seconds: float) -> str:
    if isinstance(outcome, states.Verdict):
        return f"{name}: {outcome.words}"
    shown = ", ".join(f"{count:,} {word}" for word, count in outcome.counts.items() if count)
    return f"{name}: {shown or 'nothing new'}; stored after {seconds:.1f} s."


# --- through a running steward ----------------------------------------------------------------------------------------


def _steward_answers(config: Config) -> bool:
    from aggregator._host import control

    try:
        control.ask(config.data, {"do": "wake"})
    except control.Silent:
        return False
    return True


def _by_steward(config: Config, key: str | None, capability: str | None) -> int:
    from aggregator._host import control

    store = open_store(config.data)
    catalogue = find.providers(config.data)
    with store.write() as conn:
        queued = _ask(conn, accounts.every(conn), catalogue, key, capability)
    if not queued:
        return _nothing(key)
    control.wake(config.data)
    ended_well = [_follow(store, each.id, name) for each, name in queued]
    return 0 if all(ended_well) else 1


def _follow(store: Store, run_id: int, name: str) -> bool:
    """Show one run of the steward until it ends, or until it waits for the end of its account's pause."""
    with _bar(name) as watch:
        while True:
            with store.read() as conn:
                row = next(iter(runs.find(conn, [run_id])), None)
                paused = row is not None and row.state == "queued" and accounts.by_id(conn, row.account_id)
            if paused and paused.resting(time.time()):
                print(f"{name}: {paused.state_words}")
                return False
            if row is None:
                print(f"{name}: {GONE}")
                return False
            if row.state in ("done", "failed"):
                break
            watch(row.done, row.total, row.doing)
            time.sleep(POLL_SECONDS)
    print(f"{name}: {row.error_words or 'done'}")
    return bool(row.state == "done")


@contextmanager
def _bar(name: str) -> Iterator[Watch]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield _unseen
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[doing]}"), console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(name, total=None, doing="")
        yield lambda done, total, doing: bars.update(task, completed=done, total=total, doing=doing)


def _unseen(_done: int, _total: int | None, _doing: str) -> None:
    """Nobody watches."""
