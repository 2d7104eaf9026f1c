"""Trouble with the network ends as one of the four errors, in time, through either door of the gate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aggregator._host import faults
from aggregator._host.gate import Gate, LocalGate
from aggregator.plugin import AuthFailed, BadData, ProviderError, RateLimited, Unavailable
from tests.host.conftest import Home
from tests.host.rogue import Rogue

Door = Callable[[Gate, str], Any]


def by_requests(gate: Gate, url: str) -> Any:
    answer = gate.session.get(url)
    answer.raise_for_status()
    return answer.json()


def by_httpx2(gate: Gate, url: str) -> Any:
    return httpx2.Client(transport=gate.transport, follow_redirects=True).get(url).raise_for_status().json()


def by_json(gate: Gate, url: str) -> Any:
    return gate.json(url)


DOORS = {"requests": by_requests, "httpx2": by_httpx2, "json": by_json}

TROUBLE: dict[str, tuple[type[ProviderError], str]] = {
    "silent": (Unavailable, "The service gave no whole answer within 0.5 seconds"),
    "slow-headers": (Unavailable, "The service gave no whole answer within 0.5 seconds"),
    "endless-headers": (Unavailable, "The service gave no whole answer within 0.5 seconds"),
    "slow-body": (Unavailable, "The service gave no whole answer within 0.5 seconds"),
    "half": (BadData, "127.0.0.1 sent only half of an answer"),
    "reset": (Unavailable, "127.0.0.1 broke the connection off"),
    "hang-up": (Unavailable, "127.0.0.1 broke the connection off"),
    "no-http": (Unavailable, "127.0.0.1 "),
    "redirect": (BadData, "127.0.0.1 sends on and on"),
    "elsewhere": (BadData, "or to an address that is none"),
    "bomb": (BadData, "The service sent an answer of more than 64 MB"),
    "flood": (BadData, "The service sent an answer of more than 64 MB"),
    "no-gzip": (BadData, "cannot be unpacked"),
    "page": (BadData, "not JSON"),
    "day": (RateLimited, "127.0.0.1 asks for fewer calls"),
    "ever": (RateLimited, "127.0.0.1 asks for fewer calls"),
    "wrong-clock": (RateLimited, "127.0.0.1 asks for fewer calls"),
    "refused": (AuthFailed, "127.0.0.1 does not accept the credentials"),
    "broken": (Unavailable, "127.0.0.1 has trouble of its own"),
    "odd": (BadData, "127.0.0.1 did not understand the question"),
}


SLOW = ("silent", "slow-headers", "endless-headers", "slow-body")


@pytest.fixture(scope="module")
def rogue() -> Iterator[Rogue]:
    with Rogue() as rogue:
        yield rogue


def error_of(door: Door, url: str) -> ProviderError:
    """What the provider's run would end as."""
    gate = LocalGate()
    gate.hurry(0.5 if any(slow in url for slow in SLOW) else 15.0)
    began = time.monotonic()
    with pytest.raises(Exception) as caught:  # which one it is, is the question
        door(gate, url)
    assert time.monotonic() - began < 20
    error = caught.value if isinstance(caught.value, ProviderError) else faults.named(caught.value)
    assert error is not None, repr(caught.value)
    return error


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("way", TROUBLE)
def test_each_trouble_is_one_of_the_four_errors(rogue: Rogue, way: str, door: str) -> None:
    kind, words = TROUBLE[way]
    error = error_of(DOORS[door], f"{rogue.url}/{way}?key=open-sesame-42")
    assert (type(error), words in str(error)) == (kind, True), str(error)
    assert "sesame" not in str(error)


@pytest.mark.parametrize("door", DOORS)
def test_a_name_that_nobody_knows(door: str) -> None:
    error = error_of(DOORS[door], "http://no-such-service.invalid/")
    assert isinstance(error, Unavailable)
    assert "no-such-service.invalid cannot be found: its name is unknown, or the network is down" in str(error)


@pytest.mark.parametrize("door", DOORS)
def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, door: str) -> None:
    with Rogue(secure=tmp_path) as rogue:
        error = error_of(DOORS[door], rogue.url)
    assert isinstance(error, Unavailable)
    assert "127.0.0.1 has a certificate that cannot be trusted (self-signed certificate)" in str(error)
    assert rogue.asked == []


@pytest.mark.parametrize("door", DOORS)
def test_a_port_where_nobody_is(door: str) -> None:
    assert "127.0.0.1 refuses connections" in str(error_of(DOORS[door], "http://127.0.0.1:9/"))


@pytest.mark.parametrize("door", DOORS)
def test_an_answer_in_order_comes_whole(rogue: Rogue, door: str) -> None:
    assert DOORS[door](LocalGate(), f"{rogue.url}/fine") == {"title": "Fine"}


@pytest.mark.parametrize(("way", "seconds"), [("day", 86400), ("ever", faults.LONGEST_WAIT), ("wrong-clock", 120)])
@pytest.mark.parametrize("door", DOORS)
def test_a_pause_is_as_long_as_the_service_means(rogue: Rogue, door: str, way: str, seconds: float) -> None:
    error = error_of(DOORS[door], f"{rogue.url}/{way}")
    assert isinstance(error, RateLimited)
    assert error.retry_after == pytest.approx(seconds, abs=2)


# --- whole runs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "door", "error", "words"),
    [
        ("silent", "requests", "Unavailable", "Net does not answer: The service gave no whole answer within 5 "),
        ("slow-headers", "httpx2", "Unavailable", "Net does not answer: The service gave no whole answer within"),
        ("reset", "requests", "Unavailable", "Net does not answer: 127.0.0.1 broke the connection off."),
        ("bomb", "requests", "BadData", "Net answered something that makes no sense: The service sent an answer of"),
        ("bomb", "httpx2", "BadData", "Net answered something that makes no sense: The service sent an answer of"),
        ("page", "json", "BadData", "Net answered something that makes no sense: 127.0.0.1 sent something that"),
        ("refused", "httpx2", "AuthFailed", "Net refused the credentials: 127.0.0.1 does not accept the credentials"),
        ("day", "httpx2", "RateLimited", "Net asks for fewer calls. Bandstand waits and goes on by itself"),
    ],
)
def test_a_run_in_trouble_keeps_what_came_before(
    home: Home, rogue: Rogue, way: str, door: str, error: str, words: str
) -> None:
    provider = "net_late" if way in SLOW else "net"
    row = home.run(home.account(provider, url=f"{rogue.url}/{way}", door=door))
    assert (row.state, row.error) == ("failed", error), row.error_words
    assert words in row.error_words
    assert home.present("album") == ["good"]


def test_a_pause_of_a_day_is_one_accounts_own(home: Home, rogue: Rogue) -> None:
    asked = len(rogue.asked)
    resting, other = (home.account("net", url=f"{rogue.url}/{way}") for way in ("day", "fine"))
    began = time.time()
    assert home.run(resting).error == "RateLimited"
    assert home.state(resting).blocked_until == pytest.approx(began + 86400, abs=30)
    assert home.run(other).state == "done"
    assert home.state(other).state == "ready"
    assert rogue.asked[asked:] == ["/day", "/fine"]
