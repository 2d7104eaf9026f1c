"""What the steward does by itself, one chore at a time."""

import time

from sqlalchemy import insert, select

from aggregator import listeners, recommendations
from aggregator._host import chores, runs
from aggregator.sources import progress
from aggregator.store.schema import recommended
from tests.host.conftest import Home


def stand_in(home: Home, listener_id: int) -> None:
    """A recommendation that no list made anew would hold."""
    row = {"kind": "artist", "rank": 0, "item_id": 1, "score": 1.0, "reasons": "[]", "made_at": 0}
    with home.store.write() as conn:
        conn.execute(insert(recommended).values(listener_id=listener_id, **row))


def whose(home: Home) -> list[int]:
    """Listeners whose lists were not made anew."""
    with home.store.read() as conn:
        return list(conn.scalars(select(recommended.c.listener_id)))


def do_all(home: Home) -> None:
    with home.store.read() as conn:
        waiting = runs.waiting(conn)
    for queued in waiting:
        assert chores.do(home.house, queued) is None


def test_a_word_of_one_listener_has_their_list_made_anew_and_nobody_elses(home: Home) -> None:
    ana = listeners.create(home.store, "Ana", "owner").id
    ben = listeners.create(home.store, "Ben", "member").id
    for person in (ana, ben):
        stand_in(home, person)
    recommendations.make_anew(home.store, ana)
    recommendations.make_anew(home.store, ana)
    assert [len(progress(home.store, person)) for person in (ana, ben)] == [1, 0]
    do_all(home)
    assert whose(home) == [ben]
    with home.store.write() as conn:
        runs.ask(conn, "recommend", None, "schedule", int(time.time()))
    do_all(home)
    assert whose(home) == []


def test_what_a_kill_cut_short_is_taken_up_for_the_same_listener(home: Home) -> None:
    ana = listeners.create(home.store, "Ana", "owner").id
    recommendations.make_anew(home.store, ana)
    with home.store.write() as conn:
        (cut,) = runs.waiting(conn)
        runs.start(conn, cut.id, int(time.time()))
        runs.recover(conn, int(time.time()))
        assert [(each.what, each.listener_id) for each in runs.waiting(conn)] == [("recommend", ana)]
