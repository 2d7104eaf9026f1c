"""A town with listeners, the artists they know, and sellers who list shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from aggregator import listeners
from aggregator.library.folding import fold_name
from aggregator.listeners import Listener, Place, Preferences
from aggregator.shows import evidence, items
from aggregator.store import Store, open_store
from aggregator.store.schema import account, artist, claim, credit, link, shelf

CHICAGO = Place(label="Chicago, IL", latitude=41.92, longitude=-87.70, zone="America/Chicago", zip="60647")
NOON = int(datetime(2027, 7, 1, 17, tzinfo=UTC).timestamp())
"""Noon in Chicago on the first of July: the present of these tests."""


class Town:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOON

    def listener(self, name: str = "Ana", place: Place | None = CHICAGO, **wishes: object) -> Listener:
        return listeners.create(self.store, name, "owner", None, Preferences(place=place, **wishes))

    def seller(self, key: str, listener: Listener | None = None) -> int:
        with self.store.write() as conn:
            owner = listener.id if listener else None
            values = {"key": key, "provider": key, "name": key.title(), "listener_id": owner, "created_at": NOON}
            return conn.execute(insert(account).values(values).returning(account.c.id)).scalar_one()

    def knows(self, listener: Listener, name: str, mbid: str | None = None, **has: object) -> int:
        """The listener has something of an artist (owned, saved, plays). Answers the artist's item."""
        with self.store.write() as conn:
            item = self._artist(conn, self._files(conn), name, {"mbid": mbid} if mbid else {})
            row = {"owned": False, "saved": False, "service": False, "loved": False, "plays": 0, **has}
            conn.execute(insert(shelf).values(listener_id=listener.id, kind="artist", item_id=item, **row))
            return item

    def lists(self, seller: int, *shows: object) -> None:
        """All that the seller has now."""
        with self.store.write() as conn:
            conn.execute(
                update(claim).where(claim.c.account_id == seller, claim.c.kind == "show").values(present=False)
            )
            for show in shows:
                self._claim(conn, seller, show)
            self._link(conn)

    # --- by hand, as the library would ---

    def _files(self, conn):
        found = conn.scalar(select(account.c.id).where(account.c.key == "files"))
        values = {"key": "files", "provider": "files", "name": "Files", "created_at": NOON}
        return found or conn.execute(insert(account).values(values).returning(account.c.id)).scalar_one()

    def _artist(self, conn, account_id, name, ids, billed=False):
        """An id decides; a name alone is another item."""
        for row in conn.execute(select(artist)):
            same_name = billed and not ids and row.name == name and row.sources == json.dumps([str(account_id)])
            if same_name or (ids and json.loads(row.ids) == ids):
                return row.id
        values = {
            "account_id": account_id,
            "kind": "artist",
            "pid": f"{name}{ids}",
            "payload": json.dumps({"ids": ids}),
        }
        values |= {"first_seen": NOON, "changed_at": NOON}
        item = conn.execute(insert(claim).values(values).returning(claim.c.id)).scalar_one()
        conn.execute(insert(link).values(claim_id=item, kind="artist", item_id=item, component=item))
        row = {"id": item, "name": name, "sort": fold_name(name), "folded": fold_name(name), "ids": json.dumps(ids)}
        conn.execute(insert(artist).values(row | {"sources": json.dumps([str(account_id)])}))
        return item

    def _claim(self, conn, seller, show):
        values = {"payload": show.model_dump_json(exclude_defaults=True, exclude={"id", "type"}), "present": True}
        where = (claim.c.account_id == seller, claim.c.kind == "show", claim.c.pid == show.id)
        found = conn.scalar(select(claim.c.id).where(*where))
        if found:
            conn.execute(update(claim).where(claim.c.id == found).values(values))
            return
        values |= {"account_id": seller, "kind": "show", "pid": show.id, "first_seen": NOON, "changed_at": NOON}
        made = conn.execute(insert(claim).values(values).returning(claim.c.id)).scalar_one()
        for position, act in enumerate(show.lineup):
            item = self._artist(conn, seller, act.name, act.ids, billed=True)
            row = {"claim_id": made, "position": position, "artist_claim_id": item, "name": act.name, "role": act.role}
            conn.execute(insert(credit).values(row))

    def _link(self, conn):
        claims = conn.execute(select(claim).where(claim.c.kind == "show").order_by(claim.c.id)).all()
        forms = {row.id: evidence.form(evidence.Facts(payload=json.loads(row.payload))) for row in claims}
        item_of: dict[int, int] = {}
        for row in claims:
            same = [one for one in item_of if evidence.compare(forms[row.id], forms[one]).word in ("same", "lone")]
            item_of[row.id] = item_of[same[0]] if same else row.id
        before = set(conn.scalars(select(link.c.item_id).where(link.c.kind == "show")))
        conn.execute(link.delete().where(link.c.kind == "show"))
        for made, item in item_of.items():
            conn.execute(insert(link).values(claim_id=made, kind="show", item_id=item, component=item))
        items.refresh(conn, before | set(item_of.values()), self.now)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def town(store: Store) -> Town:
    return Town(store)


@pytest.fixture
def ana(town: Town) -> Listener:
    return town.listener()
