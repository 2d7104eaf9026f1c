"""What a form of settings begins with: what was entered before, and the folders of this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator._host.settings import Vault
from aggregator.sources.cards import visible_to
from aggregator.store import Store

MOST_FOLDERS = 500


@dataclass(frozen=True)
class Entered:
    """`secrets`: names of those that are saved; they are never shown."""

    values: Mapping[str, Any]
    secrets: frozenset[str]


def entered(store: Store, listener_id: int, account_id: int) -> Entered:
    """The settings of an account the listener sees. Secrets that cannot be unlocked count as not saved."""
    with store.read() as conn:
        account = next(each for each in visible_to(conn, listener_id) if each.id == account_id)
    try:
        secrets = Vault(store.folder).unlock(account.secrets)
    except ValueError:
        secrets = {}
    return Entered(account.settings, frozenset(name for name, value in secrets.items() if value))


@dataclass(frozen=True)
class Folders:
    """A folder of this machine and those in it, by name; `above` None for the root."""

    here: Path
    above: Path | None
    inside: list[Path]
    trouble: str = ""


def folders(path: str) -> Folders:
    """What is in `path`, or in the home folder where that is none. Hidden folders are left out."""
    here = Path(path).resolve() if os.path.isdir(path) else Path.home()  # noqa: PTH112 - Path.is_dir may raise
    above = here.parent if here.parent != here else None
    try:
        inside = sorted(
            (each for each in here.iterdir() if each.name[0] != "." and each.is_dir()),
            key=lambda each: each.name.casefold(),
        )
    except OSError as error:
        return Folders(here, above, [], f"{here} cannot be looked into: {error.strerror}.")
    return Folders(here, above, inside[:MOST_FOLDERS])
