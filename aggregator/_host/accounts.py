"""Rows of `account` and what hangs on them: settings with secrets, state, the provider's own small store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from aggregator._host.settings import Redactor, Vault
from aggregator.store.schema import account, keep

REMEMBERED = "http "
"""Keys of `keep` that belong to the gate: this, then the address; the value is [status, until]."""
ERASING = "erasing"
"""The state of an account that goes, with all it brought, as soon as the steward comes to it."""
RENEWED = "secret "
"""Keys of `keep` for secrets that a provider renewed: this, then the setting's name; the value is locked."""


@dataclass(frozen=True)
class Account:
    """`secrets` are still locked. `listener_id` None: the household's."""

    id: int
    key: str
    provider: str
    name: str
    listener_id: int | None
    settings: dict[str, Any]
    secrets: bytes | None
    pinned: bool
    enabled: bool
    state: str
    state_words: str
    blocked_until: int | None
    failures: int
    archived_at: int | None = None
    """When it was removed by somebody who kept what it brought."""

    def opened(self, vault: Vault) -> tuple[dict[str, Any], Redactor]:
        """The settings in full, and what hides their secrets. Raises `ValueError` for a wrong key file."""
        secrets = vault.unlock(self.secrets)
        return {**self.settings, **secrets}, Redactor(secrets.values())

    def resting(self, now: float) -> bool:
        """Whether a pause goes on: until it ends, none of its runs is begun."""
        return (self.blocked_until or 0) > now


_COLUMNS = [account.c[name] for name in Account.__dataclass_fields__]


def every(conn: Connection) -> list[Account]:
    return [_account(row) for row in conn.execute(select(*_COLUMNS).order_by(account.c.key))]


def by_id(conn: Connection, account_id: int) -> Account | None:
    row = conn.execute(select(*_COLUMNS).where(account.c.id == account_id)).one_or_none()
    return _account(row) if row else None


def by_key(conn: Connection, key: str) -> Account | None:
    row = conn.execute(select(*_COLUMNS).where(account.c.key == key)).one_or_none()
    return _account(row) if row else None


def add(conn: Connection, now: int, **values: Any) -> int:
    """A new row; `settings` is a mapping, `secrets` already locked. No number is ever given twice: a page that was
    opened before an account was erased must not act on another."""
    values["settings"] = json.dumps(values["settings"])
    number = 1 + max(_number(conn, "SELECT MAX(id) FROM account"), _number(conn, _LAST_ERASED))
    conn.execute(insert(account).values(id=number, created_at=now, **values))
    return number


_LAST_ERASED = "SELECT seq FROM sqlite_sequence WHERE name = 'account'"


def remove(conn: Connection, account_id: int) -> None:
    """The row and what hangs on it; its claims and reports are gone already."""
    if account_id > _number(conn, _LAST_ERASED):
        conn.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'account'")
        conn.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('account', ?)", (account_id,))
    conn.execute(delete(account).where(account.c.id == account_id))


def _number(conn: Connection, query: str) -> int:
    return int(conn.exec_driver_sql(query).scalar() or 0)


def change(conn: Connection, account_id: int, **values: Any) -> None:
    if "settings" in values:
        values["settings"] = json.dumps(values["settings"])
    conn.execute(update(account).where(account.c.id == account_id).values(**values))


READY: Mapping[str, Any] = {"state": "ready", "state_words": "", "blocked_until": None, "failures": 0}


def archive(conn: Connection, account_id: int, now: int, words: str) -> None:
    """Never read it again; all it brought stays, and so do its settings, should it be brought back."""
    said = {"state": "disabled", "state_words": words, "blocked_until": None}
    change(conn, account_id, enabled=False, archived_at=now, **said)


def end_pause(conn: Connection, paused: Account) -> None:
    """Somebody wants it read at once. A pause after trouble ends; one that the service asked for does not."""
    if paused.failures:
        change(conn, paused.id, blocked_until=None)


def judge(conn: Connection, account_id: int, **values: Any) -> None:
    """How a run or a call left the account; who switched it off meanwhile has the last word."""
    conn.execute(update(account).where(account.c.id == account_id, account.c.enabled).values(**values))


def left_alone(conn: Connection, account_id: int) -> bool:
    """Whether it is switched off, archived or being erased, or gone."""
    return not conn.execute(select(account.c.enabled).where(account.c.id == account_id)).scalar()


def _account(row: Any) -> Account:
    return Account(**{**row._mapping, "settings": json.loads(row.settings)})


# --- the provider's own store -----------------------------------------------------------------------------------------


def state(conn: Connection, account_id: int, now: int, vault: Vault) -> tuple[dict[str, Any], dict[str, int]]:
    """`Provider.state`, and the statuses the gate remembers by address."""
    rows = conn.execute(select(keep.c.key, keep.c.value).where(keep.c.account_id == account_id))
    values, statuses = {}, {}
    for key, text in rows:
        value = json.loads(vault.unseal(text))
        if not key.startswith((REMEMBERED, RENEWED)):
            values[key] = value
        elif key.startswith(REMEMBERED) and value[1] > now:
            statuses[key.removeprefix(REMEMBERED)] = value[0]
    return values, statuses


def secret(conn: Connection, account_id: int, name: str, vault: Vault) -> str | None:
    """A secret setting as it is now: as its provider last renewed it, unless another was entered since."""
    entered = _entered(conn, account_id, name, vault)
    mine = (keep.c.account_id == account_id, keep.c.key == RENEWED + name)
    locked = conn.execute(select(keep.c.value).where(*mine)).scalar()
    renewed = vault.unlock(json.loads(locked).encode()) if locked else {}
    value: str | None = renewed["value"] if renewed and renewed["instead_of"] == entered else entered
    return value


def keep_secret(conn: Connection, account_id: int, name: str, value: str, vault: Vault) -> None:
    locked = vault.lock({"value": value, "instead_of": _entered(conn, account_id, name, vault)})
    assert locked is not None
    save_state(conn, account_id, {RENEWED + name: locked.decode()})


def _entered(conn: Connection, account_id: int, name: str, vault: Vault) -> str | None:
    account = by_id(conn, account_id)
    value: str | None = vault.unlock(account.secrets).get(name) if account else None
    return value


def save_state(conn: Connection, account_id: int, changes: Mapping[str, Any], seal: Callable[[str], str] = str) -> None:
    """Store changed keys, each value as `seal` makes it; a value of None deletes its key."""
    gone = [key for key, value in changes.items() if value is None]
    rows = [
        {"account_id": account_id, "key": key, "value": seal(json.dumps(value, separators=(",", ":")))}
        for key, value in changes.items()
        if value is not None
    ]
    if gone:
        conn.execute(delete(keep).where(keep.c.account_id == account_id, keep.c.key.in_(gone)))
    if rows:
        statement = insert(keep)
        changed = {"value": statement.excluded.value}
        conn.execute(statement.on_conflict_do_update(index_elements=["account_id", "key"], set_=changed), rows)
