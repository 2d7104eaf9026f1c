"""A listener's shows as an RFC 5545 calendar, made so that subscribing programs see changes and nothing else.

UIDs are ``show-<id>@<instance>``. A show's id is the smallest claim id in it, so a UID survives changed listings, more
sellers and merges (only the larger of two merged ids goes). Everything in an event comes from the stored row, whose
`sequence` and `modified_at` move only when what is written here moves: the same shows give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vDuration, vText
from sqlalchemy import Connection, Row, select

from aggregator.listeners import Listener
from aggregator.shows import zones
from aggregator.shows.calendar import HORIZON, ShowPage, for_listener, show_page, today
from aggregator.shows.cards import ShowCard
from aggregator.shows.places import zone_named
from aggregator.store.schema import show

KEPT_AFTER = timedelta(days=30)
"""How long a show stays after its day, and a show that nobody lists any more after it went."""
LASTS = timedelta(hours=3)
"""No service says when a show ends; calendars draw nothing readable without an end."""
REFRESH = timedelta(hours=6)

STATUS = {"cancelled": "CANCELLED", "postponed": "TENTATIVE"}
PREFIX = {"cancelled": "Cancelled: ", "postponed": "Postponed: "}


@dataclass(frozen=True)
class Feed:
    """`changed_at` is the newest change in it, None when it is empty. `etag` changes with any byte of the body."""

    body: bytes
    changed_at: int | None

    @property
    def etag(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:32]


def feed(
    conn: Connection, listener: Listener, instance: str, suggested: bool = False, now: float | None = None
) -> Feed:
    """The listener's solid shows, with `suggested` the recommended ones too; possible ones are left out."""
    first = today(listener, now) - KEPT_AFTER
    matches = ("solid", "recommended") if suggested else ("solid",)
    near = for_listener(conn, listener, first, first + KEPT_AFTER + HORIZON, suggested)
    cards = {one.id: one for one in near if one.match in matches}
    rows = conn.execute(select(show).where(show.c.id.in_(cards)).order_by(show.c.starts_at, show.c.id)).all()
    kept = [row for row in rows if row.gone_at is None or _day(row.gone_at) >= first]
    place = listener.preferences.place
    return _feed(
        kept, cards, instance, place.zone if place else None, f"Shows near {place.label}" if place else "Shows"
    )


def single(conn: Connection, listener: Listener, show_id: int, instance: str) -> Feed | None:
    """One show, whoever plays, for adding it by hand; None when it is not known."""
    page = show_page(conn, listener, show_id)
    row = conn.execute(select(show).where(show.c.id == show_id)).one_or_none()
    if row is None or not isinstance(page, ShowPage):
        return None
    place = listener.preferences.place
    return _feed([row], {row.id: page.card}, instance, place.zone if place else None, row.title)


def _day(at: int) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _feed(rows: Sequence[Row[Any]], cards: dict[int, ShowCard], instance: str, zone: str | None, name: str) -> Feed:
    calendar = _heading(name, zone)
    for row in rows:
        calendar.add_component(_event(row, cards[row.id], instance, zone_named(row.zone) or zone_named(zone)))
    if rows:
        _add_zones(calendar, rows)
    return Feed(calendar.to_ical(), max((row.modified_at for row in rows), default=None))


def _heading(name: str, zone: str | None) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Bandstand//Shows//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for title in ("name", "x-wr-calname"):  # icalendar does not know the types of these, nor of the TTL below
        calendar.add(title, vText(name))
    if zone:
        calendar.add("x-wr-timezone", zone)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    return calendar


def _add_zones(calendar: Calendar, rows: Sequence[Row[Any]]) -> None:
    """Those used, good for whole years around the shows: the same shows then give the same bytes."""
    first = date(min(date.fromisoformat(row.day) for row in rows).year - 1, 1, 1)
    last = date(max(date.fromisoformat(row.until or row.day) for row in rows).year + 1, 12, 31)
    for name in sorted(calendar.get_used_tzids() - {"UTC"}):
        calendar.add_component(zones.timezone(name, first, last))


# --- one event --------------------------------------------------------------------------------------------------------


def _event(row: Row[Any], card: ShowCard, instance: str, zone: ZoneInfo | None) -> Event:
    detail = json.loads(row.detail)
    status = "cancelled" if row.gone_at is not None else row.status
    event = Event()
    event.add("uid", f"show-{row.id}@{instance}")
    event.add("dtstamp", _at(row.modified_at))
    event.add("last-modified", _at(row.modified_at))
    event.add("sequence", row.sequence)
    event.add("summary", PREFIX.get(status, "") + row.title)
    event.add("status", STATUS.get(status, "CONFIRMED"))
    event.add("transp", "TRANSPARENT")  # a listing is no appointment
    event.add("categories", ["Recommended show" if card.match == "recommended" else "Show"])
    for name, moment in zip(("dtstart", "dtend"), _span(row, zone), strict=True):
        event.add(name, moment)
    event.add("location", _location(row, detail))
    if row.latitude is not None and row.longitude is not None:
        event.add("geo", (row.latitude, row.longitude))
    if detail["url"]:
        event.add("url", detail["url"])
    event.add("description", "\n".join(_description(row, card, detail)))
    return event


def _at(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _span(row: Row[Any], zone: ZoneInfo | None) -> tuple[date, date]:
    """Whole days for a festival and where the hour is not known, else the venue's wall clock."""
    day = date.fromisoformat(row.day)
    if row.start is None or row.until:
        return day, date.fromisoformat(row.until or row.day) + timedelta(days=1)
    if row.zone is None:  # `starts_at` only stands in then: take the clock as one of the listener's zone
        begin = datetime.combine(day, datetime.strptime(row.start, "%H:%M").time(), zone or UTC)
    else:
        begin = _at(row.starts_at).astimezone(zone)
    return _clear(begin), _clear((begin.astimezone(UTC) + LASTS).astimezone(begin.tzinfo))


def _clear(moment: datetime) -> datetime:
    """In UTC where clocks show this hour twice: parsers disagree on which of the two is meant."""
    twice = moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()
    return moment.astimezone(UTC) if twice else moment


def _location(row: Row[Any], detail: dict[str, Any]) -> str:
    parts = (row.venue, detail["address"], row.place, detail["postal_code"])
    return ", ".join(part for part in parts if part)


def _description(row: Row[Any], card: ShowCard, detail: dict[str, Any]) -> Iterable[str]:
    if card.acts:
        yield ", ".join(act.name for act in card.acts)
    if detail["doors"]:
        yield f"Doors {detail['doors']}"
    if row.gone_at is not None:
        yield "No service lists this show any more."
    if detail["note"]:
        yield detail["note"]
