"""What listeners say of recommendations, for as long as they do not take it back.

*more* and *less* move whatever is like the thing up and down the list; *never* and *already know it* take it away, and
so does *less*. A word holds under any id, account or edition the thing comes back under: it is kept with a copy of the
names and of what the thing is like. Whatever is said takes effect when the list is next read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from sqlalchemy import Connection, insert, select, update

from aggregator.library.folding import fold, fold_name
from aggregator.library.titles import Title, album_title
from aggregator.recommendations.traits import Traits, likeness
from aggregator.store.schema import album, artist, feedback, link, recording

Kind = Literal["album", "artist", "recording"]
Word = Literal["more", "less", "never", "know"]
WORDS: tuple[Word, ...] = get_args(Word)

LEAN = 2.5
"""How far one word moves what is entirely alike, as a power of e: from place 10 to place 1 or to place 120."""


@dataclass(frozen=True)
class Said:
    """One word in force. `item_id` is where the thing is now, None when nothing in the house names it any more."""

    id: int
    kind: Kind
    word: Word
    title: str
    artist: str
    traits: Traits
    effect: str
    at: int
    item_id: int | None

    @property
    def name(self) -> str:
        return self.title or self.artist


@dataclass
class Feedback:
    """Everything one listener said, for asking what it means for a recommendation."""

    items: set[tuple[str, int]] = field(default_factory=set)
    artists: set[str] = field(default_factory=set)  # not wanted with anything
    met: set[str] = field(default_factory=set)  # not wanted as an artist; their albums may be
    albums: set[tuple[str, Title]] = field(default_factory=set)
    songs: set[tuple[str, str]] = field(default_factory=set)
    leanings: list[tuple[float, Traits]] = field(default_factory=list)

    def has_artist(self, name: str, item_id: int | None = None) -> bool:
        """Nothing by this artist is wanted."""
        return ("artist", item_id) in self.items or fold_name(name) in self.artists

    def has_album(self, title: str, credit: str, item_id: int | None = None) -> bool:
        return ("album", item_id) in self.items or album_key(title, credit) in self.albums

    def hides(self, kind: Kind, title: str, credit: str, item_id: int, artist_id: int | None) -> bool:
        if self.has_artist(credit, artist_id):
            return True
        match kind:
            case "artist":
                return fold_name(credit) in self.met
            case "album":
                return self.has_album(title, credit, item_id)
        return ("recording", item_id) in self.items or song_key(title, credit) in self.songs

    def lean(self, traits: Traits) -> float:
        """By how much (a power of e) the listener wants such a thing more or, below 0, less."""
        return sum(lean * likeness(told, traits) for lean, told in self.leanings)


AlbumKey = tuple[str, Title]


def album_key(title: str, credit: str) -> AlbumKey:
    """Equal for all editions of an album: artist and title folded, words like *Deluxe* dropped."""
    return fold_name(credit), album_title(title)


def song_key(title: str, credit: str) -> tuple[str, str]:
    return fold_name(credit), fold(title)


def feedback_of(conn: Connection, listener_id: int) -> Feedback:
    return gathered(said_by(conn, listener_id))


def gathered(said: Iterable[Said]) -> Feedback:
    found = Feedback()
    for one in said:
        if one.word in ("more", "less"):
            found.leanings.append((LEAN if one.word == "more" else -LEAN, one.traits))
        if one.word != "more":
            _hide(found, one)
    return found


def _hide(found: Feedback, one: Said) -> None:
    if one.kind == "album":
        found.albums.add(album_key(one.title, one.artist))
    elif one.kind == "recording":
        found.songs.add(song_key(one.title, one.artist))
    else:
        (found.artists if one.word == "never" else found.met).add(fold_name(one.artist))
    if one.item_id is not None and (one.kind != "artist" or one.word == "never"):
        found.items.add((one.kind, one.item_id))


# --- said and taken back ----------------------------------------------------------------------------------------------


def said_by(conn: Connection, listener_id: int) -> list[Said]:
    """What is in force, newest first."""
    query = (
        select(feedback, link.c.item_id)
        .join(link, link.c.claim_id == feedback.c.claim_id, isouter=True)
        .where(feedback.c.listener_id == listener_id, feedback.c.undone_at.is_(None))
        .order_by(feedback.c.at.desc(), feedback.c.id.desc())
    )
    return [_said(row) for row in conn.execute(query)]


def _said(row: Any) -> Said:
    text = json.loads(row.copy)
    name = text.get("artist", "")
    traits = Traits.read(text.get("traits", {}), by=fold_name(name))
    return Said(row.id, row.kind, row.word, text.get("title", ""), name, traits, row.effect, row.at, row.item_id)


def say(conn: Connection, listener_id: int, kind: Kind, item_id: int, word: Word, traits: Traits | None) -> int | None:
    """Keep a word about an album, an artist or a song; the last one about a thing holds.

    Returns the id to `take_back` it by, None when there is no such item. `traits` None: nothing is known but whose it
    is. Saying it twice changes nothing.
    """
    text = _text(conn, kind, item_id)
    if text is None:
        return None
    before = [one for one in said_by(conn, listener_id) if (one.kind, one.item_id) == (kind, item_id)]
    if before and before[0].word == word:
        return before[0].id
    now = int(time.time())
    _end(conn, [one.id for one in before], now)
    text |= {"traits": traits.written() if traits else {}}
    row = {"listener_id": listener_id, "kind": kind, "claim_id": item_id, "copy": json.dumps(text), "word": word}
    return int(conn.execute(insert(feedback).values(**row, at=now).returning(feedback.c.id)).scalar_one())


def _text(conn: Connection, kind: Kind, item_id: int) -> dict[str, Any] | None:
    table = {"album": album, "artist": artist, "recording": recording}[kind]
    columns = ("name",) if kind == "artist" else ("title", "credit")
    labels = ("artist",) if kind == "artist" else ("title", "artist")
    named = (table.c[column].label(label) for column, label in zip(columns, labels, strict=True))
    row = conn.execute(select(*named).where(table.c.id == item_id)).one_or_none()
    return dict(row._mapping) if row else None


def note_effect(conn: Connection, feedback_id: int, effect: str) -> None:
    """Keep what the listener was told."""
    conn.execute(update(feedback).where(feedback.c.id == feedback_id).values(effect=effect))


def take_back(conn: Connection, listener_id: int, feedback_id: int) -> Said | None:
    """What was taken back; None when it was not there to be."""
    found = next((one for one in said_by(conn, listener_id) if one.id == feedback_id), None)
    if found:
        _end(conn, [found.id], int(time.time()))
    return found


def _end(conn: Connection, ids: list[int], now: int) -> None:
    conn.execute(update(feedback).where(feedback.c.id.in_(ids)).values(undone_at=now))
