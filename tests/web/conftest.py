"""A Bandstand to visit: a store with one owner, the dashboard on it, and a browser."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from aggregator import listeners
from aggregator.config import Config
from aggregator.store import Store, open_store
from web import create_app

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


@pytest.fixture
def store(data: Path) -> Iterator[Store]:
    opened = open_store(data)
    yield opened
    opened.close()


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
