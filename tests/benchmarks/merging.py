"""The production matcher in the shape in which matchers are measured against public data.

The measuring tool and its data are no part of the project; from the project's folder::

    .venv/bin/python PATH/evaluate.py tests.benchmarks.merging:cluster

`cluster` does what a sync does: it turns the rows into a provider's records, stores them as claims of one account per
source in a temporary library, has the library merge them, and reads the items back.
"""

from __future__ import annotations

import atexit
import random
import re
import resource
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aggregator import listeners
from aggregator.library import merging
from aggregator.library.claims import Intake
from aggregator.plugin import Artist, Credit, Edition, Play, Record, Show, Track, Venue
from aggregator.store import Store, open_store
from aggregator.store.schema import account
from tests.benchmarks.household import Album, Size, World, take

BATCH = 1_000
KIND_OF = {"event": "show"}
"""Kinds that the rows call otherwise."""

Row = dict[str, Any]


def cluster(rows: Sequence[Row]) -> dict[str, int]:
    """Ids of rows to items; a row without a name is left alone (None)."""
    with tempfile.TemporaryDirectory(prefix="bandstand-merging-") as folder:
        shutil.copy(_EMPTY, folder)
        store = open_store(Path(folder))
        kinds = _store_rows(store, rows)
        merging.merge(store, kinds=sorted(kinds))
        items = _items(store)
        store.close()
    return {row["id"]: items.get((row["source"], _pid(row))) for row in rows}


def _store_rows(store: Store, rows: Sequence[Row]) -> set[str]:
    by_source: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row["source"]].append(row)
    for source, own in sorted(by_source.items()):
        intake = Intake(_account(store, source), source, None, None, int(time.time()))
        for start in range(0, len(own), BATCH):
            records = [record for row in own[start : start + BATCH] for record in records_of(row)]
            with store.write() as conn:
                intake.take(conn, records)
    return {KIND_OF.get(row["kind"], row["kind"]) for row in rows}


def _account(store: Store, source: str) -> int:
    with store.write() as conn:
        values = {"key": source, "provider": source, "name": source, "created_at": 0}
        return int(conn.execute(account.insert().values(values)).inserted_primary_key[0])


def _items(store: Store) -> dict[tuple[str, str], int]:
    with store.read() as conn:
        rows = conn.exec_driver_sql(
            "SELECT a.key, c.pid, l.item_id FROM link l JOIN claim c ON c.id = l.claim_id JOIN account a ON"
            " a.id = c.account_id"
        )
        return {(source, pid): item for source, pid, item in rows}


def _pid(row: Row) -> str:
    """A show keeps its seller's number, by which a moved date is known."""
    return row.get("source_event_id") or row["id"] if row["kind"] == "event" else row["id"]


def _empty_store() -> Path:
    """A migrated store, made once: hundreds of calls begin with a copy of it."""
    folder = Path(tempfile.mkdtemp(prefix="bandstand-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = open_store(folder)
    with store.read() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return store.path


_EMPTY = _empty_store()

# --- rows as a provider's records -------------------------------------------------------------------------------------


def records_of(row: Row) -> Iterator[Record]:
    """Nothing is judged here: columns are given their types, as every provider does with what its service answers."""
    named = {"artist": "name", "event": "venue"}.get(row["kind"], "title")
    if (row.get(named) or "").strip() or row["kind"] == "recording":
        yield from _RECORDS[row["kind"]](row)


def _recording(row: Row) -> Iterator[Record]:
    row = _shifted_back(row)
    disc, position = _place(row.get("track_no"))
    if album := (row.get("album") or "").strip():
        released = str(row["year"]) if row.get("year") and 1000 <= int(row["year"]) <= 9999 else None
        yield Edition(id=f"album of {row['id']}", title=album, released=released)
    seconds = row.get("duration_s")
    yield Track(
        id=row["id"],
        title=(row.get("title") or "").strip() or "unknown",
        credits=_credits(row),
        edition=f"album of {row['id']}" if album else None,
        disc=disc,
        position=position,
        seconds=seconds if seconds and 0 < seconds < 86_400 else None,
        ids=_ids(row, "isrc", "mbid"),
        explicit=row.get("explicit"),
    )


def _album(row: Row) -> Iterator[Record]:
    form = row.get("type") if row.get("type") in ("album", "single", "ep", "compilation") else "album"
    yield Edition(
        id=row["id"],
        title=row["title"],
        credits=_credits(row),
        released=str(row["year"]) if row.get("year") else None,
        total_tracks=row.get("track_count"),
        ids=_ids(row, "mbid", barcode="upc"),
        form=form,
    )
    for number, title in enumerate(row.get("tracks") or (), 1):
        yield Track(id=f"{row['id']}/{number}", title=title, edition=row["id"])


def _artist(row: Row) -> Iterator[Record]:
    yield Artist(
        id=row["id"],
        name=row["name"],
        ids=_ids(row, "mbid"),
        aliases=row.get("aliases") or [],
        country=row.get("country"),
        begun=row.get("begin_year"),
    )
    for number, title in enumerate(row.get("albums") or (), 1):
        by = Credit(name=row["name"], id=row["id"])
        yield Edition(id=f"{row['id']}/{number}", title=title, credits=[by])


def _event(row: Row) -> Iterator[Record]:
    starts, timed = _start(row)
    bill = [row["artist"], *(name for name in row.get("lineup") or () if name != row["artist"])]
    ids = {"mbid": row["artist_mbid"]} if row.get("artist_mbid") else {}
    yield Show(
        id=_pid(row),
        title=row.get("title") or row["artist"],
        day=starts.date(),
        start=starts.time() if timed else None,
        venue=Venue(
            name=row["venue"], city=row.get("city"), region=row.get("region"), country=row.get("country"),
            zone=row.get("timezone") or ("UTC" if row["start"].endswith("Z") else None),
        ),
        lineup=[Credit(name=name, ids=ids if name == row["artist"] else {}) for name in bill],
        status=row.get("status") or "scheduled",
    )  # fmt: skip


_RECORDS = {"recording": _recording, "album": _album, "artist": _artist, "event": _event}


def _credits(row: Row) -> list[Credit]:
    found = [Credit(name=row["artist"])] if (row.get("artist") or "").strip() else []
    return [*found, *([Credit(name=row["composer"], role="composer")] if row.get("composer") else [])]


def _ids(row: Row, *names: str, **renamed: str) -> dict[str, str]:
    schemes = {**{name: name for name in names}, **renamed}
    found = {scheme: row[name] for name, scheme in schemes.items() if row.get(name)}
    return found | ({"former_mbid": " ".join(row["mbid_redirects"])} if row.get("mbid_redirects") else {})


def _place(number: str | None) -> tuple[int, int | None]:
    """`7` is number 7, `B2` the second of side B."""
    found = re.fullmatch(r"([A-Za-z])?\1?0*(\d+)", (number or "").lstrip("0"))
    if not found:
        return 1, None
    return (ord(found[1].lower()) - 96 if found[1] else 1), int(found[2])


def _start(row: Row) -> tuple[datetime, bool]:
    """The wall clock at the venue, and whether the hour is known."""
    said = row["start"]
    if len(said) == 10:
        return datetime.combine(date.fromisoformat(said), datetime.min.time()), False
    at = datetime.fromisoformat(said)
    if at.tzinfo:
        zone = row.get("timezone")
        at = (at.astimezone(ZoneInfo(zone)) if zone else at).replace(tzinfo=None)
    return at - timedelta(seconds=at.second), True


_NUMBER = re.compile(r"[\d.:]+|\d+m ?\d+sec|\d+\.\w*\d")
_CODE = re.compile(r"\w*\d{4,}[-\w]*")


def _shifted_back(row: Row) -> Row:
    """Rows whose columns slipped: a number stands in a column of words, and words in `other`."""
    names = ("title", "artist", "album")
    spare = [text.strip() for text in row.get("other") or () if not _CODE.fullmatch(text)]
    slipped = [name for name in names if _NUMBER.fullmatch(row.get(name) or "")]
    if not spare or not slipped:
        return row
    if slipped == ["artist"] or slipped == ["album"]:
        number = {"track_no": row.get("track_no") or row["album"]} if slipped == ["album"] else {}
        return {**row, slipped[0]: spare[0], **number}
    artist = next((row[name] for name in names if row.get(name) and name not in slipped), "")
    number = row.get("track_no") or (row["title"] if (row["title"] or "").isdigit() else None)
    return {**row, "title": spare[0], "artist": artist, "album": "".join(spare[1:2]), "track_no": number}


# --- rows of one's own, for size --------------------------------------------------------------------------------------

ROWS = 100_000
_SYLLABLES = [first + vowel for first in "bdfgklmnprstvwz" for vowel in ("a", "e", "i", "o", "u", "ai", "ou")]


def invented(count: int, seed: int = 1) -> tuple[list[Row], dict[str, int]]:
    """`count` rows of five sources that write each in their own way and slip now and then; ids to songs."""
    chance = random.Random(seed)
    rows: list[Row] = []
    truth: dict[str, int] = {}
    song = 0
    while len(rows) < count:
        artist, album, year = _words(chance, 2), _words(chance, 3), chance.randint(1960, 2024)
        for number in range(1, chance.randint(4, 14)):
            song += 1
            plain = {"title": _words(chance, chance.randint(1, 4)), "artist": artist, "album": album, "year": year}
            plain |= {"track_no": str(number), "duration_s": chance.randint(90, 500)}
            for source in chance.sample(sorted(_STYLES), chance.choice((1, 1, 2, 3, 5))):
                row = _STYLES[source]({key: _slip(chance, value) for key, value in plain.items()})
                rows.append({**row, "id": f"{source}-{song}", "kind": "recording", "source": source})
                truth[f"{source}-{song}"] = song
    return rows, truth


def _words(chance: random.Random, count: int) -> str:
    return " ".join("".join(chance.choices(_SYLLABLES, k=chance.randint(1, 3))).title() for _ in range(count))


def _slip(chance: random.Random, value: Any) -> Any:
    """One text in twelve lacks a letter, one in forty of anything is missing."""
    if chance.random() < 0.025:
        return None
    if isinstance(value, str) and len(value) > 4 and chance.random() < 0.08:
        at = chance.randrange(len(value))
        return value[:at] + value[at + 1 :]
    return value


_STYLES: dict[str, Callable[[Row], Row]] = {
    "catalogue": lambda row: row,
    "files": lambda row: {**row, "title": f"{row['title']} ({row['album']})"},
    "scrobbles": lambda row: {**row, "title": f"{row['title']} - {row['album']}", "album": None},
    "server": lambda row: {
        **row,
        "title": f"00{row['track_no'] or 0}-{row['title']}",
        "album": f"{row['album']} (2001)",
    },
    "stream": lambda row: {**row, "title": f"{row['artist']} - {row['title']}", "artist": None},
}


# --- a household, for size --------------------------------------------------------------------------------------------

HOUSEHOLD = Size(artists=15_000, albums=8_000, saved=14_000)
"""80,000 files; three services with 45,000 songs each, of which a third are files too; 200,000 songs scrobbled."""
SERVICES, THEIRS, SCROBBLED = 3, 4_500, 20_000
"""How many services, albums in each, and albums of which every song was scrobbled."""


def settle_in(store: Store, size: Size) -> None:
    """Take in, and do not merge, what a household has: for `HOUSEHOLD` about 500,000 claims."""
    world, part = World(size), size.albums / HOUSEHOLD.albums
    owner = listeners.create(store, "Robin", "owner").id
    take(store, "files", "files", None, world.files())
    for number in range(SERVICES):
        first = int((6_500 + number * 3_500) * part)
        albums = world.albums[first : first + int(THEIRS * part)]
        take(store, f"service-{number}", "spotify", owner, (r for each in albums for r in world.saved_album(each)))
    take(store, "lastfm", "lastfm", owner, _scrobbles(world.albums[: int(SCROBBLED * part)]))


def _scrobbles(albums: Sequence[Album]) -> Iterator[Record]:
    """Every song once, as players write them."""
    chance, at = random.Random(7), datetime(2006, 1, 1, tzinfo=UTC)
    for album in albums:
        for title, _ in album.tracks:
            at += timedelta(minutes=50)
            said = chance.choice((title, title, title.lower(), f"{title} - Remastered", f"{title} (feat. Ana)"))
            name = f"{album.number} {title}"
            yield Play(at=at, title=said, credits=[Credit(name=album.artist)], album=album.title, id=name)


def _change(store: Store, share: float) -> int:
    """A night on which this share of all songs comes with another length."""
    with store.write() as conn:
        conn.exec_driver_sql(
            "UPDATE claim SET payload = json_set(payload, '$.seconds', (payload ->> '$.seconds') + 1)"
            " WHERE kind = 'recording' AND payload ->> '$.seconds' IS NOT NULL AND id % ? = 0",
            (int(1 / share),),
        )
        changed = conn.exec_driver_sql("SELECT changes()").scalar_one()
        conn.exec_driver_sql(
            "INSERT OR IGNORE INTO dirty SELECT id FROM claim WHERE kind = 'recording'"
            " AND payload ->> '$.seconds' IS NOT NULL AND id % ? = 0",
            (int(1 / share),),
        )
    return int(changed)


def _household(size: Size) -> None:
    with tempfile.TemporaryDirectory(prefix="bandstand-household-") as folder:
        store = open_store(Path(folder))
        settle_in(store, size)
        _timed(f"{_count(store, 'claim'):,} claims of a household from zero", store)
        changed = _change(store, 0.01)
        _timed(f"a night with {changed:,} changed", store)
        store.close()


def _timed(what: str, store: Store) -> None:
    begun, used = time.perf_counter(), time.process_time()
    merging.merge(store)
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    print(f"{what}: {wall:.1f} s ({cpu:.1f} s CPU), {_megabytes():.0f} MB", flush=True)


def _count(store: Store, table: str) -> int:
    with store.read() as conn:
        return int(conn.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar_one())


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """How long `ROWS` rows take and how well they are told apart, for public data see docs/merging.md; then a household
    from zero and after a night. Each in a process of its own, for its memory."""
    for job, said in ((_rows, ()), (_household, (HOUSEHOLD,))):
        process = get_context("spawn").Process(target=job, args=said)
        process.start()
        process.join()


def _rows() -> None:
    rows, truth = invented(ROWS)
    begun, used = time.perf_counter(), time.process_time()
    labels = cluster(rows)
    wall, cpu = time.perf_counter() - begun, time.process_time() - used
    placed = {row: label for row, label in labels.items() if label is not None}
    together = Counter((truth[row], label) for row, label in placed.items())
    right, said, meant = map(_pairs, (together, Counter(placed.values()), Counter(truth.values())))
    print(f"{len(rows):,} rows: {wall:.1f} s ({cpu:.1f} s CPU), {_megabytes():.0f} MB; "
          f"precision {right / said:.4f}, recall {right / meant:.4f}")  # fmt: skip


def _pairs(sizes: Counter[Any]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())


if __name__ == "__main__":
    main()
