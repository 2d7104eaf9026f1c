"""The story: the same past tomorrow, the same mess every week of the year."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.demo import gigs, truth, world
from aggregator.demo.listening import DAY
from tests.demo.conftest import NOW

DAYS = [NOW + number * 17 * DAY + number * 3571 for number in range(24)]


def test_tomorrow_tells_the_same_past() -> None:
    today, tomorrow = world.build(NOW, NOW - 300 * DAY), world.build(NOW + DAY, NOW - 300 * DAY)
    assert tomorrow.robin[: len(today.robin)] == today.robin
    assert len(tomorrow.robin) >= len(today.robin)
    coming = {gig.id for gig in today.events if gig.day > datetime.fromtimestamp(NOW + 2 * DAY, UTC).date()}
    assert coming <= {gig.id for gig in tomorrow.events}


@pytest.mark.parametrize("now", DAYS)
def test_plays_of_a_song_are_never_so_close_that_two_could_be_taken_for_one(now: int) -> None:
    told = world.build(now)
    for heard in (told.robin, told.sam):
        last: dict[str, int] = {}
        for play in heard:
            assert play.at - last.get(play.song.slug, 0) > max(240, play.song.ms / 1000) + 30
            last[play.song.slug] = play.at


@pytest.mark.parametrize("now", DAYS)
def test_every_season_has_all_that_can_go_wrong_with_a_listing(now: int) -> None:
    told = world.build(now)
    seen = truth.truth(told)["Robin"]
    assert 1500 <= seen.plays <= 3000
    assert seen.shows.own >= 15 and seen.shows.possible >= 1 and seen.shows.cancelled >= 2
    assert (seen.unsure["album"], seen.unsure["recording"], seen.unsure["show"]) in {(1, 2, 1), (1, 2, 2)}
    entries = told.events
    assert len({gig.id for gig in entries}) == len(entries)
    assert any(gig.seller == "tmr" for gig in entries)
    assert any(gig.title.startswith("VIP") for gig in entries)
    assert any(gig.start is None for gig in entries)
    assert any(gig.until for gig in entries)
    assert any(gig.test for gig in entries) and any(not gig.music for gig in entries)
    assert any(gig.status == "rescheduled" for gig in entries)
    assert any(gig.venue.miles > 30 for gig in entries)
    assert min(gig.day for gig in entries) < datetime.fromtimestamp(now, UTC).date()


def test_there_is_a_show_on_the_day_the_clocks_change() -> None:
    february = int(datetime(2027, 2, 10, tzinfo=UTC).timestamp())
    changed = [gig for gig in gigs.programme(february) if gig.day.isoformat() == "2027-03-14" and gig.music]
    assert [gig.instant.isoformat() for gig in changed] == ["2027-03-14T23:00:00+00:00"]
