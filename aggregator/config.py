"""`config.toml`: read once at start, never written.

Where it is looked for: the path given, ``$BANDSTAND_CONFIG``, ``./config.toml``, ``config.toml`` in the data directory.
Without any, or with ``$BANDSTAND_DEMO``, there is the demo, whose data live apart in ``demo`` below the data directory.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aggregator.wording import meant


class ConfigError(Exception):
    """The configuration cannot be used; the message says where and what to write instead."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(_Section):
    host: str = Field(
        default="127.0.0.1",
        description='The address to listen on. "0.0.0.0" opens it to your network: put a proxy with https before it.',
    )
    port: int = Field(default=8484, ge=1, le=65535, description="The port of the dashboard.")


class Sync(_Section):
    hour: int = Field(
        default=4, ge=0, le=23, description="The hour of the nightly sync, 0 to 23, in the machine's time zone."
    )
    private_addresses: bool = Field(
        default=False,
        description="true reads calendars and members' accounts at addresses inside your own network, too.",
    )


class LookUps(_Section):
    """What recommendations ask of each source in a night, for each listener who has it."""

    lists: int = Field(default=75, ge=0, description="Lists of artists: who is similar, for whom a tag is used.")
    facts: int = Field(default=1500, ge=0, description="Tags, listeners and albums of single artists.")


class PinnedAccount(_Section):
    """An account that stands in the file. It cannot be edited in the dashboard."""

    provider: str = Field(description="The provider's id.")
    name: str | None = Field(default=None, description="What the dashboard calls it.")
    owner: str | None = Field(
        default=None, description='A listener\'s name, or "household". Left out: as the provider suggests.'
    )
    enabled: bool = Field(default=True, description="false keeps it without reading it.")
    settings: dict[str, Any] = Field(default={}, description="The provider's own settings.")


class _File(_Section):
    data: Path | None = Field(
        default=None,
        description="Where Bandstand keeps everything it knows. $BANDSTAND_DATA goes before it.",
    )
    server: Server = Server()
    sync: Sync = Sync()
    look_ups: LookUps = LookUps()
    accounts: dict[str, PinnedAccount] = {}


@dataclass(frozen=True)
class Config:
    """What the program was told. `path` None: there is no file, and this is the demo."""

    data: Path
    path: Path | None
    server: Server = field(default_factory=Server)
    sync: Sync = field(default_factory=Sync)
    accounts: Mapping[str, PinnedAccount] = field(default_factory=dict)
    look_ups: LookUps = field(default_factory=LookUps)

    @property
    def demo(self) -> bool:
        return self.path is None


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Raises `ConfigError` for a file that is missing, is no TOML, or holds what is not known."""
    usual = _usual_data(environ)
    found = _find(path, environ, usual)
    if found is None:
        return Config(data=usual / "demo", path=None, server=_server(Server(), environ), accounts={})
    file = _parse(found)
    told = environ.get("BANDSTAND_DATA")
    data = Path(told) if told else file.data or usual
    server = _server(file.server, environ)
    return Config(data.expanduser().absolute(), found.absolute(), server, file.sync, file.accounts, file.look_ups)


def _server(told: Server, environ: Mapping[str, str]) -> Server:
    """``$BANDSTAND_PORT`` (what `serve --port` sets for its processes) goes before the file's port."""
    port = environ.get("BANDSTAND_PORT")
    if port is None:
        return told
    try:
        return Server(host=told.host, port=int(port))
    except ValueError:
        raise ConfigError(f"{port} is not a port. Choose a whole number from 1 to 65535.") from None


def resolved(settings: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings as written, and those to be read from the environment (``"env:NAME"``), which are secrets.

    Raises `ConfigError` when a variable is not set.
    """
    plain, secret = {}, {}
    for key, value in settings.items():
        if not (isinstance(value, str) and value.startswith("env:")):
            plain[key] = value
        elif (name := value.removeprefix("env:")) in environ:
            secret[key] = environ[name]
        else:
            raise ConfigError(
                f"The environment variable {name} is not set ({key} asks for it). Set it and start again."
            )
    return plain, secret


def _usual_data(environ: Mapping[str, str]) -> Path:
    if told := environ.get("BANDSTAND_DATA"):
        return Path(told).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("bandstand", appauthor=False)


def _find(path: Path | None, environ: Mapping[str, str], data: Path) -> Path | None:
    if environ.get("BANDSTAND_DEMO"):
        return None
    if told := path or environ.get("BANDSTAND_CONFIG"):
        named = Path(told).expanduser()
        if not named.is_file():
            raise ConfigError(f"There is no configuration file at {named}.")
        return named
    places = (Path("config.toml"), data / "config.toml")
    return next((place for place in places if place.is_file()), None)


def _parse(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not readable as TOML: {error}") from None
    except ValidationError as error:
        problems = "\n".join(f"  {_words(problem)}" for problem in error.errors(include_url=False))
        raise ConfigError(f"{path} cannot be used:\n{problems}") from None


def _words(problem: Any) -> str:
    *section, key = (str(part) for part in problem["loc"])
    if problem["type"] != "extra_forbidden":
        return f"{'.'.join((*section, key))}: {problem['msg']}"
    return f"{'.'.join((*section, key))} is not a setting; {meant(key, _known(section))}"


def _known(section: list[str]) -> list[str]:
    own: dict[str, type[BaseModel]] = {"server": Server, "sync": Sync, "look_ups": LookUps, "accounts": PinnedAccount}
    return list((own[section[0]] if section else _File).model_fields)
