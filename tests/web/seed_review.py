"""Questions of every kind in the household of `seed`; the songs among them can be heard on both sides."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from aggregator.library import merging
from aggregator.plugin import Artist, Audio, Credit, Edition, Show, Track, Venue
from aggregator.store import Store

from . import seed

LONGER = 5
"""Seconds by which the attic's copies are longer: too many to be sure, too few to tell apart."""
SONGS = ("Fold", "Crane", "Paper engines")


def questions(store: Store, attic: Path, listener_id: int) -> None:
    """A second folder whose copies run longer, another printing, another seller of tickets. All merged."""
    account = seed.connect(store, "attic", "files", "Attic", None, {"folder": str(attic)})
    seed.bring(store, account, "attic", None, [*_songs(attic), *_albums("attic", "1999", 18), *_artists("DE")])
    deezer = seed.connect(store, "deezer", "deezer", "Deezer", listener_id, {})
    seed.bring(store, deezer, "deezer", listener_id, [*_albums("deezer", "2012", 7), *_artists("US")])
    sellers = seed.connect(store, "sellers", "calendar", "Venue calendar", None, {})
    seed.bring(store, sellers, "sellers", None, _shows(), what="shows")
    merging.merge(store)


def _songs(attic: Path) -> list[Track]:
    found = []
    for number, title in enumerate(SONGS, 1):
        path = attic / f"{number:02} {title}.wav"
        seed.tone(path, 330 * 2 ** (number / 12))
        audio = Audio(path=path.name, codec="wav", size=path.stat().st_size, lossless=True)
        credits = [Credit(name="The Tin Orchard")]
        found.append(Track(id=path.name, title=title, credits=credits, seconds=seed.SECONDS + LONGER, audio=audio))
    return found


def _albums(pid: str, year: str, tracks: int) -> list[Edition]:
    credits = [Credit(name="Halden")]
    return [Edition(id=f"{pid}-halden", title="Halden", credits=credits, released=year, total_tracks=tracks)]


def _artists(country: str) -> list[Artist]:
    return [Artist(id=f"{name} of {country}", name=name, country=country) for name in ("Calder", "Brine")]


def _shows() -> list[Show]:
    venue = Venue(name="Community Hall", city="Winters", region="CA", latitude=38.53, longitude=-121.965,
                  zone="America/Los_Angeles")  # fmt: skip
    soon = date.today() + timedelta(days=9)
    lineup = [Credit(name="Nora Quist", role="headliner")]
    return [Show(id="x", title="Nora Quist", day=soon, venue=venue, start="20:00", lineup=lineup)]
