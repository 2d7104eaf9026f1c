"""What `Shows.shows` is asked for: where listeners go out, and whom they would go to hear."""

from __future__ import annotations

import json
from datetime import date, timedelta

from sqlalchemy import Connection, select

from aggregator import listeners, stances
from aggregator._host.accounts import Account
from aggregator._host.run import Wanted
from aggregator.plugin import Area, Artist
from aggregator.store import Store
from aggregator.store.schema import artist

AHEAD = timedelta(days=365)


def wanted(store: Store, account: Account, today: date | None = None) -> Wanted:
    """For a listener's account their own place and artists, for the household's those of everybody."""
    people = [each for each in listeners.everyone(store) if account.listener_id in (None, each.id)]
    since = today or date.today()
    areas = {_area(each.preferences, since) for each in people}
    with store.read() as conn:
        mine = {item for each in people for item in stances.mine(conn, each.id, "shows")}
        return Wanted(_artists(conn, mine), sorted((area for area in areas if area), key=lambda area: area.radius_km))


def _area(preferences: listeners.Preferences, since: date) -> Area | None:
    place = preferences.place
    if place is None:
        return None
    return Area(
        latitude=place.latitude,
        longitude=place.longitude,
        radius_km=preferences.radius_km,
        since=since,
        until=since + AHEAD,
    )


def _artists(conn: Connection, items: set[int]) -> list[Artist]:
    rows = conn.execute(select(artist.c.id, artist.c.name, artist.c.ids).order_by(artist.c.id))
    return [Artist(id=str(row.id), name=row.name, ids=json.loads(row.ids)) for row in rows if row.id in items]
