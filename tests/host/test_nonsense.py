"""Nonsense from a service, through a real child and a real merge: nothing fails, what is usable stays, all is told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from aggregator import sources
from aggregator._host.run import Wanted, run_account
from aggregator._host.runs import ask
from aggregator.library import merging
from aggregator.plugin import Area
from tests.host.conftest import Home

TITLES = 16


def told(home: Home, level: str) -> dict[str, str]:
    """What was said, by what the record is called."""
    lines = [line.split(": ", 1) for found, line in home.lines() if found == level]
    return dict(lines)


@pytest.mark.timeout(120)
def test_a_library_of_nonsense_is_read_to_its_end(home: Home) -> None:
    row = home.run(home.account("nonsense"))
    assert (row.state, row.error) == ("done", None)
    merging.merge(home.store)
    assert len(home.present("recording")) == TITLES + 9
    assert len(home.present("album")) == TITLES + 1
    assert {f"t{number}" for number in range(TITLES)} <= set(home.present("artist"))
    skipped, mended = told(home, "skipped"), told(home, "mended")
    assert skipped["blank"] == "Its title is empty."
    assert skipped["none"] == "It has no title."
    assert skipped["something by Ana (made)"] == "Its title is empty."
    assert mended["“Harbour” by Ana"] == (
        "Its number on the album (1000000000) makes no sense and is left out."
        " Its length (-3) makes no sense and is left out."
    )
    assert mended["“Days” by Ana"].startswith("Its disc number (0) makes no sense")
    assert mended["“Raw”"] == "Its length (-1.0) makes no sense and is left out."
    assert mended["“Torn Apart” by Ana (torn)"] == "It came twice in different words. The longer of the two is kept."
    assert not any("Twice" in name for name in mended)
    with home.store.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM dirty").scalar() == 0
        assert conn.exec_driver_sql("SELECT title FROM recording WHERE title LIKE 'Torn%'").scalar() == "Torn Apart"
        crowd = "SELECT COUNT(*) FROM item_credit k JOIN recording r ON r.id = k.item_id WHERE r.title = 'All'"
        assert conn.exec_driver_sql(crowd).scalar() == 5000


def test_a_second_night_of_the_same_nonsense_changes_nothing(home: Home) -> None:
    account = home.account("nonsense")
    home.run(account)
    home.run(account)
    with home.store.read() as conn:
        counts = conn.exec_driver_sql("SELECT counts FROM run ORDER BY id DESC LIMIT 1").scalar()
    assert "added" not in counts and "changed" not in counts and '"removed": 0' in counts


def test_what_was_wrong_stands_on_the_sources_page(home: Home) -> None:
    account = home.account("nonsense")
    home.run(account)
    home.run(account)
    card = next(card for card in sources.cards(home.store, 1) if card.id == account)
    mended = [line.text for line in card.lines if line.level == "mended"]
    assert mended and len(mended) == len(set(mended))


def test_plays_and_shows_of_nonsense_are_read_to_their_end(home: Home) -> None:
    account = home.account("nonsense")
    assert home.run(account, "history").state == "done"
    provided = home.house.catalogue().providers["nonsense"]
    today = date.today()
    area = Area(latitude=50, longitude=0, radius_km=50, since=today, until=today + timedelta(days=90))
    with home.store.write() as conn:
        run = ask(conn, "shows", account, "listener", 0)
    run_account(home.house, home.state(account), provided, "shows", run, wanted=Wanted((), [area]))
    merging.merge(home.store)
    assert len(home.present("show")) == TITLES
    skipped = told(home, "skipped")
    assert skipped["Before (?)"].startswith("Its time (0001-01-01")
    assert skipped["Nobody's (?)"] == "It has no artist."
    assert skipped["Far away (0001-01-01)"].startswith("Its date")
    with home.store.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM dirty").scalar() == 0


def test_a_record_that_was_known_is_skipped_by_its_name(home: Home) -> None:
    account = home.account("forgets")
    home.run(account)
    home.run(account)
    assert told(home, "skipped") == {"“Harbour” by Ana (h)": "Its title is empty."}
    assert home.present("recording") == ["h"]
