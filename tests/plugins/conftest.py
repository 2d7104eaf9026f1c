"""Providers tried in this process: real settings, a real gate over loopback, state that survives as JSON only."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aggregator._host.gate import LocalGate
from aggregator._host.run import House
from aggregator.demo.house import PATIENT
from aggregator.demo.service import Running
from aggregator.demo.world import World, build
from aggregator.plugin import Checkpoint, Complete, Provider, ProviderError, Record, Skipped, Unchanged
from aggregator.store import open_store
from tests.host.conftest import Home

NOW = int(time.time())
SINCE = NOW - 100 * 86400
"""A shorter story than the demo's: fewer pages to wait for."""


@dataclass
class Run:
    """What one run brought; `error` is what ended it, if anything did."""

    records: list[Record] = field(default_factory=list)
    error: ProviderError | None = None

    def of(self, cls: type[Any]) -> list[Any]:
        return [record for record in self.records if isinstance(record, cls)]

    def one(self, cls: type[Any]) -> Any:
        (found,) = self.of(cls)
        return found

    @property
    def scopes(self) -> list[str]:
        return [record.scope for record in self.of(Complete)]

    @property
    def cursor(self) -> str | None:
        """The last checkpoint: what is before it is stored for good."""
        return next((mark.cursor for mark in reversed(self.of(Checkpoint))), None)

    def skipped(self) -> dict[str, str]:
        return {record.id: record.reason for record in self.of(Skipped)}

    def unchanged(self, of: str) -> list[str]:
        return [known for record in self.of(Unchanged) if record.of == of for known in record.ids]


class Kept(dict[str, str]):
    """The secrets among the settings, as `aggregator.plugin.Safe`."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__({name: value for name, value in settings.items() if isinstance(value, str)})

    def put(self, name: str, value: str) -> None:
        self[name] = value

    def alone(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class Account:
    """One account of a provider. Its state passes through JSON between runs, as in the host."""

    def __init__(self, cls: type[Provider], **settings: Any) -> None:
        self.cls = cls
        self.settings = settings
        self.state: dict[str, Any] = {}
        self.safe = Kept(settings)
        self.gate = LocalGate()

    def provider(self) -> Any:
        provider = self.cls()
        provider.settings = self.cls.Settings.model_validate(self.settings)
        provider.http = self.gate
        provider.state = self.state
        provider.safe = self.safe
        provider.log = logging.getLogger(f"test.{self.cls.id}")
        return provider

    def run(self, capability: str = "library", *arguments: Any) -> Run:
        run = Run()
        try:
            run.records.extend(self._records(capability, arguments, run))
        except ProviderError as error:
            run.error = error
        self.state = json.loads(json.dumps(self.state))
        return run

    def _records(self, capability: str, arguments: tuple[Any, ...], run: Run) -> Iterable[Record]:
        for record in getattr(self.provider(), capability)(*arguments):
            run.records.append(record)
        return ()


# --- sample services and a whole host ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    return build(NOW, SINCE, 0)


@pytest.fixture(scope="module")
def _services() -> Iterator[dict[str, Running]]:
    started: dict[str, Running] = {}
    yield started
    for service in started.values():
        service.close()


@pytest.fixture
def service(request: pytest.FixtureRequest, _services: dict[str, Running]) -> Iterator[Running]:
    """The sample service that the test module is named after, without trouble at the start and at the end."""
    name = request.module.__name__.rpartition("test_")[2]
    if name not in _services:
        _services[name] = Running(name, now=NOW, since=SINCE, **PATIENT.get(name, {}))
    _services[name].switch()
    yield _services[name]
    _services[name].switch()


@pytest.fixture(scope="session")
def _described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which the bundled providers are described already."""
    data = tmp_path_factory.mktemp("described")
    store = open_store(data)
    House(data, store).catalogue()
    store.close()
    return data


@pytest.fixture
def home(tmp_path: Path, _described: Path) -> Iterator[Home]:
    data = tmp_path / "data"
    shutil.copytree(_described, data)
    store = open_store(data)
    yield Home(data, store, House(data, store))
    store.close()
