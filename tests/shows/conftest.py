"""A store and a town on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.listeners import Listener
from aggregator.store import Store, open_store
from tests.shows.town import Town


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def town(store: Store) -> Town:
    return Town(store)


@pytest.fixture
def ana(town: Town) -> Listener:
    return town.listener()
