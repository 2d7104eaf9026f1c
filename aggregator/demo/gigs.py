"""Concerts around Chicago that a ticket seller lists, week by week, with all the mess such listings have.

What is on in a week depends on the week alone; the listing reaches from the week before now to twelve weeks ahead.
Nothing is on yesterday, today or tomorrow, so that counts do not depend on the hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from math import asin, cos, radians, sin, sqrt
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from aggregator.demo.catalogue import ARTISTS, Artist
from aggregator.demo.neighbours import NEIGHBOURS

WEEKS = 12
CENTRE = (41.9209, -87.7043)
"""Of zip 60647."""
Status = Literal["onsale", "offsale", "cancelled", "rescheduled", "postponed"]


@dataclass(frozen=True)
class Venue:
    slug: str
    name: str
    address: str
    city: str
    state: tuple[str, str]
    postal: str
    latitude: float
    longitude: float
    zone: str = "America/Chicago"
    says_zone: bool = True
    """Whether the listing names the zone."""

    @property
    def miles(self) -> float:
        """From the middle of Robin's zip, along the earth's surface."""
        a, b = radians(CENTRE[0]), radians(self.latitude)
        east = radians(self.longitude - CENTRE[1])
        return 3958.8 * 2 * asin(sqrt(sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(east / 2) ** 2))


@dataclass(frozen=True)
class Gig:
    """One entry of the listing. Entries with the same `event` are one evening."""

    id: str
    event: str
    title: str
    day: date
    start: time | None
    venue: Venue
    lineup: tuple[Artist, ...]
    """Headliner first."""
    names_lineup: bool = True
    """Whether the acts are listed by name and id, or only in the title."""
    knows_ids: bool = True
    """Whether the acts' MusicBrainz ids are linked."""
    status: Status = "onsale"
    seller: Literal["ticketmaster", "tmr", "universe", "frontgate"] = "ticketmaster"
    prices: tuple[float, float] | None = None
    until: date | None = None
    test: bool = False
    music: bool = True
    says_zone: bool = True

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.venue.zone)

    @property
    def instant(self) -> datetime:
        """Start in UTC; midnight at the venue where the hour is not known."""
        return datetime.combine(self.day, self.start or time(), self.zone).astimezone(UTC)


_IL, _WI, _NY = ("IL", "Illinois"), ("WI", "Wisconsin"), ("NY", "New York")
VENUES = {
    venue.slug: venue
    for venue in (
        Venue("velvet-turnstile", "The Velvet Turnstile", "12 Turnstile Row", "Chicago", _IL, "60647", 41.924, -87.7),
        Venue("cinder-hall", "Cinder Hall", "301 Cinder Street", "Chicago", _IL, "60622", 41.9012, -87.6771),
        Venue("pigeon-room", "Pigeon Room", "7 Loft Lane", "Chicago", _IL, "60618", 41.9463, -87.7020, says_zone=False),
        Venue("bandshell", "Lakeshore Bandshell", "1 Breakwater Path", "Chicago", _IL, "60605", 41.8664, -87.6167),
        Venue("ropeworks", "The Old Ropeworks", "88 Hawser Way", "Evanston", _IL, "60201", 42.0455, -87.6877),
        Venue("kettle-bell", "Kettle & Bell", "45 Lantern Row", "Oak Park", _IL, "60302", 41.8947, -87.7890),
        Venue("coopers-loft", "Cooper's Loft", "9 Stave Street", "Milwaukee", _WI, "53202", 43.0506, -87.8967),
        Venue("tugboat", "The Tugboat Ballroom", "500 Pier Nine", "New York", _NY, "10014", 40.7347, -74.0055,
              "America/New_York"),
    )
}  # fmt: skip
HALLS = ("velvet-turnstile", "pigeon-room", "kettle-bell")
"""Venues that give out a calendar."""
LATE = "-late"
"""Ends the event of what is entered again for two hours later: a second show, or the first one put off?"""
_MINE = (
    "paper-lighthouses", "mudlark-telephone", "quiet-arithmetic", "senor-tectonico", "marrow-quince",
    "understudy-astronauts", "zwolfuhrbahn", "kohai-marimba-club", "dj-kettlewire", "yrsa-vindmyll",
)  # fmt: skip
_BY_NAME = ("kohai-marimba-club", "quiet-arithmetic")
"""Acts that play small halls midweek."""
_LOCALS = tuple(
    Artist(f"local-{number}", name, ("folk",), number * 50)
    for number, name in enumerate(
        ("Radiator Hymns", "Cousin Ferry", "The Half-Price Hats", "Lost & Found Choir", "Two Left Gloves",
         "Basement Almanac", "Ines Without Piano")
    )
)  # fmt: skip
"""Bands that no service has heard of."""
_NEAR = tuple(venue for venue in VENUES.values() if venue.miles < 30)
_OTHERS = tuple(NEIGHBOURS.values())


def programme(now: int) -> list[Gig]:
    """The listing as seen at `now` (seconds since 1970), by date."""
    today = datetime.fromtimestamp(now, UTC).date()
    this_week = (today.toordinal() - 1) // 7
    found = [gig for week in range(this_week - 1, this_week + WEEKS) for gig in _week(week)]
    return sorted((gig for gig in found if abs((gig.day - today).days) > 1), key=lambda gig: (gig.day, gig.id))


def nights(now: int) -> list[Gig]:
    """What small halls put on beyond what a ticket seller knows: neighbours' bands on Tuesdays, by name alone."""
    today = datetime.fromtimestamp(now, UTC).date()
    this_week = (today.toordinal() - 1) // 7
    found = [_night(week, VENUES[slug]) for week in range(this_week, this_week + WEEKS) for slug in HALLS]
    return [gig for gig in found if abs((gig.day - today).days) > 1]


def _night(week: int, venue: Venue) -> Gig:
    tuesday, turn = date.fromordinal(week * 7 + 2), week + HALLS.index(venue.slug)
    first, second = (_LOCALS[(turn * 2 + n) % len(_LOCALS)] for n in (0, 1))
    gig = _gig(tuesday, None if turn % 4 == 2 else time(20, 0), 0, first, second, venue=venue)
    status: Status = "cancelled" if turn % 5 == 3 else "onsale"
    return replace(gig, names_lineup=False, knows_ids=False, prices=None, status=status)


def many(now: int, count: int) -> list[Gig]:
    """Any number of further concerts, for listings that must be long: ten an evening from the second day on."""
    first = datetime.fromtimestamp(now, UTC).date() + timedelta(days=2)
    return [_further(number, first + timedelta(days=number // 10)) for number in range(count)]


def _further(number: int, day: date) -> Gig:
    artist = Artist(f"count-{number}", f"Tally Stick {number}", ("counting",), number % 360)
    key = f"tally-{day}-{number}"
    return Gig(f"vvT{number:09d}", key, artist.name, day, time(20, 0), _NEAR[number % len(_NEAR)], (artist,))


def _week(week: int) -> Iterator[Gig]:
    """Monday to Sunday. Which mess a week holds is its number's remainder."""
    monday = date.fromordinal(week * 7 + 1)
    wednesday, thursday, friday, saturday, sunday = (monday + timedelta(days=n) for n in (2, 3, 4, 5, 6))
    mine, other = ARTISTS[_MINE[week % len(_MINE)]], _OTHERS[week * 5 % len(_OTHERS)]
    support, next_one = _OTHERS[(week * 5 + 1) % len(_OTHERS)], ARTISTS[_MINE[(week + 3) % len(_MINE)]]
    weekend = _with_status(_gig(friday, time(20, 30), week, mine, support), week)
    yield weekend
    if week % 3 == 0:
        yield _resale(weekend)
    if week % 6 == 1:
        yield replace(weekend, id=weekend.id + "L", event=weekend.event + LATE, start=time(22, 30))
    saturday_gig = _gig(saturday, None if week % 5 == 2 else time(21, 0), week + 1, other)
    yield saturday_gig
    if week % 4 == 1:
        yield replace(saturday_gig, id=saturday_gig.id + "V", title=f"VIP Package: {other.name}", prices=(180.0, 180.0))
    midweek = _gig(wednesday, time(19, 30), week + 2, next_one)
    yield _by_name(midweek) if next_one.slug in _BY_NAME else midweek
    yield _gig(thursday, time(20, 0), week + 3, _OTHERS[(week * 5 + 2) % len(_OTHERS)])
    yield _gig(thursday, time(19, 0), week, mine, venue=VENUES["coopers-loft"])
    yield replace(_gig(saturday, time(20, 0), week, next_one, venue=VENUES["tugboat"]), says_zone=False)
    yield replace(_gig(monday, time(12, 0), week, mine), test=True, title="TEST EVENT do not buy")
    yield replace(_gig(sunday, time(15, 0), week, other), music=False, title="Chicago Lamplighters v. Gary Millers")
    if week % 6 == 4:
        yield _festival(saturday, week)
    if _changes_clocks(sunday):
        yield _gig(sunday, time(18, 0), week + 4, next_one)


def _gig(day: date, start: time | None, number: int, *lineup: Artist, venue: Venue | None = None) -> Gig:
    venue = venue or _NEAR[number % len(_NEAR)]
    event = f"{day}-{venue.slug}-{lineup[0].slug}"
    dice = Random(event)  # noqa: S311 - a story, not a secret
    low = float(dice.randrange(15, 45))
    title = lineup[0].name if len(lineup) == 1 else f"{lineup[0].name} with {lineup[1].name}"
    return Gig(
        id="vv" + "".join(dice.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz0123456789", k=13)),
        event=event,
        title=title,
        day=day,
        start=start,
        venue=venue,
        lineup=lineup,
        prices=None if dice.random() < 0.4 else (low, low + dice.randrange(0, 40)),
        says_zone=dice.random() > 0.2,
    )


def _with_status(gig: Gig, week: int) -> Gig:
    if week % 4 == 2:
        return replace(gig, status="cancelled")
    return replace(gig, status="rescheduled") if week % 6 == 5 else gig


def _resale(gig: Gig) -> Gig:
    """The same evening at another seller: other ids, other spelling."""
    plain = gig.venue.name.removeprefix("The ")
    venue = replace(gig.venue, slug=gig.venue.slug + "-tmr", name=f"{plain} - {gig.venue.city}")
    title = f"{gig.lineup[0].name} ({gig.venue.city})"
    return replace(
        gig, id="Z" + gig.id[2:], title=title, venue=venue, lineup=gig.lineup[:1], seller="tmr", knows_ids=False,
        prices=(62.0, 240.0), says_zone=False,
    )  # fmt: skip


def _by_name(gig: Gig) -> Gig:
    """A small hall that enters nothing but a title."""
    return replace(gig, title=f"{gig.lineup[0].name} - one night only", names_lineup=False, knows_ids=False)


def _festival(day: date, week: int) -> Gig:
    acts = (*(_OTHERS[(week * 3 + n) % len(_OTHERS)] for n in range(3)), ARTISTS[_MINE[(week + 5) % len(_MINE)]])
    gig = _gig(day, time(13, 0), week, *acts, venue=VENUES["bandshell"])
    return replace(gig, title="Breakwater Weekend", until=day + timedelta(days=1), seller="frontgate")


def _changes_clocks(day: date) -> bool:
    """Whether clocks change in Chicago in the night before."""
    chicago = ZoneInfo("America/Chicago")
    before, after = (datetime.combine(day + timedelta(days=n), time(), chicago).utcoffset() for n in (0, 1))
    return before != after
