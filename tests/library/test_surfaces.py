"""Plays belong to songs whichever source named them: they move when items become one or part, and are told once."""

from aggregator.library import decisions, merging
from aggregator.plugin import Show, Venue
from tests.library.house import ANA, House, credits, edition, file, play, track


def heard(house: House, kind: str = "recording") -> dict[str, int]:
    """Plays on Ana's shelf by the item's title."""
    title = "name" if kind == "artist" else "title"
    return dict(house.rows(
        f"SELECT i.{title}, s.plays FROM shelf s JOIN {kind} i ON i.id = s.item_id"
        " WHERE s.kind = ? AND s.listener_id = ? AND s.plays", kind, ANA
    ))  # fmt: skip


def owned(house: House) -> set[object]:
    return {row[0] for row in house.rows(
        "SELECT i.title FROM shelf s JOIN recording i ON i.id = s.item_id WHERE s.kind = 'recording'"
        " AND s.listener_id = ? AND s.owned", ANA
    )}  # fmt: skip


def test_what_was_scrobbled_before_the_file_came_is_the_files(house):
    house.plays("lastfm", play(0, "harbour", "the lanterns", "Blue Room"), play(60, "Harbour", "The Lanterns"))
    house.merge()
    assert sum(heard(house).values()) == 2 and owned(house) == set()
    house.sync("files", edition("e", "Blue Room"), file("t", "Harbour", edition="e"))
    house.merge()
    assert heard(house) == {"Harbour": 2} and owned(house) == {"Harbour"}
    assert heard(house, "artist") == {"The Lanterns": 2}
    assert heard(house, "album") == {"Blue Room": 1}  # only what says that it was played from there


def test_five_sources_name_one_song_and_its_plays_count_once(house):
    house.sync("files", edition("e", "Blue Room"), file("t", "Harbour", edition="e", ids={"isrc": "DE1"}))
    house.sync("spotify", edition("s", "Blue Room (Deluxe)"),
               track("x", "Harbour - 2011 Remaster", seconds=184.0, edition="s", ids={"isrc": "DE1"}))  # fmt: skip
    house.sync("ben-spotify", track("x", "Harbour", seconds=184.0, ids={"isrc": "DE1"}))
    house.plays("lastfm", play(0, "Harbour", album="Blue Room"), play(90, "HARBOUR"))
    house.plays("spotify", play(1, "Harbour - 2011 Remaster", track="x"))
    bill = Show(
        id="w", title="The Lanterns", day="2026-05-01", lineup=credits("The Lanterns"), venue=Venue(name="Hall")
    )
    house.sync("tickets", bill, what="shows")
    house.merge()
    assert len(house.items("recording")) == 1 and heard(house) == {"Harbour": 2}
    assert house.value("SELECT COUNT(*) FROM report") == 3
    names = house.rows("SELECT item_id, COUNT(DISTINCT account_id) FROM link JOIN claim c ON c.id = claim_id"
                       " WHERE link.kind = 'artist' GROUP BY 1")  # fmt: skip
    assert [accounts for _, accounts in names] == [4, 1]
    assert any("tickets" in name for pair in house.questions("artist") for name in pair)  # a bill alone only asks


def test_plays_go_with_the_song_through_same_split_and_undo(house):
    house.sync("files", file("a", "Harbour"), file("b", "Hafen", "Laternen", seconds=240.0))
    house.plays("lastfm", play(0, "Harbour"), play(60, "Hafen", "Laternen"), play(120, "Hafen", "Laternen"))
    house.merge()
    before = house.derived()
    assert heard(house) == {"Harbour": 1, "Hafen": 2}
    items = [row[0] for row in house.rows("SELECT id FROM recording ORDER BY id")]
    same = decisions.same(house.store, ANA, "recording", items)
    assert sum(heard(house).values()) == 3 and len(heard(house)) == 1
    decisions.undo(house.store, ANA, same)
    assert house.derived() == before
    claim = house.value("SELECT claim_id FROM report r JOIN account a ON a.id = r.account_id WHERE a.key = 'lastfm'"
                        " ORDER BY at LIMIT 1")  # fmt: skip
    split = decisions.split(house.store, ANA, "recording", [claim])
    assert sorted(heard(house).values()) == [1, 2]
    assert owned(house) == {"Harbour", "Hafen"} and len(house.items("recording")) == 3
    decisions.undo(house.store, ANA, split)
    assert house.derived() == before


def test_plays_move_when_a_source_corrects_itself(house):
    """The tags of the file said Hafen; the scrobbles said Harbour, and meet it once the tags are right."""
    house.sync("files", file("a", "Hafen"))
    house.plays("lastfm", play(0, "Harbour"))
    house.merge()
    assert heard(house) == {"Harbour": 1} and owned(house) == {"Hafen"}
    house.sync("files", file("a", "Harbour"))
    house.merge()
    assert heard(house) == {"Harbour": 1} and owned(house) == {"Harbour"}
    house.sync("files", file("a", "Hafen"))
    house.merge()
    assert heard(house) == {"Harbour": 1} and owned(house) == {"Hafen"}
    derived = house.derived()
    merging.rebuild(house.store)
    assert derived == house.derived()
