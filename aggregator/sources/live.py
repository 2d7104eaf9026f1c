"""Asking services now, through the steward: live questions and signing in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator import answers
from aggregator._host import accounts, control, find
from aggregator._host.accounts import Account
from aggregator._host.control import Silent
from aggregator._host.find import Manifest
from aggregator.sources.cards import seen_by
from aggregator.sources.change import SourceError, in_charge
from aggregator.store import Store

DEADLINE = 3.0
"""Seconds a page waits for services."""


@dataclass(frozen=True)
class LiveAnswer:
    """`items` as `aggregator.answers.decoded`; empty with an `error` in words."""

    account_id: int
    account_name: str
    provider: str
    items: list[Any]
    error: str | None


def ask_live(
    data: Path,
    method: str,
    argument: Any,
    *,
    account_ids: Iterable[int],
    deadline: float = DEADLINE,
    anew: bool = False,
) -> list[LiveAnswer]:
    """One question to several accounts at once; who is not done in `deadline` seconds has an error instead of items.

    `method` and `argument`: ``search`` and text; ``similar``, ``tags``, ``albums_of`` and an `Artist`; ``previews`` and
    an artist, edition or track. `anew`: though an answer is kept, which stays as it is.
    """
    store = Store(data)
    with store.read() as conn:
        wanted = [account for account_id in account_ids if (account := accounts.by_id(conn, account_id))]
    store.close()
    question = {
        "do": "ask",
        "accounts": {str(account.id): account.name for account in wanted},
        "method": method,
        "argument": argument if isinstance(argument, str) else argument.model_dump(mode="json", exclude_none=True),
        "seconds": float(deadline),
        "anew": anew,
    }
    try:
        told = control.ask(data, question, deadline + 2.0).get("answers", [])
    except Silent as silent:
        told = [{"account_id": account.id, "items": [], "error": str(silent)} for account in wanted]
    by_id = {each["account_id"]: each for each in told}
    return [_live(account, method, by_id[account.id]) for account in wanted if account.id in by_id]


def able(store: Store, listener_id: int, capability: str) -> list[int]:
    """Accounts the listener sees that can be asked live now (`discovery`, `search`, `friends`)."""
    return [account.id for account in _able(store, listener_id, capability)]


def sampled(store: Store, listener_id: int) -> list[int]:
    """Accounts that can be asked for samples of music, at rest or not: who rests says so. The household's first."""
    found = [account for account, manifest in _well(store, listener_id) if "previews" in manifest.methods]
    return [account.id for account in sorted(found, key=lambda account: account.listener_id is not None)]


def searchable(store: Store, listener_id: int) -> list[int]:
    """One account of each service that can be searched: two would give the same answer. The listener's own first."""
    found = sorted(_able(store, listener_id, "search"), key=lambda account: account.listener_id is None)
    return list({account.provider: account.id for account in reversed(found)}.values())[::-1]


def _able(store: Store, listener_id: int, capability: str) -> list[Account]:
    found, now = _well(store, listener_id), time.time()
    return [each for each, manifest in found if not each.resting(now) and capability in manifest.capabilities]


def _well(store: Store, listener_id: int) -> Iterator[tuple[Account, Manifest]]:
    """The accounts that a listener sees and that have nothing worse than a pause."""
    catalogue = find.providers(store.folder)
    with store.read() as conn:
        seen = seen_by(conn, listener_id)
    for each in seen:
        manifest = catalogue.manifest(each.provider)
        if manifest and each.enabled and each.state in ("ready", "backing off"):
            yield each, manifest


def _live(account: Account, method: str, told: Mapping[str, Any]) -> LiveAnswer:
    try:
        items = answers.decoded(method, told["items"])
    except ValueError:
        words = f"{account.name} answered something that makes no sense."
        return LiveAnswer(account.id, account.name, account.provider, [], words)
    return LiveAnswer(account.id, account.name, account.provider, items, told["error"])


def begin_sign_in(store: Store, listener_id: int, account_id: int, redirect: str, state: str) -> str:
    """The service's page to send the listener to; it sends them back to `redirect` with `state`. `SourceError`."""
    question = {"do": "begin", "account": account_id, "redirect": redirect, "state": state}
    return str(_sign_in(store, listener_id, account_id, question)["url"])


def finish_sign_in(store: Store, listener_id: int, account_id: int, redirect: str, params: Mapping[str, str]) -> None:
    """Keep what the service granted; the account is ready again and its sync is queued. Raises `SourceError`."""
    question = {"do": "finish", "account": account_id, "redirect": redirect, "params": dict(params)}
    _sign_in(store, listener_id, account_id, question)


def _sign_in(store: Store, listener_id: int, account_id: int, question: dict[str, Any]) -> dict[str, Any]:
    account = in_charge(store, listener_id, account_id)
    try:
        answer = control.ask(store.folder, question, 35.0)
    except Silent as silent:
        raise SourceError(str(silent)) from None
    if words := answer.get("error"):
        raise SourceError(f"{account.name}: {words}")
    return answer
