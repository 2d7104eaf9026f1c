"""One album, artist or recording, with all that its page shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from aggregator.library import acts
from aggregator.library.choices import PREFERRED, picks_of
from aggregator.library.items import cards
from aggregator.library.items.cards import COLUMNS, ON_SHELF, AlbumCard, ArtistCard, Credited, SongCard
from aggregator.library.items.provenance import ClaimRow, claim_rows, provenance, visible_accounts
from aggregator.visible import in_sql

TOP_SONGS = 10
MOST_ALBUMS = 200
LAST_PLAYS = 20


@dataclass(frozen=True)
class Moved:
    """The id is that of a claim whose item goes by another number now."""

    id: int


@dataclass(frozen=True)
class Origin:
    """Where the item comes from and what listeners decided about it."""

    provenance: str
    claims: list[ClaimRow]
    history: list[acts.Act]


@dataclass(frozen=True)
class Version:
    """One account's edition of an album. `claim` names it."""

    claim: int
    account: str
    provider: str
    title: str
    year: int | None
    songs: int
    owned: bool


@dataclass(frozen=True)
class AlbumPage(Origin):
    card: AlbumCard
    artists: list[Credited]
    songs: list[SongCard]
    versions: list[Version]
    genres: list[str]
    released: str | None
    first_heard: int | None
    last_heard: int | None
    ids: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.card, name)

    @property
    def seconds(self) -> float:
        return sum(song.seconds or 0 for song in self.songs)

    @property
    def discs(self) -> int:
        return len({song.disc for song in self.songs})

    @property
    def chips(self) -> list[str]:
        return [part for part in self.provenance.split("; ") if part]


@dataclass(frozen=True)
class ArtistPage(Origin):
    card: ArtistCard
    albums: list[AlbumCard]
    songs: list[SongCard]
    genres: list[str]
    first_heard: int | None
    last_heard: int | None
    ids: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.card, name)


@dataclass(frozen=True)
class Copy:
    """One way to hear a recording: a file, or a place in a service. Sizes in bytes, bitrate as the source has it."""

    claim: int
    account: str
    provider: str
    album_id: int | None
    album_title: str | None
    seconds: float | None
    codec: str | None
    bitrate: int | None
    size: int | None
    path: str | None
    url: str | None


@dataclass(frozen=True)
class RecordingPage(Origin):
    card: SongCard
    artists: list[Credited]
    copies: list[Copy]
    played: list[int]  # starts of the newest listens
    first_heard: int | None
    last_heard: int | None
    ids: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.card, name)


def resolve(conn: Connection, kind: str, id: int) -> int | None:
    """The item that a claim's number, or a retired item's, stands for today."""
    found: int | None = conn.exec_driver_sql(
        "SELECT item_id FROM link WHERE claim_id = ? AND kind = ?", (id, kind)
    ).scalar()
    return found


def album(conn: Connection, listener_id: int, id: int, version: int | None = None) -> AlbumPage | Moved | None:
    """`version`: the claim of one edition, to see its songs alone."""
    row = _row(conn, "album", listener_id, id)
    if row is None or isinstance(row, Moved):
        return row
    accounts = visible_accounts(conn, listener_id)
    slots = _slots(conn, listener_id, [id])
    editions = _editions(slots, accounts)
    [card] = cards.playable(conn, listener_id, [cards.album_card(row)])
    return AlbumPage(
        **_origin(conn, "album", row, listener_id, accounts),
        card=card,
        artists=cards.credited(conn, "album", id),
        songs=_songs(conn, slots, editions, version),
        versions=editions,
        genres=json.loads(row.genres),
        released=row.released,
    )


def artist(conn: Connection, listener_id: int, id: int) -> ArtistPage | Moved | None:
    row = _row(conn, "artist", listener_id, id)
    if row is None or isinstance(row, Moved):
        return row
    accounts = visible_accounts(conn, listener_id)
    albums = _credited(conn, "album", listener_id, id, "COALESCE(i.year, 0) DESC, i.id", MOST_ALBUMS)
    songs = _credited(conn, "recording", listener_id, id, "s.plays DESC, s.owned DESC, i.id", TOP_SONGS)
    return ArtistPage(
        **_origin(conn, "artist", row, listener_id, accounts),
        card=cards.artist_card(row),
        albums=cards.playable(conn, listener_id, map(cards.album_card, albums)),
        songs=[cards.song_card(song) for song in songs],
        genres=json.loads(row.genres),
    )


def recording(conn: Connection, listener_id: int, id: int) -> RecordingPage | Moved | None:
    row = _row(conn, "recording", listener_id, id)
    if row is None or isinstance(row, Moved):
        return row
    accounts = visible_accounts(conn, listener_id)
    return RecordingPage(
        **_origin(conn, "recording", row, listener_id, accounts),
        card=cards.song_card(row),
        artists=cards.credited(conn, "recording", id),
        copies=_copies(conn, id, accounts),
        played=_played(conn, listener_id, id),
    )


def _row(conn: Connection, kind: str, listener_id: int, id: int) -> Row[Any] | Moved | None:
    row = conn.exec_driver_sql(
        f"SELECT {COLUMNS[kind]}, i.*, s.first_heard, s.last_heard FROM {kind} i LEFT JOIN shelf s ON {ON_SHELF}"  # noqa: S608
        " WHERE i.id = :id",
        {"listener": listener_id, "kind": kind, "id": id},
    ).first()
    if row is not None:
        return row
    item = resolve(conn, kind, id)
    return Moved(item) if item is not None and item != id else None


def origin(conn: Connection, listener_id: int, kind: str, id: int) -> Origin:
    """Of an item that another room has the page of."""
    accounts = visible_accounts(conn, listener_id)
    return Origin("", claim_rows(conn, kind, id, listener_id, accounts), acts.about(conn, listener_id, kind, id))


def _origin(
    conn: Connection, kind: str, row: Row[Any], listener_id: int, accounts: Mapping[int, tuple[str, str]]
) -> dict[str, Any]:
    claims = claim_rows(conn, kind, row.id, listener_id, accounts)
    return {
        "provenance": provenance(accounts, row.sources, row.plays, row.first_heard),
        "claims": claims,
        "history": acts.about(conn, listener_id, kind, row.id),
        "first_heard": row.first_heard,
        "last_heard": row.last_heard,
        "ids": json.loads(row.ids),
    }


def _credited(
    conn: Connection, kind: str, listener_id: int, artist_id: int, order: str, limit: int
) -> Sequence[Row[Any]]:
    return conn.exec_driver_sql(
        f"SELECT {COLUMNS[kind]} FROM {kind} i JOIN shelf s ON {ON_SHELF} WHERE i.id IN (SELECT item_id"  # noqa: S608
        f" FROM item_credit WHERE artist_id = :artist AND kind = :kind) ORDER BY {order} LIMIT :limit",
        {"listener": listener_id, "kind": kind, "artist": artist_id, "limit": limit},
    ).all()


# --- the songs of an album --------------------------------------------------------------------------------------------


class Listed(NamedTuple):
    """How many songs the page of an album lists, and how many more its other versions have."""

    songs: int
    more: int


def listed(conn: Connection, listener_id: int, albums: Sequence[int], groups: Iterable[Sequence[int]] = ()) -> Listed:
    """Of these albums, once they are one. `groups`: songs that become one with them."""
    slots = _slots(conn, listener_id, albums)
    songs = _union(slots, _editions(slots, visible_accounts(conn, listener_id)), chosen=False)
    one = {song: min(group) for group in groups for song in group}
    shown = {one.get(song.id, song.id) for song in songs}
    return Listed(len(shown), len({one.get(slot.id, slot.id) for slot in slots} - shown))


def _slots(conn: Connection, listener_id: int, albums: Sequence[int]) -> Sequence[Row[Any]]:
    """Every claim of a song on these albums that the listener may see, with its item."""
    return conn.exec_driver_sql(
        f"SELECT {COLUMNS['recording']}, c.id AS claim, c.about, c.account_id, edition.payload AS edition, c.present,"  # noqa: S608
        " COALESCE(json_extract(c.payload, '$.disc'), 1) AS disc, json_extract(c.payload, '$.position') AS position,"
        " json_extract(c.payload, '$.audio') IS NOT NULL AS file,"
        " json_extract(c.payload, '$.from') IS NOT NULL AS played"
        " FROM link mine JOIN claim edition ON edition.id = mine.claim_id"
        " JOIN claim c ON c.about = mine.claim_id AND c.kind = 'recording'"
        f" JOIN account a ON a.id = c.account_id AND {in_sql(':listener')}"
        " JOIN link ON link.claim_id = c.id JOIN recording i ON i.id = link.item_id"
        f" LEFT JOIN shelf s ON {ON_SHELF} WHERE mine.kind = 'album'"
        " AND mine.item_id IN (SELECT value FROM json_each(:albums)) ORDER BY disc, position, claim",
        {"listener": listener_id, "kind": "recording", "albums": json.dumps(list(albums))},
    ).all()


def _editions(slots: Sequence[Row[Any]], accounts: Mapping[int, tuple[str, str]]) -> list[Version]:
    """The editions whose songs are known, the preferred one first: owned, then fuller, then by source."""
    found: dict[int, list[Row[Any]]] = {}
    for slot in slots:
        if slot.present and not slot.played and slot.account_id in accounts:
            found.setdefault(slot.about, []).append(slot)
    return sorted((_version(songs, accounts) for songs in found.values()), key=_edition_rank)


def _version(songs: Sequence[Row[Any]], accounts: Mapping[int, tuple[str, str]]) -> Version:
    provider, name = accounts[songs[0].account_id]
    said = json.loads(songs[0].edition)
    year = int(said["released"][:4]) if "released" in said else None
    owned = any(song.file for song in songs)
    return Version(songs[0].about, name, provider, said["title"], year, len({song.id for song in songs}), owned)


def _edition_rank(version: Version) -> tuple[object, ...]:
    source = PREFERRED.index(version.provider) if version.provider in PREFERRED else len(PREFERRED)
    return (not version.owned, -version.songs, source, version.claim)


def _songs(
    conn: Connection, slots: Sequence[Row[Any]], editions: Sequence[Version], version: int | None
) -> list[SongCard]:
    """Of the whole album, in the places that listeners chose; or of one edition, as it has them."""
    if version is not None:
        return _union(slots, [each for each in editions if each.claim == version], chosen=True)
    songs = _union(slots, editions, chosen=False)
    chosen = _chosen_places(conn, slots)
    return _placed(songs, {song.id: chosen[song.id] for song in songs if song.id in chosen})


def _chosen_places(conn: Connection, slots: Iterable[Row[Any]]) -> dict[int, tuple[int, int]]:
    """By song, disc and number where a listener picked or wrote them for this album; of several the newest."""
    picks = picks_of(conn, "recording")
    found = [(pick, slot) for slot in slots if (pick := picks.get(slot.claim, {}).get("number"))]
    places = {}
    for pick, slot in sorted(found, key=lambda one: one[0].id):
        disc, position = json.loads(pick.own) if pick.own else (slot.disc, slot.position)
        if pick.own or (slot.present and position is not None):
            places[slot.id] = (disc, position)
    return places


def _placed(songs: Sequence[SongCard], places: Mapping[int, tuple[int, int]]) -> list[SongCard]:
    """These songs in these places, each before the first that has a later one; the others stay in their order."""
    placed = [song for song in songs if song.id not in places]
    for song in sorted((song for song in songs if song.id in places), key=lambda song: places[song.id]):
        place = places[song.id]
        later = (at for at, other in enumerate(placed) if other.position and (other.disc, other.position) > place)
        placed.insert(next(later, len(placed)), replace(song, disc=place[0], position=place[1]))
    return placed


def _union(slots: Sequence[Row[Any]], editions: Sequence[Version], chosen: bool) -> list[SongCard]:
    """Songs once each: those of owned editions (else of any) in the preferred one's order, then what others add.

    An album that is only known from plays lists what was played.
    """
    owned = [edition for edition in editions if edition.owned]
    songs: dict[int, SongCard] = {}
    for edition in editions if chosen else owned or editions:
        _add(songs, (slot for slot in slots if slot.about == edition.claim and slot.present and not slot.played))
    if not editions:
        _add(songs, sorted(slots, key=lambda slot: (-slot.plays, slot.title)))
    return list(songs.values())


def _add(songs: dict[int, SongCard], slots: Iterable[Row[Any]]) -> None:
    for slot in slots:
        if slot.id not in songs:
            songs[slot.id] = cards.song_card(slot, disc=slot.disc, position=slot.position)


# --- the copies of a recording ----------------------------------------------------------------------------------------


def _copies(conn: Connection, recording_id: int, accounts: Mapping[int, tuple[str, str]]) -> list[Copy]:
    rows = conn.exec_driver_sql(
        "SELECT c.id, c.account_id, c.payload, album.item_id AS album_id, json_extract(e.payload, '$.title') AS album"
        " FROM link JOIN claim c ON c.id = link.claim_id LEFT JOIN claim e ON e.id = c.about"
        " LEFT JOIN link album ON album.claim_id = c.about WHERE link.kind = 'recording' AND link.item_id = ?"
        " AND c.present AND json_extract(c.payload, '$.from') IS NULL ORDER BY c.id",
        (recording_id,),
    )
    copies = [_copy(row, accounts) for row in rows if row.account_id in accounts]
    return sorted(copies, key=lambda copy: (copy.codec is None, -(copy.bitrate or 0), copy.claim))


def _copy(row: Row[Any], accounts: Mapping[int, tuple[str, str]]) -> Copy:
    said = json.loads(row.payload)
    audio = said.get("audio", {})
    provider, name = accounts[row.account_id]
    return Copy(row.id, name, provider, row.album_id, row.album, said.get("seconds"), audio.get("codec"),
                audio.get("bitrate"), audio.get("size"), audio.get("path"), said.get("url"))  # fmt: skip


def _played(conn: Connection, listener_id: int, recording_id: int) -> list[int]:
    # The plus keeps SQLite from walking all of the listener's plays instead of the song's.
    return list(conn.exec_driver_sql(
        "SELECT r.at FROM link CROSS JOIN report r ON r.claim_id = link.claim_id AND r.leads AND +r.listener_id = ?"
        " WHERE link.kind = 'recording' AND link.item_id = ? ORDER BY r.at DESC LIMIT ?",
        (listener_id, recording_id, LAST_PLAYS),
    ).scalars())  # fmt: skip
