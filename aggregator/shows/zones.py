"""Time zones as calendars carry them (VTIMEZONE): one observance per clock change, nothing to be expanded.

`icalendar` can write these itself, with lists of dates (RDATE); ical.js, Thunderbird's parser, reads those an hour
wrong for some ranges of years. A change with a date of its own is read rightly by every parser that was tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

DAY = timedelta(days=1)


@lru_cache(maxsize=256)
def timezone(name: str, first: date, last: date) -> Timezone:
    """The zone of that IANA name, good for shows from `first` to `last`."""
    zone = ZoneInfo(name)
    begin = datetime.combine(first, time(), UTC)
    component = Timezone()
    component.add("tzid", name)
    component.add_component(_observance(zone, begin, begin))
    for at in _changes(zone, begin, datetime.combine(last + DAY, time(), UTC)):
        component.add_component(_observance(zone, at - timedelta(seconds=1), at))
    return component


def _observance(zone: ZoneInfo, before: datetime, at: datetime) -> TimezoneStandard | TimezoneDaylight:
    """What holds from the instant `at` on; its start is written in the clock that held `before`."""
    old, new = before.astimezone(zone), at.astimezone(zone)
    offset = old.utcoffset() or timedelta()
    observance = TimezoneDaylight() if new.dst() else TimezoneStandard()
    observance.add("dtstart", (at + offset).replace(tzinfo=None))
    observance.add("tzoffsetfrom", offset)
    observance.add("tzoffsetto", new.utcoffset())
    observance.add("tzname", new.tzname())
    return observance


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The instants at which the clocks of the zone change: looked for day by day, then halved to the second."""
    day = begin
    while day < end:
        if _clock(zone, day) != _clock(zone, day + DAY):
            low, high = day, day + DAY
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if _clock(zone, middle) == _clock(zone, low) else (low, middle)
            yield high.replace(microsecond=0)
        day += DAY


def _clock(zone: ZoneInfo, at: datetime) -> tuple[timedelta | None, str | None]:
    local = at.astimezone(zone)
    return local.utcoffset(), local.tzname()
