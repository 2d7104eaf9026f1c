"""Calls of long windows: counted by whom the service counts, and not forgotten at a restart."""

from __future__ import annotations

import time

import pytest

from aggregator._host import quota
from aggregator._host.limits import Limits
from aggregator.plugin import Limit
from tests.host.conftest import Home

DAY = Limit(calls=3, seconds=86400)


def limits(home: Home, now: float = 1_000_000.0) -> Limits:
    """As another process would have them."""
    return Limits(clock=lambda: now, ledger=quota.Quota(home.store))


def test_a_restart_does_not_forget_a_day(home: Home) -> None:
    for _ in range(3):
        assert not limits(home).take("p", 1, [DAY]).refused
    turn = limits(home, 1_000_000 + 3600).take("p", 1, [DAY])
    assert (turn.refused, turn.wait) == (True, 86400 - 3600)
    assert not limits(home, 1_000_000 + 86400).take("p", 1, [DAY]).refused


def test_a_clock_that_was_wrong_locks_nobody_out(home: Home) -> None:
    for _ in range(3):
        limits(home, 9_000_000_000).take("p", 1, [DAY])
    assert not limits(home).take("p", 1, [DAY]).refused


def test_a_call_that_another_limit_refuses_is_not_counted(home: Home) -> None:
    limited = limits(home)
    hour = Limit(calls=1, seconds=3600)
    limited.take("p", 1, [hour, DAY])
    for _ in range(5):
        assert limited.take("p", 1, [hour, DAY]).refused
    assert quota.Quota(home.store).window("p account 1", 86400) == (1_000_000, 1)


@pytest.mark.parametrize(
    ("scope", "others", "refused"),
    [
        ("address", {"account": 2, "key": "b"}, True),
        ("key", {"account": 2, "key": "a"}, True),
        ("key", {"account": 2, "key": "b"}, False),
        ("account", {"account": 2, "key": "a"}, False),
    ],
)
def test_who_shares_what_is_counted_shares_the_quota(home: Home, scope: str, others: dict, refused: bool) -> None:
    for seconds in (60, 86400):
        limited = limits(home)
        limit = Limit(calls=1, seconds=seconds, scope=scope)
        limited.take("p", 1, [limit], "a")
        assert limited.take("p", others["account"], [limit], others["key"]).refused == refused


def test_the_card_can_say_how_many_calls_are_left(home: Home) -> None:
    ids = {
        name: home.account("ticketmaster", api_key=key)
        for name, key in (("one", "key-aaaa"), ("same", "key-aaaa"), ("other", "key-bbbb"))
    }
    manifest = home.house.catalogue().providers["ticketmaster"].manifest
    day = next(limit for limit in manifest.limits if limit.seconds >= 3600)
    for _ in range(2):
        told = quota.shared_key(home.house.vault, home.state(ids["one"]), manifest)
        home.house.limits.take("ticketmaster", ids["one"], manifest.limits, told)

    def left(name: str) -> quota.Left:
        with home.store.read() as conn:
            (found,) = quota.left(conn, home.house.vault, home.state(ids[name]), manifest, time.time())
        return found

    assert (left("one").calls_left, left("one").of) == (day.calls - 2, day.calls)
    assert left("one").resets_at == pytest.approx(time.time() + day.seconds, abs=10)
    assert left("same") == left("one")
    assert left("other") == quota.Left(day.calls, day.calls, day.seconds, None)
    assert b"key-aaaa" not in b"".join(path.read_bytes() for path in home.data.glob("bandstand.db*"))


def test_signing_in_does_not_change_whose_key_it_is(home: Home) -> None:
    manifest = home.house.catalogue().providers["spotify"].manifest
    app = {"client_id": "app", "client_secret": "secret-of-the-app"}
    ana = home.account("spotify", **app, refresh_token="permission-of-ana")
    ben = home.account("spotify", **app, refresh_token="permission-of-ben")
    keys = {quota.shared_key(home.house.vault, home.state(each), manifest) for each in (ana, ben)}
    assert len(keys) == 1 and "" not in keys


def test_a_run_out_of_calls_rests_until_they_are_free_again(home: Home) -> None:
    """Through a real child: the second of two accounts finds the first one's calls used up."""
    code = (
        "from aggregator.plugin import *\n"
        "class Few(Provider, Library):\n"
        "    id = 'few'\n    name = 'Few'\n    limits = (Limit(calls=1, seconds=86400, scope='address'),)\n"
        "    def library(self):\n"
        "        try: self.http.session.get('http://127.0.0.1:9/')\n"
        "        except OSError: pass\n"
        "        yield Edition(id='a', title='A')\n"
    )
    (home.data / "plugins" / "few.py").write_text(code)
    first, second = home.account("few"), home.account("few")
    assert home.run(first).state == "done"
    row = home.run(second)
    assert (row.state, row.error) == ("failed", "RateLimited")
    assert "Few asks for fewer calls. Bandstand waits and goes on by itself" in row.error_words
    assert home.state(second).blocked_until == pytest.approx(time.time() + 86400, abs=60)
    assert home.state(first).state == "ready"
