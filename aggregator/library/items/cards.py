"""What is shown of an item in a list, and the SQL that reads it.

Queries name the item's row `i` and the listener's shelf row `s`; parameters `:listener` and `:kind` are bound.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from aggregator.visible import in_sql


@dataclass(frozen=True)
class Credited:
    """One artist of an item as credited; `join` is the text up to the next name."""

    id: int
    name: str
    join: str
    role: str


@dataclass(frozen=True)
class _Card:
    """What all cards say. `saved`: saved, followed or loved in a service; `starred`: by the listener here."""

    id: int
    art: str | None
    hue: int | None
    owned: bool
    saved: bool
    service: bool
    plays: int
    starred: bool


@dataclass(frozen=True)
class ArtistCard(_Card):
    name: str


@dataclass(frozen=True)
class AlbumCard(_Card):
    """`play_claim`: the first song that is a file of the listener's."""

    title: str
    credit: str
    year: int | None
    form: str
    play_claim: int | None = None


@dataclass(frozen=True)
class SongCard(_Card):
    """`audio_claim`: the best file of the recording that the listener may play."""

    title: str
    credit: str
    album_id: int | None
    album_title: str | None
    seconds: float | None
    audio_claim: int | None
    disc: int = 1
    position: int | None = None


_SHELF = (
    "i.id, i.art, i.hue, COALESCE(s.owned, 0) AS owned, COALESCE(s.saved, 0) AS saved,"
    " COALESCE(s.service, 0) AS service, COALESCE(s.plays, 0) AS plays,"
    " i.id IN (SELECT k.item_id FROM star JOIN link k ON k.claim_id = star.claim_id"
    " WHERE star.listener_id = :listener AND star.kind = :kind) AS starred"
)
COLUMNS = {
    "artist": f"{_SHELF}, i.name",
    "album": f"{_SHELF}, i.title, i.credit, i.year, i.form",
    "recording": f"{_SHELF}, i.title, i.credit, i.album_id, i.album_title, i.seconds,"
    " CASE WHEN s.owned THEN i.audio_claim END AS audio_claim",
}
ON_SHELF = "s.listener_id = :listener AND s.kind = :kind AND s.item_id = i.id"


def artist_card(row: Row[Any]) -> ArtistCard:
    return ArtistCard(**_flags(row), name=row.name)


def album_card(row: Row[Any]) -> AlbumCard:
    return AlbumCard(**_flags(row), title=row.title, credit=row.credit, year=row.year, form=row.form)


def song_card(row: Row[Any], **place: int | None) -> SongCard:
    said: Mapping[str, Any] = {
        name: getattr(row, name) for name in ("title", "credit", "album_id", "album_title", "seconds", "audio_claim")
    }
    return SongCard(**_flags(row), **said, **place)  # type: ignore[arg-type]


def _flags(row: Row[Any]) -> dict[str, Any]:
    flags = {name: bool(getattr(row, name)) for name in ("owned", "saved", "service", "starred")}
    return {"id": row.id, "art": row.art, "hue": row.hue, "plays": row.plays, **flags}


def playable(conn: Connection, listener_id: int, cards: Iterable[AlbumCard]) -> list[AlbumCard]:
    """The cards with their `play_claim`. One query for all."""
    cards = list(cards)
    first = first_songs(conn, listener_id, [card.id for card in cards if card.owned])
    return [replace(card, play_claim=first.get(card.id)) for card in cards]


def first_songs(conn: Connection, listener_id: int, albums: Sequence[int]) -> dict[int, int]:
    """By album item: the claim of the first song that is a file of the listener's or the household's."""
    rows = conn.exec_driver_sql(
        "SELECT link.item_id, song.id FROM json_each(:albums) JOIN link ON link.item_id = value AND link.kind = 'album'"  # noqa: S608
        " JOIN claim song ON song.about = link.claim_id AND song.kind = 'recording' AND song.present"
        f" JOIN account a ON a.id = song.account_id AND {in_sql(':listener')}"
        " WHERE json_extract(song.payload, '$.audio') IS NOT NULL"
        " ORDER BY COALESCE(json_extract(song.payload, '$.disc'), 1) DESC,"
        " json_extract(song.payload, '$.position') DESC",
        {"albums": json.dumps(list(albums)), "listener": listener_id},
    )
    return {row[0]: row[1] for row in rows}


def credited(conn: Connection, kind: str, item_id: int) -> list[Credited]:
    rows = conn.exec_driver_sql(
        'SELECT artist_id, name, "join", role FROM item_credit WHERE kind = ? AND item_id = ? ORDER BY position',
        (kind, item_id),
    )
    return [Credited(*row) for row in rows]
