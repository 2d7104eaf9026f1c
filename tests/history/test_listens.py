"""One play reported by several services is one listen; two plays are two, however close."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.history.listens import Report, group
from aggregator.library import decisions
from tests.library.house import ANA, file, play, track


def listens(house, listener=ANA):
    return house.value("SELECT COUNT(*) FROM report WHERE leads AND listener_id = ?", listener)


def both(house, lastfm, spotify, seconds=200.0, title="Harbour"):
    house.sync("files", file("t", title, seconds=seconds))
    house.plays("lastfm", *(play(minutes, title) for minutes in lastfm))
    house.plays("spotify", *(play(minutes, title) for minutes in spotify))
    house.merge()
    return listens(house)


@pytest.mark.parametrize(
    ("lastfm", "spotify", "expected"),
    [
        ([0], [0.2], 1),
        ([0], [3.4], 1),  # one of them reports the end
        ([0], [60], 2),
        ([0, 4, 8], [0.1, 4.1, 8.1], 3),
        ([0, 4, 8], [4.1], 3),
        ([0, 1, 2], [0.1, 1.1, 2.1], 3),  # repeated within one tolerance
        ([0, 1], [], 2),
    ],
)
def test_plays_of_two_services(house, lastfm, spotify, expected):
    assert both(house, lastfm, spotify) == expected


def test_a_long_song_is_given_its_length(house):
    assert both(house, [0], [14], seconds=900.0) == 1


def test_listens_of_two_listeners_are_their_own(house):
    house.sync("files", file("t", "Harbour"))
    house.plays("spotify", play(0, "Harbour"))
    house.plays("ben-spotify", play(0, "Harbour"))
    house.merge()
    assert house.rows("SELECT listener_id, plays FROM shelf WHERE kind = 'recording' ORDER BY 1") == [(1, 1), (2, 1)]


def test_a_late_report_joins_the_listen_it_belongs_to(house):
    both(house, [0, 30], [])
    house.plays("spotify", play(29.5, "Harbour"))
    house.merge()
    assert listens(house) == 2
    assert house.value("SELECT SUM(plays) FROM play_day") == 2


def test_totals_follow_a_decision_there_and_back(house):
    """Two names are two songs with a play each; said to be one, their two reports are one listen."""
    house.sync("files", file("t", "Harbour"))
    house.plays("lastfm", play(0, "Harbour", album="Blue Room"))
    house.plays("spotify", play(0.1, "Port Song", album="Blue Room"))
    house.merge()
    items = [
        house.value("SELECT claim_id FROM report WHERE account_id = ?", house.accounts[key])
        for key in ("lastfm", "spotify")
    ]
    items = [house.value("SELECT item_id FROM link WHERE claim_id = ?", claim) for claim in items]
    assert listens(house) == 2
    decision = decisions.same(house.store, ANA, "recording", items)
    assert listens(house) == 1
    assert house.rows("SELECT kind, MAX(plays) FROM shelf GROUP BY 1 ORDER BY 1") == [
        ("album", 1), ("artist", 1), ("recording", 1),
    ]  # fmt: skip
    decisions.undo(house.store, ANA, decision)
    assert listens(house) == 2 and house.value("SELECT SUM(plays) FROM play_total") == 2


def test_an_album_counts_the_plays_that_named_it(house):
    house.sync("spotify", track("t", "Harbour", seconds=185))
    house.plays("lastfm", *(play(10 * n, "Harbour", album="Blue Room" if n < 3 else None) for n in range(5)))
    house.merge()
    assert house.value("SELECT plays FROM shelf WHERE kind = 'album'") == 3
    assert house.value("SELECT plays FROM shelf WHERE kind = 'artist'") == 5


REPORTS = st.lists(st.tuples(st.integers(0, 3000), st.sampled_from("abc")), max_size=12, unique=True)


@given(REPORTS, st.randoms(use_true_random=False))
def test_grouping_is_sound_whatever_comes(times, order):
    """Every listen has at most one report per account, all near its leader; the order of arrival is of no account."""
    reports = [Report(at, account, f"{at}", n, ANA, n, None, False, None, 0) for n, (at, account) in enumerate(times)]
    shuffled = sorted(order.sample(reports, len(reports)))
    found = dict(group(shuffled, 270))
    assert found == dict(group(sorted(reports), 270))
    for leader in set(found.values()):
        members = [report for report, led in found.items() if led is leader]
        assert len({report.account_key for report in members}) == len(members)
        assert all(0 <= report.at - leader.at <= 270 for report in members)
