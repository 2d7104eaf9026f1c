"""Opening the store: back up, migrate, refuse what is newer than this program."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

HEAD = "0002"
"""The newest revision in store/migrations/versions; a test holds the two together."""


class StoreError(Exception):
    """The database cannot be used; the message says what to do."""


class Store:
    """A handle on the database in `folder`. Cheap to share between threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "bandstand.db"
        self.engine: Engine = _engine(self.path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; nothing is written."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, begun IMMEDIATE: committed at the end, rolled back by any exception."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    def close(self) -> None:
        self.engine.dispose()


def _engine(path: Path) -> Engine:
    # isolation_level AUTOCOMMIT: transactions are begun and ended by Store itself, never by the driver.
    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT", connect_args={"timeout": 5.0})

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=5000",
            "cache_size=-65536",
            "temp_store=MEMORY",
            "mmap_size=268435456",
        ):
            raw.execute(f"PRAGMA {pragma}")

    return engine


def open_store(folder: Path) -> Store:
    """Open the store in `folder`, creating or migrating it. Raises `StoreError` when it is newer than this program."""
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder)
    found = _revision(store.path)
    if found == HEAD:
        return store
    if found is not None and found > HEAD:
        raise StoreError(
            f"The database in {folder} was written by a newer Bandstand (schema {found}; this program knows {HEAD}). "
            "Start the newer program, or restore the backup it made before it upgraded."
        )
    if found is not None:
        _back_up(store.path, found)
    _upgrade(store)
    return store


def _revision(path: Path) -> str | None:
    if not path.exists() or path.stat().st_size == 0:
        return None
    with sqlite3.connect(path) as raw:
        try:
            row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
    return row[0] if row else None


def _back_up(path: Path, revision: str) -> None:
    target = path.with_name(f"{path.stem}-before-{HEAD}-from-{revision}.db")
    part = target.with_suffix(".part")
    with sqlite3.connect(path) as source, sqlite3.connect(part) as copy:
        source.backup(copy)
    shutil.move(part, target)


def _upgrade(store: Store) -> None:
    # Alembic costs 150 ms to import, so only where there is something to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
