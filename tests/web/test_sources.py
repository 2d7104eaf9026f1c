"""The Sources page: how each account fares, in words, and what can be asked of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from aggregator import listeners, sources
from aggregator.store import Store

from . import seed

WORDS = "Spotify no longer accepts this sign-in"


def states(page: str) -> dict[str, str]:
    return {key: state for state, key in re.findall(r'data-state="([^"]+)" data-key="([^"]+)"', page)}


def number(house: Store, key: str) -> int:
    with house.read() as conn:
        return int(conn.exec_driver_sql("SELECT id FROM account WHERE key = ?", (key,)).scalar_one())


def test_each_account_says_how_it_fares(at_home: FlaskClient) -> None:
    page = at_home.get("/sources").text
    assert states(page) == {
        "files": "ready",
        "gigs": "ready",
        "lastfm": "ready",
        "spotify": "needs the listener",
    }
    assert "4 sources; one needs you." in page
    assert WORDS in page
    assert "Live/intro.mp3: the file ends in the middle" in page
    assert WORDS in at_home.get("/").text


def test_progress_is_shown_until_nothing_runs(at_home: FlaskClient, house: Store) -> None:
    assert "every 1s" not in at_home.get("/sources").text
    at_home.post(f"/sources/{number(house, 'files')}/sync")
    page = at_home.get("/sources").text
    pulse = re.search(r'hx-get="(/sources/pulse\?seen=\w+)" hx-trigger="every 1s"', page)
    assert pulse is not None
    with house.write() as conn:
        change = "state = 'running', done = 7, total = 20, doing = 'Harbour lights'"
        conn.exec_driver_sql(f"UPDATE run SET {change} WHERE state = 'queued'")
    part = at_home.get(pulse[1])
    assert "HX-Retarget" not in part.headers
    assert re.search(r"Harbour lights</span>\s*<span class=\"quiet\">7 of 20", part.text)
    with house.write() as conn:
        conn.exec_driver_sql("UPDATE run SET state = 'done', finished_at = 1 WHERE state = 'running'")
    done = at_home.get(pulse[1])
    assert done.headers["HX-Retarget"] == "#cards"
    assert "every 1s" not in done.text


def test_a_folder_is_connected_and_a_wrong_one_refused_in_words(
    at_home: FlaskClient, house: Store, tmp_path: Path
) -> None:
    assert 'value="Music folder 2"' in at_home.get("/sources/new/files").text, "one of that name is there"
    wrong = at_home.post("/sources/new/files", data={"account_name": "Attic", "folder": ""})
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.text
    right = at_home.post("/sources/new/files", data={"account_name": "Attic", "folder": str(tmp_path)})
    assert right.status_code == 303
    page = at_home.get("/sources").text
    assert states(page)["files-2"] == "ready"
    assert ">Attic</h2>" in page


def test_into_the_demo_nothing_of_ones_own_is_let(at_home: FlaskClient, house: Store, tmp_path: Path) -> None:
    (house.folder / "demo.json").write_text("{}")
    before = states(at_home.get("/sources").text)
    for address in ("/sources/new/files", f"/sources/{number(house, 'files')}/settings"):
        for page in (at_home.get(address), at_home.post(address, data={"folder": str(tmp_path)})):
            assert "This is the demo" in page.text
            assert "config.example.toml" in page.text
            assert 'name="folder"' not in page.text
    assert states(at_home.get("/sources").text) == before


def test_a_removal_held_back_waits_for_a_word(at_home: FlaskClient, house: Store) -> None:
    seed.bring(house, number(house, "files"), "files", None, [])
    page = at_home.get("/sources").text
    assert "The answer was empty" in page
    question = re.search(r'href="(/sources/held/\d+)"', page)
    assert question is not None
    assert question[1] in at_home.get("/").text
    told = at_home.get(question[1]).text
    assert "Harbour lights" in told
    assert "Stays in your library: Spotify has it too" in told
    assert at_home.post(question[1], data={"answer": "no"}).status_code == 303
    assert "The answer was empty" not in at_home.get("/sources").text
    assert "answered with no" in at_home.get(question[1]).text
    assert at_home.post(question[1], data={"answer": "yes"}).status_code == 404


def test_members_do_not_touch_what_is_not_theirs(at_home: FlaskClient, house: Store) -> None:
    listeners.create(house, "Ben", "member", "a long enough one")
    ben = at_home.application.test_client()
    ben.post("/sign-in", data={"name": "Ben", "password": "a long enough one"})
    assert states(ben.get("/sources").text) == {"files": "ready", "gigs": "ready"}
    hers = number(house, "spotify")
    for path in ("sync", "switch", "sign-in", "settings"):
        assert ben.post(f"/sources/{hers}/{path}").status_code == 404
    assert ben.get("/sources/new/files").status_code == 404
    assert WORDS not in ben.get("/").text


# --- signing in at a service ------------------------------------------------------------------------------------------


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """A service's own page; what comes back from it is collected."""
    returned: list[dict[str, str]] = []
    monkeypatch.setattr(sources, "begin_sign_in", lambda *args: f"https://service.example/allow?state={args[-1]}")
    monkeypatch.setattr(sources, "finish_sign_in", lambda *args: returned.append(args[-1]))
    return returned


def test_signing_in_again_leads_there_and_back(
    at_home: FlaskClient, house: Store, service: list[dict[str, str]]
) -> None:
    spotify = number(house, "spotify")
    plain = at_home.post(f"/sources/{spotify}/sign-in")
    assert "Continue to Spotify" in plain.text
    boosted = at_home.post(f"/sources/{spotify}/sign-in", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert boosted.status_code == 204
    state = boosted.headers["HX-Redirect"].partition("state=")[2]
    answer = at_home.get("/sources/signed-in", query_string={"state": state, "code": "granted"})
    assert answer.headers["Location"] == f"/sources#source-{spotify}"
    assert service == [{"state": state, "code": "granted"}]
    again = at_home.get("/sources/signed-in", query_string={"state": state, "code": "granted"})
    assert again.status_code == 403


def test_a_return_that_nobody_began_is_refused(at_home: FlaskClient, service: list[dict[str, str]]) -> None:
    answer = at_home.get("/sources/signed-in?state=4.stolen&code=x")
    assert answer.status_code == 403
    assert "not begun here" in answer.text
    assert service == []
