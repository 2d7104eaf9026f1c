"""What services answered to live questions, kept with its age: pages and recommendations read this, never the service.

A payload is the JSON list the provider's method gave: records for `search`, `tags` and `albums_of`, pairs of a record
and a number for `similar` and `top_artists`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection, or_, select
from sqlalchemy.dialects.sqlite import insert

from aggregator.store.schema import account, answer

if TYPE_CHECKING:
    from aggregator.recommendations.knowledge import LookUp
    from aggregator.store import Store

DAY = 86400
LIFE = {"similar": 30 * DAY, "tags": 30 * DAY, "albums_of": 14 * DAY, "top_artists": 7 * DAY, "search": 3600}
"""Seconds until an answer is asked for again, by method."""
LIFE_OF_ERROR = DAY
SLICE_SECONDS = 15.0
"""One refresh takes no longer, so that recommendations grow while the rest is still being asked for."""


@dataclass(frozen=True)
class Answer:
    """`items` as in the module's words; empty with an `error`."""

    account_id: int
    method: str
    argument: str
    items: list[Any]
    fetched_at: int
    error: str | None = None


class Refused(Exception):
    """The account cannot be asked now: credentials, limits, or it does not answer."""


class Ask(Protocol):
    """Asks one account's provider. Raises `Refused`, or `ValueError` with words when only this question failed."""

    def __call__(self, account_id: int, method: str, argument: Any) -> list[Any]: ...


def read(conn: Connection, method: str, argument: str, accounts: Iterable[int], now: int | None = None) -> list[Answer]:
    """What these accounts answered to one question, as far as it is fresh. `argument` is the folded name or text."""
    query = select(
        answer.c.account_id, answer.c.method, answer.c.argument, answer.c.payload, answer.c.fetched_at, answer.c.error
    ).where(
        answer.c.method == method,
        answer.c.argument == argument,
        answer.c.account_id.in_(list(accounts)),
        answer.c.expires_at > (now or int(time.time())),
    )
    return [
        Answer(row.account_id, method, argument, json.loads(row.payload), row.fetched_at, row.error)
        for row in conn.execute(query)
    ]


def save(conn: Connection, account_id: int, method: str, argument: str, items: list[Any], now: int) -> None:
    _save(conn, account_id, method, argument, now, LIFE[method], payload=json.dumps(items), error=None)


def save_error(conn: Connection, account_id: int, method: str, argument: str, words: str, now: int) -> None:
    """Remember not to ask again today; an older answer stays readable."""
    _save(conn, account_id, method, argument, now, LIFE_OF_ERROR, error=words)


def _save(
    conn: Connection, account_id: int, method: str, argument: str, now: int, life: int, **columns: str | None
) -> None:
    columns_now = {"fetched_at": now, "expires_at": now + life, **columns}
    key = {"account_id": account_id, "method": method, "argument": argument}
    statement = insert(answer).values({"payload": "[]", **key, **columns_now})
    conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=columns_now))


# --- keeping them fresh -----------------------------------------------------------------------------------------------


def refresh(
    store: Store,
    able: Callable[[str], set[int]],
    ask: Ask,
    report: Callable[[int, int | None, str], None],
    seconds: float = SLICE_SECONDS,
) -> dict[str, int]:
    """Ask what the listeners' recommendations miss or have too old, the most telling first, for about `seconds`.

    `able` names the accounts that can answer a method and may be asked now. Returns how many were `asked`, `failed`
    and are `left`.
    """
    ends = time.monotonic() + seconds
    counts = {"asked": 0, "failed": 0, "left": 0}
    silent: set[int] = set()
    while questions := _open_questions(store, able, silent):
        for number, (account_id, look_up) in enumerate(questions):
            if counts["asked"] and time.monotonic() > ends:
                return counts | {"left": len(questions) - number}
            report(counts["asked"], counts["asked"] + len(questions) - number, look_up.argument.name)
            if account_id not in silent:
                counts["asked"] += 1
                counts["failed"] += not _ask_one(store, ask, account_id, look_up, silent)
    return counts


def _ask_one(store: Store, ask: Ask, account_id: int, look_up: LookUp, silent: set[int]) -> bool:
    argument = look_up.argument.model_dump(mode="json", exclude_none=True)
    try:
        items = ask(account_id, look_up.method, argument)
    except Refused:
        silent.add(account_id)
        return False
    except ValueError as error:
        with store.write() as conn:
            save_error(conn, account_id, look_up.method, look_up.key, str(error), int(time.time()))
        return False
    with store.write() as conn:
        save(conn, account_id, look_up.method, look_up.key, items, int(time.time()))
    return True


def _open_questions(store: Store, able: Callable[[str], set[int]], silent: set[int]) -> list[tuple[int, LookUp]]:
    """Questions without a fresh answer, once each, though two listeners may want it."""
    from aggregator import listeners
    from aggregator.recommendations import knowledge

    found: dict[tuple[int, str, str], tuple[int, LookUp]] = {}
    people = [person.id for person in listeners.everyone(store)]
    able_now = cache(lambda method: able(method) - silent)
    with store.read() as conn:
        fresh = _fresh(conn, int(time.time()))
        for listener_id in people:
            mine = _accounts(conn, listener_id)
            for look_up in knowledge.wanted(conn, listener_id):
                for account_id in _askable(look_up, mine, able_now(look_up.method)):
                    key = (account_id, look_up.method, look_up.key)
                    if key not in fresh:
                        found.setdefault(key, (account_id, look_up))
    return list(found.values())


def _askable(look_up: LookUp, mine: set[int], able: set[int]) -> Iterator[int]:
    wanted = mine if look_up.account_id is None else {look_up.account_id}
    yield from sorted(wanted & able)


def _accounts(conn: Connection, listener_id: int) -> set[int]:
    theirs = or_(account.c.listener_id == listener_id, account.c.listener_id.is_(None))
    return set(conn.scalars(select(account.c.id).where(theirs, account.c.enabled)))


def _fresh(conn: Connection, now: int) -> set[tuple[int, str, str]]:
    query = select(answer.c.account_id, answer.c.method, answer.c.argument).where(answer.c.expires_at > now)
    return set(conn.execute(query))


def decoded(method: str, items: list[Any]) -> list[Any]:
    """Items as records of `aggregator.plugin`; pairs become tuples. Raises pydantic's `ValidationError`."""
    from aggregator._host.frames import live

    return list(live(method).validate_python(items))
