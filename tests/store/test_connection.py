"""Opening the store: created, migrated, backed up, and refused when it is newer."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError

from aggregator.store import Overtaken, StoreError, connection, open_store
from aggregator.store.schema import listener, metadata


def test_the_program_knows_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(Path(connection.__file__).parent / "migrations"))
    assert scripts.get_heads() == [connection.HEAD]


def test_migrations_build_exactly_the_declared_schema(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    declared = create_engine(f"sqlite:///{tmp_path}/declared.db")
    metadata.create_all(declared)
    assert statements(tmp_path / "bandstand.db") == statements(tmp_path / "declared.db")


def statements(database: Path) -> dict[str, list[str]]:
    """Columns, keys and indexes by table, without the search index and Alembic's own; their order means nothing."""
    with sqlite3.connect(database) as raw:
        names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")]
        ours = [name for name in names if not name.startswith(("find", "alembic", "sqlite_"))]
        facts = ("table_xinfo", "foreign_key_list", "index_list", "index_xinfo")
        return {name: sorted(repr(row[1:]) for fact in facts for row in _about(raw, fact, name)) for name in ours}


def _about(raw: sqlite3.Connection, fact: str, name: str) -> list[tuple[object, ...]]:
    return raw.execute(f"SELECT * FROM pragma_{fact}('{name}')").fetchall()


def test_a_newer_store_is_refused_with_advice(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "bandstand.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer Bandstand"):
        open_store(tmp_path)


def test_what_is_no_database_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "bandstand.db").write_bytes(b"<html>503 Service Unavailable</html>" * 100)
    with pytest.raises(StoreError, match="bandstand restore"):
        open_store(tmp_path)


@pytest.mark.parametrize("command", ["serve", "sync", "_steward", "backup", "check"])
def test_an_older_program_says_so_and_ends(tmp_path: Path, command: str) -> None:
    open_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "bandstand.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    (tmp_path / "config.toml").write_text("[server]\nport = 18484\n")
    told = [sys.executable, "-m", "aggregator", "--config", str(tmp_path / "config.toml"), command]
    ended = subprocess.run(told, env={**os.environ, "BANDSTAND_DATA": str(tmp_path)}, capture_output=True, text=True)
    lines = (ended.stdout if command == "check" else ended.stderr).splitlines()
    told = [line for line in lines if not line.startswith("good")]
    assert told[0].removeprefix("wrong  ").startswith("The database in")
    assert "newer Bandstand" in told[0]
    assert (ended.returncode, "Traceback" in ended.stderr) == (1 if command == "check" else 2, False)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(RuntimeError), store.write() as rows:
        rows.execute(listener.insert().values(name="Robin", role="owner", created_at=0))
        raise RuntimeError
    with store.read() as rows:
        assert rows.execute(select(listener.c.name)).all() == []


def test_an_attempt_lets_others_write_while_it_thinks_and_then_takes_itself_back(tmp_path: Path) -> None:
    mine, theirs = open_store(tmp_path), open_store(tmp_path)
    with pytest.raises(Overtaken), mine.attempt() as rows:
        assert rows.execute(select(listener.c.name)).all() == []
        with theirs.write() as others:
            others.execute(listener.insert().values(name="Robin", role="owner", created_at=0))
        rows.execute(listener.insert().values(name="Ana", role="owner", created_at=0))
    with mine.attempt() as rows:
        assert rows.execute(select(listener.c.name)).scalars().all() == ["Robin"]
        rows.execute(listener.insert().values(name="Ana", role="owner", created_at=0))
    with theirs.read() as rows:
        assert rows.execute(select(listener.c.name).order_by(listener.c.id)).scalars().all() == ["Robin", "Ana"]


def test_an_attempt_that_fails_otherwise_says_how(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(OperationalError, match="no such table"), store.attempt() as rows:
        rows.execute(listener.insert().values(name="Ana", role="owner", created_at=0))
        rows.exec_driver_sql("DELETE FROM unheard")
    with store.read() as rows:
        assert rows.execute(select(listener.c.name)).all() == []
