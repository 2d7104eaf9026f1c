"""The merge beside others who write to the library."""

from pathlib import Path

import pytest

from aggregator.library import merging
from aggregator.library.matching import Matching
from aggregator.store import open_store

from .house import edition, file, open_house, track


def test_what_is_written_while_a_batch_is_weighed_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A song comes in while another is decided: both end as one item, and nothing of the first thought is kept."""
    house, other = open_house(tmp_path), open_store(tmp_path)
    house.sync("files", edition("room", "Blue Room"), file("one", "Harbour", edition="room", position=1), scope="")
    weighed: list[int] = []

    def interrupted(near: object) -> Matching:
        weighed.append(1)
        if len(weighed) == 1:
            with other.write() as conn:
                conn.exec_driver_sql(
                    "UPDATE claim SET payload = json_set(payload, '$.title', 'Tide') WHERE kind = 'recording'"
                )
        return Matching(near)  # type: ignore[arg-type]

    monkeypatch.setattr(merging, "Matching", interrupted)
    house.merge()
    assert house.value("SELECT title FROM recording") == "Tide"
    assert house.rows("SELECT * FROM dirty") == []


def test_a_merge_holds_nobody_up_while_it_weighs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who would not wait at all still gets to write, once for every batch."""
    house, other = open_house(tmp_path), open_store(tmp_path)
    house.sync(
        "spotify", *(track(f"song {number}", f"Harbour {number}", seconds=185.0) for number in range(6)), scope=""
    )
    monkeypatch.setattr(merging, "BATCH", 2)
    weighed: list[int] = []

    def beside(near: object) -> Matching:
        weighed.append(1)
        if len(weighed) % 2:  # every second time is the one after somebody wrote
            with other.engine.connect() as conn:
                conn.exec_driver_sql("PRAGMA busy_timeout = 0")
                conn.exec_driver_sql("UPDATE account SET failures = failures + 1")
        return Matching(near)  # type: ignore[arg-type]

    monkeypatch.setattr(merging, "Matching", beside)
    house.merge()
    assert house.value("SELECT MAX(failures) FROM account") == len(weighed) / 2 >= 3
    assert house.value("SELECT COUNT(*) FROM recording") == 6
