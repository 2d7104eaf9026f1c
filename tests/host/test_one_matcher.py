"""A sync and the measured `cluster` ask the same rules: where a kind's one function is broken, both change."""

from __future__ import annotations

from datetime import date

import pytest

from aggregator._host.run import Wanted, run_account
from aggregator._host.runs import ask
from aggregator.library import evidence, merging
from aggregator.library.evidence import Evidence, Verdict
from aggregator.plugin import Area
from tests.benchmarks.merging import cluster
from tests.host.conftest import Home

SONG = {"kind": "recording", "title": "Harbour", "artist": "The Lanterns", "album": "Blue Room", "duration_s": 185.0}
SHOW = {"kind": "event", "artist": "The Lanterns", "start": "2026-05-01T20:00:00", "city": "Ghent"}
ROWS = {
    "recording": (SONG, {**SONG, "title": "Harbour - 2011 Remaster", "duration_s": 185.4}),
    "album": ({"kind": "album", "title": "Blue Room", "artist": "The Lanterns", "year": 1994},) * 2,
    "artist": (
        {"kind": "artist", "name": "The Lanterns", "mbid": "m"},
        {"kind": "artist", "name": "Lanterns", "mbid": "m"},
    ),
    "show": ({**SHOW, "venue": "The Hall"}, {**SHOW, "venue": "Hall"}),
}
AREA = Area(latitude=51, longitude=3.7, radius_km=50, since=date(2026, 5, 1), until=date(2026, 6, 1))


def synced(home: Home, kind: str) -> bool:
    """Does a real sync of two accounts make one item of the two?"""
    for which in ("one", "other"):
        account = home.account("twins", which=which)
        if kind == "show":
            with home.store.write() as conn:
                run = ask(conn, "shows", account, "listener", 0)
            provided = home.house.catalogue().providers["twins"]
            run_account(home.house, home.state(account), provided, "shows", run, wanted=Wanted((), [AREA]))
        else:
            assert home.run(account).state == "done"
    merging.merge(home.store)
    with home.store.read() as conn:
        items = conn.exec_driver_sql(
            "SELECT item_id FROM link JOIN claim c ON c.id = link.claim_id WHERE link.kind = ?"
            " AND (c.pid LIKE '% one' OR c.pid LIKE '% other')",
            (kind,),
        ).scalars()
        return len(set(items)) == 1


def measured(kind: str) -> bool:
    rows = [{"id": name, "source": name, **row} for name, row in zip("ab", ROWS[kind], strict=True)]
    return len(set(cluster(rows).values())) == 1


@pytest.mark.parametrize("kind", ROWS)
def test_breaking_the_one_function_breaks_the_sync_and_what_is_measured(
    home: Home, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert measured(kind)
    monkeypatch.setattr(
        evidence.rules(kind), "compare", lambda *_: Verdict("different", (Evidence("title", "a", "b", -99.0),))
    )
    assert not measured(kind)
    assert not synced(home, kind)


@pytest.mark.parametrize("kind", ROWS)
def test_a_sync_makes_one_of_what_two_accounts_tell(home: Home, kind: str) -> None:
    assert synced(home, kind)
