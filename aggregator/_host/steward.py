"""The background process: schedules, runs and merges. The only bulk writer of its data directory.

Work is rows of table `run`; anybody may queue one and `control.wake` the steward. At most three accounts are read at
once, two of one provider, and one capability of an account at a time. Chores have two lanes, so that merging never
waits for a service.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection

from aggregator._host import accounts, chores, control, find, pinned, runs, states
from aggregator._host.accounts import Account
from aggregator._host.find import Catalogue
from aggregator._host.lock import StewardLock
from aggregator._host.perform import perform
from aggregator._host.process import Failure
from aggregator._host.run import House
from aggregator._host.schedule import next_run
from aggregator._host.sign_in import begin, finish
from aggregator._host.trial import trial
from aggregator.answers import Budget
from aggregator.config import Config
from aggregator.store import open_store

AT_ONCE = 3
OF_ONE_PROVIDER = 2
"""Accounts of one provider that are read at once: where all of them hang, the others shall not wait for it."""
SOON = 2
"""Seconds after start (or after it became due) until an overdue run begins."""
GATHER_SECONDS = 4
"""How long a merge waits for further claims while accounts are read."""
LOOK_SECONDS = 2.0
"""How often the queue is looked at without being woken."""

log = logging.getLogger("bandstand.steward")


class Steward:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._house = _house(config)
        self._scheduler: Any = BackgroundScheduler(timezone=UTC)  # type: ignore[no-untyped-call]
        self._readers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="account")
        self._chores = ThreadPoolExecutor(len(set(chores.LANES.values())), thread_name_prefix="chore")
        self._busy: set[int | str] = set()  # accounts being read, lanes of chores at work
        self._lock = threading.Lock()
        self._planning = threading.Lock()
        self._woken = threading.Event()
        self._said: set[str] = set()
        self._stopping = False

    def run(self) -> None:
        """Until `stop`. Raises `AlreadyRunning` when another process works on this data directory."""
        with StewardLock(self._config.data), control.Server(self._config.data, self._answer):
            self._take_up()
            self._scheduler.start()
            self._scheduler.add_job(self._nightly, "cron", hour=self._config.sync.hour, timezone=_here())
            self._scheduler.add_job(self._house.warm.drop_idle, "interval", seconds=60)
            self._scheduler.add_job(self._look_around, "interval", [True], seconds=60)
            self._look_around()
            try:
                self._work()
            finally:
                self._end()

    def _take_up(self) -> None:
        """What a kill left behind: runs cut off, and claims that nobody had asked to be merged yet."""
        with self._house.store.write() as conn:
            if cut := runs.recover(conn, int(time.time())):
                log.warning("Runs cut off when Bandstand stopped: %d. They start again.", cut)
            self._ask_for_merge(conn)

    def stop(self) -> None:
        """For signal handlers: only a flag, because the main thread may hold the lock of `_woken` just then."""
        self._stopping = True

    def _work(self) -> None:
        while not self._stopping:
            self._dispatch()
            self._woken.wait(LOOK_SECONDS)
            self._woken.clear()

    def _end(self) -> None:
        """Runs in progress end with their children and are taken up at the next start."""
        self._scheduler.shutdown(wait=False)
        self._house.warm.close()
        for pool in (self._readers, self._chores):
            pool.shutdown(wait=False, cancel_futures=True)

    # --- the queue ----------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Start every queued run whose account is free."""
        with self._lock, self._house.store.read() as conn:
            known = accounts.every(conn)
            resting, provider = _resting(known), {each.id: each.provider for each in known}
            for queued in runs.waiting(conn):
                busy_with = _lane(queued)
                if busy_with in self._busy or busy_with in resting or self._early(queued, provider):
                    continue
                if queued.what == "erase" and self._busy & resting:
                    continue  # what is read for an account that goes is just being ended
                self._busy.add(busy_with)
                if queued.account_id is None:
                    self._chores.submit(self._guarded, self._do, queued)
                else:
                    self._readers.submit(self._guarded, self._read, queued)

    def _early(self, queued: runs.Queued, provider: dict[int, str]) -> bool:
        """An account beyond those read at once, or a merge that more claims will come for in a moment."""
        reading = [provider.get(each) for each in self._busy if isinstance(each, int)]
        if queued.account_id is not None:
            alike = reading.count(provider.get(queued.account_id))
            return len(reading) >= AT_ONCE or alike >= OF_ONE_PROVIDER
        return queued.what == "merge" and bool(reading) and time.time() - queued.queued_at < GATHER_SECONDS

    def _guarded(self, work: Callable[[runs.Queued], None], queued: runs.Queued) -> None:
        try:
            work(queued)
        except Exception:  # the thread ends here; the log is the only place left to say so
            log.exception("%s of account %s failed", queued.what, queued.account_id)
        finally:
            with self._lock:
                self._busy.discard(_lane(queued))
            self._woken.set()

    def _read(self, queued: runs.Queued) -> None:
        perform(self._house, self._house.catalogue(), queued)
        with self._house.store.write() as conn:
            self._ask_for_merge(conn)
        self._plan()

    def _ask_for_merge(self, conn: Connection) -> None:
        if chores.merge_is_due(conn):
            runs.ask(conn, "merge", None, "schedule", int(time.time()))

    def _do(self, queued: runs.Queued) -> None:
        chores.do(self._house, queued)
        if queued.what == "answers":
            self._plan()  # a service may have asked for a pause

    # --- the plan -----------------------------------------------------------------------------------------------------

    def _look_around(self, again: bool = False) -> None:
        """Take up what changed outside: config.toml's accounts, providers repaired, accounts added.

        `again`: plugins that were refused long ago are tried anew, which may take as long as an import may.
        """
        catalogue = find.providers(self._config.data, again=again)
        for sentence in set(pinned.apply(self._house, self._config, catalogue)) - self._said:
            log.info(sentence)
            self._said.add(sentence)
        with self._house.store.write() as conn:
            known = accounts.every(conn)
            for account in known:
                self._look_at(conn, account, catalogue)
        for account in known:
            if not account.enabled:
                self._house.stop(account.id)
        self._plan()

    def _look_at(self, conn: Connection, account: Account, catalogue: Catalogue) -> None:
        """Whether its provider is there again, or no more."""
        if account.state == "load error" and account.provider in catalogue.providers:
            accounts.change(conn, account.id, state="ready", state_words="", blocked_until=None)
        elif _rested(account, catalogue):
            accounts.judge(conn, account.id, state="ready", state_words="", blocked_until=None)
        elif account.enabled and account.provider not in catalogue.providers:
            failure = Failure("load", catalogue.missing(account.provider))
            verdict = states.after(failure, account.name, account.failures, None, 0)
            accounts.change(conn, account.id, state=verdict.state, state_words=verdict.words)

    def _plan(self) -> None:
        """One job per account and capability at its next time; overdue ones soon, those at work when they end."""
        catalogue, hour = self._house.catalogue(), self._config.sync.hour
        with self._planning:
            with self._house.store.read() as conn:
                known, ended, busy = accounts.every(conn), runs.ended(conn), runs.busy(conn)
            for account in known:
                if manifest := catalogue.manifest(account.provider):
                    for what in manifest.synced:
                        key = (account.id, what)
                        at = None if key in busy else next_run(account, manifest, what, ended.get(key), hour)
                        self._set_job(account, what, at)
            self._ask_after_pauses(known)

    def _ask_after_pauses(self, known: list[Account]) -> None:
        """Look-ups go on once the first of the services that asked for a pause can be asked again."""
        now = time.time()
        if ends := [until for each in known if each.enabled and (until := each.blocked_until or 0) > now]:
            when = datetime.fromtimestamp(min(ends) + SOON, UTC)
            known_as = {"id": "answers after a pause", "replace_existing": True, "misfire_grace_time": None}
            self._scheduler.add_job(self._ask, "date", [None, "answers"], run_date=when, **known_as)

    def _set_job(self, account: Account, what: str, at: int | None) -> None:
        job = f"{account.id} {what}"
        if at is not None:
            when = datetime.fromtimestamp(max(at, time.time() + SOON), UTC)
            known = {"id": job, "replace_existing": True, "misfire_grace_time": None}
            self._scheduler.add_job(self._ask, "date", [account.id, what], run_date=when, **known)
        elif self._scheduler.get_job(job):
            self._scheduler.remove_job(job)

    def _ask(self, account_id: int | None, what: str) -> None:
        """Queue what is due, unless it is being done."""
        with self._house.store.write() as conn:
            if account_id is None or (account_id, what) not in runs.busy(conn):
                runs.ask(conn, what, account_id, "schedule", int(time.time()))
        self._woken.set()

    def _nightly(self) -> None:
        with self._house.store.write() as conn:
            runs.forget_old(conn, int(time.time()))
        self._ask(None, "answers")
        self._look_around()

    # --- the socket ---------------------------------------------------------------------------------------------------

    def _answer(self, question: dict[str, object]) -> dict[str, object]:
        match question:
            case {"do": "wake"}:
                self._look_around()
                self._woken.set()
                return {}
            case {"do": "ask", "accounts": dict(names), "method": str(method), "seconds": float(seconds)}:
                wanted = {int(account_id): str(name) for account_id, name in names.items()}
                anew = bool(question.get("anew"))
                return {"answers": self._house.warm.ask_all(wanted, method, question["argument"], seconds, anew=anew)}
            case {"do": "test", "account": int(account_id), "seconds": float(seconds)}:
                return trial(self._house, account_id, seconds)
            case {"do": "begin", "account": int(account_id), "redirect": str(redirect), "state": str(state)}:
                return begin(self._house, account_id, redirect, state)
            case {"do": "finish", "account": int(account_id), "redirect": str(redirect), "params": dict(params)}:
                answer = finish(self._house, account_id, redirect, params)
                self._plan()
                self._woken.set()
                return answer
        return {"error": f"not understood: {json.dumps(question)[:200]}"}


def _house(config: Config) -> House:
    store, look_ups = open_store(config.data), Budget(config.look_ups.lists, config.look_ups.facts)
    return House(config.data, store, demo=config.demo, private=config.sync.private_addresses, look_ups=look_ups)


def _resting(known: list[Account]) -> set[int]:
    """Accounts whose service asked for silence, or that were switched off."""
    now = time.time()
    return {each.id for each in known if not each.enabled or each.resting(now)}


def _rested(account: Account, catalogue: Catalogue) -> bool:
    """Its pause is over, and no run will say so, for nothing of it is read."""
    manifest = catalogue.manifest(account.provider)
    paused = account.state == "backing off" and account.enabled and not account.resting(time.time())
    return paused and manifest is not None and not manifest.synced


def _lane(queued: runs.Queued) -> int | str:
    """What is busy while it runs: its account, or its lane of chores."""
    return queued.account_id if queued.account_id is not None else chores.LANES[queued.what]


def _here() -> str:
    from tzlocal import get_localzone_name

    return str(get_localzone_name())


def main(config: Config) -> None:
    """The process: until SIGTERM or SIGINT. Raises `AlreadyRunning`."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    steward = Steward(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: steward.stop())
    steward.run()
    logging.shutdown()
    os._exit(0)  # threads of runs in progress are not waited for: their children end with this process
