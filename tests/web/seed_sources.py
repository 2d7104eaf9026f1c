"""The small household with a source in every state that a card can show."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import Connection, insert, update

from aggregator.library import merging
from aggregator.plugin import Artist, Credit, Edition, Record, Show, Skipped, Track
from aggregator.store import Store
from aggregator.store.schema import account, run, run_line

from . import seed

DAY = 86_400
REST = 900
"""Seconds that the account which does not answer is left in peace."""
SOURCES = (  # key, provider, name, for everybody
    ("attic", "files", "Attic", True),
    ("fresh", "lastfm", "Robin's scrobbles", False),
    ("reading", "lastfm", "Last.fm of old", False),
    ("resting", "ticketmaster", "Ticketmaster abroad", True),
    ("broken", "gone", "Broken plugin", True),
    ("misset", "ticketmaster", "Ticketmaster, wrong key", True),
    ("paused", "spotify", "Spotify of a friend", False),
    ("archived", "files", "Old disk", True),
    ("pinned", "files", "Pinned folder", True),
    ("erasing", "files", "A disk that goes", True),
)
RESTING = (
    "Ticketmaster does not answer: the connection was refused. Your library stays as it is. Bandstand tries again by "
    "itself at 14:05; “Sync now” tries at once."
)
FARES = {
    "resting": ("backing off", RESTING),
    "broken": ("load error", "Broken plugin cannot be loaded: No module named 'gone'. Everything else goes on."),
    "misset": ("settings error", "The settings do not fit. 'api_key' is missing. Nothing is read until then."),
    "paused": ("disabled", "Switched off."),
    "archived": ("disabled", "Archived: it is never read again, and all it brought stays."),
    "erasing": ("erasing", "All it brought is being taken out of the library."),
}


def every_state(store: Store, owner: int, music: Path) -> dict[str, int]:
    """Numbers of accounts by key. Of Attic a removal is held back; Spotify's second run has news of every sort."""
    _age(store, 3600)
    numbers = {
        key: seed.connect(store, key, provider, name, None if shared else owner, {"folder": str(music)})
        for key, provider, name, shared in SOURCES
    }
    seed.bring(store, numbers["attic"], "attic", None, albums("Attic", 9))
    seed.bring(store, numbers["attic"], "attic", None, [])
    seed.bring(store, numbers["archived"], "archived", None, albums("Old disk", 3))
    with store.read() as conn:
        numbers |= {row[0]: row[1] for row in conn.exec_driver_sql("SELECT key, id FROM account")}
    seed.bring(store, numbers["gigs"], "gigs", None, billed(), what="shows")
    seed.bring(store, numbers["spotify"], "spotify", owner, news())
    merging.merge(store)
    with store.write() as conn:
        _fare(conn, int(time.time()))
        _run(conn, numbers)
    return numbers


def _age(store: Store, seconds: int) -> None:
    """All that was read until now was read so much earlier: what comes next is news."""
    with store.write() as conn:
        for table, columns in (("claim", ("first_seen", "changed_at")), ("run", ("started_at", "finished_at"))):
            for column in columns:
                conn.exec_driver_sql(f"UPDATE {table} SET {column} = {column} - ?", (seconds,))


def _fare(conn: Connection, now: int) -> None:
    for key, (state, words) in FARES.items():
        values = {"state": state, "state_words": words, "enabled": state not in ("disabled", "erasing")}
        conn.execute(update(account).where(account.c.key == key).values(values))
    conn.execute(update(account).where(account.c.key == "resting").values(blocked_until=now + REST, failures=3))
    conn.execute(update(account).where(account.c.key == "archived").values(archived_at=now - 3 * DAY))
    conn.execute(update(account).where(account.c.key == "pinned").values(pinned=True))


def rest_anew(store: Store) -> None:
    """A copy of the household may be made long after the household: what rests has its whole rest before it."""
    with store.write() as conn:
        until = int(time.time()) + REST
        conn.execute(update(account).where(account.c.key == "resting").values(blocked_until=until))


def _run(conn: Connection, numbers: dict[str, int]) -> None:
    now = int(time.time())
    times = {"asked_by": "schedule", "queued_at": now - 130, "started_at": now - 120}

    def ran(key: str, what: str, state: str, **more: object) -> int:
        ended = None if state == "running" else now - 60
        values = {"account_id": numbers[key], "what": what, "state": state, "finished_at": ended, **times, **more}
        return int(conn.execute(insert(run).values(values).returning(run.c.id)).scalar_one())

    ran("resting", "shows", "failed", error="Unavailable", error_words=RESTING)
    ran("reading", "history", "running", done=1200, total=4100, doing="Scrobbles")
    bug = ran("misset", "shows", "failed", error="bug", error_words="Bug: no number", traceback="Traceback …")
    lines = (("warning", "a page came twice"), ("error", "one answer was cut off"), ("info", "asked 12 pages"))
    told = [{"run_id": bug, "at": now - 60, "level": level, "line": line} for level, line in lines]
    news = conn.exec_driver_sql("SELECT MAX(id) FROM run WHERE account_id = ?", (numbers["spotify"],)).scalar_one()
    told.append({"run_id": news, "at": now, "level": "skipped", "line": "sp-odd: it has no title"})
    conn.execute(insert(run_line), told)


def albums(where: str, number: int) -> list[Record]:
    records: list[Record] = []
    for n in range(1, number + 1):
        records += album(f"{where} volume {n}", f"{where} band", 1990 + n, ("One", "Two", "Three"))
    return records


def billed() -> list[Record]:
    """Ticketmaster names somebody of whom nothing else is known yet."""
    *others, last = seed.shows()
    assert isinstance(last, Show)
    mila = [Credit(name="Mila Rook", id="tm-mila", role="headliner")]
    whose = Artist(id="tm-mila", name="Mila Rook", country="NL")
    return [
        *others,
        last,
        whose,
        last.model_copy(update={"id": "s9", "title": "Mila Rook", "lineup": mila, "start": None}),
    ]


def news() -> list[Record]:
    """What Spotify says the second time: two albums more, an artist in doubt, an album renamed, one gone."""
    changed = ("sp-Glass weather", f"sp-{seed.STREAMED[2][0]}")
    kept = [record for record in seed.streamed() if getattr(record, "edition", None) != changed[1]]
    kept = [record for record in kept if getattr(record, "id", "") not in changed]
    halden = [Credit(name="Halden", id="sp-Halden")]
    renamed = Edition(id="sp-Glass weather", title="Glass weather, remastered", credits=halden, released="2021")
    return [
        renamed,
        *kept,
        *album("Paper engines", "The Tin Orchard", 2022, ("Fold", "Crane", "Paper engines"), seed.SECONDS),
        *album("Winter numbers", "Halden", 2025, ("One", "Two"), by="sp-Halden"),
        Artist(id="sp-mila", name="Mila Rook", country="US"),
        Skipped(of="track", id="sp-odd", reason="it has no title"),
    ]


def album(
    title: str, artist: str, year: int, songs: tuple[str, ...], seconds: float = 200, by: str | None = None
) -> list[Record]:
    credits = [Credit(name=artist, id=by)]
    whole = Edition(id=title, title=title, credits=credits, released=str(year), total_tracks=len(songs))
    return [whole, *(
        Track(id=f"{title}/{n}", title=song, credits=credits, edition=title, position=n, seconds=seconds)
        for n, song in enumerate(songs, 1)
    )]  # fmt: skip
