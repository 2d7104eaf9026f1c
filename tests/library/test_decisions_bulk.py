"""Several things said at once are one act: one line of the history, one undo, whatever was said before and after."""

import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from aggregator import stars
from aggregator.library import acts, decisions, items, merging, weighing
from aggregator.plugin import Holding, Playlist
from tests.library.house import ANA, BEN, edition, file, play, track
from tests.library.worlds import KINDS, WORLD, a_house_of


def read(house, function, *arguments):
    with house.store.read() as conn:
        return function(conn, *arguments)


def numbers(house, kind, *pids, account="files"):
    return [house.claim(account, kind, pid) for pid in pids]


@pytest.fixture
def five(house):
    """Five songs of one name: to the rules they are one."""
    house.sync("files", *(file(pid, "Harbour", seconds=185) for pid in "abcde"))
    house.merge()
    return house


@pytest.fixture
def three(house):
    """Three songs that no rule would join."""
    house.sync(
        "files",
        *(file(pid, title, seconds=185) for pid, title in zip("abc", ("Anvil", "Blast", "Cinder"), strict=True)),
    )
    house.merge()
    return house


def parted(house, kind="recording"):
    return sorted(sorted(name.removeprefix("files/") for name in item) for item in house.items(kind))


# --- many at once -----------------------------------------------------------------------------------------------------


def test_many_become_one_and_one_undo_makes_them_many(three):
    before = three.derived()
    act = decisions.same(three.store, ANA, "recording", numbers(three, "recording", *"abc"))
    assert parted(three) == [["a", "b", "c"]]
    [said] = read(three, acts.history, ANA)
    assert (said.id, said.words, said.state) == (act, "“Anvil”, “Blast” and “Cinder” are the same song", "holds")
    decisions.undo(three.store, BEN, act)
    assert three.derived() == before
    assert read(three, acts.one, ANA, act).undone_by == "Ben"


def test_no_two_of_many_are_one_and_no_sync_makes_them_so(house):
    titles = dict(zip("abcde", ("Anvil", "Blast", "Cinder", "Dune", "Ember"), strict=True))
    house.sync("files", *(file(pid, title, seconds=185) for pid, title in titles.items()))
    house.merge()
    act = decisions.apart(house.store, ANA, "recording", *numbers(house, "recording", *"abcde"))
    [said] = read(house, acts.history, ANA)
    assert said.words == "“Anvil”, “Blast”, “Cinder” and 2 more are not the same song"
    house.sync("files", *(file(pid, "Harbour", seconds=185) for pid in titles))
    house.merge()
    assert parted(house) == [[pid] for pid in titles]
    decisions.undo(house.store, ANA, act)
    assert parted(house) == [list(titles)]


def test_to_say_much_costs_as_many_queries_as_to_say_little(house):
    house.sync("files", *(file(f"f{n}", f"Song {n}x", seconds=100 + n) for n in range(80)))
    house.merge()
    counts = [
        queries(house, decisions.same, *songs(house, 0, 3)), queries(house, decisions.same, *songs(house, 3, 30)),
        queries(house, decisions.apart, *songs(house, 33, 2)), queries(house, decisions.apart, *songs(house, 40, 32)),
    ]  # fmt: skip
    assert counts[1] <= counts[0] + 1
    assert counts[3] <= counts[2] + 10  # a few halvings, each written once


def songs(house, first, count):
    return numbers(house, "recording", *(f"f{n}" for n in range(first, first + count)))


def queries(house, say, *asked):
    seen = []
    engine = house.store.engine
    event.listen(engine, "before_cursor_execute", lambda *said: seen.append(said[2]))
    say(house.store, ANA, "recording", *([asked] if say is decisions.same else asked))
    return len(seen)


# --- the newest word --------------------------------------------------------------------------------------------------


def test_one_of_many_split_off_leaves_the_others_together(three):
    many = decisions.same(three.store, ANA, "recording", numbers(three, "recording", *"abc"))
    off = decisions.split(three.store, ANA, "recording", numbers(three, "recording", "a"))
    assert parted(three) == [["a"], ["b", "c"]]
    newer, older = read(three, acts.history, ANA)
    assert (newer.id, newer.state) == (off, "holds")
    assert (older.id, older.state, older.overruled_by.id) == (many, "partly", off)
    decisions.undo(three.store, ANA, off)
    assert read(three, acts.one, ANA, many).state == "holds"


def test_two_of_many_said_to_be_one_leave_the_others_apart(five):
    for pid in "abc":
        decisions.split(five.store, ANA, "recording", numbers(five, "recording", pid))
    apart = decisions.apart(five.store, ANA, "recording", *numbers(five, "recording", *"abcd"))
    same = decisions.same(five.store, ANA, "recording", numbers(five, "recording", "a", "b"))
    assert parted(five) == [["a", "b"], ["c"], ["d", "e"]]
    said = read(five, acts.one, ANA, apart)
    assert (said.state, said.overruled_by.id) == ("partly", same)


def test_an_older_word_is_overruled_and_says_by_which(three):
    pair = numbers(three, "recording", "a", "b")
    same = decisions.same(three.store, ANA, "recording", pair)
    apart = decisions.split(three.store, ANA, "recording", pair[:1])
    said = read(three, acts.one, ANA, same)
    assert (said.state, said.overruled_by.id) == ("overruled", apart)
    assert said.overruled_by.words == "“Anvil” is another song than “Blast”"
    decisions.undo(three.store, ANA, decisions.again(three.store, ANA, apart))
    assert read(three, acts.one, ANA, same).overruled_by.id == apart  # and not by what was taken back
    newest = decisions.again(three.store, ANA, same)
    assert read(three, acts.one, ANA, newest).state == "holds"
    assert read(three, acts.one, ANA, apart).overruled_by.id == newest
    assert three.together("recording", "files/a", "files/b")


def test_a_word_sleeps_while_what_it_is_about_is_gone(house):
    house.sync("files", file("a", "Anvil"))
    house.sync("spotify", track("b", "Blast", seconds=185), *(track(f"t{n}", f"Song {n}x") for n in range(9)))
    house.merge()
    pair = [house.claim("files", "recording", "a"), house.claim("spotify", "recording", "b")]
    act = decisions.same(house.store, ANA, "recording", pair)
    house.sync("spotify", *(track(f"t{n}", f"Song {n}x") for n in range(9)))
    house.merge()
    assert read(house, acts.one, ANA, act).state == "asleep"
    house.sync("spotify", track("b", "Blast", seconds=185), *(track(f"t{n}", f"Song {n}x") for n in range(9)))
    house.merge()
    assert read(house, acts.one, ANA, act).state == "holds"


def test_what_is_gone_leaves_too_when_it_was_split_off(house):
    house.sync("files", file("a", "Anvil"))
    house.sync("spotify", track("b", "Blast", seconds=185), *(track(f"t{n}", f"Song {n}x") for n in range(9)))
    house.merge()
    pair = [house.claim("files", "recording", "a"), house.claim("spotify", "recording", "b")]
    decisions.same(house.store, ANA, "recording", pair)
    house.sync("spotify", *(track(f"t{n}", f"Song {n}x") for n in range(9)))
    house.merge()
    assert house.together("recording", "files/a", "spotify/b")
    decisions.split(house.store, ANA, "recording", pair[1:])
    assert not house.together("recording", "files/a", "spotify/b")


# --- whose word on what -----------------------------------------------------------------------------------------------


@pytest.fixture
def shared(house):
    """Two albums of the household's files, of which Ben's own account has copies."""
    house.sync("files", edition("e", "Blue Room"), edition("f", "Red Room"), scope=None)
    house.sync("ben-spotify", edition("e", "Blue Room"), edition("f", "Red Room"), edition("g", "Attic"))
    house.merge()
    assert house.together("album", "files/e", "ben-spotify/e")
    return house


def test_only_what_the_listener_sees_is_named_and_the_rest_follows(shared):
    act = decisions.same(shared.store, ANA, "album", numbers(shared, "album", "e", "f"))
    named = shared.rows("SELECT account_key, pid FROM decision_claim WHERE decision_id = ? ORDER BY pid", act)
    assert named == [("files", "e"), ("files", "f")]
    assert shared.together("album", "files/e", "files/f", "ben-spotify/e", "ben-spotify/f")
    assert [said.id for said in read(shared, acts.history, BEN)] == [act]


def test_nothing_is_said_of_what_only_somebody_else_has(shared):
    own, bens = shared.claim("files", "album", "e"), shared.claim("ben-spotify", "album", "g")
    for say in (
        lambda: decisions.same(shared.store, ANA, "album", [own, bens]),
        lambda: decisions.apart(shared.store, ANA, "album", own, bens),
        lambda: decisions.split(shared.store, ANA, "album", [bens]),
        lambda: decisions.split(shared.store, ANA, "album", [shared.claim("ben-spotify", "album", "e")]),
        lambda: decisions.same(shared.store, ANA, "album", [own, own]),
        lambda: decisions.same(shared.store, ANA, "album", [own, 999_999]),
    ):
        with pytest.raises(decisions.Refused):
            say()
    assert shared.rows("SELECT * FROM decision") == []


def test_what_one_says_of_their_own_is_not_told_to_others(shared):
    act = decisions.apart(shared.store, BEN, "album", *numbers(shared, "album", "e", "f"))
    assert read(shared, acts.history, ANA) == []
    assert read(shared, acts.one, ANA, act) is None
    assert read(shared, acts.sizes, ANA) == {"": 0}
    assert read(shared, acts.one, BEN, act).listener == "Ben"


def test_what_is_weighed_is_what_the_listener_sees(shared):
    shared.sync("ben-spotify", track("t", "Harbour", edition="e"), scope=None)
    shared.merge()
    [own, *_] = wanted = [*numbers(shared, "album", "e"), *numbers(shared, "album", "g", account="ben-spotify")]
    bens = numbers(shared, "album", "e", account="ben-spotify")
    for who, songs, titles, claims in ((ANA, 0, ["Blue Room"], [own]), (BEN, 1, ["Blue Room", "Attic"], [own, *bens])):
        assert read(shared, weighing.weight, who, "album", [own]).songs == songs
        assert [item.title for item in read(shared, weighing.items, who, "album", wanted)] == titles
        parts = read(shared, weighing.parts, who, "album", own, [])
        assert parts.claims(parts.staying) == claims


def test_what_another_listener_joined_of_their_own_does_not_end_with_a_split(shared):
    shared.sync("files", file("s", "Harbour", edition="e"), scope=None)
    shared.sync("ben-spotify", track("t", "Der Hafen", edition="g"), scope=None)
    shared.merge()
    albums = [*numbers(shared, "album", "e", "f"), *numbers(shared, "album", "g", account="ben-spotify")]
    songs = [*numbers(shared, "recording", "s"), *numbers(shared, "recording", "t", account="ben-spotify")]
    act = decisions.same(shared.store, BEN, "album", albums, [songs])
    part = shared.value("SELECT id FROM decision WHERE part_of = ?", act)
    decisions.split(shared.store, ANA, "album", numbers(shared, "album", "f"), [part])
    assert shared.together("recording", "files/s", "ben-spotify/t")
    assert shared.value("SELECT undone_at FROM decision WHERE id = ?", part) is None


# --- albums and their songs -------------------------------------------------------------------------------------------


@pytest.fixture
def two_albums(house):
    """One album under two names, of which two songs have two names as well; one is live on the second."""
    files = [("Harbour", 185), ("Lanterns", 200), ("Tide", 240), ("Mole", 150)]
    other = [("Der Hafen", 186), ("Lanternes", 320), ("Tide (Live)", 240), ("Anchor", 90)]
    for account, make, album, told in (("files", file, "Blue Room", files), ("spotify", track, "Blaues Zimmer", other)):
        songs = (make(f"s{n}", title, seconds=seconds, edition="e", position=n)
                 for n, (title, seconds) in enumerate(told, 1))  # fmt: skip
        holding = [] if account == "files" else [Holding(of="edition", id="e", how="saved")]
        house.sync(account, edition("e", album), *songs, *holding, Playlist(id="p", name="Evening", tracks=["s1"]))
    house.plays("lastfm", *(play(10 * n, "Harbour", album="Blue Room") for n in range(3)), play(90, "Der Hafen"))
    house.merge()
    return house


def both(house):
    return [house.claim("files", "album", "e"), house.claim("spotify", "album", "e")]


def test_albums_that_become_one_offer_the_songs_that_match(two_albums):
    offered = read(two_albums, weighing.matching_songs, ANA, both(two_albums))
    assert [[song.title for song in group] for group in offered] == [
        ["Harbour", "Der Hafen"],
        ["Lanterns", "Lanternes"],
    ]
    weight = read(two_albums, weighing.weight, ANA, "album", both(two_albums))
    assert (weight.songs, weight.plays) == (8, 3)


def test_songs_join_with_their_albums_and_part_with_the_undo(two_albums):
    stars.put(two_albums.store, ANA, "recording", two_albums.claim("spotify", "recording", "s1"))
    before, starred = two_albums.derived(), two_albums.rows("SELECT * FROM star")
    groups = [[song.id for song in group] for group in read(two_albums, weighing.matching_songs, ANA, both(two_albums))]
    act = decisions.same(two_albums.store, ANA, "album", both(two_albums), groups)
    assert two_albums.together("recording", "files/s1", "spotify/s1")
    assert two_albums.together("recording", "files/s2", "spotify/s2")
    [said] = read(two_albums, acts.history, ANA)
    assert (said.words, said.songs) == (
        "“Blue Room” and “Blaues Zimmer” are the same album, and 2 of their songs too", 2
    )  # fmt: skip
    assert read(two_albums, weighing.matching_songs, ANA, both(two_albums)) == []
    decisions.undo(two_albums.store, ANA, act)
    assert two_albums.derived() == before
    assert two_albums.rows("SELECT * FROM star") == starred


def test_a_song_left_unticked_stays_two(two_albums):
    first, _ = ([song.id for song in g] for g in read(two_albums, weighing.matching_songs, ANA, both(two_albums)))
    decisions.same(two_albums.store, ANA, "album", both(two_albums), [first])
    assert two_albums.together("recording", "files/s1", "spotify/s1")
    assert not two_albums.together("recording", "files/s2", "spotify/s2")


def test_songs_told_apart_are_not_offered_again(two_albums):
    pair = [two_albums.claim(account, "recording", "s1") for account in ("files", "spotify")]
    decisions.apart(two_albums.store, ANA, "recording", *pair)
    offered = read(two_albums, weighing.matching_songs, ANA, both(two_albums))
    assert [[song.title for song in group] for group in offered] == [["Lanterns", "Lanternes"]]


def test_a_split_album_gives_both_sides_their_songs_back(two_albums):
    before = {kind: two_albums.items(kind) for kind in KINDS}
    groups = [[song.id for song in group] for group in read(two_albums, weighing.matching_songs, ANA, both(two_albums))]
    joined = decisions.same(two_albums.store, ANA, "album", both(two_albums), groups)
    during = two_albums.derived()
    leaving = both(two_albums)[1:]
    offered = read(two_albums, weighing.joined_songs, ANA, leaving)
    assert [song.title for song in offered] == ["Der Hafen", "Lanternes"]
    split = decisions.split(two_albums.store, ANA, "album", leaving, [song.decision for song in offered])
    assert {kind: two_albums.items(kind) for kind in KINDS} == before
    assert read(two_albums, acts.one, ANA, joined).state == "overruled"
    decisions.undo(two_albums.store, ANA, split)
    assert two_albums.derived() == during
    assert read(two_albums, acts.one, ANA, joined).state == "holds"


def test_of_three_albums_the_two_that_stay_keep_their_songs_as_one(house):
    for account, make, pid, title in (
        ("files", file, "e", "One"),
        ("files", file, "f", "Two"),
        ("spotify", track, "g", "Three"),
    ):
        song = make(f"{pid}1", f"{title} song", seconds=185, edition=pid, position=1)
        house.sync(account, edition(pid, title), song, scope=None)
    house.merge()
    three = [*numbers(house, "album", "e", "f"), house.claim("spotify", "album", "g")]
    [group] = read(house, weighing.matching_songs, ANA, three)
    decisions.same(house.store, ANA, "album", three, [[song.id for song in group]])
    [song] = read(house, weighing.joined_songs, ANA, three[2:])
    decisions.split(house.store, ANA, "album", three[2:], [song.decision])
    assert house.together("recording", "files/e1", "files/f1")
    assert not house.together("recording", "files/e1", "spotify/g1")


def test_artists_that_become_one_bring_their_albums_and_songs(house):
    house.sync(
        "files",
        *(edition("e", "Blue Room", "Nora Quist"), file("s", "Harbour", "Nora Quist", edition="e")),
        *(edition("f", "Red Room", "N. Q."), file("t", "Tide", "N. Q.", edition="f")),
    )
    house.merge()
    pair = [row[0] for row in house.rows("SELECT id FROM artist ORDER BY id")]
    weight = read(house, weighing.weight, ANA, "artist", pair)
    assert (weight.albums, weight.songs) == (2, 2)
    decisions.same(house.store, ANA, "artist", pair)
    page = read(house, items.artist, ANA, pair[0])
    assert {album.title for album in page.albums} == {"Blue Room", "Red Room"}
    assert {song.title for song in page.songs} == {"Harbour", "Tide"}


# --- the history ------------------------------------------------------------------------------------------------------


def test_the_history_goes_on_where_the_page_before_ended(three):
    pair = numbers(three, "recording", "a", "b")
    told = [decisions.same(three.store, ANA, "recording", pair)]
    told += [decisions.again(three.store, ANA, told[0]) for _ in range(6)]
    first = read(three, acts.history, ANA, "", None, 4)
    second = read(three, acts.history, ANA, "recording", first[-1].id, 4)
    assert [said.id for said in first + second] == told[::-1]
    assert read(three, acts.history, ANA, "album") == []
    assert read(three, acts.sizes, ANA) == {"": 7, "recording": 7}


def test_an_act_leads_to_what_it_is_about(three):
    a, b, c = numbers(three, "recording", *"abc")
    act = decisions.apart(three.store, ANA, "recording", a, b, c)
    assert read(three, acts.one, ANA, act).items == ((a, "Anvil"), (b, "Blast"), (c, "Cinder"))
    assert [said.id for said in read(three, items.recording, ANA, c).history] == [act]


# --- every act, in any order ------------------------------------------------------------------------------------------


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(WORLD, st.randoms(use_true_random=False))
def test_whatever_is_said_and_taken_back_in_any_order_leaves_everything_as_it_was(world, pick):
    with a_house_of(world) as house:
        before = house.derived()
        said = [act for _ in range(6) if (act := say_something(house, pick)) is not None]
        during = house.derived()
        merging.rebuild(house.store)
        assert during == house.derived()
        for act in pick.sample(said, len(said)):
            decisions.undo(house.store, ANA, act)
        assert before == house.derived()


def say_something(house, pick: random.Random) -> int | None:
    kind = pick.choice(KINDS)
    found = [row[0] for row in house.rows("SELECT DISTINCT item_id FROM link WHERE kind = ? ORDER BY 1", kind)]
    if not found:
        return None
    several = pick.sample(found, min(len(found), pick.randint(2, 4)))
    try:
        match pick.choice(("same", "apart", "split")):
            case "same":
                groups = read(house, weighing.matching_songs, ANA, several) if kind == "album" else []
                songs = [[song.id for song in group] for group in groups]
                return decisions.same(house.store, ANA, kind, several, songs)
            case "apart":
                return decisions.apart(house.store, ANA, kind, *several)
        claims = [row[0] for row in house.rows("SELECT claim_id FROM link WHERE item_id = ? ORDER BY 1", several[0])]
        leaving = pick.sample(claims, pick.randint(1, len(claims)))
        joined = read(house, weighing.joined_songs, ANA, leaving) if kind == "album" else []
        return decisions.split(house.store, ANA, kind, leaving, [song.decision for song in joined])
    except decisions.Refused:
        return None
