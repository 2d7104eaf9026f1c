"""What one account's runs leave behind."""

import json

import pytest

from aggregator.plugin import Artist, Credit, Holding, Play, Show, Skipped, Track, Unchanged, Venue
from tests.library.house import ANA, credits, edition, file, play, track


def present(house, kind):
    return house.value("SELECT COUNT(*) FROM claim WHERE kind = ? AND present", kind)


def payload(house, account, kind, pid):
    return json.loads(house.value("SELECT payload FROM claim WHERE id = ?", house.claim(account, kind, pid)))


def test_a_record_is_stored_once_and_what_it_said_before_is_kept(house):
    house.sync("files", file("t1", "Harbour"))
    house.now += 86_400
    house.sync("files", file("t1", "Harbour"))
    assert house.rows("SELECT previous, first_seen, changed_at FROM claim WHERE pid = 't1'") == [
        (None, house.now - 86_400, house.now - 86_400)
    ]
    house.sync("files", file("t1", "Harbour lights"))
    previous, changed = house.rows("SELECT previous, changed_at FROM claim WHERE pid = 't1'")[0]
    assert json.loads(previous)["title"] == "Harbour" and changed == house.now


def test_the_payload_says_only_what_was_said(house):
    house.sync("files", track("t1", "Harbour"))
    assert payload(house, "files", "recording", "t1") == {"title": "Harbour", "credits": [{"name": "The Lanterns"}]}


def test_the_address_of_a_sample_is_not_kept_for_it_changes_each_time(house):
    for signature in ("a1", "b2"):
        house.sync(
            "files", track("t1", "Harbour").model_copy(update={"preview": f"https://cdn.example/t1?{signature}"})
        )
    assert "preview" not in payload(house, "files", "recording", "t1")
    assert house.value("SELECT previous FROM claim WHERE pid = 't1'") is None


@pytest.mark.parametrize("order", [1, -1])
def test_a_song_finds_its_album_even_when_the_album_comes_later(house, order):
    house.sync("files", *[edition("e1", "Blue Room"), file("t1", "Harbour", edition="e1")][::order], batch=1)
    assert house.value("SELECT about FROM claim WHERE pid = 't1'") == house.claim("files", "album", "e1")


def test_a_song_that_leaves_its_album_is_no_longer_about_it(house):
    house.sync("files", edition("e1", "Blue Room"), file("t1", "Harbour", edition="e1"))
    house.sync("files", edition("e1", "Blue Room"), file("t1", "Harbour"))
    assert house.value("SELECT about FROM claim WHERE pid = 't1'") is None


def test_a_credit_without_id_is_an_artist_of_its_own_per_album_and_name(house):
    house.sync(
        "files",
        *(edition("e1", "Blue Room"), edition("e2", "Red Room")),
        *(file(f"t{n}", f"Song {n}", edition="e1") for n in range(3)),
        file("t9", "Song 9", edition="e2"),
        file("t8", "Stray"),
    )
    assert present(house, "artist") == 3


def test_a_credit_with_id_is_the_artist_of_that_id_whatever_comes_first(house):
    by_id = Credit(name="Lanterns", id="x9", ids={"mbid": "m1"})
    house.sync("spotify", track("t1", "Harbour").model_copy(update={"credits": [by_id]}))
    assert payload(house, "spotify", "artist", "x9") == {"name": "Lanterns", "ids": {"mbid": "m1"}, "from": "credit"}
    house.sync("spotify", Artist(id="x9", name="The Lanterns", genres=["folk"]), scope=None)
    house.sync("spotify", track("t1", "Harbour").model_copy(update={"credits": [by_id]}), scope=None)
    assert payload(house, "spotify", "artist", "x9") == {"name": "The Lanterns", "genres": ["folk"]}


def test_an_artist_known_by_credits_leaves_with_the_last_of_them_and_comes_back(house):
    house.sync("files", file("t1", "Harbour"), file("t2", "Tide", "Röyk"))
    house.sync("files", file("t1", "Harbour"))
    assert present(house, "artist") == 1
    house.sync("files", file("t1", "Harbour"), file("t2", "Tide", "Röyk"))
    assert present(house, "artist") == 2


def test_an_artist_no_longer_followed_stays_while_songs_credit_it(house):
    credit = [Credit(name="Lanterns", id="x9")]
    songs = [track(f"t{n}", f"Song {n}").model_copy(update={"credits": credit}) for n in range(3)]
    house.sync("spotify", Artist(id="x9", name="Lanterns"), Holding(of="artist", id="x9", how="followed"), *songs)
    house.sync("spotify", *songs)
    assert present(house, "artist") == 1 and present(house, "holding") == 0


def test_very_long_names_make_bounded_ids(house):
    house.sync("files", file("t1", "Harbour", "L" * 900, edition="e" * 900))
    house.plays("lastfm", play(0, "T" * 900, "A" * 900, "B" * 900))
    made = house.value("SELECT MAX(LENGTH(pid)) FROM claim WHERE pid LIKE '~%'")
    assert made <= 200


def test_plays_name_songs_by_what_they_say_once_each(house):
    house.plays(
        "lastfm", play(0, "Harbour", album="Blue Room"), play(9, "HARBOUR", album="Blue Room"), play(18, "Tide")
    )
    assert present(house, "recording") == 2 and present(house, "album") == 1
    assert house.value("SELECT COUNT(*) FROM report WHERE listener_id = ?", ANA) == 3


def test_a_play_told_twice_is_one_report(house):
    house.plays("lastfm", play(0, "Harbour"), play(9, "Tide", id="p1"))
    house.plays("lastfm", play(0, "Harbour"), play(9, "Tide", id="p1"), play(18, "Tide", id="p2"))
    assert house.value("SELECT COUNT(*) FROM report") == 3


def test_a_play_that_names_a_song_of_the_account_uses_it(house):
    house.sync("spotify", track("t1", "Harbour"))
    house.plays("spotify", play(0, "Harbour", track="t1"), play(5, "Tide", track="unknown"))
    assert house.rows("SELECT claim_id FROM report ORDER BY at")[0] == (house.claim("spotify", "recording", "t1"),)
    assert present(house, "recording") == 2


def test_a_loved_play_marks_its_song(house):
    house.plays("lastfm", play(0, "Harbour", loved=True))
    assert house.rows("SELECT about FROM claim WHERE kind = 'holding'") == house.rows("SELECT claim_id FROM report")


def test_batches_of_any_size_store_the_same(house, tmp_path):
    records = [edition("e1", "Blue Room"), *(file(f"t{n}", f"Song {n}", edition="e1") for n in range(7))]
    house.sync("files", *records, batch=1)
    one = house.rows("SELECT kind, pid, payload FROM claim ORDER BY kind, pid")
    house.sync("files", *records, batch=100)
    assert house.rows("SELECT kind, pid, payload FROM claim ORDER BY kind, pid") == one


def test_a_show_bill_makes_artists_known_from_bills_alone(house):
    show = Show(id="s1", title="Night", day="2026-05-01", venue=Venue(name="Hall"), lineup=credits("Röyk"))
    house.sync("tickets", show, what="shows", scope="Chicago")
    assert house.rows("SELECT json_extract(payload, '$.from') FROM claim WHERE kind = 'artist'") == [("bill",)]


def test_unchanged_keeps_what_belongs_to_it_and_skipped_protects(house):
    songs = [file(f"t{n}", f"Song {n}", edition="e1") for n in range(5)]
    house.sync(
        "files", edition("e1", "Blue Room"), *songs, file("t7", "Stray"), Holding(of="track", id="t7", how="loved")
    )
    house.sync("files", Unchanged(of="edition", ids=["e1"]), Skipped(of="track", id="t7", reason="unreadable"))
    assert present(house, "recording") == 6 and present(house, "holding") == 1


def test_plays_of_a_household_account_are_nobodys(house):
    house.plays("files", Play(at=house.now, title="Harbour", credits=credits("Röyk")))
    assert house.value("SELECT COUNT(*) FROM report") == 0


def test_a_number_is_never_given_twice(house):
    house.sync("spotify", Artist(id="a", name="Halden"), Artist(id="b", name="Nora Quist"))
    ((last,),) = house.rows("SELECT MAX(id) FROM claim")
    with house.store.write() as conn:
        conn.exec_driver_sql("DELETE FROM claim WHERE id = ?", (last,))
    house.sync("spotify", Artist(id="c", name="Kellerkind"))
    assert house.rows("SELECT id FROM claim WHERE pid = 'c'") == [(last + 1,)]


def test_of_two_contradictory_words_only_the_one_that_is_kept_says_which_album_it_is_on(house):
    """In any order, and however the records are cut into batches."""
    short, long = track("t", "Tide", edition="e"), track("t", "Tide (2011 Remaster)", seconds=200.0, ids={"isrc": "X"})
    for records in ([short, long], [long, short]):
        house.sync("spotify", *records, edition("e", "Blue Room"), scope=None, batch=1)
        assert house.value("SELECT about FROM claim WHERE pid = 't'") is None
        assert payload(house, "spotify", "recording", "t")["title"] == "Tide (2011 Remaster)"


def test_no_weaker_word_for_an_artist_replaces_a_stronger_one_of_the_same_run(house):
    """The stronger came with words that were not kept."""
    named, known = Credit(name="Ana"), Credit(name="ana", ids={"mbid": "m"})
    lone = [Track(id="t", title="Tide", credits=[known]), Track(id="t", title="Tide, the long one", credits=[named])]
    for number, records in enumerate((lone, lone[::-1])):
        account = ("spotify", "ben-spotify")[number]
        house.sync(account, *records, scope=None, batch=1)
        assert payload(house, account, "artist", "~|ana") == {"name": "ana", "ids": {"mbid": "m"}, "from": "credit"}
        assert present(house, "artist") == number + 1


@pytest.mark.parametrize("batch", [1, 1000])
@pytest.mark.parametrize("order", [1, -1])
def test_a_song_told_twice_is_on_no_album_of_the_words_that_are_not_kept(house, order, batch):
    """Nor where the album of those that are kept is not there."""
    house.sync("files", edition("e", "Blue Room"), track("x", "X"))
    told = [track("t", "Harbour, the longer one", edition="unknown"), track("t", "Tide", edition="e")]
    house.sync("files", edition("e", "Blue Room"), *told[::order], batch=batch)
    assert payload(house, "files", "recording", "t")["title"] == "Harbour, the longer one"
    assert house.rows("SELECT about FROM claim WHERE pid = 't'") == [(None,)]


@pytest.mark.parametrize("order", [1, -1])
def test_an_artist_known_by_credits_stays_where_the_service_names_it_by_itself(house, order):
    by_id = [Credit(name="Lanterns", id="x9")]
    house.sync("spotify", track("t", "Harbour").model_copy(update={"credits": by_id}))
    told = [Artist(id="x9", name="The Lanterns"), track("t", "Harbour", "Somebody else")]
    house.sync("spotify", *told[::order], batch=1)
    assert house.value("SELECT present FROM claim WHERE pid = 'x9'") == 1
