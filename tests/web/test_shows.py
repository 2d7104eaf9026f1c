"""The Shows page, a show's page and the calendar address, over HTTP and in a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Event
from playwright.sync_api import Page, expect

from aggregator import listeners
from aggregator.config import Config
from aggregator.listeners import Listener
from aggregator.shows import zones
from aggregator.store import Store
from tests.shows.bills import act, bill
from tests.shows.town import CHICAGO, Town
from web import create_app

from .looks import faults

VENDOR = Path(__file__).parents[1] / "vendor"
MINE = act("Wild Hollow", mbid="m1")
READ_STARTS = """text => {
    const root = new ICAL.Component(ICAL.parse(text));
    return Object.fromEntries(root.getAllSubcomponents("vevent").map(event => [
        event.getFirstPropertyValue("summary"),
        event.getFirstPropertyValue("dtstart").toJSDate().toISOString().slice(0, 16)]));
}"""
INSTANTS = {
    "summer": ("2027-07-04", "20:00", "2027-07-05T01:00"),
    "winter": ("2027-12-04", "20:00", "2027-12-05T02:00"),
    "the day clocks go forward": ("2027-03-14", "20:00", "2027-03-15T01:00"),
    "the day clocks go back": ("2027-11-07", "20:00", "2027-11-08T02:00"),
    "the hour that comes twice": ("2027-11-07", "01:30", "2027-11-07T06:30"),
    "the hour that is skipped": ("2027-03-14", "02:30", "2027-03-14T08:30"),
    "midnight": ("2027-08-01", "00:00", "2027-08-01T05:00"),
}


@pytest.fixture
def app(data: Path, store: Store) -> Flask:
    """The demo's way in: who sits at the machine is signed in."""
    return create_app(Config(data=data, path=None), store)


@pytest.fixture
def town(store: Store, ana: Listener) -> Town:
    """Ana lives in Chicago and owns Wild Hollow; it is today."""
    town = Town(store)
    town.now = int(time.time())
    wishes = ana.preferences.model_copy(update={"place": CHICAGO})
    listeners.save_preferences(store, ana.id, wishes)
    town.knows(ana, "Wild Hollow", mbid="m1", owned=True, plays=41)
    return town


def soon(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days)).isoformat()


def feed_address(app: Flask, ana: Listener) -> str:
    assert isinstance(app.secret_key, bytes)
    return f"/feed/{ana.id}-{listeners.feed_token(app.secret_key, ana)}.ics"


class TestPages:
    def test_without_a_place_there_is_one_thing_to_do(self, client: FlaskClient) -> None:
        page = client.get("/shows").text
        assert 'href="/settings#place"' in page
        assert "Set your place" in page

    def test_a_month_shows_what_is_solid_possible_and_recommended(
        self, client: FlaskClient, town: Town, ana: Listener
    ) -> None:
        town.knows(ana, "Phoenix", owned=True)
        town.recommends(ana, "New Friend")
        town.lists(
            town.seller("barn"),
            bill("1", day="2027-07-04", acts=[MINE]),
            bill("2", day="2027-07-05", acts=["Phoenix"]),
            bill("3", day="2027-07-06", acts=["New Friend"]),
            bill("4", day="2027-07-07", acts=["Nobody"]),
        )
        page = client.get("/shows?month=2027-07").text
        for kind in ("gig-solid", "gig-possible", "gig-recommended"):
            assert kind in page
        assert "Only the name says that it is the same one." in page
        assert "Nobody" not in page
        assert "Nobody" in client.get("/shows?month=2027-07&only=everything").text
        assert "Phoenix" not in client.get("/shows?month=2027-07&only=recommended").text

    def test_the_recommended_begin_with_those_most_worth_going_to(
        self, client: FlaskClient, town: Town, ana: Listener
    ) -> None:
        first = (date.fromisoformat(soon(0)).replace(day=1) + timedelta(40)).replace(day=1)
        for name in ("Dear Friend", "New Friend"):
            town.recommends(ana, name)
        town.lists(
            town.seller("barn"),
            bill("1", day=first.replace(day=4).isoformat(), acts=["New Friend"]),
            bill("2", day=first.replace(day=20).isoformat(), acts=["Dear Friend"]),
        )
        page = client.get(f"/shows?month={first:%Y-%m}&only=recommended").text
        best = page.split("Most worth going to")[1].split("</section>")[0]
        assert best.index("Dear Friend") < best.index("New Friend")
        assert f"20 {first:%b}" in best
        assert "Most worth going to" not in client.get(f"/shows?month={first:%Y-%m}").text

    @pytest.mark.parametrize("query", ["month=2027-13", "month=July", "month=9999-01", "only=nothing"])
    def test_a_month_that_is_none_is_not_found(self, client: FlaskClient, town: Town, query: str) -> None:
        assert client.get(f"/shows?{query}").status_code == 404

    def test_an_artist_is_muted_on_the_shows_page_and_back(self, client: FlaskClient, town: Town) -> None:
        town.lists(town.seller("barn"), bill(acts=[MINE]))
        [show] = town.show_ids()
        page = client.get(f"/shows/{show}").text
        artist = page.split('action="/artists/')[1].split("/")[0]
        answer = client.post(f"/artists/{artist}/stance", data={"word": "mute", "back": f"/shows/{show}"})
        assert answer.headers["Location"] == f"/shows/{show}"
        assert "Wild Hollow" not in client.get("/shows?month=2027-07").text
        assert 'aria-pressed="true">Muted' in client.get(f"/shows/{show}").text
        client.post(f"/artists/{artist}/stance", data={"word": "", "back": "https://elsewhere.example"})
        assert "Wild Hollow" in client.get("/shows?month=2027-07").text

    def test_one_never_leaves_for_another_site(self, client: FlaskClient, town: Town) -> None:
        for back in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "elsewhere.example"):
            answer = client.post("/artists/1/stance", data={"word": "", "back": back})
            assert answer.headers["Location"] == "/shows"

    def test_a_show_that_moved_redirects_and_one_never_known_is_not_found(
        self, client: FlaskClient, town: Town
    ) -> None:
        barn, shed = town.seller("barn"), town.seller("shed")
        town.lists(barn, bill("1"))
        town.lists(shed, bill("x", start="23:00"))
        first, second = town.show_ids()
        town.lists(shed, bill("x"))
        assert client.get(f"/shows/{second}").headers["Location"] == f"/shows/{first}"
        assert client.get("/shows/999999").status_code == 404
        assert client.get("/shows/999999.ics").status_code == 404

    def test_a_show_can_be_taken_into_a_calendar(self, client: FlaskClient, town: Town) -> None:
        town.lists(town.seller("barn"), bill(acts=["Nobody"]))
        answer = client.get(f"/shows/{town.show_ids()[0]}.ics")
        assert answer.content_type == "text/calendar; charset=utf-8"
        assert [str(event["SUMMARY"]) for event in Calendar.from_ical(answer.data).walk("VEVENT")] == ["Nobody"]


class TestFeed:
    def test_only_the_whole_secret_opens_it(self, visitor: FlaskClient, app: Flask, town: Town, ana: Listener) -> None:
        address = feed_address(app, ana)
        assert visitor.get(address).status_code == 200
        assert visitor.get(address.replace(".ics", "0.ics")).status_code == 404
        assert visitor.get(f"/feed/{ana.id}-.ics").status_code == 404
        assert visitor.get(f"/feed/99-{address.split('-')[1]}").status_code == 404
        listeners.reset_feed(town.store, ana.id)
        assert visitor.get(address).status_code == 404

    def test_programs_ask_only_for_news(self, visitor: FlaskClient, app: Flask, town: Town, ana: Listener) -> None:
        barn = town.seller("barn")
        town.lists(barn, bill(day=soon(20), acts=[MINE]))
        first = visitor.get(feed_address(app, ana))
        assert first.content_type == "text/calendar; charset=utf-8"
        assert first.headers["Cache-Control"] == "private, max-age=900"
        assert first.last_modified == datetime.fromtimestamp(town.now, UTC)
        known = {"If-None-Match": first.headers["ETag"]}
        again = visitor.get(feed_address(app, ana), headers=known)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        town.lists(barn, bill(day=soon(20), acts=[MINE], status="cancelled"))
        changed = visitor.get(feed_address(app, ana), headers=known)
        assert (changed.status_code, changed.headers["ETag"] != first.headers["ETag"]) == (200, True)

    def test_heads_are_answered(self, visitor: FlaskClient, app: Flask, town: Town, ana: Listener) -> None:
        whole = visitor.get(feed_address(app, ana))
        head = visitor.head(feed_address(app, ana))
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["ETag"] == whole.headers["ETag"]
        assert head.headers["Content-Length"] == str(len(whole.data))


@pytest.fixture
def instants(town: Town, ana: Listener, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A feed with a show at every awkward hour; what it should be in UTC, by title."""
    town.lists(
        town.seller("barn"),
        *(bill(name, title=name, day=day, start=start, acts=[MINE]) for name, (day, start, _) in INSTANTS.items()),
        bill("east", title="in another zone", day="2027-07-10", acts=[MINE], venue={"zone": "America/New_York"}),
    )
    monkeypatch.setattr(time, "time", lambda: datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp())
    yield {name: instant for name, (_, _, instant) in INSTANTS.items()} | {"in another zone": "2027-07-11T00:00"}


def test_icalendar_reads_the_right_instants(
    instants: dict[str, str], visitor: FlaskClient, app: Flask, ana: Listener
) -> None:
    events = Calendar.from_ical(visitor.get(feed_address(app, ana)).data).walk("VEVENT")
    read = {str(event["SUMMARY"]): event.start.astimezone(UTC).isoformat()[:16] for event in events}
    assert read == instants


@pytest.mark.browser
def test_thunderbirds_parser_reads_the_right_instants(
    instants: dict[str, str], visitor: FlaskClient, app: Flask, ana: Listener, page: Page
) -> None:
    page.add_script_tag(path=VENDOR / "ical.es5.min.cjs")
    read = page.evaluate(READ_STARTS, visitor.get(feed_address(app, ana)).text)
    assert read == instants


@pytest.mark.browser
def test_thunderbirds_parser_reads_zones_all_over_the_world(page: Page) -> None:
    page.add_script_tag(path=VENDOR / "ical.es5.min.cjs")
    for name in ("America/Phoenix", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca", "America/Santiago"):
        calendar, expected = Calendar(), {}
        for day in range(0, 800, 23):
            start = datetime(2026, 7, 1, 21, 30, tzinfo=ZoneInfo(name)) + timedelta(day)
            event = Event()
            event.add("summary", str(day))
            event.add("dtstart", start)
            calendar.add_component(event)
            expected[str(day)] = start.astimezone(UTC).isoformat()[:16]
        calendar.add_component(zones.timezone(name, date(2026, 1, 1), date(2029, 12, 31)))
        assert page.evaluate(READ_STARTS, calendar.to_ical().decode()) == expected, name


# --- how it looks -----------------------------------------------------------------------------------------------------


def busy(town: Town, ana: Listener) -> str:
    """The month after this one with one of everything, some days crowded. Answers its name."""
    town.knows(ana, "Phoenix", owned=True)
    town.recommends(ana, "New Friend")
    first = (date.fromisoformat(soon(0)).replace(day=1) + timedelta(40)).replace(day=1)

    def day(number: int) -> str:
        return first.replace(day=number).isoformat()

    far = {"name": "The Very Long Name of a Community Arts Center", "latitude": 42.1, "longitude": -87.9}
    town.lists(
        town.seller("ticket barn"),
        bill("1", day=day(4), acts=[MINE, "Support Act", "Opening Night Orchestra"], seller="Ticket Barn"),
        bill("2", day=day(4), acts=["Phoenix"], start="19:00", venue=far),
        bill("3", day=day(4), acts=["New Friend"], start="21:00", venue=far),
        bill(
            "4", day=day(4), acts=[MINE], start="23:30", venue=far, title="Wild Hollow: a late set after the late set"
        ),
        bill("5", day=day(12), acts=[MINE], status="cancelled"),
        bill("6", day=day(13), acts=[MINE], status="postponed", start=None),
        bill("7", day=day(18), until=date.fromisoformat(day(20)), acts=[MINE, "Phoenix"], festival=True, title="Fest"),
        bill("8", day=day(26), acts=["New Friend"], status="rescheduled"),
        bill("9", day=day(4), acts=[], title="Parking: Wild Hollow", seller="Ticket Barn"),
        bill("10", day=soon(0), acts=[MINE], title="Wild Hollow today"),
    )
    return f"{first:%Y-%m}"


SIZES = [(1440, 900), (390, 844)]


@pytest.fixture(scope="module")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    """The pages' policy would keep axe out; that it holds is tested elsewhere."""
    return {**browser_context_args, "bypass_csp": True}


@pytest.fixture(params=SIZES, ids=["desk", "phone"])
def looked_at(request: pytest.FixtureRequest, page: Page, town: Town) -> Iterator[Page]:
    """Ana's browser at one size; nothing may go wrong in its console."""
    page.set_viewport_size(dict(zip(("width", "height"), request.param, strict=True)))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.set_default_timeout(5_000)
    yield page
    assert errors == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_everybody_can_use_the_pages(looked_at: Page, address: str, town: Town, ana: Listener, scheme: str) -> None:
    month = busy(town, ana)
    looked_at.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    shows = [f"/shows/{show}" for show in town.show_ids()[:2]]
    for path in ("/shows", f"/shows?month={month}", "/shows?month=2026-01", *shows):
        looked_at.goto(address + path)
        assert faults(looked_at) == [], path


@pytest.mark.browser
def test_a_phone_gets_the_agenda_and_a_desk_the_table(looked_at: Page, address: str, town: Town, ana: Listener) -> None:
    looked_at.goto(f"{address}/shows?month={busy(town, ana)}")
    phone = looked_at.viewport_size == {"width": 390, "height": 844}
    expect(looked_at.locator("table.grid")).to_be_visible(visible=not phone)
    expect(looked_at.locator("ol.strip")).to_be_visible(visible=phone)
    looked_at.locator(".agenda").get_by_role("link", name="Fest").first.click()
    expect(looked_at.get_by_role("heading", level=1)).to_have_text("Fest")
