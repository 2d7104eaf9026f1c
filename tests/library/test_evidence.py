"""What is one thing and what is not, told through the store: two claims are synced, merged and looked at."""

import pytest

from aggregator.plugin import Artist, Credit, Edition, Holding, Play, Show, Track, Venue
from tests.library.house import edition, file, play, track

LANTERNS = "The Lanterns"


def verdict(house, kind, *claims):
    house.merge()
    if house.together(kind, *claims):
        return "same"
    return "unsure" if frozenset(claims) in house.questions(kind) else "different"


SAME, DIFFERENT, UNSURE = "same", "different", "unsure"


# --- recordings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (("Harbour", LANTERNS, 185), ("HARBOUR!", "lanterns", 186), SAME),
        (("Harbour", LANTERNS, 185), ("Harbour - 2011 Remaster", LANTERNS, 187), SAME),
        (("Harbour", LANTERNS, 185), ("Harbour [Explicit]", LANTERNS, 185), SAME),
        (("Harbour (feat. Röyk)", LANTERNS, 185), ("Harbour", "The Lanterns feat. Royk", 185), SAME),
        (("Under Ice", "Röyk & The Lanterns", 185), ("Under Ice", "The Lanterns, Röyk", 186), SAME),
        (("Wall, Pt. 2", LANTERNS, 185), ("Wall (Part II)", LANTERNS, 185), SAME),
        (("Night - Ana Private Remix", LANTERNS, 185), ("Night (Ana Private Remix)", LANTERNS, 185), SAME),
        (("(Can't Get No) Sleep", LANTERNS, 185), ("Can't Get No Sleep", LANTERNS, 185), SAME),
        (("Rock & Roll", LANTERNS, 185), ("Rock and Roll", LANTERNS, 185), SAME),
        (("Harbour", LANTERNS, 185), ("Harbour", LANTERNS, 190), UNSURE),
        (("Harbour", LANTERNS, 185), ("Harbour", LANTERNS, 320), DIFFERENT),
        (("Harbour", LANTERNS, 185), ("Harbour (Live)", LANTERNS, 185), DIFFERENT),
        (("Harbour", LANTERNS, 185), ("Harbour - Radio Edit", LANTERNS, 185), DIFFERENT),
        (("Harbour", LANTERNS, 185), ("Harbour (Acoustic)", LANTERNS, 185), DIFFERENT),
        (("Harbour", LANTERNS, 185), ("Harbour (Instrumental)", LANTERNS, 185), DIFFERENT),
        (("Harbour", LANTERNS, 185), ("Harbour (Lanterns' Version)", LANTERNS, 185), DIFFERENT),
        (("Harbour (Live at Home)", LANTERNS, 185), ("Harbour (Live in Oslo)", LANTERNS, 185), DIFFERENT),
        (("Harbour (Live at Home)", LANTERNS, 185), ("Harbour (Live)", LANTERNS, 185), SAME),
        (("Night (Ana Remix)", LANTERNS, 185), ("Night (Ben Remix)", LANTERNS, 185), DIFFERENT),
        (("Wall, Pt. 1", LANTERNS, 185), ("Wall, Pt. 2", LANTERNS, 185), DIFFERENT),
        (("Harbour", LANTERNS, 185), ("Harbour", "The Choir", 185), DIFFERENT),
        (("Gold / Weight", LANTERNS, 185), ("Gold", LANTERNS, 185), DIFFERENT),
    ],
)
def test_two_recordings_with_a_length(house, mine, theirs, expected):
    for account, (title, artist, seconds) in (("files", mine), ("spotify", theirs)):
        house.sync(account, track("t", title, artist, seconds=seconds))
    assert verdict(house, "recording", "files/t", "spotify/t") == expected


def test_lengths_may_differ_a_little_more_where_the_album_agrees(house):
    house.sync("files", edition("e", "Blue Room"), file("t", "Harbour", seconds=185, edition="e"))
    house.sync("spotify", edition("e", "Blue Room (Deluxe)"), track("t", "Harbour", seconds=191, edition="e"))
    assert verdict(house, "recording", "files/t", "spotify/t") == SAME


@pytest.mark.parametrize(
    ("title", "seconds", "expected"),
    [("Harbour (Single)", 192, SAME), ("Harbour", 204, UNSURE), ("Harbour (Extended Mix)", 185, UNSURE)],
)
def test_a_recording_code_is_believed_unless_length_or_version_speak_against_it(house, title, seconds, expected):
    house.sync("files", file("t", "Harbour", seconds=185, ids={"isrc": "X1"}))
    house.sync("spotify", track("t", title, seconds=seconds, ids={"isrc": "X1"}))
    assert verdict(house, "recording", "files/t", "spotify/t") == expected


def test_an_equal_mbid_is_enough(house):
    house.sync("files", file("t", "Harbour", ids={"mbid": "m"}))
    house.sync("spotify", track("t", "Hafen", "Laternen", ids={"mbid": "m"}))
    assert verdict(house, "recording", "files/t", "spotify/t") == SAME


def test_two_songs_of_one_name_on_one_album_are_two(house):
    skits = [file(f"t{n}", "Skit", seconds=30, edition="e", position=n) for n in (1, 5)]
    house.sync("files", edition("e", "Blue Room"), *skits)
    assert verdict(house, "recording", "files/t1", "files/t5") == DIFFERENT


# --- what sources write into a title ----------------------------------------------------------------------------------

CLEAN = {"title": "Harbour Lights", "artist": LANTERNS, "album": "Blue Room", "seconds": 185, "position": 7}


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ({"title": "007-Harbour Lights"}, SAME),
        ({"title": "Harbour Lights (Blue Room)"}, SAME),
        ({"title": "Harbour Lights - Blue Room", "album": None}, SAME),
        ({"title": "The Lanterns - Harbour Lights", "artist": None}, SAME),
        ({"title": "Harbour_Lights_-_Blue_Room", "album": None}, SAME),
        ({"title": "Habour Lights", "artist": "The Lantrens"}, SAME),
        ({"title": "H*rbour Lights"}, SAME),
        ({"title": LANTERNS, "artist": "Harbour Lights"}, SAME),
        ({"title": LANTERNS, "artist": "Harbour Lights", "album": "Red Room"}, DIFFERENT),
        ({"album": "Blue Room (1994)"}, SAME),
        ({"artist": None}, SAME),
        ({"title": "unknown"}, SAME),
        ({"title": "unknown", "position": None, "album": None}, DIFFERENT),
        ({"seconds": 300}, SAME),
        ({"seconds": 300, "position": None}, UNSURE),
        ({"seconds": 300, "album": "Red Room", "position": None}, DIFFERENT),
        ({"title": "Harbour Lights 2", "position": 8}, DIFFERENT),
        ({"title": "Paper Moon"}, DIFFERENT),
        ({"title": "Harbour Lights (Live)", "position": None}, DIFFERENT),
        ({"title": "Harbour Lights feat. Ana (Live)", "position": None}, DIFFERENT),
        ({"title": "Harbour Lights - Radio Edit", "position": None}, DIFFERENT),
        ({"artist": "The Choir", "album": "Red Room"}, DIFFERENT),
        ({"title": "Harbour Lights The Lanterns Blue Room $ 1.29 3:05", "artist": None, "album": None}, SAME),
    ],
)
def test_a_line_is_read_in_every_way_its_form_allows(house, theirs, expected):
    for account, said in (("files", CLEAN), ("spotify", {**CLEAN, **theirs})):
        house.sync(account, *line(**said))
    assert verdict(house, "recording", "files/t", "spotify/t") == expected


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        # without an artist, a name and a length are little: many songs are called so and last so long
        (("Gold", None, "Blue Room", 185, 2), ("Gold", "The Choir", "Red Room", 185, 2), DIFFERENT),
        (("Gold", None, None, 185, 2), ("Gold", "The Choir", "Red Room", 185, 2), DIFFERENT),
        (("Gold", None, "Red Room", 185, 2), ("Gold", "The Choir", "Red Room", 185, 2), SAME),
        (("Gold", None, "Red Room", None, 3), ("Gold", "The Choir", "Red Room", 185, 2), DIFFERENT),
        # without a title, another number on the album is another song
        (("unknown", LANTERNS, "Blue Room", 185, 3), ("Gold", LANTERNS, "Blue Room", 185, 3), SAME),
        (("unknown", LANTERNS, "Blue Room", 185, 3), ("Gold", LANTERNS, "Blue Room", 185, 2), DIFFERENT),
        # what two lines have in common may be the artist or the album alone
        (("Maria Lantern - Ba Na", None, "X", 185, 3), ("Maria Lantern - So Di", None, "X", 186, 8), DIFFERENT),
        (("Ni - Very Blue Room", LANTERNS, None, 185, 3), ("Mo - Very Blue Room", LANTERNS, None, 185, 8), DIFFERENT),
        (("Night - Very Blue Room", LANTERNS, None, 185, 3), ("Nihgt - Vary Blue Room", LANTERNS, None, 185, 3), SAME),
    ],
)  # fmt: skip
def test_what_is_missing_must_be_made_up_for(house, mine, theirs, expected):
    for account, said in (("files", mine), ("spotify", theirs)):
        house.sync(account, *line(*said))
    assert verdict(house, "recording", "files/t", "spotify/t") == expected


def line(title, artist, album, seconds, position):
    made = [Edition(id="e", title=album)] if album else []
    credits = [Credit(name=artist)] if artist else []
    kept = {"edition": "e" if album else None, "seconds": seconds, "position": position}
    return [*made, Track(id="t", title=title, credits=credits, **kept)]


def test_a_server_that_drops_letters_still_finds_its_songs(house):
    house.sync("files", *line("Привет, Oslo", "Хор Lanterns", "Голубая Blue Room", 185, 7))
    house.sync("spotify", *line(", Oslo", " Lanterns", " Blue Room", 185, 7))
    assert verdict(house, "recording", "files/t", "spotify/t") == SAME


def test_songs_that_say_little_are_told_apart_by_their_number(house):
    house.sync("files", *line("[silence]", LANTERNS, "Blue Room", 4, 65))
    house.sync("spotify", *line("[silence]", LANTERNS, "Blue Room", 4, 76))
    assert verdict(house, "recording", "files/t", "spotify/t") == DIFFERENT


def test_an_id_that_was_replaced_still_leads_to_its_song(house):
    house.sync("files", file("t", "Harbour", ids={"mbid": "old"}))
    house.sync("spotify", track("t", "Hafen", "Laternen", ids={"mbid": "new", "former_mbid": "older old"}))
    assert verdict(house, "recording", "files/t", "spotify/t") == SAME


# --- scrobbles: text alone --------------------------------------------------------------------------------------------


def scrobble(house, title="Harbour", artist=LANTERNS, album=None):
    house.plays("lastfm", play(0, title, artist, album))
    pid = house.value("SELECT pid FROM claim WHERE kind = 'recording' AND account_id = ?", house.accounts["lastfm"])
    return f"lastfm/{pid}"


def test_a_scrobble_joins_the_only_song_it_can_mean_whatever_the_album(house):
    house.sync("files", edition("e", "Blue Room"), file("t", "Harbour", edition="e"))
    assert verdict(house, "recording", "files/t", scrobble(house, album="Summer Hits")) == SAME


def test_a_scrobble_that_can_mean_two_songs_asks(house):
    house.sync("files", file("short", "Harbour", seconds=185), file("long", "Harbour", seconds=400))
    said = scrobble(house)
    assert verdict(house, "recording", "files/short", said) == UNSURE
    assert verdict(house, "recording", "files/long", said) == UNSURE


def test_the_album_tells_which_of_two_songs_a_scrobble_means(house):
    house.sync(
        "files",
        *(edition("blue", "Blue Room"), file("short", "Harbour", seconds=185, edition="blue")),
        *(edition("red", "Red Room"), file("long", "Harbour", seconds=400, edition="red")),
    )
    said = scrobble(house, album="Red Room")
    assert verdict(house, "recording", "files/long", said) == SAME
    assert not house.together("recording", "files/short", said)


def test_a_second_candidate_takes_a_scrobble_out_again_and_its_leaving_brings_it_back(house):
    first, second = file("short", "Harbour", seconds=185), file("long", "Harbour", seconds=400)
    house.sync("files", first)
    said = scrobble(house)
    assert verdict(house, "recording", "files/short", said) == SAME
    house.sync("files", first, second)
    assert verdict(house, "recording", "files/short", said) == UNSURE
    house.sync("files", first)
    assert verdict(house, "recording", "files/short", said) == SAME


def test_a_candidate_that_gets_another_name_no_longer_stands_in_the_way(house):
    house.sync("files", file("short", "Harbour", seconds=185), file("long", "Harbour", seconds=400))
    said = scrobble(house)
    assert verdict(house, "recording", "files/short", said) == UNSURE
    house.sync("files", file("short", "Harbour", seconds=185), file("long", "Tide", seconds=400))
    assert verdict(house, "recording", "files/short", said) == SAME


def test_a_version_word_on_one_side_separates_a_scrobble(house):
    house.sync("files", file("t", "Harbour"))
    assert verdict(house, "recording", "files/t", scrobble(house, "Harbour (Live in Oslo)")) == DIFFERENT


def test_a_version_that_the_album_names_counts_as_said(house):
    house.sync("files", edition("e", "Live at Home"), file("t", "Harbour", edition="e"))
    assert verdict(house, "recording", "files/t", scrobble(house, "Harbour (Live)")) == SAME


def test_a_scrobble_without_album_may_mean_a_live_album_or_not(house):
    house.sync("files", edition("e", "Live at Home"), file("t", "Harbour", edition="e"))
    assert verdict(house, "recording", "files/t", scrobble(house)) == UNSURE


def test_a_name_that_says_nothing_asks_unless_the_album_agrees(house):
    house.sync("files", edition("e", "Blue Room"), file("t", "Intro", seconds=60, edition="e"))
    assert verdict(house, "recording", "files/t", scrobble(house, "Intro", album="Blue Room")) == SAME


def test_unknown_artists_are_never_matched(house):
    house.sync("files", file("t", "Track 05", "Unknown Artist"))
    assert verdict(house, "recording", "files/t", scrobble(house, "Track 05", "Unknown Artist")) == DIFFERENT


# --- albums -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (("Blue Room", "1977", 11), ("Blue Room (Deluxe Edition)", "2013", 50), SAME),
        (("Blue Room", "1977", 11), ("Blue Room [2004 Remaster]", "2004", 11), SAME),
        (("Blue Room (Disc 1)", None, 13), ("Blue Room", "1979", 26), SAME),
        (("Blue Room EP [Explicit]", "2011", 5), ("Blue Room - EP", "2011", 5), SAME),
        (("Blue Room", None, None), ("Blue Room", "1977", 11), SAME),
        (("Blue Room", "1997", 10), ("Blue Room Live", "2004", 12), DIFFERENT),
        (("Blue Room", "2005", 10), ("Blue Room (Remixes)", "2005", 10), DIFFERENT),
        (("Blue Room", "2014", 13), ("Blue Room (Lanterns' Version)", "2023", 21), DIFFERENT),
        (("The Lanterns", "1994", 10), ("The Lanterns", "2001", 10), UNSURE),
        (("Greatest Hits", "1981", 17), ("Greatest Hits", "1992", 17), UNSURE),
        (("Blue Room", "1981", 10), ("Blue Room", "1999", 30), UNSURE),
    ],
)
def test_two_albums(house, mine, theirs, expected):
    for account, (title, year, count) in (("files", mine), ("spotify", theirs)):
        house.sync(account, edition("e", title, released=year, total_tracks=count))
    assert verdict(house, "album", "files/e", "spotify/e") == expected


def test_an_equal_barcode_joins_and_two_release_groups_part(house):
    house.sync(
        "files", edition("e", "Blue Room", ids={"upc": "0078221"}), edition("f", "Red", ids={"release_group": "1"})
    )
    house.sync("spotify", edition("e", "Blaues", ids={"upc": "78221"}), edition("f", "Red", ids={"release_group": "2"}))
    assert verdict(house, "album", "files/e", "spotify/e") == SAME
    assert verdict(house, "album", "files/f", "spotify/f") == DIFFERENT


def test_a_single_is_not_the_album_of_its_name(house):
    house.sync("files", edition("e", "Harbour", form="single"))
    house.sync("spotify", edition("e", "Harbour", form="album"))
    assert verdict(house, "album", "files/e", "spotify/e") == DIFFERENT


# --- artists ----------------------------------------------------------------------------------------------------------


def artist_of(house, account, pid="t"):
    return house.value(
        "SELECT a.key || '/' || c.pid FROM credit JOIN claim c ON c.id = credit.artist_claim_id"
        " JOIN account a ON a.id = c.account_id WHERE credit.claim_id IN (SELECT id FROM claim WHERE account_id = ?"
        " AND kind IN ('recording', 'show') AND pid = ?)",
        house.accounts[account],
        pid,
    )


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ("The Beatles", "Beatles, The", SAME),
        ("Sigur Rós", "sigur ros", SAME),
        ("Nas", "Nas featuring Will.I.Am", SAME),
        ("Earth, Wind & Fire", "Earth Wind and Fire", SAME),
        ("Earth, Wind & Fire", "Earth", DIFFERENT),
        ("The The", "The", DIFFERENT),
        ("!!!", "†††", DIFFERENT),
        ("!!!", "!!!", SAME),
        ("John Cage", "John Cale", DIFFERENT),
    ],
)
def test_two_artists_by_name(house, mine, theirs, expected):
    house.sync("files", file("t", "Harbour", mine))
    house.sync("spotify", track("t", "Tide", theirs))
    assert verdict(house, "artist", artist_of(house, "files"), artist_of(house, "spotify")) == expected


def test_ids_join_other_names_and_part_equal_ones(house):
    house.sync(
        "files", Artist(id="a", name="Diddy", ids={"mbid": "1"}), Artist(id="b", name="Phoenix", ids={"mbid": "2"})
    )
    house.sync(
        "spotify", Artist(id="a", name="Puff", ids={"mbid": "1"}), Artist(id="b", name="Phoenix", ids={"mbid": "3"})
    )
    assert verdict(house, "artist", "files/a", "spotify/a") == SAME
    assert verdict(house, "artist", "files/b", "spotify/b") == DIFFERENT


def test_what_is_different_is_never_joined_through_a_third(house):
    house.sync("files", Artist(id="a", name="Phoenix", ids={"mbid": "1"}), file("t", "Harbour", "Phoenix"))
    house.sync("spotify", Artist(id="b", name="Phoenix", ids={"mbid": "2"}))
    assert verdict(house, "artist", "files/a", "spotify/b") == DIFFERENT
    said = artist_of(house, "files")
    assert verdict(house, "artist", "files/a", said) == verdict(house, "artist", "spotify/b", said) == UNSURE


def bill(name, **credit):
    lineup = [Credit(name=name, **credit)]
    return Show(id="s", title="Night", day="2026-05-01", venue=Venue(name="Hall", city="Oslo"), lineup=lineup)


def test_a_bill_joins_by_id_and_by_name_alone_is_only_possible(house):
    house.sync(
        "files", Artist(id="a", name="Röyk", ids={"mbid": "1"}), Artist(id="b", name="Lanterns", ids={"mbid": "2"})
    )
    house.sync("tickets", bill("Röyk", id="k1", ids={"mbid": "1"}), what="shows")
    assert verdict(house, "artist", "files/a", "tickets/k1") == SAME
    house.sync("tickets", bill("Lanterns"), what="shows")
    assert verdict(house, "artist", "files/b", artist_of(house, "tickets", "s")) == UNSURE


def test_a_thousand_equal_credits_are_one_question(house):
    songs = [
        part
        for n in range(300)
        for part in (edition(f"e{n}", f"Album {n}"), file(f"t{n}", f"Song {n}", edition=f"e{n}"))
    ]
    house.sync("files", *songs)
    house.sync("tickets", bill(LANTERNS), what="shows")
    house.merge()
    assert len(house.questions("artist")) == 1
    assert house.value("SELECT COUNT(DISTINCT item_id) FROM link WHERE kind = 'artist'") == 2


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        ({"country": "US", "begun": 1987}, {"country": "US", "begun": 1988}, SAME),
        ({"country": "US"}, {"country": "GB"}, UNSURE),
        ({"country": "US", "begun": 1987}, {"country": "GB", "begun": 1966}, DIFFERENT),
        ({"country": "US"}, {"begun": 1966}, SAME),
    ],
)
def test_two_acts_of_one_name(house, mine, theirs, expected):
    house.sync("files", Artist(id="a", name="Nirvana Street", **mine))
    house.sync("spotify", Artist(id="a", name="Nirvana Street", **theirs))
    assert verdict(house, "artist", "files/a", "spotify/a") == expected


def test_an_alias_is_a_name_too(house):
    house.sync("files", Artist(id="a", name="Röyk", aliases=["The Smoke"]))
    house.sync("spotify", Artist(id="a", name="Smoke"))
    assert verdict(house, "artist", "files/a", "spotify/a") == SAME


# --- presence ---------------------------------------------------------------------------------------------------------


def test_an_absent_claim_bridges_nothing_but_still_leads_to_its_item(house):
    """A mistagged song held two together; without it they part, and its number leads to the one it is most like."""
    house.sync(
        "files",
        file("a", "Harbour", seconds=185, ids={"isrc": "X1"}),
        file("b", "Tide", seconds=188, ids={"mbid": "m"}),
    )
    bridge = track("x", "Harbour", seconds=186, ids={"mbid": "m"})
    house.sync("spotify", bridge, Holding(of="track", id="x", how="saved"), track("other", "Other", seconds=9))
    assert verdict(house, "recording", "files/a", "files/b", "spotify/x") == SAME
    house.sync("spotify", track("other", "Other", seconds=9))
    assert verdict(house, "recording", "files/a", "files/b") == DIFFERENT
    assert house.together("recording", "files/b", "spotify/x")


def test_an_absent_song_that_was_heard_stays_in_the_history(house):
    house.sync("spotify", track("t", "Harbour", seconds=185), *(track(f"t{n}", f"Song {n}") for n in range(9)))
    house.plays("spotify", Play(at=house.now, title="Harbour", credits=[Credit(name=LANTERNS)], track="t"))
    house.sync("spotify", *(track(f"t{n}", f"Song {n}") for n in range(9)))
    house.merge()
    item = house.claim("spotify", "recording", "t")
    assert house.rows("SELECT plays, service FROM shelf WHERE kind = 'recording' AND item_id = ?", item) == [(1, 0)]
