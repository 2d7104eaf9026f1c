"""Numbers, times and lengths as pages say them. Filters and globals of every template."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from flask import Flask, g

from aggregator.wording import plural
from web.media import sleeves

MINUTE, HOUR, DAY = 60, 3600, 86_400


def teach(app: Flask) -> None:
    filters = (clock, span, window, count, plural, listed, ago, day, iso_day, size, outside)
    app.jinja_env.filters.update({each.__name__: each for each in filters})
    app.jinja_env.globals.update(hue=hue, sleeve_seed=sleeves.seed, year_of=year_of, moment_of=moment_of)


def zone() -> tzinfo | None:
    """The listener's own time zone: that of their place, else the machine's."""
    listener = g.get("listener")
    place = listener.preferences.place if listener else None
    return ZoneInfo(place.zone) if place else None


def local(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(zone())


def moment(at: float) -> str:
    """`Sunday morning`. The small hours belong to the night before them."""
    here = local(at)
    parts = ((5, "night"), (12, "morning"), (18, "afternoon"), (22, "evening"), (24, "night"))
    return f"{here - timedelta(hours=5):%A} {next(word for end, word in parts if here.hour < end)}"


def moment_of(at: float) -> str:
    """`Sunday morning, 5 July 2026`."""
    return f"{moment(at)}, {day(at)}"


def clock(seconds: float | None) -> str:
    """`3:07`, `1:02:03`; nothing for what has no known length."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """`48 minutes`, `1 h 12 min`, for albums and totals."""
    minutes = max(1, round(seconds / MINUTE))
    return plural(minutes, "minute") if minutes < 60 else f"{minutes // 60:,} h {minutes % 60:02} min"


def window(seconds: float) -> str:
    """`a second`, `30 seconds`, `a day`, `30 days`: how long a service counts calls together."""
    for length, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")):
        if seconds >= length and seconds % length == 0:
            times = round(seconds / length)
            return plural(times, word) if times > 1 else f"{'an' if word == 'hour' else 'a'} {word}"
    return f"{seconds:g} seconds"


def count(number: int) -> str:
    return f"{number:,}"


def listed(names: Sequence[str]) -> str:
    """`Spotify, Last.fm and Attic`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def size(octets: int) -> str:
    return f"{octets / 1e6:.1f} MB" if octets >= 1e5 else f"{octets / 1e3:.0f} kB"


def ago(at: float | None, now: float | None = None) -> str:
    """`just now`, `5 minutes ago`, `yesterday`, `3 weeks ago`; the day itself beyond a year. Ahead: `in 2 hours`."""
    if at is None:
        return "never"
    passed = (time.time() if now is None else now) - at
    if passed < 0:
        return f"in {_about(-passed)}" if -passed >= MINUTE else "in a moment"
    if passed < MINUTE:
        return "just now"
    if DAY <= passed < 2 * DAY:
        return "yesterday"
    return day(at) if passed > 365 * DAY else f"{_about(passed)} ago"


def _about(seconds: float) -> str:
    for length, word in ((30 * DAY, "month"), (7 * DAY, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= length:
            return plural(int(seconds // length), word)
    return "a moment"


def day(at: float | None) -> str:
    """`14 March 2026`, in the listener's zone."""
    return f"{(here := local(at)).day} {here:%B %Y}" if at is not None else ""


def iso_day(text: str) -> str:
    """`2026-12-19` as `19 December 2026`: a day as such, in nobody's zone."""
    return f"{(when := date.fromisoformat(text)).day} {when:%B %Y}"


def year_of(at: float | None) -> str:
    return f"{local(at):%Y}" if at is not None else ""


def drawn_from(item: object) -> str:
    """The words that a sleeve is drawn from: a song shares its album's."""
    return next((str(said) for name in ("album_title", "title", "name") if (said := getattr(item, name, None))), "")


def hue(item: object) -> str:
    """The class that colours a page or card after its artwork; that of the drawn sleeve where there is no artwork."""
    found = getattr(item, "hue", None)
    if found is None and getattr(item, "art", None) is None:
        found = sleeves.hue(sleeves.seed(drawn_from(item)))
    return "" if found is None else f"hue-{int(found) % 360 // 10 * 10:03}"


def outside(address: str | None) -> str | None:
    """An address of the web that a service gave; nothing for any other kind, which a link must not lead to."""
    return address if address and address.startswith(("https://", "http://")) else None
