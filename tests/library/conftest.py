import pytest

from tests.library.house import House, open_house


@pytest.fixture
def house(tmp_path) -> House:
    return open_house(tmp_path)
