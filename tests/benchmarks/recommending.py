"""Making a list anew from stored answers: a listener of 5,000 artists, an invented world of 40,000, three services.

What services answer is made up on the spot, as full as they answer: a hundred neighbours, twenty-five tags, twenty
albums. First everything is asked that the ranking wants; then what happens after feedback and in every slice of the
nightly look-ups is timed. The world means nothing: only sizes are like real ones.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from aggregator import answers, listeners, recommendations
from aggregator.library import merging
from aggregator.library.claims import Intake
from aggregator.plugin import Credit, Play
from aggregator.recommendations import knowledge
from aggregator.store import Store, open_store
from aggregator.store.schema import account, answer

OWN, WORLD, SERVICES, TAGS = 5_000, 40_000, 3, 600
ROUNDS = 5
NOW = 1_790_000_000


def main() -> None:
    """Print how many look-ups there are, and the seconds of each step, the median of a few rounds."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        listener = _furnish(store)
        services = _services(store, listener)
        counts = answers.refresh(
            store, lambda _: services, World().ask, lambda *_: None, seconds=3600, budget=answers.Budget(10**6, 10**6)
        )
        with store.read() as conn:
            size = conn.scalar(select(func.sum(func.length(answer.c.payload))))
        print(f"{OWN:,} artists; {counts['asked']:,} answers of {SERVICES} services, {(size or 0) / 1e6:.1f} MB")
        recommendations.refresh(store, listener)  # claims what it names for the first time
        for name, step in _steps(store, listener).items():
            cpu, clock = _median(step)
            print(f"{name:28} {cpu:6.2f} s of CPU, {clock:6.2f} s by the clock")
        store.close()


def _steps(store: Store, listener: int) -> dict[str, Callable[[], Any]]:
    def read() -> knowledge.Knowledge:
        with store.read() as conn:
            return knowledge.read(conn, listener)

    def wanted() -> list[recommendations.LookUp]:
        with store.read() as conn:
            return recommendations.wanted(conn, listener)

    return {
        "read what is known": read,
        "rank a hundred artists": lambda: read().ranked(100),
        "say what to ask": wanted,
        "make the list anew": lambda: recommendations.refresh(store, listener),
    }


def _median(step: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of CPU, and by the clock."""
    seconds = []
    for _ in range(ROUNDS):
        cpu, clock = time.process_time(), time.perf_counter()
        step()
        seconds.append((time.process_time() - cpu, time.perf_counter() - clock))
    return sorted(seconds)[ROUNDS // 2]


def _furnish(store: Store) -> int:
    """A listener who played every own artist, the first ones most."""
    listener = listeners.create(store, "Ana", "owner").id
    start = datetime.fromtimestamp(NOW, UTC)
    plays = [
        Play(
            at=start - timedelta(minutes=7 * (number + OWN * again)), title="Song", credits=[Credit(name=_name(number))]
        )
        for number in range(OWN)
        for again in range(1 + 60 // (1 + number // 10))
    ]
    [scrobbles] = _accounts(store, listener, ["scrobbles"])
    with store.write() as conn:
        Intake(scrobbles, "scrobbles", listener, None, NOW).take(conn, plays)
    merging.merge(store)
    return listener


def _services(store: Store, listener: int) -> set[int]:
    return set(_accounts(store, listener, [f"service{number}" for number in range(SERVICES)]))


def _accounts(store: Store, listener: int, keys: list[str]) -> list[int]:
    rows = [{"key": key, "provider": key, "name": key, "listener_id": listener, "created_at": NOW} for key in keys]
    with store.write() as conn:
        return [conn.execute(insert(account).values(row).returning(account.c.id)).scalar_one() for row in rows]


def _name(number: int) -> str:
    return f"Band {number:05d} of the Valley"


class World:
    """As `answers.Ask`: neighbours are near in number, tags in circles of them."""

    def ask(self, account_id: int, method: str, argument: Any) -> list[Any]:
        named = argument["name"] if isinstance(argument, dict) else argument or ""
        dice = random.Random(f"{account_id} {method} {named}")
        number = int(named.split()[1]) if named.startswith("Band") else dice.randrange(WORLD)
        match method:
            case "similar":
                return [[self._artist(self._near(number, dice)), round(1 - place / 101, 3)] for place in range(100)]
            case "tags":
                return [
                    {"name": f"tag {tag}", "weight": 100 - place * 4} for place, tag in enumerate(self._tags(number))
                ]
            case "tag_artists":
                return [[self._artist(self._near(number, dice)), 1000 - place] for place in range(100)]
            case "listeners":
                return [round(10 ** dice.uniform(2, 6))]
            case "chart":
                return [self._artist(place) for place in range(WORLD - 100, WORLD)]
            case "albums_of":
                return [self._album(named, place, account_id) for place in range(20)]
        return []

    def _near(self, number: int, dice: random.Random) -> int:
        """A few neighbours in number and, for most, anybody a little further."""
        return (number * 7 + round(dice.gauss(0, 900))) % WORLD

    def _tags(self, number: int) -> list[int]:
        return [(number // 67 + step * step) % TAGS for step in range(25)]

    def _artist(self, number: int) -> dict[str, Any]:
        name = _name(number)
        return {"type": "artist", "id": name, "name": name, "ids": {"mbid": f"00000000-0000-4000-8000-{number:012d}"},
                "url": f"https://service.example/music/{name.replace(' ', '+')}"}  # fmt: skip

    def _album(self, name: str, place: int, account_id: int) -> dict[str, Any]:
        return {"type": "edition", "id": f"{account_id} {name}/{place}", "title": f"Record {place} by {name}",
                "credits": [{"name": name}], "form": "album", "released": f"20{place:02d}", "popularity": 9000 - place,
            }  # fmt: skip


if __name__ == "__main__":
    main()
