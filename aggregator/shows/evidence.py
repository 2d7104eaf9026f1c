"""Are two claims the same event? One wall clock, one place, one bill; each is asked in turn and can say no.

Sellers add entries for parking, packages and resale; those join the bill they belong to. Two starts on one day at one
venue (matinee and evening) are two events, and so are the days of a festival unless both claims span them all.
Everything is decided from the text and ids of the two claims alone, the same way round both ways (see
`aggregator.library.evidence` for what `form`, `keys` and `compare` are to the library).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aggregator.library.evidence import Evidence, Facts, Verdict, Word
from aggregator.library.folding import fold, fold_name
from aggregator.plugin import Credit, Show, Venue
from aggregator.shows.places import km_between

EXTRA = re.compile(
    r"\b(vip|parking|packages?|meet (and|&) greet|upgrade|premium seat\w*|suites?|shuttle|camping|resale|"
    r"platinum|box seats?|locker|fast lane|lounge access|hotel)\b",
    re.IGNORECASE,
)
"""Words of entries that are sold beside a bill."""

GENERIC = re.compile(
    "the|a|at|of|and|in|on|theatre|theater|hall|club|arena|stadium|center|centre|music|venue|live|room|ballroom|lounge|"
    "bar|auditorium|house|concert"
)
"""Words of venue names that tell no venue from another."""

_ELIDED = re.compile(r"\b[ld]['’]", re.IGNORECASE)
"""The article in `L'Olympia`."""

_AS_BILLED = re.compile(
    r"\s*(?:[-–:(|]\s*)?\b(?:live(?: in concert| on tour)?|in concert|on tour|(?:world |farewell )?tour(?: \d{4})?)"
    r"\)?\s*$",
    re.IGNORECASE,
)
_CITIES = {
    "munich": "munchen", "cologne": "koln", "nuremberg": "nurnberg", "vienna": "wien", "zurich": "zurich",
    "geneva": "geneve", "copenhagen": "kobenhavn", "gothenburg": "goteborg", "prague": "praha", "warsaw": "warszawa",
    "cracow": "krakow", "rome": "roma", "milan": "milano", "florence": "firenze", "venice": "venezia",
    "naples": "napoli", "turin": "torino", "lisbon": "lisboa", "seville": "sevilla", "brussels": "bruxelles",
    "brussel": "bruxelles", "antwerp": "antwerpen", "ghent": "gent", "the hague": "den haag", "moscow": "moskva",
    "st petersburg": "sankt peterburg", "bucharest": "bucuresti", "belgrade": "beograd", "athens": "athina",
    "mexico city": "ciudad de mexico",
}  # fmt: skip
"""As English writes them, and as they write themselves."""

WEEKDAYS = frozenset(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))

SURE_MINUTES, UNSURE_MINUTES = 90, 150
"""Sellers print doors or start; further apart than the second, it is another performance."""
NIGHT_ENDS = time(5)
SAME_SPOT_KM, SAME_QUARTER_KM, SAME_TOWN_KM = 0.3, 2.0, 30.0
_EPOCH = date(1970, 1, 1).toordinal()
NO = -5.0
"""The points of a finding that rules out that two claims are one event."""


def is_extra(title: str) -> bool:
    """Parking, packages, resale: sold beside a bill, not a bill."""
    return EXTRA.search(title) is not None


class Act(NamedTuple):
    name: str  # folded
    ids: frozenset[str]  # "scheme:value"


@dataclass(frozen=True, slots=True)
class Bill:
    """A show claim in normal form."""

    day: date
    until: date | None
    start: time | None
    doors: time | None
    instant: int | None  # minutes UTC, where the zone is known
    festival: bool
    title: str  # folded, without the words of extras
    parts: tuple[str, ...]  # what stands between the dashes, commas and withs of the title
    extra: bool
    acts: tuple[Act, ...]
    venue: frozenset[str]  # the telling words of its name
    town: str  # folded
    region: str
    country: str
    point: tuple[float, float] | None
    said: tuple[str, str]  # who and where, as claimed, for the evidence

    @property
    def vague(self) -> bool:
        """Could it belong to either of two performances?"""
        return self.extra or (self.start is None and not self.festival)


def form(facts: Facts) -> Bill:
    show = Show.model_validate({"id": "-", **facts.payload})  # a claim's payload leaves out its id
    venue = show.venue
    return Bill(
        day=show.day,
        until=show.until,
        start=show.start,
        doors=show.doors,
        instant=_instant(show),
        festival=show.festival,
        title=_core(show.title),
        parts=tuple(_parts(show.title)),
        extra=is_extra(show.title),
        acts=tuple(sorted({_act(credit) for credit in show.lineup}, key=lambda act: (act.name, sorted(act.ids)))),
        venue=_telling(venue.name),
        town=_town_name(venue.city or ""),
        region=fold(venue.region or ""),
        country=fold(venue.country or ""),
        point=_point(venue),
        said=(
            ", ".join(credit.name for credit in show.lineup) or show.title,
            ", ".join(part for part in (venue.name, venue.city) if part),
        ),
    )


def _instant(show: Show) -> int | None:
    if show.start is None or show.venue.zone is None:
        return None
    try:
        zone = ZoneInfo(show.venue.zone)
    except (ZoneInfoNotFoundError, ValueError):  # a service's own name for it
        return None
    return int(datetime.combine(show.day, show.start, zone).timestamp()) // 60


def _act(credit: Credit) -> Act:
    return Act(_name(credit.name), frozenset(f"{scheme}:{value}" for scheme, value in credit.ids.items()))


def _name(written: str) -> str:
    """Of an act as bills print it, without blanks: `AC/DC` is `ACDC`, and `Wild Hollow live` Wild Hollow."""
    return fold_name(_AS_BILLED.sub("", written) or written).replace(" ", "")


def _core(title: str) -> str:
    return fold(EXTRA.sub(" ", title)).strip()


def _parts(title: str) -> Iterator[str]:
    for part in re.split(
        r"\s+[-–—|/+&]\s+|[:,;(]|\s(?:with|w/|at|and|feat\.?|presents?)\s", title, flags=re.IGNORECASE
    ):
        if name := _name(EXTRA.sub(" ", part).strip()):
            yield name


def _town_name(city: str) -> str:
    """`Chicago, IL` is Chicago, and so are `Koeln` and `Cologne` Köln."""
    name = re.sub(r"([aou])e", r"\1", fold(city.split(",")[0]))
    return _CITIES.get(fold(city.split(",")[0]), name)


def _telling(name: str) -> frozenset[str]:
    words = frozenset(fold(_ELIDED.sub(" ", name)).split())
    return frozenset(word for word in words if not GENERIC.fullmatch(word)) or words


def _point(venue: Venue) -> tuple[float, float] | None:
    known = venue.latitude is not None and venue.longitude is not None and (venue.latitude or venue.longitude)
    return (venue.latitude or 0.0, venue.longitude or 0.0) if known else None


def keys(bill: Bill) -> Iterator[str]:
    """Two claims of one event share one of these. Hours after midnight count to the evening before, too."""
    names = {act.name for act in bill.acts} | {bill.title, " ".join(sorted(bill.venue)), *bill.parts}
    names |= {known for act in bill.acts for known in act.ids}
    days = {bill.day, bill.day - timedelta(days=1)} if _at_night(bill) else {bill.day}
    if bill.instant is not None:
        days.add(date.fromordinal(_EPOCH + bill.instant // 1440))
    yield from (f"{day}|{name}" for day in sorted(days) for name in sorted(names) if name)


def compare(a: Bill, b: Bill) -> Verdict:
    """Asks when, where and who, up to the first no."""
    found: list[Finding] = []
    for question in (_when, _where, _who):
        found.append(question(a, b))
        if found[-1].word == "different":
            break
    evidence = tuple(Evidence(one.field, one.a, one.b, one.points) for one in found)
    return Verdict(_weakest([one.word for one in found]), evidence)


def _weakest(words: list[Word]) -> Word:
    order: tuple[Word, ...] = ("different", "nothing", "unsure", "lone", "same")
    return min(words, key=order.index)


class Finding(NamedTuple):
    """What one question found: a verdict on its own, with both sides in words."""

    field: str
    a: str
    b: str
    word: Word
    points: float


# --- when -------------------------------------------------------------------------------------------------------------


def _when(a: Bill, b: Bill) -> Finding:
    asked = _festival if a.until or b.until or (a.festival and b.festival) else _clock
    return Finding("when", _said_when(a), _said_when(b), *asked(a, b))


def _said_when(bill: Bill) -> str:
    return f"{bill.day}{f' {bill.start:%H:%M}' if bill.start else ''}{f' to {bill.until}' if bill.until else ''}"


def _clock(a: Bill, b: Bill) -> tuple[Word, float]:
    if a.instant is not None and b.instant is not None and (a.day != b.day or a.start != b.start):
        return _gap(abs(a.instant - b.instant), a.extra or b.extra)
    if a.start and b.start:
        return _gap(min(abs(x - y) for x in _minutes(a) for y in _minutes(b)), a.extra or b.extra)
    if a.day == b.day:
        return "lone", 1.0  # of two starts on that day, it would be anybody's guess
    after_midnight = any(_at_night(x) and x.day - timedelta(days=1) == y.day for x, y in ((a, b), (b, a)))
    return ("unsure", 0.0) if after_midnight else ("different", NO)


def _gap(minutes: int, beside: bool) -> tuple[Word, float]:
    if minutes <= SURE_MINUTES:
        return "same", 3.0 - minutes / 60
    if minutes > UNSURE_MINUTES:
        return "different", NO
    return ("lone" if beside else "unsure"), 0.0  # parking opens long before


def _minutes(bill: Bill) -> list[int]:
    """Wall clocks of start and doors."""
    clocks = [clock for clock in (bill.start, bill.doors) if clock]
    return [bill.day.toordinal() * 1440 + clock.hour * 60 + clock.minute for clock in clocks]


def _at_night(bill: Bill) -> bool:
    return bill.start is not None and bill.start < NIGHT_ENDS


def _festival(a: Bill, b: Bill) -> tuple[Word, float]:
    """Hours say little here. Spans must agree, and so must what the titles say of days and weekends."""
    spans = {bill.until for bill in (a, b) if bill.until}
    dated = [{word for word in bill.title.split() if word in WEEKDAYS or word.isdigit()} for bill in (a, b)]
    apart = dated[0] and dated[1] and not dated[0] & dated[1]
    one_is_a_day = len({bool(words & WEEKDAYS) for words in dated}) > 1
    if a.day != b.day or len(spans) > 1 or apart or (spans and one_is_a_day):
        return "different", NO
    return "same", 2.0


# --- where ------------------------------------------------------------------------------------------------------------


def _where(a: Bill, b: Bill) -> Finding:
    alike = _alike(a.venue, b.venue)
    found = _spot(km_between(*a.point, *b.point), alike) if a.point and b.point else _town(a, b, alike)
    return Finding("where", a.said[1], b.said[1], *found)


def _spot(km: float, alike: bool) -> tuple[Word, float]:
    if km <= SAME_SPOT_KM:
        return "same", 3.0 if alike else 2.0
    if km <= SAME_TOWN_KM and alike:
        return "same", 2.0  # some services only know where the town is
    return ("unsure", 0.0) if km <= SAME_QUARTER_KM else ("different", NO)


def _town(a: Bill, b: Bill, alike: bool) -> tuple[Word, float]:
    if _codes_differ(a.region, b.region) or _codes_differ(a.country, b.country):
        return "different", NO
    one_town = not a.town or not b.town or a.town == b.town
    if one_town and alike:
        return "same", 2.0
    return ("unsure", 0.0) if one_town or alike else ("different", NO)


def _codes_differ(a: str, b: str) -> bool:
    """Of states and countries, where both are given as codes: names in full are not understood here."""
    return len(a) == len(b) == 2 and a != b


def _alike(a: frozenset[str], b: frozenset[str]) -> bool:
    numbers = [{word for word in words if word.isdigit()} for words in (a, b)]
    if numbers[0] and numbers[1] and numbers[0] != numbers[1]:
        return False
    return a <= b or b <= a or _overlap(a, b) >= 0.6  # two academies of one sponsor share half their words


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0


# --- who --------------------------------------------------------------------------------------------------------------


def _who(a: Bill, b: Bill) -> Finding:
    return Finding("who", a.said[0], b.said[0], *_shared(a, b))


def _shared(a: Bill, b: Bill) -> tuple[Word, float]:
    """Shared ids beat shared names beat names in titles. One name with two ids of one scheme is two acts."""
    pairs = [(x, y) for x in a.acts for y in b.acts]
    if any(x.ids & y.ids for x, y in pairs):
        return "same", 3.0
    named = [(x, y) for x, y in pairs if x.name == y.name]
    shared = [(x, y) for x, y in named if not _two_acts(x, y)]
    if shared:
        return "same", min(2.0 + 0.5 * (len(shared) - 1), 3.0)
    return ("different", NO) if named else _titles(a, b)


def _two_acts(a: Act, b: Act) -> bool:
    schemes = [{known.split(":", 1)[0] for known in act.ids} for act in (a, b)]
    return bool(schemes[0] & schemes[1]) and not a.ids & b.ids


def _titles(a: Bill, b: Bill) -> tuple[Word, float]:
    if a.title and a.title == b.title:
        return "same", 2.0
    named = any(act.name in y.parts for x, y in ((a, b), (b, a)) for act in x.acts)
    alike = _overlap(frozenset(a.title.split()), frozenset(b.title.split())) >= 0.8
    return ("same", 1.5) if named or alike else ("different", NO)
