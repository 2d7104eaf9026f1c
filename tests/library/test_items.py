"""What pages read of the library."""

import pytest
from sqlalchemy import event

from aggregator.library import items, search, shelves
from aggregator.library.items import Query
from aggregator.library.items.cards import first_songs
from aggregator.plugin import Artist, Cover, Holding
from tests.library.house import ANA, BEN, MONDAY, edition, file, play, track


@pytest.fixture
def library(house):
    """Blue Room as files and on Ana's Spotify; Red Room on Ben's; a song that Ana only heard."""
    house.sync(
        "files",
        edition("blue", "Blue Room", released="2019", genres=["Folk"]),
        *(
            file("f1", "Harbour", edition="blue", position=1),
            file("f2", "Tide", edition="blue", position=2, seconds=99),
        ),
    )
    house.sync(
        "spotify",
        edition("blue", "Blue Room (Deluxe)", released="2020-05-01", total_tracks=12),
        *(
            track("s2", "Tide", edition="blue", position=1, seconds=100),
            track("s3", "Bonus", edition="blue", position=2),
        ),
        Holding(of="edition", id="blue", how="saved"),
    )
    house.sync("ben-spotify", edition("red", "Red Room"), track("b1", "Ember", edition="red"))
    house.plays("lastfm", play(0, "Harbour", album="Blue Room"), play(9, "Über alles", "Röyk"), play(18, "Harbour"))
    house.merge()
    return house


def read(house, function, *arguments, **named):
    with house.store.read() as conn:
        return function(conn, *arguments, **named)


def titles(page):
    return [card.title for card in page.items]


def test_a_listener_sees_their_own_accounts_and_the_households(library):
    assert titles(read(library, items.albums, ANA, Query())) == ["Blue Room"]
    assert titles(read(library, items.albums, BEN, Query())) == ["Blue Room", "Red Room"]
    assert read(library, items.sizes, ANA)["recording"] == items.Size(total=4, owned=2, saved=0, service=2, heard=2)


@pytest.mark.parametrize(
    ("show", "expected"),
    [("owned", ["Harbour", "Tide"]), ("service", ["Bonus", "Tide"]), ("heard", ["Harbour", "Über alles"])],
)
def test_owned_in_a_service_and_heard_are_told_apart(library, show, expected):
    assert titles(read(library, items.songs, ANA, Query(show=show))) == expected


def test_the_page_of_an_album_lists_the_owned_edition_in_its_order(library):
    page = read(library, items.album, ANA, library.claim("files", "album", "blue"))
    assert [(song.title, song.position, song.owned, song.service) for song in page.songs] == [
        ("Harbour", 1, True, False),
        ("Tide", 2, True, True),
    ]
    assert [(version.title, version.songs) for version in page.versions] == [
        ("Blue Room", 2),
        ("Blue Room (Deluxe)", 2),
    ]
    assert (page.title, page.year, page.genres) == ("Blue Room", 2019, ["Folk"])


def test_another_version_of_an_album_can_be_looked_at(library):
    deluxe = library.claim("spotify", "album", "blue")
    page = read(library, items.album, ANA, library.claim("files", "album", "blue"), version=deluxe)
    assert [song.title for song in page.songs] == ["Tide", "Bonus"]


def test_provenance_in_words(library):
    page = read(library, items.album, ANA, library.claim("files", "album", "blue"))
    assert page.provenance == "your files: FLAC; Spotify; scrobbled once in 2026"
    page = read(library, items.album, BEN, library.claim("files", "album", "blue"))
    assert page.provenance == "your files: FLAC"
    assert [row.account for row in page.claims] == ["Files"]
    song = read(library, items.recording, ANA, library.claim("files", "recording", "f1"))
    assert song.provenance == "your files: FLAC; scrobbled 2 times since 2026"


def test_the_page_of_an_artist(library):
    [hit] = read(library, search.search, ANA, "lanterns").artists
    page = read(library, items.artist, ANA, hit.id)
    assert [album.title for album in page.albums] == ["Blue Room"]
    assert [song.title for song in page.songs] == ["Harbour", "Tide", "Bonus"]
    assert page.plays == 2


def test_the_page_of_a_song(library):
    page = read(library, items.recording, ANA, library.claim("files", "recording", "f2"))
    assert [(copy.account, copy.codec) for copy in page.copies] == [("Files", "flac"), ("Spotify", None)]
    heard = read(library, items.recording, ANA, library.claim("files", "recording", "f1"))
    assert heard.played == [MONDAY + 18 * 60, MONDAY]


def test_any_claims_number_leads_to_its_item(library):
    first, second = library.claim("files", "album", "blue"), library.claim("spotify", "album", "blue")
    assert read(library, items.resolve, "album", second) == first
    assert read(library, items.album, ANA, second) == items.Moved(first)
    assert read(library, items.album, ANA, 999_999) is None


@pytest.mark.parametrize("sort", ["title", "artist", "length", "plays"])
def test_pages_go_on_where_the_last_one_ended(house, sort):
    house.sync("files", *(file(f"t{n}", f"Song {n:02}", f"Act {n % 3}", seconds=100 + n % 4) for n in range(23)))
    house.merge()
    seen, after = [], ""
    while after is not None:
        page = read(house, items.songs, ANA, Query(sort=sort, limit=5, after=after))
        seen += titles(page)
        after = page.after
    assert len(seen) == len(set(seen)) == 23
    assert seen == titles(read(house, items.songs, ANA, Query(sort=sort, limit=100)))


def test_a_broken_page_token_starts_over(library):
    assert read(library, items.albums, ANA, Query(after="nonsense")) == read(library, items.albums, ANA, Query())


def test_home_says_what_the_week_was(library):
    home = read(library, items.home, ANA, MONDAY + 3600)
    assert (home.plays_this_week, home.albums_added_this_week) == (3, 1)
    assert [album.title for album in home.back_in_rotation] == ["Blue Room"]
    assert [album.title for album in home.recently_added] == ["Blue Room"]


@pytest.mark.parametrize("text", ["uber", "ÜBER", "roy alles", "all ü"])
def test_search_is_blind_to_case_and_accents_and_takes_beginnings(library, text):
    assert [song.title for song in read(library, search.search, ANA, text).songs] == ["Über alles"]


def test_search_finds_nothing_of_others_and_survives_signs(library):
    assert read(library, search.search, ANA, "ember").songs == []
    assert len(read(library, search.search, BEN, "ember").songs) == 1
    for text in ('"', "*", "AND OR", "a'b", "(", "  ", "kindalbum"):
        read(library, search.search, ANA, text)


def test_exact_names_come_first_then_what_is_played(house):
    house.sync("files", file("a", "Harbour Lights"), file("b", "Old Harbour"), file("c", "Harbour"))
    house.plays("lastfm", play(0, "Old Harbour"))
    house.merge()
    assert [song.title for song in read(house, search.search, ANA, "harbour").songs] == [
        "Harbour", "Harbour Lights", "Old Harbour",
    ]  # fmt: skip


def test_strangers_from_show_bills_and_unsaved_artists_are_not_in_the_library(house):
    house.sync(
        "spotify", Artist(id="a", name="Röyk"), Artist(id="b", name="Ana"), Holding(of="artist", id="b", how="followed")
    )
    house.merge()
    assert [card.name for card in read(house, items.artists, ANA, Query()).items] == ["Ana"]


def test_pictures_appear_on_albums_and_their_songs_when_fetched(house):
    house.sync("files", edition("e", "Blue Room", cover=Cover(path="a/cover.jpg")), file("t", "Harbour", edition="e"))
    house.merge()
    from aggregator.library import art

    with house.store.write() as conn:
        conn.exec_driver_sql("INSERT INTO art (source, name, hue, fetched_at) VALUES ('1:a/cover.jpg', 'abc', 120, 0)")
        art.show(conn, [house.claim("files", "album", "e")])
    assert read(house, items.albums, ANA, Query()).items[0].art == "abc"
    assert read(house, items.songs, ANA, Query()).items[0].hue == 120


def test_a_newcomer_finds_the_households_library(library):
    with library.store.write() as conn:
        conn.exec_driver_sql("INSERT INTO listener (id, name, role, created_at) VALUES (3, 'Cleo', 'member', 0)")
        shelves.welcome(conn, 3)
    assert titles(read(library, items.albums, 3, Query())) == ["Blue Room"]
    assert read(library, items.sizes, 3)["recording"].owned == 2


@pytest.mark.parametrize("page", ["home", "album", "artist", "recording", "albums", "songs", "search"])
def test_pages_make_few_queries_however_large_the_library(house, page):
    house.sync(
        "files",
        *(p for n in range(40) for p in (edition(f"e{n}", f"Album {n}"), file(f"t{n}", f"Song {n}", edition=f"e{n}"))),
    )
    house.merge()
    first = {kind: house.value(f"SELECT MIN(id) FROM {kind}") for kind in ("album", "artist", "recording")}
    ask = {
        "home": lambda conn: items.home(conn, ANA, MONDAY),
        "albums": lambda conn: items.albums(conn, ANA, Query()),
        "songs": lambda conn: items.songs(conn, ANA, Query(text="song")),
        "search": lambda conn: search.search(conn, ANA, "so"),
    } | {kind: lambda conn, kind=kind: getattr(items, kind)(conn, ANA, first[kind]) for kind in first}
    statements = []
    event.listen(house.store.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    read(house, ask[page])
    assert 0 < len(statements) - 2 <= 8  # BEGIN and ROLLBACK stand around them


def test_an_album_is_of_the_form_that_any_source_states(house):
    house.sync("files", edition("e", "Blue Room"), file("f", "Harbour", edition="e"))
    house.sync("spotify", edition("e", "Blue Room", form="ep"), track("t", "Harbour", seconds=185, edition="e"))
    house.sync("ben-spotify", edition("red", "Red Room"))
    house.merge()
    assert house.rows("SELECT title, form FROM album ORDER BY title") == [("Blue Room", "ep"), ("Red Room", "album")]


def test_what_another_listener_could_play_is_not_offered(house):
    house.sync("ben-spotify", edition("red", "Red Room"), file("b1", "Ember", edition="red"))
    house.merge()
    album, song = house.claim("ben-spotify", "album", "red"), house.claim("ben-spotify", "recording", "b1")
    assert read(house, first_songs, BEN, [album]) == {album: song}
    assert read(house, first_songs, ANA, [album]) == {}
