"""A data directory with the test providers dropped in, and accounts of them."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from aggregator import sources
from aggregator._host import accounts, find, runs
from aggregator._host.perform import perform
from aggregator._host.run import House
from aggregator.store import Store, open_store
from aggregator.store.schema import claim, run, run_line

PROVIDERS = Path(__file__).parent / "providers"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated data directory with providers described, copied for each test."""
    data = tmp_path_factory.mktemp("prepared")
    _fill(data)
    return data


def _fill(data: Path) -> None:
    shutil.copytree(PROVIDERS, data / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    open_store(data).close()
    find.providers(data)


@pytest.fixture
def data(tmp_path: Path, prepared: Path) -> Path:
    target = tmp_path / "data"
    shutil.copytree(prepared, target)
    return target


@dataclass
class Home:
    """One data directory, with the steps that tests repeat."""

    data: Path
    store: Store
    house: House

    def account(self, provider: str, **settings: Any) -> int:
        return sources.create_account(self.store, provider, None, settings, check=False)

    def run(self, account_id: int, what: str = "library") -> Any:
        """One run, as the steward does it; returns its row."""
        with self.store.write() as conn:
            run_id = runs.ask(conn, what, account_id, "listener", int(time.time()))
        perform(self.house, self.house.catalogue(), runs.Queued(run_id, account_id, what))
        return self.row(run_id)

    def row(self, run_id: int) -> Any:
        with self.store.read() as conn:
            return conn.execute(select(run).where(run.c.id == run_id)).one()

    def state(self, account_id: int) -> accounts.Account:
        with self.store.read() as conn:
            found = accounts.by_id(conn, account_id)
        assert found is not None
        return found

    def present(self, kind: str) -> list[str]:
        with self.store.read() as conn:
            query = select(claim.c.pid).where(claim.c.kind == kind, claim.c.present).order_by(claim.c.pid)
            return list(conn.scalars(query))

    def lines(self) -> list[tuple[str, str]]:
        with self.store.read() as conn:
            query = select(run_line.c.level, run_line.c.line).order_by(run_line.c.id)
            return [(row.level, row.line) for row in conn.execute(query)]

    def runs(self, account_id: int | None) -> list[Any]:
        with self.store.read() as conn:
            mine = run.c.account_id.is_(None) if account_id is None else run.c.account_id == account_id
            return list(conn.execute(select(run).where(mine).order_by(run.c.id)))


@pytest.fixture
def home(data: Path) -> Iterator[Home]:
    store = open_store(data)
    yield Home(data, store, House(data, store))
    store.close()


@dataclass
class Service:
    """A web server on loopback that answers what it is told to."""

    url: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "fine"
    calls: int = 0
    agents: list[str] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.calls += 1
            told.agents.append(self.headers.get("User-Agent", ""))
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body.encode())

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()


def until(true: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait until something is so; fails when it never is."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came to be")


def alive(pid: int) -> bool:
    """Whether a process is still at work."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
