"""The Discover page: recommended albums sorted into shelves, each album on one, and what is still missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from aggregator.recommendations.cards import Card, entries, told
from aggregator.recommendations.feedback import Said, gathered, said_by
from aggregator.recommendations.knowledge import SEEDS
from aggregator.store.schema import account, answer, claim, run, shelf

ALBUMS = 60
FIRST = 12
SHELF = 6
LEAST = 3  # cards worth a heading of their own
BECAUSE = 3  # shelves named after an artist


@dataclass(frozen=True)
class Shelf:
    """A heading and its cards, best first."""

    heading: str
    cards: list[Card]


@dataclass(frozen=True)
class Standing:
    """How much recommendations can know. Services were `asked` about so many of the listener's `artists`."""

    artists: int
    asked: int
    friends: int
    running: bool
    done: int = 0  # look-ups of the run that is under way
    total: int | None = None
    silent: tuple[tuple[str, str], ...] = ()  # accounts that answered before and cannot be asked now, and why


@dataclass(frozen=True)
class Discover:
    shelves: list[Shelf]
    artists: list[Card]
    said: list[Said]
    standing: Standing


def discover(conn: Connection, listener_id: int) -> Discover:
    """Everything the page shows. Eight queries."""
    said = said_by(conn, listener_id)
    found = entries(conn, listener_id, gathered(said))
    best = [each for each in found if each.card.kind == "album"][:ALBUMS]
    best += [each for each in found if each.card.kind == "artist"][:FIRST]
    cards = told(conn, listener_id, best)
    albums = [card for card in cards if card.kind == "album"]
    return Discover(sort_into_shelves(albums), cards[len(albums) :], said, standing(conn, listener_id))


def sort_into_shelves(albums: list[Card]) -> list[Shelf]:
    """The best of everything first; then by the artist that led to them, by friends, and gaps in what is played."""
    shelves = [Shelf("Albums for you", albums[:FIRST])]
    rest = albums[FIRST:]
    for seed in _leading(rest):
        because = [card for card in rest if card.seeds and card.seeds[0].name == seed][:SHELF]
        shelves.append(Shelf(f"Because you play {seed}", because))
        rest = _without(rest, because)
    gaps = [card for card in rest if card.completes][:SHELF]
    shelves.append(Shelf("Missing from artists you play", gaps))
    rest = _without(rest, gaps)
    played = [card for card in rest if card.friends][:SHELF]
    shelves.append(Shelf("From friends", played))
    shelves.append(Shelf("More for you", _without(rest, played)[:FIRST]))
    return [each for each in shelves if each.cards]


def _leading(albums: Iterable[Card]) -> list[str]:
    """The played artists that led to most of these."""
    count: dict[str, int] = defaultdict(int)
    for card in albums:
        if card.seeds and card.seeds[0].plays:
            count[card.seeds[0].name] += 1
    best = sorted(count, key=lambda name: (-count[name], name))
    return [name for name in best if count[name] >= LEAST][:BECAUSE]


def _without(cards: list[Card], taken: list[Card]) -> list[Card]:
    ids = {card.id for card in taken}
    return [card for card in cards if card.id not in ids]


def standing(conn: Connection, listener_id: int) -> Standing:
    """Three queries, none of which reads an answer."""
    accounts = conn.execute(_accounts(listener_id)).all()
    under_way = conn.execute(_under_way()).first()
    return Standing(
        artists=min(SEEDS, conn.execute(_own_artists(listener_id)).scalar_one()),
        asked=max((row.asked for row in accounts), default=0),
        friends=sum(row.friends for row in accounts),
        running=under_way is not None,
        done=under_way.done if under_way else 0,
        total=under_way.total if under_way else None,
        silent=tuple((row.name, row.state_words) for row in accounts if row.asked and row.state != "ready"),
    )


def _accounts(listener_id: int) -> Select[Any]:
    """The listener's accounts, with how many artists each was asked about and how many friends it knows."""
    asked = select(func.count()).where(answer.c.account_id == account.c.id, answer.c.method == "similar")
    friends = select(func.count()).where(claim.c.account_id == account.c.id, claim.c.kind == "friend", claim.c.present)
    return (
        select(account.c.name, account.c.state, account.c.state_words)
        .add_columns(asked.scalar_subquery().label("asked"), friends.scalar_subquery().label("friends"))
        .where(or_(account.c.listener_id == listener_id, account.c.listener_id.is_(None)), account.c.enabled)
        .order_by(account.c.key)
    )


def _own_artists(listener_id: int) -> Select[Any]:
    return select(func.count()).where(shelf.c.listener_id == listener_id, shelf.c.kind == "artist")


def _under_way() -> Select[Any]:
    """Look-ups, or the ranking that follows them, whose numbers are no look-ups."""
    asking = run.c.what == "answers"
    follows = and_(run.c.what == "recommend", run.c.asked_by != "listener")
    unfinished = (or_(asking, follows), run.c.state.in_(("queued", "running")))
    numbers = (case((asking, run.c.done), else_=0).label("done"), case((asking, run.c.total)).label("total"))
    return select(*numbers).where(*unfinished).order_by(run.c.what, run.c.id.desc()).limit(1)
