"""Finding providers: described in children, remembered by content, refused with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aggregator._host import find


def drop(data: Path, name: str, code: str) -> None:
    (data / "plugins").mkdir(parents=True, exist_ok=True)
    (data / "plugins" / name).write_text(code)


PROVIDER = """
from aggregator.plugin import Library, Provider, Edition
class Mine(Provider, Library):
    id = "mine"
    name = "Mine"
    def library(self):
        yield Edition(id="a", title="A")
"""


def reason(data: Path) -> str:
    (broken,) = [each for each in find.providers(data).broken if each.origin.how == "dropped in"]
    return broken.reason


def test_bundled_providers_are_found(tmp_path: Path) -> None:
    found = find.providers(tmp_path)
    assert {"files", "spotify", "lastfm", "ticketmaster"} <= set(found.providers)
    assert found.broken == []


def test_a_dropped_in_file_is_found_and_described_again_when_it_changes(tmp_path: Path) -> None:
    drop(tmp_path, "mine.py", PROVIDER)
    assert find.providers(tmp_path).providers["mine"].manifest.name == "Mine"
    drop(tmp_path, "mine.py", PROVIDER.replace('"Mine"', '"Ours"'))
    assert find.providers(tmp_path).providers["mine"].manifest.name == "Ours"


def test_unchanged_code_is_not_run_again(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    drop(tmp_path, "mine.py", PROVIDER + f"open({str(trace)!r}, 'a').write('x')\n")
    find.providers(tmp_path)
    find.providers(tmp_path)
    assert trace.read_text() == "x"


def test_plugin_code_never_runs_in_this_process(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    drop(tmp_path, "mine.py", PROVIDER + f"import os; open({str(trace)!r}, 'w').write(str(os.getpid()))\n")
    find.providers(tmp_path)
    assert int(trace.read_text()) != os.getpid()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import nowhere_at_all\n", "ModuleNotFoundError"),
        ("def f(:\n", "SyntaxError"),
        ("import os; os._exit(5)\n", "exit code 5"),
        ("x = 1\n", "holds no provider"),
        (PROVIDER.replace("def library", "def libary"), "has no method library()"),
        (PROVIDER.replace('    id = "mine"\n', ""), "has no id"),
        (PROVIDER.replace('id = "mine"', 'id = "mine"\n    api = 99'), "plugin API 99"),
        (PROVIDER.replace('id = "mine"', 'id = "files"'), "'files' is taken by files (bundled)"),
    ],
)
def test_a_broken_plugin_is_refused_with_its_reason(tmp_path: Path, code: str, words: str) -> None:
    drop(tmp_path, "broken.py", code)
    assert words in reason(tmp_path)
    assert "files" in find.providers(tmp_path).providers
