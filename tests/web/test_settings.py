"""What a listener prefers, saved and refused in words."""

from __future__ import annotations

from flask.testing import FlaskClient

from aggregator import listeners
from aggregator.listeners import Listener, Preferences
from aggregator.store import Store


def preferences(store: Store, ana: Listener) -> Preferences:
    found = listeners.by_id(store, ana.id)
    assert found is not None
    return found.preferences


def test_a_zip_code_becomes_a_place(client: FlaskClient, store: Store, ana: Listener) -> None:
    form = {"zip": "95616", "radius": "30", "unit": "mi"}
    assert client.post("/settings/place", data=form).headers["Location"] == "/settings#place"
    saved = preferences(store, ana)
    assert saved.place is not None
    assert (saved.place.zip, saved.place.zone) == ("95616", "America/Los_Angeles")
    assert round(saved.radius_km, 1) == 48.3
    assert saved.place.label in client.get("/settings").text


def test_another_place_is_looked_at_at_once(at_home: FlaskClient, house: Store) -> None:
    at_home.post("/settings/place", data={"zip": "60647", "radius": "10", "unit": "mi"})
    with house.read() as conn:
        waiting = conn.exec_driver_sql("SELECT what FROM run WHERE state = 'queued'").scalars().all()
    assert waiting == ["shows"]


def test_coordinates_do_as_well(client: FlaskClient, store: Store, ana: Listener) -> None:
    form = {"latitude": "52.52", "longitude": "13.4", "zone": "Europe/Berlin", "radius": "25", "unit": "km"}
    assert client.post("/settings/place", data=form).status_code == 303
    saved = preferences(store, ana)
    assert saved.place is not None
    assert (saved.place.latitude, saved.place.zone, saved.radius_km) == (52.52, "Europe/Berlin", 25)


def test_what_cannot_be_is_refused_with_the_reason(client: FlaskClient, store: Store, ana: Listener) -> None:
    for form, words in (
        ({"zip": "00000"}, "zip code"),
        ({"latitude": "north", "longitude": "1"}, "numbers in degrees"),
        ({"zip": "95616", "radius": "-4"}, "The radius is a number above 0 and at most 500."),
        ({"zip": "95616", "radius": ""}, "The radius is a number above 0 and at most 500."),
        ({"zip": "95616", "radius": "20", "unit": "ells"}, "Unit: choose one of what is offered."),
    ):
        answer = client.post("/settings/place", data=form)
        assert answer.status_code == 422
        assert words in answer.text
    assert preferences(store, ana) == Preferences()


def test_a_refused_form_keeps_what_was_typed_and_its_address_is_the_page(client: FlaskClient) -> None:
    refused = client.post("/settings/place", data={"zip": "00000", "radius": "35", "unit": "km"}).text
    assert 'name="zip" inputmode="numeric" maxlength="10" autocomplete="postal-code" value="00000"' in refused
    assert 'value="35"' in refused
    assert 'value="km" checked' in refused
    for section, place in (("place", "place"), ("listening", "listening"), ("password", "account")):
        assert client.get(f"/settings/{section}").headers["Location"] == f"/settings#{place}"
    assert client.get("/settings/nothing").status_code == 404


def test_the_theme_is_in_the_first_byte(client: FlaskClient) -> None:
    client.post("/settings/look", data={"theme": "light", "density": "compact"})
    assert '<html lang="en" data-theme="light">' in client.get("/").text
    assert client.post("/settings/look", data={"theme": "pink"}).status_code == 422


def test_a_new_calendar_address_ends_the_old(store: Store, ana: Listener) -> None:
    old = listeners.feed_token(b"secret", ana)
    assert listeners.by_feed_token(store, b"secret", ana.id, old) == ana
    listeners.reset_feed(store, ana.id)
    assert listeners.by_feed_token(store, b"secret", ana.id, old) is None
    assert listeners.by_feed_token(store, b"other", ana.id, old) is None
