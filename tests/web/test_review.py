"""The queue of questions on its page: asked, answered, put off, taken back, by keys, by thumb and without scripts."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect

from aggregator import listeners
from aggregator.config import Config
from aggregator.library import review
from aggregator.store import Store, open_store
from web import create_app

from . import seed_review
from .looks import LOOKS, layout_faults, silent_page


@pytest.fixture(scope="module")
def asked(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The household with questions of every kind, made once."""
    folder = tmp_path_factory.mktemp("review")
    shutil.copytree(furnished, folder / "data")
    store = open_store(folder / "data")
    seed_review.questions(store, folder / "attic", listeners.everyone(store)[0].id)
    store.close()
    return folder / "data"


@pytest.fixture
def made(asked: Path) -> Path:
    return asked


@pytest.fixture
def app(store: Store) -> Flask:
    return create_app(Config(data=store.folder, path=None), store)


@pytest.fixture
def ana(app: Flask) -> FlaskClient:
    return app.test_client()


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def pair(page: str) -> dict[str, str]:
    """What the answer form of a page says of its question."""
    form = page[page.index('class="review-answers"') :]
    return {name: re.search(rf'name="{name}" value="(\d+)"', form)[1] for name in ("a", "b")}  # type: ignore[index]


def say(client: FlaskClient, verdict: str, path: str = "/review", **more: Any) -> str:
    """Answer the question of a page; the page that comes next."""
    page = client.get(path).text
    answer = client.post("/review", data={**pair(page), "verdict": verdict, **more})
    assert answer.status_code == 303
    return client.get(answer.headers["Location"]).text


def decisions(store: Store) -> list[tuple[str, bool]]:
    with store.read() as conn:
        rows = conn.exec_driver_sql("SELECT verdict, undone_at IS NULL FROM decision ORDER BY id")
        return [(row[0], bool(row[1])) for row in rows]


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_the_weightiest_question_comes_first_with_both_sides(ana: FlaskClient) -> None:
    page = ana.get("/review").text
    assert "One artist or two?" in page
    told = plain(page)
    assert "Question 1 of 10, on what you played 13 times in all" in told
    assert "from Music folder" in told and "from Ticketmaster" in told
    assert "Why it is asked Name agrees, which is too little to be sure" in told
    assert "One artist with 9 plays, on one page." in told
    assert "All 10 Artists 5 Albums 1 Songs 3 Shows 1" in told


def test_what_differs_is_marked_and_both_songs_can_be_played(ana: FlaskClient) -> None:
    page = ana.get("/review?kind=recording").text
    assert "<mark>0:12</mark>" in page and "<mark>0:17</mark>" in page
    assert len(re.findall(r'data-src="/stream/\d+" data-list="/tracks/\d+/list" data-compare', page)) == 2
    for claim in re.findall(r'data-src="(/stream/\d+)"', page):
        assert ana.get(claim).status_code == 200


@pytest.mark.parametrize("kind", ["artist", "album", "recording", "show"])
def test_every_kind_is_asked_in_its_own_words(ana: FlaskClient, kind: str) -> None:
    word = {"recording": "song"}.get(kind, kind)
    page = ana.get(f"/review?kind={kind}").text
    assert f"One {word} or two?" in page and f"Same {word}" in plain(page)


def test_a_source_and_a_run_narrow_the_queue(ana: FlaskClient, store: Store) -> None:
    with store.read() as conn:
        sellers = conn.exec_driver_sql("SELECT id FROM account WHERE key = 'sellers'").scalar_one()
        run = conn.exec_driver_sql("SELECT id FROM run WHERE account_id = ?", (sellers,)).scalar_one()
    page = ana.get(f"/review?source={sellers}").text
    assert "One show or two?" in page and "Question 1 of 1, from what Venue calendar says" in plain(page)
    assert "brought in one reading" in plain(ana.get(f"/review?run={run}").text)
    after = say(ana, "different", f"/review?source={sellers}", source=sellers)
    assert "Nothing to decide" in after and "Every question" in after


@pytest.mark.parametrize(
    "query", ["a=0&b=0", "a=x&b=y", "a=-1&b=3", f"a={'9' * 30}&b=1", "kind=nothing", "kind=", "run=x", "source="]
)
def test_an_odd_address_shows_the_queue(ana: FlaskClient, query: str) -> None:
    assert "One artist or two?" in ana.get(f"/review?{query}").text


@pytest.mark.parametrize("query", ["run=999999", "source=999999"])
def test_what_is_not_there_is_said(ana: FlaskClient, query: str) -> None:
    assert ana.get(f"/review?{query}").status_code == 404


def test_everything_that_waits_is_listed_page_by_page(ana: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.review.PAGE", 3)
    questions, address = [], "/review/all"
    while address:
        page = ana.get(address).text
        questions += re.findall(r'href="(/review\?a=\d+&amp;b=\d+)"', page)
        more = re.search(r'class="next-page" href="([^"]+)"', page)
        address = html.unescape(more[1]) if more else ""
    assert len(questions) == len(set(questions)) == 10
    assert "<h1>10 questions</h1>" in ana.get("/review/all").text
    last = ana.get(html.unescape(questions[-1])).text
    assert pair(last) == dict(re.findall(r"([ab])=(\d+)", questions[-1]))
    for odd in ("x", "1,2,3", f"{'9' * 40},0,1,1,1", "1,1,nan,1,1"):
        assert ana.get("/review/all", query_string={"after": odd}).status_code == 404


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_carried_out_and_the_next_question_comes(ana: FlaskClient, store: Store) -> None:
    page = say(ana, "same")
    assert "Question 2 of 10" in plain(page)
    assert "2 called “Nora Quist” are the same artist" in page
    assert "The Tin Orchard" in page[page.index("review-table") :]
    assert decisions(store) == [("same", True)]


def test_not_the_same_holds(ana: FlaskClient, store: Store) -> None:
    first = pair(ana.get("/review").text)
    page = say(ana, "different")
    assert decisions(store) == [("different", True)]
    assert pair(page) != first


def test_the_last_word_is_taken_back_at_once_and_asked_again(ana: FlaskClient, store: Store) -> None:
    first = pair(ana.get("/review").text)
    say(ana, "same")
    say(ana, "different")
    for _ in range(2):
        answer = ana.post("/review/undo")
        assert answer.status_code == 303
    page = ana.get(answer.headers["Location"]).text
    assert (pair(page), "Question 1 of 10" in plain(page)) == (first, True)
    assert decisions(store) == [("same", False), ("different", False)]
    assert ana.post("/review/undo").status_code == 404


def test_a_skip_is_put_off_and_looked_at_again(ana: FlaskClient, store: Store) -> None:
    first = pair(ana.get("/review").text)
    page = say(ana, "skip")
    assert pair(page) != first
    assert "Question 1 of 9" in plain(page) and "1 skipped." in plain(page)
    assert decisions(store) == []
    page = ana.get(ana.post("/review/again").headers["Location"]).text
    assert pair(page) == first
    say(ana, "skip")
    page = ana.get(ana.post("/review/undo").headers["Location"]).text
    assert (pair(page), "Question 1 of 10" in plain(page)) == (first, True)


def test_an_answer_given_twice_is_given_once(ana: FlaskClient, store: Store) -> None:
    form = {**pair(ana.get("/review").text), "verdict": "same"}
    for _ in range(2):
        answer = ana.post("/review", data=form)
        assert answer.status_code == 303
    assert "answered already" in ana.get(answer.headers["Location"]).text
    assert decisions(store) == [("same", True)]


def test_the_same_answer_to_all_that_are_like_it(ana: FlaskClient, store: Store) -> None:
    page = ana.get("/review?kind=artist").text
    assert "more question" in page
    answer = ana.post("/review/alike", data={**pair(page), "verdict": "different", "kind": "artist"})
    page = ana.get(answer.headers["Location"]).text
    assert "likewise" in page
    ana.post("/review/undo")
    with store.read() as conn:
        assert review.count(conn, 1) == 10


@pytest.mark.parametrize(
    "form", [{}, {"verdict": "maybe"}, {"verdict": "same"}, {"verdict": "same", "a": "1", "b": "1"}]
)
def test_a_form_that_makes_no_sense_changes_nothing(ana: FlaskClient, store: Store, form: dict[str, str]) -> None:
    assert ana.post("/review", data=form).status_code in (303, 400, 404)
    assert ana.post("/review/alike", data=form).status_code in (303, 400, 404)
    assert decisions(store) == []


def test_when_all_is_answered_the_page_says_so(ana: FlaskClient) -> None:
    page = ana.get("/review").text
    for _ in range(20):
        if "review-answers" not in page:
            break
        page = say(ana, "different")
    assert "<h1>Nothing to decide</h1>" in page
    assert "Bandstand could tell apart." in page


# --- the shell --------------------------------------------------------------------------------------------------------


def test_a_badge_counts_what_waits_on_every_page(ana: FlaskClient) -> None:
    badge = r"data-badge\s*(hidden)?>(\d+)</span>"
    for path in ("/", "/library", "/sources", "/settings"):
        assert re.findall(badge, ana.get(path).text) == [("", "10"), ("", "10")]
    assert "10 questions about what they brought wait for you" in plain(ana.get("/sources").text)


def test_another_listener_is_asked_of_the_household_alone(ana: FlaskClient, store: Store) -> None:
    ben = listeners.create(store, "Ben", "member", "a long enough one")
    client = create_app(Config(data=store.folder, path=store.folder / "config.toml"), store).test_client()
    with client.session_transaction() as session:
        session.update(listener=ben.id, version=ben.session_version)
    page = client.get("/review").text
    assert "Deezer" not in page
    form = {**pair(ana.get("/review?kind=album").text), "verdict": "same"}
    assert client.post("/review", data=form).status_code == 404
    assert decisions(store) == []


# --- in the browser ---------------------------------------------------------------------------------------------------


@pytest.fixture
def page(browser: Browser, address: str, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    with silent_page(browser, **browser_context_args, base_url=address) as page:
        yield page


def arrived(page: Page, question: int) -> None:
    expect(page.locator("main")).to_contain_text(f"Question {question} of")
    expect(page.locator("h1")).to_be_focused()


@pytest.mark.browser
def test_keys_answer_skip_and_take_back(page: Page, store: Store) -> None:
    page.goto("/review")
    page.keyboard.press("y")
    arrived(page, 2)
    expect(page.get_by_role("status")).to_contain_text("One artist: “Nora Quist”")
    expect(page.locator(".rail [data-badge]")).to_have_text("9")
    page.keyboard.press("n")
    arrived(page, 3)
    page.keyboard.press("s")
    expect(page.locator("main")).to_contain_text("1 skipped.")
    expect(page.locator("h1")).to_be_focused()
    for left in ("8", "9"):
        page.keyboard.press("u")
        expect(page.locator(".rail [data-badge]")).to_have_text(left)
        expect(page.locator("h1")).to_be_focused()
    assert decisions(store) == [("same", True), ("different", False)]


@pytest.mark.browser
@pytest.mark.parametrize(
    ("button", "said"), [("Same artist", "are the same artist"), ("Not the same", "are not the same")]
)
def test_the_mouse_says_what_the_button_says(page: Page, button: str, said: str) -> None:
    page.goto("/review")
    page.get_by_role("button", name=button).click()
    expect(page.locator(".review-last")).to_contain_text(said)


@pytest.mark.browser
def test_keys_are_letters_while_somebody_types(page: Page, store: Store) -> None:
    page.goto("/review")
    page.get_by_label("Search", exact=True).press_sequentially("yns")
    expect(page.locator("main")).to_contain_text("Question 1 of 10")
    assert decisions(store) == []


@pytest.mark.browser
def test_the_second_song_goes_on_where_the_first_was(page: Page) -> None:
    page.goto("/review?kind=recording")
    audio = page.locator("audio")
    page.keyboard.press("1")
    expect(audio).to_have_js_property("paused", False)
    audio.evaluate("audio => { audio.currentTime = 6; }")
    first = audio.evaluate("audio => audio.currentSrc")
    page.keyboard.press("2")
    expect(audio).not_to_have_js_property("currentSrc", first)
    expect(audio).to_have_js_property("paused", False)
    expect(page.locator("#player-elapsed")).to_have_text(re.compile(r"0:0[6-9]|0:1\d"))


@pytest.mark.browser
def test_a_thumb_reaches_the_answers(browser: Browser, address: str, browser_context_args: dict[str, Any]) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "base_url": address}
    context = browser.new_context(**{**browser_context_args, **phone})
    page = context.new_page()
    page.goto("/review")
    for name in ("Same artist", "Not the same", "Skip"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box is not None and box["height"] >= 44 and 844 / 2 < box["y"] + box["height"] <= 844 - 58
    page.get_by_role("button", name="Not the same").tap()
    arrived(page, 2)
    page.get_by_role("button", name="Undo").tap()
    arrived(page, 1)
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_queue_is_open_to_everybody(
    browser: Browser, address: str, width: int, theme: str, browser_context_args: dict[str, Any]
) -> None:
    look = {"viewport": {"width": width, "height": 844}, "color_scheme": theme, "base_url": address, "bypass_csp": True}
    context = browser.new_context(**{**browser_context_args, **look})
    page = context.new_page()
    faults = []
    for kind in ("artist", "album", "recording", "show"):
        page.goto(f"/review?kind={kind}")
        faults += [f"{kind}: {fault}" for fault in layout_faults(page)]
    page.goto("/review/all")
    faults += [f"all: {fault}" for fault in layout_faults(page)]
    page.goto("/review?kind=show")
    page.get_by_role("button", name="Skip").click()
    expect(page.locator("h1")).to_have_text("Nothing to decide")
    faults += [f"empty: {fault}" for fault in layout_faults(page)]
    context.close()
    assert faults == []
