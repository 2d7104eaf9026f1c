"""Which listings are one event, and which are not."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.library.evidence import Facts
from aggregator.shows.evidence import compare, form, keys
from tests.shows.bills import act, bill

NOWHERE = {"latitude": None, "longitude": None}


def normal(show):
    return form(Facts(payload=show.model_dump(mode="json", exclude={"id", "type"}, exclude_defaults=True)))


def word(a, b):
    """The verdict the library comes to: claims without a common key are never compared."""
    x, y = normal(a), normal(b)
    verdict = compare(x, y)
    assert compare(y, x).word == verdict.word
    assert compare(y, x).points == verdict.points
    if verdict.word in ("same", "lone", "unsure"):
        assert set(keys(x)) & set(keys(y)), "would never have been compared"
    return verdict.word


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (bill(), "the same listing at two sellers"),
        (bill(start="19:00"), "one prints the doors"),
        (bill(start="21:30", doors="20:00"), "doors of one are the start of the other"),
        (bill(acts=["WILD HOLLOW", "Support"]), "a longer bill"),
        (bill(acts=["Support", "The Wild Hollow"]), "the support first, with an article"),
        (bill(acts=[], title="Wild Hollow with Support"), "the act is only in the title"),
        (bill(acts=[], title="Wild Hollow: North of Here Tour"), "and the tour"),
        (bill(venue={"name": "Thalia"}), "half of the venue's name"),
        (bill(venue={"name": "Théâtre Thalia", **NOWHERE}), "another language, no coordinates"),
        (bill(venue={"name": "Sponsor Arena"}), "a renamed venue on the same spot"),
        (bill(venue={"latitude": 41.88, "longitude": -87.63}), "coordinates of the town only"),
        (bill(title="Wild Hollow - VIP Package", start="19:00"), "a package"),
        (bill(title="PARKING: Wild Hollow", acts=[]), "parking"),
        (bill(acts=[act("Wild Hollow", mbid="m1")]), "an id where the other has none"),
        (bill(status="cancelled"), "cancelled at one seller"),
        (bill(acts=["Wild Hollow live in concert"]), "billed as live"),
        (bill(acts=["Wild Hollow - North Tour 2027"], title="Wild Hollow"), "and with the tour"),
        (bill(acts=["WildHollow"]), "without the blank"),
        (bill(venue={"city": "Chicago, IL", **NOWHERE}), "a town with its state"),
    ],
)
def test_listings_of_one_event(other, why):
    assert word(bill(), other) == "same", why


def test_a_service_that_only_knows_greenwich_means_the_same_evening():
    here = bill(day="2027-07-04", start="20:00", venue={"zone": "America/Los_Angeles"})
    assert word(here, bill(day="2027-07-05", start="03:00", venue={"zone": "UTC"})) == "same"
    assert word(here, bill(day="2027-07-05", start="20:00", venue={"zone": "UTC"})) == "different"
    assert word(here, bill(day="2027-07-04", start="20:00", venue={"zone": "the seller's own"})) == "same"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (bill(day="2027-07-05"), "the second night"),
        (bill(start="15:00"), "the matinee"),
        (bill(acts=["Somebody Else"]), "another act in the other room"),
        (bill(venue={"name": "Metro", "latitude": 41.9497, "longitude": -87.6588}), "across the town"),
        (bill(venue={"city": "Portland", "region": "OR", **NOWHERE}), "a venue of that name elsewhere"),
        (bill(venue={"name": "Other", "city": "Joliet", **NOWHERE}), "another town"),
    ],
)
def test_listings_of_two_events(other, why):
    assert word(bill(), other) == "different", why


@pytest.mark.parametrize(
    ("mine", "theirs"), [("Köln", "Cologne"), ("Köln", "Koeln"), ("København", "Copenhagen"), ("Wien", "Vienna")]
)
def test_a_town_has_a_name_of_its_own_and_an_english_one(mine, theirs):
    here, there = ({"city": city, "region": None, "country": "DE", **NOWHERE} for city in (mine, theirs))
    assert word(bill(venue=here), bill(venue=there)) == "same"


def test_two_halls_of_one_sponsor_are_not_one_hall():
    here, there = ({"name": f"Cola Academy {part}", **NOWHERE} for part in ("North", "South"))
    assert word(bill(venue=here), bill(venue=there)) == "unsure"


def test_one_name_with_two_ids_is_two_acts():
    assert word(bill(acts=[act("Phoenix", mbid="fr")]), bill(acts=[act("Phoenix", mbid="ro")])) == "different"
    assert word(bill(acts=[act("Phoenix", mbid="fr")]), bill(acts=[act("Phoenix", mbid="fr")])) == "same"


def test_an_unknown_hour_joins_only_where_there_is_one_candidate():
    assert word(bill(), bill(start=None)) == "lone"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (bill(start="20:00"), bill(start="22:15")),  # doors and start, or an early and a late show?
        (bill(day="2027-03-10", start=None), bill(day="2027-03-11", start="00:30")),  # whose evening is it?
        (bill(venue=NOWHERE), bill(venue={"name": "The Basement", **NOWHERE})),  # two names for one house?
    ],
)
def test_what_only_a_listener_can_tell(a, b):
    assert word(a, b) == "unsure"


def test_a_show_at_midnight_is_one_event_on_either_date():
    assert word(bill(day="2027-03-10", start="23:45"), bill(day="2027-03-11", start="00:15")) == "same"


class TestFestivals:
    def fest(self, title="River Fest", day="2027-09-17", until=None, **more):
        acts = more.pop("acts", ["Wild Hollow", "Somebody"])
        return bill(title=title, day=day, until=until, festival=True, acts=acts, start=None, **more)

    def test_the_whole_festival_at_two_sellers(self):
        assert word(self.fest(until="2027-09-19"), self.fest("River Fest 2027", until="2027-09-19")) == "same"
        assert word(self.fest(until="2027-09-19"), self.fest()) == "same"

    def test_a_day_is_not_the_festival(self):
        assert word(self.fest(until="2027-09-19"), self.fest("River Fest - Friday")) == "different"
        assert word(self.fest(until="2027-09-19"), self.fest(day="2027-09-18")) == "different"

    def test_weekends_are_apart(self):
        assert word(self.fest("Fest Weekend 1"), self.fest("Fest Weekend 2")) == "different"


def test_equal_listings_have_equal_forms_whatever_the_order_of_the_bill():
    assert normal(bill(acts=["A band", "B band"])).acts == normal(bill(acts=["B band", "A band"])).acts
    assert hash(normal(bill())) == hash(normal(bill(id="2")))


starts = st.sampled_from([None, "00:30", "15:00", "19:00", "20:00", "22:00", "23:30"])
days = st.sampled_from(["2027-07-03", "2027-07-04", "2027-07-05"])
acts = st.lists(st.sampled_from(["Wild Hollow", "Support", "!!!", "The The"]), max_size=3, unique=True)
venues = st.sampled_from([{}, {"name": "Thalia"}, NOWHERE, {"name": "Metro", **NOWHERE}, {"city": None}])
titles = st.sampled_from(["Wild Hollow", "VIP: Support", "Wild Hollow with The The", "An evening of songs"])
listings = st.builds(
    lambda day, start, acts, venue, title: bill(day=day, start=start, acts=acts, venue=venue, title=title),
    days, starts, acts, venues, titles,
)  # fmt: skip


@settings(deadline=None)
@given(listings, listings)
def test_a_verdict_reads_the_same_both_ways(a, b):
    word(a, b)


def test_the_order_of_the_claims_says_nothing():
    claims = [normal(one) for one in (bill(), bill(start="15:00"), bill(title="VIP: Wild Hollow"), bill(start=None))]
    verdicts = {frozenset(pair): compare(*pair).word for pair in itertools.combinations(claims, 2)}
    random.Random(1).shuffle(claims)
    assert verdicts == {frozenset(pair): compare(*pair).word for pair in itertools.combinations(claims, 2)}
