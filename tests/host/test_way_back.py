"""Where a service may send a listener back to."""

from __future__ import annotations

import pytest

from aggregator.sources import SourceError
from aggregator.sources.way_back import marked, pasted, way_back, where_begun


@pytest.mark.parametrize(
    ("here", "address", "by_hand"),
    [
        ("http://127.0.0.1:8484/back", "http://127.0.0.1:8484/back", False),
        ("http://[::1]:8484/back", "http://[::1]:8484/back", False),
        ("https://house.example/back", "https://house.example/back", False),
        ("http://localhost:8484/back", "http://127.0.0.1:8484/back", False),
        ("http://192.168.1.5:8484/back", "http://127.0.0.1:8484/back", True),
        ("http://attic/back", "http://127.0.0.1/back", True),
    ],
)
def test_services_take_https_and_this_machine_by_its_number(here: str, address: str, by_hand: bool) -> None:
    found = way_back(here)
    assert (found.address, found.by_hand) == (address, by_hand)


def test_who_began_at_localhost_is_sent_on_there_once() -> None:
    state = marked("a-state", "http://localhost:8484/")
    back = f"http://127.0.0.1:8484/back?code=c&state={state}"
    assert where_begun(back) == f"http://localhost:8484/back?code=c&state={state}"
    assert where_begun(f"http://localhost:8484/back?state={state}") is None
    assert where_begun("http://127.0.0.1:8484/back?state=another") is None
    assert where_begun(f"http://house.example/back?state={state}") is None
    assert marked("a-state", "http://127.0.0.1:8484/") == "a-state"


@pytest.mark.parametrize("text", ["", "http://127.0.0.1/back", "code=1&state=2", "http://[oops?state=1", "\0"])
def test_what_is_no_such_address_is_told(text: str) -> None:
    with pytest.raises(SourceError, match="it begins with http://127"):
        pasted(text, "http://127.0.0.1:8484/back")


def test_an_address_is_read_with_blanks_around_it() -> None:
    assert pasted("  http://127.0.0.1/back?code=a%2Bb&state=s \n", "") == {"code": "a+b", "state": "s"}
