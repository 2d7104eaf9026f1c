"""*Not interested*: said once, it holds for ever, for whatever id or account the thing comes back under."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from aggregator.library.folding import fold_name
from aggregator.library.titles import Title, album_title
from aggregator.store import Store
from aggregator.store.schema import album, artist, dismissal, link

Kind = Literal["album", "artist"]


@dataclass(frozen=True)
class Dismissal:
    """`item_id` is where the thing is now, None when nothing in the house names it any more."""

    id: int
    kind: Kind
    title: str
    artist: str
    at: int
    item_id: int | None


@dataclass
class Dismissed:
    """What one listener does not want, by item and by text: another service may give it a new id."""

    items: set[tuple[str, int]] = field(default_factory=set)
    artists: set[str] = field(default_factory=set)
    albums: set[tuple[str, Title]] = field(default_factory=set)

    def has_artist(self, name: str, item_id: int | None = None) -> bool:
        return ("artist", item_id) in self.items or fold_name(name) in self.artists

    def has_album(self, title: str, credit: str, item_id: int | None = None) -> bool:
        return ("album", item_id) in self.items or album_key(title, credit) in self.albums


def album_key(title: str, credit: str) -> tuple[str, Title]:
    """Equal for all editions of an album: artist and title folded, words like *Deluxe* dropped."""
    return fold_name(credit), album_title(title)


def dismissed(conn: Connection, listener_id: int) -> Dismissed:
    return gathered(dismissals(conn, listener_id))


def gathered(said: Iterable[Dismissal]) -> Dismissed:
    """A listener's dismissals, for asking what they cover."""
    found = Dismissed()
    for one in said:
        if one.item_id is not None:
            found.items.add((one.kind, one.item_id))
        if one.kind == "artist":
            found.artists.add(fold_name(one.artist))
        else:
            found.albums.add(album_key(one.title, one.artist))
    return found


def dismissals(conn: Connection, listener_id: int) -> list[Dismissal]:
    """Those in force, newest first."""
    query = (
        select(dismissal.c.id, dismissal.c.kind, dismissal.c.copy, dismissal.c.at, link.c.item_id)
        .join(link, link.c.claim_id == dismissal.c.claim_id, isouter=True)
        .where(dismissal.c.listener_id == listener_id, dismissal.c.undone_at.is_(None))
        .order_by(dismissal.c.at.desc(), dismissal.c.id.desc())
    )
    return [_dismissal(row) for row in conn.execute(query)]


def _dismissal(row: Any) -> Dismissal:
    text = json.loads(row.copy)
    return Dismissal(row.id, row.kind, text.get("title", ""), text["artist"], row.at, row.item_id)


def dismiss(store: Store, listener_id: int, kind: Kind, item_id: int) -> int | None:
    """Never recommend this album, or this artist and all their albums, again. Returns the id to `restore` it by.

    None when there is no such item. Saying it twice changes nothing.
    """
    with store.write() as conn:
        text = _text(conn, kind, item_id)
        if text is None:
            return None
        before = next((d.id for d in dismissals(conn, listener_id) if (d.kind, d.item_id) == (kind, item_id)), None)
        if before is not None:
            return before
        row = {"listener_id": listener_id, "kind": kind, "claim_id": item_id, "copy": json.dumps(text)}
        said = insert(dismissal).values(**row, at=int(time.time())).returning(dismissal.c.id)
        return int(conn.execute(said).scalar_one())


def _text(conn: Connection, kind: Kind, item_id: int) -> dict[str, str] | None:
    columns = (album.c.title, album.c.credit.label("artist")) if kind == "album" else (artist.c.name.label("artist"),)
    table = album if kind == "album" else artist
    row = conn.execute(select(*columns).where(table.c.id == item_id)).one_or_none()
    return dict(row._mapping) if row else None


def restore(store: Store, listener_id: int, dismissal_id: int) -> bool:
    """Take a *not interested* back. False when it was not there to be taken back."""
    with store.write() as conn:
        mine = (dismissal.c.id == dismissal_id, dismissal.c.listener_id == listener_id, dismissal.c.undone_at.is_(None))
        return conn.execute(update(dismissal).where(*mine).values(undone_at=int(time.time()))).rowcount > 0
