"""A household whose days are always the same: what is done in it, step by step, and where each step leads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aggregator import listeners, sources, stars
from aggregator._host import child, load, once, run
from aggregator._host.process import Batch, Failure
from aggregator.config import Config
from aggregator.library import decisions, guard, merging
from aggregator.listeners import Place, Preferences
from aggregator.plugin import Area, Artist, Complete, ProviderError, Record
from aggregator.store import Store, open_store

PROVIDERS = Path(__file__).parent / "providers"
PASSWORD = "a long enough one"
WINTERS = Place(label="Winters, CA", latitude=38.525, longitude=-121.97, zone="America/Los_Angeles", zip="95694")
ANA, BEN = 1, 2
ACCOUNTS = (("disc", None), ("stream", ANA), ("stream", BEN), ("diary", ANA), ("posters", None))

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


def read(day: int) -> Step:
    """All accounts, as `bandstand sync` reads them, and everything merged. Where it broke off it goes on."""

    def step(data: Path) -> None:
        wake_up(data, day)
        once.sync(Config(data=data, path=data / "config.toml"), None, None, None)  # type: ignore[arg-type]

    return step


def decide(data: Path) -> None:
    """Ana's words; what she already said is not said again."""
    store = open_store(data)
    names = {"a": "Nora Quist", "b": "Luz Berrocal"}
    ids = _ids(store)
    _unless_said(store, "artist", "same", lambda: decisions.same(
        store, ANA, "artist", [ids["artist", names["a"]], ids["artist", names["b"]]]))  # fmt: skip
    songs = [item for (kind, _), item in sorted(ids.items(), key=lambda pair: pair[0]) if kind == "recording"]
    _unless_said(store, "recording", "different", lambda: decisions.apart(store, ANA, "recording", *songs[:2]))
    _unless_said(store, "album", "different", lambda: _split_an_album(store))
    stars.put(store, ANA, "recording", songs[4])
    store.close()


def _split_an_album(store: Store) -> None:
    """Ana's service and the files do not mean the same album."""
    with store.read() as conn:
        claim = conn.exec_driver_sql(
            "SELECT c.id FROM claim c JOIN account a ON a.id = c.account_id JOIN link l ON l.claim_id = c.id"
            " WHERE a.key = 'streamAna' AND c.kind = 'album' AND (SELECT COUNT(*) FROM link o"
            " WHERE o.item_id = l.item_id) > 1 ORDER BY c.pid LIMIT 1"
        ).scalar_one()
    decisions.split(store, ANA, "album", [claim])


def undo(data: Path) -> None:
    store = open_store(data)
    with store.read() as conn:
        standing = [each for each in decisions.history(conn) if each.verdict == "same" and not each.undone_at]
    for each in standing:
        decisions.undo(store, each.id)
    store.close()


def believe(data: Path) -> None:
    """Ana says yes to what is held."""
    store = open_store(data)
    with store.write() as conn:
        for held in conn.exec_driver_sql("SELECT id FROM held WHERE decided_at IS NULL").scalars().all():
            guard.believe(conn, held, int(time.time()))
    store.close()


def rebuild(data: Path) -> None:
    store = open_store(data)
    merging.rebuild(store)
    store.close()


STEPS: Mapping[str, Step] = {
    "first sync": read(1),
    "decisions": decide,
    "nightly sync": read(2),
    "undo": undo,
    "sync of an empty answer": read(3),
    "a yes to a removal": believe,
    "sync that removes": read(3),
    "sync that breaks off": read(4),
    "rebuild": rebuild,
}


def _ids(store: Store) -> dict[tuple[str, str], int]:
    with store.read() as conn:
        rows = conn.exec_driver_sql(
            "SELECT 'artist', name, id FROM artist UNION SELECT 'recording', title || credit, id FROM recording"
        )
        return {(kind, name): item for kind, name, item in rows}


def _unless_said(store: Store, kind: str, verdict: str, say: Callable[[], object]) -> None:
    with store.read() as conn:
        said = conn.exec_driver_sql("SELECT 1 FROM decision WHERE kind = ? AND verdict = ?", (kind, verdict)).first()
    if not said:
        say()


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

    def open(self, order: Mapping[str, Any], _duties: object) -> None:
        self._provider = load.pick(order["target"], order["provider"])()
        self._provider.settings = self._provider.Settings.model_validate(order["settings"])
        self._provider.state = self._state = child.State(order["state"])

    def run(self, order: Mapping[str, Any], _seconds: float) -> Iterator[Batch]:
        batch: list[Record] = []
        try:
            for record in self._records(order):
                batch.append(record)
                if len(batch) == 12:
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
                return self._provider.plays(order["cursor"])  # type: ignore[no-any-return]
            case "shows":
                artists = [Artist.model_validate(each) for each in order["artists"]]
                return self._provider.shows(artists, Area.model_validate(order["area"]))  # type: ignore[no-any-return]
            case capability:
                return getattr(self._provider, capability)()  # type: ignore[no-any-return]


def without_processes() -> None:
    """For the rest of this process: small merges, and no children."""
    merging.BATCH = 20
    merging.PAUSE = 0
    run.Child = once.Child = Here  # type: ignore[assignment, misc, attr-defined]
