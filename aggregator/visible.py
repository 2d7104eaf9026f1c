"""What a listener is told of: what comes from accounts of their own, and from the household's."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

from aggregator.store.schema import account


def visible_to(listener_id: int) -> ColumnElement[bool]:
    """A condition on `account`."""
    return or_(account.c.listener_id == listener_id, account.c.listener_id.is_(None))


def in_sql(listener: str) -> str:
    """The same for SQL written by hand, of an account that it calls `a`; `listener`: the parameter for the number."""
    return f"(a.listener_id IS NULL OR a.listener_id = {listener})"
