"""The way data flows, held: who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def imported(path: Path) -> set[str]:
    """Full names of all modules a file imports, at any depth of its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def reaches(path: Path, *targets: str) -> set[str]:
    return {name for name in imported(path) if any(name == t or name.startswith(f"{t}.") for t in targets)}


COMPOSITION_ROOT = {ROOT / "aggregator/cli.py", ROOT / "aggregator/_host/supervise.py"}


@pytest.mark.parametrize("path", files("aggregator"), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_domain_knows_neither_the_web_nor_any_plugin(path: Path) -> None:
    forbidden = ("flask", "plugins") if path in COMPOSITION_ROOT else ("flask", "web", "plugins")
    assert reaches(path, *forbidden) == set()


@pytest.mark.parametrize("path", files("plugins"), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_plugin_knows_only_the_public_contract(path: Path) -> None:
    ours = reaches(path, "aggregator", "web", "tests", "plugins")
    assert {n for n in ours if not (n == "aggregator.plugin" or n.startswith(("aggregator.plugin.", "plugins.")))} <= {
        "aggregator"
    }
    others = {n.split(".")[1] for n in ours if n.startswith("plugins.") and n.count(".")}
    own = path.relative_to(ROOT / "plugins").parts[0].removesuffix(".py")
    assert others <= {own}


@pytest.mark.parametrize("path", files("web"), ids=lambda p: str(p.relative_to(ROOT)))
def test_pages_hold_no_sql_and_stay_out_of_private_rooms(path: Path) -> None:
    assert reaches(path, "aggregator._host", "aggregator.demo", "plugins", "sqlalchemy", "sqlite3") == set()


def test_only_the_promised_folders_are_python_packages() -> None:
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")}
    assert packages == {"aggregator", "plugins", "web", "tests"}
