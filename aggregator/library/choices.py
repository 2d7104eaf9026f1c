"""Whose word is shown: a listener's pick or own words, then the order of providers that the house set, then the usual
order.

Both are asked per field. Where nobody chose anything, which is nearly everywhere, this costs nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from aggregator.library.fields import STATES, Field, Speaker, every_genre, field_of, in_words
from aggregator.library.own import written

PREFERRED = ("files", "spotify")
"""Providers whose word comes first in the usual order; all others are equal."""


class Teller(Speaker, Protocol):
    """A claim that is asked in its turn; `key` orders claims whatever their numbers."""

    @property
    def id(self) -> int: ...
    @property
    def key(self) -> tuple[str, str]: ...
    @property
    def provider(self) -> str: ...
    @property
    def present(self) -> bool: ...


T = TypeVar("T", bound=Teller)


def preference(claim: Teller) -> tuple[object, ...]:
    """The usual order, smallest first: present before absent, records before what plays and credits imply, the
    listener's own files before Spotify before others, what has a length before what has none."""
    said = claim.payload
    return (not claim.present, "from" in said, usual_rank(claim.provider), said.get("seconds") is None, claim.key)


def usual_rank(provider: str) -> int:
    """Smaller: its word comes first."""
    return PREFERRED.index(provider) if provider in PREFERRED else len(PREFERRED)


def in_usual_order(kind: str, claims: Iterable[T]) -> list[T]:
    if kind == "show":
        from aggregator.shows.items import fullness  # shows know the library, the library does not know shows

        return sorted(claims, key=fullness)
    return sorted(claims, key=preference)


class Pick(NamedTuple):
    """Which claim's word on a field is shown. `own`: what a listener wrote instead, in JSON."""

    id: int
    own: str | None


class Face(Generic[T]):
    """The claims of one item in the order in which they are asked; for some fields in another one. `own`: the fields
    that a listener wrote themselves, by their picks; what says it is asked first."""

    __slots__ = ("chosen", "claims", "own")

    def __init__(self, claims: Sequence[T], chosen: Mapping[str, Sequence[T]], own: Mapping[str, int]) -> None:
        self.claims = claims
        self.chosen = chosen
        self.own = own

    def asked(self, field: str) -> Sequence[T]:
        return self.chosen.get(field, self.claims)

    def written(self, field: str) -> T | None:
        """A claim that says what a listener wrote, where that is what is shown."""
        return self.chosen[field][0] if field in self.own else None


class Choices:
    """What listeners chose for items of one kind: `orders` of providers by field, picks by claim and field."""

    def __init__(self, kind: str, orders: Mapping[str, Sequence[str]], picks: Mapping[int, Mapping[str, Pick]]) -> None:
        self.kind = kind
        self.orders = {field: providers for field, providers in orders.items() if providers}
        self.picks = picks
        self._ranks = {
            field: {name: rank for rank, name in enumerate(providers)} for field, providers in self.orders.items()
        }

    @classmethod
    def read(cls, conn: Connection, kind: str) -> Choices:
        return cls(kind, _orders(conn, kind), picks_of(conn, kind))

    def with_order(self, field: str, providers: Sequence[str]) -> Choices:
        """As they would be with this order; none of the providers: with the usual one."""
        return Choices(self.kind, {**self.orders, field: providers}, self.picks)

    def face(self, claims: Sequence[T], gone: Sequence[T] = ()) -> Face[T]:
        """`claims` in the usual order, at least one; `gone`: others of the item that say nothing any more."""
        chosen: dict[str, Sequence[T]] = {field: _ranked(claims, ranks) for field, ranks in self._ranks.items()}
        own: dict[str, int] = {}
        if self.picks:
            for field, picked in self._picked(claims, gone).items():
                telling = [claim for _, claim in picked]
                chosen[field] = [*telling, *(claim for claim in chosen.get(field, claims) if claim not in telling)]
                if picked[0][0].own is not None:
                    own[field] = picked[0][0].id
        return Face(claims, chosen, own)

    def _picked(self, claims: Sequence[T], gone: Sequence[T]) -> Mapping[str, Sequence[tuple[Pick, T]]]:
        """Per field what was picked, the newest pick first. A pick sleeps while its claim is gone or silent; what a
        listener wrote beside a claim holds as long as that is known."""
        found: defaultdict[str, list[tuple[Pick, T]]] = defaultdict(list)
        for claim in (*claims, *gone):
            for name, pick in self.picks.get(claim.id, {}).items():
                field = field_of(self.kind, name)
                if field and pick.own is not None:
                    found[name].append((pick, written(claim, name, json.loads(pick.own), claims[0].present)))
                elif field and claim.present == claims[0].present and field.said(claim) is not None:
                    found[name].append((pick, claim))
        return {name: sorted(picked, key=lambda one: -one[0].id) for name, picked in found.items()}


def _ranked(claims: Sequence[T], ranks: Mapping[str, int]) -> Sequence[T]:
    """By the order of the house; providers it does not name, and claims of one provider, stay in the usual order."""
    return sorted(claims, key=lambda claim: (not claim.present, ranks.get(claim.provider, len(ranks))))


def _orders(conn: Connection, kind: str) -> dict[str, list[str]]:
    rows = conn.exec_driver_sql("SELECT field, providers FROM precedence WHERE kind = ? ORDER BY field", (kind,))
    return {row[0]: json.loads(row[1]) for row in rows}


def picks_of(conn: Connection, kind: str) -> dict[int, dict[str, Pick]]:
    """By claim and field the newest pick that holds."""
    rows = conn.exec_driver_sql(
        "SELECT c.id, p.field, p.id, p.value FROM pick p CROSS JOIN account a ON a.key = p.account_key"
        " CROSS JOIN claim c ON c.account_id = a.id AND c.kind = p.kind AND c.pid = p.pid"
        " WHERE p.kind = ? AND p.undone_at IS NULL ORDER BY p.id",
        (kind,),
    )
    found: dict[int, dict[str, Pick]] = {}
    for claim, field, number, own in rows:
        found.setdefault(claim, {})[field] = Pick(number, own)
    return found


# --- what is shown ----------------------------------------------------------------------------------------------------


def shown(face: Face[T], field: Field, said_by: Callable[[T], Any] | None = None) -> tuple[str, T | None]:
    """The value in words as rows have it, and the claim whose word it is; None where it is that of several."""
    say = said_by or field.said
    telling = [(claim, said) for claim in face.asked(field.name) if (said := say(claim)) is not None]
    if field.usual != "first":
        telling = [(claim, said) for claim, said in telling if claim.present == face.claims[0].present]
    if not telling:
        return "", None
    claim, said = telling[0]
    if field.name not in face.chosen:
        if field.usual == "together":
            return in_words(field.name, every_genre([said for _, said in telling])), None
        if field.usual == "earliest":
            claim, said = min(telling, key=lambda one: one[1])
        if field.usual == "gravest":
            claim, said = max(telling, key=lambda one: STATES.index(one[1]))
    return in_words(field.name, said), claim
