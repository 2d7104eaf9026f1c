"""What a listener sees: whose shows, how near, on which day, at what hour, and why."""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import event

from aggregator import recommendations, stances
from aggregator.listeners import Place
from aggregator.plugin import Tickets
from aggregator.shows import calendar
from aggregator.shows.calendar import MonthQuery, Moved
from tests.shows.bills import act, bill

JULY = MonthQuery(month="2027-07")
EVERYTHING = MonthQuery(month="2027-07", only="everything")


@pytest.fixture
def july(town, ana):
    """Ana's month, as titles with their match."""

    def look(listener=ana, wanted=EVERYTHING):
        with town.store.read() as conn:
            return calendar.month(conn, listener, wanted, town.now)

    return look


def matches(month):
    return {show.title: show.match for show in month.shows}


class TestWhose:
    def test_an_id_makes_a_show_solid_and_a_name_alone_only_possible(self, town, ana, july):
        town.knows(ana, "Wild Hollow", mbid="m1", owned=True)
        town.knows(ana, "Phoenix", owned=True)
        town.lists(
            town.seller("barn"),
            bill("1", acts=[act("Wild Hollow", mbid="m1")]),
            bill("2", acts=["Phoenix"], day="2027-07-05"),
            bill("3", acts=["Nobody Known"], day="2027-07-06"),
        )
        assert matches(july()) == {"Wild Hollow": "solid", "Phoenix": "possible", "Nobody Known": "other"}
        assert matches(july(wanted=JULY)) == {"Wild Hollow": "solid", "Phoenix": "possible"}
        assert july().sizes == {"": 2, "library": 2, "recommended": 0, "everything": 3}

    def test_five_plays_make_an_artist_ones_own(self, town, july):
        ben = town.listener("Ben", own_after_plays=5)
        eve = town.listener("Eve", own_after_plays=50)
        for listener in (ben, eve):
            town.knows(listener, f"Artist of {listener.name}", mbid=listener.name, plays=5)
        town.lists(
            town.seller("barn"),
            bill("1", acts=[act("Artist of Ben", mbid="Ben")]),
            bill("2", acts=[act("Artist of Eve", mbid="Eve")], day="2027-07-05"),
        )
        assert matches(july(ben))["Artist of Ben"] == "solid"
        assert matches(july(eve))["Artist of Eve"] == "other"

    def test_follow_adds_and_mute_takes_away_per_topic(self, town, ana, july):
        own = town.knows(ana, "Wild Hollow", mbid="m1", owned=True)
        heard = town.knows(ana, "Once Heard", mbid="m2", plays=1)
        town.lists(
            town.seller("barn"),
            bill("1", acts=[act("Wild Hollow", mbid="m1")]),
            bill("2", acts=[act("Once Heard", mbid="m2")], day="2027-07-05"),
        )
        with town.store.write() as conn:
            stances.say(conn, ana.id, own, "releases", "mute", town.now)
        assert matches(july())["Wild Hollow"] == "solid", "muted for releases only"
        with town.store.write() as conn:
            before = [
                stances.say(conn, ana.id, own, "shows", "mute", town.now),
                stances.say(conn, ana.id, heard, "shows", "follow", town.now),
            ]
        assert matches(july()) == {"Wild Hollow": "other", "Once Heard": "solid"}
        with town.store.write() as conn:
            assert stances.say(conn, ana.id, own, "shows", before[0], town.now) == "mute"
            assert stances.say(conn, ana.id, heard, "shows", before[1], town.now) == "follow"
        assert matches(july()) == {"Wild Hollow": "solid", "Once Heard": "other"}

    def test_a_recommended_artist_can_be_muted(self, town, ana, july):
        town.recommends(ana, "New Friend")
        town.lists(town.seller("barn"), bill(acts=["New Friend"]))
        [show] = july().shows
        assert show.match == "recommended"
        with town.store.write() as conn:
            stances.say(conn, ana.id, show.lead.artist_id, "shows", "mute", town.now)
        assert matches(july()) == {"New Friend": "other"}

    def test_a_recommended_show_says_how_seldom_the_artist_comes(self, town, ana, july):
        town.recommends(ana, "New Friend")
        barn = town.seller("barn")
        town.lists(barn, bill(acts=["New Friend"]))
        [show] = july().shows
        assert show.because.endswith("; the only show of theirs near you that is listed")
        assert show.distance
        later = bill(acts=["New Friend"], id="later", day="2027-07-29")
        town.lists(barn, bill(acts=["New Friend"]), later)
        [show, _] = july().shows
        assert show.because.endswith("; one of 2 shows of theirs near you that are listed, the first in July 2027")

    def test_the_recommended_are_ordered_by_taste_rarity_and_distance(self, town, ana, july):
        def on(name, day, miles=1.0, id=None):
            venue = {"name": f"Room {id or name}", "latitude": 41.92 + miles / 69.1, "longitude": -87.70}
            return bill(id or name, acts=[name], day=f"2027-07-{day:02}", venue=venue)

        for name in ("Dear One", "Often Here", "Far One", "Near One"):
            town.recommends(ana, name)
        often = [on("Often Here", day, id=f"often {day}") for day in (4, 5, 6)]
        town.lists(town.seller("barn"), *often, on("Near One", 9), on("Far One", 8, miles=24.0), on("Dear One", 20))
        found = july(wanted=MonthQuery(month="2027-07", only="recommended"))
        assert [show.title for show in found.best] == ["Dear One", "Near One", "Far One", "Often Here"]
        assert found.best[-1].day.day == 4, "the next of hers, and once"
        assert july().best == ()

    def test_the_best_of_the_coming_months_are_found_whatever_their_month(self, town, ana):
        def on(name, day):
            venue = {"name": "Room", "latitude": 41.93, "longitude": -87.70}
            return bill(name, acts=[name], day=day, venue=venue)

        for name in ("Dear One", "Near One", "Too Late"):
            town.recommends(ana, name)
        town.knows(ana, "Phoenix", owned=True)
        days = {"Near One": "2027-07-09", "Dear One": "2027-09-02", "Too Late": "2028-01-01", "Phoenix": "2027-07-10"}
        town.lists(town.seller("barn"), *(on(name, day) for name, day in days.items()))
        with town.store.read() as conn:
            found = calendar.worth_going(conn, ana, town.now)
        assert [show.title for show in found] == ["Dear One", "Near One"]

    def test_a_word_about_the_artist_holds_for_their_shows(self, town, ana, july):
        town.recommends(ana, "New Friend")
        town.lists(town.seller("barn"), bill(acts=["New Friend"]))
        [show] = july().shows
        said = recommendations.say(town.store, ana.id, "artist", show.lead.artist_id, "never")
        assert matches(july()) == {"New Friend": "other"}
        recommendations.take_back(town.store, ana.id, said.id)
        assert matches(july()) == {"New Friend": "recommended"}

    def test_the_reason_is_said_in_words(self, town, ana, july):
        town.knows(ana, "Wild Hollow", mbid="m1", owned=True, plays=41)
        town.lists(town.seller("barn"), bill(acts=["Opener", act("Wild Hollow", mbid="m1")], title="A night out"))
        [show] = july().shows
        assert (show.lead.name, show.because) == ("Wild Hollow", "In your files, 41 plays")

    def test_the_listings_of_somebody_elses_account_stay_theirs(self, town, ana, july):
        ben = town.listener("Ben")
        town.lists(town.seller("bens", ben), bill())
        assert matches(july()) == {}
        assert matches(july(ben)) == {"Wild Hollow": "other"}


class TestWhere:
    def test_the_radius_holds_in_both_units(self, town, july):
        far = {"name": "Far Hall", "latitude": 41.92 + 30 / 69.1, "longitude": -87.70}  # 30 miles, 48 km
        town.lists(town.seller("barn"), bill(venue=far))
        for radius, unit, seen in ((31, "mi", 1), (29, "mi", 0), (49, "km", 1), (47, "km", 0)):
            listener = town.listener(f"{radius} {unit}", radius=radius, unit=unit)
            assert len(july(listener).shows) == seen
            if seen:
                assert july(listener).shows[0].distance == {"mi": "30 mi", "km": "48 km"}[unit]

    def test_the_radius_is_a_circle(self, town, july):
        corner = {"latitude": 41.92 + 25 / 69.1, "longitude": -87.70 + 25 / 51.5}  # 35 miles away, north-east
        town.lists(town.seller("barn"), bill(venue=corner))
        assert july(town.listener("Ben", radius=30)).shows == ()
        assert len(july(town.listener("Eve", radius=40)).shows) == 1

    def test_a_venue_without_coordinates_is_kept_without_a_distance(self, town, july):
        town.lists(town.seller("barn"), bill(venue={"latitude": None, "longitude": None}))
        assert [show.distance for show in july().shows] == [""]

    def test_without_a_place_there_is_nothing_to_show(self, town, july):
        town.lists(town.seller("barn"), bill())
        assert july(town.listener("Eve", place=None)).shows == ()


class TestWhen:
    def test_hours_are_the_venues(self, town, july):
        east = Place(label="New York", latitude=41.92, longitude=-87.70, zone="America/New_York")
        town.lists(town.seller("barn"), bill(start="20:00"))
        assert july().shows[0].clock == "20:00"
        assert july(town.listener("Eve", place=east)).shows[0].clock == "20:00 CDT"

    @pytest.mark.parametrize(
        ("day", "start", "instant"),
        [
            ("2027-07-04", "20:00", "2027-07-05T01:00+00:00"),  # summer
            ("2027-12-04", "20:00", "2027-12-05T02:00+00:00"),  # winter
            ("2027-03-14", "20:00", "2027-03-15T01:00+00:00"),  # the day on which clocks go forward
            ("2027-11-07", "20:00", "2027-11-08T02:00+00:00"),  # and back
            ("2027-03-14", "02:30", "2027-03-14T08:30+00:00"),  # an hour that is skipped
            ("2027-11-07", "01:30", "2027-11-07T06:30+00:00"),  # an hour that comes twice: the first
            ("2027-07-05", "00:00", "2027-07-05T05:00+00:00"),  # midnight
        ],
    )
    def test_instants_follow_the_clocks_of_the_zone(self, town, ana, day, start, instant):
        town.lists(town.seller("barn"), bill(day=day, start=start))
        with town.store.read() as conn:
            [show] = calendar.within(conn, ana, date(2027, 1, 1), date(2027, 12, 31))
        assert datetime.fromtimestamp(show.starts_at, UTC).isoformat(timespec="minutes") == instant
        assert (show.day.isoformat(), show.start) == (day, start)

    def test_a_venue_without_a_zone_gets_that_of_its_coordinates_or_zip_code(self, town, july):
        nowhere = {"zone": None, "latitude": None, "longitude": None}
        town.lists(
            town.seller("barn"),
            bill("1", venue={"zone": None}),
            bill("2", venue={**nowhere, "postal_code": "10001", "city": "New York", "region": "NY"}, day="2027-07-05"),
            bill("3", venue=nowhere, day="2027-07-06"),
        )
        assert [show.zone for show in july().shows] == ["America/Chicago", "America/New_York", None]

    def test_an_unknown_hour_is_no_midnight(self, town, july):
        town.lists(town.seller("barn"), bill(start=None))
        [show] = july().shows
        assert (show.start, show.clock) == (None, "")

    def test_a_festival_stands_on_all_its_days_and_only_there(self, town, july):
        town.lists(town.seller("barn"), bill(day="2027-06-29", until=date(2027, 7, 2), start=None, festival=True))
        assert [day.date.day for day in july().days if day.shows] == [1, 2]

    def test_the_grid_starts_on_the_listeners_day(self, town, july):
        sunday, monday = (town.listener(day, week_start=day) for day in ("sunday", "monday"))
        assert [day.date.day if day else None for day in july(sunday).weeks[0]] == [None] * 4 + [1, 2, 3]
        assert [day.date.day if day else None for day in july(monday).weeks[0]] == [None] * 3 + [1, 2, 3, 4]
        assert (july().previous, july().next) == ("2027-06", "2027-08")
        assert [day.date.day for day in july().days if day.today] == [1]


class TestOneEvent:
    def test_one_bill_at_two_sellers_with_parking_is_one_show(self, town, july):
        sale = Tickets(seller="Barn", url="https://barn.example/1", currency="USD", low=25, high=40)
        other = Tickets(seller="Shed", url="https://shed.example/1", currency="USD", low=30, high=60)
        town.lists(town.seller("barn"), bill("1", tickets=sale), bill("2", title="PARKING: Wild Hollow", acts=[]))
        town.lists(town.seller("shed"), bill("x", tickets=other, start="19:30", acts=["Wild Hollow", "Support"]))
        [show] = july().shows
        assert (show.title, sorted(show.sellers), show.price) == ("Wild Hollow", ["Barn", "Shed"], "$25–60")
        assert [act.name for act in show.acts] == ["Wild Hollow", "Support"]
        assert [ticket.extra for ticket in show.tickets] == [None, None, "PARKING: Wild Hollow"]

    def test_matinee_and_evening_are_two(self, town, july):
        town.lists(town.seller("barn"), bill("1", start="15:00"), bill("2", start="20:00"))
        town.lists(town.seller("shed"), bill("x", start="20:00"))
        assert [show.start for show in july().shows] == ["15:00", "20:00"]

    def test_sellers_who_disagree_are_named(self, town, ana, july):
        town.lists(town.seller("barn"), bill("1"))
        town.lists(town.seller("shed"), bill("x", status="cancelled"))
        [show] = july().shows
        assert (show.status, show.status_words) == ("cancelled", "Cancelled")
        with town.store.read() as conn:
            page = calendar.show_page(conn, ana, show.id)
        assert page.disagree == {"Barn": "scheduled", "Shed": "cancelled"}

    def test_a_show_that_a_seller_lists_anew_is_on(self, town, july):
        town.lists(town.seller("barn"), bill("1", status="cancelled"), bill("2"))
        assert [show.status for show in july().shows] == ["scheduled"]


class TestSize:
    def crowd(self, town, ana, days):
        """Three shows a day: one's own, a recommended one, and somebody else's."""
        town.knows(ana, "Wild Hollow", mbid="m1", owned=True)
        town.recommends(ana, "New Friend")
        acts = (act("Wild Hollow", mbid="m1"), "New Friend", "Nobody")
        town.lists(
            town.seller("barn"),
            *(
                bill(f"{day}-{n}", day=f"2027-07-{day:02}", acts=[one], venue={"name": f"Room {n}"})
                for day in range(1, days + 1)
                for n, one in enumerate(acts)
            ),
        )

    @pytest.mark.parametrize("days", [2, 30])
    def test_the_number_of_queries_does_not_grow(self, town, ana, days):
        self.crowd(town, ana, days)
        statements = []
        event.listen(town.store.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        with town.store.read() as conn:
            begun = len(statements)
            assert len(calendar.month(conn, ana, EVERYTHING, town.now).shows) == 3 * days
            assert len(statements) - begun <= 6
            begun = len(statements)
            assert len(calendar.next_shows(conn, ana, 2, now=town.now)) == 2
            assert len(statements) - begun == 2

    def test_a_long_agenda_is_cut_between_days(self, town, ana, july):
        self.crowd(town, ana, 30)
        assert [len(day.shows) for day in july().agenda(40)] == [3] * 14
        assert len(july().ahead) == 30


class TestPages:
    def test_an_old_id_leads_to_the_show_it_was_merged_into(self, town, ana, july):
        barn, shed = town.seller("barn"), town.seller("shed")
        town.lists(barn, bill("1"))
        town.lists(shed, bill("x", start="23:00"))
        first, second = (show.id for show in july().shows)
        town.lists(shed, bill("x"))
        with town.store.read() as conn:
            assert calendar.show_page(conn, ana, second) == Moved(first)
            assert calendar.show_page(conn, ana, 999_999) is None

    def test_the_next_shows_leave_out_what_is_past_off_or_nobodys(self, town, ana):
        town.knows(ana, "Wild Hollow", mbid="m1", owned=True)
        mine = act("Wild Hollow", mbid="m1")
        town.lists(
            town.seller("barn"),
            bill("1", day="2027-06-20", acts=[mine]),
            bill("2", day="2027-07-09", acts=[mine], status="cancelled"),
            bill("3", day="2027-07-03", acts=["Nobody"]),
            bill("4", day="2027-07-20", acts=[mine]),
            bill("5", day="2027-07-10", acts=[mine]),
        )
        with town.store.read() as conn:
            assert [show.day.day for show in calendar.next_shows(conn, ana, 5, now=town.now)] == [10, 20]
            assert [show.day.day for show in calendar.next_shows(conn, ana, 1, now=town.now)] == [10]

    def test_an_artists_page_names_shows_far_away_too(self, town, ana):
        artist = town.knows(ana, "Wild Hollow", mbid="m1", owned=True)
        paris = {"city": "Paris", "country": "FR", "latitude": 48.85, "longitude": 2.35, "zone": "Europe/Paris"}
        town.lists(town.seller("barn"), bill(acts=[act("Wild Hollow", mbid="m1")], venue=paris))
        with town.store.read() as conn:
            [show] = calendar.next_shows(conn, ana, 5, artist_id=artist, now=town.now)
            assert calendar.next_shows(conn, ana, 5, now=town.now) == []
        assert show.distance == "4134 mi"

    def test_when_tickets_go_on_sale_is_said_in_the_venues_time(self, town, july):
        opens = datetime(2027, 7, 2, 15, tzinfo=UTC)
        town.lists(town.seller("barn"), bill(tickets=Tickets(seller="Barn", state="not yet", on_sale=opens)))
        [show] = july().shows
        assert show.sale_words(town.now) == "On sale Fri 2 Jul, 10:00"
        assert show.sale_words(town.now + 200_000) == "Not yet"

    def test_doors_and_starts_are_both_told(self, town, ana, july):
        town.lists(town.seller("barn"), bill(doors=time(19)))
        with town.store.read() as conn:
            assert calendar.show_page(conn, ana, july().shows[0].id).doors == "19:00"
