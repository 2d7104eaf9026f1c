"""A town with listeners, the artists they know, and sellers who list shows; everything goes the way syncs go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from unittest import mock

from sqlalchemy import insert, select

from aggregator import listeners
from aggregator.library import merging
from aggregator.library.claims import Intake
from aggregator.listeners import Listener, Place, Preferences
from aggregator.plugin import Artist, Audio, Credit, Holding, Play, Record, Show, Track
from aggregator.store import Store
from aggregator.store.schema import account, artist, recommended, show
from tests.shows.bills import bill

CHICAGO = Place(label="Chicago, IL", latitude=41.92, longitude=-87.70, zone="America/Chicago", zip="60647")
NOON = int(datetime(2027, 7, 1, 17, tzinfo=UTC).timestamp())
"""Noon in Chicago on the first of July: the present of these tests."""

ELSEWHERE = bill(
    "elsewhere",
    title="Elsewhere",
    day="2028-06-01",
    acts=["Somebody Far Away"],
    venue={"name": "Budokan", "city": "Tokyo", "region": None, "country": "JP", "latitude": 35.7, "longitude": 139.7},
)
"""Listed by every seller, so that no list is ever empty: the library would not believe that."""


class Town:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOON

    def listener(self, name: str = "Ana", place: Place | None = CHICAGO, **wishes: object) -> Listener:
        return listeners.create(self.store, name, "owner", None, Preferences(place=place, **wishes))

    def seller(self, key: str, listener: Listener | None = None) -> str:
        """An account of the household's, or of one listener."""
        values = {"key": key, "provider": key, "name": key.title(), "created_at": NOON}
        with self.store.write() as conn:
            conn.execute(insert(account).values(values | {"listener_id": listener.id if listener else None}))
        return key

    def lists(self, seller: str, *shows: Show) -> None:
        """All that the seller has now."""
        self._sync(seller, [*shows, ELSEWHERE])

    def knows(
        self,
        listener: Listener,
        name: str,
        mbid: str | None = None,
        owned: bool = False,
        saved: bool = False,
        plays: int = 0,
    ) -> int:
        """Files, a followed artist, or plays. Answers the artist's item."""
        credit = Credit(name=name, ids={"mbid": mbid} if mbid else {})
        records: list[Record] = [Artist(id=name, name=name, ids=credit.ids)]
        if owned:
            audio = Audio(path=f"{name}.flac", codec="flac", size=1)
            records.append(Track(id=name, title=f"Song of {name}", credits=[credit], audio=audio))
        if saved:
            records.append(Holding(of="artist", id=name, how="followed"))
        for n in range(plays):
            at = datetime.fromtimestamp(NOON - 3600 * (n + 1), UTC)
            records.append(Play(at=at, title=f"Song of {name}", credits=[credit.model_copy(update={"id": name})]))
        key = f"of {listener.name}"
        if not self._account(key):
            self.seller(key, listener)
        self._sync(key, records, whole=False)
        return self._artist(name, mbid)

    def recommends(self, listener: Listener, name: str) -> None:
        if not self._account("similar"):
            self.seller("similar")
        self._sync("similar", [Artist(id=name, name=name)], whole=False)
        item = self._artist(name, None)
        row = {"listener_id": listener.id, "kind": "artist", "rank": item, "item_id": item, "score": 1.0}
        with self.store.write() as conn:
            conn.execute(insert(recommended).values(row | {"reasons": '[["chart"]]', "made_at": self.now}))

    def show_ids(self) -> list[int]:
        with self.store.read() as conn:
            wanted = select(show.c.id).where(show.c.title != ELSEWHERE.title).order_by(show.c.starts_at)
            return list(conn.scalars(wanted))

    def _sync(self, key: str, records: Iterable[Record], whole: bool = True) -> None:
        found = self._account(key)
        with self.store.write() as conn:
            intake = Intake(found.id, key, found.listener_id, None, self.now)
            intake.take(conn, list(records))
            if whole:
                assert not intake.complete(conn, "shows").held
        with mock.patch("time.time", lambda: float(self.now)):
            merging.merge(self.store)

    def _account(self, key: str):
        with self.store.read() as conn:
            return conn.execute(select(account).where(account.c.key == key)).one_or_none()

    def _artist(self, name: str, mbid: str | None) -> int:
        with self.store.read() as conn:
            rows = conn.execute(select(artist.c.id, artist.c.ids).where(artist.c.name == name))
            return next(row.id for row in rows if (mbid or "") in row.ids)
