"""Moving the demo in: once, whatever happens; its services are found again wherever they are."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from aggregator import demo, listeners, sources
from aggregator.config import Config
from aggregator.demo import house, truth
from aggregator.store import Store, open_store


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data=tmp_path / "demo", path=None)


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    opened = open_store(config.data)
    yield opened
    opened.close()


def start(config: Config) -> dict[str, str]:
    """A start and an end; the addresses of the services meanwhile."""
    with ExitStack() as stack:
        services = [stack.enter_context(service) for service in demo.prepare(config)]
        assert all(requests.get(f"{service.url}/_log", timeout=5).json() == [] for service in services)
        return {service.name: service.url for service in services}


def settings(store: Store) -> dict[str, dict[str, Any]]:
    with store.read() as conn:
        rows = conn.exec_driver_sql("SELECT key, settings FROM account ORDER BY id").all()
    return {key: json.loads(text) for key, text in rows}


def test_the_first_start_moves_in(config: Config, store: Store) -> None:
    addresses = start(config)
    assert [(one.name, one.role) for one in listeners.everyone(store)] == [("Robin", "owner"), ("Sam", "member")]
    robin = listeners.everyone(store)[0]
    assert robin.preferences.place and robin.preferences.place.zip == "60647"
    found = settings(store)
    assert list(found) == [
        "music", "robin-spotify", "robin-lastfm", "shows", "robin-old-phone", "sam-spotify", "sam-lastfm",
        "sam-listenbrainz", "deezer", "velvet-turnstile", "pigeon-room", "kettle-bell",
    ]  # fmt: skip
    places = [value["address"] for value in found.values() if "address" in value]
    assert all(any(address.startswith(known) for known in addresses.values()) for address in places)
    assert "secret" not in json.dumps(found)
    told = json.loads((config.data / house.TRUTH).read_text())
    assert told == truth.as_json(house.story(config.data)) and set(told) == {"Robin", "Sam"}
    assert (config.data / "music" / house.BROKEN).exists()
    assert len(sources.cards(store, robin.id)) == 9


def test_the_second_start_finds_everything_as_it_was(config: Config, store: Store) -> None:
    addresses = start(config)
    told = house.story(config.data)
    assert start(config) == addresses
    assert house.story(config.data).since == told.since
    assert len(settings(store)) == 12
    assert len(listeners.everyone(store)) == 2


def test_a_service_whose_port_was_taken_is_found_at_its_new_one(config: Config, store: Store) -> None:
    before = start(config)
    with socket.socket() as taker, socket.socket() as other:
        taker.bind(("127.0.0.1", int(before["lastfm"].rpartition(":")[2])))
        taker.listen()
        other.bind(("127.0.0.1", int(before["calendar"].rpartition(":")[2])))
        other.listen()
        after = start(config)
    assert after["lastfm"] != before["lastfm"]
    assert settings(store)["pigeon-room"]["address"] == f"{after['calendar']}/pigeon-room.ics"
    assert settings(store)["sam-lastfm"]["address"] == after["lastfm"]
    assert settings(store)["sam-spotify"]["address"] == after["spotify"]


def test_a_start_that_broke_off_is_made_good(config: Config, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    create, made = sources.create_account, []

    def create_three(*args: Any, **kwargs: Any) -> int:
        if len(made) == 3:
            raise OSError("the disk is full")
        made.append(kwargs["key"])
        return create(*args, **kwargs)

    monkeypatch.setattr(sources, "create_account", create_three)
    with pytest.raises(OSError, match="the disk is full"):
        demo.prepare(config)
    monkeypatch.undo()
    start(config)
    assert len(settings(store)) == 12
    assert len(listeners.everyone(store)) == 2


def test_only_the_demo_itself_moves_in(config: Config, store: Store) -> None:
    start(config)
    robin = listeners.everyone(store)[0].id
    before = settings(store)
    music = next(card.id for card in sources.cards(store, robin) if card.key == "music")
    with pytest.raises(sources.SourceError, match="copy config"):
        sources.create_account(store, "files", None, {"folder": str(config.data)})
    with pytest.raises(sources.SourceError, match="copy config"):
        sources.change_settings(store, robin, music, {"folder": str(config.data)})
    assert settings(store) == before
