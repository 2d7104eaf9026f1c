"""What the home page says of a listener's library and listening."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from aggregator.library.items.cards import AlbumCard, playable
from aggregator.library.items.lists import first_albums

DAY = 86_400
WEEK = 7


@dataclass(frozen=True)
class Home:
    """`back_in_rotation`: albums heard last; `recently_added`: albums that came to the library last."""

    plays_this_week: int
    albums_added_this_week: int
    back_in_rotation: list[AlbumCard]
    recently_added: list[AlbumCard]


def home(conn: Connection, listener_id: int, now: int, shelf: int = 8) -> Home:
    """Three queries."""
    heard, added = first_albums(conn, listener_id, ("heard", "added"), shelf)
    cards = playable(conn, listener_id, heard + added)
    return Home(*_week(conn, listener_id, now), cards[: len(heard)], cards[len(heard) :])


def _week(conn: Connection, listener_id: int, now: int) -> tuple[int, int]:
    """Plays, and albums that came, in the last seven days."""
    plays, added = conn.exec_driver_sql(
        "SELECT (SELECT COALESCE(SUM(plays), 0) FROM play_day WHERE listener_id = :listener AND day > :day),"
        " (SELECT COUNT(*) FROM shelf WHERE listener_id = :listener AND kind = 'album' AND added_at > :since)",
        {"listener": listener_id, "day": now // DAY - WEEK, "since": now - WEEK * DAY},
    ).one()
    return plays, added
