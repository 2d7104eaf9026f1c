"""Entries of an iCalendar feed (RFC 5545), as odd as venues' websites write them.

Every entry is read for itself: one that makes no sense costs nothing but its own show. Lines are icalendar's to take
apart; dates are kept as the wall clock that the venue means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr
from icalendar.parser import Contentline, Contentlines
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

MOST_REPEATS = 500
"""Of one series that are looked at."""
MOST_LINES = 2000
"""Of one entry."""
ALL_DAY = timedelta(days=1)
LONGEST = timedelta(days=366)
NOWHERE = ("UTC", "GMT", "Etc/UTC", "Etc/GMT", "Zulu", "UCT", "Universal", "Greenwich")
"""What calendars are set to that were never told where they are."""
LONG = timedelta(hours=18)
"""What lasts longer goes on for several days."""

_ESCAPE = re.compile(r"\\([\\;,nN\"])")
_UID = re.compile(r"^UID(?:;[^:\n]*)?:(.*(?:\n[ \t].*)*)", re.M | re.I)
_ZONE = re.compile(r"\bTZID[=:]\"?([^\"\n:;]+)")
_HEAD = re.compile(r"^BEGIN:(?:VEVENT|VTODO|VJOURNAL|VFREEBUSY|VTIMEZONE)", re.M | re.I)
_WANTED = re.compile(
    r"(UID|SUMMARY|DESCRIPTION|LOCATION|URL|GEO|STATUS|CATEGORIES|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE"
    r"|RECURRENCE-ID|SEQUENCE|X-WR-TIMEZONE|X-WR-CALNAME|NAME|TIMEZONE-ID|TZID|X-LIC-LOCATION)[;:]",
    re.I,
)
_LENGTH = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_OFTEN = re.compile(r"FREQ=(SECONDLY|MINUTELY|HOURLY)", re.I)
_UNTIL = re.compile(r"UNTIL=([0-9TZ]+)", re.I)

Fields = dict[str, list[tuple[Mapping[str, str], str]]]
"""By name: (parameters, value) of every line."""


class Odd(ValueError):
    """This entry cannot be read; the message says why."""


@dataclass(frozen=True)
class Moment:
    """A wall clock; `start` None for a whole day. `zone` None: the writer named none that is known."""

    day: date
    start: time | None = None
    zone: ZoneInfo | None = None

    @property
    def wall(self) -> datetime:
        return datetime.combine(self.day, self.start or time())

    def at(self, zone: ZoneInfo | None) -> Moment:
        """The same instant as the clock of a place shows it."""
        if self.start is None or self.zone is None or zone is None or self.zone.key == zone.key:
            return self
        there = self.wall.replace(tzinfo=self.zone).astimezone(zone)
        return Moment(there.date(), there.time().replace(tzinfo=None), zone)


@dataclass(frozen=True)
class Entry:
    """One evening. `key` names it for good; `until` is the last day of what goes on for several."""

    key: str
    fields: Fields
    begins: Moment
    until: date | None = None

    def text(self, name: str) -> str:
        return text(self.fields, name)


@dataclass(frozen=True)
class Head:
    """What a calendar says of itself."""

    name: str
    zone: ZoneInfo | None


def head(feed: str) -> Head:
    """Name and zone; where the feed names one zone alone, it is taken for the zone of everything."""
    found = _HEAD.search(feed)
    fields = fields_of(feed[: found.start()] if found else feed)
    named = zone_of(text(fields, "X-WR-TIMEZONE")) or zone_of(text(fields, "TIMEZONE-ID"))
    zones = {zone.key: zone for name in _ZONE.findall(feed) if (zone := zone_of(name))}
    alone = next(iter(zones.values())) if len(zones) == 1 else None
    if named and named.key in NOWHERE:
        named = None
    return Head(text(fields, "X-WR-CALNAME") or text(fields, "NAME"), named or alone)


def blocks(feed: str) -> Iterator[str]:
    """The lines of each entry without what is nested in it (alarms). One without an end ends where the next begins."""
    lines: list[str] = []
    depth = 0
    for line in feed.split("\n"):
        word = line[:12].upper().rstrip()
        if word == "BEGIN:VEVENT":
            if depth:
                yield "\n".join(lines)
            lines, depth = [], 1
        elif word == "END:VEVENT" and depth:
            yield "\n".join(lines)
            depth = 0
        elif depth:
            depth += (word[:6] == "BEGIN:") - (word[:4] == "END:" and depth > 1)
            if depth == 1 and len(lines) < MOST_LINES:
                lines.append(line)


def fields_of(block: str) -> Fields:
    found: Fields = {}
    for line in Contentlines.from_ical(block):
        if _WANTED.match(line):
            try:
                name, parameters, value = Contentline(line).parts()
            except ValueError:  # the line makes no sense; the others may
                continue
            found.setdefault(name.upper(), []).append(({key.upper(): str(v) for key, v in parameters.items()}, value))
    return found


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda said: "\n" if said[1] in "nN" else said[1], value)


def uid_of(block: str) -> str:
    """The same as the text of UID, without reading the whole entry."""
    found = _UID.search(block)
    return _unescaped(re.sub(r"\n[ \t]", "", found[1])).strip() if found else ""


def text(fields: Fields, name: str) -> str:
    return _unescaped(fields[name][0][1]).strip() if name in fields else ""


def zone_of(name: str) -> ZoneInfo | None:
    """By IANA name, Windows' name, or with something in front of it (``/mozilla.org/20070129_1/Europe/Berlin``)."""
    parts = name.strip().strip('"').replace(" ", "_").split("/")
    known = WINDOWS_TO_OLSON.get(name.strip().strip('"'))
    for candidate in (known, *("/".join(parts[-count:]) for count in (3, 2, 1))):
        try:
            if candidate and candidate[0].isalpha():
                return ZoneInfo(candidate)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


# --- one entry and its evenings ---------------------------------------------------------------------------------------


def key_of(fields: Fields, begins: Moment, shared: frozenset[str]) -> str:
    """The UID; with the day where several entries share one, or where there is none."""
    uid = text(fields, "UID")
    if uid and uid not in shared:
        return uid[:900]
    return f"{(uid or text(fields, 'SUMMARY'))[:900]} {begins.wall.isoformat(timespec='minutes')}"


def begins(fields: Fields, usual: ZoneInfo | None) -> Moment:
    """Raises `Odd` where no day is told."""
    for name in ("DTSTART", "RECURRENCE-ID"):
        if name in fields:
            parameters, value = fields[name][0]
            return moment(value, parameters, usual)
    raise Odd("it has no date")


def moment(value: str, parameters: Mapping[str, str], usual: ZoneInfo | None) -> Moment:
    """Of a DATE or a DATE-TIME; without a zone that is known it is the venue's own clock."""
    try:
        if len(value.strip()) <= 10 and "T" not in value.upper():
            return Moment(date.fromisoformat(value.strip()))
        said = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        raise Odd(f"its date is not understood: {value[:60]}") from None
    if said.tzinfo is not None:
        there = said.astimezone(usual or UTC)
        return Moment(there.date(), _minutes(there), usual or ZoneInfo("UTC"))
    return Moment(said.date(), _minutes(said), zone_of(parameters.get("TZID", "")) or usual)


def _minutes(said: datetime) -> time:
    return said.time().replace(second=0, microsecond=0, tzinfo=None)


def lasting(fields: Fields, start: Moment, usual: ZoneInfo | None) -> timedelta:
    """From the beginning to the end; nothing where no end is told, or one before the beginning."""
    if "DTEND" in fields:
        parameters, value = fields["DTEND"][0]
        end = moment(value, parameters, usual)
        return min(max(timedelta(), end.at(start.zone).wall - start.wall), LONGEST)
    said = _LENGTH.fullmatch(text(fields, "DURATION"))
    if not said or said[1] == "-":
        return timedelta()
    weeks, days, hours, minutes, seconds = (int((said[n] or "0")[:5]) for n in range(2, 7))
    return min(timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds), LONGEST)


def last_day(start: Moment, length: timedelta) -> date | None:
    """Of what goes on for several days. The end of a whole day is the next midnight."""
    if start.start is None or (start.start == time() and length >= ALL_DAY and length % ALL_DAY == timedelta()):
        until = start.day + max(timedelta(), length - ALL_DAY)
    else:
        until = (start.wall + length).date() if length >= LONG else start.day
    return until if until > start.day else None


def repeats(fields: Fields, start: Moment, since: date, until: date) -> Iterable[Moment]:
    """The dates of a series within a span of days. Raises `Odd` for a rule that makes no sense for concerts."""
    left_out = {_as(start, m).wall for m in _listed(fields, "EXDATE", start)}
    found = {_as(start, each).wall for each in _listed(fields, "RDATE", start)}
    if "RRULE" in fields:
        found |= set(_ruled(fields["RRULE"][0][1], start, since, until))
    found = found | {start.wall}
    for wall in sorted(found - left_out):
        if since <= wall.date() <= until:
            yield Moment(wall.date(), None if start.start is None else wall.time(), start.zone)


def _ruled(rule: str, start: Moment, since: date, until: date) -> Iterator[datetime]:
    if _OFTEN.search(rule):
        raise Odd("it repeats more than once a day")
    if said := _UNTIL.search(rule):
        end = _as(start, moment(said[1], {}, start.zone))
        last = min(end.wall if end.start else datetime.combine(end.day, time.max), datetime.combine(until, time.max))
        rule = _UNTIL.sub(f"UNTIL={last:%Y%m%dT%H%M%S}", rule)
    elif "COUNT=" not in rule.upper():
        rule = f"{rule.rstrip(';')};UNTIL={until:%Y%m%d}T235959"
    try:
        dates = rrulestr(f"RRULE:{rule.removeprefix('RRULE:')}", dtstart=start.wall, ignoretz=True)
        yield from islice(dates.xafter(datetime.combine(since, time()), inc=True), MOST_REPEATS)
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise Odd(f"its rule of repeating is not understood ({error})") from None


def _listed(fields: Fields, name: str, start: Moment) -> Iterator[Moment]:
    for parameters, value in fields.get(name, ()):
        for each in value.split(","):
            try:
                yield moment(each.partition("/")[0], parameters, start.zone)
            except Odd:
                continue


def _as(start: Moment, other: Moment) -> Moment:
    """In the series' own clock; where only the day is told, at its hour."""
    there = other.at(start.zone)
    return Moment(there.day, start.start, start.zone) if there.start is None or start.start is None else there
