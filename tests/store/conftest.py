"""A data directory that revision 0001 wrote; see `furnish`."""

import tarfile
from pathlib import Path

import pytest

OLD = Path(__file__).parent / "0001.tar.xz"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    with tarfile.open(OLD) as stored:
        stored.extractall(folder, filter="data")
    return folder
