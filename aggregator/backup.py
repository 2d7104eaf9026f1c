"""All that Bandstand knows in one file, and back: `bandstand backup` and `bandstand restore`.

A backup is a zip archive: ``backup.json`` (what made it, and when), a consistent copy of the database, the key that
locks saved credentials, the key of sessions and calendar addresses, dropped-in plugins and pictures. The configuration
file is in it for reading; restoring leaves the one in use alone. Caches are left out.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from aggregator import __version__
from aggregator._host.lock import AlreadyRunning, StewardLock
from aggregator.config import Config
from aggregator.store import connection
from aggregator.store.connection import RESTORING, StoreError

DATABASE = "bandstand.db"
ABOUT = "backup.json"
KEYS = ("secret.key", "session.key")
FOLDERS = ("plugins", "artwork")
TO_READ = "config.toml"
STAGED = ".restore-"
WITH_DATABASE = (f"{DATABASE}-wal", f"{DATABASE}-shm", "cache")
"""What belongs to the database of the moment: it leaves with it. (Caches go by numbers of accounts.)"""


class BackupError(Exception):
    """Nothing was changed; the message says why and what to do."""


# --- making one -------------------------------------------------------------------------------------------------------


def make(config: Config, target: Path | None = None, pictures: bool = True) -> Path:
    """Write a backup, also while Bandstand runs; `target` may be a folder. Raises `BackupError` and `StoreError`."""
    schema = connection.revision(config.data / DATABASE)
    if schema is None:
        raise BackupError(f"There is nothing in {config.data} to back up yet.")
    path = _free_path(target or Path())
    about = {"schema": schema, "program": __version__, "made": _now().isoformat(), "demo": config.demo}
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _write(file, config, about, pictures)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"The backup could not be written to {path}: {error}.") from None
    finally:
        with suppress(OSError):
            part.unlink()
    return path


def _free_path(target: Path) -> Path:
    path = target / f"bandstand-{_now():%Y-%m-%d-%H%M%S}.zip" if target.is_dir() else target
    if path.exists():
        raise BackupError(f"{path} exists already and was left as it is. Choose another name.")
    return path


def _write(file: Any, config: Config, about: dict[str, Any], pictures: bool) -> None:
    with (
        tempfile.TemporaryDirectory(prefix=".backup-", dir=config.data) as scratch,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive,
    ):
        archive.writestr(ABOUT, json.dumps(about, indent=1))
        copy = Path(scratch) / DATABASE
        connection.copy(config.data / DATABASE, copy)
        if not pictures:
            _forget_pictures(copy)
        archive.write(copy, DATABASE)
        for name, path in _beside(config, pictures):
            archive.write(path, name, zipfile.ZIP_STORED if path.suffix == ".webp" else None)


def _forget_pictures(database: Path) -> None:
    """So that they are fetched again where this copy is put back."""
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute("DELETE FROM art")


def _beside(config: Config, pictures: bool) -> Iterator[tuple[str, Path]]:
    """Everything but the database: names in the archive, and files."""
    if config.path:
        yield TO_READ, config.path
    for key in KEYS:
        if (config.data / key).exists():
            yield key, config.data / key
    for folder in FOLDERS if pictures else FOLDERS[:1]:
        for entry in sorted((config.data / folder).glob("*")):
            for path in [entry] if entry.is_file() else sorted(entry.resolve().rglob("*")):
                if path.is_file() and path.suffix not in (".pyc", ".part"):
                    inside = path.relative_to(entry.resolve()) if path != entry else Path()
                    yield str(PurePosixPath(folder, entry.name, inside)), path


# --- putting one back -------------------------------------------------------------------------------------------------


def restore(config: Config, archive: Path) -> Path | None:
    """Put a backup (or a database that an upgrade set aside) in place of what is there.

    What it replaces is kept in a folder whose path is returned (None: there was nothing). The next start migrates.
    Raises `BackupError` where the backup cannot be used or Bandstand runs; nothing is changed then.
    """
    data = config.data
    try:
        with StewardLock(data):
            for left_by_a_kill in data.glob(f"{STAGED}*"):
                shutil.rmtree(left_by_a_kill)
            with tempfile.TemporaryDirectory(prefix=STAGED, dir=data) as scratch:
                return _restore(archive, Path(scratch), config)
    except AlreadyRunning:
        raise BackupError(f"Bandstand is running on {data}. Stop it, then restore.") from None


def _restore(archive: Path, staged: Path, config: Config) -> Path | None:
    _stage(archive, staged, config.demo)
    _look(staged / DATABASE)
    _fold(config.data / DATABASE)
    return _swap(staged, config.data)


def _stage(archive: Path, staged: Path, demo: bool) -> None:
    """Everything that will be put in place, in a folder of its own."""
    if not archive.is_file():
        raise BackupError(f"There is no file {archive}.")
    try:
        if zipfile.is_zipfile(archive):
            _unpack(archive, staged, demo)
        elif _is_database(archive):
            connection.revision(archive)
            connection.copy(archive, staged / DATABASE)
        else:
            raise BackupError(f"{archive} is no backup of Bandstand, or only a part of one. Take another one.")
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BackupError(f"{archive} is no whole backup of Bandstand ({error}).") from None
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{archive} could not be unpacked into {staged.parent}: {error}.") from None


def _is_database(file: Path) -> bool:
    """A copy made before an upgrade; the mark is the first line of every SQLite file."""
    with file.open("rb") as opened:
        return opened.read(16) == b"SQLite format 3\0"


def _unpack(archive: Path, staged: Path, demo: bool) -> None:
    with zipfile.ZipFile(archive) as opened:
        _refuse_foreign(opened, demo)
        for member in opened.infolist():
            if member.filename not in (ABOUT, TO_READ):
                _extract(opened, member, staged)


def _refuse_foreign(opened: zipfile.ZipFile, demo: bool) -> None:
    about = json.loads(opened.read(ABOUT))
    if about["schema"] > connection.HEAD:
        raise BackupError(
            f"This backup was made by a newer Bandstand ({about['program']}; this is {__version__}). "
            "Install that version or a later one, then restore."
        )
    if about["demo"] and not demo:
        raise BackupError("This is a backup of the demo; it cannot replace your own library.")
    if demo and not about["demo"]:
        raise BackupError(
            "There is no config.toml here, so this would replace the demo. The backup holds the one it was made with: "
            f"`unzip -p {opened.filename} {TO_READ} > {TO_READ}` puts it here; look it over, then restore."
        )


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, staged: Path) -> None:
    """Raises `ValueError` for whatever `make` would not have put in."""
    path = PurePosixPath(member.filename)
    ours = str(path) in (DATABASE, *KEYS) or (len(path.parts) > 1 and path.parts[0] in FOLDERS)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if not ours or ".." in path.parts or kind not in (0, stat.S_IFREG) or str(path) != member.filename:
        raise ValueError(f"{member.filename!r} does not belong in one")
    target = staged / path
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with opened.open(member) as source, os.fdopen(_new(target), "wb") as file:
        shutil.copyfileobj(source, file)
        os.fsync(file.fileno())


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _look(database: Path) -> None:
    """Raises `BackupError` for a database that is damaged."""
    try:
        connection.revision(database)
        with closing(sqlite3.connect(database)) as raw:
            (verdict,) = raw.execute("PRAGMA integrity_check(1)").fetchone()
    except (sqlite3.DatabaseError, StoreError) as error:
        verdict = str(error)
    if verdict != "ok":
        raise BackupError(f"The database in this backup is damaged: {verdict}. Take an older backup.")


def _fold(database: Path) -> None:
    """Bring the present database's log into it, which also shows whether any process still has it open."""
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(database, timeout=1.0)) as raw:
            raw.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError:
        raise BackupError(f"A program still has {database} open. Stop Bandstand, then restore.") from None
    except sqlite3.DatabaseError:
        return  # damaged, and perhaps why a backup is restored; it is kept as it is, with its log


def _swap(staged: Path, data: Path) -> Path | None:
    """Killed in between, the store refuses to open until the backup is restored again."""
    aside = Path(tempfile.mkdtemp(prefix=f"replaced-{_now():%Y-%m-%d}-", dir=data))
    (data / RESTORING).touch()
    names = [path.name for path in staged.iterdir()]
    for name in (*WITH_DATABASE, *names):
        if (data / name).exists():
            (data / name).rename(aside / name)
    for name in names:
        (staged / name).rename(data / name)
    (data / RESTORING).unlink()
    if any(aside.iterdir()):
        return aside
    aside.rmdir()
    return None


def _now() -> datetime:
    return datetime.now().astimezone()
