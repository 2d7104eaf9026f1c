"""The door: passwords, the first owner, guessing, and the ways out."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from aggregator import listeners
from aggregator.config import Config, PinnedAccount
from aggregator.store import Store
from web import create_app, sign_in

from .conftest import PASSWORD


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins without failed attempts."""
    monkeypatch.setattr(sign_in, "throttle", listeners.Throttle())


def enter(client: FlaskClient, name: str = "Ana", password: str = PASSWORD, **more: str) -> int:
    return client.post("/sign-in", data={"name": name, "password": password, **more}).status_code


def test_name_and_password_open_the_door(visitor: FlaskClient, ana: object) -> None:
    assert visitor.get("/").status_code == 302
    assert enter(visitor, name=" ana ") == 303
    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize(("name", "password"), [("Ana", "wrong"), ("Nobody", PASSWORD), ("", "")])
def test_anything_else_does_not(visitor: FlaskClient, ana: object, name: str, password: str) -> None:
    answer = visitor.post("/sign-in", data={"name": name, "password": password})
    assert answer.status_code == 403
    assert "do not belong together" in answer.text
    assert visitor.get("/").status_code == 302


def test_guessing_is_slowed_down_in_words(visitor: FlaskClient, ana: object) -> None:
    assert [enter(visitor, password=f"guess {i}") for i in range(6)] == [403] * 5 + [429]
    answer = visitor.post("/sign-in", data={"name": "Ana", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many attempts. Wait 5 minutes" in answer.text


def test_one_guesser_does_not_lock_out_somebody_elsewhere(visitor: FlaskClient, ana: object) -> None:
    assert [enter(visitor, password=f"guess {i}") for i in range(6)][-1] == 429
    form = {"name": "Ana", "password": PASSWORD}
    elsewhere = visitor.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": "192.168.1.9"})
    assert elsewhere.status_code == 303


def test_many_names_from_one_place_are_slowed_down_too(visitor: FlaskClient, ana: object) -> None:
    assert [enter(visitor, name=f"name {i}") for i in range(21)] == [403] * 20 + [429]


def test_the_pause_ends() -> None:
    now = 0.0
    throttle = listeners.Throttle(seconds=60, clock=lambda: now)
    throttle.failed(["a"])
    assert throttle.wait({"a": 2}) == 0
    throttle.failed(["a"])
    assert throttle.wait({"a": 2, "b": 1}) == 60
    now = 61.0
    assert throttle.wait({"a": 2}) == 0


@pytest.mark.parametrize("wanted", ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example", "x"])
def test_the_way_after_signing_in_stays_inside(visitor: FlaskClient, ana: object, wanted: str) -> None:
    form = {"name": "Ana", "password": PASSWORD, "next": wanted}
    assert visitor.post("/sign-in", data=form).headers["Location"] == "/"


def test_the_first_owner_needs_the_code_of_the_terminal_once(visitor: FlaskClient, store: Store, data: Path) -> None:
    assert visitor.get("/").headers["Location"].startswith("/sign-in")
    assert visitor.get("/sign-in").headers["Location"] == "/welcome"
    code = listeners.owner_code(data)
    assert listeners.owner_code(data) == code
    assert stat.S_IMODE((data / "owner-code").stat().st_mode) == 0o600

    form = {"name": "Ana", "password": PASSWORD}
    assert visitor.post("/welcome", data={**form, "code": "wrong"}).status_code == 403
    assert visitor.post("/welcome", data={**form, "code": code, "password": "short"}).status_code == 403
    assert visitor.post("/welcome", data={**form, "code": code}).status_code == 303
    assert [(one.name, one.role) for one in listeners.everyone(store)] == [("Ana", "owner")]
    assert not (data / "owner-code").exists()
    assert visitor.get("/welcome").status_code == 404
    assert visitor.post("/welcome", data={**form, "name": "Eve", "code": code}).status_code == 404


def test_a_short_password_with_the_right_code_is_told_by_itself(visitor: FlaskClient, store: Store, data: Path) -> None:
    form = {"name": "Ana", "password": "short", "code": "wrong"}
    refused = visitor.post("/welcome", data=form).text
    assert "not the code" in refused
    assert "novalidate" in refused  # else the browser would hold the next try back, under words that are no longer true
    again = visitor.post("/welcome", data={**form, "code": listeners.owner_code(data)}).text
    assert "at least 8 characters" in again.partition("<label")[0]
    assert "not the code" not in again


@pytest.mark.parametrize("connected", [False, True])
def test_the_first_owner_is_asked_for_a_source_only_without_one(data: Path, store: Store, connected: bool) -> None:
    pinned = {"music": PinnedAccount(provider="files")} if connected else {}
    visitor = create_app(Config(data=data, path=data / "config.toml", accounts=pinned), store).test_client()
    form = {"name": "Ana", "password": PASSWORD, "code": listeners.owner_code(data)}
    page = visitor.post("/welcome", data=form, follow_redirects=True).text
    assert "Welcome." in page
    assert ("<h1>Point at a folder</h1>" in page) is not connected


def test_a_new_password_ends_other_sessions_but_not_this_one(client: FlaskClient, visitor: FlaskClient) -> None:
    enter(visitor)
    form = {"current": PASSWORD, "new": "another long one"}
    assert client.post("/settings/password", data=form).status_code == 303
    assert client.get("/settings").status_code == 200
    assert visitor.get("/settings").status_code == 302
    assert enter(visitor) == 403
    assert enter(visitor, password="another long one") == 303


def test_leaving_takes_what_the_tab_remembers_along(client: FlaskClient) -> None:
    answer = client.post("/sign-out")
    assert "storage" in answer.headers["Clear-Site-Data"]
    assert client.get("/").status_code == 302
