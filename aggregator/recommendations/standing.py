"""How much recommendations can know: what was asked, who is silent, what is under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, case, func, literal, null, or_, select, union_all

from aggregator.recommendations.knowledge import SEEDS
from aggregator.store.schema import account, answer, claim, run, shelf
from aggregator.visible import visible_to


@dataclass(frozen=True)
class Standing:
    """How much recommendations can know. Services were `asked` about so many of the listener's `artists`."""

    artists: int
    asked: int
    friends: int
    running: bool
    done: int = 0  # look-ups of the run that is under way
    total: int | None = None
    making: bool = False  # the list is being made anew, for the listener said something
    silent: tuple[tuple[str, str], ...] = ()  # accounts that answered before and cannot be asked now, and why


def standing(conn: Connection, listener_id: int) -> Standing:
    """One query, which reads no answer."""
    rows = conn.execute(union_all(_accounts(listener_id), _own_artists(listener_id), _under_way(listener_id))).all()
    told = {word: [row for row in rows if row.about == word] for word in ("account", "artists", "run")}
    asking = [row for row in told["run"] if row.name != "listener" or row.state == "answers"]
    under_way = max(asking, key=lambda row: (row.state == "answers", row.key), default=None)
    return Standing(
        artists=min(SEEDS, told["artists"][0].one),
        asked=max((row.one for row in told["account"]), default=0),
        friends=sum(row.two for row in told["account"]),
        running=under_way is not None,
        done=under_way.one if under_way else 0,
        total=under_way.two if under_way else None,
        making=len(asking) < len(told["run"]),
        silent=tuple((row.name, row.words) for row in told["account"] if row.one and row.state != "ready"),
    )


def _accounts(listener_id: int) -> Select[*tuple[Any, ...]]:
    """The listener's accounts, with how many artists each was asked about and how many friends it knows."""
    asked = select(func.count()).where(answer.c.account_id == account.c.id, answer.c.method == "similar")
    friends = select(func.count()).where(claim.c.account_id == account.c.id, claim.c.kind == "friend", claim.c.present)
    numbers = (asked.scalar_subquery().label("one"), friends.scalar_subquery().label("two"))
    return select(
        literal("account").label("about"), account.c.key, account.c.name, account.c.state,
        account.c.state_words.label("words"), *numbers,
    ).where(visible_to(listener_id), account.c.enabled)  # fmt: skip


def _own_artists(listener_id: int) -> Select[*tuple[Any, ...]]:
    of = (shelf.c.listener_id == listener_id, shelf.c.kind == "artist")
    return select(literal("artists"), null(), null(), null(), null(), func.count(), null()).where(*of)


def _under_way(listener_id: int) -> Select[*tuple[Any, ...]]:
    """Look-ups, or the ranking that follows them, whose numbers are no look-ups; nothing that another one asked for."""
    asking = run.c.what == "answers"
    numbers = (case((asking, run.c.done), else_=0), case((asking, run.c.total)))
    unfinished = (run.c.what.in_(("answers", "recommend")), run.c.state.in_(("queued", "running")))
    whose = or_(run.c.listener_id.is_(None), run.c.listener_id == listener_id)
    return select(literal("run"), run.c.id, run.c.asked_by, run.c.what, null(), *numbers).where(*unfinished, whose)
