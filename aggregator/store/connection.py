"""Opening the store: back up, migrate, refuse what is newer than this program."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from aggregator.store import faults

HEAD = "0003"
"""The newest revision in store/migrations/versions; a test holds the two together."""

RESTORING = "restoring"
"""A file of this name stands in the data directory while a backup is put in place."""


class StoreError(Exception):
    """The database cannot be used; the message says what to do."""


class Overtaken(Exception):
    """Somebody else wrote between what an attempt read and what it wanted to write; nothing of it is done."""


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
                connection.connection.rollback()  # where SQLite has rolled back by itself, this is nothing
                raise
            with faults.commit():
                connection.exec_driver_sql("COMMIT")

    @contextmanager
    def attempt(self) -> Iterator[Connection]:
        """A transaction for long thoughts: it locks others out only from its first write on.

        Raises `Overtaken` where what it read was written by somebody else before that.
        """
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            except OperationalError as error:
                connection.connection.rollback()
                if getattr(error.orig, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_SNAPSHOT):
                    raise Overtaken from error
                raise
            except BaseException:
                connection.connection.rollback()
                raise
            with faults.commit():
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
            "wal_autocheckpoint=8000",
            "temp_store=MEMORY",
            "mmap_size=268435456",
        ):
            raw.execute(f"PRAGMA {pragma}")

    return engine


def open_store(folder: Path) -> Store:
    """Open the store in `folder`, creating or migrating it.

    Raises `StoreError` when it is newer than this program, is no database, or when a restore broke off.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / RESTORING).exists():
        raise StoreError(
            f"Restoring a backup into {folder} was interrupted, so it may hold half of it. "
            "Run `bandstand restore FILE` again. What was there before is kept inside it, in a folder “replaced-…”."
        )
    store = Store(folder)
    if revision(store.path) != HEAD:
        _upgrade(store)
    return store


def revision(path: Path) -> str | None:
    """Which schema the database at `path` has; None where there is nothing yet.

    Raises `StoreError` when that is newer than this program, or no database.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        with closing(sqlite3.connect(path)) as raw:
            known = raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            row = raw.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} cannot be read ({error}). Restore a backup: `bandstand restore FILE`.") from None
    if row and row[0] > HEAD:
        raise StoreError(
            f"The database in {path.parent} was written by a newer Bandstand (schema {row[0]}; this program knows "
            f"{HEAD}). Start the newer program, or restore the backup it made before it upgraded."
        )
    return row[0] if row else None


def copy(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use; `target` is complete or not there."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)  # left behind by a kill
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(part)) as new:
        old.backup(new)
    part.chmod(0o600)
    part.replace(target)


def _upgrade(store: Store) -> None:
    """All of it or nothing, in one transaction. Of two programs that start at once the second finds it done."""
    # Alembic costs 150 ms to import, so only where there is something to do.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.write() as connection:
        found = revision(store.path)
        if found not in (None, HEAD):
            copy(store.path, store.path.with_name(f"bandstand-before-{HEAD}-from-{found}.db"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
