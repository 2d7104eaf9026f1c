"""Accounts that stand in config.toml, brought into the store at each start."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from aggregator._host import accounts, find
from aggregator._host.accounts import Account
from aggregator._host.run import House, hidden
from aggregator.config import Config, ConfigError, PinnedAccount, resolved
from aggregator.store.schema import listener

HOUSEHOLD = "household"
UNPINNED = "It no longer stands in config.toml: it is not read any more, and all it brought stays."


class _Waits(Exception):
    """The account is personal and its listener has not signed up, or an account of its key is still being erased."""


def apply(
    house: House, config: Config, catalogue: find.Catalogue, environ: Mapping[str, str] = os.environ
) -> list[str]:
    """Add and update the pinned accounts. Returns a sentence for each that has to wait for its owner."""
    waiting = []
    with house.store.write() as conn:
        known = {account.key: account for account in accounts.every(conn)}
        for key, pinned in config.accounts.items():
            try:
                _apply_one(conn, house, known.get(key), key, pinned, catalogue, environ)
            except _Waits as reason:
                waiting.append(str(reason))
        for account in known.values():
            if account.pinned and account.key not in config.accounts:
                accounts.change(conn, account.id, pinned=False)
                accounts.archive(conn, account.id, int(time.time()), UNPINNED)
    return waiting


def _apply_one(
    conn: Connection,
    house: House,
    known: Account | None,
    key: str,
    pinned: PinnedAccount,
    catalogue: find.Catalogue,
    environ: Mapping[str, str],
) -> None:
    if known and known.state == accounts.ERASING:
        raise _Waits(f"The account {key!r} waits until what it brought before is erased.")
    manifest = catalogue.manifest(pinned.provider)
    values = {
        "archived_at": None,
        "provider": pinned.provider,
        "name": pinned.name or (manifest.name if manifest else key),
        "listener_id": _owner(conn, key, pinned, manifest),
        "pinned": True,
        "enabled": pinned.enabled,
        **_settings(house, known, pinned, catalogue, environ),
    }
    if not pinned.enabled:
        values |= {"state": "disabled", "state_words": "Switched off in config.toml."}
    if known is None:
        accounts.add(conn, int(time.time()), key=key, **values)
    elif changed := {name: value for name, value in values.items() if getattr(known, name) != value}:
        accounts.change(conn, known.id, **changed)
        if "settings" in changed:
            from aggregator.library import guard

            guard.begin_anew(conn, known.id)


def _settings(
    house: House,
    known: Account | None,
    pinned: PinnedAccount,
    catalogue: find.Catalogue,
    environ: Mapping[str, str],
) -> dict[str, object]:
    """The columns of settings, secrets and state; a state of ready only where something was corrected."""
    manifest = catalogue.manifest(pinned.provider)
    if manifest is None:
        words = f"{catalogue.missing(pinned.provider)} Correct config.toml, or install it."
        # Which of the written ones are secrets only the provider can say: none is stored before.
        kept: dict[str, object] = {} if known else {"settings": {}}
        return {**kept, "state": "load error", "state_words": words}
    try:
        plain, secret = entered(house, known, pinned, manifest, environ)
    except ConfigError as error:
        return {"settings": {}, "state": "settings error", "state_words": str(error)}
    if known and as_stored(house, known, plain, secret):
        return {} if known.enabled == pinned.enabled else dict(accounts.READY)
    return {"settings": plain, "secrets": house.vault.lock(secret), **accounts.READY}


def entered(
    house: House,
    known: Account | None,
    pinned: PinnedAccount,
    manifest: find.Manifest,
    environ: Mapping[str, str] = os.environ,
) -> tuple[dict[str, object], dict[str, object]]:
    """Plain settings and secrets as the file has them now, with what a sign-in granted. Raises `ConfigError`."""
    written, from_environment = resolved(pinned.settings, environ)
    plain, secret = hidden(manifest, written)
    stored = _unlocked(house, known) if known else {}
    granted = {name: value for name, value in stored.items() if name in manifest.settings.get("properties", {})}
    return plain, {**granted, **secret, **from_environment}


def as_stored(house: House, known: Account, plain: Mapping[str, object], secret: Mapping[str, object]) -> bool:
    return known.settings == plain and _unlocked(house, known) == secret


def _unlocked(house: House, account: Account) -> dict[str, object]:
    try:
        return house.vault.unlock(account.secrets)
    except ValueError:
        return {}  # locked with another key: those of the file are locked anew


def _owner(conn: Connection, key: str, pinned: PinnedAccount, manifest: find.Manifest | None) -> int | None:
    """The listener's id, None for the household."""
    if pinned.owner == HOUSEHOLD or (pinned.owner is None and (manifest is None or manifest.household)):
        return None
    query = select(listener.c.id).order_by(listener.c.id)
    if pinned.owner is None:
        found = conn.execute(query.where(listener.c.role == "owner")).scalars().first()
        who = "an owner"
    else:
        found = conn.execute(query.where(func.lower(listener.c.name) == pinned.owner.lower())).scalars().first()
        who = pinned.owner
    if found is None:
        raise _Waits(f"The account {key!r} waits for {who} to sign up.")
    return int(found)
