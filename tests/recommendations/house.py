"""A small house: one listener with files and a scrobbling service that has friends and knows what is similar."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, insert, select

from aggregator import recommendations
from aggregator.library import merging
from aggregator.library.claims import Intake
from aggregator.library.folding import fold_name
from aggregator.plugin import Artist, Audio, Credit, Edition, Friend, Play, Record, Track
from aggregator.store import Store
from aggregator.store.schema import account, album, answer, recommended

NOW = int(time.time())


class House:
    """A store with accounts, filled through the library's own doors."""

    def __init__(self, store: Store, me: int) -> None:
        self.store = store
        self.me = me
        self.hour = 0
        self.files = self.account("files", None)
        self.scrobbles = self.account("scrobbles", self.me)

    def account(self, key: str, listener_id: int | None) -> int:
        """That of this key, made where there is none."""
        row = {"key": key, "provider": key, "name": key.capitalize(), "listener_id": listener_id, "created_at": NOW}
        with self.store.write() as conn:
            there = conn.scalar(select(account.c.id).where(account.c.key == key))
            return there or conn.execute(insert(account).values(row).returning(account.c.id)).scalar_one()

    def take(self, account_id: int, records: Sequence[Record]) -> None:
        """Store what an account says, and merge."""
        with self.store.write() as conn:
            row = conn.execute(select(account).where(account.c.id == account_id)).one()
            Intake(row.id, row.key, row.listener_id, None, NOW).take(conn, records)
        merging.merge(self.store)

    def play(self, artist: str, times: int, title: str = "Song", album: str | None = None) -> None:
        """Scrobble a song; each call in hours of its own."""
        self.hour += 1000
        start = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(hours=self.hour)
        credits = [Credit(name=artist)]
        plays = [Play(at=start + timedelta(hours=n), title=title, credits=credits, album=album) for n in range(times)]
        self.take(self.scrobbles, plays)

    def own(self, artist: str, title: str) -> None:
        key = f"{artist}/{title}"
        credits = [Credit(name=artist)]
        audio = Audio(path=f"{key}.mp3", codec="mp3", size=1000)
        self.take(
            self.files,
            [
                Edition(id=key, title=title, credits=credits, total_tracks=1),
                Track(id=f"{key}/1", title=f"{title} one", credits=credits, edition=key, seconds=200, audio=audio),
            ],
        )

    def befriend(self, name: str, tops: Iterable[tuple[str, int]] = (), account_id: int | None = None) -> None:
        self.take(account_id or self.scrobbles, [Friend(id=name.lower(), name=name)])
        self.answer("top_artists", name.lower(), [[_artist(artist), plays] for artist, plays in tops], account_id)

    def says_similar(self, artist: str, others: Iterable[str], account_id: int | None = None) -> None:
        payload = [[_artist(other), round(1 - place / 50, 2)] for place, other in enumerate(others)]
        self.answer("similar", fold_name(artist), payload, account_id)

    def says_tags(self, artist: str, *tags: str) -> None:
        self.answer("tags", fold_name(artist), [{"name": tag} for tag in tags])

    def says_albums(self, artist: str, *titles: str, account_id: int | None = None, ids: str = "") -> None:
        credits = [Credit(name=artist)]
        albums = [Edition(id=f"{ids}{artist}|{title}", title=title, credits=credits) for title in titles]
        self.says_editions(artist, *albums, account_id=account_id)

    def says_editions(self, artist: str, *albums: Edition, account_id: int | None = None) -> None:
        payload = [album.model_dump(mode="json", exclude_none=True) for album in albums]
        self.answer("albums_of", fold_name(artist), payload, account_id)

    def answer(self, method: str, key: str, payload: list, account_id: int | None = None) -> None:
        at = {"account_id": account_id or self.scrobbles, "method": method, "argument": key}
        with self.store.write() as conn:
            same = [answer.c[column] == value for column, value in at.items()]
            conn.execute(delete(answer).where(*same))
            row = {"payload": json.dumps(payload), "fetched_at": NOW, "expires_at": NOW + 86_400}
            conn.execute(insert(answer).values(**at, **row))

    def refresh(self) -> int:
        return recommendations.refresh(self.store, self.me)

    def albums(self, limit: int = 200) -> list[recommendations.Card]:
        with self.store.read() as conn:
            return recommendations.albums_for(conn, self.me, limit)

    def artists(self, limit: int = 200) -> list[recommendations.Card]:
        with self.store.read() as conn:
            return recommendations.artists_for(conn, self.me, limit)

    def discover(self, days: int = 0) -> recommendations.Discover:
        """The page as it is so many days from now."""
        with self.store.read() as conn:
            return recommendations.discover(conn, self.me, date.today() + timedelta(days=days))

    def look(self, days: int) -> recommendations.Discover:
        """Open the page on that day, and see what is on it."""
        found = self.discover(days)
        recommendations.note_seen(self.store, self.me, found.cards, date.today() + timedelta(days=days))
        return found

    def say(self, kind: recommendations.Kind, item_id: int, word: recommendations.Word) -> recommendations.Said | None:
        return recommendations.say(self.store, self.me, kind, item_id, word)

    def titles(self) -> list[str]:
        return [card.title for card in self.albums()]

    def stored(self) -> list[str]:
        """Titles of the albums as last computed, before what was said since is applied."""
        query = select(album.c.title).join(recommended, recommended.c.item_id == album.c.id)
        with self.store.read() as conn:
            return list(conn.scalars(query.where(recommended.c.kind == "album").order_by(recommended.c.rank)))


def _artist(name: str) -> dict[str, str]:
    return Artist(id=f"artist:{name}", name=name, url=f"https://scrobbles.example/{name}").model_dump(
        mode="json", exclude_defaults=True
    )


def furnish(house: House) -> House:
    """Ana plays Slow Harbour a lot and Tin Lanterns a little, and owns one album by each. Mika is a friend."""
    house.own("Slow Harbour", "Low Tide")
    house.own("Tin Lanterns", "Wicks")
    house.play("Slow Harbour", 41, "Low Tide one", "Low Tide")
    house.play("Tin Lanterns", 3, "Wicks one", "Wicks")
    house.befriend("Mika", [("Glass Ferry", 412), ("Slow Harbour", 90)])
    house.says_similar("Slow Harbour", ["Glass Ferry", "Tin Lanterns", "Night Bakery"])
    house.says_similar("Tin Lanterns", ["Night Bakery", "Paper Moose"])
    for artist in ("Slow Harbour", "Tin Lanterns", "Glass Ferry", "Night Bakery"):
        house.says_tags(artist, "dream pop")
    house.says_albums("Glass Ferry", "Crossing", "Second Crossing", "Third Crossing")
    house.says_albums("Night Bakery", "Rye")
    house.says_albums("Paper Moose", "Antlers")
    house.says_albums("Slow Harbour", "Low Tide (Deluxe Edition)", "High Water")
    house.refresh()
    return house
