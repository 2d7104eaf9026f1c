"""What is on near a listener: a month, an agenda, one show, the next few.

Distances are measured from the listener's place, days and hours are the venue's. A list of shows costs three queries,
and up to five more for the reasons of recommended artists, whatever is on.
"""

from __future__ import annotations

import json
import time
from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import cos, radians
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, null, or_, select, union

from aggregator import recommendations, stances
from aggregator.listeners import Listener, Place
from aggregator.shows.cards import MATCHES, Act, Match, ShowCard, Ticket
from aggregator.shows.places import km_between, zone_named
from aggregator.store.schema import account, artist, item_credit, link, recommended, shelf, show

KM_PER_DEGREE = 111.2
LONGEST_FESTIVAL = timedelta(days=31)
HORIZON = timedelta(days=500)

Only = Literal["", "library", "recommended", "everything"]
SHOWN: dict[Only, tuple[Match, ...]] = {
    "": ("solid", "possible", "recommended"),
    "library": ("solid", "possible"),
    "recommended": ("recommended",),
    "everything": MATCHES,
}


class MonthQuery(BaseModel):
    """`month` is ``2027-07``, or empty for the current one at the listener's place."""

    model_config = ConfigDict(extra="ignore")

    month: str = Field("", pattern=r"^(20\d\d-(0[1-9]|1[0-2]))?$")
    only: Only = ""

    def first(self, today: date) -> date:
        return date.fromisoformat(f"{self.month}-01") if self.month else today.replace(day=1)


@dataclass(frozen=True)
class Day:
    date: date
    shows: tuple[ShowCard, ...]
    today: bool
    past: bool


@dataclass(frozen=True)
class Month:
    """`weeks` hold seven days each, None where a day belongs to another month. `sizes`: shows per choice of `only`."""

    first: date
    weeks: tuple[tuple[Day | None, ...], ...]
    shows: tuple[ShowCard, ...]
    sizes: dict[Only, int]
    previous: str
    next: str

    @property
    def days(self) -> tuple[Day, ...]:
        return tuple(day for week in self.weeks for day in week if day)

    @property
    def current(self) -> bool:
        return any(day.today for day in self.days)

    @property
    def listed(self) -> tuple[Day, ...]:
        """The days of the agenda: in the current month from today on."""
        return tuple(day for day in self.days if day.shows and not (self.current and day.past))

    @property
    def earlier(self) -> tuple[Day, ...]:
        """Days with shows that `listed` leaves out."""
        return tuple(day for day in self.days if day.shows and self.current and day.past)


@dataclass(frozen=True)
class Source:
    name: str
    provider: str
    title: str


@dataclass(frozen=True)
class ShowPage:
    """A show with everything known of it. `disagree`: what each account says, where they say different things."""

    card: ShowCard
    address: str
    doors: str | None
    note: str | None
    url: str | None
    latitude: float | None
    longitude: float | None
    genres: tuple[str, ...]
    sources: tuple[Source, ...]
    disagree: dict[str, str]
    said: dict[int, dict[stances.Topic, stances.Word]]


@dataclass(frozen=True)
class Moved:
    """The show is known under another id now."""

    id: int


def today(listener: Listener, now: float | None = None) -> date:
    """The date on the listener's own wall."""
    place = listener.preferences.place
    return datetime.fromtimestamp(time.time() if now is None else now, _zone(place)).date()


def _zone(place: Place | None) -> Any:
    return zone_named(place.zone if place else None) or UTC


# --- read models ------------------------------------------------------------------------------------------------------


def month(conn: Connection, listener: Listener, wanted: MonthQuery, now: float | None = None) -> Month:
    """One month as a grid and as a list, within the listener's radius."""
    this_day = today(listener, now)
    first = wanted.first(this_day)
    following = _months_on(first, 1)
    near = within(conn, listener, first, following - timedelta(days=1))
    shown = tuple(one for one in near if one.match in SHOWN[wanted.only])
    return Month(
        first=first,
        weeks=tuple(_weeks(first, shown, this_day, listener.preferences.week_start)),
        shows=shown,
        sizes={only: sum(one.match in matches for one in near) for only, matches in SHOWN.items()},
        previous=f"{_months_on(first, -1):%Y-%m}",
        next=f"{following:%Y-%m}",
    )


def agenda(
    conn: Connection, listener: Listener, first: date, last: date, only: Only = "", now: float | None = None
) -> list[Day]:
    """The days from `first` to `last` on which something is on."""
    shown = [one for one in within(conn, listener, first, last) if one.match in SHOWN[only]]
    by_day = _by_day(shown)
    this_day = today(listener, now)
    return [
        Day(day, tuple(by_day[day]), day == this_day, day < this_day) for day in sorted(by_day) if first <= day <= last
    ]


def next_shows(
    conn: Connection, listener: Listener, n: int, artist_id: int | None = None, now: float | None = None
) -> list[ShowCard]:
    """The next `n` shows of the listener's artists within the radius; of one artist wherever they play."""
    first = today(listener, now)
    if artist_id is not None:
        where = and_(_between(first, first + HORIZON), show.c.id.in_(_played_by([artist_id])))
        found = _cards(conn, listener, where, anywhere=True, suggest=False)
    else:
        found = for_listener(conn, listener, first, first + HORIZON)
    return [one for one in found if not one.off][:n]


def for_listener(
    conn: Connection, listener: Listener, first: date, last: date, suggested: bool = False
) -> list[ShowCard]:
    """Shows within the radius of the listener's artists, solid and possible; with `suggested` recommended ones too."""
    if listener.preferences.place is None:
        return []
    wanted = _of_mine(listener)
    if suggested:
        wanted = union(wanted, _suggested(listener))
    found = _cards(conn, listener, and_(_between(first, last), show.c.id.in_(wanted)), suggest=suggested)
    return [one for one in found if one.match != "other"]


def show_page(conn: Connection, listener: Listener, show_id: int) -> ShowPage | Moved | None:
    """Everything about one show; `Moved` for an id that was merged into another; None for one never known."""
    row = conn.execute(select(show).where(show.c.id == show_id)).one_or_none()
    if row is None:
        item = conn.scalar(select(link.c.item_id).where(link.c.claim_id == show_id, link.c.kind == "show"))
        return Moved(item) if item not in (None, show_id) else None
    cards = _cards(conn, listener, show.c.id == show_id, anywhere=True)
    return _page(conn, listener, row, cards[0]) if cards else None


def within(conn: Connection, listener: Listener, first: date, last: date) -> list[ShowCard]:
    """Every show from `first` to `last` within the radius, the earliest first; none without a place."""
    if listener.preferences.place is None:
        return []
    return _cards(conn, listener, _between(first, last))


# --- queries ----------------------------------------------------------------------------------------------------------


def _between(first: date, last: date) -> ColumnElement[bool]:
    return and_(
        show.c.day >= (first - LONGEST_FESTIVAL).isoformat(),
        show.c.day <= last.isoformat(),
        func.coalesce(show.c.until, show.c.day) >= first.isoformat(),
    )


def _around(place: Place, km: float) -> ColumnElement[bool]:
    """A box around the circle; venues without coordinates stay in."""
    high = km / KM_PER_DEGREE
    wide = high / max(0.01, cos(radians(min(89.0, abs(place.latitude) + high))))
    return or_(
        show.c.latitude.is_(None),
        and_(
            show.c.latitude.between(place.latitude - high, place.latitude + high),
            show.c.longitude.between(place.longitude - wide, place.longitude + wide),
        ),
    )


def _mine(listener: Listener) -> Any:
    plays = listener.preferences.own_after_plays
    return stances.mine_query(listener.id, "shows", plays).cte("mine").prefix_with("MATERIALIZED", dialect="sqlite")


def _played_by(artist_ids: Any) -> Select[int]:
    return select(item_credit.c.item_id).where(item_credit.c.kind == "show", item_credit.c.artist_id.in_(artist_ids))


def _of_mine(listener: Listener) -> Any:
    """Ids of shows of the listener's artists, or of somebody of the same name."""
    return _played_by(_named_like(select(_mine(listener).c.item_id)))


def _suggested(listener: Listener) -> Any:
    """Ids of shows of recommended artists: services rarely share ids, so the name will do for a suggestion."""
    return _played_by(
        _named_like(
            select(link.c.item_id)
            .join(recommended, recommended.c.item_id == link.c.claim_id)
            .where(recommended.c.listener_id == listener.id, recommended.c.kind == "artist")
        )
    )


def _named_like(artist_ids: Any) -> Any:
    """These artists and those who bear one of their names."""
    known, billed = artist.alias("known"), artist.alias("billed")
    alike = select(billed.c.id).join(known, known.c.folded == billed.c.folded).where(known.c.id.in_(artist_ids))
    return union(artist_ids, alike)


def _cards(
    conn: Connection, listener: Listener, where: ColumnElement[bool], anywhere: bool = False, suggest: bool = True
) -> list[ShowCard]:
    """Shows as they concern the listener; with `suggest`, recommended artists are told from others."""
    place, radius = listener.preferences.place, listener.preferences.radius_km
    if place and not anywhere:
        where = and_(where, _around(place, radius))
    visible = set(conn.scalars(_accounts(listener)))
    near = []
    for row in conn.execute(select(show).where(where).order_by(show.c.day, show.c.starts_at, show.c.id)):
        km = _km(place, row)
        if _seen(row, visible) and (anywhere or km is None or km <= radius):
            near.append((row, km))
    bills = _bills(conn, listener, [row.id for row, _ in near], suggest)
    return [_card(row, km, bills[row.id], listener, visible) for row, km in near]


def _accounts(listener: Listener) -> Select[int]:
    """Accounts whose listings this listener may see: their own and the household's."""
    return select(account.c.id).where(or_(account.c.listener_id.is_(None), account.c.listener_id == listener.id))


def _seen(row: Row[Any], visible: set[int]) -> bool:
    return any(source["account_id"] in visible for source in json.loads(row.sources))


def _bills(conn: Connection, listener: Listener, show_ids: list[int], suggest: bool) -> dict[int, list[Act]]:
    """Who plays, and what they are to the listener, per show and in the order of the bill."""
    wanted = select(func.json_each(json.dumps(show_ids)).table_valued("value").c.value)  # one parameter, not thousands
    mine = _mine(listener)
    muted = stances.said(listener.id, "shows", "mute")
    rows = conn.execute(
        select(item_credit.c.item_id, item_credit.c.artist_id, item_credit.c.name, item_credit.c.role)
        .add_columns(artist.c.hue, artist.c.art, shelf.c.plays, shelf.c.owned, shelf.c.saved)
        .add_columns(mine.c.item_id.is_not(None).label("own"), _namesake(mine).label("alike"))
        .add_columns(item_credit.c.artist_id.in_(muted).label("muted"))
        .add_columns((_suggestion(listener) if suggest else null()).label("suggestion"))
        .outerjoin(artist, artist.c.id == item_credit.c.artist_id)
        .outerjoin(mine, mine.c.item_id == item_credit.c.artist_id)
        .outerjoin(shelf, _shelf_of(listener))
        .where(item_credit.c.kind == "show", item_credit.c.item_id.in_(wanted))
        .order_by(item_credit.c.item_id, item_credit.c.position)
    ).all()
    suggested = {row.suggestion for row in rows if row.suggestion is not None}
    reasons = recommendations.reasons_for(conn, listener.id, suggested) if suggested else {}
    bills: dict[int, list[Act]] = defaultdict(list)
    for row in rows:
        bills[row.item_id].append(_act(row, reasons.get(row.suggestion)))
    return bills


def _namesake(mine: Any) -> Any:
    """One of the listener's artists who bears the billed artist's name."""
    other = artist.alias("other")
    alike = select(other.c.id).where(other.c.folded == artist.c.folded, other.c.id != artist.c.id)
    return alike.where(other.c.id.in_(select(mine.c.item_id))).limit(1).scalar_subquery()


def _suggestion(listener: Listener) -> Any:
    """The recommended artist of the billed one's name, under the id of now."""
    other = artist.alias("suggested")
    return (
        select(other.c.id)
        .join(link, link.c.item_id == other.c.id)
        .join(recommended, recommended.c.item_id == link.c.claim_id)
        .where(recommended.c.listener_id == listener.id, recommended.c.kind == "artist")
        .where(other.c.folded == artist.c.folded)
        .limit(1)
        .scalar_subquery()
    )


def _shelf_of(listener: Listener) -> ColumnElement[bool]:
    return and_(
        shelf.c.listener_id == listener.id, shelf.c.kind == "artist", shelf.c.item_id == item_credit.c.artist_id
    )


# --- rows into words --------------------------------------------------------------------------------------------------


def _act(row: Row[Any], reason: str | None) -> Act:
    match, because = _match(row, reason)
    return Act(row.artist_id, row.name, row.role, match, because, row.plays or 0, row.hue, row.art)


def _match(row: Row[Any], reason: str | None) -> tuple[Match, str]:
    if row.muted:
        return "other", ""
    if row.own:
        return "solid", _because(row)
    if row.alike:
        return "possible", f"You know an artist called {row.name}. Only the name says that it is the same one."
    if reason is not None:
        return "recommended", reason or "Recommended to you"
    return "other", ""


def _because(row: Row[Any]) -> str:
    plays = f"{row.plays:,} {'play' if row.plays == 1 else 'plays'}" if row.plays else ""
    how = "in your files" if row.owned else "saved in a service" if row.saved else "" if plays else "you follow them"
    return ", ".join(part for part in (how, plays) if part).capitalize()


def _card(row: Row[Any], km: float | None, acts: Iterable[Act], listener: Listener, visible: set[int]) -> ShowCard:
    place = listener.preferences.place
    tickets = json.loads(row.detail)["tickets"]
    here, there = zone_named(place.zone if place else None), zone_named(row.zone)
    at = datetime.fromtimestamp(row.starts_at, UTC)
    return ShowCard(
        id=row.id,
        title=row.title,
        day=date.fromisoformat(row.day),
        start=row.start,
        until=date.fromisoformat(row.until) if row.until else None,
        zone=row.zone,
        starts_at=row.starts_at,
        venue=row.venue,
        place=row.place,
        km=km,
        status=row.status,
        gone=row.gone_at is not None,
        festival=row.festival,
        acts=tuple(acts),
        tickets=tuple(_ticket(one) for one in tickets if one["account_id"] in visible),
        unit=listener.preferences.unit,
        away=bool(here and there and at.astimezone(here).utcoffset() != at.astimezone(there).utcoffset()),
    )


def _ticket(entry: dict[str, Any]) -> Ticket:
    return Ticket(**{key: value for key, value in entry.items() if key != "account_id"})


def _km(place: Place | None, row: Row[Any]) -> float | None:
    if place is None or row.latitude is None or row.longitude is None:
        return None
    return km_between(place.latitude, place.longitude, row.latitude, row.longitude)


def _page(conn: Connection, listener: Listener, row: Row[Any], card: ShowCard) -> ShowPage:
    detail = json.loads(row.detail)
    visible = set(conn.scalars(_accounts(listener)))
    sources = [one for one in json.loads(row.sources) if one["account_id"] in visible]
    names = {one["name"] for one in sources}
    return ShowPage(
        card=card,
        address=", ".join(part for part in (detail["address"], row.place, detail["postal_code"]) if part),
        doors=detail["doors"],
        note=detail["note"],
        url=detail["url"],
        latitude=row.latitude,
        longitude=row.longitude,
        genres=tuple(detail["genres"]),
        sources=tuple(Source(one["name"], one["provider"], one["title"]) for one in sources),
        disagree={name: word for name, word in detail["disagree"].items() if name in names},
        said=stances.words(conn, listener.id, [act.artist_id for act in card.acts]),
    )


# --- days -------------------------------------------------------------------------------------------------------------


def _months_on(first: date, n: int) -> date:
    months = first.year * 12 + first.month - 1 + n
    return date(months // 12, months % 12 + 1, 1)


def _weeks(first: date, shows: Sequence[ShowCard], this_day: date, week_start: str) -> Iterator[tuple[Day | None, ...]]:
    by_day = _by_day(shows)
    grid = Calendar(firstweekday=6 if week_start == "sunday" else 0)
    for week in grid.monthdatescalendar(first.year, first.month):
        yield tuple(
            Day(day, tuple(by_day.get(day, ())), day == this_day, day < this_day) if day.month == first.month else None
            for day in week
        )


def _by_day(shows: Iterable[ShowCard]) -> dict[date, list[ShowCard]]:
    days: dict[date, list[ShowCard]] = defaultdict(list)
    for one in shows:
        for day in one.days:
            days[day].append(one)
    return days
