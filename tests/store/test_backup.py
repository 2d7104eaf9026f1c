"""`bandstand backup` and `bandstand restore`: while Bandstand works, there and back, and whatever must be refused."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from aggregator import backup, listeners
from aggregator._host.lock import StewardLock
from aggregator._host.settings import Vault
from aggregator.backup import BackupError
from aggregator.config import Config
from aggregator.store import StoreError, connection, open_store
from tests.store.rows import tables


@pytest.fixture
def config(old: Path) -> Config:
    """A household with keys, a plugin of its own, one picture and something cached."""
    open_store(old).close()
    for name in ("plugins/mine.py", "plugins/pack/__init__.py", "artwork/ab/abcd-96.webp", "cache/account-1.sqlite"):
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).write_text(name)
    (old / "config.toml").write_text("")
    return Config(data=old, path=old / "config.toml")


def elsewhere(folder: Path) -> Config:
    return Config(data=folder / "new", path=folder / "config.toml")


def test_there_and_back_on_another_machine(config: Config, tmp_path: Path) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    there = elsewhere(tmp_path)
    assert backup.restore(there, file) is None
    open_store(there.data).close()
    assert tables(there.data / "bandstand.db") == tables(config.data / "bandstand.db")
    for name in ("secret.key", "session.key", "plugins/mine.py", "plugins/pack/__init__.py", "artwork/ab/abcd-96.webp"):
        assert (there.data / name).read_bytes() == (config.data / name).read_bytes()
    assert not (there.data / "cache").exists()
    assert sorted(path.name for path in there.data.iterdir() if path.name.startswith((".", "repl"))) == []


def test_it_is_one_file_that_only_its_owner_can_read(config: Config, tmp_path: Path) -> None:
    file = backup.make(config, tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [file.name]
    with zipfile.ZipFile(file) as archive:
        assert "config.toml" in archive.namelist()
        assert not [name for name in archive.namelist() if name.startswith("cache")]


def test_a_copy_made_while_others_write_is_of_one_moment(config: Config, tmp_path: Path) -> None:
    """Two rows are always written together; no copy may hold only one of them."""
    store = open_store(config.data)
    many, enough = threading.Event(), threading.Event()

    def write() -> None:
        for number in range(100_000):
            if enough.is_set():
                return
            if number == 200:
                many.set()
            with store.write() as conn:
                for name in ("even", "odd"):
                    conn.exec_driver_sql(
                        "INSERT INTO keep (account_id, key, value) VALUES (1, ?, ?)", (f"{name} {number}", "1" * 2000)
                    )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert many.wait(60)
        files = [backup.make(config, tmp_path / f"{number}.zip") for number in range(3)]
    finally:
        enough.set()
        writer.join()
    for file in files:
        there = Config(data=tmp_path / file.stem, path=tmp_path / "config.toml")
        backup.restore(there, file)
        with closing(sqlite3.connect(there.data / "bandstand.db")) as raw:
            count = "SELECT COUNT(*) FROM keep WHERE key LIKE ?"
            even, odd = (raw.execute(count, (f"{name} %",)).fetchone()[0] for name in ("even", "odd"))
        assert even == odd > 0


def test_what_it_replaces_is_kept(config: Config, tmp_path: Path) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    store = open_store(config.data)
    listeners.create(store, "Dora", "member", "yet another long one")
    store.close()
    (config.data / "plugins/mine.py").write_text("newer")
    aside = backup.restore(config, file)
    assert aside is not None
    assert [each.name for each in listeners.everyone(open_store(config.data))] == ["Ana", "Ben"]
    assert [row[1] for row in tables(aside / "bandstand.db")["listener"]][-1] == "Dora"
    assert ((config.data / "plugins/mine.py").read_text(), (aside / "plugins/mine.py").read_text()) == (
        "plugins/mine.py",
        "newer",
    )
    assert (aside / "cache/account-1.sqlite").exists()


def test_an_older_backup_is_brought_up_to_date_by_the_next_start(old: Path, tmp_path: Path) -> None:
    here = Config(data=old, path=old / "config.toml")
    here.path.write_text("")
    file = backup.make(here, tmp_path / "old.zip")
    there = elsewhere(tmp_path)
    backup.restore(there, file)
    assert connection.revision(there.data / "bandstand.db") == "0001"
    open_store(there.data).close()
    assert connection.revision(there.data / "bandstand.db") == connection.HEAD


def test_the_database_that_an_upgrade_set_aside_can_be_put_back(config: Config) -> None:
    before = next(config.data.glob("bandstand-before-*.db"))
    key = (config.data / "secret.key").read_bytes()
    assert backup.restore(config, before) is not None
    assert connection.revision(config.data / "bandstand.db") == "0001"
    assert (config.data / "secret.key").read_bytes() == key


def test_a_broken_database_can_be_replaced(config: Config, tmp_path: Path) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    (config.data / "bandstand.db").write_bytes(b"not a database any more" * 100)
    with pytest.raises(StoreError, match="bandstand restore"):
        open_store(config.data)
    aside = backup.restore(config, file)
    assert aside is not None
    assert (aside / "bandstand.db").read_bytes().startswith(b"not a database")
    open_store(config.data).close()


def test_without_pictures_they_will_be_fetched_again(config: Config, tmp_path: Path) -> None:
    store = open_store(config.data)
    with store.write() as conn:
        conn.exec_driver_sql("INSERT INTO art (source, name, fetched_at) VALUES ('x', 'abcd', 1)")
    there = elsewhere(tmp_path)
    backup.restore(there, backup.make(config, tmp_path / "small.zip", pictures=False))
    assert not (there.data / "artwork").exists()
    assert tables(there.data / "bandstand.db")["art"] == []
    assert len(tables(config.data / "bandstand.db")["art"]) == 1


# --- what is refused, with everything left as it is -------------------------------------------------------------------


def refused(config: Config, file: Path, words: str) -> None:
    before = tables(config.data / "bandstand.db")
    with pytest.raises((BackupError, StoreError), match=words):
        backup.restore(config, file)
    open_store(config.data).close()
    assert tables(config.data / "bandstand.db") == before
    assert not list(config.data.glob("re[ps]*"))
    assert not list(config.data.glob(".restore-*"))


def test_it_is_refused_while_a_steward_works(config: Config, tmp_path: Path) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    with StewardLock(config.data):
        refused(config, file, "Stop it, then restore")


def test_it_is_refused_while_anybody_has_the_database_open(config: Config, tmp_path: Path) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    store = open_store(config.data)
    with store.read() as conn:
        conn.exec_driver_sql("SELECT 1 FROM listener").all()
        refused(config, file, "still has .* open")
    store.close()


Spoil = Callable[[zipfile.ZipFile], None]


def _symlink(archive: zipfile.ZipFile) -> None:
    link = zipfile.ZipInfo("plugins/link.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(link, "/etc/passwd")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda archive: archive.writestr("../outside.py", "x"),
        lambda archive: archive.writestr("plugins/../../outside.py", "x"),
        lambda archive: archive.writestr("/outside.py", "x"),
        lambda archive: archive.writestr("steward.lock", "x"),
        lambda archive: archive.writestr("plugins", "x"),
        lambda archive: archive.writestr("plugins/", ""),
        _symlink,
    ],
    ids=["dots", "dots within", "absolute", "stranger", "folder as file", "folder", "symlink"],
)
def test_members_that_do_not_belong_are_refused(config: Config, tmp_path: Path, spoil: Spoil) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    with zipfile.ZipFile(file, "a") as archive:
        spoil(archive)
    refused(config, file, "does not belong")
    assert not list(tmp_path.rglob("outside.py"))


def test_a_file_that_is_no_backup_is_refused(config: Config, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary" * 100)
    refused(config, tmp_path / "notes.txt", "no backup of Bandstand")
    refused(config, tmp_path / "missing.zip", "There is no file")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("hello", "x")
    refused(config, tmp_path / "other.zip", "no whole backup")


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_damaged_backup_is_refused(config: Config, tmp_path: Path, share: float) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    content = bytearray(file.read_bytes())
    middle = int(len(content) * share)
    content[middle : middle + 64] = bytes(64)
    file.write_bytes(content)
    refused(config, file, "no whole backup")


def test_a_database_damaged_before_it_was_backed_up_is_refused(config: Config, tmp_path: Path) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(file) as good, zipfile.ZipFile(damaged, "w") as bad:
        for member in good.infolist():
            content = bytearray(good.read(member))
            if member.filename == "bandstand.db":
                for page in range(40, 60):
                    content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
            bad.writestr(member.filename, bytes(content))
    refused(config, damaged, "damaged")


def test_a_backup_of_a_newer_program_is_refused(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    monkeypatch.setattr(connection, "HEAD", "0001")
    with pytest.raises(BackupError, match="newer Bandstand"):
        backup.restore(elsewhere(tmp_path), file)
    assert not (tmp_path / "new/bandstand.db").exists()


def test_the_demo_and_ones_own_are_not_mixed(config: Config, tmp_path: Path) -> None:
    demo = Config(data=config.data, path=None)
    own, sample = backup.make(config, tmp_path / "own.zip"), backup.make(demo, tmp_path / "demo.zip")
    refused(demo, own, "There is no config.toml here")
    refused(config, sample, "backup of the demo")
    assert backup.restore(demo, sample) is not None


def test_no_backup_writes_over_another_or_of_nothing(config: Config, tmp_path: Path) -> None:
    file = backup.make(config, tmp_path / "all.zip")
    with pytest.raises(BackupError, match="exists already"):
        backup.make(config, file)
    with pytest.raises(BackupError, match="nothing in"):
        backup.make(elsewhere(tmp_path), tmp_path / "none.zip")
    with pytest.raises(BackupError, match="could not be written"):
        backup.make(config, tmp_path / "no" / "folder.zip")


def test_a_restore_that_was_cut_off_is_told_and_can_be_repeated(config: Config, tmp_path: Path) -> None:
    """Killed while files change places: before the database is back, and after."""
    file = backup.make(config, tmp_path / "all.zip")
    before = tables(config.data / "bandstand.db")
    told = subprocess.run([sys.executable, "-c", RESTORE, str(config.data), str(file)], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    *killed, last = told.stdout.splitlines()
    assert (set(killed), last) == ({"was interrupted"}, "done")
    assert len(killed) >= 5
    assert tables(config.data / "bandstand.db") == before
    open_store(config.data).close()
    assert not list(config.data.glob(".restore-*"))


RESTORE = """
import os, signal, sys
from pathlib import Path
from aggregator import backup
from aggregator.config import Config
from aggregator.store import StoreError, open_store
data, file, rename = Path(sys.argv[1]), Path(sys.argv[2]), Path.rename
def counted(self, target):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
Path.rename = counted
for left in range(1, 30):
    if not (pid := os.fork()):
        backup.restore(Config(data=data, path=data), file)
        os._exit(0)
    if not os.waitpid(pid, 0)[1]:
        sys.exit(print("done"))
    try:
        open_store(data)
    except StoreError as error:
        print("was interrupted" if "was interrupted" in str(error) else error)
"""
"""Restores again and again; each time it dies one file later, until it comes to its end."""

# --- the commands -----------------------------------------------------------------------------------------------------


def bandstand(config: Config, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aggregator", "--config", str(config.path), *words]
    environment = {**os.environ, "BANDSTAND_DATA": str(config.data), "PYTHONPATH": str(Path.cwd())}
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True)


def test_the_commands_say_what_they_did(config: Config, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    told = bandstand(config, "backup", cwd=desk)
    (file,) = desk.iterdir()
    assert (told.returncode, told.stderr) == (0, "")
    assert "holds the key" in told.stdout
    again = bandstand(config, "restore", file.name, cwd=desk)
    assert (again.returncode, again.stderr) == (0, "")
    assert "What was there before is in" in again.stdout
    with StewardLock(config.data):
        busy = bandstand(config, "restore", file.name, cwd=desk)
    assert (busy.returncode, busy.stdout) == (2, "")
    assert busy.stderr.startswith("Bandstand is running on")


def test_a_restored_key_opens_the_restored_secrets(config: Config, tmp_path: Path) -> None:
    locked = Vault(config.data).lock({"token": "abc"})
    there = elsewhere(tmp_path)
    backup.restore(there, backup.make(config, tmp_path / "all.zip"))
    assert Vault(there.data).unlock(locked) == {"token": "abc"}
    shutil.rmtree(there.data)
