"""What a listener sees of the sources, and may do with them."""

from __future__ import annotations

import time

import pytest

from aggregator import listeners, sources
from aggregator._host import accounts, runs
from tests.host.conftest import Home


@pytest.fixture
def robin(home: Home) -> int:
    return listeners.create(home.store, "Robin", "owner").id


@pytest.fixture
def sam(home: Home) -> int:
    return listeners.create(home.store, "Sam", "member").id


def test_a_card_tells_how_a_source_fares(home: Home, robin: int) -> None:
    account = home.account("raises", error="Unavailable")
    home.run(account)
    (card,) = sources.cards(home.store, robin)
    assert (card.state, card.provider_name, card.household) == ("backing off", "Raises", True)
    (part,) = card.parts
    assert part.last is not None
    assert (part.what, part.last.state, part.last.error) == ("library", "failed", "Unavailable")
    assert part.next_at == card.blocked_until
    assert card.sizes == {"album": 1}


def test_what_was_skipped_is_listed(home: Home, robin: int) -> None:
    home.run(home.account("good"))
    (card,) = sources.cards(home.store, robin)
    assert ("skipped", "broken: not a song") in [(line.level, line.text) for line in card.lines]


def test_what_could_not_be_read_is_told_once_however_often_it_was_tried(home: Home, robin: int) -> None:
    account = home.account("good")
    for _ in range(2):
        home.run(account)
    assert skipped(home, robin) == ["broken: not a song"]
    with home.store.write() as conn:
        started = runs.ask(conn, "library", account, "listener", 0)
        runs.start(conn, started, 0)
        runs.lines(conn, started, [(0, "skipped", "broken: not a song"), (0, "skipped", "torn: ends early")])
        runs.fail(conn, started, 0, "Unavailable", "", None, {})
    assert skipped(home, robin) == ["torn: ends early", "broken: not a song"]
    with home.store.write() as conn:
        healed = runs.ask(conn, "library", account, "listener", 0)
        runs.succeed(conn, healed, 0, {})
    assert skipped(home, robin) == []


def skipped(home: Home, listener: int) -> list[str]:
    (card,) = sources.cards(home.store, listener)
    return [line.text for line in card.lines if line.level == "skipped"]


def test_another_listeners_source_is_neither_seen_nor_touched(home: Home, robin: int, sam: int) -> None:
    account = sources.create_account(home.store, "good", robin, {})
    assert sources.cards(home.store, sam) == []
    assert sources.progress(home.store, sam) == []
    assert sources.request_sync(home.store, sam, account) == 0
    for change in (
        lambda: sources.change_settings(home.store, sam, account, {}),
        lambda: sources.switch(home.store, sam, account, False),
        lambda: sources.begin_sign_in(home.store, sam, account, "http://127.0.0.1/", "s"),
    ):
        with pytest.raises(sources.SourceError, match="no such source"):
            change()


def test_settings_are_looked_at_by_the_provider_itself(home: Home) -> None:
    with pytest.raises(sources.SettingsRefused) as caught:
        sources.create_account(home.store, "good", None, {"size": -1, "sise": 3})
    assert set(caught.value.fields) == {"size", "sise"}
    with home.store.read() as conn:
        assert accounts.every(conn) == []


def test_a_secret_left_empty_stays_and_never_shows(home: Home, robin: int) -> None:
    account = sources.create_account(home.store, "good", robin, {"token": "sesame-42"})
    sources.change_settings(home.store, robin, account, {"size": 5, "token": ""})
    found = home.state(account)
    assert found.settings == {"size": 5}
    assert home.house.vault.unlock(found.secrets) == {"token": "sesame-42"}
    assert b"sesame-42" not in (home.data / "bandstand.db").read_bytes()


def test_sync_now_ends_a_pause_after_trouble_but_not_one_that_the_service_asked_for(home: Home, robin: int) -> None:
    troubled = home.account("raises", error="Unavailable")
    limited = home.account("raises", error="RateLimited")
    home.run(troubled)
    home.run(limited)
    sources.request_sync(home.store, robin)
    assert home.state(troubled).blocked_until is None
    assert home.state(limited).blocked_until is not None


def test_a_run_that_waits_for_the_end_of_a_pause_is_not_at_work(home: Home, robin: int) -> None:
    resting = home.account("raises", error="Unavailable")
    home.run(resting)
    with home.store.write() as conn:
        runs.ask(conn, "library", resting, "schedule", int(time.time()))
        runs.ask(conn, "merge", None, "schedule", int(time.time()))
    card = next(card for card in sources.cards(home.store, robin) if card.id == resting)
    assert (card.state, card.running) == ("backing off", False), "so “Sync now” can be pressed"
    assert [each.what for each in sources.progress(home.store, robin)] == ["merge"]
    sources.request_sync(home.store, robin, resting)
    assert {each.what for each in sources.progress(home.store, robin)} == {"library", "merge"}


def test_a_switched_off_source_is_not_read_and_keeps_what_it_brought(home: Home, robin: int) -> None:
    account = home.account("good")
    home.run(account)
    sources.switch(home.store, robin, account, False)
    (card,) = sources.cards(home.store, robin)
    assert (card.state, card.parts[0].next_at) == ("disabled", None)
    assert sources.request_sync(home.store, robin, account) == 0
    assert len(home.present("album")) == 3


def test_sources_beside_each_other_have_names_of_their_own(home: Home, robin: int, sam: int) -> None:
    for listener in (None, robin, sam, robin):
        sources.create_account(home.store, "good", listener, {}, check=False)
    assert sorted(card.name for card in sources.cards(home.store, robin)) == ["Good", "Good 2", "Good 3"]
    assert sorted(card.name for card in sources.cards(home.store, sam)) == ["Good", "Good 2"]


def test_two_accounts_of_one_provider_have_keys_of_their_own(home: Home) -> None:
    first, second = home.account("good"), home.account("good")
    assert (home.state(first).key, home.state(second).key) == ("good", "good-2")


def test_offers_have_a_form_and_broken_plugins_a_reason(home: Home) -> None:
    (home.data / "plugins" / "broken.py").write_text("import nowhere_at_all\n")
    offer = next(offer for offer in sources.offers(home.store) if offer.id == "good")
    assert [(field.name, field.kind) for field in offer.form] == [("size", "number"), ("token", "secret")]
    (refused,) = sources.refused(home.store)
    assert refused.label == "broken.py (dropped in)"
    assert "nowhere_at_all" in refused.reason


def test_cards_take_the_same_number_of_queries_for_one_source_or_many(home: Home, robin: int) -> None:
    from sqlalchemy import event

    counted: list[str] = []
    event.listen(home.store.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))

    def queries() -> int:
        counted.clear()
        sources.cards(home.store, robin)
        return len(counted)

    home.account("good")
    once = queries()
    for _ in range(3):
        home.account("good")
    assert queries() == once
