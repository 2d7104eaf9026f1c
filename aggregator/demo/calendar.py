"""Sample calendars of small halls, one iCalendar feed each, as odd as venues' websites write them.

Two of the halls bring trouble once they have been read, or to a reader who names the mark of that version: the calendar
of one has become empty, as after a new website; the server of the other is down.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from werkzeug.http import http_date
from werkzeug.wrappers import Response

from aggregator.demo import service
from aggregator.demo.gigs import HALLS, VENUES, Gig, Venue
from aggregator.demo.service import Service, request
from aggregator.demo.world import World, build

TROUBLED = EMPTIED, DOWN = "pigeon-room", "kettle-bell"
FOLD = 74
"""Octets of a line, at most, without the blank it begins with."""
LENGTH = timedelta(hours=3)


class Calendar(Service):
    name = "calendar"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.read: set[str] = set()
        self.route("/<hall>.ics", self.feed)
        self.route("/moved/<hall>.ics", self.moved)

    def refusal(self, status: int, code: int = 0) -> Response:  # noqa: ARG002 - a web server has no codes
        return Response(service.HTML, status, content_type="text/html; charset=utf-8")

    def feed(self, hall: str) -> Response:
        if hall not in VENUES:
            return self.refusal(404)
        known = hall in self.read or "If-None-Match" in request.headers
        self.read |= {hall} & set(TROUBLED)
        if hall == DOWN and known:
            return self.refusal(503)
        listed = [] if hall == EMPTIED and known else self.world.calendar(hall)
        shown, _ = self.window(listed, 0, 10_000)
        body = write(VENUES[hall], shown, self.world.now)
        answer = Response(body, content_type="text/calendar; charset=utf-8")
        answer.set_etag(hashlib.sha256(body).hexdigest()[:20])
        answer.headers["Last-Modified"] = http_date(self.world.now)
        return answer.make_conditional(request.environ)

    def _switch(self) -> Response:
        """A switch turns the story back, too."""
        self.read.clear()
        return super()._switch()

    def moved(self, hall: str) -> Response:
        return Response(status=301, headers={"Location": f"{self.base}/{hall}.ics"})


def write(venue: Venue, gigs: Sequence[Gig], now: int) -> bytes:
    """The hall's calendar, in its own style."""
    style = _STYLES[HALLS.index(venue.slug) % len(_STYLES) if venue.slug in HALLS else 0]
    lines = [*_head(venue, style), *(line for gig in gigs for line in _entry(gig, style, now))]
    if gigs:
        lines += _no_concerts(style, now)
    feed = style.newline.join(folded for line in (*lines, "END:VCALENDAR", "") for folded in _fold(line))
    return (b"\xef\xbb\xbf" if style.mark else b"") + feed.encode()


@dataclass(frozen=True)
class _Style:
    """How one website writes. `mark`: a byte order mark; `utc`: hours in UTC, with the zone at the top alone."""

    newline: str
    zone: str
    mark: bool = False
    utc: bool = False
    uids: bool = True


_STYLES = (
    _Style("\r\n", "Central Standard Time"),
    _Style("\n", "America/Chicago", mark=True, utc=True),
    _Style("\r\n", "/mozilla.org/20070129_1/America/Chicago", uids=False),
)


def _head(venue: Venue, style: _Style) -> list[str]:
    zone = [f"X-WR-TIMEZONE:{style.zone}"] if style.utc else []
    return ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//A hall//EN", f"X-WR-CALNAME:{_text(venue.name)}", *zone]


def _entry(gig: Gig, style: _Style, now: int) -> list[str]:
    bill = [f"DESCRIPTION:{_text(_about(gig))}", f"URL:https://{gig.venue.slug}.example/{gig.event}"]
    uid = [f"UID:{gig.event}@{gig.venue.slug}.example"] if style.uids else []
    state = ["STATUS:CANCELLED"] if gig.status == "cancelled" else []
    where = [f"LOCATION:{_text(_address(gig.venue))}", f"GEO:{gig.venue.latitude};{gig.venue.longitude}"]
    stamp = [f"DTSTAMP:{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"] if style.uids else []
    said = [*uid, *stamp, *_times(gig, style), f"SUMMARY:{_text(title(gig))}", *where, *bill, *state]
    return ["BEGIN:VEVENT", *said, "END:VEVENT"]


def _times(gig: Gig, style: _Style) -> list[str]:
    """A whole day where the hour is not known."""
    if gig.start is None:
        return [f"DTSTART;VALUE=DATE:{gig.day:%Y%m%d}", f"DTEND;VALUE=DATE:{gig.day + timedelta(days=1):%Y%m%d}"]
    begins = datetime.combine(gig.day, gig.start, gig.zone)
    if style.utc:
        return [f"DTSTART:{begins.astimezone(UTC):%Y%m%dT%H%M%SZ}", "DURATION:PT3H"]
    both = (("DTSTART", begins), ("DTEND", begins + LENGTH))
    return [f"{name};TZID={style.zone}:{moment:%Y%m%dT%H%M%S}" for name, moment in both]


def title(gig: Gig) -> str:
    """As the hall writes it: each in a way of its own."""
    if len(gig.lineup) == 1:
        return gig.title
    first, second = (act.name for act in gig.lineup[:2])
    phrases = (f"{first} w/ {second}", f"{first} + {second}", f"An evening with {first} (support: {second})")
    joined = HALLS.index(gig.venue.slug) if gig.venue.slug in HALLS else 0
    return phrases[0 if second.startswith("The ") and joined == 1 else joined]  # "+ The" may be part of a name


def _about(gig: Gig) -> str:
    names = " and ".join(act.name for act in gig.lineup)
    doors = f"Doors {(gig.start.hour - 1) % 12}pm. " if gig.start and gig.start.hour > 12 else ""
    return f"<p>{doors}{names} in our <b>back room</b>.</p>\nBring &amp; share."


def _address(venue: Venue) -> str:
    return f"{venue.name}, {venue.address}, {venue.city}, {venue.state[0]} {venue.postal}, USA"


def _no_concerts(style: _Style, now: int) -> list[str]:
    """A quiz every Monday, and a wedding."""
    first = date.fromordinal(datetime.fromtimestamp(now, UTC).date().toordinal() // 7 * 7 + 1)
    zone = f";TZID={style.zone}" if not style.utc else ""
    return [
        "BEGIN:VEVENT", "UID:quiz", f"DTSTART{zone}:{first:%Y%m%d}T190000", "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "SUMMARY:Pub quiz", "BEGIN:VALARM", "ACTION:DISPLAY", "SUMMARY:Bring pens", "END:VALARM", "END:VEVENT",
        "BEGIN:VEVENT", "UID:wedding", f"DTSTART;VALUE=DATE:{first + timedelta(days=12):%Y%m%d}",
        "SUMMARY:Closed (private event)", "END:VEVENT",
    ]  # fmt: skip


def _text(words: str) -> str:
    return words.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;").replace("\n", "\\n")


def _fold(line: str) -> list[str]:
    """Long lines go on in the next one, after a blank. Cut between letters, never inside one."""
    parts, part = [], ""
    for letter in line:
        if len((part + letter).encode()) > FOLD:
            parts.append(part)
            part = ""
        part += letter
    return [part if number == 0 else f" {part}" for number, part in enumerate((*parts, part))]


if __name__ == "__main__":
    options = service.arguments(__doc__).parse_args()
    service.serve(Calendar(build(options.now or int(time.time()), options.since, options.scale)), options)
