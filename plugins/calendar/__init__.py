"""Calendar feeds: the shows of a venue that gives out an iCalendar address. Needs no key.

The feed is asked for as it is, with the marks of the last answer, so that a venue whose calendar has not changed sends
nothing. It is read with suspicion: any address, any size, any text.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import requests

from aggregator.plugin import (
    Area,
    Artist,
    AuthFailed,
    BadData,
    Complete,
    Field,
    Limit,
    Progress,
    Provider,
    ProviderError,
    RateLimited,
    Show,
    Shows,
    Skipped,
    Tickets,
    Unavailable,
    Unchanged,
    Venue,
    why,
)

from . import entries
from .entries import Entry, Fields, Head, Moment, Odd
from .lineup import lineup

__all__ = ["Calendar"]

MOST_BYTES = 5 * 1024 * 1024
NO_CONCERT = "closed, private event, private hire, quiz, trivia, bingo, karaoke, open mic"
LONGEST_NOTE = 500
LONGEST_PLACE = 300
LONGEST = 10_000
"""Letters of any other text that are looked at."""
READING = 1
"""Raised whenever entries are read in another way, so that calendars which have not changed are read once more."""
AREAS = 8
"""Whose last answers are remembered: one for each area that listeners want."""

Status = Literal["scheduled", "cancelled", "postponed", "rescheduled"]
_STATUS: tuple[tuple[re.Pattern[str], Status], ...] = (
    (re.compile(r"^\W*(cancell?ed|abgesagt|annul[ée]e?|afgelast|cancelad[oa])\b", re.I), "cancelled"),
    (re.compile(r"^\W*(postponed|verschoben|report[ée]e?|uitgesteld|aplazad[oa])\b", re.I), "postponed"),
    (re.compile(r"^\W*(rescheduled|new date|moved)\b", re.I), "rescheduled"),
)
_SOLD_OUT = re.compile(r"\b(sold[\s-]*out|ausverkauft|complet|uitverkocht|agotad[oa]s?)\b", re.I)
_BILL = re.compile(r"\s\+\s|\bw/")
_FESTIVAL = re.compile(r"\bfest(?:ival|s)?\b", re.I)
_DOORS = re.compile(r"\b(?:doors|einlass)\b[^\d\n]{0,20}?(\d{1,2})(?:[:.](\d\d))?\s*([ap])?\.?m?\b", re.I)
_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
_TAG = re.compile(r"<(?:br|/p|/div|/li)\b[^>]*>", re.I), re.compile(r"<[^>]{0,2000}>")
_TOWN = re.compile(r"([^,\d][^,]*),\s*([A-Z]{2})\s+\d{5}\b")
_POSTAL = re.compile(r"\b\d{5}(?:-\d{4})?\b")

Json = dict[str, Any]


class Calendar(Provider, Shows):
    id = "calendar"
    name = "Calendar feed"
    about = "The shows of any venue that gives out a calendar (iCal) address."
    household = True
    public_only = True
    limits = (Limit(calls=10, seconds=60),)
    deadline = timedelta(minutes=5)

    class Settings(Provider.Settings):
        address: str = Field(
            title="Address",
            min_length=1,
            description="Of the calendar, as the venue gives it out: it begins with webcal:// or https://.",
        )
        venue: str = Field(default="", title="Venue", description="Where the shows are, if the calendar does not say.")
        city: str = Field(default="", title="City", description="Of the venue.")
        postal_code: str = Field(default="", title="Postal code", description="Of the venue.")
        zone: str = Field(
            default="",
            title="Time zone",
            description="Of the venue, such as America/Chicago, if its hours come out wrong.",
        )
        without: str = Field(
            default=NO_CONCERT,
            title="No concerts",
            description="Words, parted by commas: an entry with one of them is left out.",
        )
        latitude: float | None = Field(
            default=None, ge=-90, le=90, title="Latitude", json_schema_extra={"advanced": True}
        )
        longitude: float | None = Field(
            default=None, ge=-180, le=180, title="Longitude", json_schema_extra={"advanced": True}
        )

    def shows(
        self,
        artists: Sequence[Artist],  # noqa: ARG002
        area: Area,
    ) -> Iterator[Show | Skipped | Unchanged | Progress | Complete]:
        """What the calendar holds from today on; past evenings leave it by themselves."""
        memory = Memory(self, area)
        answer = _ask(self, memory.marks())
        if answer is None:
            yield from memory.unchanged()
            return
        reader = Reader(self.settings, area, answer.text)
        for number, found in enumerate(reader.found()):
            if number % 200 == 0:
                yield Progress(done=number, doing="Shows")
            memory.add(found)
            yield found
        if reader.left_out:
            self.log.info("%d entries are no concerts, by the words in the settings.", reader.left_out)
        if not answer.whole:
            raise BadData("Only half of the calendar came.")
        memory.keep(answer, reader.next_beyond)


# --- asking -----------------------------------------------------------------------------------------------------------


class Answer:
    """A feed and the marks by which its server knows this version of it."""

    def __init__(self, body: bytes, headers: Any) -> None:
        self.text = _decoded(body).replace("\r\n", "\n").replace("\r", "\n")
        self.marks = {name: headers[name] for name in ("ETag", "Last-Modified") if headers.get(name)}
        self.whole = self.text.rstrip("\0\n\t ").upper().endswith("END:VCALENDAR")


class Memory:
    """What the last answer held for an area, in `Provider.state`, as long as the settings and the days are the same."""

    def __init__(self, provider: Provider, area: Area) -> None:
        self._state = provider.state
        self._area = area
        said = [READING, provider.settings.model_dump(mode="json"), area.latitude, area.longitude, area.radius_km]
        self._key = "feed " + hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
        self._shows: dict[str, str] = {}
        self._skipped = False

    def marks(self) -> dict[str, str]:
        """Headers that ask for the feed only if it has changed."""
        kept = self._state.get(self._key) or {}
        if not kept or (kept["beyond"] and self._area.until.isoformat() >= kept["beyond"]):
            return {}  # nothing is known, or an evening that was too far ahead has come within reach
        names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
        return {names[name]: value for name, value in kept["marks"].items()}

    def unchanged(self) -> Iterator[Unchanged]:
        today = self._area.since.isoformat()
        coming = [name for name, last_day in self._state[self._key]["shows"].items() if last_day >= today]
        if coming:
            yield Unchanged(of="show", ids=coming)

    def add(self, found: Show | Skipped) -> None:
        if isinstance(found, Show):
            self._shows[found.id] = (found.until or found.day).isoformat()
        else:
            self._skipped = True

    def keep(self, answer: Answer, beyond: date | None) -> None:
        """Where something was skipped, the feed is read again: the listener is to hear of it each time."""
        for old in [name for name in self._state if name.startswith("feed ") and name != self._key][AREAS - 1 :]:
            del self._state[old]
        if answer.marks and not self._skipped:
            told = beyond.isoformat() if beyond else ""
            self._state[self._key] = {"marks": answer.marks, "shows": self._shows, "beyond": told}
        else:
            self._state.pop(self._key, None)


def _ask(provider: Provider, marks: dict[str, str]) -> Answer | None:
    """The feed; None where it has not changed. Raises the errors of the contract."""
    url = _address(provider.settings.address)
    host = urlsplit(url).hostname
    try:
        got = provider.http.session.get(url, headers={"Accept": "text/calendar, */*;q=0.1", **marks})
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        raise BadData(f"{host} sent only half of the calendar.") from None
    except requests.RequestException as error:
        raise Unavailable(f"{host} cannot be reached ({type(error).__name__}).") from None
    if got.status_code == 304 and marks:
        return None
    if got.status_code != 200:
        raise _refusal(got, host)
    if len(got.content) > MOST_BYTES:
        raise BadData(f"The calendar of {host} is larger than {MOST_BYTES // 1024**2} MB.")
    answer = Answer(got.content, got.headers)
    if "BEGIN:VCALENDAR" not in answer.text[:10_000].upper():
        raise BadData(f"What {host} sends is no calendar. Check the address in the settings.")
    return answer


def _address(said: str) -> str:
    """With https in place of webcal. Raises `AuthFailed` for what is no such address."""
    parts = urlsplit(said.strip())
    scheme = {"webcal": "https", "webcals": "https"}.get(parts.scheme.lower(), parts.scheme.lower())
    if scheme not in ("https", "http") or not parts.hostname:
        raise AuthFailed("The calendar's address must begin with https:// or webcal://. Check it in the settings.")
    return urlunsplit(parts._replace(scheme=scheme))


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", errors="replace")


def _refusal(got: requests.Response, host: str | None) -> ProviderError:
    status = got.status_code
    if status in (401, 403, 410):
        return AuthFailed(f"{host} no longer gives out this calendar (status {status}). Check the address.")
    if status == 429:
        asked = got.headers.get("Retry-After", "")
        return RateLimited(f"{host} asks for fewer questions.", float(asked) if asked.isdigit() else 3600.0)
    if status == 404:
        return Unavailable(f"{host} has no calendar at this address just now (status 404).")
    if status >= 500:
        return Unavailable(f"{host} has trouble of its own (status {status}).")
    return BadData(f"{host} did not understand the question (status {status}).")


# --- shows ------------------------------------------------------------------------------------------------------------


class Reader:
    """The shows of a feed within an area. `left_out`: how many entries are no concerts; `next_beyond`: the first day
    after the area's last one that has something on."""

    def __init__(self, settings: Any, area: Area, feed: str) -> None:
        self._settings = settings
        self._area = area
        self._feed = feed
        self._head = entries.head(feed)
        self._zone = _zone(settings.zone) or self._head.zone
        words = (re.escape(word.strip()) for word in settings.without.split(",") if word.strip())
        self._no_concert = re.compile(rf"(?<!\w)(?:{'|'.join(words) or '(?!)'})(?!\w)", re.I)
        self.left_out = 0
        self.next_beyond: date | None = None

    def found(self) -> Iterator[Show | Skipped]:
        self._shared, self._moved = self._known_names()
        told = set[str]()
        for block in entries.blocks(self._feed):
            fields = entries.fields_of(block)
            try:
                shows = [self._listed(entry) for entry in self._evenings(fields) if entry.key not in told]
            except (Odd, ValueError) as error:
                yield _skipped(fields, why(error))
                continue
            coming = [show for show in shows if show and self._area.holds(show)]
            told.update(show.id for show in coming)
            yield from coming

    def _known_names(self) -> tuple[frozenset[str], dict[str, set[str]]]:
        """UIDs that several entries share, and by series the dates that have an entry of their own."""
        uids = Counter[str]()
        moved: dict[str, set[str]] = {}
        for block in entries.blocks(self._feed):
            if "RECURRENCE-ID" in block:
                fields = entries.fields_of(block)
                moved.setdefault(entries.text(fields, "UID"), set()).add(self._original(fields))
            else:
                uids[entries.uid_of(block)] += 1
        return frozenset(uid for uid, count in uids.items() if count > 1), moved

    def _original(self, fields: Fields) -> str:
        """The day, or the moment, that an entry of a series stands for."""
        try:
            parameters, value = fields["RECURRENCE-ID"][0]
            return entries.moment(value, parameters, self._zone).wall.isoformat()
        except (KeyError, Odd):
            return ""

    def _evenings(self, fields: Fields) -> Iterator[Entry]:
        uid = entries.text(fields, "UID")
        begins = entries.begins(fields, self._zone)
        length = entries.lasting(fields, begins, self._zone)
        if "RECURRENCE-ID" in fields:
            yield Entry(f"{uid[:900]} {self._original(fields)}", fields, begins, entries.last_day(begins, length))
        elif "RRULE" in fields or "RDATE" in fields:
            since, until = self._area.since - length, self._area.until + timedelta(days=366)
            for each in entries.repeats(fields, begins, since, until):
                if self._moved.get(uid, set()).isdisjoint((each.wall.isoformat(), f"{each.day}T00:00:00")):
                    key = f"{(uid or entries.text(fields, 'SUMMARY'))[:900]} {each.wall.isoformat()}"
                    yield Entry(key, fields, each, entries.last_day(each, length))
        else:
            key = entries.key_of(fields, begins, self._shared)
            yield Entry(key, fields, begins, entries.last_day(begins, length))

    def _listed(self, entry: Entry) -> Show | None:
        """None for what is past, too far ahead, or no concert."""
        day = entry.begins.at(self._zone).day
        if (entry.until or day) < self._area.since:
            return None
        if self._no_concert.search(f"{entry.text('SUMMARY')[:LONGEST]} {entry.text('CATEGORIES')[:LONGEST]}"):
            self.left_out += 1
            return None
        if day > self._area.until:
            self.next_beyond = min(day, self.next_beyond or day)
            return None
        return _show(entry, self._settings, self._head, self._zone)


def _zone(name: str) -> ZoneInfo | None:
    """Raises `AuthFailed` for a name that is no zone."""
    if name and entries.zone_of(name) is None:
        raise AuthFailed(f"{name} is no time zone that is known; a name looks like America/Chicago.")
    return entries.zone_of(name) if name else None


def _skipped(fields: Fields, reason: str) -> Skipped:
    title = entries.text(fields, "SUMMARY") or "An entry without a title"
    name = entries.text(fields, "UID") or title
    return Skipped(of="show", id=name, reason=reason.splitlines()[0][:200], name=title[:200])


def _show(entry: Entry, settings: Any, head: Head, zone: ZoneInfo | None) -> Show:
    title = " ".join(entry.text("SUMMARY")[:LONGEST].split())
    if not title:
        raise Odd("it has no title")
    about = _plain(entry.text("DESCRIPTION")[:LONGEST])
    begins = entry.begins.at(zone)
    if begins.start and begins.zone and begins.zone.key == "UTC":  # the venue's own clock is not known
        about = f"The calendar says {begins.start:%H:%M} UTC. {about}"
        begins = Moment(begins.day)
    venue = _venue(entry, settings, head, begins.zone or zone)
    festival = entry.until is not None or bool(_FESTIVAL.search(title))
    link = next(iter(_LINK.findall(entry.text("URL")[:LONGEST]) or _LINK.findall(about)), None)
    return Show(
        id=entry.key,
        title=title,
        day=begins.day,
        start=begins.start,
        doors=_doors(about, begins.start),
        until=entry.until,
        venue=venue,
        lineup=[] if festival and not _BILL.search(title) else lineup(title, venue.name),
        status=_status(entry.text("STATUS"), title),
        festival=festival,
        tickets=Tickets(url=link, state="sold out") if _SOLD_OUT.search(title) else None,
        url=link,
        note=about.strip()[:LONGEST_NOTE] or None,
    )


def _status(said: str, title: str) -> Status:
    if said.upper() == "CANCELLED":
        return "cancelled"
    return next((status for words, status in _STATUS if words.search(title)), "scheduled")


def _plain(text: str) -> str:
    """Without the markup that websites leave in."""
    line, any_tag = _TAG
    bare = html.unescape(any_tag.sub("", line.sub("\n", text))) if "<" in text or "&" in text else text
    return "\n".join(filter(None, (" ".join(part.split()) for part in bare.splitlines())))


def _doors(about: str, start: time | None) -> time | None:
    """When the doors open, if that is before the show begins. Without am or pm it is the evening."""
    said = _DOORS.search(about)
    if not said or start is None:
        return None
    hour, minute, half = int(said[1]), int(said[2] or 0), (said[3] or "").lower()
    if hour < 12 and (half == "p" or (not half and not said[2])):
        hour += 12
    opens = time(hour % 24, minute) if hour <= 24 and minute < 60 else None
    return opens if opens and opens <= start else None


def _venue(entry: Entry, settings: Any, head: Head, zone: ZoneInfo | None) -> Venue:
    """Where the entry says; what it leaves out is the settings' venue, and the last resort the calendar's name."""
    where = " ".join(_plain(entry.text("LOCATION")[:LONGEST_PLACE]).split())
    where = "" if _LINK.match(where) else where
    name, _, rest = (part.strip() for part in where.partition(","))
    street_first = name[:1].isdigit()
    at_home = not where or (bool(settings.venue) and (settings.venue.casefold() in where.casefold() or street_first))
    town, codes = _TOWN.search(where), _POSTAL.findall(where if street_first else rest)
    usual = {name: getattr(settings, name) or None for name in ("city", "postal_code", "latitude", "longitude")}
    told: Json = {"postal_code": codes[-1]} if codes else {}
    told |= {"city": town[1].strip(), "region": town[2]} if town else {}
    told |= _spot(entry.text("GEO"))
    return Venue(
        name=(settings.venue if at_home else name) or head.name or "Venue not told",
        address=(where if at_home and street_first else rest) or None,
        zone=zone.key if zone else None,
        **((usual if at_home else {}) | told),
    )


def _spot(geo: str) -> dict[str, float]:
    try:
        latitude, longitude = (float(part) for part in geo.replace(",", ";").split(";"))
    except ValueError:
        return {}
    known = (latitude or longitude) and -90 <= latitude <= 90 and -180 <= longitude <= 180
    return {"latitude": latitude, "longitude": longitude} if known else {}
