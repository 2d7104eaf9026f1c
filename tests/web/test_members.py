"""Who lives here: invitations, roles, and the page on which somebody invited comes in."""

from __future__ import annotations

import hashlib
import html
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from aggregator import invites, listeners, members
from aggregator._host import erasing
from aggregator._host.run import House
from aggregator.library import merging
from aggregator.listeners import Listener, ListenerError
from aggregator.plugin import Credit, Edition
from aggregator.store import Store
from web import members as page

from . import seed
from .conftest import PASSWORD


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "throttle", listeners.Throttle())


@pytest.fixture
def ben(store: Store, ana: Listener) -> Listener:
    return listeners.create(store, "Ben", "member", PASSWORD)


def browser(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"name": name, "password": PASSWORD}).status_code == 303
    return client


def link(answer: str) -> str:
    """The way in, as the page shows it this once."""
    found = re.search(r'id="link" readonly value="http://localhost(/join/[^"]+)"', html.unescape(answer))
    assert found is not None
    return found[1]


def invited(client: FlaskClient, role: str = "member") -> str:
    return link(client.post("/members/invite", data={"role": role}).text)


def role_of(store: Store, listener: Listener) -> str:
    found = listeners.by_id(store, listener.id)
    assert found is not None
    return found.role


# --- coming in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["member", "owner"])
def test_a_link_lets_one_listener_in(client: FlaskClient, visitor: FlaskClient, store: Store, role: str) -> None:
    way = invited(client, role)
    assert "Ana invites you" in visitor.get(way).text
    assert visitor.post(way, data={"name": "Cleo", "password": PASSWORD}).headers["Location"] == "/welcome/start"
    assert visitor.get("/").status_code == 200
    assert [(one.name, one.role) for one in listeners.everyone(store)] == [("Ana", "owner"), ("Cleo", role)]


def test_a_link_is_good_once(client: FlaskClient, app: Flask, store: Store) -> None:
    way = invited(client)
    app.test_client().post(way, data={"name": "Cleo", "password": PASSWORD})
    again = app.test_client()
    for answer in (again.get(way), again.post(way, data={"name": "Dora", "password": PASSWORD})):
        assert answer.status_code == 404
        assert "used already, withdrawn, or has run out" in answer.text
    assert len(listeners.everyone(store)) == 2


def test_of_two_who_use_a_link_at_once_one_comes_in(client: FlaskClient, store: Store, ana: Listener) -> None:
    token = invites.make(store, ana.id, "member")

    def come(name: str) -> bool:
        try:
            return bool(invites.accept(store, token, name, PASSWORD))
        except ListenerError:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(come, ("Cleo", "Dora", "Eve", "Fay"))) == 1
    assert len(listeners.everyone(store)) == 2


def test_the_token_is_shown_once_and_kept_nowhere(client: FlaskClient, store: Store) -> None:
    made = client.post("/members/invite", data={"role": "member"}).text
    token = link(made).rpartition("/")[2]
    assert 'hx-history="false"' in made  # nor in the copy that htmx would keep for the way back
    assert token not in client.get("/members").text
    with store.read() as conn:
        kept = conn.exec_driver_sql("SELECT token_hash FROM invite").scalars().all()
    assert kept == [hashlib.sha256(token.encode()).hexdigest()]
    assert token.encode() not in (store.folder / "bandstand.db").read_bytes()


def test_a_link_ends_after_a_week(
    client: FlaskClient, visitor: FlaskClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    way, now = invited(client), time.time()
    monkeypatch.setattr(time, "time", lambda: now + invites.LIFE - 60)
    assert visitor.get(way).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + invites.LIFE + 60)
    assert visitor.get(way).status_code == 404
    assert invites.waiting(store) == []


def test_a_withdrawn_link_lets_nobody_in(client: FlaskClient, visitor: FlaskClient) -> None:
    way = invited(client)
    form = re.search(r'action="(/members/invites/\d+/withdraw)"', client.get("/members").text)
    assert form is not None
    assert client.post(form[1]).status_code == 303
    assert visitor.post(way, data={"name": "Cleo", "password": PASSWORD}).status_code == 404


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "Cleo", "password": "short"}, "at least 8 characters"),
        ({"name": " ana ", "password": PASSWORD}, "already called ana"),
        ({"name": "  ", "password": PASSWORD}, "1 to 80 characters"),
        ({}, "1 to 80 characters"),
    ],
)
def test_what_cannot_be_is_said_and_the_link_stays_good(
    client: FlaskClient, visitor: FlaskClient, form: dict[str, str], words: str
) -> None:
    way = invited(client)
    refused = visitor.post(way, data=form)
    assert refused.status_code == 422
    assert words in refused.text
    assert visitor.post(way, data={"name": "Cleo", "password": PASSWORD}).status_code == 303


def test_who_is_signed_in_does_not_use_up_a_link(client: FlaskClient, store: Store) -> None:
    way = invited(client)
    assert "You are in already" in client.get(way).text
    assert client.post(way, data={"name": "Cleo", "password": PASSWORD}).status_code == 403
    assert len(invites.waiting(store)) == 1


def test_trying_links_is_slowed_down(visitor: FlaskClient, client: FlaskClient) -> None:
    tried = [visitor.get(f"/join/guess-{n}").status_code for n in range(21)]
    assert tried == [404] * 20 + [429]
    assert visitor.get(invited(client)).status_code == 429


def test_another_site_cannot_use_a_link(client: FlaskClient, visitor: FlaskClient, store: Store) -> None:
    form = {"name": "Cleo", "password": PASSWORD}
    answer = visitor.post(invited(client), data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert len(listeners.everyone(store)) == 1


# --- a new password ---------------------------------------------------------------------------------------------------


def test_a_forgotten_password_is_replaced_by_a_link(
    client: FlaskClient, app: Flask, visitor: FlaskClient, ben: Listener
) -> None:
    his = browser(app, "Ben")
    first = link(client.post(f"/members/{ben.id}/password").text)
    way = link(client.post(f"/members/{ben.id}/password").text)
    assert visitor.get(first).status_code == 404  # the newer link ends the older
    assert "Hello, Ben" in visitor.get(way).text
    assert visitor.post(way, data={"password": "short"}).status_code == 422
    assert visitor.post(way, data={"password": "another long one"}).status_code == 303
    assert visitor.get("/").status_code == 200
    assert his.get("/").status_code == 302  # signed out
    assert listeners.check_password(app.extensions["store"], "Ben", PASSWORD) is None
    assert listeners.check_password(app.extensions["store"], "Ben", "another long one") == listeners.by_id(
        app.extensions["store"], ben.id
    )


# --- roles ------------------------------------------------------------------------------------------------------------


def test_roles_change_hands_but_an_owner_stays(client: FlaskClient, store: Store, ana: Listener, ben: Listener) -> None:
    refused = client.post(f"/members/{ana.id}/role", data={"role": "member"}, follow_redirects=True)
    assert "Ana is the only owner here" in refused.text
    client.post(f"/members/{ben.id}/role", data={"role": "owner"})
    assert role_of(store, ben) == "owner"
    assert client.post(f"/members/{ana.id}/role", data={"role": "member"}).headers["Location"] == "/"
    assert role_of(store, ana) == "member"
    assert client.get("/members").status_code == 403


def test_the_links_of_a_former_owner_end(store: Store, ana: Listener, ben: Listener) -> None:
    members.set_role(store, ben.id, "owner")
    token = invites.make(store, ben.id, "owner")
    members.set_role(store, ben.id, "member")
    assert invites.read(store, token) is None
    with pytest.raises(ListenerError, match="used already"):
        invites.accept(store, token, "Eve", PASSWORD)


def test_two_owners_cannot_demote_each_other_into_nobody(store: Store, ana: Listener, ben: Listener) -> None:
    members.set_role(store, ben.id, "owner")
    members.set_role(store, ana.id, "member")
    with pytest.raises(ListenerError, match="only owner"):
        members.set_role(store, ben.id, "member")


def test_an_owner_signs_a_member_out_everywhere(client: FlaskClient, app: Flask, ben: Listener) -> None:
    his = browser(app, "Ben")
    assert client.post(f"/members/{ben.id}/leave").status_code == 303
    assert his.get("/").status_code == 302


def items(store: Store) -> list[tuple[Any, ...]]:
    """The library without its provenance."""
    with store.read() as conn:
        names = {"artist": "name", "album": "title", "recording": "title"}
        found = [conn.exec_driver_sql(f"SELECT '{t}', id, {name} FROM {t} ORDER BY id") for t, name in names.items()]
        found.append(conn.exec_driver_sql("SELECT listener_id, kind, item_id, plays FROM shelf ORDER BY 1, 2, 3"))
        return [tuple(row) for rows in found for row in rows]


def test_who_is_removed_takes_along_what_is_theirs_alone(at_home: FlaskClient, house: Store) -> None:
    before = items(house)
    ben = listeners.create(house, "Ben", "member", PASSWORD)
    spotify = seed.connect(house, "spotify-2", "spotify", "Guilty pleasures", ben.id, {})
    lastfm = seed.connect(house, "lastfm-2", "lastfm", "Scrobbles", ben.id, {})
    late = Edition(id="x", title="Only Ben knows", credits=[Credit(name="Nora Quist")])
    seed.bring(house, spotify, "spotify-2", ben.id, [late, *seed.streamed()])
    seed.bring(house, lastfm, "lastfm-2", ben.id, seed.played(), what="history")
    merging.merge(house)
    assert [row for row in items(house) if row[2] == "Only Ben knows"]
    his = browser(at_home.application, "Ben")
    page = at_home.get(f"/members/{ben.id}/remove").text
    assert "<strong>22 plays</strong>" in page
    assert "Spotify and Last.fm" in page
    assert at_home.post(f"/members/{ben.id}/remove").headers["Location"] == f"/members#member-{ben.id}"
    assert "Signed in as Ben" in his.get("/settings").text  # nothing happens without the tick
    told = at_home.post(f"/members/{ben.id}/remove", data={"sure": "yes"}, follow_redirects=True).text
    assert "Ben is gone; what they brought is being taken out" in told
    assert "Signed in as Ben" not in his.get("/settings").text
    assert listeners.check_password(house, "Ben", PASSWORD) is None
    assert [one.name for one in listeners.everyone(house)] == ["Ana"]
    erasing.erase(House(house.folder, house), lambda *_: None)
    assert items(house) == before
    assert members.leavers(house) == []
    with house.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM account WHERE listener_id = ?", (ben.id,)).scalar() == 0


def test_a_later_listener_with_the_same_number_is_nobody_elses_session(at_home: FlaskClient, house: Store) -> None:
    ben = listeners.create(house, "Ben", "member", PASSWORD)
    his = browser(at_home.application, "Ben")
    members.remove(house, 1, ben.id)
    members.forget_leavers(house)
    cleo = listeners.create(house, "Cleo", "member", PASSWORD)
    assert cleo.id == ben.id
    assert "Signed in as Cleo" not in his.get("/settings").text


def test_some_are_not_let_go(client: FlaskClient, store: Store, ana: Listener, ben: Listener) -> None:
    with pytest.raises(ListenerError, match="only owner"):
        members.remove(store, ben.id, ana.id)
    members.set_role(store, ben.id, "owner")
    with pytest.raises(ListenerError, match="Ask another owner"):
        members.remove(store, ana.id, ana.id)
    with store.write() as conn:
        row = ("attic", "files", "Attic", ben.id)
        conn.exec_driver_sql(
            "INSERT INTO account (key, provider, name, listener_id, created_at, pinned) VALUES (?, ?, ?, ?, 1, 1)", row
        )
    answer = client.post(f"/members/{ben.id}/remove", data={"sure": "yes"}, follow_redirects=True)
    assert "take out “attic” and start again" in answer.text
    assert role_of(store, ben) == "owner"


def test_who_is_gone_or_never_was_is_said(client: FlaskClient) -> None:
    for what in ("role", "leave", "password", "remove"):
        answer = client.post(f"/members/99/{what}", data={"role": "owner"})
        assert answer.status_code == 404
        assert "not here any more" in answer.text


def test_the_list_names_services_and_not_what_they_are_called(client: FlaskClient, store: Store, ben: Listener) -> None:
    with store.write() as conn:
        row = ("spotify-2", "spotify", "Guilty pleasures", ben.id)
        conn.exec_driver_sql(
            "INSERT INTO account (key, provider, name, listener_id, created_at) VALUES (?, ?, ?, ?, 1)", row
        )
    shown = client.get("/members").text
    assert "Connected Spotify" in shown
    assert "Guilty pleasures" not in shown


def test_the_address_a_form_leaves_behind_is_the_page(client: FlaskClient, ben: Listener) -> None:
    assert client.get("/members/invite").headers["Location"] == "/members"
    assert client.get(f"/members/{ben.id}/password").headers["Location"] == f"/members#member-{ben.id}"
