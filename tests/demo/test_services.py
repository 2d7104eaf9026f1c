"""The sample services answer the real client libraries, and bring every kind of trouble when told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import httpx2
import pylast
import pytest
import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyOAuth, SpotifyPKCE

from aggregator.demo.catalogue import ALBUMS, SONGS
from aggregator.demo.service import Running
from aggregator.demo.tokens import first_refresh
from aggregator.demo.world import LASTFM_KEY, LASTFM_SECRET, TICKETMASTER_KEY, build
from tests.demo.conftest import NOW

ROBIN, PHONE, SAM = build(NOW).spotify.values()
BACK = "http://127.0.0.1:9/back"
Json = dict[str, Any]


# --- spotify ----------------------------------------------------------------------------------------------------------


def manager(service: Running, user=ROBIN, pkce: bool = False) -> Any:
    told = {
        "client_id": user.client,
        "redirect_uri": BACK,
        "cache_handler": MemoryCacheHandler(),
        "open_browser": False,
    }
    made = SpotifyPKCE(**told) if pkce else SpotifyOAuth(client_secret=user.secret, scope="", **told)
    made.OAUTH_TOKEN_URL, made.OAUTH_AUTHORIZE_URL = f"{service.url}/api/token", f"{service.url}/authorize"
    return made


def client(service: Running, auth: Any) -> spotipy.Spotify:
    made = spotipy.Spotify(auth_manager=auth, requests_session=requests.Session(), retries=0)
    made.prefix = f"{service.url}/v1/"
    return made


def allow(auth: Any) -> str:
    """What a listener does in the browser; the code they come back with."""
    answer = requests.get(auth.get_authorize_url(state="s"), allow_redirects=False, timeout=5)
    state, code = auth.parse_auth_response_url(answer.headers["Location"])
    assert state == "s"
    return code


@pytest.fixture
def robin(spotify: Running) -> spotipy.Spotify:
    auth = manager(spotify)
    auth.refresh_access_token(first_refresh(ROBIN.client))
    return client(spotify, auth)


def everything(robin: spotipy.Spotify, page: Json) -> list[Json]:
    items = page["items"]
    while page := robin.next(page) or {}:
        items += page["items"]
    return items


def test_signing_in_gives_tokens_that_work(spotify: Running) -> None:
    auth = manager(spotify)
    auth.get_access_token(allow(auth), as_dict=False, check_cache=False)
    assert client(spotify, auth).me()["display_name"] == "Robin"


def test_signing_in_without_a_secret(spotify: Running) -> None:
    auth = manager(spotify, SAM, pkce=True)
    auth.get_access_token(allow(auth), check_cache=False)
    assert client(spotify, auth).me()["id"] == "sam.demo"


def test_a_refresh_token_without_a_secret_is_good_once(spotify: Running) -> None:
    first = manager(spotify, SAM, pkce=True)
    first.refresh_access_token(first_refresh(SAM.client))
    with pytest.raises(spotipy.SpotifyOauthError, match="invalid_grant"):
        manager(spotify, SAM, pkce=True).refresh_access_token(first_refresh(SAM.client))


def test_the_old_phone_is_refused_until_it_signs_in_again(spotify: Running) -> None:
    auth = manager(spotify, PHONE)
    with pytest.raises(spotipy.SpotifyOauthError, match="invalid_grant"):
        auth.refresh_access_token(first_refresh(PHONE.client))
    auth.get_access_token(allow(auth), as_dict=False, check_cache=False)
    auth.refresh_access_token(auth.cache_handler.get_cached_token()["refresh_token"])
    saved = client(spotify, auth).current_user_saved_albums(limit=1)["items"]
    assert saved[0]["album"]["name"] == "Paper Planetarium"


def test_an_expired_access_token_is_told(spotify: Running, robin: spotipy.Spotify) -> None:
    requests.post(f"{spotify.url}/_expire", timeout=5)
    with pytest.raises(spotipy.SpotifyException, match="The access token expired") as refused:
        robin.me()
    assert refused.value.http_status == 401


def test_pages_lead_to_each_other_on_the_service_itself(robin: spotipy.Spotify) -> None:
    saved = everything(robin, robin.current_user_saved_albums(limit=50))
    assert len(saved) == 132
    assert len({item["album"]["id"] for item in saved}) == 132
    tracks = everything(robin, robin.current_user_saved_tracks(limit=50))
    assert len({item["track"]["id"] for item in tracks}) == 126


def test_a_saved_album_brings_its_tracks(robin: spotipy.Spotify) -> None:
    saved = robin.current_user_saved_albums(limit=10)["items"]
    lamps = next(item["album"] for item in saved if item["album"]["name"] == "Harbour Lamps")
    assert [track["duration_ms"] for track in lamps["tracks"]["items"]] == [36_000, 33_500, 31_400, 38_200]
    assert lamps["external_ids"] == {"upc": ALBUMS["harbour-lamps"].upc}
    assert [track["name"] for track in everything(robin, robin.album_tracks(lamps["id"], limit=3))][-1] == (
        "Ninety-One Steps"
    )


def test_followed_artists_come_by_cursor(robin: spotipy.Spotify) -> None:
    names, after = [], None
    while True:
        page = robin.current_user_followed_artists(limit=4, after=after)["artists"]
        names += [artist["name"] for artist in page["items"]]
        if not (after := page["cursors"]["after"]):
            break
    assert len(names) == len(set(names)) == 6


def test_a_playlist_may_hold_a_song_that_is_gone(robin: spotipy.Spotify) -> None:
    first = robin.current_user_playlists(limit=50)["items"][0]
    entries = robin.playlist_items(first["id"], limit=50)["items"]
    assert [entry["item"] and entry["item"]["name"] for entry in entries][:3] == ["Preserve", "Cardboard Saturn", None]


def test_fifty_plays_are_remembered_newest_first(robin: spotipy.Spotify) -> None:
    page = robin.current_user_recently_played(limit=50)
    stamps = [item["played_at"] for item in page["items"]]
    assert len(stamps) == 50 and stamps == sorted(stamps, reverse=True)
    later = robin.current_user_recently_played(limit=50, after=int(page["cursors"]["after"]) - 1)
    assert [item["played_at"] for item in later["items"]] == stamps[:1]


def test_what_private_apps_may_not_ask_is_refused(robin: spotipy.Spotify) -> None:
    for ask in (lambda: robin.artist_related_artists("x"), lambda: robin.new_releases(), lambda: robin.albums(["x"])):
        with pytest.raises(spotipy.SpotifyException) as refused:
            ask()
        assert refused.value.http_status == 403


def test_a_search_asks_for_ten_at_most(robin: spotipy.Spotify) -> None:
    found = robin.search("low tide", limit=10, type="artist,album,track")
    assert [track["id"] for track in found["tracks"]["items"]] == [
        SONGS["low-tide-radio"].spotify,
        SONGS["low-tide-radio-single"].spotify,
    ]
    with pytest.raises(spotipy.SpotifyException) as refused:
        robin.search("a", limit=20)
    assert refused.value.http_status == 400


# --- switches ---------------------------------------------------------------------------------------------------------


def test_too_many_requests_for_a_second_and_for_a_day(spotify: Running, robin: spotipy.Spotify) -> None:
    for seconds, reason in ((1, None), (86_400, "QUOTA_EXCEEDED")):
        spotify.switch(status=429, retry_after=seconds)
        with pytest.raises(spotipy.SpotifyException) as refused:
            robin.me()
        assert (refused.value.headers["Retry-After"], refused.value.reason) == (str(seconds), reason)


def test_trouble_can_be_confined_and_ends_by_itself(spotify: Running, robin: spotipy.Spotify) -> None:
    spotify.switch(status=500, only="/v1/me/albums", times=1)
    robin.current_user_saved_tracks(limit=1)
    with pytest.raises(spotipy.SpotifyException):
        robin.current_user_saved_albums(limit=1)
    robin.current_user_saved_albums(limit=1)


def test_a_next_page_may_lead_in_a_circle(spotify: Running, robin: spotipy.Spotify) -> None:
    spotify.switch(loop_next=True)
    second = robin.next(robin.current_user_saved_albums(limit=50))
    assert robin.next(second)["items"] == second["items"]


def test_pages_may_overlap_and_lists_shrink(spotify: Running, robin: spotipy.Spotify) -> None:
    spotify.switch(duplicate_pages=True)
    saved = [item["album"]["id"] for item in everything(robin, robin.current_user_saved_albums(limit=50))]
    assert len(saved) > len(set(saved))
    spotify.switch(shrink=2)
    assert len(everything(robin, robin.current_user_saved_albums(limit=50))) == 2


def test_answers_may_be_html_or_torn(ticketmaster: Running) -> None:
    ticketmaster.switch(html=True)
    assert events(ticketmaster).headers["Content-Type"].startswith("text/html")
    ticketmaster.switch(truncate=True)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        events(ticketmaster).json()


def test_an_unknown_switch_is_refused(spotify: Running) -> None:
    assert requests.post(f"{spotify.url}/_switch", json={"statsu": 500}, timeout=5).status_code == 400


def test_the_log_holds_requests_without_secrets(lastfm: Running, ticketmaster: Running) -> None:
    events(ticketmaster, city="Chicago")
    network(lastfm).get_artist("Marrow & Quince").get_top_tags()
    assert ticketmaster.log()[-1]["query"] == {"city": "Chicago"}
    assert lastfm.log()[-1]["form"] == {"method": "artist.getTopTags", "artist": "Marrow & Quince"}
    assert LASTFM_KEY not in json.dumps(lastfm.log())


def test_a_service_ends_when_its_starter_does() -> None:
    code = "from aggregator.demo.service import Running; print(Running('lastfm').url)"
    url = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    with pytest.raises(requests.ConnectionError):
        for _ in range(50):
            requests.get(f"{url}/_log", timeout=5)


def test_ctrl_c_is_left_to_the_starter() -> None:
    with Running("lastfm") as service:
        assert service.url
        os.kill(service.pid, signal.SIGINT)
        assert service.log() == []


# --- last.fm ----------------------------------------------------------------------------------------------------------


class Loopback(httpx2.BaseTransport):
    """pylast insists on https and on the real host; this is the way to another one."""

    def __init__(self, base: str) -> None:
        self.base, self.inner = httpx2.URL(base), httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        to = self.base
        request.url = request.url.copy_with(scheme=to.scheme, host=to.host, port=to.port)
        return self.inner.handle_request(request)


def network(service: Running, **more: str) -> pylast.LastFMNetwork:
    proxy = {"https://": Loopback(service.url)}
    return pylast.LastFMNetwork(api_key=LASTFM_KEY, api_secret=LASTFM_SECRET, proxy=proxy, **more)


def ask(service: Running, method: str, **params: Any) -> Json:
    query = {"method": method, "api_key": LASTFM_KEY, "format": "json", **params}
    answer: Json = requests.get(f"{service.url}/2.0/", params=query, timeout=5).json()
    return answer


def test_every_scrobble_can_be_read(lastfm: Running) -> None:
    told = build(NOW).lastfm["robin_demo"].plays
    read = network(lastfm).get_user("robin_demo").get_recent_tracks(limit=None)
    assert [int(track.timestamp) for track in read] == [play.at for play in reversed(told)]


def test_what_plays_now_stands_on_every_page_without_a_date(lastfm: Running) -> None:
    for page in (1, 2):
        tracks = ask(lastfm, "user.getRecentTracks", user="robin_demo", limit=200, page=page)["recenttracks"]["track"]
        assert len(tracks) == 201
        assert tracks[0]["@attr"] == {"nowplaying": "true"} and "date" not in tracks[0]


def test_scrobbles_of_a_span(lastfm: Running) -> None:
    plays = build(NOW).lastfm["sam_demo"].plays
    span = {"from": plays[100].at, "to": plays[119].at}
    answer = ask(lastfm, "user.getRecentTracks", user="sam_demo", limit=200, **span)["recenttracks"]
    assert answer["@attr"]["total"] == "20"


def test_json_makes_a_list_of_one_the_one_itself(lastfm: Running) -> None:
    friends = ask(lastfm, "user.getFriends", user="sam_demo", limit=1)["friends"]
    assert friends["user"]["name"] == "robin_demo"
    assert friends["@attr"]["total"] == "2"


def test_what_is_known_of_an_artist(lastfm: Running) -> None:
    act = network(lastfm).get_artist("The Paper Lighthouses")
    near = act.get_similar()
    assert near[0].match == 1.0 and [one.match for one in near] == sorted((one.match for one in near), reverse=True)
    assert [tag.item.name for tag in act.get_top_tags()][:2] == ["indie folk", "folk"]
    assert [album.item.title for album in act.get_top_albums()] == [
        "Harbour Lamps",
        "Lighthouse Keepers' Ball",
        "Lamp Oil",
    ]
    assert act.get_mbid() == ALBUMS["harbour-lamps"].credits[0].artist.mbid


def test_searches(lastfm: Running) -> None:
    net = network(lastfm)
    assert [act.name for act in net.search_for_artist("understudy").get_next_page()] == ["The Understudy Astronauts"]
    assert [album.title for album in net.search_for_album("fahrplan").get_next_page()] == ["Fahrplan"]
    assert [song.title for song in net.search_for_track("", "fumarola").get_next_page()] == ["Fumarola"]


def test_signing_in_at_last_fm(lastfm: Running) -> None:
    net = network(lastfm)
    keys = pylast.SessionKeyGenerator(net)
    url = keys.get_web_auth_url()
    with pytest.raises(pylast.WSError) as early:
        keys.get_web_auth_session_key(url)
    assert early.value.status == "14"
    requests.get(url.replace("https://www.last.fm", lastfm.url), timeout=5)
    assert network(lastfm, session_key=keys.get_web_auth_session_key(url)).get_authenticated_user().get_name() == (
        "robin_demo"
    )


def test_errors_have_last_fms_numbers(lastfm: Running) -> None:
    net = network(lastfm)
    hidden, nobody = net.get_user("old_ferryman"), net.get_artist("Nobody At All")
    wrong = pylast.LastFMNetwork(api_key="0" * 32, proxy={"https://": Loopback(lastfm.url)})
    for call, code in (
        (hidden.get_recent_tracks, "17"),
        (nobody.get_similar, "6"),
        (wrong.get_artist("Tidemark").get_similar, "10"),
    ):
        with pytest.raises(pylast.WSError) as refused:
            call()
        assert refused.value.status == code


@pytest.mark.parametrize("code", [8, 11, 16, 26, 29])
def test_errors_on_demand(lastfm: Running, code: int) -> None:
    lastfm.switch(code=code)
    assert ask(lastfm, "user.getFriends", user="sam_demo")["error"] == code


def test_trouble_with_one_method_alone(lastfm: Running) -> None:
    lastfm.switch(code=29, only="artist.getSimilar")
    act = network(lastfm).get_artist("Tidemark Telephone")
    assert ask(lastfm, "user.getFriends", user="sam_demo")["friends"]
    with pytest.raises(pylast.WSError) as refused:
        act.get_similar()
    assert refused.value.status == "29"


# --- ticketmaster -----------------------------------------------------------------------------------------------------


def events(service: Running, **query: Any) -> requests.Response:
    return requests.get(
        f"{service.url}/discovery/v2/events.json", params={"apikey": TICKETMASTER_KEY, **query}, timeout=10
    )


def test_events_within_a_radius(ticketmaster: Running) -> None:
    for place in ({"latlong": "41.9209,-87.7043"}, {"geoPoint": "dp3wm"}):
        answer = events(ticketmaster, radius=30, unit="miles", size=200, segmentId="KZFzniwnSyZfZ7v7nJ", **place).json()
        cities = {event["_embedded"]["venues"][0]["city"]["name"] for event in answer["_embedded"]["events"]}
        assert cities == {"Chicago", "Evanston", "Oak Park"}


def test_an_empty_answer_has_no_list_at_all(ticketmaster: Running) -> None:
    answer = events(ticketmaster, city="Nowhere").json()
    assert "_embedded" not in answer and answer["page"]["totalElements"] == 0


def test_links_are_relative_and_without_the_key(ticketmaster: Running) -> None:
    first = events(ticketmaster, size=200).json()
    follow = first["_links"]["next"]["href"]
    assert follow.startswith("/discovery/v2/events.json?") and "apikey" not in follow
    second = requests.get(f"{ticketmaster.url}{follow}&apikey={TICKETMASTER_KEY}", timeout=10).json()
    assert second["page"]["number"] == 1
    assert first["_embedded"]["events"][0]["id"] != second["_embedded"]["events"][0]["id"]


def test_deep_pages_are_refused(ticketmaster: Running) -> None:
    assert events(ticketmaster, size=200, page=4).status_code == 200
    refused = events(ticketmaster, size=200, page=5)
    assert (refused.status_code, refused.json()["errors"][0]["status"]) == (400, "400")


def test_a_span_of_time(ticketmaster: Running) -> None:
    span = {"startDateTime": "2026-12-01T00:00:00Z", "endDateTime": "2026-12-02T06:00:00Z"}
    found = events(ticketmaster, size=200, **span).json()["_embedded"]["events"]
    assert {event["dates"]["start"]["localDate"] for event in found} == {"2026-11-30", "2026-12-01"}
    assert events(ticketmaster, startDateTime="2026-12-01T00:00:00.000Z").status_code == 400


def test_faults_echo_the_key_and_headers_tell_the_quota(ticketmaster: Running) -> None:
    refused = requests.get(f"{ticketmaster.url}/discovery/v2/events.json?apikey=wrong", timeout=5)
    assert refused.status_code == 401
    assert refused.json()["fault"]["detail"]["errorcode"] == "oauth.v2.InvalidApiKey"
    assert refused.headers["Rate-Limit"] == "5000"
    ticketmaster.switch(status=429)
    fault = events(ticketmaster).json()["fault"]
    assert TICKETMASTER_KEY in fault["faultstring"]
    assert fault["detail"]["errorcode"] == "policies.ratelimit.SpikeArrestViolation"


def test_one_event_by_its_id(ticketmaster: Running) -> None:
    event = events(ticketmaster, size=1).json()["_embedded"]["events"][0]
    url = f"{ticketmaster.url}/discovery/v2/events/{event['id']}.json"
    assert requests.get(url, params={"apikey": TICKETMASTER_KEY}, timeout=5).json()["name"] == event["name"]
    gone = requests.get(url.replace(event["id"], "x"), params={"apikey": TICKETMASTER_KEY}, timeout=5)
    assert (gone.status_code, gone.json()["errors"][0]["code"]) == (404, "DIS1004")
