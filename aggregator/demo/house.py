"""Moves the demo in: its listeners, its sources and its music folder; starts the sample services."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from sqlalchemy import insert

from aggregator import listeners, sources
from aggregator._host import accounts
from aggregator.config import Config
from aggregator.demo import MARK, calendar, gigs, tokens, truth, world
from aggregator.demo.catalogue import MUSIC
from aggregator.demo.listening import DAY
from aggregator.demo.service import Running
from aggregator.demo.world import World
from aggregator.listeners import Preferences
from aggregator.shows import places
from aggregator.store import Store, open_store
from aggregator.store.schema import run

PATIENT = {"deezer": {"calls": 100_000}}
"""The demo asks its own services as fast as it can: none of them may ask it for a pause on its first day."""
SERVICES = ("spotify", "lastfm", "ticketmaster", "listenbrainz", "deezer", "calendar")
LISTENERS: tuple[tuple[str, Literal["owner", "member"]], ...] = (("Robin", "owner"), ("Sam", "member"))
TRUTH = "truth.json"
"""Beside it: what every page must show once everything is read for the first time."""
BROKEN = "stray/broken-download.mp3"


@dataclass(frozen=True)
class Source:
    """An account to be. `service`: whose address goes into its settings, with `path`. `twice`: read again at once."""

    key: str
    name: str
    provider: str
    owner: str | None
    """A listener's name; None for the household."""
    settings: Mapping[str, Any]
    service: str | None = None
    path: str = ""
    twice: bool = False

    def at(self, addresses: Mapping[str, str]) -> dict[str, Any]:
        """The settings, with where the service is."""
        if not self.service:
            return dict(self.settings)
        here = addresses[self.service] + self.path
        return {**self.settings, "address": here} | ({"labs": here} if self.provider == "listenbrainz" else {})


def prepare(config: Config) -> list[Running]:
    """Start the services; move in, the first time. The marked folder is the demo's for good."""
    mark = _read_mark(config.data)
    told = world.build(int(time.time()), mark["since"])
    with ExitStack() as stack:
        services = _start(stack, told, mark["ports"])
        addresses = {service.name: service.url for service in services}
        store = stack.enter_context(closing(open_store(config.data)))
        if mark["moved_in"]:
            _readdress(store, addresses)
        else:
            _move_in(store, config.data, told, addresses)
        ports = {service.name: int(service.url.rpartition(":")[2]) for service in services}
        mark |= {"now": told.now, "moved_in": True, "ports": ports}
        (config.data / MARK).write_text(json.dumps(mark))
        (config.data / TRUTH).write_text(json.dumps(truth.as_json(told), indent=2))
        store.close()
        stack.pop_all()  # all went well: the services stay
    return services


def the_sources(data: Path, told: World) -> list[Source]:
    """Every account of the demo, in the order in which they are read."""
    robin, old_phone, sam = told.spotify.values()
    return [
        Source("music", "Music folder", "files", None, {"folder": str(data / "music")}),
        Source("robin-spotify", "Robin's Spotify", "spotify", "Robin", _spotify(robin), "spotify"),
        Source("robin-lastfm", "Robin's Last.fm", "lastfm", "Robin", _lastfm("robin_demo"), "lastfm"),
        Source("shows", "Concerts nearby", "ticketmaster", None, {"api_key": world.TICKETMASTER_KEY}, "ticketmaster"),
        Source("robin-old-phone", "Robin's old phone", "spotify", "Robin", _spotify(old_phone), "spotify"),
        Source("sam-spotify", "Sam's Spotify", "spotify", "Sam", _spotify(sam), "spotify"),
        Source("sam-lastfm", "Sam's Last.fm", "lastfm", "Sam", _lastfm("sam_demo"), "lastfm"),
        Source("sam-listenbrainz", "Sam's ListenBrainz", "listenbrainz", "Sam", {"user": "sam_demo"}, "listenbrainz"),
        Source("deezer", "Deezer", "deezer", None, {}, "deezer"),
        *(_hall(slug) for slug in gigs.HALLS),
    ]


def _hall(slug: str) -> Source:
    """A venue's calendar. The second reading finds one empty and another not at all."""
    venue = gigs.VENUES[slug]
    settings = {"venue": venue.name, "city": venue.city}
    return Source(slug, venue.name, "calendar", None, settings, "calendar", f"/{slug}.ics", slug in calendar.TROUBLED)


def _spotify(user: world.SpotifyUser) -> dict[str, str]:
    return {"client_id": user.client, "client_secret": user.secret, "refresh_token": tokens.first_refresh(user.client)}


def _lastfm(name: str) -> dict[str, str]:
    return {"user": name, "api_key": world.LASTFM_KEY, "api_secret": world.LASTFM_SECRET}


def story(data: Path) -> World:
    """The story as it was last told in this data directory."""
    mark = _read_mark(data)
    return world.build(mark["now"], mark["since"])


def _read_mark(data: Path) -> dict[str, Any]:
    """A story goes on where it began: plays that were told once are never untold."""
    try:
        mark: dict[str, Any] = json.loads((data / MARK).read_text())
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark = {"since": int(time.time()) // DAY * DAY - 365 * DAY, "ports": {}, "moved_in": False}
    return mark


def _start(stack: ExitStack, told: World, ports: Mapping[str, int]) -> list[Running]:
    """All services, on their old ports where those are free."""
    options = {"now": told.now, "since": told.since}
    return [
        stack.enter_context(Running(name, port=_free(ports.get(name, 0)), **options, **PATIENT.get(name, {})))
        for name in SERVICES
    ]


def _free(port: int) -> int:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def _move_in(store: Store, data: Path, told: World, addresses: Mapping[str, str]) -> None:
    """Write what is not there yet: an earlier start may have broken off."""
    lay_out_music(data / "music")
    home = Preferences(place=places.by_zip(world.ZIP), radius=world.RADIUS_MILES, unit="mi")
    here = {listener.name: listener.id for listener in listeners.everyone(store)}
    ids = {name: here.get(name) or listeners.create(store, name, role, preferences=home).id for name, role in LISTENERS}
    with store.read() as conn:
        taken = {account.key for account in accounts.every(conn)}
    for source in the_sources(data, told):
        if source.key not in taken:
            owner = ids[source.owner] if source.owner else None
            settings = source.at(addresses)
            created = sources.create_account(
                store, source.provider, owner, settings, name=source.name, key=source.key, check=False
            )
            if source.twice:
                _read_again(store, created)


def _read_again(store: Store, account_id: int) -> None:
    """Beside the run that waits already: what a service did the second time is part of the story."""
    with store.write() as conn:
        again = {"account_id": account_id, "what": "shows", "state": "queued", "asked_by": "schedule"}
        conn.execute(insert(run).values(**again, queued_at=int(time.time())))


def _readdress(store: Store, addresses: Mapping[str, str]) -> None:
    """Tell the accounts where the services are today."""
    with store.write() as conn:
        for account in accounts.every(conn):
            here = addresses.get(account.provider)
            told = {
                name: _moved(account.settings[name], here)
                for name in ("address", "labs")
                if here and name in account.settings
            }
            if told.items() - account.settings.items():
                accounts.change(conn, account.id, settings={**account.settings, **told})


def _moved(address: str, here: str) -> str:
    """The same path at another host and port."""
    return here + urlsplit(address).path.rstrip("/")


def lay_out_music(folder: Path) -> None:
    """Copy the songs, and put beside them a download that broke off."""
    shutil.copytree(MUSIC, folder, dirs_exist_ok=True)
    broken = folder / BROKEN
    broken.parent.mkdir(exist_ok=True)
    broken.write_bytes(b"<html><body>503 Service Unavailable</body></html>\n" * 40)
