"""Songs to try: the listener's own that were never heard, or not for long, by whom they play and near what they play;
and new ones, by which recommended artists are known best."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, TypeVar

from sqlalchemy import Connection

from aggregator.plugin import Track
from aggregator.recommendations.knowledge import Knowledge
from aggregator.recommendations.stored import PER_ARTIST, Listed

T = TypeVar("T")

LONG = 180 * 86_400
"""Seconds for which a song was not heard, to be worth trying again."""
ARTISTS = 60

_NEGLECTED = """
SELECT k.artist_id, s.item_id FROM json_each(:artists) n
CROSS JOIN item_credit k ON k.artist_id = n.value AND k.kind = 'recording' AND k.position = 0
CROSS JOIN shelf s ON s.listener_id = :listener AND s.kind = 'recording' AND s.item_id = k.item_id
JOIN recording r ON r.id = s.item_id
LEFT JOIN shelf home ON home.listener_id = :listener AND home.kind = 'album' AND home.item_id = r.album_id
LEFT JOIN uncounted u ON u.listener_id = :listener AND u.kind = 'album' AND u.item_id = r.album_id
WHERE (s.owned OR s.service) AND COALESCE(s.last_heard, 0) < :before AND NOT COALESCE(u.held, 0)
ORDER BY s.loved DESC, COALESCE(home.plays, 0) DESC, s.item_id
"""


def songs_to_try(
    conn: Connection, listener_id: int, known: Knowledge, near: Iterable[Listed], now: int
) -> list[Listed]:
    """In turns of whom they play most and of `near`, the albums of `near_home`."""
    told = {each.traits.by: each for each in near}
    played = [key for key in known.seeds if known.own[key].plays][:ARTISTS]
    told |= {key: _of_the_played(known, key) for key in played}
    order = list(dict.fromkeys(key for key in chain(*zip_longest(played, list(told))) if key))
    songs = _neglected(conn, listener_id, [known.own[key].item_id for key in order], now)
    return [
        told[key]._replace(item_id=song)
        for turn in range(PER_ARTIST)
        for key in order
        for song in songs[known.own[key].item_id][turn:][:1]
    ]


def in_turns(lists: Iterable[Sequence[T]]) -> Iterator[T]:
    """The first of each list, then the second of each, and so on."""
    return (each for turn in zip_longest(*lists) for each in turn if each is not None)


def record_of(said: Mapping[str, Any]) -> Track:
    """A song as a service named it among an artist's. Its album is no part of that, for nobody named it."""
    return Track.model_validate({**said, "edition": None, "position": None})


def _of_the_played(known: Knowledge, key: str) -> Listed:
    artist = known.own[key].item_id
    return Listed(artist, [["plays", artist]], known.traits(key))


def _neglected(conn: Connection, listener_id: int, artists: Sequence[int], now: int) -> Mapping[int, list[int]]:
    """By artist: loved songs first, then those of albums played most."""
    told = {"artists": json.dumps(artists), "listener": listener_id, "before": now - LONG}
    songs: dict[int, list[int]] = defaultdict(list)
    for artist_id, song in conn.exec_driver_sql(_NEGLECTED, told):
        songs[artist_id].append(song)
    return songs
