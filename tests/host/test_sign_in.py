"""Signing in by way of a provider that misbehaves, or of an account that is gone: said, and nothing changed."""

from __future__ import annotations

import pytest

from aggregator import listeners, sources
from aggregator._host import accounts, sign_in
from tests.host.conftest import Home

BACK = "http://127.0.0.1:8484/back"
ODD = """
from aggregator.plugin import Library, Provider, SecretStr, SignIn

class Odd(Provider, Library, SignIn):
    id = "odd_door"
    name = "Odd door"

    class Settings(Provider.Settings):
        token: SecretStr | None = None

    def library(self):
        yield from ()

    def begin(self, redirect, state):
        return {"script": "javascript:alert(1)", "list": ["x"], "http": "http://door.example/"}[state]

    def finish(self, redirect, params):
        return {"list": ["x"], "other": {"password": "hunter2"}, "good": {"token": "granted"}}[params["code"]]
"""


@pytest.fixture
def door(home: Home) -> int:
    (home.data / "plugins" / "odd_door.py").write_text(ODD)
    return home.account("odd_door")


@pytest.mark.parametrize("state", ["script", "list"])
def test_only_a_page_of_the_web_is_a_place_to_send_somebody(home: Home, door: int, state: str) -> None:
    assert "Its provider made a mistake" in str(sign_in.begin(home.house, door, BACK, state)["error"])
    assert sign_in.begin(home.house, door, BACK, "http") == {"url": "http://door.example/"}


@pytest.mark.parametrize("code", ["list", "other"])
def test_only_settings_of_the_provider_are_saved(home: Home, door: int, code: str) -> None:
    before = home.state(door)
    assert "Its provider made a mistake" in str(sign_in.finish(home.house, door, BACK, {"code": code})["error"])
    assert home.state(door) == before


@pytest.mark.parametrize("how", ["archived", "erased"])
def test_an_account_that_is_left_alone_stays_so(home: Home, door: int, how: str) -> None:
    ana = listeners.create(home.store, "Ana", "owner").id
    (sources.archive if how == "archived" else sources.erase)(home.store, ana, door)
    before = home.state(door)
    assert "error" in sign_in.finish(home.house, door, BACK, {"code": "good"})
    assert home.state(door) == before
    with home.store.write() as conn:
        accounts.remove(conn, door)
    assert "error" in sign_in.finish(home.house, door, BACK, {"code": "good"})


def test_a_member_does_not_sign_in_for_the_household(home: Home, door: int) -> None:
    ben = listeners.create(home.store, "Ben", "member").id
    for ask in (
        lambda: sources.begin_sign_in(home.store, ben, door, BACK, "http"),
        lambda: sources.finish_sign_in(home.store, ben, door, BACK, {"code": "good"}),
    ):
        with pytest.raises(sources.SourceError, match="an owner changes it"):
            ask()
