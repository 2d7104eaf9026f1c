"""Signing in at a service's own page: through the provider's `SignIn`, with the credentials locked away at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from aggregator._host import accounts, runs
from aggregator._host.process import Failure
from aggregator._host.run import House, hidden


def begin(house: House, account_id: int, redirect: str, state: str) -> dict[str, object]:
    """``url``: where to send the listener; or ``error`` in words."""
    try:
        return {"url": house.warm.call(account_id, "begin", {"redirect": redirect, "state": state})}
    except Failure as failure:
        return {"error": failure.words}


def finish(house: House, account_id: int, redirect: str, params: Mapping[str, Any]) -> dict[str, object]:
    """Save what the service granted and queue a sync; empty, or ``error`` in words."""
    try:
        granted = house.warm.call(account_id, "finish", {"redirect": redirect, "params": dict(params)})
    except Failure as failure:
        return {"error": failure.words}
    _save(house, account_id, granted)
    house.warm.drop(account_id)
    return {}


def _save(house: House, account_id: int, granted: Mapping[str, Any]) -> None:
    catalogue, now = house.catalogue(), int(time.time())
    with house.store.write() as conn:
        account = accounts.by_id(conn, account_id)
        assert account is not None
        manifest = catalogue.providers[account.provider].manifest
        plain, secret = hidden(manifest, granted)
        secrets = house.vault.lock({**house.vault.unlock(account.secrets), **secret})
        settings = {**account.settings, **plain}
        ready: dict[str, Any] = {"state": "ready", "state_words": "", "blocked_until": None, "failures": 0}
        accounts.change(conn, account_id, settings=settings, secrets=secrets, **ready)
        for what in manifest.synced:
            runs.ask(conn, what, account_id, "listener", now)
