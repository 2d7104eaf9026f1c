"""Which providers there are: installed packages, the bundled ones, and files dropped into the data directory.

Their code runs in a child, once per content of the file: the manifest is kept by hash in ``cache/manifests.json``. What
was refused is tried again after an hour (a package that was missing may have been installed), and at once when the file
changes. Only the steward and the command line try again: no page waits for it. Nothing that a plugin is or does stops
the others from being found.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from aggregator.plugin import Limit
from aggregator.wording import duration, meant, sentence

if TYPE_CHECKING:
    from aggregator._host.process import Child

SYNCED = ("library", "history", "friends", "shows")
"""The capabilities that are read by runs, in the order in which they are useful."""
GROUP = "bandstand.providers"
LOAD_SECONDS = 20.0
"""An import that takes longer is given up."""
AT_ONCE = 8
"""Children that describe plugins; most of their time goes by waiting for the disk."""
REFUSED_SECONDS = 3600
"""How long a refusal counts before the plugin is tried again."""

_ROOT = Path(__file__).parent.parent.parent


class Manifest(BaseModel):
    """What a provider says of itself; times in seconds. `settings` is a JSON Schema."""

    id: str
    name: str
    about: str = ""
    key_minutes: int = 0
    key_page: str = ""
    capabilities: list[str]
    methods: list[str] = []
    settings: dict[str, Any]
    limits: list[Limit] = []
    every: dict[str, float] = {}
    household: bool = False
    artwork_hosts: list[str] = []
    deadline: float
    memory_mb: int

    @property
    def synced(self) -> list[str]:
        """The capabilities that are read by runs, in the order in which they are useful."""
        return [word for word in SYNCED if word in self.capabilities]


@dataclass(frozen=True)
class Origin:
    """Where provider code is. `target` is what `load.classes` takes, `fingerprint` changes with the code."""

    how: str  # installed | bundled | dropped in
    label: str
    target: str
    fingerprint: str
    unreadable: str = ""
    """Why its files cannot be read, if so."""


@dataclass(frozen=True)
class Broken:
    """A plugin that is not used, and why."""

    origin: Origin
    reason: str
    traceback: str | None = None


@dataclass(frozen=True)
class Provided:
    manifest: Manifest
    origin: Origin


@dataclass
class Catalogue:
    providers: dict[str, Provided] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)

    def manifest(self, provider: str) -> Manifest | None:
        found = self.providers.get(provider)
        return found.manifest if found else None

    def missing(self, provider: str) -> str:
        """Why there is no provider of this id, and what may have been meant."""
        broken = next((each.reason for each in self.broken if Path(each.origin.label).stem == provider), None)
        return broken or f"There is no provider {provider!r}; {meant(provider, self.providers)}"


def providers(
    data: Path, wanted: Collection[str] | None = None, child: Child | None = None, *, again: bool = False
) -> Catalogue:
    """Every provider, described. Code that is new or changed is loaded in a child first (0.3 s each).

    With `wanted` only as much is loaded as it takes to know these ids, the first of it in `child` where one is given.
    `again`: what was refused an hour ago or more is tried anew.
    """
    path = data / "cache" / "manifests.json"
    found = list(origins(data))
    described = _known(path, found, again)
    if all(origin.unreadable or origin.fingerprint in described for origin in found):
        return _catalogue(found, described)
    with _alone(path):
        described = _known(path, found, again)  # another process may just have looked
        for some in _in_turn(found, wanted):
            fresh = _describe_all([each for each in some if each.fingerprint not in described], child)
            described |= fresh
            if fresh:
                _write(path, described)
            catalogue = _catalogue(found, described)
            if wanted is not None and catalogue.providers.keys() >= set(wanted):
                break
            child = None
    return catalogue


def try_again(data: Path) -> None:
    """Forget what was refused: the next look tries it anew."""
    path = data / "cache" / "manifests.json"
    if path.exists():
        _write(path, {key: told for key, told in _read(path).items() if "error" not in told})


def _known(path: Path, found: list[Origin], again: bool) -> dict[str, dict[str, Any]]:
    """What is kept of these."""
    kept = _read(path)
    known = {origin.fingerprint: kept[origin.fingerprint] for origin in found if origin.fingerprint in kept}
    return {key: told for key, told in known.items() if not (again and _is_old(told))}


def _is_old(told: Mapping[str, Any]) -> bool:
    """A refusal that has counted for long enough, or is dated by a clock that went wrong."""
    return "error" in told and not 0 <= time.time() - told.get("at", 0) < REFUSED_SECONDS


def _in_turn(found: list[Origin], wanted: Collection[str] | None) -> Iterator[list[Origin]]:
    """First what is named like the wanted ids (and what would go before it), then everything."""
    if wanted is not None:
        yield [each for each in found if each.how == "installed" or Path(each.label).stem in wanted]
    yield found


def _catalogue(found: list[Origin], described: Mapping[str, dict[str, Any]]) -> Catalogue:
    catalogue = Catalogue()
    for origin in found:
        if origin.unreadable:
            catalogue.broken.append(Broken(origin, origin.unreadable))
        elif origin.fingerprint in described:
            _add(catalogue, origin, described[origin.fingerprint])
    return catalogue


def origins(data: Path) -> Iterator[Origin]:
    """Installed ones first, then bundled, then dropped in: of two with one id the first is used."""
    yield from _installed()
    for path in _plugins_in(_ROOT / "plugins"):
        yield _origin("bundled", path.stem, f"plugins.{path.stem}", path)
    for path in _plugins_in(data / "plugins"):
        yield _origin("dropped in", path.name, str(path.resolve()), path)


def _origin(how: str, label: str, target: str, path: Path) -> Origin:
    try:
        return Origin(how, label, target, _fingerprint(path))
    except OSError as error:
        return Origin(how, label, target, f"unreadable:{path}", f"It cannot be read: {error.strerror}.")


def _add(catalogue: Catalogue, origin: Origin, described: dict[str, Any]) -> None:
    if "error" in described:
        catalogue.broken.append(Broken(origin, described["error"], described.get("traceback")))
    for each in described.get("manifests", []):
        manifest = Manifest.model_validate(each)
        if taken := catalogue.providers.get(manifest.id):
            reason = f"Its id {manifest.id!r} is taken by {taken.origin.label} ({taken.origin.how})."
            catalogue.broken.append(Broken(origin, reason))
        else:
            catalogue.providers[manifest.id] = Provided(manifest, origin)


def _describe_all(found: list[Origin], child: Child | None) -> dict[str, dict[str, Any]]:
    found = [origin for origin in found if not origin.unreadable]
    if child and len(found) == 1:
        return {found[0].fingerprint: _describe(found[0], child)}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip([each.fingerprint for each in found], pool.map(_describe_apart, found), strict=True))


def _describe_apart(origin: Origin) -> dict[str, Any]:
    from aggregator._host.process import Child

    with Child() as child:
        return _describe(origin, child)


def _describe(origin: Origin, child: Child) -> dict[str, Any]:
    """The manifests, or the ``error`` with the time ``at`` which it was met."""
    from aggregator._host.process import Failure

    try:
        told = child.describe(origin.target, LOAD_SECONDS)
        return {"manifests": [Manifest.model_validate(each).model_dump() for each in told]}
    except Failure as failure:
        late = f"Importing it did not end within {duration(LOAD_SECONDS)}."
        words = late if failure.kind == "late" else sentence(failure.words)
        return {"error": words, "traceback": failure.traceback, "at": time.time()}
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        words = f"What it says of itself makes no sense: {'.'.join(map(str, problem['loc']))}: {problem['msg']}."
        return {"error": words, "at": time.time()}


@cache
def _installed() -> tuple[Origin, ...]:
    from importlib.metadata import entry_points

    found = []
    for point in entry_points(group=GROUP):
        version = f"{point.dist.name} {point.dist.version}" if point.dist else ""
        found.append(Origin("installed", point.name, point.value, f"{_contract()}:{point.value}:{version}"))
    return tuple(found)


def _plugins_in(folder: Path) -> list[Path]:
    """Files and packages, by name; tests, and names that begin with an underscore or a dot, are left alone."""
    try:
        listed = sorted(folder.iterdir())
    except OSError:  # most have none; one that may not be read holds nothing that could be loaded
        return []
    return [path for path in listed if not path.name.startswith(("_", ".", "test_", "conftest.")) and _is_plugin(path)]


def _is_plugin(path: Path) -> bool:
    try:
        return path.is_file() if path.suffix == ".py" else (path / "__init__.py").is_file()
    except OSError:  # it may not be entered
        return False


def as_described(origin: Origin) -> bool:
    """Whether the code is still what it was when it was described. The rest changes with the program only."""
    if origin.how != "dropped in":
        return True
    return _origin(origin.how, origin.label, origin.target, Path(origin.target)) == origin


def _fingerprint(path: Path) -> str:
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(path.parent)).encode() + b"\0" + file.read_bytes())
    return f"{_contract()}:{digest.hexdigest()}"


@cache
def _contract() -> str:
    """A manifest is as good as the contract, the loader and the Python that made it."""
    digest = hashlib.sha256(sys.version.encode())
    for file in ("plugin.py", "_host/load.py"):
        digest.update((_ROOT / "aggregator" / file).read_bytes())
    return digest.hexdigest()[:16]


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        kept = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(kept, dict):
        return {}
    return {key: told for key, told in kept.items() if isinstance(told, dict)}


def _write(path: Path, described: dict[str, dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
    part.write_text(json.dumps(described))
    part.replace(path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process (and thread) describes at a time, so that a plugin that takes long is tried once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
