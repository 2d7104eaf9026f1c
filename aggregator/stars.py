"""A listener's favourites. A star stands on a claim, with a copy of its name: merging and splitting move nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import Connection, Select, delete, select
from sqlalchemy.dialects.sqlite import insert

from aggregator.store import Store
from aggregator.store.schema import album, artist, link, recording, star

Kind = Literal["artist", "album", "recording"]


def starred(conn: Connection, listener_id: int, kind: Kind, item_ids: Iterable[int]) -> set[int]:
    """Which of these items carry a star of the listener's."""
    return set(conn.scalars(_stars(listener_id, kind).where(link.c.item_id.in_(set(item_ids)))))


def put(store: Store, listener_id: int, kind: Kind, item_id: int) -> bool:
    """Star an item. False when there is no such item."""
    with store.write() as conn:
        words = _words(conn, kind, item_id)
        if words is None:
            return False
        row = {"listener_id": listener_id, "kind": kind, "claim_id": item_id, "copy": json.dumps(words)}
        conn.execute(insert(star).values(**row, at=int(time.time())).on_conflict_do_nothing())
        return True


def take(store: Store, listener_id: int, kind: Kind, item_id: int) -> None:
    """Take the star back, on whichever claims of the item it was put."""
    with store.write() as conn:
        claims = select(link.c.claim_id).where(link.c.item_id == item_id, link.c.kind == kind)
        mine = (star.c.listener_id == listener_id, star.c.kind == kind, star.c.claim_id.in_(claims))
        conn.execute(delete(star).where(*mine))


def _stars(listener_id: int, kind: Kind) -> Select[tuple[int]]:
    return (
        select(link.c.item_id)
        .join(star, star.c.claim_id == link.c.claim_id)
        .where(star.c.listener_id == listener_id, star.c.kind == kind, link.c.kind == kind)
    )


def _words(conn: Connection, kind: Kind, item_id: int) -> dict[str, Any] | None:
    """What the item is called, so that a star outlives the claim it stands on."""
    number, *named = _NAMES[kind]
    found = conn.execute(select(*named).where(number == item_id)).one_or_none()
    if found is None:
        return None
    words = dict(found._mapping)
    isrc = json.loads(words.pop("ids", "{}")).get("isrc")
    return {**words, "isrc": isrc} if isrc else words


_NAMES: dict[Kind, tuple[Any, ...]] = {
    "artist": (artist.c.id, artist.c.name.label("artist")),
    "album": (album.c.id, album.c.title, album.c.credit.label("artist")),
    "recording": (
        recording.c.id,
        recording.c.title,
        recording.c.credit.label("artist"),
        recording.c.album_title.label("album"),
        recording.c.seconds,
        recording.c.ids,
    ),
}
