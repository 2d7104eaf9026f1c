"""Who lives here, as an owner sees them: their roles, what they connected, and how they are let go."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, select, update

from aggregator import invites, listeners, sources
from aggregator._host import control, find
from aggregator.listeners import Listener, ListenerError
from aggregator.sources import lives
from aggregator.store import Store
from aggregator.store.schema import account, decision, ordering, pick, precedence
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
        staying = select(table.c.id, table.c.created_at).where(table.c.role != listeners.LEAVING)
        joined = conn.execute(staying.order_by(table.c.id)).all()
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


def remove(store: Store, owner_id: int, listener_id: int) -> None:
    """Let a listener go: their sign-in and calendar end now, their accounts and all these brought are erased.

    The steward does that, and forgets the listener at its end; what they said about items (the same, not the same,
    whose word is shown) stays for the house, without a name. Raises `ListenerError` where it cannot be.
    """
    with store.write() as conn:
        found = _there(conn, listener_id)
        _refuse_the_only_owner(conn, found)
        if listener_id == owner_id:
            raise ListenerError("Nobody lets themselves go. Ask another owner.")
        mine = (account.c.listener_id == listener_id, account.c.pinned)
        if pinned := conn.execute(select(account.c.key).where(*mine)).scalars().first():
            raise ListenerError(f"{found.name} has an account in config.toml: take out “{pinned}” and start again.")
        invites.withdraw_of(conn, listener_id)
        ended = {"session_version": table.c.session_version + 1, "feed_version": table.c.feed_version + 1}
        gone = {"role": listeners.LEAVING, "password": None, **ended}
        conn.execute(update(table).where(table.c.id == listener_id).values(gone))
        lives.erase_all_of(conn, listener_id)
    control.wake(store.folder)


def leavers(store: Store) -> list[str]:
    """Names of those who are being let go: what they brought is still being taken out."""
    with store.read() as conn:
        return list(conn.execute(select(table.c.name).where(table.c.role == listeners.LEAVING)).scalars())


def forget_leavers(store: Store) -> None:
    """Those who were let go and have no account any more."""
    with store.write() as conn:
        alone = ~exists().where(account.c.listener_id == table.c.id)
        gone = conn.execute(select(table.c.id).where(table.c.role == listeners.LEAVING, alone)).scalars().all()
        for said in (decision, pick, ordering, precedence):
            conn.execute(update(said).where(said.c.listener_id.in_(gone)).values(listener_id=None))
        for said in (decision, pick, ordering):
            conn.execute(update(said).where(said.c.undone_by.in_(gone)).values(undone_by=None))
        conn.execute(delete(table).where(table.c.id.in_(gone)))


def leaving(store: Store, listener_id: int) -> tuple[int, int]:
    """What would go with a listener: items of theirs that nobody else has, and plays."""
    with store.read() as conn:
        own = conn.execute(select(account.c.id).where(account.c.listener_id == listener_id)).scalars().all()
    told = [sources.leaving(store, account_id) for account_id in own]
    return sum(sum(each.alone.values()) for each in told), sum(each.plays + each.shared_plays for each in told)


def _there(conn: Connection, listener_id: int) -> Listener:
    found = listeners.read(conn, listener_id)
    if found is None or found.role == listeners.LEAVING:
        raise ListenerError("This listener is not here any more.")
    return found


def _refuse_the_only_owner(conn: Connection, found: Listener) -> None:
    if _only_owner(conn, found):
        raise ListenerError(LAST_OWNER.format(found.name))


def _only_owner(conn: Connection, found: Listener) -> bool:
    owners = conn.scalar(select(func.count()).where(table.c.role == "owner"))
    return found.role == "owner" and owners == 1
