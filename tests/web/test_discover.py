"""The Discover page: over HTTP, and in a browser where a word is said of a card and taken back."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from sqlalchemy import event, insert, update

from aggregator import listeners, recommendations
from aggregator.store import Store, open_store
from aggregator.store.schema import account, run
from tests.recommendations.house import NOW, House, furnish

from .conftest import PASSWORD
from .looks import LOOKS, faults, layout_faults


@pytest.fixture(scope="module")
def bare(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ana has moved in, with nothing."""
    folder = tmp_path_factory.mktemp("bare") / "data"
    shutil.copytree(empty, folder)
    store = open_store(folder)
    listeners.create(store, "Ana", "owner", PASSWORD)
    store.close()
    return folder


@pytest.fixture(scope="module")
def recommended(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Her furnished house, made once: that costs more than a copy."""
    folder = tmp_path_factory.mktemp("recommended") / "data"
    shutil.copytree(bare, folder)
    store = open_store(folder)
    furnish(House(store, listeners.everyone(store)[0].id))
    store.close()
    return folder


@pytest.fixture
def made(recommended: Path) -> Path:
    return recommended


@pytest.fixture
def ana(store: Store) -> listeners.Listener:
    return listeners.everyone(store)[0]


@pytest.fixture
def house(store: Store, ana: listeners.Listener) -> House:
    return House(store, ana.id)


def _songs(house: House) -> list[recommendations.Card]:
    return [card for row in house.discover().rows if row.key == "songs" for card in row.cards]


class TestPage:
    def test_every_card_names_its_item_and_its_reason(self, client: FlaskClient, house: House) -> None:
        page = client.get("/discover").text
        for card in [*house.albums(), *house.artists()]:
            assert f'data-item="{card.item}"' in page
            assert card.why in page
        assert page.count('class="why"') == page.count("data-item=")

    def test_the_page_asks_at_most_ten_questions(self, app: Flask, client: FlaskClient, house: House) -> None:
        asked: list[str] = []
        event.listen(house.store.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
        client.get("/discover")
        assert len([one for one in asked if one.startswith(("SELECT", "WITH"))]) <= 10

    def test_without_scripts_a_word_is_undone_on_a_page_of_its_own(self, client: FlaskClient, house: House) -> None:
        rye = next(card for card in house.albums() if card.title == "Rye")
        answer = client.post(f"/discover/albums/{rye.id}/say", data={"word": "never"}, follow_redirects=True)
        assert "Rye will not be recommended again." in answer.text
        assert f'data-item="{rye.item}"' not in answer.text
        page = client.get("/discover/feedback").text
        assert "Rye will not be recommended again." in page
        undo = page.split('action="/discover/feedback/')[1].split('"')[0]
        client.post(f"/discover/feedback/{undo}")
        assert f'data-item="{rye.item}"' in client.get("/discover").text
        assert "Nothing yet" in client.get("/discover/feedback").text

    def test_a_song_can_be_played_and_refused(self, client: FlaskClient, house: House) -> None:
        [song] = [card for card in _songs(house) if card.title == "Wicks one"]
        page = client.get("/discover").text
        assert f'data-src="/stream/{song.play_claim}" data-list="/tracks/{song.id}/list"' in page
        answer = client.post(f"/discover/recordings/{song.id}/say", data={"word": "never"}, follow_redirects=True)
        assert "Wicks one will not be recommended again." in answer.text
        assert f'data-item="{song.item}"' not in answer.text
        assert f'href="/tracks/{song.id}"' in client.get("/discover/feedback").text

    def test_what_is_not_there_cannot_be_spoken_of_or_undone(self, client: FlaskClient, house: House) -> None:
        rye = next(card for card in house.albums() if card.title == "Rye")
        assert client.post("/discover/albums/999999/say", data={"word": "more"}).status_code == 404
        assert client.post("/discover/feedback/999999/undo").status_code == 404
        assert client.post("/discover/shows/1/say", data={"word": "more"}).status_code == 404
        assert client.post(f"/discover/albums/{rye.id}/say", data={"word": "perhaps"}).status_code == 400


class TestTaste:
    def test_it_says_what_is_counted_and_keeps_out_what_it_is_told(self, client: FlaskClient, house: House) -> None:
        page = client.get("/discover/taste").text
        assert "Slow Harbour and Tin Lanterns" in page
        assert "Nothing: everything you have and hear counts." in page
        answer = client.post("/discover/taste", data={"what": "artist", "value": "slow harbour"}, follow_redirects=True)
        told = "Slow Harbour is kept out of your taste: 41 plays of 1 artist do not count any more."
        assert answer.text.count(told) == 2, "said now, and kept with it"
        assert "Slow Harbour" in client.get("/library/artists").text
        undo = answer.text.split('action="/discover/taste/')[1].split('"')[0]
        answer = client.post(f"/discover/taste/{undo}", follow_redirects=True)
        assert "Slow Harbour counts again, with 41 plays." in answer.text
        assert client.post(f"/discover/taste/{undo}").status_code == 404

    def test_hours_are_two_numbers(self, client: FlaskClient, house: House) -> None:
        night = {"what": "hours", "from": "20", "until": "6"}
        answer = client.post("/discover/taste", data=night, follow_redirects=True)
        assert "What plays from 20:00 to 06:00 is kept out of your taste" in answer.text
        assert client.post("/discover/taste", data={**night, "until": "20"}).status_code == 422

    def test_what_is_not_there_is_said_beside_the_form_with_what_was_typed(
        self, client: FlaskClient, house: House
    ) -> None:
        answer = client.post("/discover/taste", data={"what": "artist", "value": "Nobody Home"})
        assert answer.status_code == 422
        assert "No artist of yours is called “Nobody Home”" in answer.text
        assert 'value="Nobody Home"' in answer.text
        assert client.post("/discover/taste", data={"what": "weather"}).status_code == 400


class TestDial:
    def test_it_is_kept_and_the_list_is_asked_to_be_made_anew(self, client: FlaskClient, house: House) -> None:
        assert re.search(r'value="2" aria-current=true>Balanced', client.get("/discover").text)
        page = client.post("/discover/dial", data={"novelty": "4"}, follow_redirects=True).text
        assert re.search(r'value="4" aria-current=true>Adventurous', page)
        assert "Your list is being made anew." in page
        assert "Your list is being made anew." in client.get("/discover/standing").text
        assert client.post("/discover/dial", data={"novelty": "5"}).status_code == 400


class TestEmptyStates:
    @pytest.fixture
    def made(self, bare: Path) -> Path:
        return bare

    def test_an_empty_library_is_told_to_add_a_source(self, client: FlaskClient) -> None:
        assert "Add a source" in client.get("/discover").text

    def test_with_music_but_no_answers_a_service_is_missing(self, client: FlaskClient, house: House) -> None:
        house.own("Slow Harbour", "Low Tide")
        assert "Connect one that knows similar artists" in client.get("/discover").text

    def test_while_services_are_asked_it_says_how_far(self, client: FlaskClient, house: House) -> None:
        house.own("Slow Harbour", "Low Tide")
        with house.store.write() as conn:
            values = {"what": "answers", "state": "running", "asked_by": "schedule", "queued_at": NOW}
            conn.execute(insert(run).values(**values, done=12, total=50))
        assert "12 of 50" in client.get("/discover").text
        assert "12 of 50" in client.get("/discover/standing").text


class TestSilence:
    def test_a_silent_service_is_named_with_its_reason(self, client: FlaskClient, house: House) -> None:
        with house.store.write() as conn:
            words = {"state": "needs the listener", "state_words": "The service refuses the key."}
            conn.execute(update(account).where(account.c.id == house.scrobbles).values(words))
        page = client.get("/discover").text
        assert "Scrobbles gives no new suggestions; those it gave before stay. The service refuses the key." in page
        assert "data-item=" in page


@pytest.fixture
def visit(page: Page, address: str, house: House) -> Page:
    """The Discover page, with Ana signed in."""
    page.goto(f"{address}/sign-in")
    page.get_by_label("Name").fill("Ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/discover")
    return page


@pytest.mark.browser
class TestInABrowser:
    def test_a_word_is_said_in_the_place_of_a_card_which_comes_back_by_undo(self, visit: Page, house: House) -> None:
        crossing = visit.locator("article[data-item]", has_text="Crossing").first
        before = visit.locator("article[data-item]").count()
        crossing.get_by_label("Say something else of Crossing").click()
        crossing.get_by_role("button", name="Never again").click()
        expect(visit.locator(".found-said")).to_contain_text("Crossing will not be recommended again.")
        expect(visit.locator("article[data-item]")).to_have_count(before - 1)
        expect(visit.locator(".toast")).to_be_visible()
        undo = visit.locator(".found-said").get_by_role("button", name="Undo")
        expect(undo).to_be_focused()
        undo.click()
        expect(visit.locator("article[data-item]")).to_have_count(before)
        assert house.titles()[0] == "Crossing"

    @pytest.mark.parametrize(("width", "theme"), LOOKS)
    def test_the_pages_about_taste_and_words_fit_and_axe_finds_nothing(
        self, visit: Page, address: str, house: House, width: int, theme: str
    ) -> None:
        house.say("album", house.albums()[0].id, "less")
        recommendations.exclude(house.store, house.me, "hours", "20-6")
        visit.set_viewport_size({"width": width, "height": 900})
        visit.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for path in ("taste", "feedback"):
            visit.goto(f"{address}/discover/{path}")
            assert layout_faults(visit) == []

    @pytest.mark.parametrize("width", [1440, 390, 320])
    @pytest.mark.parametrize("theme", ["dark", "light"])
    def test_it_fits_and_axe_finds_nothing(self, visit: Page, house: House, width: int, theme: str) -> None:
        visit.set_viewport_size({"width": width, "height": 900})
        visit.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        visit.locator("article[data-item]").first.get_by_role("button", name="Less").click()
        expect(visit.locator(".found-said")).to_be_visible()
        assert faults(visit) == []
