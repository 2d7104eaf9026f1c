"""The sample calendars are what icalendar takes for calendars, each in its own style, and two of them fail later."""

from __future__ import annotations

import icalendar
import pytest
import requests

from aggregator.demo.gigs import HALLS, VENUES
from aggregator.demo.service import Running
from aggregator.demo.world import build
from tests.demo.conftest import NOW


@pytest.mark.filterwarnings("ignore:Timezone")  # one hall names its zone in an old way
@pytest.mark.parametrize("hall", HALLS)
def test_every_night_of_a_hall_stands_in_its_calendar(calendar: Running, hall: str) -> None:
    answer = requests.get(f"{calendar.url}/{hall}.ics", timeout=5)
    feed = icalendar.Calendar.from_ical(answer.content)
    titles = [str(event["SUMMARY"]) for event in feed.walk("VEVENT")]
    assert feed["X-WR-CALNAME"] == VENUES[hall].name and answer.headers["Content-Type"].startswith("text/calendar")
    nights = build(NOW).calendar(hall)
    assert len(titles) == len(nights) + 2 and len(nights) >= 10
    assert all(gig.lineup[0].name in title for gig, title in zip(nights, titles, strict=False))
    assert all(len(line.encode()) <= 75 for line in answer.text.splitlines())


def test_one_who_has_the_latest_version_is_sent_nothing(calendar: Running) -> None:
    url = f"{calendar.url}/velvet-turnstile.ics"
    mark = requests.get(url, timeout=5).headers["ETag"]
    again = requests.get(url, headers={"If-None-Match": mark}, timeout=5)
    assert (again.status_code, again.content) == (304, b"")


def test_one_calendar_becomes_empty_and_one_server_fails(calendar: Running) -> None:
    told = {}
    for hall in ("pigeon-room", "kettle-bell"):
        url = f"{calendar.url}/{hall}.ics"
        mark = requests.get(url, timeout=5).headers["ETag"]
        told[hall] = requests.get(url, headers={"If-None-Match": mark}, timeout=5)
    empty = icalendar.Calendar.from_ical(told["pigeon-room"].content)
    assert told["pigeon-room"].status_code == 200 and not empty.walk("VEVENT")
    assert told["kettle-bell"].status_code == 503
    for hall, answer in told.items():  # to whoever asks
        again = requests.get(f"{calendar.url}/{hall}.ics", timeout=5)
        assert (again.status_code, again.content) == (answer.status_code, answer.content)


def test_addresses_nobody_has_and_one_that_moved(calendar: Running) -> None:
    assert requests.get(f"{calendar.url}/nowhere.ics", timeout=5).status_code == 404
    moved = requests.get(f"{calendar.url}/moved/velvet-turnstile.ics", timeout=5)
    assert moved.status_code == 200 and moved.history[0].status_code == 301
