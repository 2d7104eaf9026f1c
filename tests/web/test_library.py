"""The library's pages: what is listed, what an item's page says, and what listeners can say about it."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from aggregator import listeners
from aggregator.library import items, merging, precedence
from aggregator.plugin import Credit, Edition, Track
from aggregator.store import Store

from . import seed


def titles(page: str) -> list[str]:
    return re.findall(r'class="(?:card-link|song-title)" href="[^"]+">([^<]+)<', page)


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("/library?show=owned", ["Ánima de río", "Even numbers", "Harbour lights", "Paper engines"]),
        ("/library?text=harb", ["Harbour lights"]),
        ("/library?text=rio+BERRO", ["Ánima de río"]),
        ("/library?show=heard&sort=plays", ["Harbour lights", "Morse", "Paper engines", "Ánima de río"]),
        ("/library/artists?show=heard&text=tin", ["The Tin Orchard"]),
        ("/library/songs?show=service&text=gla", ["Clearing", "Front", "Pressure"]),
    ],
)
def test_lists_are_filtered_and_sorted(at_home: FlaskClient, address: str, listed: list[str]) -> None:
    assert titles(at_home.get(address).text) == listed


def test_filters_say_how_many_they_let_through(at_home: FlaskClient) -> None:
    chips = re.findall(r'class="chip"[^>]*>([^<]+?) <span class="chip-count">(\d+)', at_home.get("/library").text)
    assert dict(chips) == {"All": "7", "Owned": "4", "In a service": "3", "Heard": "4"}


def test_pages_follow_each_other_by_real_addresses(at_home: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.library.lists.SONGS", 6)
    address, seen = "/library/songs?sort=artist", list[str]()
    while address:
        page = at_home.get(address).text
        seen += titles(page)
        following = re.search(r'class="next-page" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    everything = titles(at_home.get("/library/songs?sort=title").text)
    assert len(seen) == len(set(seen)) == 20
    assert len(everything) == 6


@pytest.mark.parametrize("address", ["/library?show=stolen", "/library/songs?sort=colour"])
def test_what_cannot_be_listed_is_said(at_home: FlaskClient, address: str) -> None:
    answer = at_home.get(address)
    assert answer.status_code == 404
    assert "cannot be listed that way" in answer.text


# --- one item ---------------------------------------------------------------------------------------------------------


def test_an_album_says_where_it_comes_from_and_plays(at_home: FlaskClient, ids: dict[str, int]) -> None:
    page = at_home.get(f"/albums/{ids['album Harbour lights']}").text
    assert "your files: WAV; Spotify; scrobbled 9 times since" in page
    assert titles(page) == ["Slow harbour", "Salt", "Two lamps", "The ferry", "Evening tide"]
    source = re.search(r'class="play play-wide" data-src="([^"]+)" data-list="([^"]+)"', page)
    assert source is not None
    songs = at_home.get(source[2]).json["songs"]
    assert [song["title"] for song in songs] == titles(page)
    assert (songs[0]["src"], songs[0]["chip"], songs[0]["type"]) == (source[1], "WAV, your files", "audio/wav")
    assert at_home.get(source[1], headers={"Range": "bytes=0-9"}).status_code == 206


def test_what_is_only_in_a_service_has_no_play_button(at_home: FlaskClient, ids: dict[str, int]) -> None:
    page = at_home.get(f"/albums/{ids['album Glass weather']}").text
    assert "data-src" not in page
    assert "cannot be played here" in page


def test_a_retired_number_leads_to_where_the_item_is_now(
    at_home: FlaskClient, house: Store, ids: dict[str, int]
) -> None:
    album = ids["album Harbour lights"]
    with house.read() as conn:
        claims = conn.exec_driver_sql("SELECT claim_id FROM link WHERE item_id = ? AND claim_id <> ?", (album, album))
        retired = [row[0] for row in claims]
    assert retired
    for claim in retired:
        answer = at_home.get(f"/albums/{claim}")
        assert (answer.status_code, answer.headers["Location"]) == (301, f"/albums/{album}")


def test_nobody_sees_what_only_another_listener_has(at_home: FlaskClient, house: Store, ids: dict[str, int]) -> None:
    listeners.create(house, "Ben", "member", "a long enough one")
    merging.rebuild(house)
    ben = at_home.application.test_client()
    ben.post("/sign-in", data={"name": "Ben", "password": "a long enough one"})
    assert titles(ben.get("/library").text) == ["Ánima de río", "Even numbers", "Harbour lights", "Paper engines"]
    assert ben.get(f"/albums/{ids['album Glass weather']}").status_code == 404
    shared = ben.get(f"/albums/{ids['album Harbour lights']}").text
    assert "Spotify" not in shared
    assert "scrobbled" not in shared


def test_a_star_stays_and_goes(at_home: FlaskClient, house: Store, ids: dict[str, int]) -> None:
    album = ids["album Harbour lights"]
    button = at_home.post(f"/stars/album/{album}", data={"on": "1", "name": "Harbour lights"}).text
    assert 'aria-pressed="true"' in button
    with house.read() as conn:
        copy = conn.exec_driver_sql("SELECT copy FROM star").scalar_one()
    assert copy == '{"title": "Harbour lights", "artist": "Nora Quist"}'
    assert 'aria-pressed="true" aria-label="Favourite: Harbour lights"' in at_home.get(f"/albums/{album}").text
    at_home.post(f"/stars/album/{album}", data={"on": "0", "name": "Harbour lights"})
    assert 'aria-pressed="true" aria-label="Favourite: Harbour' not in at_home.get(f"/albums/{album}").text
    assert at_home.post("/stars/album/99999", data={"on": "1"}).status_code == 404


# --- the same, not the same, undo -------------------------------------------------------------------------------------


def claims_of(house: Store, album: int) -> list[tuple[int, ...]]:
    ana = listeners.everyone(house)[0]
    with house.read() as conn:
        page = items.album(conn, ana.id, album)
    assert isinstance(page, items.AlbumPage)
    return [row.claims for row in page.claims]


UNDO = re.compile(r'action="(/library/decisions/\d+/undo)"')


def words_of(page: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index("<main") :])).replace(" .", ".")


def test_a_split_says_what_it_does_and_can_be_undone(at_home: FlaskClient, house: Store, ids: dict[str, int]) -> None:
    album = ids["album Harbour lights"]
    before = claims_of(house, album)
    leaving = {"claims": " ".join(map(str, before[1]))}
    asked = words_of(at_home.get(f"/library/album/{album}/split", query_string=leaving).text)
    assert "Split “Harbour lights”?" in asked
    assert "Leaves" in asked and "Stays" in asked
    assert claims_of(house, album) == before
    answer = at_home.post(f"/library/album/{album}/split", data=leaving)
    page = at_home.get(answer.headers["Location"]).text
    assert "entries of “Harbour lights” is another album" in page
    assert claims_of(house, album) == [row for row in before if row != before[1]]
    undo = UNDO.search(page)
    assert undo is not None
    at_home.post(undo[1])
    assert claims_of(house, album) == before
    assert "Taken back" in at_home.get("/library/decisions").text
    assert at_home.post(undo[1]).status_code == 404


def test_the_page_lists_what_was_promised_before_albums_become_one(
    at_home: FlaskClient, house: Store, ids: dict[str, int], deezer: int
) -> None:
    """An album of one's files and its live version in a service: the page is that of the files."""
    ana = listeners.everyone(house)[0]
    nora = [Credit(name="Nora Quist", id="nq")]
    titles = ("Slow harbour (Live)", "Salt (Live)", "Crowd")
    live = [Track(id=f"l{n}", title=title, credits=nora, edition="l", position=n) for n, title in enumerate(titles, 1)]
    said = [Edition(id="l", title="Harbour lights (Live)", credits=nora, total_tracks=3), *live]
    account = seed.connect(house, "tidal", "deezer", "Tidal", ana.id, {})
    seed.bring(house, account, "tidal", ana.id, said)
    merging.merge(house)
    with house.read() as conn:
        query = "SELECT id FROM album WHERE title = 'Harbour lights (Live)'"
        other = conn.exec_driver_sql(query).scalar_one()
    album = ids["album Harbour lights"]
    asked = words_of(at_home.get(f"/library/album/weigh?items={album}&items={other}&verdict=same").text)
    assert "Together they are one album with 5 songs and 9 plays. " in asked
    assert "Its page lists what your files have of it; 3 more songs of other versions keep their own pages." in asked
    page = at_home.post(f"/library/album/{album}/same", data={"other": other}, follow_redirects=True).text
    assert "are the same album: 5 songs and 9 plays." in page
    assert page.count('<li class="song">') == 5


def test_the_same_says_what_it_does_and_can_be_undone(at_home: FlaskClient, house: Store, ids: dict[str, int]) -> None:
    album, other = ids["album Harbour lights"], ids["album Even numbers"]
    before = claims_of(house, album), claims_of(house, other)
    found = at_home.get(f"/library/album/{album}/others?text=even").text
    assert f'name="items" value="{other}"' in found
    asked = words_of(at_home.get(f"/library/album/weigh?items={album}&items={other}&verdict=same").text)
    assert "2 albums become one?" in asked
    assert re.search(r"Together they are one album with \d+ songs and \d+ plays", asked)
    page = at_home.post(f"/library/album/{album}/same", data={"other": other}, follow_redirects=True).text
    assert re.search(r"are the same album: \d+ songs and \d+ plays\.", page)
    moved = at_home.get(f"/albums/{max(album, other)}")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"/albums/{min(album, other)}")
    undo = UNDO.search(page)
    assert undo is not None
    asked_at = {"Referer": f"http://localhost/albums/{album}"}
    assert at_home.post(undo[1], headers=asked_at).headers["Location"] == f"/albums/{album}"
    assert (claims_of(house, album), claims_of(house, other)) == before


@pytest.mark.parametrize(
    ("kind", "one", "other", "told"),
    [
        ("recording", "recording Salt", "recording Crane", "Neither the titles nor the artists of these songs have"),
        ("artist", "artist Luz Berrocal", "artist Halden", "The names of these artists have nothing in common."),
        ("recording", "recording Salt", "recording Eight", ""),
    ],
)
def test_what_has_nothing_in_common_is_told_before_it_becomes_one(
    at_home: FlaskClient, ids: dict[str, int], kind: str, one: str, other: str, told: str
) -> None:
    both = {"items": [ids[one], ids[other]]}
    asked = words_of(at_home.get(f"/library/{kind}/weigh", query_string=both | {"verdict": "same"}).text)
    assert told in asked and ("in common" in asked) == bool(told)
    apart = at_home.get(f"/library/{kind}/weigh", query_string=both | {"verdict": "different"}).text
    assert "in common" not in apart


@pytest.mark.parametrize("asked_at", ["http://elsewhere.example/albums/1", "http://localhost//elsewhere.example", ""])
def test_an_undo_leads_to_no_other_site(at_home: FlaskClient, house: Store, ids: dict[str, int], asked_at: str) -> None:
    both = {"other": ids["album Even numbers"]}
    at_home.post(f"/library/album/{ids['album Harbour lights']}/same", data=both)
    answer = at_home.post("/library/decisions/1/undo", headers={"Referer": asked_at, "HX-Current-URL": asked_at})
    assert answer.headers["Location"] == "/library/decisions"


def test_several_are_kept_apart_and_said_again(at_home: FlaskClient, house: Store, ids: dict[str, int]) -> None:
    artists = [number for name, number in ids.items() if name.startswith("artist ")][:3]
    query = "&".join(f"items={number}" for number in artists)
    assert "Keep 3 artists apart?" in at_home.get(f"/library/artist/weigh?verdict=different&{query}").text
    answer = at_home.post(f"/library/artist/{artists[0]}/different", data={"other": artists[1:]})
    page = words_of(at_home.get(answer.headers["Location"]).text)
    assert "are not the same artist" in page and "Holds" in page
    assert at_home.post("/library/decisions/1/again").status_code == 404
    at_home.post("/library/decisions/1/undo")
    assert "Do again" in words_of(at_home.get("/library/decisions/1").text)
    at_home.post("/library/decisions/1/again")
    history = words_of(at_home.get("/library/decisions").text)
    assert "Everything 2" in history and "Artists 2" in history
    assert "2 called" not in history


def test_the_history_goes_on_page_by_page(
    at_home: FlaskClient, house: Store, ids: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.library.acts.PAGE", 2)
    at_home.post(f"/library/album/{ids['album Harbour lights']}/same", data={"other": ids["album Even numbers"]})
    for number in range(1, 5):
        at_home.post(f"/library/decisions/{number}/undo")
        at_home.post(f"/library/decisions/{number}/again")
    first = at_home.get("/library/decisions?kind=album").text
    assert re.findall(r'id="decision-(\d+)"', first) == ["5", "4"]
    more = re.search(r'class="next-page" href="([^"]+)"', first)
    assert more is not None
    assert re.findall(r'id="decision-(\d+)"', at_home.get(more[1].replace("&amp;", "&")).text) == ["3", "2"]
    for odd in ("kind=nothing", "before=0", "before=99999999999999999999"):
        assert at_home.get(f"/library/decisions?{odd}").status_code in (200, 404)


@pytest.mark.parametrize("items", ["", "items=0", "items=99999999999999999999&items=x", "items=-1"])
def test_what_is_not_ticked_leads_back_to_the_list(at_home: FlaskClient, items: str) -> None:
    answer = at_home.get(f"/library/album/weigh?verdict=same&{items}")
    assert answer.headers["Location"] == "/library"
    assert "Tick what you want to say something about." in at_home.get("/library").text


def test_what_cannot_be_weighed_is_said_in_words(at_home: FlaskClient) -> None:
    assert "not in your library" in at_home.get("/library/album/weigh?verdict=same&items=999999").text
    assert at_home.get("/library/album/weigh?verdict=perhaps&items=1").status_code == 400
    many = "&".join(f"items={number}" for number in range(1, 1002))
    assert at_home.get(f"/library/album/weigh?verdict=same&{many}").status_code == 413


def test_shows_are_the_same_or_not_like_everything_else(
    at_home: FlaskClient, house: Store, ids: dict[str, int]
) -> None:
    shows = [number for name, number in ids.items() if name.startswith("show ")][:2]
    query = "&".join(f"items={number}" for number in shows)
    assert "2 shows become one?" in at_home.get(f"/library/show/weigh?verdict=same&{query}").text
    answer = at_home.post(f"/library/show/{shows[0]}/same", data={"other": shows[1]})
    assert answer.headers["Location"] == f"/shows/{min(shows)}"
    page = at_home.get(f"/shows/{min(shows)}").text
    assert "are the same show" in page
    entries = re.findall(r'name="claims" value="([^"]+)"', page)
    assert len(entries) > 1
    assert "Split “" in at_home.get(f"/library/show/{min(shows)}/split", query_string={"claims": entries[0]}).text
    at_home.post("/library/decisions/1/undo")
    assert at_home.get(f"/shows/{max(shows)}").status_code == 200
    found = at_home.get(f"/library/show/{min(shows)}/others", query_string={"text": "no"}).text
    assert f'name="items" value="{min(shows)}"' in found


@pytest.mark.parametrize("ticked", ["", "999999", "everything"])
def test_a_split_needs_a_part_of_the_whole(
    at_home: FlaskClient, house: Store, ids: dict[str, int], ticked: str
) -> None:
    album = ids["album Harbour lights"]
    whole = " ".join(str(claim) for row in claims_of(house, album) for claim in row)
    answer = at_home.post(f"/library/album/{album}/split", data={"claims": ticked.replace("everything", whole)})
    assert "Tick what does not belong here" in at_home.get(answer.headers["Location"]).text
    with house.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM decision").scalar_one() == 0


# --- what is shown ----------------------------------------------------------------------------------------------------


@pytest.fixture
def deezer(house: Store) -> int:
    """Another source that sees the album Harbour lights differently; its claim of the album."""
    ana = listeners.everyone(house)[0]
    account = seed.connect(house, "deezer", "deezer", "Deezer", ana.id, {})
    album = Edition(id="d", title="Harbour Lights (Deluxe)", credits=[Credit(name="Nora Quist")], released="2011-05-01")
    seed.bring(house, account, "deezer", ana.id, [album])
    merging.merge(house)
    with house.read() as conn:
        query = "SELECT id FROM claim WHERE account_id = ? AND kind = 'album'"
        return int(conn.exec_driver_sql(query, (account,)).scalar_one())


def released(house: Store, album: int) -> str:
    with house.read() as conn:
        return str(conn.exec_driver_sql("SELECT released FROM album WHERE id = ?", (album,)).scalar_one())


def test_a_page_says_what_each_source_says_and_shows_what_was_picked(
    at_home: FlaskClient, house: Store, ids: dict[str, int], deezer: int
) -> None:
    album = ids["album Harbour lights"]
    page = at_home.get(f"/albums/{album}").text
    assert "Your files come first" in page
    assert "Harbour Lights (Deluxe)" in page
    answer = at_home.post(f"/library/album/{album}/shown", data={"field": "title", "claim": deezer})
    page = at_home.get(answer.headers["Location"]).text
    assert "<h1>Harbour Lights (Deluxe)</h1>" in page
    assert "You picked it" in page
    told = "the album “Harbour Lights (Deluxe)” shows the title of Deezer, Harbour Lights (Deluxe)"
    assert f"From now on {told}." in page
    undo = re.search(r'action="(/library/picks/\d+/undo)"', page)
    assert undo is not None
    assert f"T{told[1:]}" in at_home.get("/library/shown").text
    at_home.post(undo[1])
    assert "<h1>Harbour lights</h1>" in at_home.get(f"/albums/{album}").text
    assert at_home.post(undo[1]).status_code == 404
    assert "taken back" in at_home.get("/library/shown").text


@pytest.mark.parametrize(("field", "claim"), [("title", 1), ("title", 0), ("ids", None), ("colour", None), ("", None)])
def test_only_what_a_source_of_the_item_says_can_be_picked(
    at_home: FlaskClient, house: Store, ids: dict[str, int], deezer: int, field: str, claim: int | None
) -> None:
    album = ids["album Harbour lights"]
    form = {"field": field, "claim": deezer if claim is None else claim}
    assert at_home.post(f"/library/album/{album}/shown", data=form).status_code == 404
    with house.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM pick").scalar_one() == 0


def test_a_listener_writes_what_is_shown_and_takes_it_back(at_home: FlaskClient, ids: dict[str, int]) -> None:
    album = ids["album Harbour lights"]
    page = at_home.get(f"/albums/{album}").text
    assert "Write my own" in page
    assert "Write what no source says: " in page
    address = f"/library/album/{album}/own"
    answer = at_home.post(address, data={"field": "title", "value": " Harbour <Lights>! "})
    page = at_home.get(answer.headers["Location"]).text
    assert "<h1>Harbour &lt;Lights&gt;!</h1>" in page
    assert "You wrote it" in page
    assert "shows the title “Harbour &lt;Lights&gt;!”, written by hand." in page
    undo = re.search(r'action="(/library/picks/\d+/undo)"', page)
    assert undo is not None
    assert "written by hand" in at_home.get("/library/shown").text
    at_home.post(undo[1])
    assert "<h1>Harbour lights</h1>" in at_home.get(f"/albums/{album}").text


def test_what_cannot_be_read_changes_nothing_and_says_how_to_write_it(
    at_home: FlaskClient, house: Store, ids: dict[str, int]
) -> None:
    album = ids["album Harbour lights"]
    answer = at_home.post(f"/library/album/{album}/own", data={"field": "released", "value": "1.5.1994"})
    page = at_home.get(answer.headers["Location"]).text
    assert "Nothing was changed. Write a date as 2027, 2027-03 or 2027-03-14." in page
    for kind, field in (("album", "picture"), ("album", "colour"), ("recording", "title")):
        form = {"field": field, "value": "x"}
        assert at_home.post(f"/library/{kind}/{album}/own", data=form).status_code == 404
    with house.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM pick").scalar_one() == 0


def test_an_order_is_taken_back_and_done_again(
    at_home: FlaskClient, house: Store, ids: dict[str, int], deezer: int
) -> None:
    album, address = ids["album Harbour lights"], "/library/shown/album/released"
    first = released(house, album)
    with house.write() as conn:  # as somebody does with a source of their own
        precedence.set_order(conn, 1, "album", "released", ["deezer", "tidal", "spotify", "files"], 0)
    at_home.post(address, data={"order": "spotify,deezer,files"})
    merging.merge(house)
    page = at_home.get("/library/shown").text
    assert "before it: Deezer, then Spotify" in page
    assert "tidal" not in page
    undos = re.findall(r'action="(/library/shown/orders/\d+/undo)"', page)
    for undo in dict.fromkeys(undos):
        assert at_home.post(undo).status_code == 303
        assert at_home.post(undo).status_code == 404
    merging.merge(house)
    assert released(house, album) == first
    assert at_home.get("/library/shown").text.count("taken back") == 2
    assert "Nobody chose yet" in at_home.get(address).text


def test_whose_word_comes_first_is_tried_told_and_carried_out(
    at_home: FlaskClient, house: Store, ids: dict[str, int], deezer: int
) -> None:
    album, address = ids["album Harbour lights"], "/library/shown/album/released"
    first = released(house, album)
    assert address in at_home.get("/library/shown").text
    page = at_home.get(f"{address}?order=spotify,files,deezer").text
    assert "1 album will show another release date." in page
    assert re.search(r"Harbour lights</a>: 1 May 2011 becomes 2019", page)
    assert released(house, album) == first == "2011-05-01"
    answer = at_home.post(address, data={"order": "spotify,files,deezer"})
    page = at_home.get(answer.headers["Location"]).text
    assert "Ana chose this order" in page
    assert "it is being written" in page
    merging.merge(house)
    assert released(house, album) == "2019"
    assert "it is being written" not in at_home.get(address).text
    assert "The order chosen for it" in at_home.get(f"/albums/{album}").text
    at_home.post(address, data={"order": ""})
    merging.merge(house)
    assert released(house, album) == first


@pytest.mark.parametrize(
    "address", ["/library/shown/album/ids", "/library/shown/album/colour", "/library/shown?before=-1"]
)
def test_what_cannot_be_chosen_is_not_there(at_home: FlaskClient, address: str) -> None:
    assert at_home.get(address).status_code == 404
