"""The sample of ListenBrainz: bounds that are excluded, answers not there yet, headers that count calls."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from aggregator.demo.catalogue import ARTISTS
from aggregator.demo.listenbrainz import DATASETS, user_token
from aggregator.demo.service import Running
from aggregator.demo.world import build
from tests.demo.conftest import NOW

Json = dict[str, Any]
LISTENS = "/1/user/robin_demo/listens"
PLAYS = [play.at for play in build(NOW).lastfm["robin_demo"].plays]


def ask(service: Running, path: str, token: str = "", **query: Any) -> requests.Response:
    signed = {"Authorization": f"Token {token}"} if token else {}
    return requests.get(service.url + path, params=query, headers=signed, timeout=5)


def moments(service: Running, **query: Any) -> list[int]:
    payload = ask(service, LISTENS, **query).json()["payload"]
    assert payload["count"] == len(payload["listens"])
    return [listen["listened_at"] for listen in payload["listens"]]


def test_listens_come_newest_first_and_bounds_are_excluded(listenbrainz: Running) -> None:
    assert moments(listenbrainz) == PLAYS[:-26:-1]
    assert moments(listenbrainz, max_ts=PLAYS[-3], count=2) == [PLAYS[-4], PLAYS[-5]]
    assert moments(listenbrainz, min_ts=PLAYS[4], count=2) == [PLAYS[6], PLAYS[5]]
    assert moments(listenbrainz, min_ts=PLAYS[4], max_ts=PLAYS[7]) == [PLAYS[6], PLAYS[5]]
    assert len(moments(listenbrainz, count=5000)) == 1000


@pytest.mark.parametrize(
    ("query", "words"), [({"max_ts": "x"}, "max_ts"), ({"min_ts": 9, "max_ts": 5}, "greater"), ({"count": "x"}, "")]
)
def test_questions_that_make_no_sense(listenbrainz: Running, query: Json, words: str) -> None:
    answer = ask(listenbrainz, LISTENS, **query)
    assert answer.status_code == 400 and words in answer.json()["error"]


def test_private_listens_want_the_right_token(listenbrainz: Running) -> None:
    path = "/1/user/old_ferryman/listens"
    statuses = [ask(listenbrainz, path, token).status_code for token in ("", "wrong", user_token("old_ferryman"))]
    assert statuses == [401, 401, 200]
    assert ask(listenbrainz, "/1/validate-token", user_token("sam_demo")).json()["user_name"] == "sam_demo"
    assert ask(listenbrainz, "/1/validate-token", "wrong").json()["valid"] is False


def test_what_is_not_there(listenbrainz: Running) -> None:
    unknown = ask(listenbrainz, "/1/user/nobody/listens")
    assert (unknown.status_code, unknown.json()) == (404, {"code": 404, "error": "Cannot find user: nobody"})
    with Running("listenbrainz", now=NOW, since=NOW) as new:
        unready = ask(new, "/1/stats/user/sam_demo/artists")
    assert (unready.status_code, unready.content) == (204, b"")


def test_people_and_their_favourites(listenbrainz: Running) -> None:
    assert "sam_demo" in ask(listenbrainz, "/1/user/robin_demo/following").json()["following"]
    assert "juniper_k" in ask(listenbrainz, "/1/user/robin_demo/followers").json()["followers"]
    best = ask(listenbrainz, "/1/stats/user/robin_demo/artists", count=3, range="all_time").json()["payload"]
    counts = [artist["listen_count"] for artist in best["artists"]]
    assert counts == sorted(counts, reverse=True) and len(counts) == 3


def test_similar_artists_are_of_a_dataset_that_must_be_named(listenbrainz: Running) -> None:
    known = ARTISTS["paper-lighthouses"].mbid
    near = ask(listenbrainz, "/similar-artists/json", artist_mbids=known, algorithm=DATASETS[0]).json()
    assert near[0]["score"] >= near[-1]["score"] and near[0]["reference_mbid"] == known
    assert ask(listenbrainz, "/similar-artists/json", artist_mbids=known, algorithm="any").status_code == 400
    [told] = ask(listenbrainz, "/1/metadata/artist/", artist_mbids=known, inc="tag release_group").json()
    assert told["tag"]["artist"] and told["release_group"]


def test_headers_count_the_calls_of_a_window() -> None:
    with Running("listenbrainz", now=NOW, calls=2) as service:
        answers = [ask(service, "/1/user/sam_demo/listen-count") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert all(1 <= int(answer.headers["X-RateLimit-Reset-In"]) <= 10 for answer in answers)
