"""What services answered to live questions, kept with its age: pages and recommendations read this, never the service.

A payload is the JSON list the provider's method gave: records for `search`, `tags`, `albums_of`, `chart`, `top_songs`
and `previews`, pairs of a record and a number for `similar`, `tag_artists` and `top_artists`, one number or none for
`listeners`. Addresses of samples are signed and expire, so none is kept: that a song has one is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sqlalchemy import Connection, Select, and_, delete, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from aggregator.store.schema import account, answer, listener
from aggregator.visible import visible_to

if TYPE_CHECKING:
    from aggregator.recommendations.knowledge import LookUp
    from aggregator.store import Store

DAY = 86400
LIFE = {
    "similar": 30 * DAY,
    "tags": 30 * DAY,
    "albums_of": 14 * DAY,
    "tag_artists": 30 * DAY,
    "listeners": 60 * DAY,
    "chart": 7 * DAY,
    "top_songs": 30 * DAY,
    "previews": 7 * DAY,
    "top_artists": 7 * DAY,
    "top_albums": 7 * DAY,
    "search": 3600,
}
"""Seconds until an answer is asked for again, by method."""
LIFE_OF_ERROR = DAY
LISTS = ("similar", "tag_artists")
"""Methods that answer with whole lists of artists, which cost services most."""
ASIDE = ("search", "previews")
"""Methods that listeners ask when they want something, which is no part of a night's look-ups."""
FORGOTTEN = 180 * DAY
"""Seconds after which an answer goes that nobody needed again."""
DOUBTED = "It answered with so much less than before that the older answer stays until it says so again."
NIGHT = 20 * 3600
"""Seconds that a budget is counted over: less than a day, so that a night never pays for the one before."""
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


class Budget(NamedTuple):
    """What one account is asked at most in a night, for each listener who has it."""

    lists: int = 75
    facts: int = 1500


USUAL = Budget()


class Purse(NamedTuple):
    """How many look-ups of one kind an account was used for tonight, of those that are allowed."""

    used: int
    of: int


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
    """Keep an answer. One with less than half of what is kept is doubted: it counts once it has come again, and an
    empty one never takes the place of a full one."""
    if method not in ASIDE and _doubtful(conn, account_id, method, argument, items):
        _save(conn, account_id, method, argument, now, LIFE_OF_ERROR, error=DOUBTED)
    else:
        payload = json.dumps([_lasting(item) for item in items], ensure_ascii=False, separators=(",", ":"))
        _save(conn, account_id, method, argument, now, LIFE[method], payload=payload, fetched_at=now, error=None)


def _lasting(item: Any) -> Any:
    """Without what is not good tomorrow."""
    return {name: value for name, value in item.items() if name != "preview"} if isinstance(item, dict) else item


def save_error(conn: Connection, account_id: int, method: str, argument: str, words: str, now: int) -> None:
    """Remember not to ask again today; an older answer stays readable."""
    _save(conn, account_id, method, argument, now, LIFE_OF_ERROR, error=words)


def forget(conn: Connection, now: int) -> int:
    """Drop what nobody needed for long, and what listeners asked days ago. Returns how many answers went."""
    needless = func.max(answer.c.fetched_at, answer.c.asked_at) < now - FORGOTTEN
    aside = and_(answer.c.method.in_(ASIDE), answer.c.expires_at < now - DAY)
    return conn.execute(delete(answer).where(or_(needless, aside))).rowcount


def _doubtful(conn: Connection, account_id: int, method: str, argument: str, items: list[Any]) -> bool:
    key = {"account_id": account_id, "method": method, "argument": argument}
    query = select(answer.c.payload, answer.c.error).where(*(answer.c[name] == value for name, value in key.items()))
    row = conn.execute(query).one_or_none()
    if row is None or len(items) * 2 >= len(json.loads(row.payload)):
        return False
    return not items or row.error != DOUBTED


def _save(
    conn: Connection, account_id: int, method: str, argument: str, now: int, life: int, **columns: str | int | None
) -> None:
    columns_now = {"asked_at": now, "expires_at": now + life, **columns}
    key = {"account_id": account_id, "method": method, "argument": argument}
    statement = insert(answer).values({"payload": "[]", "fetched_at": now, **key, **columns_now})
    conn.execute(statement.on_conflict_do_update(index_elements=list(key), set_=columns_now))


# --- keeping them fresh -----------------------------------------------------------------------------------------------


def refresh(
    store: Store,
    able: Callable[[str], set[int]],
    ask: Ask,
    report: Callable[[int, int | None, str], None],
    seconds: float = SLICE_SECONDS,
    budget: Budget = USUAL,
) -> dict[str, int]:
    """Ask what the listeners' recommendations miss, the most telling first, then what is too old, the oldest first.

    Takes about `seconds`. `able` names the accounts that can answer a method and may be asked now. Returns how many
    were `asked`, `failed`, are `left` and `wait` for another night, because the budget of their account is used up.
    """
    ends = time.monotonic() + seconds
    counts = {"asked": 0, "failed": 0, "left": 0, "wait": 0}
    silent: set[int] = set()
    while True:
        questions, counts["wait"] = _within(store, budget, _open_questions(store, able, silent))
        if not questions:
            return counts
        for number, (account_id, look_up) in enumerate(questions):
            if counts["asked"] and time.monotonic() > ends:
                return counts | {"left": len(questions) - number}
            report(counts["asked"], counts["asked"] + len(questions) - number, look_up.name)
            if account_id not in silent:
                counts["asked"] += 1
                counts["failed"] += not _ask_one(store, ask, account_id, look_up, silent)


def _ask_one(store: Store, ask: Ask, account_id: int, look_up: LookUp, silent: set[int]) -> bool:
    said = look_up.argument
    argument = said if isinstance(said, str | None) else said.model_dump(mode="json", exclude_none=True)
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


Question = tuple[int, "LookUp"]
"""Which account is asked, and what."""


def _open_questions(store: Store, able: Callable[[str], set[int]], silent: set[int]) -> list[Question]:
    """Questions without a fresh answer, once each, though two listeners may want it: what is missing comes first."""
    from aggregator import listeners
    from aggregator.recommendations import knowledge

    now = int(time.time())
    missing: dict[tuple[int, str, str], Question] = {}
    old: dict[tuple[int, str, str], Question] = {}
    people = [person.id for person in listeners.everyone(store)]
    able_now = cache(lambda method: able(method) - silent)
    with store.read() as conn:
        known = {(row[0], row[1], row[2]): (row[3], row[4]) for row in conn.execute(_ages())}
        for listener_id in people:
            mine = _accounts(conn, listener_id)
            for look_up in knowledge.wanted(conn, listener_id):
                for account_id in _askable(look_up, mine, able_now(look_up.method)):
                    key = (account_id, look_up.method, look_up.key)
                    if key not in known:
                        missing.setdefault(key, (account_id, look_up))
                    elif known[key][0] <= now:
                        old.setdefault(key, (account_id, look_up))
    return [*missing.values(), *(old[key] for key in sorted(old, key=lambda key: (known[key][1], key)))]


def _within(store: Store, budget: Budget, questions: list[Question]) -> tuple[list[Question], int]:
    """The questions that their accounts' budgets allow tonight, and how many they do not."""
    left = {} if not questions else _left(store, budget)
    allowed = []
    for account_id, look_up in questions:
        purse = (account_id, look_up.method in LISTS)
        left[purse] = left.get(purse, 0) - 1
        if left[purse] >= 0:
            allowed.append((account_id, look_up))
    return allowed, len(questions) - len(allowed)


def _left(store: Store, budget: Budget) -> dict[tuple[int, bool], int]:
    """By account, and whether lists or facts are meant: how much may still be asked tonight."""
    return {key: purse.of - purse.used for key, purse in purses(store, budget).items()}


def purses(store: Store, budget: Budget) -> dict[tuple[int, bool], Purse]:
    """By account, and whether lists or facts are meant. What is the household's may be asked for everybody in it."""
    since = int(time.time()) - NIGHT
    of_lists = answer.c.method.in_(LISTS)
    asked = select(answer.c.account_id, of_lists, func.count()).where(
        answer.c.asked_at > since, answer.c.method.not_in(ASIDE)
    )
    with store.read() as conn:
        people = conn.execute(select(func.count()).select_from(listener)).scalar_one()
        owners = conn.execute(select(account.c.id, account.c.listener_id)).all()
        used = {(row[0], bool(row[1])): row[2] for row in conn.execute(asked.group_by(answer.c.account_id, of_lists))}
    each = {True: budget.lists, False: budget.facts}
    return {
        (row.id, lists): Purse(used.get((row.id, lists), 0), each[lists] * (people if row.listener_id is None else 1))
        for row in owners
        for lists in (True, False)
    }


def _askable(look_up: LookUp, mine: set[int], able: set[int]) -> Iterator[int]:
    wanted = mine if look_up.account_id is None else {look_up.account_id}
    yield from sorted(wanted & able)


def _accounts(conn: Connection, listener_id: int) -> set[int]:
    return set(conn.scalars(select(account.c.id).where(visible_to(listener_id), account.c.enabled)))


def _ages() -> Select[Any]:
    columns = (answer.c.account_id, answer.c.method, answer.c.argument, answer.c.expires_at, answer.c.fetched_at)
    return select(*columns).where(answer.c.method.not_in(ASIDE))


def decoded(method: str, items: list[Any]) -> list[Any]:
    """Items as records of `aggregator.plugin`; pairs become tuples. Raises pydantic's `ValidationError`."""
    from aggregator._host.frames import live

    return list(live(method).validate_python(items))
