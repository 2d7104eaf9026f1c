"""What is one album: songs, sizes, forms, compilations, and what was only played."""

import random

import pytest

from aggregator.library import merging
from aggregator.plugin import Track
from tests.library.house import credits, edition, file, open_house, play
from tests.library.test_evidence import DIFFERENT, SAME, UNSURE, verdict

SONGS = ["Harbour", "Tide", "Paper Moon", "Red Door", "Winter Sun"]
OTHERS = ["Marble", "Echoes", "North", "Salt", "Fire Escape"]


def listing(account, title, songs, artist="The Lanterns", **more):
    """An album of one source with its songs, each by the album's artist unless it comes as (title, artist)."""
    named = [song if isinstance(song, tuple) else (song, artist) for song in songs]
    tracks = [
        Track(id=f"{n}", title=name, credits=credits(by), edition="e", position=n)
        for n, (name, by) in enumerate(named, 1)
    ]
    return account, [edition("e", title, artist, **more), *tracks]


def albums(house, mine, theirs):
    for account, records in (mine, theirs):
        house.sync(account, *records)
    return verdict(house, "album", "files/e", "spotify/e")


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (("Blue Room", SONGS, {}), ("Blue Room", SONGS[::-1], {}), SAME),
        (("Blue Room", SONGS, {"released": "1990"}), ("Blue Room", OTHERS, {"released": "2004"}), DIFFERENT),
        (("Blue Room", SONGS, {}), ("Blue Room", OTHERS, {}), UNSURE),
        (("The Lanterns", SONGS, {"released": "1990"}), ("The Lanterns", SONGS, {"released": "2004"}), SAME),
        (("The Lanterns", SONGS, {"released": "1990"}), ("The Lanterns", OTHERS, {"released": "2004"}), DIFFERENT),
        (("Greatest Hits", SONGS, {}), ("Greatest Hits", [*OTHERS[:4], "Tide"], {}), UNSURE),
        (("Greatest Hits", SONGS, {"released": "1990"}), ("Greatest Hits", SONGS, {"released": "2004"}), SAME),
        (("Blue Room", SONGS, {}), ("Blue Room", [f"{song} (Live)" for song in SONGS], {}), UNSURE),
        (("Blue Room", SONGS, {}), ("Blue Room", [f"{song} - 2011 Remaster" for song in SONGS] + OTHERS[:3], {}), SAME),
        (("Blue Room (Live)", SONGS, {}), ("Blue Room (Live)", [f"{song} - Live" for song in SONGS], {}), SAME),
        (("Blue Room", SONGS[:3], {"total_tracks": 12}), ("Blue Room", SONGS[3:], {"total_tracks": 12}), SAME),
        (("Blue Room (Disc 1)", SONGS, {"total_tracks": 5}), ("Blue Room", SONGS + OTHERS, {"total_tracks": 10}), SAME),
    ],
)
def test_the_songs_that_both_list_decide_over_years(house, mine, theirs, expected):
    sides = [listing(at, said[0], said[1], **said[2]) for at, said in (("files", mine), ("spotify", theirs))]
    assert albums(house, *sides) == expected


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (
            ("Blue Room", {"form": "ep", "total_tracks": 4}),
            ("Blue Room", {"form": "album", "total_tracks": 11}),
            DIFFERENT,
        ),
        (("Blue Room EP", {"total_tracks": 4}), ("Blue Room", {"total_tracks": 11}), DIFFERENT),
        (("Blue Room - Single", {"total_tracks": 2}), ("Blue Room", {"total_tracks": 11}), DIFFERENT),
        (("Blue Room", {"form": "ep", "total_tracks": 5}), ("Blue Room", {"form": "album", "total_tracks": 5}), SAME),
        (
            ("Blue Room", {"form": "single", "total_tracks": 1}),
            ("Blue Room", {"form": "album", "total_tracks": 1}),
            SAME,
        ),
        (("Blue Room, Vol. 1", {}), ("Blue Room, Vol. 2", {}), DIFFERENT),
        (("Blue Room, Vol. 1", {}), ("Blue Room, Volume One", {}), SAME),
        (("Blue Room CD1", {}), ("Blue Room [Disc 2]", {}), SAME),
        (("Blue Room (UK Version)", {}), ("The Blue Room", {}), SAME),
        (("Blue Room (En Vivo)", {}), ("Blue Room", {}), DIFFERENT),
        (("Blue Room (Versão Acústica)", {}), ("Blue Room", {}), DIFFERENT),
        (("Blue Room (OST)", {}), ("Blue Room [Original Motion Picture Soundtrack]", {}), SAME),
        (("Blue Room (OST)", {}), ("Blue Room", {}), DIFFERENT),
        (("Blue Papr Room", {"released": "1990"}), ("Blue Paper Room", {"released": "1990"}), SAME),
        (("Lo Mejor de", {"released": "1990"}), ("Lo Mejor de", {"released": "2004"}), UNSURE),
        (("Blue Room", {"ids": {"upc": "0123"}}), ("Another Thing", {"ids": {"upc": "123"}}), SAME),
    ],
)
def test_forms_volumes_editions_and_soundtracks(house, mine, theirs, expected):
    for account, (title, more) in (("files", mine), ("spotify", theirs)):
        house.sync(account, edition("e", title, **more))
    assert verdict(house, "album", "files/e", "spotify/e") == expected


def test_one_barcode_on_albums_of_two_acts_asks(house):
    house.sync("files", edition("e", "Blue Room", ids={"upc": "0123"}))
    house.sync("spotify", edition("e", "Paper Boats", "Somebody Else", ids={"upc": "123"}))
    assert verdict(house, "album", "files/e", "spotify/e") == UNSURE


# --- various artists --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "various", ["VA", "V.A.", "Various", "Varios Artistas", "Verschiedene Interpreten", "Artistes divers"]
)
def test_nobody_in_particular_has_many_names(house, various):
    house.sync("files", edition("e", "Night Bridges", various))
    house.sync("spotify", edition("e", "Night Bridges", "Various Artists"))
    assert verdict(house, "album", "files/e", "spotify/e") == SAME


def test_an_album_by_various_artists_is_that_of_an_act_only_by_its_songs(house):
    mine = listing("files", "Night Bridges", SONGS, "Various Artists")
    assert albums(house, mine, listing("spotify", "Night Bridges", SONGS, "Röyk")) == SAME


@pytest.mark.parametrize("songs", [[], OTHERS])
def test_an_act_with_an_album_of_that_title_has_nothing_to_do_with_it(house, songs):
    mine = listing("files", "Night Bridges", SONGS, "Various Artists")
    assert albums(house, mine, listing("spotify", "Night Bridges", songs, "Röyk")) == DIFFERENT


BRIDGES = [("Harbour", "The Lanterns"), ("Tide", "Röyk"), ("Marble", "Nightbus")]


def played_album(house, artist, title="Harbour", album="Night Bridges"):
    """The album claim that one scrobble made."""
    house.plays("lastfm", play(len(artist), title, artist, album))
    return "lastfm/" + str(house.value(
        "SELECT album.pid FROM claim JOIN claim album ON album.id = claim.about WHERE claim.kind = 'recording'"
        " AND claim.account_id = ? ORDER BY claim.id DESC", house.accounts["lastfm"]
    ))  # fmt: skip


def test_a_compilation_scrobbled_under_its_singers_is_one_album(house):
    house.sync(*_flat(listing("files", "Night Bridges", BRIDGES, "Various Artists")))
    played = [played_album(house, artist, title) for title, artist in BRIDGES]
    assert verdict(house, "album", "files/e", *played) == SAME


def test_it_stays_apart_where_the_song_or_the_singer_is_another(house):
    house.sync(*_flat(listing("files", "Night Bridges", BRIDGES, "Various Artists")))
    assert verdict(house, "album", "files/e", played_album(house, "Röyk", "Harbour")) == DIFFERENT
    assert verdict(house, "album", "files/e", played_album(house, "Somebody", "Tide")) == DIFFERENT


def test_it_joins_when_the_songs_come_later_and_parts_when_they_go(house):
    """The album of a source is weighed anew whenever its songs change."""
    whole = listing("files", "Night Bridges", BRIDGES, "Various Artists")[1]
    filler = [file(f"f{n}", f"Song {n}") for n in range(9)]
    house.sync("files", whole[0], *filler)
    played = played_album(house, "Röyk", "Tide")
    assert verdict(house, "album", "files/e", played) == DIFFERENT
    house.sync("files", *whole[1:], scope=None)
    assert verdict(house, "album", "files/e", played) == SAME
    house.sync("files", *whole[:2], *filler)
    assert verdict(house, "album", "files/e", played) == DIFFERENT
    merged = house.derived()
    merging.rebuild(house.store)
    assert merged == house.derived()


def _flat(listed):
    account, records = listed
    return account, *records


# --- what was only played ---------------------------------------------------------------------------------------------


def test_a_scrobbled_album_joins_the_only_one_it_can_mean(house):
    house.sync("files", edition("e", "Blue Room", released="1990"))
    assert (
        verdict(house, "album", "files/e", played_album(house, "The Lanterns", "Harbour", "Blue Room (Deluxe)")) == SAME
    )


def test_two_albums_of_one_name_are_not_joined_by_a_scrobble(house):
    house.sync("files", edition("e", "The Lanterns", released="1990"), edition("f", "The Lanterns", released="2004"))
    said = played_album(house, "The Lanterns", "Harbour", "The Lanterns")
    assert verdict(house, "album", "files/e", said) == UNSURE
    assert not house.together("album", "files/e", "files/f")


def test_the_song_that_was_played_tells_which_of_two_albums_it_was(house):
    mine = listing("files", "The Lanterns", SONGS, released="1990")
    other = listing("spotify", "The Lanterns", OTHERS, released="2004")
    assert albums(house, mine, other) == DIFFERENT
    assert verdict(house, "album", "spotify/e", played_album(house, "The Lanterns", "Echoes", "The Lanterns")) == SAME
    assert (
        verdict(house, "album", "files/e", played_album(house, "The Lanterns", "Nowhere", "The Lanterns")) == DIFFERENT
    )


@pytest.mark.parametrize("seed", range(4))
def test_no_order_of_songs_albums_and_plays_changes_what_is_one_album(tmp_path, seed):
    """As the laws of the merge, on albums that are told by their songs."""
    chance = random.Random(seed)
    runs = [
        ("files", listing("files", "Night Bridges", BRIDGES, "Various Artists")[1], "library"),
        ("spotify", listing("spotify", "Night Bridges", [*BRIDGES, ("North", "Ana")], "VA")[1], "library"),
        ("ben-spotify", listing("ben-spotify", "Night Bridges", OTHERS, "Röyk")[1], "library"),
        ("lastfm", [play(n, title, artist, "Night Bridges") for n, (title, artist) in enumerate(BRIDGES)], "history"),
    ]
    found = []
    for nightly in (False, True):
        house = open_house(tmp_path / f"nightly {nightly}")
        for account, records, what in chance.sample(runs, len(runs)):
            told = chance.sample(records, len(records))
            house.sync(
                account, *told, what=what, scope="" if what == "library" else None, batch=chance.choice((1, 2, 99))
            )
            if nightly:
                house.merge()
        house.merge()
        found.append((house.items("album"), house.questions("album")))
    assert found[0] == found[1]
