"""From dirty claims to items: nightly, after each sync and after each decision, in bounded transactions.

The dirty marks of a batch are cleared in the transaction that decides it, so a merge that was killed goes on where it
stopped. The result depends on present claims and decisions alone, never on the order or size of batches.
"""

from __future__ import annotations

import gc
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from aggregator.history import listens
from aggregator.library import find, precedence, questions, rows, shelves
from aggregator.library.evidence import KINDS, RULES, Verdict
from aggregator.library.matching import Matching, Place
from aggregator.library.neighbours import Claim, Neighbourhood
from aggregator.store import Overtaken, Store

BATCH = 4_000
"""Dirty claims decided in one transaction, together with all they touch."""

PAUSE = 0.2
"""Between two batches the pages get to write: a rest of this share of the time the batch took."""

Progress = Callable[[int, int], None]
"""Called with claims done and claims in all."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did: claims decided, and claims whose item changed."""

    claims: int
    moved: int


def merge(store: Store, progress: Progress | None = None, kinds: Sequence[str] = KINDS) -> Merged:
    """Decide everything dirty, or what is dirty of some kinds."""
    now = int(time.time())
    _mark_undecided_by(store, RULES)
    with store.read() as conn:
        waiting = _dirty(conn)
    total, done, moved = sum(len(waiting[kind]) for kind in kinds), 0, 0
    with _not_collecting():
        for kind in kinds:
            for start in range(0, len(waiting[kind]), BATCH):
                batch = waiting[kind][start : start + BATCH]
                moved += _decide(store, kind, batch, now)
                done += len(batch)
                if progress:
                    progress(done, total)
    _carry_out_orders(store, now)
    return Merged(done, moved)


def _mark_undecided_by(store: Store, rules: int) -> None:
    """After an update that knows better, everything is decided anew. Pages show the old items until it is."""
    with store.read() as conn:
        if conn.exec_driver_sql("PRAGMA user_version").scalar_one() == rules:
            return
    with store.write() as conn:
        _mark_all(conn)
        conn.exec_driver_sql(f"PRAGMA user_version = {rules}")


def _mark_all(conn: Connection) -> None:
    conn.exec_driver_sql(
        "INSERT OR IGNORE INTO dirty SELECT id FROM claim WHERE kind IN ('artist', 'album', 'recording', 'show')"
    )


def _decide(store: Store, kind: str, batch: Sequence[int], now: int) -> int:
    """Most of the time goes into reading and weighing: the pages may write meanwhile. Where one did, it is done again
    with the door closed."""
    with suppress(Overtaken), store.attempt() as conn:
        return len(settle(conn, kind, _still_dirty(conn, batch), now))
    with store.write() as conn:
        return len(settle(conn, kind, _still_dirty(conn, batch), now))


@contextmanager
def _not_collecting() -> Iterator[None]:
    """A batch makes hundreds of thousands of objects and no cycles: looking for those took a quarter of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _carry_out_orders(store: Store, now: int) -> None:
    """Show what a listener said about whose word comes first, wherever it is not shown yet."""
    with store.read() as conn:
        some = precedence.unshown(conn)
    while some:
        begun = time.monotonic()
        with store.write() as conn:
            if some := precedence.unshown(conn):
                show_anew(conn, some.kind, some.items, now)
                precedence.now_shown(conn, some)
        rest(begun)


def show_anew(conn: Connection, kind: str, items: Sequence[int], now: int) -> None:
    """Write the rows of these items from what is stored, with all that is counted and found by them."""
    if kind == "show":
        from aggregator.shows import items as shows

        shows.refresh(conn, items, now)
    else:
        _refresh_library(conn, kind, rows.stored(conn, kind, items), set(items), {}, now)
    find.index(conn, kind, items)


def rest(begun: float) -> None:
    """Let the pages write after a transaction that began at `begun` (`time.monotonic`)."""
    time.sleep(min(PAUSE * (time.monotonic() - begun), 0.2))


def rebuild(store: Store, progress: Progress | None = None) -> Merged:
    """Everything again from claims and decisions; ends in the same place as the merges that led here."""
    with store.write() as conn:
        _mark_all(conn)
        for table in ("claim_key", "link", "unsure", "question"):
            conn.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
    merged = merge(store, progress)
    with store.write() as conn:
        for kind in KINDS:
            drop(conn, kind, conn.exec_driver_sql(f"SELECT id FROM {kind}").scalars())  # noqa: S608
    return merged


def settle(conn: Connection, kind: str, dirty: Sequence[int], now: int) -> set[int]:
    """Decide the items of these claims and all that they reach. Returns the claims whose item changed."""
    if not dirty:
        return set()
    near = Neighbourhood(conn, kind, dirty)
    matching = Matching(near)
    before = _items_of(conn, near.visited)
    places = {place.claim: place for place in matching.places()}
    moved = {claim for claim, place in places.items() if before.get(claim) != place.item}
    _write_keys(conn, near)
    _write_links(conn, kind, places.values())
    _write_questions(conn, kind, near.visited, matching)
    conn.exec_driver_sql(
        "DELETE FROM dirty WHERE claim_id IN (SELECT value FROM json_each(?))", (json.dumps(sorted(near.visited)),)
    )
    stale = {places[claim].item for claim in moved | near.changed}
    stale |= {before[claim] for claim in moved if claim in before}
    _refresh(conn, near, places, stale, moved, now)
    questions.ask(conn, near.visited, {place.item for place in places.values()}.union(before.values()))
    return moved


def drop(conn: Connection, kind: str, items: Iterable[int]) -> None:
    """Take away the rows, shelves and search words of those of these items that have no claim left."""
    gone = set(conn.exec_driver_sql(
        "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM link WHERE item_id = value)",
        (json.dumps(list(items)),),
    ).scalars())  # fmt: skip
    questions.forget(conn, gone)
    if kind == "show":
        from aggregator.shows import items as shows

        shows.refresh(conn, gone, 0)
    else:
        _refresh_library(conn, kind, {}, gone, {}, 0)
    find.index(conn, kind, gone)
    conn.exec_driver_sql(
        "DELETE FROM recommended WHERE kind = ? AND item_id IN (SELECT value FROM json_each(?))",
        (kind, json.dumps(sorted(gone))),
    )


def _refresh(
    conn: Connection, near: Neighbourhood, places: dict[int, Place], stale: set[int], moved: set[int], now: int
) -> None:
    """Rows, shelves and search words of the items that changed, and the rows elsewhere that name them."""
    members: defaultdict[int, list[int]] = defaultdict(list)
    for place in places.values():
        if place.item in stale:
            members[place.item].append(place.claim)
    items = {item: [near.claims[claim] for claim in sorted(claims)] for item, claims in members.items()}
    if near.kind == "show":
        from aggregator.shows import items as shows  # the one feature whose rows the merge keeps

        shows.refresh(conn, sorted(stale), now)
    else:
        _refresh_library(conn, near.kind, items, stale, rows.followers(conn, near.kind, moved), now)
    find.index(conn, near.kind, sorted(stale))


def _refresh_library(
    conn: Connection,
    kind: str,
    items: Mapping[int, Sequence[Claim]],
    stale: set[int],
    following: Mapping[str, Sequence[int]],
    now: int,
) -> None:
    """Whoever was heard through a song that changed, before or after, has their listens counted anew."""
    if kind == "artist" and (own := rows.with_own_artists(conn)):
        following = {each: [*following.get(each, ()), *own.get(each, ())] for each in (*own, *following)}
    songs = stale if kind == "recording" else following.get("recording", ())
    artists = shelves.heard_artists(conn, songs)
    rows.write(conn, kind, items, stale)
    rows.follow(conn, following, now)
    if kind == "recording":
        played = listens.regroup(conn, sorted(items))
        shelves.refresh(conn, "recording", stale)
        shelves.refresh(conn, "album", _albums_of(conn, played))
    elif kind == "album":
        shelves.refresh(conn, "album", stale)
    artists |= shelves.heard_artists(conn, songs)
    shelves.refresh(conn, "artist", artists | stale if kind == "artist" else artists)


def _albums_of(conn: Connection, recordings: Iterable[int]) -> Sequence[int]:
    """The album items that these recording claims are songs of."""
    return conn.exec_driver_sql(
        "SELECT DISTINCT item_id FROM link WHERE kind = 'album'"
        " AND claim_id IN (SELECT about FROM claim WHERE id IN (SELECT value FROM json_each(?)))",
        (json.dumps(sorted(recordings)),),
    ).scalars().all()  # fmt: skip


def _dirty(conn: Connection) -> dict[str, list[int]]:
    waiting: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for kind, claim in conn.exec_driver_sql(  # by artist: neighbours are then read once, in one batch
        "SELECT c.kind, c.id FROM dirty JOIN claim c ON c.id = dirty.claim_id"
        " ORDER BY lower(COALESCE(c.payload ->> '$.credits[0].name', c.payload ->> '$.title')), c.id"
    ):
        waiting.setdefault(kind, []).append(claim)
    return waiting


def _still_dirty(conn: Connection, claims: Iterable[int]) -> list[int]:
    """Without those that an earlier batch decided already."""
    return list(conn.exec_driver_sql(
        "SELECT claim_id FROM dirty WHERE claim_id IN (SELECT value FROM json_each(?))", (json.dumps(list(claims)),)
    ).scalars())  # fmt: skip


def _items_of(conn: Connection, claims: Iterable[int]) -> dict[int, int]:
    rows = conn.exec_driver_sql(
        "SELECT claim_id, item_id FROM link WHERE claim_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(claims)),),
    )
    return {row[0]: row[1] for row in rows}


def _write_keys(conn: Connection, near: Neighbourhood) -> None:
    if near.keys_gone:
        conn.exec_driver_sql("DELETE FROM claim_key WHERE key = ? AND claim_id = ?", sorted(near.keys_gone))
    if near.keys_new:  # in the table's order: neighbours share a page
        new = sorted((key, claim) for key, claims in near.keys_new.items() for claim in claims)
        conn.exec_driver_sql("INSERT INTO claim_key (key, claim_id) VALUES (?, ?)", new)


def _write_links(conn: Connection, kind: str, places: Iterable[Place]) -> None:
    conn.exec_driver_sql(
        "INSERT INTO link (claim_id, kind, item_id, component, to_claim, points, decided_by, evidence, verdict)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (claim_id) DO UPDATE SET item_id = excluded.item_id,"
        " component = excluded.component, to_claim = excluded.to_claim, points = excluded.points,"
        " decided_by = excluded.decided_by, evidence = excluded.evidence, verdict = excluded.verdict",
        [
            (p.claim, kind, p.item, p.component, p.through, _points(p), p.decided_by, _evidence(p.verdict), _word(p))
            for p in sorted(places, key=lambda place: place.claim)
        ],
    )


def _write_questions(conn: Connection, kind: str, visited: Iterable[int], matching: Matching) -> None:
    ids = json.dumps(sorted(visited))
    conn.exec_driver_sql(
        "DELETE FROM unsure WHERE a IN (SELECT value FROM json_each(?1)) OR b IN (SELECT value FROM json_each(?1))",
        (ids,),
    )
    found = [(q.a, q.b, kind, q.verdict.points, _evidence(q.verdict)) for q in matching.questions()]
    if found:
        conn.exec_driver_sql(
            "INSERT OR REPLACE INTO unsure (a, b, kind, points, evidence) VALUES (?, ?, ?, ?, ?)", found
        )


def _points(place: Place) -> float | None:
    return place.verdict.points if place.through is not None else None


def _word(place: Place) -> str:
    """What the rules say of the claim and the one it joined through, whoever decided; nothing of what founded it."""
    return place.verdict.word if place.through is not None else ""


def _evidence(verdict: Verdict) -> str:
    parts = [{"field": field, "a": a, "b": b, "points": points} for field, a, b, points in verdict.evidence]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
