"""What counts as a listener's taste: everything they have and heard, less what they keep out of it.

`recount` writes down what does not count of each artist and album (table `uncounted`), and whatever works from taste
reads that. It is done anew whenever something is kept out or let in again, and before each ranking. Nobody waits for
it: it is worked out before the transaction that writes it, and that writes only what is another than before.
"""

from __future__ import annotations

import json
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, delete, func, insert, select

from aggregator import listeners
from aggregator.store import Store
from aggregator.store.schema import excluded, link, recommended, report, shelf, uncounted

NEWEST = 50_000
"""Listens that say who is heard together."""


@dataclass
class _Out:
    """What is kept out, as numbers of today."""

    items: set[tuple[str, int]] = field(default_factory=set)
    playlists: set[int] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    hours: set[int] = field(default_factory=set)


def recount(store: Store, listener_id: int) -> None:
    """Write down what does not count of each artist and album, as of now."""
    with store.read() as conn:
        rows = _uncounted(conn, listener_id)
        mine = select(uncounted).where(uncounted.c.listener_id == listener_id)
        before = {(row.kind, row.item_id): dict(row._mapping) for row in conn.execute(mine)}
    if rows == before:
        return
    with store.write() as conn:
        conn.execute(delete(uncounted).where(uncounted.c.listener_id == listener_id))
        if rows:
            conn.execute(insert(uncounted), list(rows.values()))


def _uncounted(conn: Connection, listener_id: int) -> dict[tuple[str, int], dict[str, Any]]:
    """The rows of the table, by kind and item."""
    out = _out(conn, listener_id)
    if out == _Out():
        return {}
    plays = _plays_out(conn, listener_id, out)
    held = _held_only_by(conn, listener_id, out)
    return {
        (kind, item): {
            "listener_id": listener_id, "kind": kind, "item_id": item, "plays": plays[kind, item],
            "held": (kind, item) in held, "whole": (kind, item) in out.items,
        }
        for kind, item in sorted({*plays, *held, *out.items})
    }  # fmt: skip


def listens(conn: Connection, listener_id: int) -> list[tuple[int, int]]:
    """The newest `NEWEST` listens that count: when, and the artist item first credited."""
    out = _out(conn, listener_id)
    songs = _songs(conn, out)
    rows = conn.exec_driver_sql(
        "SELECT r.at, l.item_id, k.artist_id, :any AND EXISTS (SELECT 1 FROM report o JOIN account a"
        " ON a.id = o.account_id WHERE o.listen_id = r.id AND a.key IN (SELECT value FROM json_each(:keys))) AS said"
        " FROM (SELECT id, at, claim_id FROM report WHERE listener_id = :me AND leads ORDER BY at DESC LIMIT :most) r"
        " JOIN link l ON l.claim_id = r.claim_id"
        " JOIN item_credit k ON k.kind = 'recording' AND k.item_id = l.item_id AND k.position = 0",
        {"me": listener_id, "most": NEWEST, "any": bool(out.accounts), "keys": json.dumps(sorted(out.accounts))},
    ).all()
    clock = _clock(conn, listener_id) if out.hours and rows else []
    return [
        (at, artist_id)
        for at, song, artist_id, said in rows
        if not said and song not in songs and not (out.hours and _hour(clock, at) in out.hours)
    ]


def _out(conn: Connection, listener_id: int) -> _Out:
    out = _Out()
    for row in conn.execute(in_force(listener_id)):
        _gather(out, row)
    return out


def in_force(listener_id: int) -> Select[*tuple[Any, ...]]:
    """What is kept out, each with the item it is now."""
    query = select(*excluded.c, link.c.item_id).join(link, link.c.claim_id == excluded.c.claim_id, isouter=True)
    return query.where(excluded.c.listener_id == listener_id, excluded.c.undone_at.is_(None))


def left_out(conn: Connection, listener_id: int) -> Counter[int]:
    """Plays that do not count, by artist."""
    mine = (uncounted.c.listener_id == listener_id, uncounted.c.kind == "artist")
    return Counter(
        {row[0]: row[1] for row in conn.execute(select(uncounted.c.item_id, uncounted.c.plays).where(*mine))}
    )


class Part(NamedTuple):
    """One of a listener's tastes: a name ('' where nothing says), its share of all that counts, who it is."""

    name: str
    share: float
    artists: list[str]
    more: int


def parts(conn: Connection, listener_id: int) -> list[Part]:
    """What taste is made of, as last computed, the largest part first."""
    mine = (recommended.c.listener_id == listener_id, recommended.c.kind == "taste")
    query = select(recommended.c.score, recommended.c.reasons).where(*mine).order_by(recommended.c.rank)
    told = [(row.score, json.loads(row.reasons)[0]) for row in conn.execute(query)]
    return [Part(name, share, names, count - len(names)) for share, (_, name, names, count) in told]


def _zone(conn: Connection, listener_id: int) -> tzinfo | None:
    """That of the listener's wall: their place's, else the machine's."""
    found = listeners.read(conn, listener_id)
    place = found.preferences.place if found else None
    return ZoneInfo(place.zone) if place else None


def _gather(out: _Out, row: Any) -> None:
    if row.what in ("artist", "album") and row.item_id is not None:
        out.items.add((row.what, row.item_id))
    elif row.what == "playlist":
        out.playlists.add(row.claim_id)
    elif row.what == "account":
        out.accounts.add(row.value)
    elif row.what == "hours":
        first, last = map(int, row.value.split("-"))
        out.hours |= {hour % 24 for hour in range(first, last if last > first else last + 24)}


def _plays_out(conn: Connection, listener_id: int, out: _Out) -> Counter[tuple[str, int]]:
    """Listens that do not count, by artist and album; one that is kept out for two reasons is counted once."""
    listens = _by_listen(conn, listener_id, out) if out.hours or out.accounts else Counter()
    listens |= _all_listens(conn, listener_id, _songs(conn, out))
    found: Counter[tuple[str, int]] = Counter()
    for kind, item, song in _where_songs_count(conn, list(listens)):
        found[kind, item] += listens[song]
    for kind, item, plays in _whole(conn, listener_id, out):
        found[kind, item] = plays
    return found


def _songs(conn: Connection, out: _Out) -> set[int]:
    """Recordings on the albums and playlists, or by the artists, that are kept out."""
    said = {
        "albums": json.dumps([item for kind, item in out.items if kind == "album"]),
        "artists": json.dumps([item for kind, item in out.items if kind == "artist"]),
        "playlists": json.dumps(sorted(out.playlists)),
    }
    rows = conn.exec_driver_sql(
        "SELECT song.item_id FROM json_each(:albums) JOIN link l ON l.item_id = value JOIN claim c ON c.about ="
        " l.claim_id AND c.kind = 'recording' JOIN link song ON song.claim_id = c.id"
        " UNION SELECT k.item_id FROM json_each(:artists) JOIN item_credit k ON k.artist_id = value"
        " AND k.kind = 'recording' AND k.role <> 'composer'"
        " UNION SELECT song.item_id FROM json_each(:playlists) p JOIN claim list ON list.id = p.value"
        " JOIN json_each(list.payload, '$.tracks') t JOIN claim c ON c.account_id = list.account_id"
        " AND c.kind = 'recording' AND c.pid = t.value JOIN link song ON song.claim_id = c.id",
        said,
    )
    return set(rows.scalars())


def _by_listen(conn: Connection, listener_id: int, out: _Out) -> Counter[int]:
    """Listens in the hours, or that one of the accounts reported, by recording."""
    rows = conn.exec_driver_sql(
        "SELECT l.item_id, COUNT(*) FROM ("
        " SELECT r.id, r.claim_id FROM json_each(:clock) p CROSS JOIN report r ON r.listener_id = :me AND r.leads"
        "  AND r.at >= json_extract(p.value, '$[0]') AND r.at < json_extract(p.value, '$[1]')"
        "  WHERE ((r.at + json_extract(p.value, '$[2]')) % 86400 + 86400) % 86400 / 3600"
        "   IN (SELECT value FROM json_each(:hours))"
        " UNION SELECT r.id, r.claim_id FROM account a CROSS JOIN report o ON o.account_id = a.id"
        "  JOIN report r ON r.id = o.listen_id AND r.listener_id = :me AND r.leads"
        "  WHERE a.key IN (SELECT value FROM json_each(:keys))"
        ") left_out JOIN link l ON l.claim_id = left_out.claim_id GROUP BY l.item_id",
        {
            "me": listener_id,
            "clock": json.dumps(_clock(conn, listener_id) if out.hours else []),
            "hours": json.dumps(sorted(out.hours)),
            "keys": json.dumps(sorted(out.accounts)),
        },
    )
    return Counter({row[0]: row[1] for row in rows})


class _Season(NamedTuple):
    """A time in which the listener's clock is so many seconds ahead of UTC."""

    start: int
    until: int
    ahead: int


def _clock(conn: Connection, listener_id: int) -> list[_Season]:
    """That on the listener's wall in the time of their listens, right to the half day in which clocks change."""
    mine = (report.c.listener_id == listener_id, report.c.leads)
    first, last = conn.execute(select(func.min(report.c.at), func.max(report.c.at)).where(*mine)).one()
    zone, half = _zone(conn, listener_id), 43_200
    seasons: list[_Season] = []
    for at in range(first // half * half, last + 1, half) if first is not None else ():
        ahead = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset() or timedelta()
        if seasons and seasons[-1].ahead == ahead.total_seconds():
            seasons[-1] = seasons[-1]._replace(until=at + half)
        else:
            seasons.append(_Season(at, at + half, int(ahead.total_seconds())))
    return seasons


def _hour(clock: list[_Season], at: int) -> int:
    season = clock[bisect(clock, at, key=lambda season: season.start) - 1]
    return (at + season.ahead) // 3600 % 24


def _all_listens(conn: Connection, listener_id: int, songs: set[int]) -> Counter[int]:
    rows = conn.exec_driver_sql(
        "SELECT item_id, plays FROM json_each(:songs) CROSS JOIN shelf ON listener_id = :me AND kind = 'recording'"
        " AND item_id = value WHERE plays",
        {"songs": json.dumps(sorted(songs)), "me": listener_id},
    )
    return Counter({row[0]: row[1] for row in rows})


def _where_songs_count(conn: Connection, songs: list[int]) -> Iterable[Any]:
    """The artists and albums whose plays those of the songs are among."""
    return conn.exec_driver_sql(
        "SELECT DISTINCT 'artist', k.artist_id, value FROM json_each(:songs) JOIN item_credit k ON k.item_id = value"
        " AND k.kind = 'recording' AND k.role <> 'composer'"
        " UNION SELECT 'album', home.item_id, value FROM json_each(:songs) JOIN link l ON l.item_id = value"
        " JOIN claim c ON c.id = l.claim_id JOIN link home ON home.claim_id = c.about",
        {"songs": json.dumps(songs)},
    )


def _whole(conn: Connection, listener_id: int, out: _Out) -> Iterable[Any]:
    query = select(shelf.c.kind, shelf.c.item_id, shelf.c.plays)
    mine = (shelf.c.listener_id == listener_id, shelf.c.item_id.in_([item for _, item in out.items]))
    return [row for row in conn.execute(query.where(*mine)) if (row.kind, row.item_id) in out.items]


def _held_only_by(conn: Connection, listener_id: int, out: _Out) -> set[tuple[str, int]]:
    """Artists and albums that are there by what is kept out alone: its accounts, its albums."""
    found: set[tuple[str, int]] = set(out.items)
    if out.accounts:
        found |= _brought_only_by(conn, listener_id, out.accounts)
    gone = {item for kind, item in out.items if kind == "album"}
    if gone:
        rows = conn.exec_driver_sql(
            "SELECT mine.artist_id, other.item_id FROM json_each(:gone) JOIN item_credit mine ON mine.kind = 'album'"
            " AND mine.item_id = value JOIN item_credit other ON other.kind = 'album'"
            " AND other.artist_id = mine.artist_id JOIN shelf s ON s.listener_id = :me AND s.kind = 'album'"
            " AND s.item_id = other.item_id",
            {"gone": json.dumps(sorted(gone)), "me": listener_id},
        )
        albums: dict[int, set[int]] = defaultdict(set)
        for artist_id, album_id in rows:
            albums[artist_id].add(album_id)
        found |= {("artist", artist_id) for artist_id, theirs in albums.items() if theirs <= gone}
    return found


def _brought_only_by(conn: Connection, listener_id: int, keys: set[str]) -> set[tuple[str, int]]:
    rows = conn.exec_driver_sql(
        "SELECT l.kind, l.item_id FROM link l JOIN claim c ON c.id = l.claim_id AND c.present"
        " JOIN account a ON a.id = c.account_id WHERE l.kind IN ('artist', 'album')"
        " AND (a.listener_id IS NULL OR a.listener_id = :me) GROUP BY l.kind, l.item_id"
        " HAVING MIN(a.key IN (SELECT value FROM json_each(:keys)))",
        {"me": listener_id, "keys": json.dumps(sorted(keys))},
    )
    return {(kind, item) for kind, item in rows}
