"""Sources: the accounts a listener sees, how they fare, and what can be asked of them.

Everything here works from any process: runs are queued in the store, live questions go to the steward's socket.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from aggregator import answers
from aggregator._host import accounts, control, find, runs, settings
from aggregator._host.accounts import Account
from aggregator._host.control import Silent
from aggregator._host.process import Child, Failure, NoDuties
from aggregator._host.run import House, hidden
from aggregator._host.schedule import next_run
from aggregator._host.settings import FormField
from aggregator.store import Store
from aggregator.store.schema import account as account_table
from aggregator.store.schema import claim, held, run, run_line

__all__ = ["FormField"]

DEADLINE = 3.0
"""Seconds a page waits for services."""
LINES_SHOWN = 20
WAITING = ("load error", "settings error", "needs the listener")
"""States that end only when somebody does something."""


class SettingsRefused(ValueError):
    """What was entered does not fit; `fields` holds the words by field."""

    def __init__(self, words: str, fields: Mapping[str, str]) -> None:
        super().__init__(words)
        self.fields = dict(fields)


class SourceError(ValueError):
    """It cannot be done; the message is for the listener."""


@dataclass(frozen=True)
class Run:
    """One run, waiting, at work or ended. `what`: a capability, or a chore of the steward."""

    id: int
    what: str
    state: str  # queued | running | done | failed
    started_at: int | None
    finished_at: int | None
    done: int
    total: int | None
    doing: str
    counts: dict[str, int]
    error: str | None
    error_words: str | None
    traceback: str | None

    @property
    def seconds(self) -> int | None:
        if self.started_at is None:
            return None
        return (self.finished_at or int(time.time())) - self.started_at


@dataclass(frozen=True)
class Part:
    """One capability that is read by runs: its newest run, and when the next one is due (None: waits for somebody)."""

    what: str
    last: Run | None
    now: Run | None
    next_at: int | None


@dataclass(frozen=True)
class HeldRemoval:
    id: int
    items: int
    of: int
    reason: str
    at: int


@dataclass(frozen=True)
class Line:
    at: int
    level: str  # info | warning | error | skipped
    text: str


@dataclass(frozen=True)
class SourceCard:
    """One account. `state`: ready | disabled | load error | settings error | needs the listener | backing off."""

    id: int
    key: str
    name: str
    provider: str
    provider_name: str
    about: str
    household: bool
    pinned: bool
    state: str
    words: str
    blocked_until: int | None
    capabilities: tuple[str, ...]
    parts: tuple[Part, ...]
    sizes: dict[str, int]
    """Present claims by kind: artist, album, recording, show …"""
    held: tuple[HeldRemoval, ...]
    lines: tuple[Line, ...]
    """What it logged and skipped in its newest runs, newest first."""

    @property
    def can_sign_in(self) -> bool:
        return "sign_in" in self.capabilities

    @property
    def running(self) -> bool:
        return any(part.now for part in self.parts)


@dataclass(frozen=True)
class Offer:
    """A provider that an account can be made of."""

    id: str
    name: str
    about: str
    household: bool
    form: tuple[FormField, ...]


@dataclass(frozen=True)
class Refused:
    """A plugin that cannot be loaded."""

    label: str
    reason: str
    traceback: str | None


@dataclass(frozen=True)
class LiveAnswer:
    """`items` as `aggregator.answers.decoded`; empty with an `error` in words."""

    account_id: int
    account_name: str
    provider: str
    items: list[Any]
    error: str | None


# --- looking ----------------------------------------------------------------------------------------------------------


def cards(store: Store, listener_id: int, hour: int = 4) -> list[SourceCard]:
    """The listener's own accounts and the household's. `hour`: of the nightly sync, for the next run."""
    catalogue = find.providers(store.folder)
    with store.read() as conn:
        mine = _seen_by(conn, listener_id)
        facts = _facts(conn, [account.id for account in mine], hour)
    return [_card(account, catalogue.manifest(account.provider), facts) for account in mine]


def offers(store: Store) -> list[Offer]:
    """Every provider an account can be made of, by name."""
    found = [each.manifest for each in find.providers(store.folder).providers.values()]
    offered = [Offer(m.id, m.name, m.about, m.household, tuple(settings.form(m.settings))) for m in found]
    return sorted(offered, key=lambda offer: offer.name.casefold())


def refused(store: Store) -> list[Refused]:
    """Plugins that cannot be loaded, and why."""
    broken = find.providers(store.folder).broken
    return [Refused(f"{each.origin.label} ({each.origin.how})", each.reason, each.traceback) for each in broken]


def progress(store: Store, listener_id: int) -> list[Run]:
    """What waits or works now: of the listener's accounts and the household's, and the steward's chores."""
    with store.read() as conn:
        seen = [account.id for account in _seen_by(conn, listener_id)]
        busy = run.c.state.in_(("queued", "running"))
        query = select(run).where(busy, or_(run.c.account_id.is_(None), run.c.account_id.in_(seen)))
        return [_run(row) for row in conn.execute(query.order_by(run.c.id))]


def troubled(store: Store, listener_id: int) -> list[Account]:
    """Accounts that cannot go on without the listener: one query, for pages that show no cards."""
    with store.read() as conn:
        seen = _seen_by(conn, listener_id)
    return [each for each in seen if each.enabled and each.state in WAITING]


def _seen_by(conn: Connection, listener_id: int) -> list[Account]:
    return [each for each in accounts.every(conn) if each.listener_id in (None, listener_id)]


@dataclass(frozen=True)
class _Facts:
    """What the store knows of some accounts, read in a handful of queries."""

    hour: int
    ended: dict[runs.Key, Any]
    busy: dict[runs.Key, Any]
    sizes: dict[int, dict[str, int]]
    held: dict[int, list[HeldRemoval]]
    lines: dict[int, list[Line]]


def _facts(conn: Connection, ids: list[int], hour: int) -> _Facts:
    return _Facts(hour, runs.ended(conn), runs.busy(conn), _sizes(conn, ids), _held(conn, ids), _lines(conn, ids))


def _card(account: Account, manifest: find.Manifest | None, facts: _Facts) -> SourceCard:
    return SourceCard(
        id=account.id,
        key=account.key,
        name=account.name,
        provider=account.provider,
        provider_name=manifest.name if manifest else account.provider,
        about=manifest.about if manifest else "",
        household=account.listener_id is None,
        pinned=account.pinned,
        state=account.state if account.enabled else "disabled",
        words=account.state_words,
        blocked_until=account.blocked_until,
        capabilities=tuple(manifest.capabilities) if manifest else (),
        parts=tuple(_part(account, manifest, what, facts) for what in manifest.synced) if manifest else (),
        sizes=facts.sizes.get(account.id, {}),
        held=tuple(facts.held.get(account.id, ())),
        lines=tuple(facts.lines.get(account.id, ())),
    )


def _part(account: Account, manifest: find.Manifest, what: str, facts: _Facts) -> Part:
    last, now = facts.ended.get((account.id, what)), facts.busy.get((account.id, what))
    return Part(what, last and _run(last), now and _run(now), next_run(account, manifest, what, last, facts.hour))


def _run(row: Any) -> Run:
    columns = {name: getattr(row, name) for name in Run.__dataclass_fields__}
    return Run(**{**columns, "counts": json.loads(row.counts)})


def _sizes(conn: Connection, ids: list[int]) -> dict[int, dict[str, int]]:
    query = select(claim.c.account_id, claim.c.kind, func.count()).where(claim.c.account_id.in_(ids), claim.c.present)
    sizes: dict[int, dict[str, int]] = {}
    for account_id, kind, count in conn.execute(query.group_by(claim.c.account_id, claim.c.kind)):
        sizes.setdefault(account_id, {})[kind] = count
    return sizes


def _held(conn: Connection, ids: list[int]) -> dict[int, list[HeldRemoval]]:
    query = select(held).where(held.c.account_id.in_(ids), held.c.decided_at.is_(None)).order_by(held.c.id)
    removals: dict[int, list[HeldRemoval]] = {}
    for row in conn.execute(query):
        removal = HeldRemoval(row.id, row.items, row._mapping[held.c.of], row.reason, row.held_at)
        removals.setdefault(row.account_id, []).append(removal)
    return removals


def _lines(conn: Connection, ids: list[int]) -> dict[int, list[Line]]:
    joined = run_line.join(run, run.c.id == run_line.c.run_id)
    newest = select(run_line, run.c.account_id, _newest_first().label("number")).select_from(joined)
    numbered = newest.where(run.c.account_id.in_(ids)).subquery()
    found: dict[int, list[Line]] = {}
    for row in conn.execute(select(numbered).where(numbered.c.number <= LINES_SHOWN).order_by(numbered.c.number)):
        found.setdefault(row.account_id, []).append(Line(row.at, row.level, row.line))
    return found


def _newest_first() -> ColumnElement[int]:
    return func.row_number().over(partition_by=run.c.account_id, order_by=run_line.c.id.desc())


# --- asking for work --------------------------------------------------------------------------------------------------


def request_sync(store: Store, listener_id: int, account_id: int | None = None, asked_by: str = "listener") -> int:
    """Queue runs for one of the listener's accounts or (None) all of them; returns how many wait now.

    A pause after trouble ends with this; a pause the service itself asked for does not.
    """
    catalogue, now = find.providers(store.folder), int(time.time())
    asked = 0
    with store.write() as conn:
        for account in _seen_by(conn, listener_id):
            manifest = catalogue.manifest(account.provider)
            if manifest is None or not account.enabled or account_id not in (None, account.id):
                continue
            if account.failures:
                accounts.change(conn, account.id, blocked_until=None)
            asked += len([runs.ask(conn, what, account.id, asked_by, now) for what in manifest.synced])
    control.wake(store.folder)
    return asked


def create_account(
    store: Store,
    provider: str,
    listener_id: int | None,
    values: Mapping[str, Any],
    *,
    name: str | None = None,
    key: str | None = None,
    check: bool = True,
) -> int:
    """A new account of `listener_id` (None: the household's), its first sync queued; returns its id.

    `check` has the provider itself look at the settings first, in a child (0.3 s). Raises `SettingsRefused`, or
    `SourceError` where there is no such provider.
    """
    provided = find.providers(store.folder).providers.get(provider)
    if provided is None:
        raise SourceError(f"There is no provider {provider!r}.")
    if check:
        _check(provided, values)
    plain, secret = hidden(provided.manifest, values)
    house, now = House(store.folder, store), int(time.time())
    with store.write() as conn:
        account_id = accounts.add(
            conn,
            now,
            key=key or _free_key(conn, provider),
            provider=provider,
            name=name or provided.manifest.name,
            listener_id=listener_id,
            settings=plain,
            secrets=house.vault.lock(secret),
        )
        for what in provided.manifest.synced:
            runs.ask(conn, what, account_id, "start", now)
    control.wake(store.folder)
    return account_id


def change_settings(store: Store, listener_id: int, account_id: int, values: Mapping[str, Any]) -> None:
    """New settings, checked by the provider; a secret left empty stays as it was. Raises as `create_account`."""
    account = _own(store, listener_id, account_id)
    provided = find.providers(store.folder).providers.get(account.provider)
    if provided is None:
        raise SourceError(f"There is no provider {account.provider!r}.")
    house = House(store.folder, store)
    plain, secret = hidden(provided.manifest, values)
    secrets = {**house.vault.unlock(account.secrets), **{name: value for name, value in secret.items() if value}}
    _check(provided, {**plain, **secrets})
    ready = {"state": "ready", "state_words": "", "blocked_until": None, "failures": 0}
    with store.write() as conn:
        accounts.change(conn, account_id, settings=plain, secrets=house.vault.lock(secrets), **ready)
    request_sync(store, listener_id, account_id)


def switch(store: Store, listener_id: int, account_id: int, on: bool) -> None:
    """Read this account or leave it alone; what it brought stays either way."""
    account = _own(store, listener_id, account_id)
    state = {"state": "ready", "state_words": ""} if on else {"state": "disabled", "state_words": "Switched off."}
    with store.write() as conn:
        accounts.change(conn, account.id, enabled=on, **state)
    control.wake(store.folder)


def _own(store: Store, listener_id: int, account_id: int) -> Account:
    """An account the listener may change: their own or the household's, and not one of config.toml."""
    with store.read() as conn:
        account = accounts.by_id(conn, account_id)
    if account is None or account.listener_id not in (None, listener_id):
        raise SourceError("There is no such source.")
    if account.pinned:
        raise SourceError(f"{account.name} stands in config.toml. Change it there and start again.")
    return account


def _check(provided: find.Provided, values: Mapping[str, Any]) -> None:
    order = {
        "target": provided.origin.target,
        "provider": provided.manifest.id,
        "settings": dict(values),
        "state": {},
        "remembered": {},
        "cache": None,
        "memory_mb": provided.manifest.memory_mb,
    }
    with Child() as child:
        try:
            child.open(order, NoDuties())
        except Failure as failure:
            raise SettingsRefused(failure.words, failure.fields) from None


def _free_key(conn: Connection, provider: str) -> str:
    taken = set(conn.scalars(select(account_table.c.key)))
    return next(key for key in (provider, *(f"{provider}-{n}" for n in range(2, 10_000))) if key not in taken)


# --- asking services --------------------------------------------------------------------------------------------------


def ask_live(
    data: Path,
    method: str,
    argument: Any,
    *,
    account_ids: Iterable[int],
    deadline: float = DEADLINE,
) -> list[LiveAnswer]:
    """One question to several accounts at once; who is not done in `deadline` seconds has an error instead of items.

    `method` and `argument`: ``search`` and text; ``similar``, ``tags``, ``albums_of`` and an `Artist`.
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
    }
    try:
        told = control.ask(data, question, deadline + 2.0).get("answers", [])
    except Silent as silent:
        told = [{"account_id": account.id, "items": [], "error": str(silent)} for account in wanted]
    by_id = {each["account_id"]: each for each in told}
    return [_live(account, method, by_id[account.id]) for account in wanted if account.id in by_id]


def able(store: Store, listener_id: int, capability: str) -> list[int]:
    """Accounts the listener sees that can be asked live now (`discovery`, `search`, `friends`)."""
    catalogue, now = find.providers(store.folder), time.time()
    with store.read() as conn:
        seen = _seen_by(conn, listener_id)
    return [
        each.id
        for each in seen
        if each.enabled and each.state in ("ready", "backing off") and (each.blocked_until or 0) <= now
        if (manifest := catalogue.manifest(each.provider)) and capability in manifest.capabilities
    ]


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
    with store.read() as conn:
        account = accounts.by_id(conn, account_id)
    if account is None or account.listener_id not in (None, listener_id):
        raise SourceError("There is no such source.")
    try:
        answer = control.ask(store.folder, question, 35.0)
    except Silent as silent:
        raise SourceError(str(silent)) from None
    if words := answer.get("error"):
        raise SourceError(f"{account.name}: {words}")
    return answer
