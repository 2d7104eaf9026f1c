"""Where a listener or a venue is: zip codes, coordinates, distances and time zones, all offline.

The table of US zip codes (package `zipcodes`) costs half a second and 50 MB at its first use. Only settings and syncs
look things up here; a page reads the `Place` that was kept.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from math import asin, cos, radians, sin, sqrt
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, and_, or_

from aggregator.listeners import Place
from aggregator.store.schema import show

EARTH_KM = 6371.0088
KM_PER_DEGREE = 111.2
ZONE_REACH_MILES = (5, 20, 60)
"""How far from known ground a zone is still believed, tried in turn."""


class PlaceError(ValueError):
    """The place cannot be understood. The message is a sentence for the listener."""


class ZoneNeeded(PlaceError):
    """The place is understood, but its time zone has to be asked for."""


def by_zip(text: str) -> Place:
    """The place of a US zip code; ``60613-1234`` and blanks around it are fine. Raises `PlaceError`."""
    found = re.fullmatch(r"\s*(\d{5})(?:-?\d{4})?\s*", text)
    if not found:
        raise PlaceError(f"“{text.strip()}” is not a US zip code. Enter five digits, like 60647, or use coordinates.")
    code = found[1]
    rows = [row for row in _zips().matching(code) if _usable(row)]
    if not rows:
        raise PlaceError(f"No place is known for zip code {code}. Try a neighbouring code, or use coordinates.")
    latitude, longitude = _point(rows[0])
    return by_coordinates(latitude, longitude, rows[0]["timezone"], _label(rows[0])).model_copy(update={"zip": code})


def by_coordinates(latitude: float, longitude: float, zone: str = "", label: str = "") -> Place:
    """The place at these degrees. Without `zone` it is the nearest zip code's; `ZoneNeeded` when none is near."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise PlaceError("Latitude goes from -90 to 90 and longitude from -180 to 180, in degrees.")
    if zone and zone_named(zone) is None:
        raise ZoneNeeded(f"“{zone}” is not a time zone. Use a name like Europe/Berlin.")
    near = _nearest(latitude, longitude)
    zone = zone or (near["timezone"] if near else "")
    if not zone:
        raise ZoneNeeded("No time zone is known for these coordinates. Enter it too, like Europe/Berlin.")
    return Place(
        label=label or (f"near {_label(near)}" if near else f"{latitude:.2f}, {longitude:.2f}"),
        latitude=latitude,
        longitude=longitude,
        zone=zone,
    )


def km_between(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Great-circle distance in kilometres (haversine)."""
    phi, to_phi = radians(latitude), radians(to_latitude)
    half = sin((to_phi - phi) / 2) ** 2 + cos(phi) * cos(to_phi) * sin(radians(to_longitude - longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))


def zone_near(latitude: float, longitude: float) -> str | None:
    """The time zone of the nearest zip code; None when there is none within reason (then ask)."""
    near = _nearest(latitude, longitude)
    return str(near["timezone"]) if near else None


def zone_of_zip(text: str) -> str | None:
    """The time zone of a venue's zip code, None when it is not one."""
    try:
        return by_zip(text).zone
    except PlaceError:
        return None


@cache
def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone of that IANA name, None for no name or one that is not known here."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # ValueError and OSError: names like "../x" and "America"
        return None


def _zips() -> Any:
    import zipcodes

    return zipcodes


@lru_cache(maxsize=4096)
def _nearest(latitude: float, longitude: float) -> dict[str, Any] | None:
    for miles in ZONE_REACH_MILES:
        rows = _zips().filter_by_coordinates(latitude, longitude, miles)
        near: list[dict[str, Any]] = [row for row in rows if _usable(row) and row["timezone"]]
        if near:
            return min(near, key=lambda row: (km_between(latitude, longitude, *_point(row)), row["zip_code"]))
    return None


def _usable(row: dict[str, Any]) -> bool:
    # 872 codes (mostly military) stand at 0/0.
    return bool(row["active"]) and any(_point(row))


def _point(row: dict[str, Any]) -> tuple[float, float]:
    return float(row["lat"] or 0), float(row["long"] or 0)


def _label(row: dict[str, Any]) -> str:
    return f"{row['city']}, {row['state']}"


def around(place: Place, km: float) -> ColumnElement[bool]:
    """A box around the circle; venues without coordinates stay in."""
    high = km / KM_PER_DEGREE
    wide = high / max(0.01, cos(radians(min(89.0, abs(place.latitude) + high))))
    return or_(
        show.c.latitude.is_(None),
        and_(
            show.c.latitude.between(place.latitude - high, place.latitude + high),
            show.c.longitude.between(place.longitude - wide, place.longitude + wide),
        ),
    )
