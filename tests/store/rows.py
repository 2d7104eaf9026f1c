"""What a database holds, without this program's help."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

Rows = dict[str, list[tuple[object, ...]]]


def tables(database: Path, columns: Mapping[str, Sequence[str]] | None = None) -> Rows:
    """Every row of every table; with `columns` only of these tables and columns."""
    with closing(sqlite3.connect(database)) as raw:
        wanted = columns or columns_of(database)
        return {
            table: sorted(raw.execute(f'SELECT {", ".join(map(_quoted, names))} FROM "{table}"'), key=repr)
            for table, names in wanted.items()
        }


def columns_of(database: Path) -> dict[str, list[str]]:
    """Of all tables but Alembic's."""
    with closing(sqlite3.connect(database)) as raw:
        names = raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
        found = [name for (name,) in names]
        return {name: [row[1] for row in raw.execute(f'PRAGMA table_info("{name}")')] for name in found}


def _quoted(name: str) -> str:
    return f'"{name}"'
