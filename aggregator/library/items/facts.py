"""What the home page says of a listener's library and listening."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from aggregator.library.items.cards import AlbumCard, ArtistCard, SongCard
from aggregator.library.items.lists import Query, Size, albums, artists, sizes, songs

DAY = 86_400
WEEK = 7


@dataclass(frozen=True)
class Home:
    """`days`: listens per day (days since 1970, UTC) of the last year."""

    sizes: dict[str, Size]
    plays_this_week: int
    albums_added_this_week: int
    days: dict[int, int]
    recently_added: list[AlbumCard]
    recently_played: list[SongCard]
    most_played_albums: list[AlbumCard]
    most_played_artists: list[ArtistCard]


def home(conn: Connection, listener_id: int, now: int, shelf: int = 12) -> Home:
    days = _days(conn, listener_id, now)
    return Home(
        sizes(conn, listener_id),
        sum(plays for day, plays in days.items() if day > now // DAY - WEEK),
        _added(conn, listener_id, now),
        days,
        albums(conn, listener_id, Query(sort="added", limit=shelf)).items,
        songs(conn, listener_id, Query(sort="heard", limit=shelf)).items,
        albums(conn, listener_id, Query(sort="plays", show="heard", limit=shelf)).items,
        artists(conn, listener_id, Query(sort="plays", show="heard", limit=shelf)).items,
    )


def _days(conn: Connection, listener_id: int, now: int) -> dict[int, int]:
    rows = conn.exec_driver_sql(
        "SELECT day, plays FROM play_day WHERE listener_id = ? AND day > ?", (listener_id, now // DAY - 371)
    )
    return {row[0]: row[1] for row in rows}


def _added(conn: Connection, listener_id: int, now: int) -> int:
    added: int = conn.exec_driver_sql(
        "SELECT COUNT(*) FROM shelf WHERE listener_id = ? AND kind = 'album' AND added_at > ?",
        (listener_id, now - WEEK * DAY),
    ).scalar_one()
    return added
