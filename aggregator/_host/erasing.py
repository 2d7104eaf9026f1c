"""An account that was erased: all that hangs on it goes, and at the very end the account itself. A listener who was let
go follows their last account.

Killed at any moment, it is taken up again: the account stays in state erasing until nothing is left of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import delete

from aggregator import artwork, members
from aggregator._host import accounts
from aggregator._host.run import House
from aggregator.library import erasing, merging
from aggregator.store.schema import answer

Report = Callable[[int, int | None, str], None]


def erase(house: House, report: Report) -> dict[str, int]:
    """Erase every account that is in state erasing; counts the `erased`."""
    with house.store.read() as conn:
        leaving = [each for each in accounts.every(conn) if each.state == accounts.ERASING]
    for each in leaving:
        _erase(house, each, report)
    members.forget_leavers(house.store)
    return {"erased": len(leaving)}


def _erase(house: House, leaving: accounts.Account, report: Report) -> None:
    house.stop(leaving.id)
    with house.store.write() as conn:  # first of all, so that nothing is recommended by them any more
        conn.execute(delete(answer).where(answer.c.account_id == leaving.id))
    erasing.erase(house.store, leaving.id, lambda done, total: report(done, total, leaving.name))
    merging.merge(house.store)
    artwork.forget_unused(house.data, house.store)
    for path in _files(house.data, leaving.id):
        path.unlink(missing_ok=True)
    with house.store.write() as conn:
        accounts.remove(conn, leaving.id)


def _files(data: Path, account_id: int) -> list[Path]:
    """The account's cache, with what SQLite keeps beside it."""
    return list((data / "cache").glob(f"account-{account_id}.sqlite*"))
