"""Sources in every state: what each card says and offers, and who may ask what of it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from aggregator import answers, listeners, sources
from aggregator.config import Config
from aggregator.sources import SourceError
from aggregator.store import Store
from web import create_app

from .conftest import PASSWORD


@pytest.fixture
def ana(many: Store) -> FlaskClient:
    return create_app(Config(data=many.folder, path=None), many).test_client()


@pytest.fixture
def ben(ana: FlaskClient, many: Store) -> FlaskClient:
    """A member of the household."""
    listeners.create(many, "Ben", "member", PASSWORD)
    client = ana.application.test_client()
    client.post("/sign-in", data={"name": "Ben", "password": PASSWORD})
    return client


def cards(page: str) -> dict[str, str]:
    """Each card's HTML by its account's key."""
    found = re.findall(r'<article class="panel source".*?</article>', page, re.DOTALL)
    return {re.search(r'data-key="([^"]+)"', card)[1]: card for card in found}  # type: ignore[index]


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def offered(card: str) -> set[str]:
    """What the buttons and links at the foot of a card say."""
    foot = card.partition('<footer class="actions">')[2]
    named = re.findall(r"<(?:a|button)\b[^>]*>(.*?)</(?:a|button)>", foot, re.DOTALL)
    return {plain(re.sub(r'<span class="unseen">.*?</span>', "", each)) for each in named}


STATES = {
    "fresh": "Not read yet",
    "reading": "Reading",
    "files": "Ready",
    "resting": "Resting",
    "spotify": "Needs you",
    "broken": "Cannot be loaded",
    "misset": "Settings need a look",
    "paused": "Paused",
    "attic": "Waits for your word",
    "erasing": "Being erased",
}


def test_every_state_has_its_word(ana: FlaskClient) -> None:
    told = cards(ana.get("/sources").text)
    assert {
        key: plain(told[key].partition("</header>")[0]).endswith(word) for key, word in STATES.items()
    } == dict.fromkeys(STATES, True)
    assert "archived" not in told


def test_trouble_says_what_happened_what_is_done_and_what_can_be_done(ana: FlaskClient) -> None:
    told = {key: plain(card) for key, card in cards(ana.get("/sources").text).items()}
    assert "the connection was refused" in told["resting"]
    assert re.search(r"Next try in 1[45] minutes; it failed 3 times in a row\.", told["resting"])
    assert "Sign in again" in told["spotify"]
    assert "What it brought stays. It is read again by itself once its plugin can be loaded" in told["broken"]
    assert "“API key” is missing" in told["misset"], "settings are named as their form names them"
    assert "Look at its settings" in told["misset"]
    assert "Look and decide" in told["attic"]
    assert "What it brought stays" in told["spotify"] or "everything it brought stays" in told["spotify"]


def test_the_log_has_the_newest_lines_with_their_levels(ana: FlaskClient) -> None:
    told = cards(ana.get("/sources").text)
    assert re.search(
        r"said asked 12 pages .* error one answer was cut off .* warning a page came twice", plain(told["misset"])
    )
    assert "skipped sp-odd: it has no title" in plain(told["spotify"])
    assert "Traceback …" in told["misset"]


def test_the_calls_a_service_still_allows_are_counted(ana: FlaskClient, many: Store) -> None:
    with many.write() as conn:
        conn.exec_driver_sql(
            "INSERT INTO quota (name, seconds, since, used) VALUES ('ticketmaster key', 86400, ?, 880)",
            (int(time.time()) - 3600,),
        )
    told = cards(ana.get("/sources").text)
    assert "4,120 of 5,000 calls left today all again in 22 hours" in plain(told["gigs"])
    assert "at most 2 in a second, 5,000 in a day" in plain(told["gigs"])
    assert "calls left" not in told["files"]


def test_what_recommendations_looked_up_is_counted_against_its_budget(ana: FlaskClient, many: Store) -> None:
    with many.write() as conn:
        number = conn.exec_driver_sql("SELECT id FROM account WHERE key = 'lastfm'").scalar_one()
        for n in range(12):
            answers.save(conn, number, "similar", f"artist {n}", [], int(time.time()))
        answers.save(conn, number, "tags", "artist", [], int(time.time()))
        answers.save(conn, number, "search", "typed", [], int(time.time()))
    told = cards(ana.get("/sources").text)
    assert "12 of 75 lists of artists looked up today" in plain(told["lastfm"])
    assert "1 of 1,500 facts about artists looked up today" in plain(told["lastfm"])
    assert "looked up today" not in told["files"] + told["spotify"]


def test_a_card_offers_what_its_state_allows(ana: FlaskClient) -> None:
    told = {key: offered(card) for key, card in cards(ana.get("/sources").text).items()}
    assert told["files"] == {"Sync now", "Pause", "Test", "Edit", "Remove…"}
    assert told["paused"] == {"Resume", "Sign in again", "Edit", "Remove…"}
    assert told["broken"] == {"Sync now", "Pause", "Remove…"}
    assert told["pinned"] == {"Sync now", "Settings"}
    assert told["erasing"] == set()


def test_a_member_looks_at_the_households_sources_and_changes_none(ben: FlaskClient, numbers: dict[str, int]) -> None:
    told = {key: offered(card) for key, card in cards(ben.get("/sources").text).items()}
    assert told["files"] == told["attic"] == {"Sync now"}
    files = numbers["files"]
    for path in ("switch", "test", "settings", "name", "archive", "erase", "bring-back"):
        assert ben.post(f"/sources/{files}/{path}", data={"sure": "yes"}).status_code == 403, path
    assert ben.get(f"/sources/{files}/remove").status_code == 403
    assert ben.get("/sources/folders?path=/").status_code == 403
    assert ben.get(f"/sources/{numbers['spotify']}/runs").status_code == 404
    assert ben.post(f"/sources/{numbers['archived']}/bring-back").status_code == 403


def test_a_plugin_that_cannot_be_loaded_is_shown_with_its_reason(ana: FlaskClient, many: Store) -> None:
    plugins = many.folder / "plugins"
    plugins.mkdir()
    (plugins / "torn.py").write_text("import nothing_of_that_name\n")
    page = ana.get("/sources").text
    section = page.partition("Could not be loaded")[2].partition("</section>")[0]
    assert "No module named &#39;nothing_of_that_name&#39;" in section
    assert "torn.py (dropped in)" in section
    assert "<summary>Details for its author</summary>" in section


def test_the_gallery_has_first_what_needs_no_key(ana: FlaskClient) -> None:
    gallery = ana.get("/sources").text.partition('<ul class="offers">')[2].partition("</section>")[0]
    offers = [plain(each) for each in gallery.split('<li class="panel offer">')[1:]]
    keyless = ["Needs no key" in offer for offer in offers]
    assert keyless == sorted(keyless, reverse=True)
    spotify = next(offer for offer in offers if offer.startswith("Spotify"))
    assert "your library your plays search" in spotify
    assert "Needs a key of your own: about 5 minutes, at developer.spotify.com" in spotify
    assert "Add another" in spotify


# --- adding and editing -----------------------------------------------------------------------------------------------


def test_a_form_begins_with_what_was_entered_and_keeps_secrets_to_itself(
    ana: FlaskClient, many: Store, numbers: dict[str, int]
) -> None:
    owner = listeners.everyone(many)[0].id
    number = sources.create_account(
        many, "lastfm", owner, {"user": "robin", "api_key": "k" * 32, "address": "http://127.0.0.1:1/"}, check=False
    )
    page = ana.get(f"/sources/{number}/settings").text
    assert 'value="robin"' in page
    assert "k" * 32 not in page
    assert "One is saved; leave it empty to keep it." in page
    advanced = page.partition("<summary>Advanced</summary>")[2]
    assert 'value="http://127.0.0.1:1/"' in advanced
    changed = {"user": "robin2", "api_key": "", "address": "http://127.0.0.1:1/"}
    assert ana.post(f"/sources/{number}/settings", data=changed).status_code == 303
    kept = sources.entered(many, owner, number)
    assert (kept.values["user"], kept.secrets) == ("robin2", {"api_key"})


def test_an_owner_chooses_whom_a_source_is_for(ana: FlaskClient, many: Store, tmp_path: Path) -> None:
    for owner in ("mine", "household"):
        given = {"account_name": owner, "owner": owner, "folder": str(tmp_path)}
        assert ana.post("/sources/new/files", data=given).status_code == 303
    told = cards(ana.get("/sources").text)
    assert "yours alone" in told["files-2"]
    assert "for everybody here" in told["files-3"]


def test_a_mistake_is_told_at_its_field_by_the_name_on_the_page(ana: FlaskClient) -> None:
    page = ana.post("/sources/new/ticketmaster", data={"account_name": "Gigs of mine", "owner": "mine"})
    assert page.status_code == 422
    assert "“API key” is missing." in page.text
    assert 'value="Gigs of mine"' in page.text
    assert re.search(r'value="mine" checked', page.text)


def test_a_source_is_renamed(ana: FlaskClient, numbers: dict[str, int]) -> None:
    files = numbers["files"]
    assert ana.post(f"/sources/{files}/name", data={"account_name": "  Cellar   disk "}).status_code == 303
    assert ">Cellar disk</h2>" in ana.get("/sources").text
    ana.post(f"/sources/{files}/name", data={"account_name": " "})
    page = ana.get("/sources").text
    assert "A name has 1 to 120 characters" in page
    assert ">Cellar disk</h2>" in page


def test_what_stands_in_config_is_only_shown(ana: FlaskClient, numbers: dict[str, int]) -> None:
    page = ana.get(f"/sources/{numbers['pinned']}/settings").text
    assert "is set in config.toml, as “pinned”" in page
    assert '<form method="post"' not in page.partition("<main")[2].partition("</main>")[0]


def test_a_paused_source_is_resumed(ana: FlaskClient, numbers: dict[str, int]) -> None:
    for key, on, word in (("paused", "1", "Not read yet"), ("files", "0", "Paused")):
        assert ana.post(f"/sources/{numbers[key]}/switch", data={"on": on}).status_code == 303
        assert word in plain(cards(ana.get("/sources").text)[key].partition("</header>")[0])


def test_a_test_tells_what_the_provider_answered(
    ana: FlaskClient, numbers: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, beside = f"/sources/{numbers['files']}/test", {"HX-Request": "true"}
    monkeypatch.setattr(sources, "test", lambda *_: "It answers: the first of it is Harbour lights.")
    told = ana.post(path, headers=beside)
    assert "the first of it is Harbour lights" in told.text
    assert "<html" not in told.text
    ana.post(path)
    assert "Music folder: It answers" in ana.get("/sources").text

    def refuse(*_: object) -> str:
        raise SourceError("It does not answer.")

    monkeypatch.setattr(sources, "test", refuse)
    assert "It does not answer." in ana.post(path, headers=beside).text


def test_folders_of_the_machine_are_looked_through(ana: FlaskClient, tmp_path: Path) -> None:
    for name in ("music", "music/Jazz", "music/.hidden", "music/Überraschung"):
        (tmp_path / name).mkdir()
    (tmp_path / "music/song.mp3").touch()
    told = ana.get("/sources/folders", query_string={"name": "folder", "folder": str(tmp_path / "music")}).text
    assert [plain(each) for each in re.findall(r"<li>(.*?)</li>", told, re.DOTALL)] == [
        f"Up to {tmp_path.name}",
        "Jazz",
        "Überraschung",
    ]
    assert f'value="{tmp_path / "music"}"' in told
    assert 'name="folder"' in told
    for strange in ("no/such", "\0", "~root/" + "x" * 5000, str(tmp_path / "music/song.mp3")):
        assert ana.get("/sources/folders", query_string={"path": strange}).status_code == 200


# --- leaving ----------------------------------------------------------------------------------------------------------


def test_removing_shows_what_each_way_does_in_numbers(ana: FlaskClient, numbers: dict[str, int]) -> None:
    page = plain(ana.get(f"/sources/{numbers['spotify']}/remove").text)
    assert "Everything it brought stays: 4 artists, 4 albums, 13 songs" in page
    assert "because nothing else knows it: 2 artists, 2 albums, 5 songs ." in page
    assert "because other sources know it too: 2 artists, 2 albums, 8 songs." in page


def test_an_archived_source_is_kept_and_brought_back(ana: FlaskClient, numbers: dict[str, int]) -> None:
    assert ana.post(f"/sources/{numbers['files']}/archive").status_code == 303
    page = ana.get("/sources").text
    assert "files" not in cards(page)
    assert re.search(r'data-archived="files".*4 artists, 4 albums, 15 songs', page, re.DOTALL)
    assert "Harbour lights" in ana.get("/library").text
    ana.post(f"/sources/{numbers['files']}/bring-back")
    assert "files" in cards(ana.get("/sources").text)


def test_erasing_takes_a_tick_and_begins_at_once(ana: FlaskClient, numbers: dict[str, int]) -> None:
    path = f"/sources/{numbers['spotify']}/erase"
    assert ana.post(path).headers["Location"].endswith("/remove")
    assert "Needs you" in cards(ana.get("/sources").text)["spotify"]
    ana.post(path, data={"sure": "yes"})
    page = ana.get("/sources").text
    assert "spotify" not in cards(page) or "Being erased" in cards(page)["spotify"]
    assert ana.post(f"/sources/{numbers['archived']}/erase", data={"sure": "yes"}).status_code == 303


def test_a_number_that_is_no_account_is_nothing(ana: FlaskClient) -> None:
    for path in ("remove", "runs", "runs/1", "settings"):
        assert ana.get(f"/sources/999/{path}").status_code == 404
    assert ana.get("/sources/held/999").status_code == 404
