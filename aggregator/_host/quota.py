"""How many calls of long windows (a day, a month) are used up: table `quota`, which outlives a restart."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from aggregator._host.accounts import Account
from aggregator._host.find import Manifest
from aggregator._host.limits import LONG_SECONDS, counted, open_window
from aggregator._host.settings import Vault, form
from aggregator.store import Store
from aggregator.store.schema import quota


class Quota:
    """As `limits.Ledger`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def window(self, name: str, seconds: float) -> tuple[float, int]:
        with self._store.read() as conn:
            return _window(conn, name, seconds)

    def keep(self, name: str, seconds: float, since: float, used: int) -> None:
        statement = insert(quota).values(name=name, seconds=seconds, since=int(since), used=used)
        changed = {"since": int(since), "used": used}
        with self._store.write() as conn:
            conn.execute(statement.on_conflict_do_update(index_elements=["name", "seconds"], set_=changed))


@dataclass(frozen=True)
class Left:
    """`calls_left` of `of` calls in `seconds`; all are free again at `resets_at` (None: none is used)."""

    calls_left: int
    of: int
    seconds: float
    resets_at: int | None


def left(conn: Connection, vault: Vault, account: Account, manifest: Manifest, now: float) -> list[Left]:
    """What an account may still ask under each limit of an hour or more, with all that share its address or key."""
    key = shared_key(vault, account, manifest)
    found = []
    for limit in manifest.limits:
        if limit.seconds >= LONG_SECONDS:
            name = counted(account.provider, account.id, limit, key)
            since, used = open_window(*_window(conn, name, limit.seconds), limit.seconds, now)
            resets_at = round(since + limit.seconds) if used else None
            found.append(Left(max(0, limit.calls - used), limit.calls, limit.seconds, resets_at))
    return found


def shared_key(vault: Vault, account: Account, manifest: Manifest) -> str:
    """Stands for the account's API key without telling it: two accounts with the same key have the same.

    The key is the secrets that were entered. What signing in filled in (marked ``advanced``) is the listener's own, not
    the key's. Where nothing is left, all accounts of the provider count as one: slower than needed, never refused.
    """
    if not any(limit.scope == "key" for limit in manifest.limits):
        return ""
    names = [field.name for field in form(manifest.settings) if field.kind == "secret" and not field.advanced]
    try:
        secrets = vault.unlock(account.secrets)
    except ValueError:  # with another key file nothing can be asked anyway
        return ""
    entered = [str(secrets[name]) for name in names if secrets.get(name)]
    return vault.mark(json.dumps(entered)) if entered else ""


def _window(conn: Connection, name: str, seconds: float) -> tuple[float, int]:
    query = select(quota.c.since, quota.c.used).where(quota.c.name == name, quota.c.seconds == seconds)
    row = conn.execute(query).one_or_none()
    return (row.since, row.used) if row else (0.0, 0)
