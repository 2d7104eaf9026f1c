"""The listener's own albums that are near what they play: no service is needed to find these.

What the house knows itself says who goes together: who was heard in the same hours, who is named together in credits,
and the genres that files and services give. What services answered counts too, where there is any.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from aggregator.recommendations import company, stored
from aggregator.recommendations.counted import listens
from aggregator.recommendations.knowledge import Knowledge
from aggregator.recommendations.ranking import Reason, rank
from aggregator.recommendations.stored import PER_ARTIST, Listed
from aggregator.recommendations.traits import Traits, heaviest_tags

LONG = 90 * 86_400  # an album not heard for so long may be recommended from one's own shelf
ARTISTS = 40

_NEGLECTED = """
SELECT k.artist_id, s.item_id FROM shelf s
JOIN item_credit k ON k.kind = 'album' AND k.item_id = s.item_id AND k.position = 0
JOIN shelf a ON a.listener_id = s.listener_id AND a.kind = 'artist' AND a.item_id = k.artist_id
LEFT JOIN uncounted u ON u.listener_id = s.listener_id AND u.kind = 'album' AND u.item_id = s.item_id
WHERE s.listener_id = ? AND s.kind = 'album' AND s.owned AND COALESCE(a.last_heard, 0) < ? AND NOT COALESCE(u.held, 0)
ORDER BY s.plays, s.item_id
"""
_CREDITS = """
SELECT k.item_id, k.artist_id FROM item_credit other
JOIN shelf s ON s.listener_id = ? AND s.kind = 'recording' AND s.item_id = other.item_id
JOIN item_credit k ON k.kind = 'recording' AND k.item_id = other.item_id AND k.role <> 'composer'
WHERE other.kind = 'recording' AND other.position = 1
"""
_GENRES = """
SELECT k.artist_id, i.genres FROM shelf s JOIN album i ON i.id = s.item_id AND i.genres <> '[]'
JOIN item_credit k ON k.kind = 'album' AND k.item_id = i.id AND k.position = 0
WHERE s.listener_id = ? AND s.kind = 'album'
"""


@dataclass(frozen=True)
class _House:
    """What it knows itself of who goes together, by artist key."""

    tags: Mapping[str, Mapping[str, float]]
    together: company.Lists
    credited: company.Lists


def near_home(conn: Connection, listener_id: int, known: Knowledge, now: int) -> list[Listed]:
    """The best first."""
    names = {own.item_id: key for key, own in known.own.items() if own.weight}
    albums = _neglected(conn, listener_id, names, now)
    played = {key: own.plays for key, own in known.own.items() if own.plays and key not in albums}
    if not (played and albums):
        return []
    house = _house(conn, listener_id, known, names)
    found = _ranked(played, known, house, list(albums))
    carried = Counter(tag for key in played for tag in house.tags.get(key, ()))
    picked = [(key, why, albums[key][turn]) for turn in range(PER_ARTIST) for key, why in found if albums[key][turn:]]
    return [
        Listed(
            album,
            [stored.reason(reason, known, carried, key) for reason in why],
            Traits(key, heaviest_tags(house.tags.get(key, {}))),
        )
        for key, why, album in picked
    ]


def _ranked(
    played: Mapping[str, int], known: Knowledge, house: _House, among: list[str]
) -> list[tuple[str, list[Reason]]]:
    found = rank(
        played,
        known.near_to,
        lambda key: house.tags.get(key, {}),
        [],
        ARTISTS,
        among=among,
        together=lambda key: house.together.get(key, ()),
        credited=lambda key: house.credited.get(key, ()),
    )
    return [(key, why) for key, why in found if why]


def _neglected(conn: Connection, listener_id: int, names: Mapping[int, str], now: int) -> dict[str, list[int]]:
    """Owned albums of artists that were not heard for long, the least played first, by artist."""
    albums: dict[str, list[int]] = defaultdict(list)
    for artist_id, album in conn.exec_driver_sql(_NEGLECTED, (listener_id, now - LONG)):
        if artist_id in names:
            albums[names[artist_id]].append(album)
    return dict(albums)


def _house(conn: Connection, listener_id: int, known: Knowledge, names: Mapping[int, str]) -> _House:
    heard = ((at, names[artist_id]) for at, artist_id in listens(conn, listener_id) if artist_id in names)
    songs: dict[int, set[str]] = defaultdict(set)
    for song, artist_id in conn.exec_driver_sql(_CREDITS, (listener_id,)):
        if artist_id in names:
            songs[song].add(names[artist_id])
    tags: dict[str, dict[str, float]] = defaultdict(dict)
    for artist_id, genres in conn.exec_driver_sql(_GENRES, (listener_id,)):
        if artist_id in names:
            tags[names[artist_id]] |= {genre.casefold(): 100.0 for genre in json.loads(genres)}
    described = {**tags, **{key: known.tags[key] for key in names.values() if known.tags.get(key)}}
    return _House(described, company.together(heard), company.credited(songs.values()))
