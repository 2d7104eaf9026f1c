"""Asking for work: syncs, new accounts, other settings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, or_, select

from aggregator import demo
from aggregator._host import accounts, control, find, fitting, runs
from aggregator._host.accounts import Account
from aggregator._host.process import Failure
from aggregator._host.run import House, hidden
from aggregator.library import guard
from aggregator.sources.cards import seen_by
from aggregator.store import Store
from aggregator.store.schema import account as account_table
from aggregator.store.schema import listener

LONGEST_NAME = 120


class SettingsRefused(ValueError):
    """What was entered does not fit; `fields` holds the words by field."""

    def __init__(self, words: str, fields: Mapping[str, str]) -> None:
        super().__init__(words)
        self.fields = dict(fields)


class SourceError(ValueError):
    """It cannot be done; the message is for the listener."""


def request_sync(store: Store, listener_id: int, account_id: int | None = None, asked_by: str = "listener") -> int:
    """Queue runs for one of the listener's accounts or (None) all of them; returns how many wait now.

    A pause after trouble ends with this; a pause the service itself asked for does not.
    """
    catalogue, now = find.providers(store.folder), int(time.time())
    asked = 0
    with store.write() as conn:
        for account in seen_by(conn, listener_id):
            manifest = catalogue.manifest(account.provider)
            if manifest is None or not account.enabled or account_id not in (None, account.id):
                continue
            accounts.end_pause(conn, account)
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
    `SourceError` where there is no such provider or this is the demo, already moved in.
    """
    refuse_where_closed(store)
    provided = _provided(store, provider)
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
            name=name or _free_name(conn, provided.manifest.name, listener_id),
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
    refuse_where_closed(store)
    account = own(store, listener_id, account_id)
    provided = _provided(store, account.provider)
    house = House(store.folder, store)
    plain, secret = hidden(provided.manifest, values)
    secrets = {**house.vault.unlock(account.secrets), **{name: value for name, value in secret.items() if value}}
    _check(provided, {**plain, **secrets})
    with store.write() as conn:
        accounts.change(conn, account_id, settings=plain, secrets=house.vault.lock(secrets), **accounts.READY)
        if plain != account.settings:
            guard.begin_anew(conn, account_id)
    request_sync(store, listener_id, account_id)


def rename(store: Store, listener_id: int, account_id: int, name: str) -> None:
    """Another name for people to read; its key, and so all that was decided about it, stays."""
    account, name = own(store, listener_id, account_id), " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise SourceError(f"A name has 1 to {LONGEST_NAME} characters. It is still called {account.name}.")
    with store.write() as conn:
        accounts.change(conn, account.id, name=name)


def switch(store: Store, listener_id: int, account_id: int, on: bool) -> None:
    """Read this account or leave it alone; what it brought stays either way."""
    account = own(store, listener_id, account_id)
    if account.archived_at is not None:
        raise SourceError(f"{account.name} is archived. Bring it back first.")
    state = {"state": "ready", "state_words": ""} if on else {"state": "disabled", "state_words": "Switched off."}
    with store.write() as conn:
        accounts.change(conn, account.id, enabled=on, **state)
    control.wake(store.folder)


IN_DEMO = (
    "This is the demo: its music is invented, and nothing of your own is added to it. To begin with your own, copy "
    "config.example.toml to config.toml, then start Bandstand again with “make run”."
)


def closed(store: Store) -> str | None:
    """Why nothing can be connected here or set anew: in the demo, what is invented and what is real never mix."""
    return IN_DEMO if demo.lives_in(store.folder) else None


def refuse_where_closed(store: Store) -> None:
    """Raises `SourceError` in the demo."""
    if words := closed(store):
        raise SourceError(words)


def _provided(store: Store, provider: str) -> find.Provided:
    catalogue = find.providers(store.folder)
    found = catalogue.providers.get(provider)
    if found is None:
        raise SourceError(catalogue.missing(provider))
    return found


def own(store: Store, listener_id: int, account_id: int) -> Account:
    """An account the listener may change: as `in_charge`, and not one of config.toml. Raises `SourceError`."""
    account = in_charge(store, listener_id, account_id)
    if account.pinned:
        raise SourceError(f"{account.name} stands in config.toml. Change it there and start again.")
    return account


def in_charge(store: Store, listener_id: int, account_id: int) -> Account:
    """An account that is the listener's own, or the household's if they are an owner. Raises `SourceError`."""
    with store.read() as conn:
        account = accounts.by_id(conn, account_id)
        role = conn.execute(select(listener.c.role).where(listener.c.id == listener_id)).scalar()
    if account is None or account.listener_id not in (None, listener_id):
        raise SourceError("There is no such source.")
    if account.listener_id is None and role != "owner":
        raise SourceError(f"{account.name} belongs to the household: an owner changes it.")
    if account.state == accounts.ERASING:
        raise SourceError(f"{account.name} is being erased.")
    return account


def _check(provided: find.Provided, values: Mapping[str, Any]) -> None:
    try:
        fitting.look(provided, values)
    except Failure as failure:
        raise SettingsRefused(failure.words, failure.fields) from None


def free_name(store: Store, name: str, listener_id: int) -> str:
    """What a new account of the listener would be called, where its provider is called `name`."""
    with store.read() as conn:
        return _free_name(conn, name, listener_id)


def _free_name(conn: Connection, name: str, listener_id: int | None) -> str:
    """`Music folder 2`, where one of that name stands beside it on the page."""
    beside = or_(account_table.c.listener_id.is_(None), account_table.c.listener_id == listener_id)
    taken = set(conn.scalars(select(account_table.c.name).where(beside)))
    return next(each for each in (name, *(f"{name} {n}" for n in range(2, 10_000))) if each not in taken)


def _free_key(conn: Connection, provider: str) -> str:
    taken = set(conn.scalars(select(account_table.c.key)))
    return next(key for key in (provider, *(f"{provider}-{n}" for n in range(2, 10_000))) if key not in taken)
