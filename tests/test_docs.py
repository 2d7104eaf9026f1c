"""What the documents promise, tried."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from aggregator import config

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    """The indented blocks of a document, without their indentation."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, flags=re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip() for block in found]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    block = next(block for block in blocks(README) if block.startswith("[accounts."))
    path = tmp_path / "config.toml"
    path.write_text(block, encoding="utf-8")
    return path


def test_the_configuration_in_the_readme_is_understood(sample: Path, tmp_path: Path) -> None:
    environment = {"BANDSTAND_DATA": str(tmp_path), "LASTFM_API_KEY": "k"}
    assert set(config.load(sample, environment).accounts) == {"music", "lastfm"}


def test_the_accounts_in_the_readme_have_the_settings_their_providers_ask_for(sample: Path) -> None:
    for account in tomllib.loads(sample.read_text())["accounts"].values():
        module = import_module(f"plugins.{account['provider']}")
        (provider,) = {
            one
            for one in vars(module).values()
            if isinstance(one, type) and getattr(one, "id", "") == account["provider"]
        }
        provider.Settings.model_validate(account["settings"])


def test_the_commands_in_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`", README)) <= targets
    commands = (ROOT / "aggregator/cli.py").read_text()
    for command in re.findall(r"`\.venv/bin/bandstand ([a-z-]+)", README):
        assert f'"{command}"' in commands


@pytest.mark.parametrize("document", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target
