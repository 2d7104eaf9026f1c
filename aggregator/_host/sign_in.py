"""Signing in at a service's own page: through the provider's `SignIn`, with the credentials locked away at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from aggregator._host import accounts, runs
from aggregator._host.process import Failure
from aggregator._host.run import House, hidden

MISTAKE = "Its provider made a mistake, so nothing was changed. Tell its author: {}"
NO_PAGE = "It names no page of the web to sign in at."
NO_SETTING = "It grants something that is none of its settings."
GONE = "It was removed or paused meanwhile, so nothing was changed."


def begin(house: House, account_id: int, redirect: str, state: str) -> dict[str, object]:
    """``url``: where to send the listener; or ``error`` in words."""
    try:
        url = house.warm.call(account_id, "begin", {"redirect": redirect, "state": state})
    except Failure as failure:
        return {"error": _told(failure)}
    if not url.startswith(("https://", "http://")):
        return {"error": MISTAKE.format(NO_PAGE)}
    return {"url": url}


def finish(house: House, account_id: int, redirect: str, params: Mapping[str, Any]) -> dict[str, object]:
    """Save what the service granted and queue a sync; empty, or ``error`` in words."""
    try:
        granted = house.warm.call(account_id, "finish", {"redirect": redirect, "params": dict(params)})
    except Failure as failure:
        return {"error": _told(failure)}
    words = _save(house, account_id, granted)
    house.warm.drop(account_id)
    return {"error": words} if words else {}


def _told(failure: Failure) -> str:
    return MISTAKE.format(failure.words) if failure.kind == "bug" else failure.words


def _save(house: House, account_id: int, granted: Mapping[str, str]) -> str | None:
    """Why nothing was saved, if nothing was."""
    catalogue, now = house.catalogue(), int(time.time())
    with house.store.write() as conn:
        account = accounts.by_id(conn, account_id)
        if account is None or accounts.left_alone(conn, account_id):
            return GONE
        manifest = catalogue.providers[account.provider].manifest
        if not granted.keys() <= manifest.settings.get("properties", {}).keys():
            return MISTAKE.format(NO_SETTING)
        plain, secret = hidden(manifest, granted)
        secrets = house.vault.lock({**house.vault.unlock(account.secrets), **secret})
        accounts.change(conn, account_id, settings={**account.settings, **plain}, secrets=secrets, **accounts.READY)
        for what in manifest.synced:
            runs.ask(conn, what, account_id, "listener", now)
    return None
