"""An account that was erased leaves a library in which it never was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import stars
from aggregator.library import decisions, erasing
from tests.library.house import ANA, House, file, play, track
from tests.library.worlds import LAWS, WORLD, a_house, decide, tell

pytestmark = pytest.mark.timeout(600)


class Killed(Exception):
    """In place of a kill: what is committed is committed, and nothing more."""


def erase(house: House, account: str, kills: int = 0) -> None:
    """Erase, killed after each of the first `kills` transactions."""
    for _ in range(kills):
        try:
            erasing.erase(house.store, house.accounts[account], killing)
        except Killed:
            house.merge()
    erasing.erase(house.store, house.accounts[account])
    house.merge()


def killing(_done: int, _total: int) -> None:
    raise Killed


def told(house: House) -> dict[str, object]:
    """All that pages read, with names in place of numbers."""
    claims = {
        number: f"{key}/{kind}/{pid}"
        for number, key, kind, pid in house.rows(
            "SELECT c.id, a.key, c.kind, c.pid FROM claim c JOIN account a ON a.id = c.account_id"
        )
    }

    def sets(column: str) -> dict[object, list[str]]:
        found = house.rows(f"SELECT {column}, json_group_array(claim_id) FROM link GROUP BY {column}")
        return {number: sorted(claims[member] for member in json.loads(str(members))) for number, members in found}

    items = sets("item_id")

    def rows(statement: str, **names: dict[object, object]) -> list[str]:
        with house.store.read() as conn:
            found = [row._asdict() for row in conn.exec_driver_sql(statement)]
        for row in found:
            for column, by_number in names.items():
                if row[column] is not None:
                    row[column] = by_number[row[column]]
        return sorted(map(repr, found))

    leaders = {row[0]: row[1:] for row in house.rows("SELECT id, account_id, key FROM report")}
    return {
        "claim": sorted(claims.values()),
        "item": sorted(items.values()),
        "link": rows(
            "SELECT claim_id, item_id, component, to_claim, points, decided_by, evidence FROM link",
            claim_id=claims, item_id=items, component=sets("component"), to_claim=claims,
        ),
        "artist": rows("SELECT * FROM artist", id=items),
        "album": rows("SELECT * FROM album", id=items),
        "recording": rows("SELECT * FROM recording", id=items, album_id=items, audio_claim=claims),
        "show": rows(
            "SELECT id, title, day, venue, detail, sources, gone_at IS NULL AS there FROM show", id=items
        ),
        "item_credit": rows("SELECT * FROM item_credit", item_id=items, artist_id=items),
        "shelf": rows("SELECT * FROM shelf", item_id=items),
        "tally": rows("SELECT * FROM tally WHERE total"),
        "play_total": rows("SELECT * FROM play_total", claim_id=claims),
        "play_day": rows("SELECT * FROM play_day"),
        "report": rows(
            "SELECT account_id, key, claim_id, leads, listen_id FROM report", claim_id=claims, listen_id=leaders
        ),
        "find": rows("SELECT item_id, words FROM find", item_id=items),
        "claim_key": rows("SELECT * FROM claim_key", claim_id=claims),
        "unsure": sorted(
            (*sorted((claims[a], claims[b])), points) for a, b, points in house.rows("SELECT a, b, points FROM unsure")
        ),
        "question": sorted(
            (listener, *sorted(((items[a], claims[c]), (items[b], claims[d]))), *rest)
            for listener, a, b, c, d, *rest in house.rows(
                "SELECT listener_id, item_a, item_b, claim_a, claim_b, kind, points, plays, kept, skipped FROM question"
            )
        ),
        "credit": rows("SELECT * FROM credit", claim_id=claims, artist_claim_id=claims),
        "dirty": rows("SELECT * FROM dirty"),
    }  # fmt: skip


def copy_decisions(source: House, target: House) -> None:
    for table in ("decision", "decision_claim"):
        rows = source.rows(f"SELECT * FROM {table}")
        with target.store.write() as conn:
            for row in rows:
                conn.exec_driver_sql(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


@LAWS
@given(WORLD, st.sampled_from(["files", "spotify", "ben-spotify", "lastfm", "tickets"]),
       st.randoms(use_true_random=False), st.booleans(), st.integers(0, 3))  # fmt: skip
def test_what_was_erased_was_never_there(world, account, random, nightly, kills):
    with a_house() as house, a_house() as never:
        tell(house, world, nightly=nightly)
        house.merge()
        for _ in range(2):
            decide(house, random.choice(["artist", "album", "recording"]), random)
        erase(house, account, kills)
        copy_decisions(house, never)
        tell(never, {key: records for key, records in world.items() if key != account})
        never.merge()
        found, expected = told(house), told(never)
        for name in expected:
            assert found[name] == expected[name], name


def test_a_listeners_own_word_stays_and_a_decision_wakes_up_with_the_key(house):
    world = [file("a", "Harbour"), file("b", "Harbour (Live)")], [track("x", "Harbour"), track("y", "Tide")]
    house.sync("files", *world[0])
    house.sync("spotify", *world[1])
    house.merge()
    items = [
        house.value("SELECT item_id FROM link WHERE claim_id = ?", house.claim(account, "recording", pid))
        for account, pid in (("files", "b"), ("spotify", "y"))
    ]
    decisions.same(house.store, ANA, "recording", items)
    claim = house.claim("spotify", "recording", "y")
    with house.store.write() as conn:
        conn.exec_driver_sql(
            "INSERT INTO star (listener_id, kind, claim_id, copy, at) VALUES (1, 'recording', ?, '{}', 0)", (claim,)
        )
    assert house.together("recording", "files/b", "spotify/y")
    erase(house, "spotify")
    assert house.value("SELECT claim_id FROM star") == house.claim("files", "recording", "b")
    assert house.items("recording") == {frozenset({"files/a"}), frozenset({"files/b"})}
    house.sync("spotify", *world[1])
    house.merge()
    assert house.together("recording", "files/b", "spotify/y")
    assert house.claim("spotify", "recording", "y") != claim


def test_a_star_goes_over_to_what_else_the_item_has(house):
    house.sync("spotify", track("x", "Harbour"), track("only", "Tide"))
    house.sync("files", file("a", "Harbour"))
    house.merge()
    first, alone = house.claim("spotify", "recording", "x"), house.claim("spotify", "recording", "only")
    for listener, claim in ((ANA, first), (2, first), (2, house.claim("files", "recording", "a")), (ANA, alone)):
        with house.store.write() as conn:
            conn.exec_driver_sql(
                "INSERT INTO star (listener_id, kind, claim_id, copy, at) VALUES (?, 'recording', ?, '{}', 0)",
                (listener, claim),
            )
    assert house.together("recording", "files/a", "spotify/x")
    erase(house, "spotify")
    heir = house.claim("files", "recording", "a")
    assert house.rows("SELECT listener_id, claim_id FROM star ORDER BY id") == [
        (ANA, heir), (2, first), (2, heir), (ANA, alone),
    ]  # fmt: skip
    with house.store.read() as conn:
        assert stars.starred(conn, ANA, "recording", [heir]) == {heir}


def test_plays_that_two_sources_told_of_stay_with_the_other(house):
    house.plays("lastfm", play(0, "Harbour", id="p1"), play(60, "Harbour", id="p2"))
    house.plays("spotify", play(0, "Harbour", id="s1"))
    house.merge()
    assert house.value("SELECT plays FROM play_day") == 2
    erase(house, "lastfm")
    assert house.rows("SELECT leads, key FROM report") == [(1, "s1")]
    assert house.value("SELECT plays FROM play_day") == 1
    assert house.value("SELECT SUM(plays) FROM play_total") == 1
    erase(house, "spotify")
    assert house.rows("SELECT * FROM play_day") == []
    assert house.rows("SELECT * FROM recording") == []
