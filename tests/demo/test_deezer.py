"""The sample of Deezer answers as Deezer does: lists with `next`, and errors that say 200."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from aggregator.demo.deezer import number_of
from aggregator.demo.service import Running

Json = dict[str, Any]
MARROW = f"/artist/{number_of('artist', 'marrow-quince')}"


def ask(service: Running, path: str, **query: Any) -> Json:
    answer = requests.get(service.url + path, params=query, timeout=5)
    assert answer.status_code == 200
    body: Json = answer.json()
    return body


def test_an_artist_is_found_and_has_neighbours(deezer: Running) -> None:
    [hit] = ask(deezer, "/search/artist", q="marrow")["data"]
    assert hit["name"] == "Marrow & Quince" and hit["type"] == "artist"
    near = ask(deezer, f"/artist/{hit['id']}/related")["data"]
    assert len(near) == 8 and hit["id"] not in {act["id"] for act in near}


def test_lists_lead_to_their_next_page(deezer: Running) -> None:
    page, titles = ask(deezer, f"{MARROW}/albums", limit=1), []
    while True:
        titles += [album["title"] for album in page["data"]]
        if "next" not in page:
            break
        page = requests.get(page["next"], timeout=5).json()
    assert titles == ["Orange Enamel", "Kitchen Weather"] and page["total"] == 2 and "prev" in page


def test_the_radio_of_an_artist_has_previews_that_play_and_end(deezer: Running) -> None:
    songs = ask(deezer, f"{MARROW}/radio")["data"]
    assert len(songs) == 25 and len({song["artist"]["id"] for song in songs}) > 3
    preview = next(song["preview"] for song in songs if song["preview"])
    played = requests.get(preview, timeout=5)
    assert played.headers["Content-Type"] == "audio/mpeg" and played.content[:3] == b"ID3"
    assert requests.get(preview.partition("?")[0], timeout=5).status_code == 403


def test_a_song_by_its_isrc_and_an_album_by_its_upc(deezer: Running) -> None:
    song = ask(deezer, "/track/isrc:ZZBND2100001")
    assert song["title"] == "Kerosene Waltz" and song["album"]["title"] == "Harbour Lamps"
    album = ask(deezer, f"/album/{song['album']['id']}")
    assert ask(deezer, f"/album/upc:{album['upc']}")["id"] == album["id"]
    assert len(album["tracks"]["data"]) == album["nb_tracks"] == 4


@pytest.mark.parametrize(("path", "code"), [("/artist/1", 800), ("/album/x", 500), ("/search/artist", 501)])
def test_errors_say_200(deezer: Running, path: str, code: int) -> None:
    assert ask(deezer, path)["error"]["code"] == code


def test_an_unknown_path_is_a_word(deezer: Running) -> None:
    answer = requests.get(f"{deezer.url}/nope", timeout=5)
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


def test_the_quota_is_fifty_questions_in_five_seconds() -> None:
    with Running("deezer") as service, requests.Session() as session:
        codes = [session.get(service.url + MARROW, timeout=5).json().get("error", {}).get("code") for _ in range(55)]
    assert codes == [None] * 50 + [4] * 5


def test_trouble_on_demand(deezer: Running) -> None:
    deezer.switch(status=429)
    assert ask(deezer, MARROW)["error"]["code"] == 4
    deezer.switch(status=503)
    assert requests.get(deezer.url + MARROW, timeout=5).status_code == 503
    deezer.switch(shrink=0)
    assert ask(deezer, f"{MARROW}/albums") == {"data": [], "total": 0}
    deezer.switch(loop_next=True)
    page = ask(deezer, f"{MARROW}/albums", limit=1)
    assert requests.get(page["next"], timeout=5).json()["data"] == page["data"]
