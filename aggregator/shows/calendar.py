"""What is on near a listener: a month, one show, the next few.

Distances are measured from the listener's place, days and hours are the venue's. A list of shows costs two queries,
and up to six more for the reasons of recommended artists, whatever is on.
"""

from __future__ import annotations

import json
import time
from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Connection, Row, and_, func, null, or_, select

from aggregator import stances
from aggregator.listeners import Listener, Place
from aggregator.shows.cards import MATCHES, Act, Match, ShowCard
from aggregator.shows.places import around, km_between, zone_named
from aggregator.shows.suggestions import Suggestion, suggestions
from aggregator.store.schema import account, artist, item_credit, link, recommended, shelf, show
from aggregator.visible import visible_to
from aggregator.wording import plural

LONGEST_FESTIVAL = timedelta(days=31)
HORIZON = timedelta(days=500)
SEASON = timedelta(days=92)
BEST = 6

Only = Literal["", "library", "recommended", "everything"]
SHOWN: dict[Only, tuple[Match, ...]] = {
    "": ("solid", "possible", "recommended"),
    "library": ("solid", "possible"),
    "recommended": ("recommended",),
    "everything": MATCHES,
}


class MonthQuery(BaseModel):
    """`month` is ``2027-07``, or empty for the current one at the listener's place; `whole` for a long agenda."""

    model_config = ConfigDict(extra="ignore")

    month: str = Field("", pattern=r"^(20\d\d-(0[1-9]|1[0-2]))?$")
    only: Only = ""
    whole: bool = False

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
    """`weeks` hold seven days each, None where a day belongs to another month. `sizes`: shows per choice of `only`.

    `best`: recommended shows still to come, what speaks most for going first; empty but where only those are shown.
    """

    first: date
    weeks: tuple[tuple[Day | None, ...], ...]
    shows: tuple[ShowCard, ...]
    best: tuple[ShowCard, ...]
    sizes: dict[Only, int]
    previous: str
    next: str

    @cached_property
    def days(self) -> tuple[Day, ...]:
        return tuple(day for week in self.weeks for day in week if day)

    @cached_property
    def current(self) -> bool:
        return any(day.today for day in self.days)

    @cached_property
    def ahead(self) -> tuple[Day, ...]:
        """The days of the agenda: in the current month from today on."""
        return tuple(day for day in self.days if day.shows and not (self.current and day.past))

    @property
    def earlier(self) -> tuple[Day, ...]:
        """Days with shows that `ahead` leaves out."""
        return tuple(day for day in self.days if day.shows and self.current and day.past)

    def agenda(self, most: int) -> tuple[Day, ...]:
        """As many whole days of `ahead` as it takes to name `most` shows."""
        named = list(accumulate((len(day.shows) for day in self.ahead), initial=0))
        return tuple(day for day, before in zip(self.ahead, named, strict=False) if before < most)


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
    near = _near(conn, listener, _between(first, following - timedelta(days=1))) if listener.preferences.place else []
    shown = _cards(near, SHOWN[wanted.only])
    return Month(
        first=first,
        weeks=tuple(_weeks(first, shown, this_day, listener.preferences.week_start)),
        shows=tuple(shown),
        best=tuple(_best(near, this_day)) if wanted.only == "recommended" else (),
        sizes={only: sum(one.match in matches for one in near) for only, matches in SHOWN.items()},
        previous=f"{_months_on(first, -1):%Y-%m}",
        next=f"{following:%Y-%m}",
    )


def _best(near: Iterable[_Found], this_day: date) -> list[ShowCard]:
    """At most `BEST` recommended shows by taste, rarity and distance, one of each act; of equal ones the earliest."""
    wanted = [(one.worth, card) for one in near if one.match == "recommended" for card in [_card(one)]]
    ahead = [(worth, card) for worth, card in wanted if not card.off and (card.until or card.day) >= this_day]
    by_act: dict[int, ShowCard] = {}
    for _, card in sorted(ahead, key=lambda each: -each[0]):
        if card.lead:
            by_act.setdefault(card.lead.artist_id, card)
    return list(by_act.values())[:BEST]


def next_shows(
    conn: Connection, listener: Listener, n: int, artist_id: int | None = None, now: float | None = None
) -> list[ShowCard]:
    """The next `n` shows of the listener's artists within the radius; of one artist wherever they play."""
    if artist_id is None and listener.preferences.place is None:
        return []
    first = today(listener, now)
    wanted = _of_mine(listener) if artist_id is None else _plays(item_credit.c.artist_id == artist_id)
    on = and_(show.c.gone_at.is_(None), show.c.status.not_in(("cancelled", "postponed")))
    where = and_(_between(first, first + HORIZON), on, wanted)
    return _cards(_near(conn, listener, where, anywhere=artist_id is not None, suggest=False, enough=n))


def worth_going(conn: Connection, listener: Listener, now: float | None = None) -> list[ShowCard]:
    """Of the recommended shows of the next three months near the listener, those for which most speaks, best first."""
    if listener.preferences.place is None:
        return []
    first = today(listener, now)
    near = _near(conn, listener, and_(_between(first, first + SEASON), _plays_suggested(listener)))
    return _best(near, first)


def for_listener(
    conn: Connection, listener: Listener, first: date, last: date, suggested: bool = False
) -> list[ShowCard]:
    """Shows within the radius of the listener's artists, solid and possible; with `suggested` recommended ones too."""
    if listener.preferences.place is None:
        return []
    wanted = or_(_of_mine(listener), _plays_suggested(listener)) if suggested else _of_mine(listener)
    found = _near(conn, listener, and_(_between(first, last), wanted), suggest=suggested)
    return _cards(found, ("solid", "possible", "recommended"))


def show_page(conn: Connection, listener: Listener, show_id: int) -> ShowPage | Moved | None:
    """Everything about one show; `Moved` for an id that was merged into another; None for one never known."""
    found = _near(conn, listener, show.c.id == show_id, anywhere=True)
    if found:
        return _page(conn, listener, found[0])
    item = conn.scalar(select(link.c.item_id).where(link.c.claim_id == show_id, link.c.kind == "show"))
    return Moved(item) if item not in (None, show_id) else None


def within(conn: Connection, listener: Listener, first: date, last: date) -> list[ShowCard]:
    """Every show from `first` to `last` within the radius, the earliest first; none without a place."""
    if listener.preferences.place is None:
        return []
    return _cards(_near(conn, listener, _between(first, last)))


# --- queries ----------------------------------------------------------------------------------------------------------


def _between(first: date, last: date) -> ColumnElement[bool]:
    return and_(
        show.c.day >= (first - LONGEST_FESTIVAL).isoformat(),
        show.c.day <= last.isoformat(),
        func.coalesce(show.c.until, show.c.day) >= first.isoformat(),
    )


def _plays(whom: ColumnElement[bool]) -> ColumnElement[bool]:
    """Somebody on the bill of the show at hand is such an artist."""
    bill = select(item_credit.c.artist_id).join(artist, artist.c.id == item_credit.c.artist_id)
    return bill.where(item_credit.c.kind == "show", item_credit.c.item_id == show.c.id, whom).correlate(show).exists()


def _of_mine(listener: Listener) -> ColumnElement[bool]:
    """One of the listener's artists plays, or somebody of the same name."""
    return _plays(or_(_is_mine(listener, item_credit.c.artist_id), _has_namesake(listener)))


def _plays_suggested(listener: Listener) -> ColumnElement[bool]:
    """A recommended artist plays: services rarely share ids, so the name will do for a suggestion."""
    suggested = artist.alias("suggested")
    named = (
        select(artist.c.id)
        .join(suggested, suggested.c.folded == artist.c.folded)
        .join(link, link.c.item_id == suggested.c.id)
        .join(recommended, recommended.c.item_id == link.c.claim_id)
        .where(recommended.c.listener_id == listener.id, recommended.c.kind == "artist")
    )
    bills = select(item_credit.c.item_id).where(item_credit.c.kind == "show", item_credit.c.artist_id.in_(named))
    return show.c.id.in_(bills)


@dataclass(frozen=True)
class _Found:
    """A show that a query found, before it is put into words: most are only counted."""

    row: Row[Any]
    km: float | None
    acts: list[Act]
    listener: Listener
    visible: set[int]

    @cached_property
    def match(self) -> Match:
        return min((act.match for act in self.acts), key=MATCHES.index, default="other")

    @property
    def worth(self) -> float:
        """What speaks for going, by the recommended act for whom most does."""
        radius = self.listener.preferences.radius_km
        return max((act.suggestion.worth(self.km, radius) for act in self.acts if act.suggestion), default=0.0)


def _near(
    conn: Connection,
    listener: Listener,
    where: ColumnElement[bool],
    *,
    anywhere: bool = False,
    suggest: bool = True,
    enough: int | None = None,
) -> list[_Found]:
    """Shows within the radius (or `anywhere`), the earliest first, at most `enough`.

    With `suggest`, recommended artists are told from others.
    """
    place, radius = listener.preferences.place, listener.preferences.radius_km
    if place and not anywhere:
        where = and_(where, around(place, radius))
    accounts = select(func.json_group_array(account.c.id)).where(visible_to(listener.id)).scalar_subquery()
    query = select(show, accounts.label("accounts")).where(where)
    near, visible = [], set[int]()
    for row in conn.execute(query.order_by(show.c.day, show.c.starts_at, show.c.id)):
        visible = visible or set(json.loads(row.accounts))
        km = _km(place, row)
        if _seen(row, visible) and (anywhere or km is None or km <= radius):
            near.append((row, km))
            if len(near) == enough:
                break
    bills = _bills(conn, listener, [row.id for row, _ in near], suggest)
    return [_Found(row, km, bills[row.id], listener, visible) for row, km in near]


def _cards(near: Iterable[_Found], matches: tuple[Match, ...] = MATCHES) -> list[ShowCard]:
    return [_card(one) for one in near if one.match in matches]


def _seen(row: Row[Any], visible: set[int]) -> bool:
    return any(source["account_id"] in visible for source in json.loads(row.sources))


def _bills(conn: Connection, listener: Listener, show_ids: list[int], suggest: bool) -> dict[int, list[Act]]:
    """Who plays, and what they are to the listener, per show and in the order of the bill."""
    wanted = select(func.json_each(json.dumps(show_ids)).table_valued("value").c.value)  # one parameter, not thousands
    muted = stances.said(listener.id, "shows", "mute")
    rows = conn.execute(
        select(item_credit.c.item_id, item_credit.c.artist_id, item_credit.c.name, item_credit.c.role)
        .add_columns(artist.c.hue, artist.c.art, shelf.c.plays, shelf.c.owned, shelf.c.saved)
        .add_columns(_is_mine(listener, item_credit.c.artist_id).label("own"), _has_namesake(listener).label("alike"))
        .add_columns(item_credit.c.artist_id.in_(muted).label("muted"))
        .add_columns((_suggestion(listener) if suggest else null()).label("suggestion"))
        .outerjoin(artist, artist.c.id == item_credit.c.artist_id)
        .outerjoin(shelf, _shelf_of(listener))
        .where(item_credit.c.kind == "show", item_credit.c.item_id.in_(wanted))
        .order_by(item_credit.c.item_id, item_credit.c.position)
    ).all()
    suggested = {row.suggestion for row in rows if row.suggestion is not None}
    reasons = suggestions(conn, listener, suggested) if suggested else {}
    bills: dict[int, list[Act]] = defaultdict(list)
    for row in rows:
        bills[row.item_id].append(_act(row, reasons.get(row.suggestion)))
    return bills


def _is_mine(listener: Listener, artist_id: ColumnElement[int]) -> ColumnElement[bool]:
    return stances.is_mine(artist_id, listener.id, "shows", listener.preferences.own_after_plays)


def _has_namesake(listener: Listener) -> ColumnElement[bool]:
    """Does one of the listener's artists bear the billed artist's name?"""
    other = artist.alias("namesake")
    alike = select(other.c.id).where(other.c.folded == artist.c.folded, other.c.id != artist.c.id)
    return alike.where(_is_mine(listener, other.c.id)).correlate(artist).exists()


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


def _act(row: Row[Any], suggestion: Suggestion | None) -> Act:
    match, because = _match(row, suggestion)
    chosen = suggestion if match == "recommended" else None
    return Act(row.artist_id, row.name, row.role, match, because, row.plays or 0, row.hue, row.art, chosen)


def _match(row: Row[Any], suggestion: Suggestion | None) -> tuple[Match, str]:
    if row.muted:
        return "other", ""
    if row.own:
        return "solid", _because(row)
    if row.alike:
        return "possible", f"You know an artist called {row.name}. Only the name says that it is the same one."
    if suggestion is not None:
        return "recommended", suggestion.words or "Recommended to you"
    return "other", ""


def _because(row: Row[Any]) -> str:
    plays = plural(row.plays, "play") if row.plays else ""
    how = "in your files" if row.owned else "saved in a service" if row.saved else "" if plays else "you follow them"
    return ", ".join(part for part in (how, plays) if part).capitalize()


def _card(found: _Found) -> ShowCard:
    row, wishes = found.row, found.listener.preferences
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
        km=found.km,
        status=row.status,
        gone=row.gone_at is not None,
        festival=row.festival,
        acts=tuple(found.acts),
        detail=row.detail,
        visible=found.visible,
        unit=wishes.unit,
        away=_away(wishes.place, row),
    )


def _away(place: Place | None, row: Row[Any]) -> bool:
    here, there = zone_named(place.zone if place else None), zone_named(row.zone)
    if here is None or there is None or here is there:
        return False
    at = datetime.fromtimestamp(row.starts_at, UTC)
    return at.astimezone(here).utcoffset() != at.astimezone(there).utcoffset()


def _km(place: Place | None, row: Row[Any]) -> float | None:
    if place is None or row.latitude is None or row.longitude is None:
        return None
    return km_between(place.latitude, place.longitude, row.latitude, row.longitude)


def _page(conn: Connection, listener: Listener, found: _Found) -> ShowPage:
    row, card = found.row, _card(found)
    detail = json.loads(row.detail)
    sources = [one for one in json.loads(row.sources) if one["account_id"] in found.visible]
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
