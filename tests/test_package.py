"""The wheel: complete, able to start in a clean environment, and to find other people's providers beside it."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
THIRD_PARTY = ROOT / "tests/third_party/bandstand-shelf"

DROPPED_IN = """
from aggregator.plugin import Edition, Library, Provider

class Crate(Provider, Library):
    id = "crate"
    name = "Crate"
    def library(self):
        yield Edition(id="1", title="Undertow")
"""

pytestmark = pytest.mark.timeout(600)


def built(source: Path, out: Path) -> Path:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a clean environment with Bandstand and a stranger's package, from their wheels."""
    folder = tmp_path_factory.mktemp("clean")
    source = shutil.copytree(THIRD_PARTY, folder / "source")
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv/bin"
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel), str(built(source, folder / "dist"))], check=True)
    return programs


def test_the_wheel_holds_what_is_needed_at_run_time(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in ("aggregator/store/migrations/env.py", "web/templates/base.html", "plugins/files.py"):
        assert needed in names or needed.replace(".py", "/__init__.py") in names
    for pattern in (r"web/static/.+\.css", r"web/static/.+\.js", r"web/static/.+\.woff2", r"aggregator/demo/music/.+"):
        assert any(re.fullmatch(pattern, name) for name in names), pattern
    assert not [name for name in names if name.startswith("tests/")]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


def test_the_wheel_starts_in_a_clean_environment(installed: Path, tmp_path: Path) -> None:
    port = free_port()
    serve = subprocess.Popen(
        [str(installed / "bandstand"), "serve", "--port", str(port)],
        cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert "<main" in _first_page(port, serve)
    finally:
        serve.send_signal(signal.SIGTERM)
        output = serve.communicate(timeout=30)[0]
    assert "Traceback" not in output


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "BANDSTAND_DATA": str(home / "data")}


def bandstand(installed: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(installed / "bandstand"), "--config", str(home / "config.toml"), *arguments]
    return subprocess.run(command, cwd=home, env=environment(home), capture_output=True, text=True, timeout=120)


def test_strangers_providers_are_found_by_entry_point_and_in_the_drop_in_folder(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "data/plugins").mkdir(parents=True)
    (tmp_path / "data/plugins/crate.py").write_text(DROPPED_IN)
    (tmp_path / "records.csv").write_text(
        "Tin Harbour, Undertow, 2019\nOla Grey, Rain Practice, a while ago\nno title\n"
    )
    (tmp_path / "config.toml").write_text(
        f"""
        [accounts.crate]
        provider = "crate"
        owner = "household"
        [accounts.shelf]
        provider = "shelf"
        owner = "household"
        [accounts.shelf.settings]
        folder = "{tmp_path}"
        """
    )
    checked = bandstand(installed, tmp_path, "check").stdout
    assert "good   provider Record shelf (installed): library" in checked
    assert "good   provider Crate (dropped in): library" in checked
    synced = bandstand(installed, tmp_path, "sync")
    assert synced.returncode == 0, synced.stdout + synced.stderr
    with sqlite3.connect(tmp_path / "data/bandstand.db") as conn:
        brought = conn.execute("SELECT account.key, claim.pid FROM claim JOIN account ON account.id = account_id"
                               " WHERE kind = 'album' ORDER BY 1, 2").fetchall()  # fmt: skip
        dated = conn.execute(
            "SELECT payload ->> '$.released' FROM claim WHERE pid = 'Ola Grey/Rain Practice'"
        ).fetchone()
        told = str(conn.execute("SELECT line FROM run_line").fetchall())
    assert brought == [("crate", "1"), ("shelf", "Ola Grey/Rain Practice"), ("shelf", "Tin Harbour/Undertow")]
    assert dated == (None,) and "a while ago" in told  # the record stays without the field
    assert "line 3" in told


def _first_page(port: int, serve: subprocess.Popen[str]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and serve.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"no page within a minute (exit code {serve.poll()})")
