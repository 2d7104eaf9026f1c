"""A small household to look at: three accounts that overlap, real sound, one pair to answer, shows near by."""

from __future__ import annotations

import json
import math
import struct
import time
import wave
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, update

from aggregator import listeners
from aggregator.library import merging
from aggregator.library.claims import Intake
from aggregator.listeners import Listener, Place, Preferences
from aggregator.plugin import Artist, Audio, Credit, Edition, Holding, Play, Record, Show, Track, Venue
from aggregator.store import Store
from aggregator.store.schema import account, run, run_line

DAVIS = Place(label="Davis, CA", latitude=38.545, longitude=-121.74, zone="America/Los_Angeles", zip="95616")
ALBUMS = (
    ("Harbour lights", "Nora Quist", 2019, ("Slow harbour", "Salt", "Two lamps", "The ferry", "Evening tide")),
    ("Paper engines", "The Tin Orchard", 2022, ("Fold", "Crane", "Paper engines")),
    ("Ánima de río", "Luz Berrocal", 2011, ("Río arriba", "Niña del alba", "Corriente")),
    ("Even numbers", "Nora Quist", 2023, ("Two", "Four", "Eight")),
)
STREAMED = (
    ("Harbour lights", "Nora Quist", 2019, ("Slow harbour", "Salt", "Two lamps", "The ferry", "Evening tide")),
    ("Glass weather", "Halden", 2020, ("Front", "Pressure", "Clearing")),
    ("A house with many extraordinarily long and unbreakable corridors", "Kellerkind und die Anderen", 2015, ("Flur",)),
)
SECONDS = 12


def household(store: Store, music: Path, password: str) -> Listener:
    """Ana with a music folder, a streaming service and her scrobbles, all merged."""
    ana = listeners.create(store, "Ana", "owner", password, Preferences(place=DAVIS))
    files = connect(store, "files", "files", "Music folder", None, {"folder": str(music)})
    spotify = connect(store, "spotify", "spotify", "Spotify", ana.id, {})
    lastfm = connect(store, "lastfm", "lastfm", "Last.fm", ana.id, {})
    gigs = connect(store, "gigs", "ticketmaster", "Ticketmaster", None, {})
    bring(store, files, "files", None, owned(music))
    bring(store, spotify, "spotify", ana.id, streamed())
    bring(store, lastfm, "lastfm", ana.id, played(), what="history")
    bring(store, gigs, "gigs", None, shows(), what="shows")
    trouble(store, spotify)
    merging.merge(store)
    return ana


def connect(store: Store, key: str, provider: str, name: str, owner: int | None, settings: dict[str, str]) -> int:
    values = {
        "key": key,
        "provider": provider,
        "name": name,
        "listener_id": owner,
        "settings": json.dumps(settings),
        "created_at": int(time.time()),
    }
    with store.write() as conn:
        return int(conn.execute(insert(account).values(values).returning(account.c.id)).scalar_one())


def bring(
    store: Store, account_id: int, key: str, owner: int | None, records: Iterable[Record], what: str = "library"
) -> None:
    """One run of an account, complete."""
    now = int(time.time())
    values = {"account_id": account_id, "what": what, "state": "done", "asked_by": "start", "queued_at": now - 40,
              "started_at": now - 4, "finished_at": now, "complete": True}  # fmt: skip
    with store.write() as conn:
        run_id = conn.execute(insert(run).values(values).returning(run.c.id)).scalar_one()
        intake = Intake(account_id, key, owner, run_id, now)
        counts = intake.take(conn, list(records))
        if what != "history":
            removal = intake.complete(conn, "")
            counts.update(removed=removal.removed, held=removal.held)
        conn.execute(update(run).where(run.c.id == run_id).values(counts=json.dumps(counts)))


def trouble(store: Store, account_id: int) -> None:
    """The service wants its listener back, and two lines tell of it."""
    with store.write() as conn:
        words = "Spotify no longer accepts this sign-in. Sign in again; everything it brought stays."
        needs = {"state": "needs the listener", "state_words": words}
        conn.execute(update(account).where(account.c.id == account_id).values(needs))
        run_id = conn.scalar(insert(run).values(
            account_id=account_id, what="history", state="failed", asked_by="schedule", queued_at=int(time.time()) - 90,
            started_at=int(time.time()) - 80, finished_at=int(time.time()) - 79, error="AuthFailed", error_words=words,
        ).returning(run.c.id))  # fmt: skip
        for level, line in (("skipped", "Live/intro.mp3: the file ends in the middle"), ("info", "57 songs read")):
            conn.execute(insert(run_line).values(run_id=run_id, at=int(time.time()) - 79, level=level, line=line))


def owned(music: Path) -> list[Record]:
    records: list[Record] = []
    for title, artist, year, songs in ALBUMS:
        credits = [Credit(name=artist)]
        records.append(Edition(id=title, title=title, credits=credits, released=str(year), total_tracks=len(songs)))
        for position, song in enumerate(songs, 1):
            path = music / title / f"{position:02} {song}.wav"
            tone(path, 220 * 2 ** (position / 12))
            audio = Audio(path=str(path.relative_to(music)), codec="wav", size=path.stat().st_size, lossless=True)
            records.append(
                Track(
                    id=audio.path,
                    title=song,
                    credits=credits,
                    edition=title,
                    position=position,
                    seconds=SECONDS,
                    audio=audio,
                )
            )
    alac = Audio(path="Even numbers/09 Sixteen.m4a", codec="alac", size=4, lossless=True)
    (music / alac.path).write_bytes(b"alac")
    records.append(
        Track(
            id=alac.path,
            title="Sixteen",
            credits=[Credit(name="Nora Quist")],
            edition="Even numbers",
            position=9,
            seconds=60,
            audio=alac,
        )
    )
    return records


def streamed() -> list[Record]:
    records: list[Record] = []
    for title, artist, year, songs in STREAMED:
        credits = [Credit(name=artist, id=f"sp-{artist}")]
        records.append(
            Edition(id=f"sp-{title}", title=title, credits=credits, released=str(year), total_tracks=len(songs))
        )
        records += [
            Track(id=f"sp-{title}-{n}", title=song, credits=credits, edition=f"sp-{title}", position=n, seconds=SECONDS)
            for n, song in enumerate(songs, 1)
        ]
        records.append(Holding(of="edition", id=f"sp-{title}", how="saved", since=datetime(2024, 5, 1, tzinfo=UTC)))
    records.append(Artist(id="sp-Halden", name="Halden"))
    records.append(Holding(of="artist", id="sp-Halden", how="followed"))
    return records


def played() -> list[Record]:
    now = datetime.now(UTC).replace(microsecond=0)
    heard = [("Slow harbour", "Nora Quist", "Harbour lights")] * 9 + [("Fold", "The Tin Orchard", "Paper engines")] * 4
    heard += [("Niña del alba", "Luz Berrocal", "Ánima de río")] * 3 + [("Far shore", "Old Signal", "Morse")] * 6
    return [
        Play(
            at=now - timedelta(hours=7 * n + 2),
            title=title,
            credits=[Credit(name=artist)],
            album=album,
            seconds=SECONDS,
        )
        for n, (title, artist, album) in enumerate(heard)
    ]


def shows() -> list[Record]:
    venue = Venue(name="The Palms", id="v1", city="Winters", region="CA", latitude=38.525, longitude=-121.97,
                  zone="America/Los_Angeles")  # fmt: skip
    soon = date.today() + timedelta(days=9)
    return [
        Show(id=f"s{n}", title=artist, day=soon + timedelta(days=6 * n), venue=venue, start="20:00",
             lineup=[Credit(name=artist, role="headliner")])  # type: ignore[arg-type]
        for n, artist in enumerate(("Nora Quist", "The Tin Orchard", "Halden"))
    ]  # fmt: skip


def tone(path: Path, hertz: float) -> None:
    """A quiet sine that a browser can play and seek in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rate = 8000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = (int(3000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(rate * SECONDS))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
