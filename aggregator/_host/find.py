"""Which providers there are: installed packages, the bundled ones, and files dropped into the data directory.

Their code runs in a child, once per content of the file: the manifest is kept by hash in ``cache/manifests.json``.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from aggregator.plugin import Limit
from aggregator.wording import meant

if TYPE_CHECKING:
    from aggregator._host.process import Child

GROUP = "bandstand.providers"
LOAD_SECONDS = 30.0

_ROOT = Path(__file__).parent.parent.parent


class Manifest(BaseModel):
    """What a provider says of itself; times in seconds. `settings` is a JSON Schema."""

    id: str
    name: str
    about: str = ""
    key_minutes: int = 0
    key_page: str = ""
    capabilities: list[str]
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
        return [word for word in ("library", "history", "friends", "shows") if word in self.capabilities]


@dataclass(frozen=True)
class Origin:
    """Where provider code is. `target` is what `load.classes` takes, `fingerprint` changes with the code."""

    how: str  # installed | bundled | dropped in
    label: str
    target: str
    fingerprint: str


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


def providers(data: Path, wanted: Collection[str] | None = None, child: Child | None = None) -> Catalogue:
    """Every provider, described. Code that is new or changed is loaded in a child first (0.3 s each).

    With `wanted` only as much is loaded as it takes to know these ids, the first of it in `child` where one is given.
    """
    path = data / "cache" / "manifests.json"
    kept = _read(path)
    found = list(origins(data))
    described = {origin.fingerprint: kept[origin.fingerprint] for origin in found if origin.fingerprint in kept}
    for some in _in_turn(found, wanted):
        described |= _describe_all([each for each in some if each.fingerprint not in described], child)
        catalogue = _catalogue(found, described)
        if wanted is not None and catalogue.providers.keys() >= set(wanted):
            break
        child = None
    if described != kept:
        _write(path, described)
    return catalogue


def _in_turn(found: list[Origin], wanted: Collection[str] | None) -> Iterator[list[Origin]]:
    """First what is named like the wanted ids (and what would go before it), then everything."""
    if wanted is not None:
        yield [each for each in found if each.how == "installed" or Path(each.label).stem in wanted]
    yield found


def _catalogue(found: list[Origin], described: Mapping[str, dict[str, Any]]) -> Catalogue:
    catalogue = Catalogue()
    for origin in found:
        if origin.fingerprint in described:
            _add(catalogue, origin, described[origin.fingerprint])
    return catalogue


def origins(data: Path) -> Iterator[Origin]:
    """Installed ones first, then bundled, then dropped in: of two with one id the first is used."""
    yield from _installed()
    for path in _plugins_in(_ROOT / "plugins"):
        yield Origin("bundled", path.stem, f"plugins.{path.stem}", _fingerprint(path))
    for path in _plugins_in(data / "plugins"):
        yield Origin("dropped in", path.name, str(path.resolve()), _fingerprint(path))


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
    if child and len(found) == 1:
        return {found[0].fingerprint: _describe(found[0], child)}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip([each.fingerprint for each in found], pool.map(_describe_apart, found), strict=True))


def _describe_apart(origin: Origin) -> dict[str, Any]:
    from aggregator._host.process import Child

    with Child() as child:
        return _describe(origin, child)


def _describe(origin: Origin, child: Child) -> dict[str, Any]:
    from aggregator._host.process import Failure

    try:
        return {"manifests": child.describe(origin.target, LOAD_SECONDS)}
    except Failure as failure:
        return {"error": failure.words, "traceback": failure.traceback}


@cache
def _installed() -> tuple[Origin, ...]:
    from importlib.metadata import entry_points

    found = []
    for point in entry_points(group=GROUP):
        version = f"{point.dist.name} {point.dist.version}" if point.dist else ""
        found.append(Origin("installed", point.name, point.value, f"{_contract()}:{point.value}:{version}"))
    return tuple(found)


def _plugins_in(folder: Path) -> list[Path]:
    """Files and packages, by name; names that begin with an underscore or a dot are left alone."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.name[0] not in "_." and (path.suffix == ".py" or (path / "__init__.py").exists())
    )


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


def _read(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return kept


def _write(path: Path, described: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(described))
    part.replace(path)
