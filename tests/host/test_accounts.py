"""An account's life: renamed, tested, archived, brought back, erased, whoever asks and whenever."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from aggregator import artwork, listeners, sources
from aggregator._host import accounts, chores, pinned, runs
from aggregator._host.runs import Queued
from aggregator.config import load
from aggregator.library import decisions, erasing
from aggregator.sources import SourceError
from tests.host.conftest import Home, until
from tests.host.test_steward import Start, ended, start

__all__ = ["start"]


@pytest.fixture
def robin(home: Home) -> int:
    return listeners.create(home.store, "Robin", "owner").id


@pytest.fixture
def sam(home: Home) -> int:
    return listeners.create(home.store, "Sam", "member").id


def rows(home: Home, statement: str) -> list[tuple[Any, ...]]:
    with home.store.read() as conn:
        return [tuple(row) for row in conn.exec_driver_sql(statement)]


def do_chores(home: Home) -> None:
    """What the steward has to do by itself, in its order."""
    with home.store.write() as conn:
        runs.ask(conn, "merge", None, "schedule", 0)
    while True:
        with home.store.read() as conn:
            waiting = [each for each in runs.waiting(conn) if each.account_id is None]
        if not waiting:
            return
        for each in waiting:
            assert chores.do(home.house, each) is None


def left(home: Home, account: int) -> dict[str, int]:
    """Rows that name the account, by table."""
    found = {}
    for (table,) in rows(home, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = [row[1] for row in rows(home, f"PRAGMA table_info({table})")]
        if "account_id" in columns:
            found[table] = rows(home, f"SELECT COUNT(*) FROM {table} WHERE account_id = {account}")[0][0]
    return {table: count for table, count in found.items() if count}


# --- whose it is ------------------------------------------------------------------------------------------------------

CHANGES = [
    lambda store, who, account: sources.rename(store, who, account, "Mine"),
    lambda store, who, account: sources.switch(store, who, account, False),
    lambda store, who, account: sources.change_settings(store, who, account, {"size": 0}),
    sources.test,
    sources.archive,
    sources.bring_back,
    sources.erase,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_member_changes_neither_the_households_nor_anothers_account(
    home: Home, robin: int, sam: int, change: Any
) -> None:
    of_all, robins = home.account("good"), sources.create_account(home.store, "good", robin, {})
    before = rows(home, "SELECT * FROM account")
    with pytest.raises(SourceError, match="belongs to the household"):
        change(home.store, sam, of_all)
    with pytest.raises(SourceError, match="no such source"):
        change(home.store, sam, robins)
    with pytest.raises(SourceError, match="no such source"):
        change(home.store, robin, sources.create_account(home.store, "good", sam, {}))
    assert rows(home, "SELECT * FROM account WHERE id < 3") == before


def test_a_new_name_keeps_everything(home: Home, robin: int) -> None:
    account = home.account("good")
    home.run(account)
    before = rows(home, "SELECT id, account_id, kind, pid FROM claim"), home.state(account).key
    sources.rename(home.store, robin, account, "  The  good one ")
    assert home.state(account).name == "The good one"
    assert home.run(account).error is None
    assert before == (rows(home, "SELECT id, account_id, kind, pid FROM claim"), home.state(account).key)
    for name in ("", "  ", "x" * 121):
        with pytest.raises(SourceError, match="1 to 120"):
            sources.rename(home.store, robin, account, name)


def test_a_test_tells_what_came_first_and_keeps_nothing(home: Home, robin: int, start: Start) -> None:
    made = {name: home.account(name, **more) for name, more in
            {"good": {}, "raises": {"error": "AuthFailed"}, "hangs": {}}.items()}  # fmt: skip
    for account in made.values():
        sources.switch(home.store, robin, account, False)
    with home.store.write() as conn:
        conn.exec_driver_sql("DELETE FROM run")
    start()
    assert "The first thing it named is “Album 0”." in sources.test(home.store, robin, made["good"])
    assert "first thing it named is “Kept”" in sources.test(home.store, robin, made["raises"])
    with pytest.raises(SourceError, match="Hangs: "):
        sources.test(home.store, robin, made["hangs"])
    assert left(home, made["good"]) == left(home, made["raises"]) == {}


@pytest.mark.parametrize("end", [lambda store, who, one: sources.switch(store, who, one, False), sources.archive])
def test_a_run_ends_with_its_account_switched_off_or_archived(home: Home, robin: int, end: Any) -> None:
    account = home.account("slow", size=4000)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(home.run, account)
        until(lambda: home.present("recording"))
        end(home.store, robin, account)
        home.house.stop(account)
        row = run.result()
    assert (row.state, row.error) == ("failed", "stopped")
    assert "switched off or removed during this run" in row.error_words
    assert (home.state(account).state, home.state(account).failures) == ("disabled", 0)
    assert home.present("recording")


# --- archived ---------------------------------------------------------------------------------------------------------


def test_an_archived_account_is_not_read_keeps_what_it_brought_and_comes_back(home: Home, robin: int) -> None:
    account = home.account("good")
    home.run(account)
    sources.archive(home.store, robin, account)
    assert sources.request_sync(home.store, robin, account) == 0
    assert len(home.present("album")) == 3
    assert [card.id for card in sources.cards(home.store, robin)] == []
    assert [card.id for card in sources.archived(home.store, robin)] == [account]
    with pytest.raises(SourceError, match="Bring it back"):
        sources.switch(home.store, robin, account, True)
    sources.bring_back(home.store, robin, account)
    assert home.state(account).archived_at is None
    assert home.run(account).error is None
    with pytest.raises(SourceError, match="not archived"):
        sources.bring_back(home.store, robin, account)


def test_what_leaves_config_toml_is_archived_and_comes_back_with_it(home: Home, robin: int) -> None:
    path = home.data / "config.toml"

    def told(text: str) -> list[str]:
        path.write_text(text)
        return pinned.apply(home.house, load(path, {"BANDSTAND_DATA": str(home.data)}), home.house.catalogue(), {})

    mine = '[accounts.mine]\nprovider = "good"\nowner = "household"\nsettings = {size = 2}\n'
    told(mine)
    (account,) = [row[0] for row in rows(home, "SELECT id FROM account")]
    home.run(account)
    with pytest.raises(SourceError, match="stands in config"):
        sources.erase(home.store, robin, account)
    told("")
    gone = home.state(account)
    assert (gone.pinned, gone.enabled, gone.archived_at is None) == (False, False, False)
    assert len(home.present("album")) == 2
    told(mine)
    back = home.state(account)
    assert (back.pinned, back.enabled, back.archived_at, back.state) == (True, True, None, "ready")
    told("")
    sources.erase(home.store, robin, account)
    assert "waits until what it brought before is erased" in told(mine)[0]
    do_chores(home)
    assert told(mine) == []
    assert home.state(account + 1).key == "mine"


# --- erased -----------------------------------------------------------------------------------------------------------


def furnish(home: Home, account: int, covers: tuple[str, ...]) -> None:
    """All that hangs on an account: pictures, a cache, answers, something of its own, a question."""
    cache = home.data / "cache" / f"account-{account}.sqlite"
    cache.parent.mkdir(exist_ok=True)
    for end in ("", "-wal", "-shm"):
        cache.with_name(cache.name + end).write_bytes(b"what it was answered")
    with home.store.write() as conn:
        for number, cover in enumerate(covers):
            payload = json.dumps({"title": f"Album {number}", "cover": {"url": cover}})
            conn.exec_driver_sql(
                "UPDATE claim SET payload = ? WHERE account_id = ? AND kind = 'album' AND pid = ?",
                (payload, account, f"e{number}"),
            )
        conn.exec_driver_sql("INSERT INTO answer VALUES (?, 'similar', 'x', '[]', 0, 0, NULL, 0)", (account,))
        conn.exec_driver_sql("INSERT INTO held VALUES (NULL, ?, 'library:', 1, 1, '', 0, NULL, NULL)", (account,))


def picture(home: Home, address: str, colour: str) -> list[str]:
    """A fetched picture; the names of its files."""
    path = home.data / f"{colour}.png"
    Image.new("RGB", (640, 640), colour).save(path)
    kept = artwork._keep(home.data, path.read_bytes())
    with home.store.write() as conn:
        conn.exec_driver_sql(
            "INSERT INTO art (source, name, hue, fetched_at) VALUES (?, ?, ?, 0)", (address, kept.name, kept.hue)
        )
    return [each.name for each in (home.data / "artwork").rglob(f"{kept.name}*")]


def test_nothing_is_left_of_an_erased_account(home: Home, robin: int) -> None:
    other, account = home.account("good", size=1), home.account("good", size=2, token="a long secret one")
    for each in (other, account):
        home.run(each)
    furnish(home, other, ("https://pictures.example/shared",))
    furnish(home, account, ("https://pictures.example/shared", "https://pictures.example/its own"))
    shared, own = (picture(home, f"https://pictures.example/{name}", colour)
                   for name, colour in (("shared", "red"), ("its own", "blue")))  # fmt: skip
    do_chores(home)
    sources.erase(home.store, robin, account)
    assert home.state(account).secrets is None
    do_chores(home)
    assert left(home, account) == {}
    assert rows(home, f"SELECT * FROM account WHERE id = {account}") == []
    assert rows(home, "PRAGMA foreign_key_check") == []
    assert rows(home, "SELECT source FROM art") == [("https://pictures.example/shared",)]
    assert {path.name for path in (home.data / "artwork").rglob("*.webp")} == set(shared)
    assert own and not list((home.data / "cache").glob(f"account-{account}.*"))
    assert list((home.data / "cache").glob(f"account-{other}.*"))
    assert len(home.present("album")) == 1
    assert rows(home, "SELECT total FROM tally WHERE kind = 'album' AND total") == [(1,)]


def test_erasing_twice_is_erasing_once_and_no_number_is_given_twice(home: Home, robin: int) -> None:
    account = home.account("good")
    sources.erase(home.store, robin, account)
    with pytest.raises(SourceError, match="is being erased"):
        sources.erase(home.store, robin, account)
    for change in CHANGES:
        with pytest.raises(SourceError, match="is being erased"):
            change(home.store, robin, account)
    assert sources.request_sync(home.store, robin, account) == 0
    do_chores(home)
    with pytest.raises(SourceError, match="no such source"):
        sources.erase(home.store, robin, account)
    again = home.account("good")
    assert again > account, "a page that is still open must not act on another account"
    assert home.state(again).key == "good"


def test_a_key_that_comes_back_finds_its_decisions(home: Home, robin: int) -> None:
    one, two = home.account("good", size=1), home.account("good", size=2)
    for each in (one, two):
        home.run(each)
    do_chores(home)
    pair = rows(home, "SELECT DISTINCT item_id FROM link JOIN claim ON id = claim_id WHERE link.kind = 'album'")
    assert len(pair) == 2
    decisions.same(home.store, robin, "album", [item for (item,) in pair])
    sources.erase(home.store, robin, two)
    do_chores(home)
    assert rows(home, "SELECT COUNT(*) FROM decision WHERE undone_at IS NULL") == [(1,)]
    back = home.account("good", size=2)
    assert home.state(back).key == "good-2"
    home.run(back)
    do_chores(home)
    assert len(rows(home, "SELECT DISTINCT item_id FROM link WHERE kind = 'album'")) == 1


def test_an_account_is_erased_while_it_is_read(home: Home, robin: int, start: Start) -> None:
    account, other = home.account("slow", size=4000), home.account("good")
    start()
    until(lambda: home.present("recording"))
    sources.erase(home.store, robin, account)
    until(lambda: rows(home, f"SELECT 1 FROM account WHERE id = {account}") == [], 60)
    assert left(home, account) == {}
    assert ended(home, other).state == "done"
    assert len(home.present("album")) == 3


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(erasing, "BATCH", 2)
    yield


def test_an_erasure_that_was_killed_is_taken_up_again(
    home: Home, robin: int, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = home.account("good", size=4)
    home.run(account)
    home.run(account, "history")
    do_chores(home)
    sources.erase(home.store, robin, account)
    commits = 0
    while rows(home, f"SELECT 1 FROM account WHERE id = {account}"):
        commits += 1
        with home.store.read() as conn:
            (waiting,) = [each for each in runs.waiting(conn) if each.what == "erase"]
        killed_after(home, waiting, commits, monkeypatch)
        with home.store.write() as conn:
            runs.recover(conn, 0)
    do_chores(home)
    assert commits > 10
    assert left(home, account) == {}
    for table in ("claim", "report", "album", "recording", "artist", "link", "shelf", "play_total", "play_day", "find"):
        assert rows(home, f"SELECT COUNT(*) FROM {table}") == [(0,)], table


def killed_after(home: Home, waiting: Queued, commits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the chore until that many transactions are committed, then stop as a kill would."""

    class Killed(BaseException):
        """Nobody catches it."""

    write, done = type(home.store).write, 0

    def counted(store: Any) -> Any:
        nonlocal done
        if done > commits:
            raise Killed
        done += 1
        return write(store)

    with monkeypatch.context() as patch:
        patch.setattr(type(home.store), "write", counted)
        try:
            chores.do(home.house, waiting)
        except Killed:
            return


# --- a provider that comes and goes -----------------------------------------------------------------------------------


def test_without_its_provider_an_account_waits_with_what_it_brought(home: Home, robin: int, start: Start) -> None:
    account = home.account("good")
    home.run(account)
    file, aside = home.data / "plugins" / "good.py", home.data / "good.py"
    shutil.move(file, aside)
    start()
    until(lambda: home.state(account).state == "load error")
    assert "no provider 'good'" in home.state(account).state_words
    assert len(home.present("album")) == 3
    (card,) = sources.cards(home.store, robin)
    assert card.sizes["album"] == 3
    shutil.move(aside, file)
    until(lambda: sources.request_sync(home.store, robin, account) or home.state(account).state == "ready")
    until(lambda: home.state(account).state == "ready")


def test_secrets_in_config_toml_are_not_stored_before_the_provider_says_what_they_are(home: Home) -> None:
    shutil.move(home.data / "plugins" / "good.py", home.data / "good.py")
    path = home.data / "config.toml"
    path.write_text(
        '[accounts.mine]\nprovider = "good"\nowner = "household"\nsettings = {token = "a long secret one"}\n'
    )
    pinned.apply(home.house, load(path, {"BANDSTAND_DATA": str(home.data)}), home.house.catalogue(), {})
    with sqlite3.connect(home.data / "bandstand.db") as raw:
        assert raw.execute("SELECT state, settings, secrets FROM account").fetchall() == [("load error", "{}", None)]
    with home.store.read() as conn:
        assert accounts.by_key(conn, "mine")
