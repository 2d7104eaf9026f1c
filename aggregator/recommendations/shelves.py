"""The Discover page: recommended albums sorted into shelves, each album on one, and what is still missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from aggregator.recommendations.cards import Card, listed
from aggregator.recommendations.dismissals import Dismissal, dismissals, gathered
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
    """How much recommendations can know. `asked` of the listener's `artists` had an answer from a service."""

    artists: int
    asked: int
    friends: int
    running: bool
    done: int = 0  # look-ups of the run that is under way
    total: int | None = None
    silent: tuple[tuple[str, str], ...] = ()  # accounts that gave errors only, with the last one in words


@dataclass(frozen=True)
class Discover:
    shelves: list[Shelf]
    artists: list[Card]
    dismissed: list[Dismissal]
    standing: Standing


def discover(conn: Connection, listener_id: int) -> Discover:
    """Everything the page shows. Nine queries."""
    said = dismissals(conn, listener_id)
    albums, artists = listed(conn, listener_id, gathered(said), albums=ALBUMS, artists=FIRST)
    return Discover(sort_into_shelves(albums), artists, said, standing(conn, listener_id))


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
    mine = or_(account.c.listener_id == listener_id, account.c.listener_id.is_(None))
    knows = or_(shelf.c.owned, shelf.c.saved, shelf.c.loved, shelf.c.plays > 0)
    artists = select(func.count()).select_from(shelf)
    artists = artists.where(shelf.c.listener_id == listener_id, shelf.c.kind == "artist", knows)
    friends = select(func.count()).select_from(claim).join(account)
    friends = friends.where(claim.c.kind == "friend", claim.c.present, mine)
    answered = (
        select(account.c.name, answer.c.method, answer.c.error.is_(None).label("good"))
        .add_columns(func.count().label("number"), func.max(answer.c.error).label("error"))
        .join(account, account.c.id == answer.c.account_id)
        .where(mine)
        .group_by(account.c.id, answer.c.method, answer.c.error.is_(None))
    )
    unfinished = (run.c.what == "answers", run.c.account_id.is_(None), run.c.state.in_(("queued", "running")))
    fetching = select(run.c.done, run.c.total).where(*unfinished)
    counts = conn.execute(select(artists.scalar_subquery(), friends.scalar_subquery())).one()
    rows = conn.execute(answered).all()
    good = {row.name for row in rows if row.good}
    under_way = conn.execute(fetching.order_by(run.c.id).limit(1)).first()
    return Standing(
        artists=min(SEEDS, counts[0]),
        asked=max((row.number for row in rows if row.method == "similar" and row.good), default=0),
        friends=counts[1],
        running=under_way is not None,
        done=under_way.done if under_way else 0,
        total=under_way.total if under_way else None,
        silent=tuple(sorted({row.name: row.error for row in rows if row.name not in good}.items())),
    )
