"""What would leave the library with an account, counted before anybody says yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.store import Store


@dataclass(frozen=True)
class Leaving:
    """Items by kind that only this account has, and those that others have too; plays likewise."""

    alone: Mapping[str, int]
    shared: Mapping[str, int]
    plays: int
    shared_plays: int
    decisions: int
    """What listeners said of its things; that sleeps, and wakes should the account come back."""


_ITEMS = (
    "SELECT kind, SUM(alone), SUM(1 - alone) FROM (SELECT link.kind, NOT EXISTS (SELECT 1 FROM link other"
    " JOIN claim o ON o.id = other.claim_id WHERE other.item_id = link.item_id AND o.account_id <> :account"
    " AND o.present) AS alone FROM claim c JOIN link ON link.claim_id = c.id"
    " WHERE c.account_id = :account AND c.present GROUP BY link.item_id) GROUP BY kind"
)
_OTHERS = (
    "SELECT kind, COUNT(*) FROM claim WHERE account_id = :account AND present AND kind IN ('playlist', 'friend')"
    " GROUP BY kind"
)
_PLAYS = (
    "SELECT COUNT(*), COALESCE(SUM(shared), 0) FROM (SELECT EXISTS (SELECT 1 FROM report o"
    " WHERE o.listen_id = report.listen_id AND o.account_id <> :account) AS shared FROM report"
    " WHERE account_id = :account GROUP BY COALESCE(listen_id, id))"
)
_DECISIONS = (
    "SELECT COUNT(DISTINCT d.id) FROM decision_claim dc JOIN decision d ON d.id = dc.decision_id"
    " WHERE d.undone_at IS NULL AND dc.account_key = (SELECT key FROM account WHERE id = :account)"
)


def leaving(store: Store, account_id: int) -> Leaving:
    """What erasing this account would take; the caller has seen to it that the listener may ask."""
    asked = {"account": account_id}
    with store.read() as conn:
        items = list(conn.exec_driver_sql(_ITEMS, asked))
        others = dict(tuple(row) for row in conn.exec_driver_sql(_OTHERS, asked))
        listens, shared = conn.exec_driver_sql(_PLAYS, asked).one()
        decisions = conn.exec_driver_sql(_DECISIONS, asked).scalar_one()
    alone = {kind: count for kind, count, _ in items if count} | others
    return Leaving(alone, {kind: count for kind, _, count in items if count}, listens - shared, shared, decisions)
