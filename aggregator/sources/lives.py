"""An account from its trial to its end: tested, archived, brought back, erased."""

from __future__ import annotations

import time

from sqlalchemy import Connection

from aggregator._host import accounts, control, find, runs
from aggregator._host.control import Silent
from aggregator.sources.change import SourceError, own, refuse_where_closed
from aggregator.store import Store

TEST_SECONDS = 10.0
ARCHIVED = "Archived: it is never read again, and all it brought stays."
LEAVING = "All it brought is being taken out of the library."


def test(store: Store, listener_id: int, account_id: int) -> str:
    """Ask the provider for the first thing it has to say and tell it in a sentence; nothing of it is stored.

    Raises `SourceError` in words: why it has none, or that none came within ten seconds.
    """
    account = own(store, listener_id, account_id)
    try:
        question = {"do": "test", "account": account.id, "seconds": TEST_SECONDS}
        answer = control.ask(store.folder, question, TEST_SECONDS + 5.0)
    except Silent as silent:
        raise SourceError(str(silent)) from None
    if words := answer.get("error"):
        raise SourceError(f"{account.name}: {words}")
    return str(answer["words"])


def archive(store: Store, listener_id: int, account_id: int) -> None:
    """Never read it again and keep all it brought. Raises `SourceError`, also in the demo."""
    refuse_where_closed(store)
    account = own(store, listener_id, account_id)
    with store.write() as conn:
        accounts.archive(conn, account.id, int(time.time()), ARCHIVED)
    control.wake(store.folder)


def bring_back(store: Store, listener_id: int, account_id: int) -> None:
    """Read an archived account again, from where it stopped."""
    account, now = own(store, listener_id, account_id), int(time.time())
    if account.archived_at is None:
        raise SourceError(f"{account.name} is not archived.")
    manifest = find.providers(store.folder).manifest(account.provider)
    with store.write() as conn:
        accounts.change(conn, account.id, archived_at=None, enabled=True, **accounts.READY)
        for what in manifest.synced if manifest else ():
            runs.ask(conn, what, account.id, "listener", now)
    control.wake(store.folder)


def erase(store: Store, listener_id: int, account_id: int) -> None:
    """Take the account and all it brought out of the library, for good; the steward does it as soon as it can.

    What listeners said themselves stays: stars, stances and words on recommendations with their copy of the text;
    decisions and picks, which sleep until an account of this key comes back. Asking twice is asking once. Raises as
    `archive`.
    """
    refuse_where_closed(store)
    account = own(store, listener_id, account_id)
    with store.write() as conn:
        _give_up(conn, account.id)
    control.wake(store.folder)


def erase_all_of(conn: Connection, listener_id: int) -> None:
    """As `erase`, for every account of a listener who is let go. Wake the steward after the transaction."""
    for account in accounts.every(conn):
        if account.listener_id == listener_id and account.state != accounts.ERASING:
            _give_up(conn, account.id)
    runs.ask(conn, "erase", None, "listener", int(time.time()))


def _give_up(conn: Connection, account_id: int) -> None:
    gone = {"enabled": False, "state": accounts.ERASING, "state_words": LEAVING, "blocked_until": None}
    accounts.change(conn, account_id, secrets=None, **gone)
    runs.ask(conn, "erase", None, "listener", int(time.time()))
