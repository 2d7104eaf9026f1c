"""Addresses that anybody may have typed lead nowhere inside the household's own network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aggregator import listeners, sources
from aggregator._host.outside import is_public
from tests.host.conftest import Home
from tests.host.rogue import Rogue


@pytest.fixture(scope="module")
def rogue() -> Iterator[Rogue]:
    with Rogue() as rogue:
        yield rogue


@pytest.mark.parametrize("door", ["requests", "httpx2", "json"])
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
def test_a_provider_for_anybodys_addresses_calls_none_inside(home: Home, rogue: Rogue, door: str, name: str) -> None:
    asked = len(rogue.asked)
    url = f"{rogue.url.replace('127.0.0.1', name)}/fine"
    row = home.run(home.account("net_outside", url=url, door=door))
    assert row.state == "failed"
    assert "inside a private network" in row.error_words
    assert len(rogue.asked) == asked


def test_whoever_runs_it_may_allow_that(home: Home, rogue: Rogue) -> None:
    home.house.private = True
    assert home.run(home.account("net_outside", url=f"{rogue.url}/fine")).error_words is None


def test_what_a_member_entered_is_called_outside_only(home: Home, rogue: Rogue) -> None:
    """Whatever the provider says of itself; an owner may have a server of their own."""
    runs = {}
    for name, role in (("Robin", "owner"), ("Sam", "member")):
        who = listeners.create(home.store, name, role).id
        runs[role] = home.run(sources.create_account(home.store, "net", who, {"url": f"{rogue.url}/fine"}))
    assert runs["owner"].error_words is None
    assert "inside a private network" in runs["member"].error_words


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True), ("192.168.1.1", False),
        ("10.0.0.1", False), ("172.16.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("0.0.0.0", False), ("127.0.0.1", False), ("224.0.0.1", False), ("::1", False), ("fe80::1%eth0", False),
        ("fd00::1", False), ("::ffff:192.168.1.1", False), ("2002:c0a8:0101::", False), ("router", False), ("", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) == public
