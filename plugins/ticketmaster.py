"""Ticketmaster's Discovery API: every music event near the place, by slices of time; never one call per artist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import requests

from aggregator.plugin import (
    Area,
    Artist,
    AuthFailed,
    BadData,
    Cover,
    Credit,
    Field,
    Limit,
    Progress,
    Provider,
    ProviderError,
    RateLimited,
    SecretStr,
    Show,
    Shows,
    Skipped,
    Tickets,
    Unavailable,
    Venue,
    why,
)

API = "https://app.ticketmaster.com"
MUSIC = "KZFzniwnSyZfZ7v7nJ"
SIZE = 200
DEEPEST = 1000
"""Events that can be reached in one list; a longer one is asked for in halves."""
SHORTEST = timedelta(hours=1)

Json = dict[str, Any]
Status = Literal["scheduled", "cancelled", "postponed", "rescheduled"]

_STATUS: dict[str, Status] = {
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "postponed": "postponed",
    "rescheduled": "rescheduled",
}
_AFTER_THE_NAME = re.compile(r"\s+[-–—|]\s+|:\s+|\s+\(|\s+(?:w/|with|feat\.?|ft\.?|live at)\s+", re.IGNORECASE)
_SPOTIFY = re.compile(r"spotify\.com/artist/(\w+)")


class Ticketmaster(Provider, Shows):
    id = "ticketmaster"
    name = "Ticketmaster"
    about = "Concerts near you, with line-ups, prices and when tickets go on sale."
    key_minutes = 2
    key_page = "https://developer.ticketmaster.com"
    household = True
    limits = (Limit(calls=2, seconds=1, scope="key"), Limit(calls=5000, seconds=86400, scope="key"))
    artwork_hosts = ("s1.ticketm.net", "*.ticketm.net")

    class Settings(Provider.Settings):
        api_key: SecretStr = Field(title="API key", description="Free, from developer.ticketmaster.com.")
        address: str = Field(default=API, title="Address", json_schema_extra={"advanced": True})

    def shows(self, artists: Sequence[Artist], area: Area) -> Iterator[Show | Skipped | Progress]:  # noqa: ARG002
        """Events of every slice; what could not be reached or came short makes the answer incomplete, at the end."""
        listing = Listing(self, area)
        for done, event in enumerate(listing.events()):
            if done % SIZE == 0:
                yield Progress(done=done, doing="Concerts")
            found = _show(event)
            if isinstance(found, Skipped) or (found and area.holds(found)):
                yield found
        if listing.amiss:
            raise Unavailable(f"{listing.amiss} Nothing was removed; the next run reads it again.")


# --- asking -----------------------------------------------------------------------------------------------------------


class Listing:
    """The events of an area, page by page. `amiss`: why some may be missing."""

    def __init__(self, provider: Provider, area: Area) -> None:
        self._session = provider.http.session
        self._url = f"{provider.settings.address.rstrip('/')}/discovery/v2/events.json"
        self._asked = {
            "apikey": provider.settings.api_key.get_secret_value(),
            "segmentId": MUSIC,
            "geoPoint": geohash(area.latitude, area.longitude),
            "radius": ceil(area.radius_km),
            "unit": "km",
            "locale": "*",
            "includeTBA": "yes",
            "includeTBD": "yes",
            "includeTest": "no",
            "sort": "date,asc",
            "size": SIZE,
        }
        # A day more on both sides: the service compares instants, the calendar shows the venue's dates.
        self._since = datetime.combine(area.since - timedelta(days=1), time(), UTC)
        self._until = datetime.combine(area.until + timedelta(days=2), time(), UTC)
        self.amiss = ""

    def events(self) -> Iterator[Json]:
        slices = [(self._since, self._until)]
        while slices:
            since, until = slices.pop()
            first = self._page(since, until, 0)
            if first["page"]["totalElements"] >= DEEPEST and until - since > SHORTEST:
                middle = (since + (until - since) / 2).replace(microsecond=0)
                slices += [(middle, until), (since, middle)]
            else:
                yield from self._all_pages(first, since, until)

    def _all_pages(self, page: Json, since: datetime, until: datetime) -> Iterator[Json]:
        ids: set[str] = set()
        number, total, before = 0, page["page"]["totalElements"], None
        while True:
            events = _events(page)
            names = list(map(_named, events))
            if names and names == before:
                raise BadData("Ticketmaster's pages go round in a circle.")
            for name, event in zip(names, events, strict=True):
                if name not in ids:
                    ids.add(name)
                    yield event
            before, number = names, number + 1
            if number >= page["page"]["totalPages"] or number * SIZE >= DEEPEST:
                break
            page = self._page(since, until, number)
            total = max(total, page["page"]["totalElements"])
        if len(ids) < total:
            self.amiss = f"Ticketmaster sent {len(ids)} of {total} concerts."

    def _page(self, since: datetime, until: datetime, number: int) -> Json:
        query = self._asked | {"startDateTime": _zulu(since), "endDateTime": _zulu(until), "page": number}
        # The key is part of the address, and requests puts the address into its errors: none of them is passed on.
        try:
            answer = self._session.get(self._url, params=query)
        except requests.exceptions.ChunkedEncodingError:
            raise BadData("Ticketmaster sent only half of an answer.") from None
        except requests.RequestException as error:
            raise Unavailable(f"Ticketmaster cannot be reached ({type(error).__name__}).") from None
        try:
            body = answer.json()
        except ValueError:
            body = None
        if answer.status_code != 200:
            raise _refusal(answer, body)
        if not isinstance(body, dict) or not _counts(body):
            raise BadData("Ticketmaster sent something that is not a list of events.")
        return body


def _counts(page: Json) -> bool:
    counts = page.get("page")
    return isinstance(counts, dict) and all(isinstance(counts.get(n), int) for n in ("totalElements", "totalPages"))


def _events(page: Json) -> list[Json]:
    """Where nothing is found, `_embedded` is missing altogether."""
    inside = page.get("_embedded")
    found = inside.get("events") if isinstance(inside, dict) else None
    return [event if isinstance(event, dict) else {} for event in found or ()]


def _named(event: Json) -> str:
    """By its id; one that has none is told apart by its name."""
    return str(event.get("id") or event.get("name") or "unnamed")


def _refusal(answer: requests.Response, body: Any) -> ProviderError:
    fault = body.get("fault") if isinstance(body, dict) else None
    code = ((fault or {}).get("detail") or {}).get("errorcode", "")
    status = answer.status_code
    if status == 401 or code.endswith("InvalidApiKey"):
        return AuthFailed("Ticketmaster refuses the API key. Check it in the settings.")
    if status == 429:
        day = code.endswith("QuotaViolation")
        words = "The API key's calls for today are used up" if day else "Ticketmaster asks for fewer questions"
        return RateLimited(f"{words}; it is asked again later.", _pause(answer, day))
    if status >= 500:
        return Unavailable(f"Ticketmaster has trouble of its own (status {status}).")
    return BadData(f"Ticketmaster did not understand the question (status {status}).")


def _pause(answer: requests.Response, day: bool) -> float:
    """Seconds: as asked for, else until the day's quota begins anew, else a moment."""
    asked, reset = answer.headers.get("Retry-After", ""), answer.headers.get("Rate-Limit-Reset", "")
    if asked.isdecimal():
        return float(asked)
    if day and reset.isdecimal():
        return max(60.0, int(reset) / 1000 - datetime.now(UTC).timestamp())
    return 3600.0 if day else 10.0


def _zulu(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- events -----------------------------------------------------------------------------------------------------------


def _show(event: Json) -> Show | Skipped | None:
    """The show of an event; None for tests of the seller's."""
    if event.get("test"):
        return None
    try:
        return _listed(event)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return Skipped(of="show", id=_named(event), reason=why(error), name=str(event.get("name") or "") or None)


def _listed(event: Json) -> Show:
    dates, inside = event.get("dates") or {}, event.get("_embedded") or {}
    begins = dates.get("start") or {}
    if not begins.get("localDate"):
        raise ValueError("the day is not announced")
    if not inside.get("venues"):
        raise ValueError("the place is not announced")
    day = date.fromisoformat(begins["localDate"])
    return Show(
        id=event["id"],
        title=event["name"],
        day=day,
        start=_hour(begins),
        until=_last_day(dates, day),
        doors=_clock((event.get("doorsTimes") or {}).get("localTime")),
        venue=_venue(inside["venues"][0], dates.get("timezone")),
        lineup=_lineup(inside.get("attractions") or [], event["name"]),
        status=_STATUS.get((dates.get("status") or {}).get("code", ""), "scheduled"),
        festival=_is_festival(event, dates),
        tickets=_tickets(event, dates),
        genres=_genres(event),
        image=_picture(event.get("images") or []),
        url=event.get("url"),
        note=_note(event),
    )


def _hour(begins: Json) -> time | None:
    """None where the seller says that the hour is to be announced; its placeholder would be midnight."""
    vague = any(begins.get(word) for word in ("timeTBA", "noSpecificTime", "dateTBA", "dateTBD"))
    return None if vague else _clock(begins.get("localTime"))


def _clock(text: str | None) -> time | None:
    return time.fromisoformat(text).replace(second=0) if text else None


def _last_day(dates: Json, day: date) -> date | None:
    text = (dates.get("end") or {}).get("localDate")
    until = date.fromisoformat(text) if text and dates.get("spanMultipleDays") else day
    return until if until > day else None


def _venue(data: Json, zone: str | None) -> Venue:
    spot = data.get("location") or {}
    latitude, longitude = _degrees(spot.get("latitude")), _degrees(spot.get("longitude"))
    known = bool(latitude or longitude)
    region = data.get("state") or {}
    return Venue(
        name=data.get("name") or (data.get("address") or {}).get("line1") or "Venue to be announced",
        id=data.get("id"),
        address=(data.get("address") or {}).get("line1"),
        city=(data.get("city") or {}).get("name"),
        region=region.get("stateCode") or region.get("name"),
        postal_code=data.get("postalCode"),
        country=(data.get("country") or {}).get("countryCode"),
        latitude=latitude if known else None,
        longitude=longitude if known else None,
        zone=_zone(zone) or _zone(data.get("timezone")),
    )


def _degrees(text: str | float | None) -> float | None:
    return float(text) if text not in (None, "") else None


def _zone(name: str | None) -> str | None:
    try:
        return name if name and ZoneInfo(name) else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _lineup(attractions: Sequence[Json], title: str) -> list[Credit]:
    """Headliner first. Small halls enter a title only: what stands before its first dash is taken for the act."""
    named = [act for act in attractions if act.get("name")]
    if not named:
        act = _AFTER_THE_NAME.split(title.strip(), maxsplit=1)[0].strip()
        return [Credit(name=act, role="headliner")] if act else []
    return [
        Credit(
            name=act["name"],
            id=act.get("id"),
            ids=_ids(act),
            role="support" if number else "headliner",
            join=", " if number + 1 < len(named) else "",
        )
        for number, act in enumerate(named)
    ]


def _ids(act: Json) -> dict[str, str]:
    links = act.get("externalLinks") or {}
    found = {"mbid": next((one["id"] for one in links.get("musicbrainz") or () if one.get("id")), None)}
    for link in links.get("spotify") or ():
        if match := _SPOTIFY.search(link.get("url") or ""):
            found["spotify"] = match[1]
    return {scheme: value for scheme, value in found.items() if value}


def _is_festival(event: Json, dates: Json) -> bool:
    names = {
        (part.get(level) or {}).get("name", "").lower()
        for part in event.get("classifications") or ()
        for level in ("type", "subType", "genre", "subGenre")
    }
    return any("festival" in name for name in names) or bool(dates.get("spanMultipleDays"))


def _genres(event: Json) -> list[str]:
    parts = event.get("classifications") or ()
    names = ((part.get(level) or {}).get("name") for part in parts for level in ("genre", "subGenre"))
    return list(dict.fromkeys(name for name in names if name and name not in ("Undefined", "Other")))


def _tickets(event: Json, dates: Json) -> Tickets:
    prices = [price for price in event.get("priceRanges") or () if price.get("min") is not None]
    standard = [price for price in prices if price.get("type") == "standard"] or prices
    opens = _sale_begins(event)
    return Tickets(
        seller="Ticketmaster",
        url=event.get("url"),
        currency=standard[0].get("currency") if standard else None,
        low=min((price["min"] for price in standard), default=None),
        high=max((price.get("max") or price["min"] for price in standard), default=None),
        state=_sale((dates.get("status") or {}).get("code"), opens),
        on_sale=opens,
    )


def _sale_begins(event: Json) -> datetime | None:
    """Resellers write 1900 for "always"."""
    public = (event.get("sales") or {}).get("public") or {}
    text = public.get("startDateTime")
    opens = datetime.fromisoformat(text) if text and not public.get("startTBD") else None
    return opens if opens and opens.tzinfo and opens.year > 1970 else None


def _sale(code: str | None, opens: datetime | None) -> Literal["on sale", "not yet", "off sale"] | None:
    if opens and opens > datetime.now(UTC):
        return "not yet"
    if code in ("onsale", "rescheduled"):
        return "on sale"
    return "off sale" if code else None


def _picture(images: Sequence[Json]) -> Cover | None:
    """The act's own before the seller's stand-in, then the one nearest to 640 pixels."""
    usable = [image for image in images if image.get("url")]
    best = min(
        usable, key=lambda image: (bool(image.get("fallback")), abs((image.get("width") or 0) - 640)), default=None
    )
    return Cover(url=best["url"]) if best else None


def _note(event: Json) -> str | None:
    text = event.get("pleaseNote") or event.get("info")
    return " ".join(text.split())[:500] if text else None


# --- places -----------------------------------------------------------------------------------------------------------


def geohash(latitude: float, longitude: float, letters: int = 9) -> str:
    """Nine letters tell a spot of five metres. Each halves east-west and north-south in turn."""
    ranges = [[-180.0, 180.0], [-90.0, 90.0]]
    bits = 0
    for number in range(letters * 5):
        pair, wanted = ranges[number % 2], (longitude, latitude)[number % 2]
        middle = sum(pair) / 2
        upper = wanted >= middle
        pair[0 if upper else 1] = middle
        bits = bits << 1 | upper
    return "".join("0123456789bcdefghjkmnpqrstuvwxyz"[bits >> shift & 31] for shift in range(letters * 5 - 5, -1, -5))
