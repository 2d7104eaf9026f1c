"""The gate's two doors, against a web server on loopback."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import pytest

from aggregator._host.faults import retry_after
from aggregator._host.gate import LocalGate
from aggregator._host.limits import Limits
from aggregator.plugin import AuthFailed, BadData, Limit, RateLimited, Unavailable
from tests.host.conftest import Service


def test_both_doors_share_one_limit(service: Service) -> None:
    gate = LocalGate((Limit(calls=2, seconds=0.5),))
    client = httpx2.Client(transport=gate.transport)
    began = time.monotonic()
    for _ in range(2):
        gate.session.get(service.url)
        client.get(service.url)
    assert time.monotonic() - began >= 0.5
    assert service.calls == 4


@pytest.mark.parametrize("door", ["requests", "httpx2"])
def test_a_long_refusal_stops_the_next_call_before_it_leaves(service: Service, door: str) -> None:
    service.status, service.headers = 429, {"Retry-After": "86400"}
    gate = LocalGate()
    get = gate.session.get if door == "requests" else httpx2.Client(transport=gate.transport).get
    assert get(service.url).status_code == 429
    with pytest.raises(RateLimited) as caught:
        get(service.url)
    assert caught.value.retry_after == pytest.approx(86400, abs=2)
    assert service.calls == 1


def test_a_short_refusal_delays_the_next_call(service: Service) -> None:
    service.status, service.headers = 429, {"Retry-After": "1"}
    gate = LocalGate()
    gate.session.get(service.url)
    began = time.monotonic()
    gate.session.get(service.url)
    assert 0.8 < time.monotonic() - began < 3


def test_nothing_is_cached_unless_asked_for_and_never_an_error(service: Service, tmp_path: Path) -> None:
    session = LocalGate(cache=tmp_path / "account-1.sqlite").session
    session.get(service.url)
    session.get(service.url)
    assert service.calls == 2
    service.status = 500
    session.get(service.url, expire_after=60)
    service.status = 200
    session.get(service.url, expire_after=60)
    session.get(service.url, expire_after=60)
    assert service.calls == 4


def test_two_accounts_never_share_an_answer(service: Service, tmp_path: Path) -> None:
    one, other = (LocalGate(cache=tmp_path / f"account-{n}.sqlite").session for n in (1, 2))
    one.get(service.url, headers={"Authorization": "Bearer one"}, expire_after=60)
    service.body = "for the other"
    assert other.get(service.url, headers={"Authorization": "Bearer two"}, expire_after=60).text == "for the other"


def test_no_secret_is_written_to_the_cache(service: Service, tmp_path: Path) -> None:
    session = LocalGate(cache=tmp_path / "account-1.sqlite").session
    session.get(service.url, params={"api_key": "sesame-42"}, headers={"Authorization": "sesame-43"}, expire_after=60)
    assert b"sesame-4" not in (tmp_path / "account-1.sqlite").read_bytes()


def test_calls_say_who_they_are(service: Service) -> None:
    gate = LocalGate()
    gate.session.get(service.url)
    assert service.agents[0].startswith("Bandstand/")


def test_a_status_is_remembered_without_its_query() -> None:
    gate = LocalGate()
    gate.remember("https://api.example/v1/top?token=x", 403)
    assert gate.remembered("https://api.example/v1/top") == 403
    assert gate.remembered("https://api.example/v1/other") is None


def test_retry_after_as_number_date_or_nonsense() -> None:
    assert retry_after("7") == 7
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") == 60
    assert retry_after(None) == 60


def test_a_window_never_lets_more_calls_through_than_it_may() -> None:
    now = 1000.0
    limits = Limits(clock=lambda: now)
    limit = Limit(calls=3, seconds=10)
    turns = [now + limits.take("p", 1, [limit]).wait for _ in range(9)]
    for start in turns:
        assert sum(start <= turn < start + 10 for turn in turns) <= 3
    assert turns[-1] == now + 20


def test_a_quota_by_address_is_shared_and_one_by_account_is_not() -> None:
    limits = Limits(clock=lambda: 1000.0)
    shared, own = Limit(calls=1, seconds=10, scope="address"), Limit(calls=1, seconds=10, scope="account")
    assert [limits.take("p", account, [own]).wait for account in (1, 2)] == [0, 0]
    assert [limits.take("p", account, [shared]).wait for account in (1, 2)] == [0, 10]


def test_a_turn_too_far_away_is_refused_and_not_taken() -> None:
    limits = Limits(clock=lambda: 1000.0)
    day = Limit(calls=1, seconds=86400)
    assert not limits.take("p", 1, [day]).refused
    assert [limits.take("p", 1, [day]).refused for _ in range(2)] == [True, True]


def test_json_is_decoded(service: Service) -> None:
    service.body = '{"gigs": [1]}'
    assert LocalGate().json(service.url, params={"key": "open-sesame"}) == {"gigs": [1]}


@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (401, {}, "", AuthFailed),
        (403, {}, "{}", AuthFailed),
        (404, {}, "{}", BadData),
        (429, {"Retry-After": "7"}, "", RateLimited),
        (503, {"Retry-After": "7"}, "", RateLimited),
        (503, {}, "{}", Unavailable),
        (200, {}, "<html>", BadData),
        (200, {}, '{"gigs": [', BadData),
    ],
)
def test_json_words_every_refusal_without_the_address(
    service: Service, status: int, headers: dict[str, str], body: str, error: type[Exception]
) -> None:
    service.status, service.headers, service.body = status, headers, body
    with pytest.raises(error) as caught:
        LocalGate().json(service.url, params={"key": "open-sesame"})
    assert "127.0.0.1" in str(caught.value) and "open-sesame" not in str(caught.value)
    assert getattr(caught.value, "retry_after", 7.0) == 7.0


def test_json_from_nowhere_is_unavailable_and_keeps_the_key_to_itself() -> None:
    with pytest.raises(Unavailable) as caught:
        LocalGate().json("http://127.0.0.1:9/", params={"key": "open-sesame"})
    assert caught.value.__suppress_context__ and "open-sesame" not in str(caught.value)
