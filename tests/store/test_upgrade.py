"""A database of an earlier revision, upgraded: nothing in it changes, pages open, a kill leaves all or nothing."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig

from aggregator._host import accounts
from aggregator._host.settings import Vault
from aggregator.config import Config
from aggregator.library import acts, decisions, merging, precedence
from aggregator.library.evidence import RULES
from aggregator.store import Store, connection, open_store
from tests.store.conftest import OLD
from tests.store.furnish import SECRET
from tests.store.rows import Rows, columns_of, tables
from tests.store.test_connection import statements
from web import create_app

BACKUP = f"bandstand-before-{connection.HEAD}-from-0001.db"
OPEN = "import sys, pathlib; from aggregator.store import open_store; open_store(pathlib.Path(sys.argv[1]))"


def kept(data: Path) -> Rows:
    """All that no upgrade may change: everything in the tables and columns of revision 0001 but for the state of
    removals that wait for an answer, the marks of what waits to be merged and the keys under which claims meet
    (revision 0002 has them asked, and made, anew), and for dismissals, which are feedback now."""
    with tarfile.open(OLD) as stored:
        stored.extract("bandstand.db", data / "as-it-was", filter="data")
    columns = columns_of(data / "as-it-was" / "bandstand.db")
    columns["held"] = [name for name in columns["held"] if name not in ("decided_at", "decision")]
    del columns["dirty"], columns["claim_key"], columns["dismissal"]
    return tables(data / "bandstand.db", columns)


def test_everything_is_there_after_the_upgrade(old: Path) -> None:
    before = kept(old)
    open_store(old).close()
    assert kept(old) == before
    assert connection.revision(old / "bandstand.db") == connection.HEAD
    assert all(before[table] for table in ("claim", "link", "report", "play_total", "decision_claim", "star", "held"))


def test_what_was_dismissed_is_feedback_of_the_word_never(old: Path) -> None:
    columns = ["id", "listener_id", "kind", "claim_id", "copy", "at", "undone_at"]
    before = tables(old / "bandstand.db", {"dismissal": columns})["dismissal"]
    open_store(old).close()
    after = tables(old / "bandstand.db", {"feedback": [*columns, "word"]})["feedback"]
    assert before and after == [(*row, "never") for row in before]


def test_what_was_picked_and_ordered_before_own_words_is_kept(old: Path) -> None:
    """The stored database as revision 0002 has it, with a pick, an order, one taken back to the usual, and a run."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(connection.__file__).parent / "migrations"))
    with Store(old).write() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0002")
        made = conn.exec_driver_sql(
            "INSERT INTO pick (listener_id, kind, field, account_key, pid, words, at)"
            " SELECT 1, 'album', 'title', a.key, c.pid, 'words', 7 FROM claim c JOIN account a ON a.id = c.account_id"
            " WHERE c.kind = 'album' AND c.present LIMIT 1 RETURNING id, account_key, pid"
        ).one()
        for field, providers, at in (("released", '["spotify", "files"]', 5), ("form", "[]", 9)):
            conn.exec_driver_sql(
                "INSERT INTO precedence (kind, field, providers, listener_id, at) VALUES ('album', ?, ?, 1, ?)",
                (field, providers, at),
            )
    columns = columns_of(old / "bandstand.db")
    before = tables(old / "bandstand.db", columns)
    store = open_store(old)
    assert tables(old / "bandstand.db", columns) == before
    with store.read() as conn:
        new = conn.exec_driver_sql("SELECT id, account_key, pid FROM pick WHERE value IS NULL").all()
        told = [(one.field, one.providers, one.listener, one.at, one.holds) for one in precedence.history(conn)]
    assert new == [made]
    assert told == [("form", [], "Ana", 9, True), ("released", ["spotify", "files"], "Ana", 5, True)]
    merging.merge(store)
    with store.read() as conn:
        assert conn.exec_driver_sql("PRAGMA user_version").scalar_one() == RULES
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM dirty").scalar_one() == 0


def test_it_ends_with_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    open_store(old).close()
    open_store(tmp_path / "new").close()
    assert statements(old / "bandstand.db") == statements(tmp_path / "new" / "bandstand.db")


def test_every_page_of_it_opens(old: Path) -> None:
    app = create_app(Config(data=old, path=old / "config.toml"), open_store(old))
    client = app.test_client()
    assert client.post("/sign-in", data={"name": "Ana", "password": "a long enough one"}).status_code == 303
    seen = {"/"}
    waiting = ["/"]
    while waiting:
        answer = client.get(waiting.pop())
        assert answer.status_code in (200, 302, 303), answer.request.path
        found = set(_links(answer.text)) - seen
        seen |= found
        waiting += found
    assert len(seen) > 60
    assert "Nora Quist" in client.get("/library/artists").text


def _links(page: str) -> list[str]:
    """Addresses of this Bandstand that a page leads to."""
    found = re.findall(r'<a [^>]*href="(/[^"#?]*)', page)
    return [link for link in found if not link.startswith(("/static", "/sign-out", "/stream", "/feed"))]


def test_decisions_and_secrets_of_then_still_count(old: Path) -> None:
    store = open_store(old)
    with store.read() as conn:
        mine = accounts.by_key(conn, "bens-key")
        assert mine is not None
        assert accounts.secret(conn, mine.id, "api_key", Vault(old)) == SECRET + "-renewed"
        standing = next(each for each in acts.history(conn, 1) if not each.undone_at and each.verdict == "same")
        together = conn.exec_driver_sql("SELECT COUNT(*) FROM artist").scalar_one()
    decisions.undo(store, 1, standing.id)
    with store.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM artist").scalar_one() == together + 1


def test_the_backup_made_before_is_the_old_database(old: Path) -> None:
    before = tables(old / "bandstand.db")
    open_store(old).close()
    assert connection.revision(old / BACKUP) == "0001"
    assert tables(old / BACKUP) == before
    assert (old / BACKUP).stat().st_mode & 0o077 == 0


def test_an_upgrade_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last statement fails, after all the others."""
    before = tables(old / "bandstand.db")
    with closing(sqlite3.connect(old / "bandstand.db")) as raw, raw:
        raw.execute("CREATE TABLE run_change (in_the_way)")
    with pytest.raises(Exception, match="already exists"):
        open_store(old)
    assert tables(old / "bandstand.db") == {**before, "run_change": []}
    assert connection.revision(old / "bandstand.db") == "0001"


@pytest.mark.parametrize(("moment", "revision"), [("before:1", "0001"), ("after:1", connection.HEAD)])
def test_killed_at_its_commit_it_is_the_old_or_the_new(old: Path, moment: str, revision: str) -> None:
    before, whole = kept(old), tables(old / "bandstand.db")
    killed = subprocess.run([sys.executable, "-c", OPEN, str(old)], env={**os.environ, "BANDSTAND_FAULT": moment})
    assert killed.returncode == -signal.SIGKILL
    assert connection.revision(old / "bandstand.db") == revision
    assert kept(old) == before
    open_store(old).close()
    assert connection.revision(old / "bandstand.db") == connection.HEAD
    assert tables(old / BACKUP) == whole


def test_two_programs_that_upgrade_at_once_do_it_once(old: Path) -> None:
    before = tables(old / "bandstand.db")
    both = [subprocess.Popen([sys.executable, "-c", OPEN, str(old)]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert connection.revision(old / "bandstand.db") == connection.HEAD
    assert tables(old / BACKUP) == before
