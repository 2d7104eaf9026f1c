"""A household whose days are always the same: what is done in it, step by step, and where each step leads."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from aggregator import listeners, recommendations, sources, stars
from aggregator._host import accounts, child, load, once, run, wanted
from aggregator._host.process import Batch, Failure
from aggregator.config import Config
from aggregator.library import acts, erasing, guard, merging, review
from aggregator.listeners import Place, Preferences
from aggregator.plugin import Area, Artist, Complete, ProviderError, Record
from aggregator.shows import items as shows
from aggregator.store import Store, open_store
from web import create_app

PROVIDERS = Path(__file__).parent / "providers"
PASSWORD = "a long enough one"
WINTERS = Place(label="Winters, CA", latitude=38.525, longitude=-121.97, zone="America/Los_Angeles", zip="95694")
ANA, BEN = 1, 2
ACCOUNTS = (("disc", None), ("stream", ANA), ("stream", BEN), ("diary", ANA), ("posters", None))

WARM = (recommendations, shows, wanted)
"""Imported here once, and not by each of hundreds of forks."""

Step = Callable[[Path], None]


def settle_in(data: Path) -> None:
    """Two listeners and their accounts; nothing is read yet."""
    (data / "plugins").mkdir(parents=True)
    (data / "plugins" / "town.py").write_text((PROVIDERS / "town.py").read_text())
    (data / "config.toml").write_text("")
    store = open_store(data)
    listeners.create(store, "Ana", "owner", PASSWORD, Preferences(place=WINTERS))
    listeners.create(store, "Ben", "member", PASSWORD)
    wake_up(data, 1)
    for provider, owner in ACCOUNTS:
        whose = {ANA: "Ana", BEN: "Ben", None: ""}[owner]
        values = {"day": str(data / "day"), "whose": whose}
        sources.create_account(store, provider, owner, values, key=f"{provider}{whose}", check=False)
    store.close()


def wake_up(data: Path, day: int) -> None:
    (data / "day").write_text(str(day))


def move(data: Path) -> None:
    """Tell the accounts of a copied household where its day stands."""
    store = open_store(data)
    with store.write() as conn:
        conn.exec_driver_sql("UPDATE account SET settings = json_set(settings, '$.day', ?)", (str(data / "day"),))
    store.close()


# --- what is done -----------------------------------------------------------------------------------------------------


def read(day: int, key: str | None = None) -> Step:
    """All accounts (or one), as `bandstand sync` reads them, and everything merged. Where it broke off it goes on."""

    def step(data: Path) -> None:
        _without_processes()
        wake_up(data, day)
        sync(data, key)

    return step


def sync(data: Path, key: str | None = None) -> None:
    once.sync(Config(data=data, path=data / "config.toml"), key, None, None)


def decide(data: Path) -> None:
    """Ana's words, said on the pages; what she already said is not said again."""
    store = open_store(data)
    client = _signed_in(data, store)
    artists, songs = ids(data, "artist", "name"), ids(data, "recording", "title || credit")
    if not _said(store, "same"):
        other = artists["Luz Berrocal"]
        _post(client, f"/library/artist/{artists['Nora Quist']}/same", other=other)
    if not _said(store, "different", "album"):
        album, claim = _shared_album(store)
        _post(client, f"/library/album/{album}/split", claims=claim)
    with store.read() as conn:
        asked, answered = review.pairs(conn, ANA), len(acts.history(conn, ANA))
    if answered < 3:
        pair = asked[0]
        _post(client, "/review", verdict="different", a=pair.a.item, b=pair.b.item)
    song = songs[min(songs)]
    with store.read() as conn:
        starred = stars.starred(conn, ANA, "recording", [song])
    if not starred:
        _post(client, f"/stars/recording/{song}", on="1")
    store.close()


def undo(data: Path) -> None:
    store = open_store(data)
    client = _signed_in(data, store)
    with store.read() as conn:
        standing = [each for each in acts.history(conn, ANA) if each.verdict == "same" and not each.undone_at]
    for each in standing:
        _post(client, f"/library/decisions/{each.id}/undo")
    store.close()


def believe(data: Path) -> None:
    """Ana says yes to what is held."""
    store = open_store(data)
    with store.write() as conn:
        for held in conn.exec_driver_sql("SELECT id FROM held WHERE decided_at IS NULL").scalars().all():
            guard.believe(conn, held, int(time.time()))
    store.close()


def rebuild(data: Path) -> None:
    _without_processes()
    store = open_store(data)
    merging.rebuild(store)
    store.close()


def erase(data: Path) -> None:
    """Ana's diary leaves with everything it brought."""
    _without_processes()
    ask_to_erase(data)
    sync(data, "disc")


def ask_to_erase(data: Path) -> None:
    store = open_store(data)
    with store.read() as conn:
        diary = accounts.by_key(conn, "diaryAna")
    if diary and diary.state != "erasing":
        sources.erase(store, ANA, diary.id)
    store.close()


STEPS: Mapping[str, Step] = {
    "first sync": read(1),
    "decisions": decide,
    "nightly sync": read(2),
    "undo": undo,
    "sync of an empty answer": read(3, "streamAna"),
    "a yes to a removal": believe,
    "sync that removes": read(3, "streamAna"),
    "rebuild": rebuild,
    "an account erased": erase,
    "sync that breaks off": read(4, "streamAna"),
}


TROUBLED = ("sync that breaks off",)
"""Where a run fails in an undisturbed household."""


def _signed_in(data: Path, store: Store) -> FlaskClient:
    client = create_app(Config(data=data, path=data / "config.toml"), store).test_client()
    _post(client, "/sign-in", name="Ana", password=PASSWORD)
    return client


def _post(client: FlaskClient, address: str, **form: object) -> None:
    answer = client.post(address, data=form)
    assert answer.status_code in (200, 204, 303), f"{address}: {answer.status_code}"


def ids(data: Path, kind: str, name: str) -> dict[str, int]:
    """Items by name."""
    with closing(sqlite3.connect(data / "bandstand.db")) as raw:
        return dict(raw.execute(f"SELECT {name}, id FROM {kind} ORDER BY id DESC").fetchall())


def _said(store: Store, verdict: str, kind: str = "%") -> bool:
    with store.read() as conn:
        found = conn.exec_driver_sql("SELECT 1 FROM decision WHERE verdict = ? AND kind LIKE ?", (verdict, kind))
        return found.first() is not None


def _shared_album(store: Store) -> tuple[int, int]:
    """An album that Ana's service shares with other sources, and the service's claim."""
    with store.read() as conn:
        album, claim = conn.exec_driver_sql(
            "SELECT l.item_id, c.id FROM claim c JOIN account a ON a.id = c.account_id JOIN link l ON l.claim_id = c.id"
            " WHERE a.key = 'streamAna' AND c.kind = 'album' AND (SELECT COUNT(*) FROM link o"
            " WHERE o.item_id = l.item_id) > 1 ORDER BY c.pid LIMIT 1"
        ).one()
    return album, claim


# --- without processes ------------------------------------------------------------------------------------------------


class Here:
    """Stands in for a child where hundreds of runs are killed at exact commits: the same provider in this process."""

    alive = True

    def __init__(self, _spawned: object = None) -> None:
        self._provider: Any = None
        self._state = child.State({})

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def end(self) -> None:
        """Nothing to end."""

    def open(self, order: Mapping[str, Any], *_: object) -> None:
        self._provider = load.pick(order["target"], order["provider"])()
        self._provider.settings = self._provider.Settings.model_validate(order["settings"])
        self._provider.state = self._state = child.State(order["state"])

    def run(self, order: Mapping[str, Any], *_: object) -> Iterator[Batch]:
        batch: list[Record] = []
        try:
            for record in self._records(order):
                batch.append(record)
                if len(batch) == 30:
                    yield Batch(batch, self._state.changes())
                    batch = []
        except ProviderError as error:
            yield Batch(batch, self._state.changes())
            raise Failure(type(error).__name__, str(error)) from None
        end: Sequence[Record] = [Complete()] if order["capability"] != "history" else []
        yield Batch([*batch, *end], self._state.changes())

    def _records(self, order: Mapping[str, Any]) -> Iterator[Record]:
        match order["capability"]:
            case "history":
                return self._provider.plays(order["cursor"])
            case "shows":
                artists = [Artist.model_validate(each) for each in order["artists"]]
                return self._provider.shows(artists, Area.model_validate(order["area"]))
            case capability:
                return getattr(self._provider, capability)()


def _without_processes() -> None:
    """For the rest of this process: small merges, and no children."""
    merging.BATCH = erasing.BATCH = 50
    merging.PAUSE = 0
    run.Child = once.Child = Here
