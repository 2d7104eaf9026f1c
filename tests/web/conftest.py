"""A Bandstand to visit: a store with one owner, the dashboard on it, and a browser."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from aggregator import listeners, sources
from aggregator.config import Config
from aggregator.store import Store, open_store
from web import create_app

from . import seed, seed_sources

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
PASSWORD = "a long enough one"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with nothing in it and the providers described, made once: both cost more than a copy."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    store = open_store(folder)
    sources.offers(store)
    store.close()
    return folder


@contextmanager
def _copy(made: Path, folder: Path) -> Iterator[Store]:
    shutil.copytree(made, folder)
    opened = open_store(folder)
    yield opened
    opened.close()


@pytest.fixture
def made(empty: Path) -> Path:
    """What `store` is a copy of. A file whose tests begin with more has its own."""
    return empty


@pytest.fixture
def store(made: Path, data: Path) -> Iterator[Store]:
    with _copy(made, data) as opened:
        yield opened


@pytest.fixture
def ana(store: Store) -> listeners.Listener:
    return listeners.create(store, "Ana", "owner", PASSWORD)


@pytest.fixture
def app(data: Path, store: Store) -> Flask:
    """One's own Bandstand, not the demo."""
    return create_app(Config(data=data, path=data / "config.toml"), store)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """Somebody who has not signed in."""
    return app.test_client()


@pytest.fixture
def client(app: Flask, ana: listeners.Listener) -> FlaskClient:
    """Ana's browser, signed in."""
    client = app.test_client()
    assert client.post("/sign-in", data={"name": "Ana", "password": PASSWORD}).status_code == 303
    return client


# --- a household with music, made once and copied for each test -------------------------------------------------------


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `seed.household` stands; its folder of music is shared by all copies."""
    folder = tmp_path_factory.mktemp("house")
    store = open_store(folder / "data")
    seed.household(store, folder / "music", PASSWORD)
    sources.offers(store)
    store.close()
    return folder / "data"


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[Store]:
    with _copy(furnished, tmp_path / "house") as opened:
        yield opened


@pytest.fixture
def ids(house: Store) -> dict[str, int]:
    """Items by kind and name: `album Harbour lights`."""
    found: dict[str, int] = {}
    with house.read() as conn:
        for table, name in (("show", "title"), ("recording", "title"), ("artist", "name"), ("album", "title")):
            rows = conn.exec_driver_sql(f"SELECT id, {name} FROM {table} ORDER BY id DESC")
            found |= {f"{table} {row[1]}": row[0] for row in rows}
    return found


@pytest.fixture
def at_home(house: Store) -> FlaskClient:
    """Ana's browser in that household, signed in as the demo does it."""
    return create_app(Config(data=house.folder, path=None), house).test_client()


@pytest.fixture(scope="session")
def prepared(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """That household with `seed_sources.every_state`, and the numbers of its accounts by key."""
    folder = tmp_path_factory.mktemp("states") / "data"
    shutil.copytree(furnished, folder)
    store = open_store(folder)
    numbers = seed_sources.every_state(store, listeners.everyone(store)[0].id, furnished.parent / "music")
    store.close()
    return folder, numbers


@pytest.fixture
def many(prepared: tuple[Path, dict[str, int]], tmp_path: Path) -> Iterator[Store]:
    with _copy(prepared[0], tmp_path / "many") as opened:
        seed_sources.rest_anew(opened)
        yield opened


@pytest.fixture
def numbers(prepared: tuple[Path, dict[str, int]]) -> dict[str, int]:
    return prepared[1]


# --- the browser ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    if CHROMIUM is None:
        words = "No Chromium is installed, so pages were not looked at in a browser. On Debian: apt install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the browser finds it. (Not `base_url`: that one is for a whole session.)"""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
