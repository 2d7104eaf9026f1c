"""Places are found without a network: from zip codes and from coordinates."""

import pytest

from aggregator.shows import places
from aggregator.shows.places import PlaceError, ZoneNeeded, by_coordinates, by_zip, km_between


@pytest.mark.parametrize("text", ["60647", " 60647 ", "60647-1234"])
def test_a_zip_code_becomes_a_place_with_its_zone(text):
    place = by_zip(text)
    assert (place.label, place.zone, place.zip) == ("Chicago, IL", "America/Chicago", "60647")
    assert km_between(place.latitude, place.longitude, 41.921, -87.704) < 2


@pytest.mark.parametrize(
    ("zip_code", "zone"),
    [("99501", "America/Anchorage"), ("96813", "Pacific/Honolulu"), ("00901", "America/Puerto_Rico")],
)
def test_zones_outside_the_mainland(zip_code, zone):
    assert by_zip(zip_code).zone == zone


@pytest.mark.parametrize("text", ["606", "abc", "", "99999", "09001"])
def test_what_is_no_place_is_refused_in_a_sentence(text):
    with pytest.raises(PlaceError, match=r"zip code.*coordinates\.$"):
        by_zip(text)


def test_coordinates_take_the_zone_of_the_nearest_zip_code():
    assert by_coordinates(41.92, -87.70).zone == "America/Chicago"
    assert by_coordinates(41.92, -87.70).label == "near Chicago, IL"


def test_far_from_every_zip_code_the_zone_is_asked_for():
    with pytest.raises(ZoneNeeded):
        by_coordinates(52.52, 13.40)
    assert by_coordinates(52.52, 13.40, "Europe/Berlin", "Berlin").zone == "Europe/Berlin"


def test_wrong_coordinates_and_zones_are_refused():
    with pytest.raises(PlaceError, match="Latitude"):
        by_coordinates(91, 0)
    with pytest.raises(PlaceError, match="Europe/Berlin"):
        by_coordinates(52.52, 13.40, "Berlin")


def test_distances_are_great_circles():
    assert km_between(41.8781, -87.6298, 40.7128, -74.0060) == pytest.approx(1144.3, abs=1.5)
    assert km_between(0, 179.5, 0, -179.5) == pytest.approx(111.2, abs=0.2)
    assert km_between(10, 20, 10, 20) == 0


def test_an_unknown_zone_name_is_none():
    assert places.zone_named("Mars/Olympus") is None
    assert places.zone_named(None) is None
    assert str(places.zone_named("America/Denver")) == "America/Denver"
