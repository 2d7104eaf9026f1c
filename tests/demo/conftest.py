"""Sample services to talk to, each in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aggregator.demo.service import Running

NOW = 1_795_305_600  # 22 November 2026


@pytest.fixture(scope="module")
def spotify() -> Iterator[Running]:
    with Running("spotify", now=NOW, scale=120) as service:
        yield service


@pytest.fixture(scope="module")
def lastfm() -> Iterator[Running]:
    with Running("lastfm", now=NOW) as service:
        yield service


@pytest.fixture(scope="module")
def ticketmaster() -> Iterator[Running]:
    with Running("ticketmaster", now=NOW, scale=1200) as service:
        yield service


@pytest.fixture(scope="module")
def deezer() -> Iterator[Running]:
    with Running("deezer", now=NOW) as service:
        yield service


@pytest.fixture(scope="module")
def listenbrainz() -> Iterator[Running]:
    with Running("listenbrainz", now=NOW) as service:
        yield service


@pytest.fixture(scope="module")
def calendar() -> Iterator[Running]:
    with Running("calendar", now=NOW) as service:
        yield service


@pytest.fixture(autouse=True)
def no_trouble(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test switched on ends with it."""
    yield
    for name in {"spotify", "lastfm", "ticketmaster", "deezer", "listenbrainz", "calendar"} & set(request.fixturenames):
        request.getfixturevalue(name).switch()
