"""Who lives here, as an owner sees them: their roles, what they connected, and how they are let go."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from aggregator import invites, listeners
from aggregator._host import find
from aggregator.listeners import Listener, ListenerError
from aggregator.store import Store
from aggregator.store.schema import account
from aggregator.store.schema import listener as table

LAST_OWNER = "{} is the only owner here. Make somebody else an owner first."


@dataclass(frozen=True)
class Member:
    """`connected`: the services of their own accounts, by name; what the accounts are called is theirs to know."""

    listener: Listener
    joined_at: int
    connected: tuple[str, ...]
    only_owner: bool

    @property
    def id(self) -> int:
        return self.listener.id

    @property
    def name(self) -> str:
        return self.listener.name


def everyone(store: Store) -> list[Member]:
    """In the order in which they joined."""
    catalogue = find.providers(store.folder)
    with store.read() as conn:
        own = select(account.c.listener_id, account.c.provider).where(account.c.archived_at.is_(None))
        theirs: dict[int | None, list[str]] = {}
        for listener_id, provider in conn.execute(own.order_by(account.c.id)):
            manifest = catalogue.manifest(provider)
            theirs.setdefault(listener_id, []).append(manifest.name if manifest else provider)
        joined = conn.execute(select(table.c.id, table.c.created_at).order_by(table.c.id)).all()
        return [_member(conn, row.id, row.created_at, theirs.get(row.id, [])) for row in joined]


def _member(conn: Connection, listener_id: int, joined_at: int, connected: list[str]) -> Member:
    found = listeners.read(conn, listener_id)
    assert found is not None
    return Member(found, joined_at, tuple(dict.fromkeys(connected)), _only_owner(conn, found))


def set_role(store: Store, listener_id: int, role: invites.Role) -> None:
    """A former owner's open invitations end with their role. Raises `ListenerError` for the only owner."""
    with store.write() as conn:
        found = _there(conn, listener_id)
        if role == "member":
            _refuse_the_only_owner(conn, found)
            invites.withdraw_of(conn, listener_id)
        conn.execute(update(table).where(table.c.id == listener_id).values(role=role))


def _there(conn: Connection, listener_id: int) -> Listener:
    found = listeners.read(conn, listener_id)
    if found is None:
        raise ListenerError("This listener is not here any more.")
    return found


def _refuse_the_only_owner(conn: Connection, found: Listener) -> None:
    if _only_owner(conn, found):
        raise ListenerError(LAST_OWNER.format(found.name))


def _only_owner(conn: Connection, found: Listener) -> bool:
    owners = conn.scalar(select(func.count()).where(table.c.role == "owner"))
    return found.role == "owner" and owners == 1
