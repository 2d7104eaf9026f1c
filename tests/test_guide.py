"""The guide for plugin authors, followed to the letter in an empty folder."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from aggregator import plugin

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/plugin-authors.md").read_text(encoding="utf-8")
MOST_COMMANDS, MOST_LINES, MOST_LINES_OF_A_PROVIDER = 6, 60, 50

_BLOCK = re.compile(r"(?:as `(?P<name>[\w.]+)`:\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """What a reader types: a file to save under `name`, or (`sh`) commands."""

    kind: str
    text: str
    name: str | None

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


def blocks(text: str) -> list[Block]:
    return [Block(found["kind"], found["text"], found["name"]) for found in _BLOCK.finditer(text)]


def section(title: str) -> str:
    return GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


WALK = blocks(section("Fifteen minutes"))


@dataclass
class Reader:
    """Somebody with an empty folder, a home of their own and Bandstand's commands on their path."""

    folder: Path
    home: Path

    def type(self, block: Block) -> str:
        """What the commands say; a file is only saved."""
        if block.name:
            (self.folder / block.name).write_text(block.text, encoding="utf-8")
            return ""
        assert block.kind == "sh"
        told = [self._run(command) for command in block.lines]
        return "\n".join(told)

    def _run(self, command: str) -> str:
        programs = Path(sys.executable).parent
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BANDSTAND", "XDG"))}
        environment = {**kept, "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(self.home)}
        done = subprocess.run(
            command, shell=True, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    folder, home = tmp_path / "empty", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    return Reader(folder, home)


def test_the_guide_is_short() -> None:
    commands = [line for block in WALK if block.kind == "sh" for line in block.lines]
    assert len(commands) <= MOST_COMMANDS
    assert sum(len(block.lines) for block in WALK) <= MOST_LINES
    (provider,) = [block for block in WALK if block.name == "lantern.py"]
    assert len(provider.text.splitlines()) <= MOST_LINES_OF_A_PROVIDER


def test_the_guide_leads_to_a_provider_that_passes_every_check_and_is_found(reader: Reader) -> None:
    told = [reader.type(block) for block in WALK]
    begun, tried, checked, found = [words for words in told if words]
    assert "FAILED" not in begun and " 0 failed." in begun
    for act in ("Tin Harbour", "Vera Sund", "Pale Meridian"):
        assert act in tried
    assert " 0 failed." in checked and checked.count("\nok ") >= 20
    assert "good   provider The Lantern (dropped in): shows" in found
    assert (
        subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=reader.folder, capture_output=True).returncode == 0
    )


def test_the_package_in_the_guide_is_the_one_that_is_built_and_installed() -> None:
    (toml,) = [block.text for block in blocks(section("Where it goes")) if block.kind == "toml"]
    assert toml == (ROOT / "tests/third_party/bandstand-shelf/pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "block", [block for block in blocks(GUIDE) if block.kind == "python"], ids=lambda b: b.text[:20]
)
def test_the_code_in_the_guide_is_code_and_its_names_exist(block: Block) -> None:
    used = {node.id for node in ast.walk(ast.parse(block.text)) if isinstance(node, ast.Name)}
    records = {name for name in used if name[0].isupper() and name not in NOT_OURS}
    assert records <= set(plugin.__all__) | {"Lantern", "TestLantern", "Contract"}


NOT_OURS = {"UTC", "LIST", "HALL", "KeyError", "TypeError", "ValueError", "IndexError", "Literal"}


def test_every_error_and_every_mark_has_its_place_in_the_guide() -> None:
    for name in (
        "Complete",
        "Skipped",
        "Unchanged",
        "Checkpoint",
        "AuthFailed",
        "RateLimited",
        "Unavailable",
        "BadData",
    ):
        assert f"`{name}" in GUIDE
