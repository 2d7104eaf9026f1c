"""What listeners say holds: against every rule and every sync, until they take it back."""

import pytest

from aggregator import stars
from aggregator.library import acts, decisions, items, merging, review
from aggregator.plugin import Artist, Holding
from tests.library.house import ANA, BEN, edition, file, play, track


@pytest.fixture
def two_songs(house):
    house.sync("files", file("t", "Harbour", seconds=185))
    house.sync("spotify", track("t", "Der Hafen", seconds=185), Holding(of="track", id="t", how="saved"))
    house.merge()
    return house.claim("files", "recording", "t"), house.claim("spotify", "recording", "t")


def read(house, function, *arguments):
    with house.store.read() as conn:
        return function(conn, *arguments)


def test_the_same_joins_what_no_rule_would(house, two_songs):
    first, second = two_songs
    decisions.same(house.store, ANA, "recording", [first, second])
    assert house.together("recording", "files/t", "spotify/t")
    assert read(house, items.recording, ANA, second) == items.Moved(first)
    page = read(house, items.recording, ANA, first)
    assert page.card.owned and page.card.service
    assert [row.decided_by for row in page.claims] == ["listener", "listener"]


def test_the_same_holds_when_the_night_comes(house, two_songs):
    decisions.same(house.store, ANA, "recording", list(two_songs))
    house.sync("files", file("t", "Harbour Lights", seconds=300))
    house.merge()
    merging.rebuild(house.store)
    assert house.together("recording", "files/t", "spotify/t")


def test_what_follows_one_side_follows_into_the_joined_item(house, two_songs):
    decisions.same(house.store, ANA, "recording", list(two_songs))
    house.plays("lastfm", play(0, "Harbour"))
    house.sync("ben-spotify", track("t", "Der Hafen", seconds=186))
    house.merge()
    assert len(house.items("recording")) == 1


def test_not_the_same_parts_what_rules_join_and_stays_parted(house):
    house.sync("files", file("a", "Harbour"), file("b", "Harbour"))
    house.merge()
    decisions.split(house.store, ANA, "recording", [house.claim("files", "recording", "b")])
    assert not house.together("recording", "files/a", "files/b")
    house.sync("spotify", track("t", "Harbour", seconds=185))
    house.plays("lastfm", play(0, "Harbour"))
    house.merge()
    assert not house.together("recording", "files/a", "files/b")


def test_a_split_takes_some_claims_out_and_undo_puts_them_back(house):
    house.sync("files", edition("e", "Blue Room"), file("t", "Harbour", edition="e"))
    house.sync("spotify", edition("e", "Blue Room"), track("t", "Harbour", seconds=185, edition="e"))
    house.plays("lastfm", *(play(10 * n, "Harbour", album="Blue Room") for n in range(3)))
    house.merge()
    item = house.claim("files", "album", "e")
    stars.put(house.store, ANA, "album", item)
    before = house.derived()
    decision = decisions.split(house.store, ANA, "album", [house.claim("spotify", "album", "e")])
    assert not house.together("album", "files/e", "spotify/e")
    decisions.undo(house.store, ANA, decision)
    assert house.derived() == before
    assert read(house, items.album, ANA, item).card.starred


def test_a_star_shows_on_the_item_that_its_claim_belongs_to(house, two_songs):
    first, second = two_songs
    stars.put(house.store, ANA, "recording", second)
    decision = decisions.same(house.store, ANA, "recording", [first, second])
    assert read(house, items.recording, ANA, first).card.starred
    decisions.undo(house.store, ANA, decision)
    assert not read(house, items.recording, ANA, first).card.starred
    assert read(house, items.recording, ANA, second).card.starred


def test_the_newer_of_two_decisions_that_contradict_holds(house, two_songs):
    first, second = two_songs
    decisions.same(house.store, ANA, "recording", [first, second])
    decisions.split(house.store, ANA, "recording", [second])
    assert not house.together("recording", "files/t", "spotify/t")
    newest = decisions.same(house.store, ANA, "recording", [first, second])
    assert house.together("recording", "files/t", "spotify/t")
    decisions.undo(house.store, ANA, newest)
    assert not house.together("recording", "files/t", "spotify/t")


def test_a_decision_sleeps_while_its_claim_is_absent(house, two_songs):
    first, second = two_songs
    decisions.same(house.store, ANA, "recording", [first, second])
    house.sync("spotify", *(track(f"t{n}", f"Song {n}") for n in range(5)))  # Der Hafen is gone
    house.merge()
    assert read(house, items.resolve, "recording", second) == first
    house.sync("spotify", track("t", "Der Hafen", seconds=185), *(track(f"t{n}", f"Song {n}") for n in range(5)))
    house.merge()
    assert house.together("recording", "files/t", "spotify/t")


def test_the_history_says_who_said_what(house):
    house.sync("files", file("t", "Harbour", seconds=185), file("u", "Der Hafen", seconds=185))
    house.merge()
    pair = [house.claim("files", "recording", pid) for pid in "tu"]
    decisions.undo(house.store, ANA, decisions.same(house.store, BEN, "recording", pair))
    [said] = read(house, acts.history, ANA)
    assert (said.listener, said.words) == ("Ben", "“Harbour” and “Der Hafen” are the same song")
    assert (said.state, said.undone_at is not None) == ("undone", True)


def test_a_question_is_asked_once_and_never_after_its_answer(house):
    house.sync("files", file("t", "Harbour", seconds=185))
    house.sync("spotify", track("t", "Harbour", seconds=190), track("u", "Harbour", seconds=190))
    house.merge()
    [pair] = read(house, review.pairs, ANA)
    assert {pair.a.account, pair.b.account} == {"Files", "Spotify"}
    assert pair.why == "title and artist agree, length differs"
    decisions.apart(house.store, ANA, "recording", pair.a.item, pair.b.item)
    assert read(house, review.pairs, ANA) == []
    house.sync("spotify", track("t", "Harbour", seconds=190.4), track("u", "Harbour", seconds=190))
    house.merge()
    assert read(house, review.pairs, ANA) == []


def test_nobody_is_asked_about_another_listeners_accounts(house):
    house.sync("files", file("t", "Harbour", seconds=185))
    house.sync("ben-spotify", track("t", "Harbour", seconds=190))
    house.merge()
    assert read(house, review.pairs, ANA) == []
    assert len(read(house, review.pairs, BEN)) == 1


@pytest.fixture
def two_bands(house):
    """Two bands called Morrow, taken for one: one made Blast, the other Ferry. Last.fm names no albums."""
    for album, song in (("Blast", "Anvil"), ("Ferry", "Tide")):
        house.sync(
            "files",
            *(edition(album, album, "Morrow"), file(song, song, "Morrow", edition=album)),
            *(file(f"{song} {n}", f"{song} {n}", "Morrow", edition=album) for n in range(2)),
            scope=None,
        )
    house.plays("lastfm", *(play(10 * n, "Anvil", "Morrow") for n in range(3)), play(60, "Tide", "Morrow"))
    house.merge()
    return house


def artist_of(house, album):
    return house.value(
        "SELECT artist_id FROM item_credit WHERE kind = 'album' AND item_id = ?", house.claim("files", "album", album)
    )


def split_off(house, hint):
    """Tick the one row whose words begin so."""
    [row] = [row for row in read(house, items.artist, ANA, artist_of(house, "Blast")).claims if hint in row.hint]
    return decisions.split(house.store, ANA, "artist", row.claims)


def test_one_of_two_bands_of_a_name_can_be_ticked_alone(two_bands):
    page = read(two_bands, items.artist, ANA, artist_of(two_bands, "Blast"))
    assert [(row.account, row.hint) for row in page.claims] == [
        ("Files", "on Blast"),
        ("Files", "on Ferry"),
        ("Lastfm", "of Anvil and Tide, 4 plays"),
    ]
    split_off(two_bands, "on Blast")
    assert artist_of(two_bands, "Blast") != artist_of(two_bands, "Ferry")


def test_an_artist_was_heard_as_often_as_the_songs_on_their_page(two_bands):
    decision = split_off(two_bands, "on Blast")
    for album, plays in (("Blast", 3), ("Ferry", 1)):
        page = read(two_bands, items.artist, ANA, artist_of(two_bands, album))
        assert (page.plays, sum(song.plays for song in page.songs)) == (plays, plays)
    two_bands.plays("lastfm", play(90, "Anvil", "Morrow"))
    two_bands.merge()
    assert read(two_bands, items.artist, ANA, artist_of(two_bands, "Blast")).plays == 4
    decisions.undo(two_bands.store, ANA, decision)
    assert read(two_bands, items.artist, ANA, artist_of(two_bands, "Blast")).plays == 5


def test_known_ids_and_numbers_tell_what_is_meant(house):
    house.sync("spotify", Artist(id="m", name="Morrow", ids={"mbid": "0f3c2a77-aaaa"}))
    house.sync("files", file("t", "Tide", "Morrow", seconds=185))
    house.plays("lastfm", play(0, "Tide", "Morrow"))
    house.merge()
    page = read(house, items.artist, ANA, house.claim("spotify", "artist", "m"))
    assert [row.hint for row in page.claims] == ["of Tide", "MusicBrainz id 0f3c2a77", "of Tide, 1 play"]
    song = read(house, items.recording, ANA, house.claim("files", "recording", "t"))
    assert [row.hint for row in song.claims] == ["3:05", "1 play"]
