"""Recommended shows: how likely the listener's taste makes them, how seldom the artist comes near, how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select

from aggregator import recommendations
from aggregator.listeners import Listener
from aggregator.shows.places import around
from aggregator.store.schema import account, artist, claim, item_credit, link, show
from aggregator.visible import visible_to

UNKNOWN_KM = 0.5
"""The part of the radius that a venue is away whose place nobody says."""


class Seldom(NamedTuple):
    """Shows of an artist's name that are listed near the listener, gone by and to come, and the day of the first."""

    shows: int
    first: date

    @property
    def words(self) -> str:
        if self.shows == 1:
            return "the only show of theirs near you that is listed"
        return f"one of {self.shows} shows of theirs near you that are listed, the first in {self.first:%B %Y}"


@dataclass(frozen=True)
class Suggestion:
    """Why a billed artist is recommended. `place` is that in the listener's list of artists, 0 the best."""

    why: str
    place: int
    seldom: Seldom | None

    @property
    def words(self) -> str:
        return "; ".join(filter(None, (self.why, self.seldom.words if self.seldom else "")))

    def worth(self, km: float | None, radius: float) -> float:
        """What speaks for going: half for the second place in the list, half for one of two shows, and for the way to
        the edge of the radius a third of what it is next door. `km` None: nobody says where it is.
        """
        way = UNKNOWN_KM if km is None else km / radius
        return exp(-way) / (1 + self.place) / (self.seldom.shows if self.seldom else 1)


def suggestions(conn: Connection, listener: Listener, artists: set[int]) -> dict[int, Suggestion]:
    """Those of `artists` who are recommended still. At most six queries."""
    taste = recommendations.artists_among(conn, listener.id, artists)
    seldom = _how_seldom(conn, listener, {card.id for card, _ in taste}) if taste else {}
    return {card.id: Suggestion(card.why, place, seldom.get(card.id)) for card, place in taste}


def _how_seldom(conn: Connection, listener: Listener, artists: set[int]) -> dict[int, Seldom]:
    near = _near(listener)
    if near is None:
        return {}
    namesake = artist.alias("namesake")
    seen = select(link.c.item_id).join(claim, claim.c.id == link.c.claim_id).join(account)
    seen = seen.where(link.c.item_id == show.c.id, visible_to(listener.id))
    query = (
        select(artist.c.id, func.count(show.c.id.distinct()).label("shows"), func.min(show.c.day).label("first"))
        .join(namesake, namesake.c.folded == artist.c.folded)
        .join(item_credit, and_(item_credit.c.kind == "show", item_credit.c.artist_id == namesake.c.id))
        .join(show, show.c.id == item_credit.c.item_id)
        .where(artist.c.id.in_(artists), near, show.c.status != "cancelled")
        .where(seen.exists())
        .group_by(artist.c.id)
    )
    return {row.id: Seldom(row.shows, date.fromisoformat(row.first)) for row in conn.execute(query)}


def _near(listener: Listener) -> ColumnElement[bool] | None:
    place = listener.preferences.place
    return around(place, listener.preferences.radius_km) if place else None
