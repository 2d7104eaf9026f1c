"""Broken plugins of every sort are refused with a reason, and everything else starts."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator import sources
from aggregator._host import find
from aggregator._host.check import check
from aggregator.store import open_store

SOUND = """
from datetime import timedelta
from typing import Any, Callable, Literal
from pydantic import BaseModel
from aggregator.plugin import Edition, Field, Library, Limit, Provider, SecretStr, SignIn

class Mine(Provider, Library):
    id = "{name}"
    name = "Mine"
    def library(self):
        yield Edition(id="a", title="A")
"""
SETTINGS = SOUND + "    class Settings(Provider.Settings):\n        "

BROKEN = {
    "syntax": ("def f(:\n", "It is not valid Python: invalid syntax, line 1"),
    "package": ("import nowhere_at_all\n", "It needs nowhere_at_all, which is not installed here"),
    "raising": ("1 / 0\n", "ZeroDivisionError: division by zero"),
    "exits": ("import sys; sys.exit(0)\n", "It called sys.exit() while it was imported"),
    "dies": ("import os; os._exit(5)\n", "(exit code 5)"),
    "crashes": ("import ctypes; ctypes.string_at(0)\n", "signal 11"),
    "endless": ("while True: pass\n", "Importing it did not end within"),
    "sleeping": ("import time; time.sleep(3600)\n", "Importing it did not end within"),
    "chatty": ("while True: print('x' * 100)\n", "Importing it did not end within"),
    "no_line": ("import sys\nwhile True: sys.stderr.write('x' * 100)\n", "Importing it did not end within"),
    "hungry": ("held = bytearray(2 << 30)\n", "It asked for more memory than the 1,024 MB"),
    "forked": ("import os\nif os.fork() == 0:\n    os.setsid()\n    while True: pass\n1 / 0\n", "ZeroDivisionError"),
    "pipe": ("import os\nfor fd in range(3, 30):\n    try: os.write(fd, b'x' * 99)\n    except: pass\n", "the pipe"),
    "nothing": ("x = 1\n", "It holds no provider"),
    "binary": ("\0\0\0\n", "It is not valid Python"),
    "taken": (SOUND.replace("{name}", "files"), "Its id 'files' is taken by files (bundled)"),
    "twice": (SOUND + SOUND[SOUND.index("class") :].replace("Mine", "Other"), "Its id 'twice' is taken by twice.py"),
    "method": (SOUND.replace("def library", "def libary"), "declares Library but has no method library()"),
    "no_method": (SOUND.replace("def library(self)", "library = 5\n    def other(self)"), "has no method library()"),
    "old": (SOUND.replace("id =", "api = 99\n    id ="), "was written for plugin API 99"),
    "nameless": (SOUND.replace('name = "Mine"', "pass"), "Mine has no name"),
    "odd_id": (SOUND.replace("{name}", "../up"), "is no id"),
    "idle": (SOUND.replace("Provider, Library", "Provider"), "Mine has no capability: its class inherits none of"),
    "door": (SOUND.replace("er, Library)", "er, SignIn)") + "    begin = finish = library\n", "no capability"),
    "lying": (SOUND + "    about = 5\n", "Mine.about is 5; it should be text"),
    "deadline": (SOUND + "    deadline = 60\n", "Mine.deadline is 60; it should be a timedelta(...)"),
    "memory": (SOUND + "    memory_mb = '1 GB'\n", "it should be a number of megabytes"),
    "often": (SOUND + "    every = {'library': timedelta(seconds=1)}\n", "a timedelta of a minute at least"),
    "every": (SOUND + "    every = {'libary': timedelta(hours=1)}\n", "names 'libary'; did you mean 'library'?"),
    "limits": (SOUND + "    limits = (5,)\n", "Mine.limits is (5,); it should be a list of Limit(...)"),
    "no_model": (SOUND + "    Settings = dict\n", "Mine.Settings is not a class that inherits Provider.Settings"),
    "function": (SETTINGS + "ask: Callable[[], int] = Field(title='x')\n", "Mine.Settings cannot be made a form"),
    "schema": (
        SETTINGS + "a: int = 1\n        @classmethod\n        def model_json_schema(cls): raise OSError('no')\n",
        "Mine.Settings cannot be made a form: OSError no",
    ),
    "listing": (SETTINGS + "hosts: list[str] = []\n", "Mine.Settings.hosts is of a type that no form can ask for"),
    "nested": (SETTINGS + "inner: Provider.Settings\n", "Mine.Settings.inner is of a type that no form can ask for"),
    "numbers": (SETTINGS + "size: Literal[1, 2] = 1\n", "Mine.Settings.size is of a type that no form can ask for"),
    "clear": (SETTINGS + "api_key: str = Field(title='Key')\n", "would be stored and shown in clear"),
    "default": (SETTINGS + "token: SecretStr = 'abc'\n", "is a secret whose default is plain text"),
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one sound plugin among all the broken ones."""
    data = tmp_path_factory.mktemp("broken")
    (data / "plugins").mkdir()
    for name, (code, _) in {**BROKEN, "sound": (SOUND, "")}.items():
        (data / "plugins" / f"{name}.py").write_text(code.replace("{name}", name))
    os.mkfifo(data / "plugins" / "waiting.py")
    (data / "plugins" / "nowhere.py").symlink_to("/no/such/file")
    return data


@pytest.fixture(scope="module")
def found(data: Path) -> Iterator[find.Catalogue]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(find, "LOAD_SECONDS", 12.0)
        yield find.providers(data)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_refused_with_its_reason(found: find.Catalogue, name: str) -> None:
    (reason,) = [each.reason for each in found.broken if each.origin.label == f"{name}.py"]
    assert BROKEN[name][1] in reason
    assert reason.endswith((".", "?"))


def test_everything_else_is_found(found: find.Catalogue) -> None:
    assert {"sound", "twice", "files", "spotify", "lastfm", "ticketmaster"} <= set(found.providers)
    assert {each.origin.how for each in found.broken} == {"dropped in"}


def test_the_next_look_tries_none_of_them_again(data: Path, found: find.Catalogue) -> None:
    began = time.monotonic()
    again = find.providers(data)
    assert time.monotonic() - began < 2
    assert again == found


def test_sources_and_check_say_the_same(data: Path, found: find.Catalogue, capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store(data)
    told = {refused.label: refused.reason for refused in sources.refused(store)}
    store.close()
    for name in ("endless", "dies", "clear"):  # all the others would only be tried again
        assert BROKEN[name][1] in told[f"{name}.py (dropped in)"]
    few = data.parent / "few"
    (few / "plugins").mkdir(parents=True)
    for name in ("syntax", "clear"):
        (few / "plugins" / f"{name}.py").write_text(BROKEN[name][0].replace("{name}", name))
    (few / "config.toml").write_text(f'data = "{few}"\n')
    assert check(few / "config.toml") == 1
    printed = capsys.readouterr().out
    assert f"wrong  provider syntax.py (dropped in): {told['syntax.py (dropped in)']}" in printed
    assert "good   provider Music folder (bundled)" in printed


def test_a_package_installed_later_is_found_without_touching_the_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "mine.py").write_text("import made_later\n" + SOUND.replace("{name}", "mine"))
    assert "made_later" in find.providers(tmp_path).broken[0].reason
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "made_later.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    assert find.providers(tmp_path, again=True).broken, "not at once"
    monkeypatch.setattr(find, "REFUSED_SECONDS", 0)
    assert find.providers(tmp_path).broken, "a page does not wait for it"
    assert find.providers(tmp_path, again=True).broken == []


def test_two_looks_at_once_load_a_plugin_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    trace = tmp_path / "trace"
    (tmp_path / "plugins").mkdir()
    code = f"import time; time.sleep(0.5); open({str(trace)!r}, 'a').write('x')\n"
    (tmp_path / "plugins" / "mine.py").write_text(SOUND.replace("{name}", "mine") + code)
    with ThreadPoolExecutor(3) as pool:
        catalogues = list(pool.map(find.providers, [tmp_path] * 3))
    assert trace.read_text() == "x"
    assert all("mine" in catalogue.providers for catalogue in catalogues)


@pytest.mark.parametrize("damage", ["", "null", "[1]", '{"a": 5}', "\0"])
def test_a_damaged_cache_is_written_anew(tmp_path: Path, damage: str) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "manifests.json").write_text(damage)
    assert "files" in find.providers(tmp_path, ["files"]).providers


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "mine.py").touch(mode=0o000)
    (broken,) = find.providers(tmp_path).broken
    assert broken.reason == "It cannot be read: Permission denied."
