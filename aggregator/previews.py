"""Samples of what is not in the house: some seconds of a few songs, from whichever connected service has them.

Addresses of samples are signed and expire within minutes, so a service is asked twice: once for which songs of
something can be heard (kept for a while, as other answers are), and again for each song right before it plays.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection, select

from aggregator import fetching, sources
from aggregator._host import accounts, find
from aggregator.library.fields import joined
from aggregator.library.items import known
from aggregator.plugin import Artist, Credit, Edition, Track
from aggregator.sources import LiveAnswer
from aggregator.store import Store
from aggregator.store.schema import album, artist, item_credit, recording

SONGS = 6
"""Samples of one album or artist: three minutes tell enough."""
DEADLINE = 8.0
"""Seconds that a listener who pressed a button waits for a service."""
MOST_BYTES = 3_000_000
"""Thirty seconds in 320 kbit/s are 1.2 MB."""
SOUNDS = ("audio/mpeg", "audio/mp4", "audio/aac", "audio/x-m4a", "audio/ogg")
KEPT, KEPT_SECONDS = 16, 600.0
"""Clips in memory, and for how long: browsers ask for parts of one several times."""

Kind = Literal["album", "artist", "recording"]


class NoPreview(Exception):
    """Nothing can be heard; the message tells a listener why."""


@dataclass(frozen=True)
class Thing:
    """Something that a listener may want to hear. `record`: how services are asked for it."""

    title: str
    art: str | None
    hue: int | None
    record: Artist | Edition | Track


@dataclass(frozen=True)
class Sample:
    """A song that the service of an account has a sample of."""

    account_id: int
    account_name: str
    track: Track

    @property
    def credit(self) -> str:
        return joined([each.model_dump() for each in self.track.credits])


@dataclass(frozen=True)
class Clip:
    content: bytes
    type: str


def thing(conn: Connection, listener_id: int, kind: Kind, item_id: int) -> Thing | None:
    """None for what the listener does not know of. Two queries."""
    if not known(conn, listener_id, kind, item_id):
        return None
    table = {"album": album, "artist": artist, "recording": recording}[kind]
    row = conn.execute(select(table).where(table.c.id == item_id)).one_or_none()
    if row is None:
        return None
    ids = json.loads(row.ids)
    if kind == "artist":
        return Thing(row.name, row.art, row.hue, Artist(id=str(item_id), name=row.name, ids=ids))
    credits = _credits(conn, kind, item_id) or [Credit(name=row.credit)]
    make = Edition if kind == "album" else Track
    return Thing(row.title, row.art, row.hue, make(id=str(item_id), title=row.title, ids=ids, credits=credits))


def samples(store: Store, listener_id: int, about: Thing) -> list[Sample]:
    """What can be heard of it, most popular first, from the first service that has any. Raises `NoPreview`."""
    able = sources.sampled(store, listener_id)
    if not able:
        raise NoPreview("None of your connected services plays previews. Deezer does, and needs no key.")
    told = sources.ask_live(store.folder, "previews", about.record, account_ids=able, deadline=DEADLINE)
    for each in sorted(told, key=lambda each: able.index(each.account_id)):
        if each.items:
            return [Sample(each.account_id, each.account_name, song) for song in each.items[:SONGS]]
    raise NoPreview(_trouble(told) or f"{_names(told)} has no preview of “{about.title}”.")


def _credits(conn: Connection, kind: str, item_id: int) -> list[Credit]:
    query = (
        select(artist.c.name, artist.c.ids)
        .join(item_credit, item_credit.c.artist_id == artist.c.id)
        .where(item_credit.c.kind == kind, item_credit.c.item_id == item_id)
        .order_by(item_credit.c.position)
    )
    return [Credit(name=name, ids=json.loads(ids)) for name, ids in conn.execute(query)]


def _trouble(told: list[LiveAnswer]) -> str:
    """What services that could not answer said, for the listener."""
    named = ((each.account_name, each.error) for each in told if each.error)
    said = " ".join(error if name in error else f"{name}: {error}" for name, error in named)
    return f"No preview now. {said} Try again in a minute." if said else ""


def _names(told: list[LiveAnswer]) -> str:
    return " or ".join(each.account_name for each in told)


@dataclass
class Clips:
    """The sound itself, fetched for whoever listens and kept in memory for some minutes.

    `demo`: whether the sample services on this machine may be asked, see `fetching`.
    """

    store: Store
    demo: bool
    _kept: OrderedDict[tuple[int, str], tuple[float, Clip]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, song: Sample) -> Clip:
        """Raises `NoPreview`."""
        key, now = (song.account_id, song.track.id), time.monotonic()
        with self._lock:
            if (found := self._kept.get(key)) and found[0] > now - KEPT_SECONDS:
                return found[1]
        clip = self._fetch(song)
        with self._lock:
            self._kept[key] = now, clip
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return clip

    def _fetch(self, song: Sample) -> Clip:
        told = sources.ask_live(
            self.store.folder, "previews", song.track, account_ids=[song.account_id], deadline=DEADLINE, anew=True
        )
        address = next((one.preview for each in told for one in each.items if one.preview), None)
        if address is None:
            gone = f"{song.account_name} has no preview of “{song.track.title}” any more."
            raise NoPreview(_trouble(told) or gone)
        try:
            with fetching.session() as session:
                content, kind = fetching.fetch(session, address, self._place(song.account_id), MOST_BYTES)
        except fetching.NotFetched as error:
            raise NoPreview(_refused(song, error)) from None
        if kind not in SOUNDS:
            raise NoPreview(f"{song.account_name} sent something else than sound for “{song.track.title}”.")
        return Clip(content, kind)

    def _place(self, account_id: int) -> fetching.Place:
        with self.store.read() as conn:
            account = accounts.by_id(conn, account_id)
        manifest = account and find.providers(self.store.folder).manifest(account.provider)
        return fetching.place(account, manifest, self.demo) if account and manifest else fetching.Place((), None)


def _refused(song: Sample, error: fetching.NotFetched) -> str:
    if error.status in (401, 403, 404, 410):
        return f"The preview of “{song.track.title}” had expired at {song.account_name}. Press Preview again."
    return f"The preview of “{song.track.title}” did not arrive from {song.account_name}: {error}"
