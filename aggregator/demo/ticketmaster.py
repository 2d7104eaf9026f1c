"""A sample of Ticketmaster's Discovery API v2: events, one event, attractions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from aggregator.demo import service
from aggregator.demo.catalogue import Artist, base62
from aggregator.demo.gigs import Gig, Venue
from aggregator.demo.neighbours import EVERYBODY
from aggregator.demo.service import Service, as_json, request
from aggregator.demo.world import TICKETMASTER_KEY, World, build

Json = dict[str, Any]

MUSIC = ("KZFzniwnSyZfZ7v7nJ", "Music")
SPORTS = ("KZFzniwnSyZfZ7v7nE", "Sports")
PATH = "/discovery/v2"
DEEPEST = 1000
"""`size` times `page` must stay below."""
_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"


class Faulty(ValueError):
    """A query that the service does not understand."""


class Ticketmaster(Service):
    name = "ticketmaster"

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.left = 5000
        for name, view in (("events", self.events), ("attractions", self.attractions)):
            self.route(f"{PATH}/{name}", view)
            self.route(f"{PATH}/{name}.json", view)
        self.route(f"{PATH}/events/<eid>", self.event)

    def mishap(self, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            return _error(error.code or 500, "DIS1004", str(error))
        return _error(400, "DIS1016", str(error))

    def refusal(self, status: int, code: int = 0) -> Response:  # noqa: ARG002 - the codes are words
        key = request.args.get("apikey", "")
        if status == 401:
            return _fault(401, "Invalid ApiKey", "oauth.v2.InvalidApiKey")
        if status == 429:
            day = (self.active().retry_after or 0) > 3600
            words = f"Rate limit quota violation. Quota limit  exceeded. Identifier : {key}"
            return _fault(429, words, f"policies.ratelimit.{'QuotaViolation' if day else 'SpikeArrestViolation'}")
        return _error(status, "DIS1000", "Service Unavailable")

    def admit(self) -> Response | None:
        if request.args.get("apikey") != TICKETMASTER_KEY:
            return _fault(401, "Invalid ApiKey", "oauth.v2.InvalidApiKey")
        return None

    def sign(self, answer: Response) -> Response:
        if request.path.startswith(PATH):
            self.left -= 1
            tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
            answer.headers["Rate-Limit"] = "5000"
            answer.headers["Rate-Limit-Available"] = str(self.left)
            answer.headers["Rate-Limit-Over"] = "0"
            answer.headers["Rate-Limit-Reset"] = str(int(tomorrow.timestamp() * 1000))
        return answer

    # --- questions ----------------------------------------------------------------------------------------------------

    def events(self) -> Response:
        found = [gig for gig in self.world.events if self._wanted(gig)]
        if request.args.get("sort", "").endswith(",desc"):
            found.reverse()
        return self._page("events", found, self._event)

    def event(self, eid: str) -> Response:
        found = next((gig for gig in self.world.events if gig.id == eid.removesuffix(".json")), None)
        if found is None:
            return _error(404, "DIS1004", f"Resource not found with provided criteria (locale=en-us, id={eid})")
        return as_json(self._event(found))

    def attractions(self) -> Response:
        text = request.args.get("keyword", "").casefold()
        found = [act for act in EVERYBODY.values() if text in act.name.casefold()]
        return self._page("attractions", found, lambda act: self._attraction(act, knows_id=True))

    def _wanted(self, gig: Gig) -> bool:
        asked = request.args
        begin, end = _instant("startDateTime"), _instant("endDateTime")
        segment = asked.get("segmentId") or asked.get("classificationId")
        name = asked.get("classificationName", "").casefold()
        return (
            (begin is None or gig.instant >= begin)
            and (end is None or gig.instant <= end)
            and segment in (None, MUSIC[0] if gig.music else SPORTS[0])
            and name in ("", "music" if gig.music else "sports", *(() if gig.music else ("baseball",)))
            and asked.get("keyword", "").casefold() in gig.title.casefold()
            and asked.get("attractionId") in (None, *(_attraction_id(act) for act in gig.lineup))
            and asked.get("postalCode") in (None, gig.venue.postal)
            and asked.get("city", "").casefold() in ("", gig.venue.city.casefold())
            and asked.get("source") in (None, gig.seller)
            and asked.get("includeTest", "yes") != ("no" if gig.test else "only")
            and asked.get("includeTBA", "yes") != ("no" if gig.start is None else "only")
            and self._near(gig.venue)
        )

    def _near(self, venue: Venue) -> bool:
        """Within the radius, treated as loosely as the service does."""
        if point := request.args.get("geoPoint"):
            centre = _from_geohash(point)
        elif both := request.args.get("latlong"):
            centre = _pair(both)
        else:
            return True
        radius = float(request.args.get("radius", 50)) * (1.609344 if request.args.get("unit") != "km" else 1)
        return _kilometres(centre, (venue.latitude, venue.longitude)) <= radius * 1.05

    # --- shapes -------------------------------------------------------------------------------------------------------

    def _page(self, name: str, items: Sequence[Any], shape: Any) -> Response:
        size, number = (self._number(key, default) for key, default in (("size", 20), ("page", 0)))
        if not 1 <= size <= 200:
            raise Faulty(f"Query param 'size' must be less or equal to 200 (was {size})")
        if number and size * number >= DEEPEST:
            raise Faulty("API Limits Exceeded: Max paging depth exceeded. (page * size) must be less than 1,000")
        loops = self.active().loop_next
        shown, total = self.window(items, 0 if loops else size * number, size)
        pages = number + 2 if loops else -(-total // size)
        links = {"self": self._link(f"{name}.json", None)}
        if pages > 1:
            links["first"], links["last"] = (self._link(f"{name}.json", page) for page in (0, pages - 1))
        if number + 1 < pages:
            links["next"] = self._link(f"{name}.json", number if loops else number + 1)
        body: Json = {"_embedded": {name: [shape(item) for item in shown]}} if shown else {}
        body["_links"] = links
        body["page"] = {"size": size, "totalElements": total, "totalPages": pages, "number": number}
        return as_json(body)

    def _number(self, name: str, default: int) -> int:
        try:
            return int(request.args.get(name, default))
        except ValueError as error:
            raise Faulty(f"Query param '{name}' must be a whole number") from error

    def _link(self, path: str, page: int | None) -> Json:
        """Relative to the host, and without the key."""
        query = {key: value for key, value in request.args.items() if key not in ("apikey", "page")}
        if page is not None:
            query["page"] = str(page)
        return {"href": f"{PATH}/{path}" + (f"?{urlencode(query)}" if query else "")}

    def _event(self, gig: Gig) -> Json:
        embedded: Json = {"venues": [self._venue(gig.venue)]}
        links: Json = {"self": _self(f"events/{gig.id}")}
        if gig.names_lineup and gig.music:
            embedded["attractions"] = [self._attraction(act, knows_id=gig.knows_ids) for act in gig.lineup]
        body: Json = {
            "name": gig.title,
            "type": "event",
            "id": gig.id,
            "test": gig.test,
            "url": f"https://www.{'ticketmaster' if gig.seller != 'tmr' else 'ticketsnow'}.com/event/{gig.id}",
            "locale": "en-us",
            "images": self._images(gig.lineup[0]),
            "sales": _sales(gig),
            "dates": _dates(gig),
            "classifications": [_classification(gig)],
        }
        if gig.prices:
            low, high = gig.prices
            body["priceRanges"] = [{"type": "standard", "currency": "USD", "min": low, "max": high}]
        if gig.status == "rescheduled":
            body["info"] = "This event has been moved to a new date. Tickets for the old date remain valid."
        return {**body, "_links": links, "_embedded": embedded}

    def _venue(self, venue: Venue) -> Json:
        code, state = venue.state
        zone = {"timezone": venue.zone} if venue.says_zone else {}
        return {
            "name": venue.name, "type": "venue", "id": _venue_id(venue), "test": False,
            "url": f"https://www.ticketmaster.com/{venue.slug}/venue/0", "locale": "en-us", "postalCode": venue.postal,
            **zone, "city": {"name": venue.city}, "state": {"name": state, "stateCode": code},
            "country": {"name": "United States Of America", "countryCode": "US"}, "address": {"line1": venue.address},
            "location": {"longitude": f"{venue.longitude:.6f}", "latitude": f"{venue.latitude:.6f}"},
            "upcomingEvents": {"_total": 12, "ticketmaster": 12},
            "_links": {"self": _self(f"venues/{_venue_id(venue)}")},
        }  # fmt: skip

    def _attraction(self, act: Artist, *, knows_id: bool) -> Json:
        known = {"externalLinks": {"musicbrainz": [{"id": act.mbid}]}} if knows_id else {}
        return {
            "name": act.name, "type": "attraction", "id": _attraction_id(act), "test": False,
            "url": f"https://www.ticketmaster.com/{quote(act.slug)}/artist/0", "locale": "en-us", **known,
            "images": self._images(act), "classifications": [_genres(MUSIC, act.genres[0])],
            "upcomingEvents": {"_total": 2, "ticketmaster": 2},
            "_links": {"self": _self(f"attractions/{_attraction_id(act)}")},
        }  # fmt: skip

    def _images(self, act: Artist) -> list[Json]:
        url = self.cover(act.hue, act.slug)
        return [{"ratio": "4_3", "url": url, "width": 360, "height": 360, "fallback": False}]


def _self(path: str) -> Json:
    return {"href": f"{PATH}/{path}?locale=en-us"}


def _venue_id(venue: Venue) -> str:
    return "Kov" + base62("venue", venue.slug)[:9]


def _attraction_id(act: Artist) -> str:
    return "K8v" + base62("attraction", act.slug)[:8]


def _dates(gig: Gig) -> Json:
    """`localDate` and `localTime` are the venue's; `dateTime` is UTC and missing where the hour is not known."""
    start: Json = {"localDate": gig.day.isoformat()}
    if gig.start:
        start["localTime"] = gig.start.isoformat()
        start["dateTime"] = _zulu(gig.instant)
    unknown = gig.start is None
    start |= {"dateTBD": False, "dateTBA": False, "timeTBA": unknown, "noSpecificTime": False}
    dates: Json = {"start": start}
    if gig.says_zone:
        dates["timezone"] = gig.venue.zone
    if gig.until:
        dates["end"] = {"localDate": gig.until.isoformat(), "approximate": False, "noSpecificTime": True}
    return {**dates, "status": {"code": gig.status}, "spanMultipleDays": gig.until is not None}


def _sales(gig: Gig) -> Json:
    start, end = gig.instant - timedelta(days=70), gig.instant + timedelta(hours=2)
    return {"public": {"startDateTime": _zulu(start), "startTBD": False, "startTBA": False, "endDateTime": _zulu(end)}}


def _classification(gig: Gig) -> Json:
    return _genres(MUSIC, gig.lineup[0].genres[0]) if gig.music else _genres(SPORTS, "Baseball")


def _genres(segment: tuple[str, str], genre: str) -> Json:
    name = genre.title()
    return {
        "primary": True,
        "segment": {"id": segment[0], "name": segment[1]},
        "genre": {"id": "Knv" + base62("genre", genre)[:8], "name": name},
        "subGenre": {"id": "KZa" + base62("genre", genre)[:11], "name": name},
        "family": False,
    }


def _instant(name: str) -> datetime | None:
    """From ``2027-03-01T00:00:00Z``; fractions are refused, as the service does."""
    text = request.args.get(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Faulty(f"Query param with date must be of valid format YYYY-MM-DDTHH:mm:ssZ ({name}={text})") from error


def _zulu(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def _pair(text: str) -> tuple[float, float]:
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Faulty(f"Query param 'latlong' must be latitude,longitude (was {text})") from error
    return latitude, longitude


def _from_geohash(text: str) -> tuple[float, float]:
    """Middle of the cell: each letter halves the ranges five times, east-west first."""
    ranges = [[-180.0, 180.0], [-90.0, 90.0]]
    bits = [(_GEOHASH.find(letter) >> shift) & 1 for letter in text.lower() for shift in (4, 3, 2, 1, 0)]
    if set(text.lower()) - set(_GEOHASH):
        raise Faulty(f"Query param 'geoPoint' must be a geohash (was {text})")
    for number, bit in enumerate(bits):
        pair = ranges[number % 2]
        pair[1 - bit] = sum(pair) / 2
    return sum(ranges[1]) / 2, sum(ranges[0]) / 2


def _kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    (lat1, lon1), (lat2, lon2) = (tuple(map(radians, point)) for point in (a, b))
    return 12742 * asin(sqrt(sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2))


def _fault(status: int, words: str, code: str) -> Response:
    return as_json({"fault": {"faultstring": words, "detail": {"errorcode": code}}}, status)


def _error(status: int, code: str, detail: str) -> Response:
    return as_json({"errors": [{"code": code, "detail": detail, "status": str(status)}]}, status)


if __name__ == "__main__":
    options = service.arguments(__doc__).parse_args()
    service.serve(Ticketmaster(build(options.now or int(time.time()), options.since, options.scale)), options)
