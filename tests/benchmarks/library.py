"""Pages over a large household: seconds to merge it, then time and SQL statements of each page.

Pages are asked through the whole application but the socket. The household is built once and kept in
`$BANDSTAND_BENCH` (or the system's temporary folder).
"""

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from aggregator import listeners, recommendations
from aggregator.config import Config
from aggregator.library import merging
from aggregator.store import Store, open_store
from aggregator.store.schema import album, shelf, show
from tests.benchmarks.answers import answer_everything, known
from tests.benchmarks.household import Size, fill
from web import create_app

ROUNDS = 40
ALLOWED_QUERIES = 10


def main() -> None:
    """Build (once), then print a row a page: statements, median and 95th percentile in milliseconds."""
    folder = Path(os.environ.get("BANDSTAND_BENCH", tempfile.gettempdir())) / "bandstand-household"
    store = open_store(folder)
    if listeners.nobody_yet(store):
        _build(store)
    _recommend(store)
    client = _client(store, folder)
    gc.collect()
    gc.freeze()  # as the web process does, see `aggregator.cli.web_application`
    print(f"{'page':34} {'SQL':>4} {'median ms':>10} {'p95 ms':>8}")
    for name, address in _pages(store).items():
        statements, times = _measure(store.engine, client, address)
        print(f"{name:34} {statements:>4} {statistics.median(times):>10.1f} {_p95(times):>8.1f}")


def _build(store: Store) -> None:
    begun = time.perf_counter()
    fill(store, Size())
    print(f"taken in {time.perf_counter() - begun:.0f} s", flush=True)
    begun = time.perf_counter()
    merging.merge(store)
    print(f"merged in {time.perf_counter() - begun:.0f} s", flush=True)


def _recommend(store: Store) -> None:
    """Robin's recommendations from answers about a hundred artists; then once more, as after a word of theirs."""
    robin = listeners.everyone(store)[0]
    answer_everything(store, robin.id)
    for when in ("first, with merging what is new", "again"):
        begun = time.process_time()
        made = recommendations.refresh(store, robin.id)
        spent = time.process_time() - begun
        print(f"{made} recommendations for {known(store, robin.id):,} artists, {when}: {spent:.1f} s CPU", flush=True)


def _client(store: Store, folder: Path) -> FlaskClient:
    client = create_app(Config(data=folder, path=folder / "config.toml"), store).test_client()
    owner = listeners.everyone(store)[0]
    with client.session_transaction(base_url="http://127.0.0.1") as session:
        session.update(listener=owner.id, version=owner.session_version)
    return client


def _pages(store: Store) -> dict[str, Callable[[int], str]]:
    with store.read() as conn:
        mine = select(album.c.id).join(shelf, (shelf.c.item_id == album.c.id) & (shelf.c.kind == "album"))
        albums = conn.scalars(mine.where(shelf.c.owned).distinct().limit(ROUNDS * 7)).all()[::7]
        shows = conn.scalars(select(show.c.id).limit(ROUNDS)).all()
    following = (date.today().replace(day=1) + timedelta(days=31)).strftime("%Y-%m")
    words = ["fal", "burning", "winter ba", "the", "s", "velvet", "kalo", "copper ri"]
    return {
        "Home": lambda _: "/",
        "Home, its recommendations": lambda _: "/suggested",
        "Discover": lambda _: "/discover",
        "Your taste": lambda _: "/discover/taste",
        "Library, albums": lambda _: "/library",
        "Library, artists": lambda _: "/library/artists",
        "Library, songs": lambda _: "/library/songs",
        "Library, owned songs": lambda _: "/library/songs?show=owned",
        "Album": lambda n: f"/albums/{albums[n % len(albums)]}",
        "Shows": lambda _: "/shows",
        "Shows, next month": lambda _: f"/shows?month={following}",
        "Shows, everything next month": lambda _: f"/shows?month={following}&only=everything",
        "Show": lambda n: f"/shows/{shows[n % len(shows)]}",
        "Search as you type": lambda n: f"/search?q={words[n % len(words)]}",
    }


def _measure(engine: Engine, client: FlaskClient, address: Callable[[int], str]) -> tuple[int, list[float]]:
    """The largest number of statements of any round, and the milliseconds of each."""
    count, largest, times = 0, 0, []

    def _count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal count
        count += statement not in ("BEGIN", "ROLLBACK")

    event.listen(engine, "before_cursor_execute", _count)
    try:
        for number in range(-3, ROUNDS):
            count, begun = 0, time.perf_counter()
            answer = client.get(address(number), base_url="http://127.0.0.1")
            if answer.status_code != 200:
                raise SystemExit(f"{address(number)} answered {answer.status}")
            if number >= 0:
                times.append((time.perf_counter() - begun) * 1000)
                largest = max(largest, count)
    finally:
        event.remove(engine, "before_cursor_execute", _count)
    return largest, times


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95) - 1]


if __name__ == "__main__":
    main()
