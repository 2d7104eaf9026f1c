"""Search: the library at once, the services after it, each by its name."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from aggregator import listeners, sources
from aggregator.plugin import Artist, Credit, Edition
from aggregator.sources import LiveAnswer
from aggregator.store import Store

from . import seed

PILL = {"HX-Request": "true", "HX-Target": "hits"}


def test_the_pill_gets_hits_alone_and_enter_a_page(at_home: FlaskClient) -> None:
    hits = at_home.get("/search?q=nina", headers=PILL).text
    assert "Niña del alba" in hits
    assert "<main" not in hits
    page = at_home.get("/search?q=nina").text
    assert "<main" in page
    assert "Niña del alba" in page


def test_shows_are_found_by_who_plays(at_home: FlaskClient, ids: dict[str, int]) -> None:
    assert f'href="/shows/{ids["show Halden"]}"' in at_home.get("/search?q=hald", headers=PILL).text


def test_nothing_is_said_to_be_nothing(at_home: FlaskClient) -> None:
    assert "Nothing in your library is called “zzz &lt;b&gt;”" in at_home.get("/search?q=zzz <b>", headers=PILL).text
    assert at_home.get("/search?q=  ", headers=PILL).text.strip() == ""


def test_services_answer_each_by_its_name(at_home: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Edition(id="1", title="Glass weather", credits=[Credit(name="Halden")], url="https://spotify.example/1"),
        Artist(id="2", name="Glass"),
    ]
    answers = [
        LiveAnswer(1, "Spotify", "spotify", found, None),
        LiveAnswer(2, "Last.fm", "lastfm", [], "Last.fm did not answer within 3 seconds."),
        LiveAnswer(3, "Attic", "files", [], None),
    ]
    monkeypatch.setattr(sources, "ask_live", lambda *args, **more: answers)
    page = at_home.get("/search/services?q=glass").text
    assert page.index("Spotify") < page.index("Glass weather") < page.index("Last.fm did not answer")
    assert "Album by Halden" in page
    assert "Attic knows nothing called “glass”" in page


def test_services_that_know_nothing_share_a_line(at_home: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("Spotify", "Last.fm", "Attic")
    answers = [LiveAnswer(n, name, name, [], None) for n, name in enumerate(names)]
    monkeypatch.setattr(sources, "ask_live", lambda *args, **more: answers)
    page = at_home.get("/search/services?q=glass").text
    assert "Spotify, Last.fm and Attic know nothing called “glass”." in page
    assert "<h2" not in page


def test_the_best_hit_decides_what_comes_first(at_home: FlaskClient) -> None:
    def heads(text: str) -> list[str]:
        return re.findall(r"hits-head\">(\w+)<", at_home.get(f"/search?q={text}", headers=PILL).text)

    assert heads("nora quist")[0] == "Artists"
    assert heads("the tin orchard")[0] == "Artists"
    assert heads("glass weather")[0] == "Albums"
    assert heads("salt") == ["Songs"]


def test_two_accounts_of_one_service_answer_once(at_home: FlaskClient, house: Store) -> None:
    ana = listeners.everyone(house)[0].id
    with house.write() as conn:
        conn.exec_driver_sql("UPDATE account SET state = 'ready'")
    seed.connect(house, "a-shared-spotify", "spotify", "Everybody's Spotify", None, {})
    old_phone = seed.connect(house, "old-phone", "spotify", "Old phone", ana, {})
    able = sources.able(house, ana, "search")
    assert old_phone in able
    with house.read() as conn:
        named = dict(
            conn.exec_driver_sql("SELECT id, provider || ' of ' || COALESCE(listener_id, 'all') FROM account").all()
        )
    assert [named[each] for each in able].count(f"spotify of {ana}") == 2
    assert [named[each] for each in sources.searchable(house, ana)].count(f"spotify of {ana}") == 1
    assert "spotify of all" not in [named[each] for each in sources.searchable(house, ana)]
