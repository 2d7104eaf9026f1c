"""What the words behind a song's title make of it, in many tongues; and songs that only sound like that."""

import pytest

from aggregator.library.evidence import Facts
from aggregator.library.recording_rules import compare, form

SAME, APART = ("same", "lone"), ("different", "unsure", "nothing")


def song(title="Silver Bridge", artist="Marlow Grove", seconds=240, album="Open Water", role="artist", **more):
    about = {"title": album} if album else {}
    said = {"title": title, "credits": [{"name": artist, "role": role}], **more}
    if composer := said.pop("composer", None):
        said["credits"].append({"name": composer, "role": "composer"})
    return form(Facts(said if seconds is None else {**said, "seconds": seconds}, about, "files/e" if album else ""))


def scrobble(title="Silver Bridge", artist="Marlow Grove", album=None):
    return song(title, artist, None, album)


VERSIONS = (
    "Live", "En Vivo", "Ao Vivo", "Dal Vivo", "En Concert", "Live at the Old Mill", "MTV Unplugged", "BBC Session",
    "Live-Version", "ライブ", "Концертная запись", "Acústico", "Version acoustique", "Akustik", "Piano Version",
    "Home Demo", "Instrumental", "Karaoke", "In the Style of Marlow Grove",
    "Jo Lark Cover", "Remix", "Jo Lark Flip", "Ремикс",
    '12" Mix', "Radio Edit", "Extended", "Re-Recorded", "2020 Re-Recording", "Marlow's Version", "A Cappella",
    "Acapella", "Spanish Version", "Versión en Español", "En Español", "Alternate Take", "Take 3", "Outtake", "Sped Up",
    "Slowed + Reverb", "8D Audio", "Chopped & Screwed", "Reprise", "Tiny Desk Concert", "Disco Version",
    "Orchestral Version", "Live / Remastered", "Part 2", "Dub",
)  # fmt: skip


@pytest.mark.parametrize("word", VERSIONS)
@pytest.mark.parametrize("written", ["{} ({})", "{} - {}", "{} [{}]"])
def test_a_version_is_a_song_of_its_own_whatever_else_agrees(word, written):
    title = written.format("Silver Bridge", word)
    assert compare(song(title), song()).word in APART
    assert compare(scrobble(title), song()).word in APART
    assert compare(scrobble(), song(title)).word in APART
    assert compare(song(title), song(title)).word in SAME


NOTES = (
    "2011 Remaster", "Remastered 2009", "2011 - Remaster", "Remasterizado", "Explicit", "Album Version", "LP Version",
    "Original Mix", "Mono", "Bonus Track", "Official Video", "Video Oficial", "Hidden Track", "feat. Jo Lark",
    "con Jo Lark", 'From "The Long Road"', "24 Bit Remaster", "Main Version",
)  # fmt: skip


@pytest.mark.parametrize("note", NOTES)
def test_a_note_on_the_release_changes_nothing(note):
    for written in ("{} ({})", "{} - {}", "{} [{}]"):
        assert compare(song(written.format("Silver Bridge", note)), song()).word in SAME
    assert compare(scrobble(f"Silver Bridge ({note})"), song()).word in SAME


NAMES = (
    "Live Forever", "Alive", "Demons", "Edit", "Long Live", "Remix", "Cover Me", "Acoustic Motorbike", "Session",
    "Mono", "Take Five", "Live to Tell", "With or Without You", "Extended Family",
    "Tribute", "Video Games", "99 Problems",
    "Sunday (Live and Breathe)", "Medley", "Karaoke", "Dub",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_holds_such_a_word_is_a_name(name):
    assert compare(song(name), song(name.upper())).word in SAME
    assert compare(scrobble(name), song(name)).word in SAME
    assert compare(song(name), song(f"{name} (Live)")).word in APART


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"title": "Live", "album": None}, {"title": "Alive", "album": None}),
        ({"title": "Demo", "album": None}, {"title": "Demon", "album": None}),
        ({"title": "Heart", "position": 3}, {"title": "Hearts", "position": 7}),
        ({"title": "Silver Bridge II"}, {}),
        ({"title": "Silver Bridge (Teil 1)"}, {"title": "Silver Bridge (Teil 2)"}),
        ({"title": "Silver Bridge / Gold Road"}, {}),
        ({"title": "Silver Bridge (Jo Lark Remix)"}, {"title": "Silver Bridge (Ana Bo Remix)"}),
        ({"title": "Silver Bridge (Jo Lark Remix) [Radio Edit]"}, {"title": "Silver Bridge (Jo Lark Remix)"}),
        ({"album": "Open Water (Instrumentals)"}, {}),
        ({"album": "Open Water (Marlow's Version)"}, {}),
        ({"title": "Prelude in C Major"}, {"title": "Prelude in C Minor"}),
        ({"title": "Nocturne in E-Flat Major"}, {"title": "Nocturne in E Major"}),
        ({"title": "Quartet No. 2: II. Adagio"}, {"title": "Quartet No. 2: III. Adagio"}),
        ({"title": "Fugue, BWV 578"}, {"title": "Fugue, BWV 542"}),
    ],
)
def test_songs_that_are_nearly_called_the_same(mine, theirs):
    assert compare(song(**mine), song(**theirs)).word in APART


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"title": "Silver Bridge, Pt. One"}, {"title": "Silver Bridge (Part I)"}),
        ({"title": "Silver Bridge (Teil 1)"}, {"title": "Silver Bridge, Teil I"}),
        ({"title": "Bridge Nr. 9"}, {"title": "Bridge Number 9"}),
        ({"title": "Quartet No. 2, op. 5: 1. Adagio"}, {"title": "Quartet No. 2, Op. 5: I. Adagio"}),
        ({"title": "Silver Bridge / Gold Road"}, {"title": "Silver Bridge/Gold Road (Medley)"}),
        ({"title": "Silver Bridge (Live at the Mill)", "album": "At the Mill"},
         {"title": "Silver Bridge (Live)", "album": "At the Mill"}),
        ({"title": "Silver Bridge.mp3"}, {}),
        ({"title": "01 Silver Bridge"}, {}),
        ({"title": "Marlow Grove: Silver Bridge"}, {}),
        ({"title": "Marlow Grove | Silver Bridge | Official Video"}, {}),
        ({"title": "Marlow Grove - Silver Bridge", "artist": "MarlowGroveVEVO"}, {}),
        ({"artist": "Varios Artistas"}, {}),
        ({"artist": "Marlow Grove und Jo Lark"}, {"artist": "Jo Lark & Marlow Grove"}),
    ],
)  # fmt: skip
def test_songs_that_are_called_the_same_in_other_ways(mine, theirs):
    assert compare(song(**mine), song(**theirs)).word in SAME


# --- who wrote it and who plays it ------------------------------------------------------------------------------------

WORK = "Piano Sonata No. 14 in C-Sharp Minor, Op. 27: I. Adagio sostenuto"


def played(by, album="Sonatas", composer="Ludwig van Beethoven", seconds=340):
    return song(WORK, by, seconds, album, composer=composer)


def test_two_players_of_one_work_are_two_recordings():
    assert compare(played("Anna Voss", "A"), played("Karl Lind", "B")).word in APART
    assert compare(played("Anna Voss", None), played("Karl Lind", None, seconds=None)).word in APART


def test_the_composer_stands_for_the_player_on_one_album_alone():
    assert compare(played("Anna Voss"), played("Ludwig van Beethoven")).word == "same"
    assert compare(played("Anna Voss"), played("Ludwig van Beethoven", "100 Classics")).word in APART
    assert compare(played("Anna Voss"), scrobble(WORK, "Ludwig van Beethoven")).word in APART


# --- recording codes --------------------------------------------------------------------------------------------------


def test_a_code_is_read_with_dashes_and_in_small_letters():
    assert (
        compare(song(ids={"isrc": "gb-aaa-99-00001"}), song(artist="M. G.", ids={"isrc": "GBAAA9900001"})).word
        == "same"
    )


def test_a_code_on_two_other_songs_asks():
    assert compare(song(ids={"isrc": "X1"}), song("Paper Moon", ids={"isrc": "X1"})).word == "unsure"
    assert (
        compare(song(ids={"isrc": "X1"}), song("Paper Moon", "Somebody", 241, "Else", ids={"isrc": "X1"})).word
        == "unsure"
    )


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        ("1977-05-08: Old Mill", "1977-05-09: Old Mill", "different"),
        ("Old Mill 5/8/77", "1977-05-08: Old Mill, Ostby", "same"),
        ("Live at the Old Mill (May 8, 1977)", "8th May 1977, Old Mill", "same"),
        ("1999.12.31 Great Cypress", "Great Cypress 1/1/00", "different"),
        ("24/7/365 Nights", "24/7/365 Days", "same"),  # no day
        ("1977-05-08: Old Mill", "Open Water", "unsure"),  # may be what the studio kept
    ],
)
def test_the_day_of_a_concert_tells_its_songs_from_another_days(one, other, word):
    assert compare(song(album=one, seconds=412.0), song(album=other, seconds=412.0)).word == word
