"""The merge beside others who write to the library."""

import hashlib
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pytest

from aggregator.library import merging, recording_rules
from aggregator.library.evidence import NOTHING, RULES, Facts
from aggregator.library.matching import Matching
from aggregator.plugin import Track
from aggregator.store import faults, open_store
from tests.benchmarks.merging import invented

from .house import House, edition, file, open_house, track


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


def test_after_an_update_everything_is_decided_by_the_rules_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once; until it is, pages show what they did."""
    house = open_house(tmp_path)
    house.sync("files", file("one", "Harbour"), scope="")
    house.sync("spotify", track("two", "Harbor", seconds=185.0), scope="")
    monkeypatch.setattr(recording_rules, "compare", lambda a, b: NOTHING)
    house.merge()
    assert not house.together("recording", "files/one", "spotify/two")
    monkeypatch.undo()
    house.merge()
    assert not house.together("recording", "files/one", "spotify/two"), "nothing said that the rules are others"
    monkeypatch.setattr(merging, "RULES", merging.RULES + 1)
    assert merging.merge(house.store).claims == house.value("SELECT COUNT(*) FROM claim")
    assert house.together("recording", "files/one", "spotify/two")
    assert merging.merge(house.store).claims == 0


def test_a_change_of_the_rules_is_told_by_their_number() -> None:
    """Where this fails, the rules say something new: raise `RULES` and put the new sum here."""
    assert (RULES, _what_the_rules_say()) == (1, "6af1c26de0f05766")


def _what_the_rules_say() -> str:
    """A sum over forms, keys and verdicts of songs that five sources write in their own ways."""
    rows, _ = invented(400, seed=5)
    told = hashlib.sha256()
    forms = [recording_rules.form(facts) for facts in map(_facts, rows)]
    for one, other in pairwise(forms):
        told.update(repr((sorted(recording_rules.keys(one)), recording_rules.compare(one, other))).encode())
    return told.hexdigest()[:16]


def _facts(row: dict[str, Any]) -> Facts:
    said = {"title": row["title"] or "x", "credits": [{"name": row["artist"]}] if row["artist"] else []}
    said |= {"seconds": float(row["duration_s"])} if row["duration_s"] else {}
    return Facts(said, {"title": row["album"]} if row["album"] else {})


class Killed(BaseException):
    """What stands for SIGKILL here."""


def _die() -> None:
    raise Killed


@pytest.mark.parametrize("moment", ["before:2", "after:2", "before:3", "after:4"])
def test_a_merge_that_is_overtaken_each_time_and_killed_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Each batch is weighed, overtaken, and weighed again behind the lock; the kill comes as it is committed."""
    house, undisturbed = _with_songs(tmp_path / "house"), _with_songs(tmp_path / "undisturbed")
    monkeypatch.setattr(merging, "BATCH", 2)
    undisturbed.merge()
    other = open_store(tmp_path / "house")
    weighed: list[int] = []

    def overtaken(near: object) -> Matching:
        weighed.append(1)
        if len(weighed) % 2:
            with other.engine.connect() as conn:
                conn.exec_driver_sql("UPDATE account SET failures = failures + 1")
        return Matching(near)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(merging, "Matching", overtaken)
        patch.setattr(faults, "die", _die)
        faults.arm(moment)
        with pytest.raises(Killed):
            house.merge()
        faults.arm("")
    assert len(weighed) >= 2 and len(weighed) % 2 == 0
    house.merge()
    assert house.derived() == undisturbed.derived()
    assert house.rows("SELECT * FROM dirty") == []


def _with_songs(folder: Path) -> House:
    house = open_house(folder)
    house.sync("files", edition("room", "Blue Room"), *(file(f"f{n}", f"Song {n}", edition="room") for n in range(4)))
    house.sync("spotify", *(track(f"s{n}", f"Song {n}", seconds=185.0) for n in range(4)))
    return house


def test_a_shops_line_meets_what_it_sells_in_whatever_order_they_come(tmp_path: Path) -> None:
    """Only the first word and the length are equal on both sides; both are new, and so is another song like them."""
    for order in permutations(("files", "spotify", "tickets")):
        house = open_house(tmp_path / "".join(order))
        sold = Track(id="line", title="Turning ( Jo Lark Remix ) Marlow $ 0.89 5:52 April 2 , 2013", edition="control")
        told = {
            "spotify": [track("own", "Turning ( Jo Lark Remix ) Control", "Marlow", seconds=352.0)],
            "files": [edition("control", "Control"), sold],
            "tickets": [track("other", "Turning Tides at Dusk", "Ostby", seconds=352.0)],
        }
        for source in order:
            house.sync(source, *told[source], scope="")
        house.merge()
        assert house.together("recording", "files/line", "spotify/own"), order
        assert not house.together("recording", "spotify/own", "tickets/other"), order
