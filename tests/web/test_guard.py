"""Who may ask for what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from aggregator import listeners
from aggregator.config import Config, Server
from aggregator.store import Store
from web import create_app, guard


def address(rule: Rule) -> str:
    """The rule with something in every gap."""
    return re.sub(r"<(?:int:)?\w+>", "1", re.sub(r"<any\((\w+).*?\):\w+>", r"\1", rule.rule))


def test_every_page_but_the_listed_ones_demands_a_listener(app: Flask, visitor: FlaskClient, ana: object) -> None:
    walked = 0
    for rule in app.url_map.iter_rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if rule.endpoint in guard.OPEN:
                continue
            answer = visitor.open(address(rule), method=method)
            refused = answer.status_code == 401 or answer.headers.get("Location", "").startswith("/sign-in")
            assert refused, f"{method} {rule} answered {answer.status}"
            walked += 1
    assert walked > 15


def test_the_open_list_names_only_what_exists(app: Flask) -> None:
    assert set(app.view_functions) >= guard.OPEN


def test_a_page_asked_for_is_reached_after_signing_in(visitor: FlaskClient, ana: object) -> None:
    answer = visitor.get("/settings?x=1")
    assert answer.headers["Location"] == "/sign-in?next=/settings?x%3D1"


@pytest.mark.parametrize("path", ["/", "/nothing", "/sign-in", "/sleeves/0123abcd.svg"])
def test_every_answer_carries_the_policy(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_pages_hold_nothing_inline() -> None:
    inline = re.compile(r"<style|\sstyle=|\son(?:click|load|error|input|change|submit)=|<script(?![^>]*src=)")
    for path in Path(guard.__file__).parent.rglob("*.html"):
        assert not inline.search(path.read_text()), path


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
)
def test_another_site_cannot_act_for_the_listener(
    client: FlaskClient, store: Store, ana: listeners.Listener, headers: dict[str, str]
) -> None:
    answer = client.post("/settings/listening", data={"own_after_plays": "9"}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    found = listeners.by_id(store, ana.id)
    assert found and found.preferences.own_after_plays == 5


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}])
def test_its_own_pages_can(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/settings/listening", data={"own_after_plays": "9"}, headers=headers).status_code == 303


def test_cookies_are_shy(visitor: FlaskClient, ana: object) -> None:
    form = {"name": "Ana", "password": "a long enough one"}
    cookie = visitor.post("/sign-in", data=form).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert "Secure" in visitor.post("/sign-in", data=form, base_url="https://localhost").headers["Set-Cookie"]


# --- the demo signs its visitor in by itself, from this very machine only ---------------------------------------------


def demo(data: Path, store: Store, host: str = "127.0.0.1") -> FlaskClient:
    return create_app(Config(data=data, path=None, server=Server(host=host)), store).test_client()


def test_the_demo_signs_in_its_visitor(data: Path, store: Store, ana: object) -> None:
    for host in ("localhost", "127.0.0.1:8484", "[::1]:8484"):
        assert demo(data, store).get("/", base_url=f"http://{host}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{name: "127.0.0.1"} for name in guard.FORWARDING] + [{"Host": "bandstand.example"}, {"Host": "10.0.0.7"}],
)
def test_but_nobody_who_comes_through_a_proxy_or_by_another_name(
    data: Path, store: Store, ana: object, headers: dict[str, str]
) -> None:
    assert demo(data, store).get("/", headers=headers).status_code == 302


def test_nor_from_another_machine(data: Path, store: Store, ana: object) -> None:
    assert demo(data, store).get("/", environ_base={"REMOTE_ADDR": "192.168.1.9"}).status_code == 302
    assert demo(data, store, host="0.0.0.0").get("/").status_code == 302


def test_nor_into_ones_own_bandstand(visitor: FlaskClient, ana: object) -> None:
    assert visitor.get("/").status_code == 302
    assert visitor.post("/sign-in/demo").status_code == 403


def test_signing_out_of_the_demo_holds(data: Path, store: Store, ana: object) -> None:
    client = demo(data, store)
    client.post("/sign-out")
    assert client.get("/").status_code == 302
    assert "Look around as Ana" in client.get("/sign-in").text
    client.post("/sign-in/demo")
    assert client.get("/").status_code == 200


def test_a_piece_of_a_page_says_what_is_wrong_in_its_place(client: FlaskClient) -> None:
    piece = client.get("/albums/999", headers={"HX-Request": "true"})
    assert (piece.status_code, "<main" in piece.text) == (404, False)
    assert "not in your library" in piece.text
    whole = client.get("/albums/999", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert "<main" in whole.text
    assert whole.headers["HX-Retarget"] == "#main"
