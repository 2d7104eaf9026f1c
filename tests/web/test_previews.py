"""Samples of what is new: from a real sample service, through the steward and the page, into a browser's ears."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert, select, update

from aggregator import fetching, listeners, previews
from aggregator._host import control
from aggregator._host.steward import Steward
from aggregator.config import Config
from aggregator.demo.deezer import number_of
from aggregator.demo.service import Running
from aggregator.library import merging
from aggregator.library.claims import Intake
from aggregator.plugin import Artist, Audio, Credit, Edition, Track
from aggregator.store import Store, open_store
from aggregator.store.schema import answer, claim, link, recommended
from web import create_app

from . import seed
from .conftest import PASSWORD

MARROW = Credit(name="Marrow & Quince", id="a", ids={"deezer": str(number_of("artist", "marrow-quince"))})


@pytest.fixture(scope="module")
def deezer() -> Iterator[Running]:
    with Running("deezer") as service:
        yield service


@pytest.fixture(autouse=True)
def well(deezer: Running) -> None:
    deezer.switch()


@pytest.fixture(scope="module")
def shop(empty: Path, deezer: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ana, to whom an album, its artist, a song and something nobody sells are recommended; Ben, who has his own."""
    folder = tmp_path_factory.mktemp("shop") / "data"
    shutil.copytree(empty, folder)
    store = open_store(folder)
    ana = listeners.create(store, "Ana", "owner", PASSWORD)
    ben = listeners.create(store, "Ben", "member", PASSWORD)
    account = seed.connect(store, "deezer", "deezer", "Deezer", None, {"address": deezer.url})
    ids = {"deezer": str(number_of("album", "orange-enamel"))}
    _named(store, account, [
        Artist(id="a", name=MARROW.name, ids=MARROW.ids),
        Edition(id="e", title="Orange Enamel", credits=[MARROW], ids=ids, url="https://www.deezer.com/album/7"),
        Edition(id="n", title="Nobody Sells This", credits=[MARROW]),
        Track(id="t", title="Saucepan Symphony", credits=[MARROW], url="https://www.deezer.com/track/8"),
    ])  # fmt: skip
    with store.write() as conn:
        for rank, (kind, pid) in enumerate((("album", "e"), ("artist", "a"), ("album", "n"))):
            item = conn.scalar(select(claim.c.id).where(claim.c.kind == kind, claim.c.pid == pid))
            why = {"score": 1.0, "reasons": '[["chart"]]', "made_at": int(time.time())}
            conn.execute(insert(recommended).values(listener_id=ana.id, kind=kind, rank=rank, item_id=item, **why))
    bens = seed.connect(store, "bens", "spotify", "Ben's", ben.id, {})
    secret = Track(id="s", title="Ben's own", credits=[MARROW], audio=Audio(path="s.mp3", codec="mp3", size=4))
    seed.bring(store, bens, "bens", ben.id, [secret])
    merging.merge(store)
    store.close()
    return folder


def _named(store: Store, account: int, records: list[Any]) -> None:
    """As recommendations claim what a service named."""
    with store.write() as conn:
        Intake(account, "deezer", None, None, int(time.time())).take(conn, records)
        conn.execute(update(claim).where(claim.c.account_id == account).values(scope="discovery"))


@pytest.fixture
def made(shop: Path) -> Path:
    return shop


@pytest.fixture
def app(store: Store) -> Iterator[Flask]:
    """As in the demo, whose services may be on this machine, with a steward that answers."""
    config = Config(data=store.folder, path=None)
    steward = Steward(config)
    with control.Server(store.folder, steward._answer):
        yield create_app(config, store)
    steward._house.warm.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return _signed_in(app, "Ana")


def _signed_in(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    assert client.post("/sign-in", data={"name": name, "password": PASSWORD}).status_code == 303
    return client


@pytest.fixture
def ids(store: Store) -> dict[str, int]:
    with store.read() as conn:
        rows = conn.execute(select(claim.c.pid, link.c.item_id).join(link, link.c.claim_id == claim.c.id))
        return {row.pid: row.item_id for row in rows}


def _songs(client: FlaskClient, kind: str, item: int) -> list[dict[str, Any]]:
    answer = client.get(f"/previews/{kind}/{item}", headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    songs: list[dict[str, Any]] = answer.json["songs"]
    return songs


def _plays(store: Store) -> int:
    with store.read() as conn:
        return int(conn.exec_driver_sql("SELECT COUNT(*) FROM claim WHERE kind = 'play'").scalar_one()) + int(
            conn.exec_driver_sql("SELECT COUNT(*) FROM play_total").scalar_one()
        )


# --- what can be heard ------------------------------------------------------------------------------------------------


def test_an_album_an_artist_and_a_song_are_heard_as_mp3s_of_thirty_seconds(client, ids, deezer):
    for kind, pid in (("albums", "e"), ("artists", "a"), ("tracks", "t")):
        songs = _songs(client, kind, ids[pid])
        assert songs and all(song["preview"] and song["chip"] == "Preview from Deezer" for song in songs)
        assert len(songs) <= previews.SONGS
        sound = client.get(songs[0]["src"])
        assert (sound.status_code, sound.content_type) == (200, "audio/mpeg") and len(sound.data) > 50_000
    assert [song["title"] for song in _songs(client, "tracks", ids["t"])] == ["Saucepan Symphony"]


def test_browsers_get_parts_of_it(client, ids):
    source = _songs(client, "albums", ids["e"])[0]["src"]
    whole = client.get(source).data
    part = client.get(source, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.data) == (206, whole[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"


def test_which_songs_have_one_is_kept_and_their_addresses_are_not(app, client, ids, store, deezer):
    asked = len(deezer.log())
    source = _songs(client, "albums", ids["e"])[0]["src"]
    assert len(deezer.log()) - asked == 1
    assert _songs(client, "albums", ids["e"])[0]["src"] == source and len(deezer.log()) - asked == 1
    with store.read() as conn:
        kept = conn.execute(select(answer.c.payload).where(answer.c.method == "previews")).scalar_one()
    assert "Saucepan Symphony" in kept and "hdnea" not in kept and "/stream/" not in kept
    client.get(source), client.get(source)
    paths = [each["path"].split("/")[1] for each in deezer.log()[asked + 1 :]]
    assert paths == ["track", "stream"], "signed anew right before it plays, and fetched once"
    app.extensions["clips"] = previews.Clips(store, demo=True)
    assert client.get(source).status_code == 200, "by an address of its own, each time"


def test_nothing_of_another_listeners_is_heard_or_asked_for(app, ids, deezer):
    asked = len(deezer.log())
    for name, kind, pid, status in (("Ana", "tracks", "s", 404), ("Ben", "tracks", "s", 200)):
        assert _signed_in(app, name).get(f"/previews/{kind}/{ids[pid]}/1/2").status_code == 404
        if status == 404:
            assert "not in Bandstand" in _signed_in(app, name).get(f"/previews/{kind}/{ids[pid]}").text
            assert len(deezer.log()) == asked
    assert len(deezer.log()) > asked, "Ben's own was asked for, and is not sold"


def test_only_what_was_listed_is_fetched(client, ids, deezer):
    source = _songs(client, "albums", ids["e"])[0]["src"]
    asked = len(deezer.log())
    for odd in (source.rpartition("/")[0] + "/1", source.rpartition("/")[0] + "/../../user/1"):
        answer = client.get(odd, headers={"Accept": "application/json"})
        assert answer.status_code == 404
    assert len(deezer.log()) == asked


def test_pages_say_where_it_can_be_had(client, ids):
    """Pages of services as they gave them; shops only as what they are, searches."""
    album = client.get(f"/albums/{ids['e']}").text
    assert "Where to get it" in album and "Look on Bandcamp" in album
    assert 'href="https://bandcamp.com/search?q=Marrow+%26+Quince+Orange+Enamel"' in album.replace("&amp;", "&")
    assert 'href="https://www.deezer.com/album/7"' in album and "Open in Deezer" in album
    assert "Look on Discogs" in client.get(f"/artists/{ids['a']}").text
    song = client.get(f"/tracks/{ids['t']}").text
    assert "Look on Bandcamp" in song and 'href="https://www.deezer.com/track/8"' in song


# --- trouble, in words ------------------------------------------------------------------------------------------------


def _error(client: FlaskClient, address: str) -> str:
    answer = client.get(address, headers={"Accept": "application/json"})
    assert answer.status_code == 404
    return str(answer.json["error"])


def test_what_has_none_says_so(client, ids):
    assert _error(client, f"/previews/albums/{ids['n']}") == "Deezer has no preview of “Nobody Sells This”."


def test_a_service_that_is_silent_or_asks_for_silence_says_so(client, ids, deezer):
    deezer.switch(status=500)
    assert "Deezer" in _error(client, f"/previews/albums/{ids['e']}")
    deezer.switch(status=429)
    first = _error(client, f"/previews/albums/{ids['e']}")
    asked = len(deezer.log())
    assert first.startswith("No preview now. ") and "fewer" in first and "Try again" in first
    assert _error(client, f"/previews/artists/{ids['a']}").startswith("No preview now. ")
    assert len(deezer.log()) == asked, "it is left alone"


@pytest.mark.parametrize(
    ("switches", "words"),
    [
        ({"html": True, "status": 403}, "had expired at Deezer. Press Preview again."),
        ({"html": True}, "sent something else than sound"),
        ({"html": True, "status": 500}, "did not arrive from Deezer: 127.0.0.1 answered 500."),
    ],
)
def test_a_sample_that_does_not_come_says_why(client, ids, deezer, switches, words):
    source = _songs(client, "albums", ids["e"])[0]["src"]
    deezer.switch(**switches, only="/stream")
    assert words in _error(client, source)
    deezer.switch()
    assert client.get(source).status_code == 200, "and comes when it does"


def test_what_is_too_large_or_leads_inside_is_not_fetched(deezer):
    tracks = requests.get(f"{deezer.url}/artist/{MARROW.ids['deezer']}/top", timeout=5).json()["data"]
    address = next(track["preview"] for track in tracks if track["preview"])
    demo = fetching.Place((), deezer.url)
    with fetching.session() as session:
        assert fetching.fetch(session, address, demo, previews.MOST_BYTES)[1] == "audio/mpeg"
        with pytest.raises(fetching.NotFetched, match="too large"):
            fetching.fetch(session, address, demo, 10_000)
        with pytest.raises(fetching.NotFetched, match="Only https"):
            fetching.fetch(session, address, fetching.Place(("127.0.0.1",), None), previews.MOST_BYTES)
        with pytest.raises(fetching.NotFetched, match="private network"):
            inside = address.replace("http://", "https://")
            fetching.fetch(session, inside, fetching.Place(("127.0.0.1",), None), previews.MOST_BYTES)


def test_no_button_where_no_source_has_samples(client, store, ids):
    assert "/previews/" in client.get("/discover").text and "/previews/" in client.get(f"/albums/{ids['e']}").text
    with store.write() as conn:
        conn.exec_driver_sql("UPDATE account SET enabled = 0 WHERE key = 'deezer'")
    assert "/previews/" not in client.get("/discover").text
    assert "None of your connected services plays previews" in _error(client, f"/previews/albums/{ids['e']}")


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.fixture
def page(browser: Browser, address: str, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    context = browser.new_context(**{**browser_context_args, "base_url": address})
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_a_preview_is_heard_on_discover_and_counts_as_nothing(page: Page, store: Store) -> None:
    before = _plays(store)
    page.goto("/discover")
    page.get_by_role("button", name="Preview Orange Enamel").click()
    audio = page.locator("audio")
    expect(page.locator("#player-credit")).to_have_text("Preview · Marrow & Quince")
    expect(audio).not_to_have_js_property("currentTime", 0)
    at = audio.evaluate("audio => audio.currentTime")
    expect(audio).not_to_have_js_property("currentTime", at)
    assert "/previews/albums/" in audio.evaluate("audio => audio.currentSrc")
    page.get_by_role("button", name="Preview Nobody Sells This").click()
    expect(page.locator("#player-trouble")).to_have_text("Deezer has no preview of “Nobody Sells This”.")
    expect(audio).to_have_js_property("paused", False)
    for _ in range(previews.SONGS):
        page.keyboard.press("n")
    expect(page.get_by_role("button", name="Next song")).to_be_disabled()
    expect(audio).to_have_js_property("readyState", 4)
    audio.evaluate("audio => { audio.currentTime = 25; audio.playbackRate = 8; }")
    expect(audio).to_have_js_property("ended", True)
    assert _plays(store) == before
    page.reload()
    expect(page.locator("#player")).to_be_hidden()
