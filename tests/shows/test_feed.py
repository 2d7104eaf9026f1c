"""The calendar file: what it holds, what never changes, and what rises when something does."""

from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar

from aggregator.shows import feed
from tests.shows.bills import act, bill

DAY = 86_400
MINE = act("Wild Hollow", mbid="m1")


@pytest.fixture
def barn(town):
    return town.seller("barn")


@pytest.fixture
def made(town, ana):
    """Ana's feed as served, after she got to know Wild Hollow."""
    town.knows(ana, "Wild Hollow", mbid="m1", owned=True)

    def make(listener=ana, suggested=False):
        with town.store.read() as conn:
            return feed.feed(conn, listener, "here", suggested, town.now)

    return make


def events(made):
    return Calendar.from_ical(made.body).walk("VEVENT")


class TestContent:
    def test_only_solid_shows_are_in_it(self, town, ana, barn, made):
        town.knows(ana, "Phoenix", owned=True)
        town.recommends(ana, "New Friend")
        others = bill("2", acts=["Phoenix"], day="2027-07-05"), bill("3", acts=["New Friend"], day="2027-07-06")
        town.lists(barn, bill("1", acts=[MINE]), *others, bill("4", acts=["Nobody"], day="2027-07-07"))
        assert [str(event["SUMMARY"]) for event in events(made())] == ["Wild Hollow"]
        both = events(made(suggested=True))
        assert [str(event["SUMMARY"]) for event in both] == ["Wild Hollow", "New Friend"]
        assert [event["CATEGORIES"].to_ical() for event in both] == [b"Show", b"Recommended show"]

    def test_an_event_says_where_when_and_who(self, town, barn, made):
        venue = {"address": "1807 S Allport St", "postal_code": "60608"}
        town.lists(
            barn, bill(acts=[MINE, "Support; & more"], venue=venue, url="https://barn.example/1", note="All ages")
        )
        [event] = events(made())
        assert str(event["LOCATION"]) == "Thalia Hall, 1807 S Allport St, Chicago, IL, 60608"
        assert event["GEO"].to_ical() == "41.8577;-87.6573"
        assert event["URL"] == "https://barn.example/1"
        assert str(event["DESCRIPTION"]) == "Wild Hollow, Support; & more\nAll ages"
        assert event.start.isoformat() == "2027-07-04T20:00:00-05:00"
        assert event.start.tzinfo.key == "America/Chicago"
        assert event.end - event.start == timedelta(hours=3)
        assert (event["STATUS"], event["TRANSP"]) == ("CONFIRMED", "TRANSPARENT")

    def test_an_unknown_hour_and_a_festival_are_whole_days(self, town, barn, made):
        town.lists(
            barn,
            bill("1", acts=[MINE], start=None),
            bill("2", acts=[MINE], day="2027-07-09", until=date(2027, 7, 11), title="River Fest", festival=True),
        )
        assert [(event.start, event.end) for event in events(made())] == [
            (date(2027, 7, 4), date(2027, 7, 5)),
            (date(2027, 7, 9), date(2027, 7, 12)),
        ]

    def test_the_heading_tells_programs_what_they_ask_for(self, town, barn, made):
        town.lists(barn, bill(acts=[MINE]))
        body = made().body
        for line in (
            b"METHOD:PUBLISH",
            b"NAME:Shows near Chicago\\, IL",
            b"X-WR-CALNAME:Shows near Chicago\\, IL",
            b"X-WR-TIMEZONE:America/Chicago",
            b"REFRESH-INTERVAL;VALUE=DURATION:PT6H",
            b"X-PUBLISHED-TTL:PT6H",
        ):
            assert line in body.split(b"\r\n")
        assert all(len(line) <= 75 for line in body.split(b"\r\n"))

    def test_nothing_near_is_an_empty_calendar(self, made):
        assert events(made()) == []
        assert made().changed_at is None


class TestChange:
    def test_the_same_shows_give_the_same_bytes(self, town, barn, made):
        town.lists(barn, bill(acts=[MINE]))
        before = made()
        town.now += 3600
        town.lists(barn, bill(acts=[MINE], genres=["Folk"]))
        assert made().body == before.body
        assert made().etag == before.etag

    def test_a_change_that_calendars_show_raises_the_sequence(self, town, barn, made):
        town.lists(barn, bill(acts=[MINE]))
        [before] = events(made())
        town.now += 3600
        town.lists(barn, bill(acts=[MINE], start="20:30"))
        [after] = events(made())
        assert (before["UID"], before["SEQUENCE"]) == (after["UID"], 0)
        assert after["SEQUENCE"] == 1
        assert after["DTSTAMP"].dt == after["LAST-MODIFIED"].dt == datetime.fromtimestamp(town.now, UTC)
        assert made().changed_at == town.now

    def test_a_cancelled_show_is_kept_with_its_uid_and_a_higher_sequence(self, town, barn, made):
        town.lists(barn, bill(acts=[MINE]))
        [before] = events(made())
        town.now += DAY
        town.lists(barn, bill(acts=[MINE], status="cancelled"))
        [after] = events(made())
        assert (after["STATUS"], str(after["SUMMARY"])) == ("CANCELLED", "Cancelled: Wild Hollow")
        assert after["UID"] == before["UID"]
        assert after["SEQUENCE"] > before["SEQUENCE"]

    def test_a_show_that_nobody_lists_any_more_is_kept_as_cancelled_for_weeks(self, town, barn, made):
        town.lists(barn, bill(acts=[MINE], day="2027-12-04"))
        [before] = events(made())
        town.now += DAY
        town.lists(barn)
        [after] = events(made())
        assert (after["STATUS"], after["UID"]) == ("CANCELLED", before["UID"])
        assert after["SEQUENCE"] == 1
        assert "No service lists this show any more." in after["DESCRIPTION"]
        gone_at = town.now
        town.now += 20 * DAY
        assert len(events(made())) == 1
        town.lists(barn, bill(acts=[MINE], day="2027-12-04"))
        [back] = events(made())
        assert (back["STATUS"], back["UID"], back["SEQUENCE"]) == ("CONFIRMED", before["UID"], 2)
        town.lists(barn)
        town.now = gone_at + 60 * DAY
        assert events(made()) == []

    def test_a_past_show_expires_without_a_word(self, town, barn, made):
        town.lists(barn, bill(acts=[MINE], day="2027-07-04"))
        town.now += 4 * DAY
        town.lists(barn)
        [event] = events(made())
        assert (event["STATUS"], event["SEQUENCE"]) == ("CONFIRMED", 0)
        town.now += 40 * DAY
        assert events(made()) == []

    def test_a_postponed_show_is_tentative(self, town, barn, made):
        town.lists(barn, bill(acts=[MINE], status="postponed"))
        [event] = events(made())
        assert (event["STATUS"], str(event["SUMMARY"])) == ("TENTATIVE", "Postponed: Wild Hollow")

    def test_more_sellers_and_merges_leave_the_uid_alone(self, town, barn, made):
        shed = town.seller("shed")
        town.lists(barn, bill("1", acts=[MINE]))
        [before] = events(made())
        town.lists(shed, bill("x", acts=[MINE], start="23:00"))
        assert before["UID"] in [event["UID"] for event in events(made())]
        town.lists(shed, bill("x", acts=[MINE]))
        [merged] = events(made())
        assert (merged["UID"], merged["SEQUENCE"]) == (before["UID"], 0)
        town.lists(barn)
        [left] = events(made())
        assert left["UID"] == before["UID"], "the first seller is gone, the show is not"
        assert left["STATUS"] == "CONFIRMED"


def test_a_single_show_can_be_taken_along_whoever_plays(town, ana, barn):
    town.lists(barn, bill(acts=["Nobody"]))
    with town.store.read() as conn:
        found = feed.single(conn, ana, town.show_ids()[0], "here")
        assert feed.single(conn, ana, 999_999, "here") is None
    assert [str(event["SUMMARY"]) for event in events(found)] == ["Nobody"]
