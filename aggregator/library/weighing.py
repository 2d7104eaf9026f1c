"""What an act would change, told before anybody says yes: how much becomes one, which songs go with their albums."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import Connection

from aggregator.library.folding import fold_name
from aggregator.library.likeness import alike
from aggregator.library.titles import song_title
from aggregator.visible import in_sql

MOST_MATCHED = 20
"""Albums whose songs, and items whose names, are matched with each other at once."""

CLOSE = 4.0
"""Seconds between two copies of one song that may still be one recording."""


@dataclass(frozen=True)
class Weight:
    """How much some items, or some claims, are together; `plays` are the listener's."""

    albums: int = 0
    songs: int = 0
    plays: int = 0


@dataclass(frozen=True)
class Song:
    """A song in its place on an album; `account` names it."""

    id: int
    album: int
    title: str
    credit: str
    disc: int
    position: int | None
    seconds: float | None
    account: str


def weight(conn: Connection, listener_id: int, kind: str, items: Iterable[int]) -> Weight:
    """Of items; what several have in common counts once."""
    claims = conn.exec_driver_sql(
        "SELECT claim_id FROM link WHERE kind = ? AND item_id IN (SELECT value FROM json_each(?))",
        (kind, json.dumps(list(items))),
    )
    return weight_of_claims(conn, listener_id, kind, claims.scalars())


def weight_of_claims(conn: Connection, listener_id: int, kind: str, claims: Iterable[int]) -> Weight:
    """Of claims of one kind, by what accounts of the listener's or the household's say."""
    row = conn.exec_driver_sql(
        "WITH mine AS MATERIALIZED (SELECT c.id FROM json_each(:claims) JOIN claim c ON c.id = value"  # noqa: S608
        f" JOIN account a ON a.id = c.account_id AND {in_sql(':listener')}),"
        f" song AS MATERIALIZED ({_SONGS[kind]})"
        f" SELECT ({_ALBUMS[kind]}) AS albums, (SELECT COUNT(DISTINCT link.item_id) FROM song JOIN link"
        " ON link.claim_id = song.id) AS songs, (SELECT COALESCE(SUM(t.plays), 0) FROM song JOIN play_total t"
        " ON t.claim_id = song.id AND t.listener_id = :listener) AS plays",
        {"claims": json.dumps(list(claims)), "listener": listener_id},
    ).one()
    return Weight(*row)


_SONGS = {
    "recording": "SELECT id FROM mine",
    "album": "SELECT s.id FROM mine JOIN claim s ON s.about = mine.id AND s.kind = 'recording'",
    "artist": "SELECT DISTINCT s.id FROM mine JOIN credit k ON k.artist_claim_id = mine.id AND k.role <> 'composer'"
    " JOIN claim s ON s.id = k.claim_id AND s.kind = 'recording'",
    "show": "SELECT id FROM mine WHERE 0",
}
_ALBUMS = {
    "recording": "0",
    "album": "0",
    "artist": "SELECT COUNT(DISTINCT link.item_id) FROM mine JOIN credit k ON k.artist_claim_id = mine.id"
    " JOIN link ON link.claim_id = k.claim_id AND link.kind = 'album'",
    "show": "0",
}


# --- what is weighed --------------------------------------------------------------------------------------------------

_ITEM = {
    "artist": "i.name AS title, '' AS credit, '' AS place, NULL AS year, i.art, i.hue",
    "album": "i.title, i.credit, '' AS place, i.year, i.art, i.hue",
    "recording": "i.title, i.credit, COALESCE('on ' || i.album_title, '') AS place, NULL AS year, i.art, i.hue",
    "show": "i.title, '' AS credit, i.venue || ', ' || i.day AS place, NULL AS year, NULL AS art, NULL AS hue",
}


@dataclass(frozen=True)
class Item:
    """One of several items that something may be said of; `place` is the album of a song, where and when of a show."""

    id: int
    title: str
    credit: str
    place: str
    year: int | None
    art: str | None
    hue: int | None
    owned: bool
    service: bool
    plays: int


def items(conn: Connection, listener_id: int, kind: str, ids: Sequence[int]) -> list[Item]:
    """What these numbers stand for today, each once, as far as the listener may see it."""
    rows = conn.exec_driver_sql(
        f"SELECT i.id, {_ITEM[kind]}, COALESCE(s.owned, 0) AS owned, COALESCE(s.service, 0) AS service,"  # noqa: S608
        " COALESCE(s.plays, 0) AS plays FROM (SELECT link.item_id, MIN(key) AS place FROM json_each(:ids) JOIN link"
        f" ON link.claim_id = value AND link.kind = :kind GROUP BY 1) wanted JOIN {kind} i ON i.id = wanted.item_id"
        " LEFT JOIN shelf s ON s.listener_id = :listener AND s.kind = :kind AND s.item_id = i.id"
        " WHERE EXISTS (SELECT 1 FROM link JOIN claim c ON c.id = link.claim_id JOIN account a ON a.id = c.account_id"
        f" WHERE link.item_id = i.id AND {in_sql(':listener')}) ORDER BY wanted.place",
        {"ids": json.dumps(list(ids)), "kind": kind, "listener": listener_id},
    )
    return [Item(**row._mapping) for row in rows]


def strangers(items: Sequence[Item]) -> bool:
    """Whether no two of them have a like title, or a like artist where both say one; of many nothing is said."""
    return 1 < len(items) <= MOST_MATCHED and not any(
        _both_like(a.title, b.title) or _both_like(a.credit, b.credit) for a, b in combinations(items, 2)
    )


def _both_like(one: str, other: str) -> bool:
    return bool(one and other) and alike(fold_name(one), fold_name(other)) != "unlike"


@dataclass(frozen=True)
class Entry:
    """What one account says of an item."""

    claim: int
    account: str
    title: str
    credit: str


@dataclass(frozen=True)
class Parts:
    """The entries of an item that a listener may see, in two."""

    leaving: list[Entry]
    staying: list[Entry]

    @staticmethod
    def claims(side: Iterable[Entry]) -> list[int]:
        return [entry.claim for entry in side]


def parts(conn: Connection, listener_id: int, kind: str, item_id: int, ticked: Iterable[int]) -> Parts:
    """The item that this number stands for today; what is ticked leaves."""
    rows = conn.exec_driver_sql(
        "SELECT c.id, a.name, COALESCE(c.payload ->> '$.title', c.payload ->> '$.name') AS title, (SELECT"  # noqa: S608
        " group_concat(k.name, ', ') FROM credit k WHERE k.claim_id = c.id) AS credit FROM link here JOIN link"
        " ON link.item_id = here.item_id JOIN claim c ON c.id = link.claim_id JOIN account a ON a.id = c.account_id"
        f" AND {in_sql('?')} WHERE here.claim_id = ? AND here.kind = ? ORDER BY c.id",
        (listener_id, item_id, kind),
    )
    leaving = set(ticked)
    entries = [Entry(row[0], row[1], row[2], row[3] or "") for row in rows]
    return Parts(
        [entry for entry in entries if entry.claim in leaving],
        [entry for entry in entries if entry.claim not in leaving],
    )


# --- songs that go with their albums ----------------------------------------------------------------------------------


def matching_songs(conn: Connection, listener_id: int, albums: Sequence[int]) -> list[list[Song]]:
    """Songs of these albums that are two recordings and seem to be one: a group each, in the order of the albums.

    Those that a listener told apart are not asked about. Of more than `MOST_MATCHED` albums none are.
    """
    if len(albums) > MOST_MATCHED:
        return []
    songs = _songs(conn, listener_id, albums)
    apart = _told_apart(conn, [song.id for song in songs])
    pairs = [
        (rank, a, b)
        for a, b in combinations(songs, 2)
        if a.album != b.album and a.id != b.id and frozenset((a.id, b.id)) not in apart and (rank := _likely(a, b))
    ]
    return _grouped(songs, [(a, b) for _, a, b in sorted(pairs, key=lambda pair: pair[0])])


def _grouped(songs: Sequence[Song], pairs: Iterable[tuple[Song, Song]]) -> list[list[Song]]:
    """The likeliest pairs first; no group has two songs of one album, nor a song that is on both already."""
    on: defaultdict[int, set[int]] = defaultdict(set)
    for song in songs:
        on[song.id].add(song.album)
    group_of = {song.id: {song.id: song} for song in songs}
    for a, b in pairs:
        one, other = group_of[a.id], group_of[b.id]
        if one is not other and not set().union(*(on[id] for id in one)) & set().union(*(on[id] for id in other)):
            one |= other
            group_of |= dict.fromkeys(other, one)
    groups = {id(group): list(group.values()) for group in group_of.values()}
    return [group for group in groups.values() if len(group) > 1]


def _likely(a: Song, b: Song) -> int:
    """How well two songs of two albums go together, the best first; 0: not at all.

    In one place they need a like title, or the length and the artist; elsewhere an equal title. What a title calls the
    version parts.
    """
    one, other = song_title(a.title), song_title(b.title)
    if one.versions != other.versions:
        return 0
    titles = alike(one.main, other.main)
    apart = abs(a.seconds - b.seconds) if a.seconds is not None and b.seconds is not None else None
    in_place = a.position is not None and (a.disc, a.position) == (b.disc, b.position)
    if in_place and titles != "unlike":
        return 1
    if titles in ("equal", "near") and (apart is None or apart <= CLOSE):
        return 2
    if in_place and apart is not None and apart <= CLOSE and fold_name(a.credit) == fold_name(b.credit):
        return 3
    return 0


def _songs(conn: Connection, listener_id: int, albums: Sequence[int]) -> list[Song]:
    """Each song once for each album, in its place; what is only known from plays has none."""
    rows = conn.exec_driver_sql(
        "SELECT link.item_id, mine.item_id AS album, c.payload ->> '$.title' AS title, (SELECT name FROM credit"  # noqa: S608
        " WHERE claim_id = c.id ORDER BY position LIMIT 1) AS credit, c.payload ->> '$.disc' AS disc,"
        " c.payload ->> '$.position' AS position, c.payload ->> '$.seconds' AS seconds, a.name"
        " FROM json_each(?) wanted JOIN link mine ON mine.item_id = wanted.value AND mine.kind = 'album'"
        " JOIN claim c ON c.about = mine.claim_id AND c.kind = 'recording' AND c.present"
        f" JOIN account a ON a.id = c.account_id AND {in_sql('?')}"
        " JOIN link ON link.claim_id = c.id"
        " ORDER BY wanted.key, c.payload ->> '$.from' IS NOT NULL, disc, position, c.id",
        (json.dumps(list(albums)), listener_id),
    )
    found: dict[tuple[int, int], Song] = {}
    for row in rows:
        song = Song(
            row.item_id, row.album, row.title, row.credit or "", row.disc or 1, row.position, row.seconds, row.name
        )
        found.setdefault((song.album, song.id), song)
    return list(found.values())


def _told_apart(conn: Connection, songs: Sequence[int]) -> set[frozenset[int]]:
    rows = conn.exec_driver_sql(
        "WITH named AS MATERIALIZED (SELECT DISTINCT d.id, dc.side, link.item_id FROM link JOIN claim c"
        " ON c.id = link.claim_id JOIN account a ON a.id = c.account_id JOIN decision_claim dc"
        " ON dc.account_key = a.key AND dc.pid = c.pid JOIN decision d ON d.id = dc.decision_id"
        " AND d.kind = 'recording' AND d.verdict = 'different' AND d.undone_at IS NULL"
        " WHERE link.kind = 'recording' AND link.item_id IN (SELECT value FROM json_each(?)))"
        " SELECT DISTINCT one.item_id, other.item_id FROM named one JOIN named other ON other.id = one.id"
        " AND one.side = 'a' AND other.side = 'b'",
        (json.dumps(list(songs)),),
    )
    return {frozenset(row) for row in rows}


# --- songs that were joined with their albums -------------------------------------------------------------------------


@dataclass(frozen=True)
class Joined:
    """A song that a listener made one together with albums; `decision` ends when they part again."""

    decision: int
    title: str


def joined_songs(conn: Connection, listener_id: int, claims: Iterable[int]) -> list[Joined]:
    """What was made one when these claims of an album were said to be the same as others of it, and still holds."""
    rows = conn.exec_driver_sql(
        "WITH song AS MATERIALIZED (SELECT s.id, a.key, s.pid, s.payload ->> '$.title' AS title FROM json_each(?) mine"
        " JOIN claim s ON s.about = mine.value AND s.kind = 'recording' JOIN account a ON a.id = s.account_id)"
        " SELECT d.id, MIN(song.title) FROM song JOIN decision_claim dc ON dc.account_key = song.key"
        " AND dc.pid = song.pid JOIN decision d ON d.id = dc.decision_id AND d.kind = 'recording'"
        " AND d.verdict = 'same' AND d.undone_at IS NULL JOIN decision act ON act.id = d.part_of"
        " AND act.kind = 'album' WHERE NOT EXISTS (SELECT 1 FROM decision_claim theirs JOIN account a"
        " ON a.key = theirs.account_key WHERE theirs.decision_id = d.id AND a.listener_id <> ?)"
        " GROUP BY d.id ORDER BY d.id",
        (json.dumps(list(claims)), listener_id),
    )
    return [Joined(*row) for row in rows]
