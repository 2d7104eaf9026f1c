"""Links that let somebody in: an owner makes one, it is shown once, and good once, for a week.

A link makes a new listener, or gives one that is there a new password. Only the SHA-256 of its token is kept: a token
is 32 random bytes, so the hash needs neither salt nor slowness.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from aggregator import listeners
from aggregator.listeners import Listener, ListenerError
from aggregator.store import Store
from aggregator.store.schema import invite as table
from aggregator.store.schema import listener

Role = Literal["owner", "member"]

LIFE = 7 * 86_400
"""Seconds for which a link is good."""
SPENT = "This link was used already, withdrawn, or has run out. Ask whoever sent it for another one."


@dataclass(frozen=True)
class Invite:
    """`role`: of the listener it makes. `renews`: who gets a new password by it, instead."""

    id: int
    role: Role
    renews: Listener | None
    made_by: str
    made_at: int
    expires_at: int


def make(store: Store, owner_id: int, role: Role) -> str:
    """The token of a link that makes one listener. It is nowhere else: show it now."""
    with store.write() as conn:
        return _make(conn, owner_id, role=role)


def make_for(store: Store, owner_id: int, listener_id: int) -> str:
    """The token of a link by which this listener chooses a new password. One made before for them ends."""
    with store.write() as conn:
        found = listeners.read(conn, listener_id)
        if found is None or found.role == listeners.LEAVING:
            raise ListenerError("This listener is not here any more.")
        _end(conn, table.c.renews == listener_id)
        return _make(conn, owner_id, role=found.role, renews=listener_id)


def waiting(store: Store) -> list[Invite]:
    """The links that are still good, newest first."""
    with store.read() as conn:
        rows = conn.execute(_good().order_by(table.c.id.desc())).all()
        return [_invite(conn, row) for row in rows]


def read(store: Store, token: str) -> Invite | None:
    """The invitation behind a link, while it is good."""
    with store.read() as conn:
        return _find(conn, token)


def withdraw(store: Store, invite_id: int) -> None:
    with store.write() as conn:
        _end(conn, table.c.id == invite_id)


def withdraw_of(conn: Connection, owner_id: int) -> None:
    """End all links that this listener made: they are no owner any more."""
    _end(conn, table.c.made_by == owner_id)


def accept(store: Store, token: str, name: str, password: str) -> Listener:
    """The listener that comes of a link: new, or with their new password (`name` is theirs already then).

    Raises `ListenerError` for a link that is not good any more, and for a name or password that cannot be.
    """
    with store.write() as conn:
        found = _find(conn, token)
        if found is None:
            raise ListenerError(SPENT)
        if found.renews:
            listeners.renew_password(conn, found.renews.id, password)
            listener_id = found.renews.id
        else:
            listener_id = listeners.add(conn, name, found.role, password).id
        _end(conn, table.c.id == found.id, used_by=listener_id)
        arrived = listeners.read(conn, listener_id)
        assert arrived is not None
        return arrived


def _make(conn: Connection, owner_id: int, **values: Any) -> str:
    token, now = secrets.token_urlsafe(32), int(time.time())
    about = {"made_by": owner_id, "made_at": now, "expires_at": now + LIFE}
    conn.execute(insert(table).values(token_hash=_hash(token), **about, **values))
    return token


def _find(conn: Connection, token: str) -> Invite | None:
    row = conn.execute(_good().where(table.c.token_hash == _hash(token))).one_or_none()
    return _invite(conn, row) if row else None


def _good() -> Any:
    by = and_(listener.c.id == table.c.made_by, listener.c.role == "owner")
    query = select(table, listener.c.name.label("owner")).join(listener, by)
    return query.where(table.c.ended_at.is_(None), table.c.expires_at > int(time.time()))


def _invite(conn: Connection, row: Any) -> Invite:
    renews = listeners.read(conn, row.renews) if row.renews else None
    return Invite(row.id, row.role, renews, row.owner, row.made_at, row.expires_at)


def _end(conn: Connection, which: ColumnElement[bool], **values: Any) -> None:
    conn.execute(update(table).where(which, table.c.ended_at.is_(None)).values(ended_at=int(time.time()), **values))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
