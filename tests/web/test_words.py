"""Numbers, times and lengths as pages say them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask, g

from aggregator.listeners import Listener, Place, Preferences
from web import STATIC, words

NOON = datetime(2026, 7, 5, 12, tzinfo=UTC).timestamp()
DAVIS = Place(label="Davis, CA", latitude=38.5, longitude=-121.7, zone="America/Los_Angeles")


@pytest.fixture(autouse=True)
def in_davis(app: Flask) -> object:
    with app.app_context():
        g.listener = Listener(1, "Ana", "owner", Preferences(place=DAVIS))
        yield


@pytest.mark.parametrize(
    ("hour", "said"),
    [
        (3, "Saturday evening"),
        (5, "Saturday night"),
        (11, "Saturday night"),
        (13, "Sunday morning"),
        (20, "Sunday afternoon"),
    ],
)
def test_the_moment_is_the_listeners(hour: int, said: str) -> None:
    assert words.moment(datetime(2026, 7, 5, hour, tzinfo=UTC).timestamp()) == said


@pytest.mark.parametrize(("seconds", "said"), [(None, ""), (7, "0:07"), (187.4, "3:07"), (3723, "1:02:03")])
def test_lengths(seconds: float | None, said: str) -> None:
    assert words.clock(seconds) == said


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (5, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (90_000, "yesterday"), (3 * 86_400, "3 days ago"),
        (15 * 86_400, "2 weeks ago"), (400 * 86_400, "31 May 2025"), (-7300, "in 2 hours"), (-10, "in a moment"),
    ],
)  # fmt: skip
def test_how_long_ago(passed: float, said: str) -> None:
    assert words.ago(NOON - passed, NOON) == said


def test_counts() -> None:
    assert words.plural(1, "song") == "1 song"
    assert words.plural(1204, "song") == "1,204 songs"
    assert words.span(2880) == "48 minutes"
    assert words.span(4320) == "1 h 12 min"


def test_what_came_from_elsewhere_is_what_it_was() -> None:
    for line in (STATIC / "vendor/SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest, name
    fonts = {path.name for path in Path(STATIC / "fonts").glob("*.woff2")}
    assert fonts == {
        line.split("/")[-1] for line in (STATIC / "vendor/SHA256SUMS").read_text().splitlines() if "fonts" in line
    }
