"""The queue of 20,000 open questions: time and SQL statements of what a listener does there.

Songs that a folder of music and a service know in lengths too near and too far for the rules, heard by a third service.
Built anew each time in the system's temporary folder.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask.testing import FlaskClient

from aggregator import listeners
from aggregator.config import Config
from aggregator.library import merging, review
from aggregator.library.claims import Intake
from aggregator.plugin import Audio, Credit, Play, Record, Track
from aggregator.store import Store, open_store
from tests.benchmarks.library import _measure, _p95
from web import create_app

QUESTIONS = 20_000
ARTISTS = 4_000
HEARD = 30_000
BATCH = 1_000
ROUNDS = 40
SYLLABLES = [consonant + vowel for consonant in "bdklmnrstv" for vowel in "aeiou"]


def main() -> None:
    """Build the household, then print a row for each thing: statements, median and 95th percentile in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        _build(store)
        client = create_app(Config(data=store.folder, path=None), store).test_client()
        with store.read() as conn:
            waiting = review.waiting(conn, 1)
            service = conn.exec_driver_sql("SELECT id FROM account WHERE key = 'service'").scalar_one()
        print(f"{waiting.count():,} questions about {waiting.plays:,} plays")
        print(f"{'what':34} {'SQL':>4} {'median ms':>10} {'p95 ms':>8}")
        pages = {
            "The next question": "/review",
            "… of songs": "/review?kind=recording",
            "… of one source": f"/review?source={service}",
            "Another page, with the badge": "/library/decisions",
        }
        for name, address in pages.items():
            statements, times = _measure(store.engine, client, lambda _, address=address: address)
            print(f"{name:34} {statements:>4} {statistics.median(times):>10.1f} {_p95(times):>8.1f}")
        for verdict in ("skip", "different", "same"):
            times = list(_answers(store, client, verdict))
            print(f"{f'Answer: {verdict}':34} {'':>4} {statistics.median(times):>10.1f} {_p95(times):>8.1f}")


def _build(store: Store) -> None:
    owner = listeners.create(store, "Ana", "owner", "a long enough one")
    songs = list(_songs(random.Random(7)))
    begun = time.perf_counter()
    folder = [_track(n, *song, Audio(path=f"{n}.flac", codec="flac", size=1)) for n, song in enumerate(songs)]
    service = [_track(n, title, artist, seconds + 5) for n, (title, artist, seconds) in enumerate(songs)]
    _bring(store, "folder", None, "library", folder)
    _bring(store, "service", owner.id, "library", service)
    _bring(store, "plays", owner.id, "history", list(_plays(random.Random(8))), of="service")
    print(f"taken in {time.perf_counter() - begun:.0f} s", flush=True)
    begun = time.perf_counter()
    merging.merge(store)
    print(f"merged in {time.perf_counter() - begun:.0f} s", flush=True)


def _songs(chance: random.Random) -> Iterator[tuple[str, str, float]]:
    artists = ["".join(chance.choices(SYLLABLES, k=5)) for _ in range(ARTISTS)]
    for n in range(QUESTIONS):
        yield (
            " ".join("".join(chance.choices(SYLLABLES, k=3)) for _ in range(3)),
            artists[n % ARTISTS],
            chance.uniform(100, 500),
        )


def _track(n: int, title: str, artist: str, seconds: float, audio: Audio | None = None) -> Track:
    return Track(id=str(n), title=title, credits=[Credit(name=artist)], seconds=seconds, audio=audio)


def _plays(chance: random.Random) -> Iterator[Play]:
    """A few songs are heard often, most of them hardly."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(HEARD):
        heard = int(QUESTIONS * chance.random() ** 4)
        yield Play(at=at + timedelta(minutes=5 * n), title="x", credits=[Credit(name="x")], track=str(heard))


def _bring(
    store: Store, key: str, listener_id: int | None, what: str, records: list[Record], of: str | None = None
) -> None:
    """One run of an account; `of`: the one that is there already."""
    with store.write() as conn:
        if of is None:
            conn.exec_driver_sql(
                "INSERT INTO account (key, provider, name, listener_id, created_at) VALUES (?, ?, ?, ?, 0)",
                (key, "files" if listener_id is None else "deezer", key.title(), listener_id),
            )
        account = conn.exec_driver_sql("SELECT id FROM account WHERE key = ?", (of or key,)).scalar_one()
        run = conn.exec_driver_sql(
            "INSERT INTO run (account_id, what, state, asked_by, queued_at) VALUES (?, ?, 'done', 'start', 0)"
            " RETURNING id",
            (account, what),
        ).scalar_one()
    intake = Intake(account, of or key, listener_id, run, int(time.time()))
    for start in range(0, len(records), BATCH):
        with store.write() as conn:
            intake.take(conn, records[start : start + BATCH])


def _answers(store: Store, client: FlaskClient, verdict: str) -> Iterator[float]:
    """Milliseconds of each answer, the way back to the next question left out."""
    for _ in range(ROUNDS):
        with store.read() as conn:
            [asked] = review.pairs(conn, 1, limit=1)
        begun = time.perf_counter()
        form = {"a": asked.a.item, "b": asked.b.item, "verdict": verdict}
        if client.post("/review", data=form, base_url="http://127.0.0.1").status_code != 303:
            raise SystemExit(f"{verdict} was not taken")
        yield (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
