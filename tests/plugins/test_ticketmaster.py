"""Ticketmaster's listings, against the sample service."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from aggregator.demo.gigs import CENTRE
from aggregator.demo.service import Running
from aggregator.demo.world import TICKETMASTER_KEY
from aggregator.plugin import Area, AuthFailed, BadData, RateLimited, Show, Skipped, Unavailable
from plugins import ticketmaster
from plugins.ticketmaster import Ticketmaster, geohash
from tests.plugins.conftest import Account, Run

TODAY = date.today()
MILE = 1.609344


@pytest.fixture
def account(service) -> Account:
    return Account(Ticketmaster, api_key=TICKETMASTER_KEY, address=service.url)


def area(days: int = 180, miles: float = 30) -> Area:
    latitude, longitude = CENTRE
    until = TODAY + timedelta(days=days)
    return Area(latitude=latitude, longitude=longitude, radius_km=miles * MILE, since=TODAY, until=until)


def listed(account: Account, **where: Any) -> Run:
    return account.run("shows", [], area(**where))


def event(**changes: Any) -> dict[str, Any]:
    base = {
        "id": "vv1",
        "name": "Tin Harbour",
        "url": "https://www.ticketmaster.com/event/vv1",
        "dates": {"start": {"localDate": "2027-03-14", "localTime": "20:00:00"}, "status": {"code": "onsale"}},
        "_embedded": {"venues": [{"name": "Cinder Hall", "timezone": "America/Chicago"}]},
    }
    return base | changes


# --- what it reads ----------------------------------------------------------------------------------------------------


def test_every_music_event_near_the_place_comes_once(account, world):
    run = listed(account)
    wanted = {
        gig.id for gig in world.events if gig.music and not gig.test and gig.venue.miles < 30 and gig.day >= TODAY
    }
    assert run.error is None and {show.id for show in run.of(Show)} == wanted
    assert len(run.of(Show)) == len(wanted)


def test_never_one_call_per_artist(account, service):
    asked = len(service.log())
    listed(account)
    assert len(service.log()) - asked == 1


def test_a_long_listing_is_asked_for_in_slices(world):
    with Running("ticketmaster", scale=1500) as big:
        run = listed(Account(Ticketmaster, api_key=TICKETMASTER_KEY, address=big.url))
        assert run.error is None and len({show.id for show in run.of(Show)}) > 1500
        assert len(big.log()) < 20


def test_lineups_carry_their_ids_or_the_name_in_the_title(account, world):
    gigs = {gig.id: gig for gig in world.events}
    for show in listed(account).of(Show):
        gig = gigs[show.id]
        assert show.lineup[0].name == gig.lineup[0].name and show.lineup[0].role == "headliner"
        assert show.lineup[0].ids == ({"mbid": gig.lineup[0].mbid} if gig.knows_ids else {})


def test_hours_statuses_zones_and_prices(account, world):
    gigs = {gig.id: gig for gig in world.events}
    for show in listed(account).of(Show):
        gig = gigs[show.id]
        assert (show.day, show.start, show.until) == (gig.day, gig.start, gig.until)
        assert show.status == {"onsale": "scheduled", "offsale": "scheduled"}.get(gig.status, gig.status)
        assert show.venue.zone == (gig.venue.zone if gig.says_zone or gig.venue.says_zone else None)
        prices = (show.tickets.low, show.tickets.high)
        assert prices == (gig.prices or (None, None)) and show.tickets.on_sale is not None


def test_nothing_near_is_an_empty_answer_and_no_error(account):
    nowhere = area().model_copy(update={"latitude": 0.0, "longitude": -30.0})
    run = account.run("shows", [], nowhere)
    assert run.error is None and run.of(Show) == []


@pytest.mark.parametrize("vague", ["timeTBA", "noSpecificTime", "dateTBD"])
def test_an_hour_that_is_not_fixed_is_unknown(vague):
    start = {"localDate": "2027-03-14", "localTime": "00:00:00", vague: True}
    assert ticketmaster._show(event(dates={"start": start})).start is None


def test_the_sale_that_has_not_begun_and_the_price_of_a_resale():
    show = ticketmaster._show(event(sales={"public": {"startDateTime": "2099-01-01T18:00:00Z"}}))
    assert show.tickets.state == "not yet"
    always = ticketmaster._show(event(sales={"public": {"startDateTime": "1900-01-01T18:00:00Z"}}))
    assert always.tickets.state == "on sale" and always.tickets.on_sale is None


@pytest.mark.parametrize(
    ("title", "act"),
    [
        ("Tin Harbour - one night only", "Tin Harbour"),
        ("Tin Harbour w/ Ola Grey", "Tin Harbour"),
        ("Tin Harbour (18+)", "Tin Harbour"),
        ("Alder & the Voltmeters", "Alder & the Voltmeters"),
        ("A-ha", "A-ha"),
    ],
)
def test_an_act_named_in_the_title_alone(title, act):
    assert ticketmaster._show(event(name=title)).lineup[0].name == act


def test_what_has_no_day_or_no_place_is_listed_as_skipped():
    no_day = ticketmaster._show(event(dates={"start": {"dateTBA": True}}))
    no_place = ticketmaster._show(event(_embedded={}))
    assert isinstance(no_day, Skipped) and "day" in no_day.reason
    assert isinstance(no_place, Skipped) and "place" in no_place.reason
    assert ticketmaster._show(event(test=True)) is None


def test_an_odd_venue_does_no_harm():
    venue = {"location": {"latitude": "0", "longitude": "0.000000"}, "timezone": "Mars/Olympus"}
    show = ticketmaster._show(event(_embedded={"venues": [venue]}))
    assert (show.venue.latitude, show.venue.zone, show.venue.name) == (None, None, "Venue to be announced")
    assert show.start == time(20, 0)


def test_geohash():
    assert geohash(57.64911, 10.40744, 11) == "u4pruydqqvj"


# --- trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switches", "error", "words"),
    [
        ({"status": 401}, AuthFailed, "API key"),
        ({"status": 500}, Unavailable, "status 500"),
        ({"status": 400}, BadData, "status 400"),
        ({"html": True}, BadData, "not a list"),
        ({"html": True, "status": 502}, Unavailable, "status 502"),
        ({"truncate": True}, BadData, "not a list"),
    ],
)
def test_every_error_has_its_words(account, service, switches, error, words):
    service.switch(**switches)
    run = listed(account)
    assert isinstance(run.error, error) and words in str(run.error) and run.of(Show) == []


@pytest.mark.parametrize(("seconds", "words"), [(1, "fewer questions"), (86400, "today")])
def test_too_many_questions_are_told_with_their_pause(account, service, seconds, words):
    service.switch(status=429, retry_after=seconds)
    run = listed(account)
    assert isinstance(run.error, RateLimited) and run.error.retry_after == seconds and words in str(run.error)


def test_the_key_is_in_no_error(account):
    account.settings["address"] = "http://127.0.0.1:9"
    run = listed(account)
    assert isinstance(run.error, Unavailable)
    assert run.error.__cause__ is None and run.error.__suppress_context__ and TICKETMASTER_KEY not in str(run.error)


def test_pages_that_go_round_are_noticed(account, service):
    service.switch(loop_next=True)
    assert "circle" in str(listed(account).error)


def test_pages_that_overlap_lose_nothing_unnoticed():
    with Running("ticketmaster", scale=600) as big:
        account = Account(Ticketmaster, api_key=TICKETMASTER_KEY, address=big.url)
        whole = {show.id for show in listed(account).of(Show)}
        big.switch(duplicate_pages=True)
        run = listed(account)
        shows = [show.id for show in run.of(Show)]
        assert len(shows) == len(set(shows)) > 200
        assert isinstance(run.error, Unavailable) or set(shows) == whole


def test_a_listing_that_shrinks_while_it_is_read_is_not_complete(monkeypatch):
    with Running("ticketmaster", scale=600) as big:
        account = Account(Ticketmaster, api_key=TICKETMASTER_KEY, address=big.url)
        page = ticketmaster.Listing._page

        def shrinking(listing: Any, since: Any, until: Any, number: int) -> Any:
            if number == 1:
                big.switch(shrink=300)
            return page(listing, since, until, number)

        monkeypatch.setattr(ticketmaster.Listing, "_page", shrinking)
        run = listed(account)
        assert isinstance(run.error, Unavailable) and "Nothing was removed" in str(run.error)
        assert len(run.of(Show)) > 200


def test_shows_that_vanish_from_the_listing_are_held_by_the_host(home, account, service):
    from aggregator._host.run import Wanted, run_account

    number = home.account("ticketmaster", **account.settings)
    provided = home.house.catalogue().providers["ticketmaster"]
    for shrink in (None, 2, 0):
        service.switch(shrink=shrink)
        run_account(home.house, home.state(number), provided, "shows", 1, wanted=Wanted(areas=[area()]))
        present = home.present("show")
        assert len(present) > 20
