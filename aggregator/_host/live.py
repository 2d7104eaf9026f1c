"""Live calls: a warm child per account answers, at most four are kept, and an idle one goes after five minutes."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from aggregator import answers
from aggregator._host import accounts, find, states
from aggregator._host.accounts import Account
from aggregator._host.process import Child, Failure
from aggregator._host.run import Duties, House, open_child
from aggregator.library.folding import fold, fold_name

MOST = 4
IDLE_SECONDS = 300.0
CALL_SECONDS = 30.0
"""A child silent for longer is ended; a page stops waiting long before."""

REFUSALS = ("AuthFailed", "RateLimited", "Unavailable", "late", "settings", "load")


@dataclass
class _Warm:
    """A child made ready with the settings `account` had, and with the code of `origin`."""

    account: Account
    child: Child
    duties: Duties
    origin: find.Origin
    used: float = field(default_factory=time.monotonic)


class Warm:
    """The warm children of one process."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._kept: dict[int, _Warm] = {}
        self._turns: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)  # one call at a time per account
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="live")

    def call(self, account_id: int, method: str, argument: Any) -> Any:
        """The provider's answer as JSON values. Raises `Failure` with redacted words."""
        with self._house.store.read() as conn:
            account = accounts.by_id(conn, account_id)
        if account is None or not account.enabled:
            raise Failure("settings", "This account is switched off.")
        with self._turns[account_id]:
            warm = self._ready(account)
            try:
                answer = warm.child.call(method, argument, CALL_SECONDS)
            except Failure as failure:
                failure.words = warm.duties.redact(failure.words)
                raise
            warm.used = time.monotonic()
        if answer.state:
            with self._house.store.write() as conn:
                accounts.save_state(conn, account_id, answer.state, warm.duties.seal)
        return answer.items

    def ask(self, account_id: int, method: str, argument: Any) -> list[Any]:
        """As `answers.Ask`. An account that cannot be asked says why on its card, and rests."""
        try:
            items: list[Any] = self._question(account_id, method, argument)
        except Failure as failure:
            if failure.kind in REFUSALS:
                self._rest(account_id, failure)
                raise answers.Refused(failure.words) from None
            raise ValueError(failure.words) from None
        self._well(account_id)
        return items

    def _rest(self, account_id: int, failure: Failure) -> None:
        """Words and a pause as after a run that failed so, unless it rests already. Refused credentials are left to
        runs: they may be good for all but this one question."""
        now = int(time.time())
        with self._house.store.write() as conn:
            account = accounts.by_id(conn, account_id)
            if account and account.state == "ready" and failure.kind in ("RateLimited", "Unavailable", "late"):
                verdict = states.after(failure, account.name, account.failures, None, now)
                accounts.judge(conn, account_id, **verdict.columns)

    def _well(self, account_id: int) -> None:
        """It answers again. One of whom something is read says so by a run that goes well."""
        with self._house.store.read() as conn:
            account = accounts.by_id(conn, account_id)
        manifest = account and self._house.catalogue().manifest(account.provider)
        if account and (account.state == "backing off" or account.failures) and manifest and not manifest.synced:
            with self._house.store.write() as conn:
                accounts.judge(conn, account_id, **states.Verdict("ready", "").columns)

    def ask_all(
        self, wanted: dict[int, str], method: str, argument: Any, seconds: float, *, anew: bool = False
    ) -> list[dict[str, Any]]:
        """One question to many accounts at once (`wanted`: their names). Who is silent gets a sentence, not time.

        `anew`: nothing kept will do, and the answer is not kept.
        """
        ask = self._anew if anew else self._one
        calls = {account_id: self._threads.submit(ask, account_id, method, argument) for account_id in wanted}
        wait(calls.values(), timeout=seconds)
        return [
            {"account_id": account_id, **(call.result() if call.done() else _silence(wanted[account_id], seconds))}
            for account_id, call in calls.items()
        ]

    def drop(self, account_id: int) -> None:
        """End the account's child: its settings are others now."""
        if warm := self._kept.pop(account_id, None):
            warm.child.end()

    def drop_idle(self) -> None:
        """End what nobody asked for some minutes, and the longest unused beyond what is kept."""
        old = time.monotonic() - IDLE_SECONDS
        idle = sorted((w for w in list(self._kept.values()) if not self._busy(w)), key=lambda w: w.used)
        too_many = len(self._kept) - MOST
        for number, warm in enumerate(idle):
            if number < too_many or warm.used < old:
                self.drop(warm.account.id)

    def close(self) -> None:
        for account_id in list(self._kept):
            self.drop(account_id)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _one(self, account_id: int, method: str, argument: Any) -> dict[str, Any]:
        key, now = _key(argument), int(time.time())
        with self._house.store.read() as conn:
            for known in answers.read(conn, method, key, [account_id], now):
                if known.error is None:
                    return {"items": known.items, "error": None}
        told = self._anew(account_id, method, argument)
        if told["error"] is None:
            with self._house.store.write() as conn:
                answers.save(conn, account_id, method, key, told["items"], now)
        return told

    def _anew(self, account_id: int, method: str, argument: Any) -> dict[str, Any]:
        try:
            return {"items": self._question(account_id, method, argument), "error": None}
        except Failure as failure:
            if failure.kind == "RateLimited":  # whoever asked: all leave it alone until its pause is over
                self._rest(account_id, failure)
            return {"items": [], "error": failure.words}

    def _question(self, account_id: int, method: str, argument: Any) -> Any:
        """A call that respects, and keeps, the silence that a service asked for."""
        with self._house.store.read() as conn:
            account = accounts.by_id(conn, account_id)
        if account and (account.blocked_until or 0) > time.time():
            raise Failure("RateLimited", account.state_words)
        try:
            return self._without_secrets(account_id, self.call(account_id, method, argument))
        finally:
            if account and (until := self._house.limits.blocked_until(account_id)):
                with self._house.store.write() as conn:
                    words = states.resting(account.name, until).words
                    accounts.judge(conn, account_id, blocked_until=round(until), state="backing off", state_words=words)

    def _without_secrets(self, account_id: int, items: Any) -> Any:
        """What may be stored and shown: services repeat keys in addresses, and providers pass them on."""
        warm = self._kept.get(account_id)
        return json.loads(warm.duties.redact.data(json.dumps(items, ensure_ascii=False))) if warm else items

    def _ready(self, account: Account) -> _Warm:
        warm = self._kept.get(account.id)
        if warm and warm.child.alive and _same_settings(warm.account, account) and find.as_described(warm.origin):
            return warm
        self.drop(account.id)
        warm = self._kept[account.id] = self._start(account)
        self.drop_idle()
        return warm

    def _busy(self, warm: _Warm) -> bool:
        return self._turns[warm.account.id].locked()

    def _start(self, account: Account) -> _Warm:
        catalogue = self._house.catalogue()
        provided = catalogue.providers.get(account.provider)
        if provided is None:
            raise Failure("load", catalogue.missing(account.provider))
        child = Child()
        try:
            return _Warm(account, child, open_child(self._house, account, provided, child), provided.origin)
        except BaseException:
            child.end()
            raise


def _silence(name: str, seconds: float) -> dict[str, Any]:
    return {"items": [], "error": f"{name} did not answer within {seconds:g} s."}


def _same_settings(one: Account, other: Account) -> bool:
    return (one.settings, one.secrets) == (other.settings, other.secrets)


def _key(argument: Any) -> str:
    """What an answer is stored under: folded text or artist name, a friend's id, or title and artist."""
    if isinstance(argument, str):
        return fold(argument)
    match argument.get("type"):
        case "friend":
            return str(argument["id"])
        case "edition" | "track":
            by = ", ".join(fold_name(each["name"]) for each in argument.get("credits", ()))
            return f"{argument['type']} {fold(argument['title'])} by {by}"
    return fold_name(argument["name"])
