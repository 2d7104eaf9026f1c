"""config.toml: where it is found, what it may hold, how a mistake is answered."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from aggregator import config
from aggregator._host import example
from aggregator.config import ConfigError

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


def load(tmp_path: Path, text: str) -> config.Config:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return config.load(path, {"BANDSTAND_DATA": str(tmp_path / "data")})


def test_without_a_file_it_is_the_demo_with_data_of_its_own(tmp_path: Path) -> None:
    told = config.load(environ={"BANDSTAND_DATA": str(tmp_path)})
    assert told.demo
    assert told.data == tmp_path / "demo"


def test_the_demo_stands_beside_ones_own_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nport = 9000\n")
    told = config.load(environ={"BANDSTAND_DATA": str(tmp_path), "BANDSTAND_DEMO": "1", "BANDSTAND_PORT": "8485"})
    assert (told.demo, told.data, told.server.port) == (True, tmp_path / "demo", 8485)


def test_a_file_in_the_data_directory_is_found(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nport = 9000\n")
    told = config.load(environ={"BANDSTAND_DATA": str(tmp_path)})
    assert (told.demo, told.server.port, told.data) == (False, 9000, tmp_path)


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no configuration file"):
        config.load(environ={"BANDSTAND_CONFIG": str(tmp_path / "nowhere.toml")})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[servre]\nport = 1\n", "servre is not a setting; did you mean 'server'"),
        ("[server]\nprot = 1\n", "server.prot is not a setting; did you mean 'port'"),
        (
            "[accounts.x]\nprovider = 'files'\nowenr = 'Robin'\n",
            "accounts.x.owenr is not a setting; did you mean 'owner'",
        ),
        ("[sync]\nminute = 1\n", "known here: hour"),
        ("[server]\nport = 'high'\n", "server.port"),
        ("[server\n", "not readable as TOML"),
    ],
)
def test_a_mistake_is_named_with_what_was_meant(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert words in str(caught.value)


def test_values_from_the_environment_are_secrets() -> None:
    plain, secret = config.resolved({"user": "robin", "key": "env:KEY"}, {"KEY": "sesame"})
    assert (plain, secret) == ({"user": "robin"}, {"key": "sesame"})
    with pytest.raises(ConfigError, match="KEY is not set"):
        config.resolved({"key": "env:KEY"}, {})


def test_the_example_is_up_to_date_and_every_setting_in_it_is_known(tmp_path: Path) -> None:
    written = (ROOT / "config.example.toml").read_text()
    assert written == example.text(), "write it anew: bandstand config-example > config.example.toml"
    uncommented = "\n".join(
        line[1:] if line.startswith("#") and line[1:2] not in ("", " ") else line for line in written.splitlines()
    )
    found = load(tmp_path, uncommented.replace('"…"', '"text"'))
    assert {"files", "spotify", "lastfm", "ticketmaster"} <= set(tomllib.loads(uncommented)["accounts"])
    assert found.server.port == 8484
