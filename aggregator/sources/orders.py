"""Whose word comes first, field by field: which providers there are to choose from, and the house's choice of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from aggregator._host import control, find, runs
from aggregator.library import precedence
from aggregator.library.fields import FIELDS, Field, field_of
from aggregator.library.items.provenance import visible_accounts
from aggregator.library.precedence import Effect, Order
from aggregator.store import Store


@dataclass(frozen=True)
class Chosen:
    """One field of a kind: the providers a listener is told of, as their order holds; `order` where one was set."""

    kind: str
    field: Field
    providers: Sequence[str]
    order: Order | None


class Orders:
    """The fields that more than one of the listener's sources may speak of; `names` of providers, as pages say them."""

    def __init__(self, store: Store, listener_id: int) -> None:
        catalogue = find.providers(store.folder)
        with store.read() as conn:
            self._all = {kind: _speaking(conn, kind) for kind in FIELDS}
            own = {kind: set(_speaking(conn, kind, listener_id)) for kind in FIELDS}
            self._set = precedence.orders(conn)
        self._own = own
        manifests = {name: catalogue.manifest(name) for names in own.values() for name in names}
        self.names: Mapping[str, str] = {
            provider: manifest.name if manifest else provider for provider, manifest in manifests.items()
        }

    def chosen(self) -> list[Chosen]:
        return [self._chosen(kind, field) for kind in FIELDS for field in FIELDS[kind] if self._may_choose(kind, field)]

    def one(self, kind: str, name: str) -> Chosen | None:
        field = field_of(kind, name)
        return self._chosen(kind, field) if field and self._may_choose(kind, field) else None

    def whole(self, kind: str, field: str, wanted: Sequence[str]) -> list[str]:
        """The order of all providers in the house once the listener's own stand as `wanted`; others keep their places.

        What is wanted of providers that are not the listener's is left out, what is not named comes last.
        """
        own = self._own[kind]
        said = [name for name in dict.fromkeys(wanted) if name in own]
        following = iter([*said, *(name for name in self._now(kind, field) if name in own and name not in said)])
        return [next(following) if name in own else name for name in self._now(kind, field)]

    def _may_choose(self, kind: str, field: Field) -> bool:
        return field.can_be_chosen and field.can_be_ordered and len(self._own[kind]) > 1

    def _chosen(self, kind: str, field: Field) -> Chosen:
        order = self._set.get((kind, field.name))
        providers = [name for name in self._now(kind, field.name) if name in self._own[kind]]
        return Chosen(kind, field, providers, order if order and order.providers else None)

    def _now(self, kind: str, field: str) -> list[str]:
        order = self._set.get((kind, field))
        usual = precedence.usual(self._all[kind])
        said = [name for name in order.providers if name in usual] if order else []
        return [*said, *(name for name in usual if name not in said)]


def effect_of(store: Store, listener_id: int, kind: str, field: Field, providers: Sequence[str]) -> Effect:
    """What this order would change of what the listener sees."""
    with store.read() as conn:
        return precedence.effect(conn, visible_accounts(conn, listener_id), kind, field, providers)


def prefer(store: Store, listener_id: int, kind: str, field: str, providers: Sequence[str]) -> int:
    """Show these providers' word in this order, none of them: the usual way. The steward writes what that changes.
    Returns the number by which it can be taken back."""
    with store.write() as conn:
        made = precedence.set_order(conn, listener_id, kind, field, providers, now := int(time.time()))
        runs.ask(conn, "merge", None, "listener", now)
    control.wake(store.folder)
    return made


def take_back(store: Store, listener_id: int, order: int) -> None:
    """What held before this order holds again."""
    with store.write() as conn:
        precedence.undo(conn, listener_id, order, now := int(time.time()))
        runs.ask(conn, "merge", None, "listener", now)
    control.wake(store.folder)


def _speaking(conn: Connection, kind: str, listener_id: int | None = None) -> list[str]:
    """Providers that say anything of this kind; of a listener's own accounts and the household's, or of all."""
    rows = conn.exec_driver_sql(
        "SELECT DISTINCT provider FROM account a WHERE (:listener IS NULL OR a.listener_id IS NULL"
        " OR a.listener_id = :listener) AND EXISTS (SELECT 1 FROM claim c WHERE c.account_id = a.id AND c.kind = :kind)"
        " ORDER BY provider",
        {"kind": kind, "listener": listener_id},
    )
    return list(rows.scalars())
