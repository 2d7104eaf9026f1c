from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator import listeners
from aggregator.store import open_store
from tests.recommendations.house import House, furnish


@pytest.fixture
def empty_house(tmp_path: Path) -> Iterator[House]:
    store = open_store(tmp_path)
    yield House(store, listeners.create(store, "Ana", "owner").id)
    store.close()


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Ana's house, made once; tests live in copies of it."""
    return furnish(_new(tmp_path_factory.mktemp("furnished")))


@pytest.fixture
def house(furnished: House, tmp_path: Path) -> Iterator[House]:
    yield from lived_in(furnished, tmp_path / "copy")


def _new(folder: Path) -> House:
    store = open_store(folder)
    return House(store, listeners.create(store, "Ana", "owner").id)


def lived_in(made: House, folder: Path) -> Iterator[House]:
    """A copy of a house that is not being changed."""
    made.store.close()
    shutil.copytree(made.store.folder, folder)
    store = open_store(folder)
    copy = House(store, made.me)
    copy.hour = made.hour
    yield copy
    store.close()
