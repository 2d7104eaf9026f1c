from __future__ import annotations

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


@pytest.fixture
def house(empty_house: House) -> House:
    return furnish(empty_house)
