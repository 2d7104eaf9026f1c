"""Importing provider code and describing it. Runs in children only: the host never imports a plugin."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from aggregator import plugin
from aggregator.plugin import API_VERSION, Provider

CAPABILITIES: dict[str, tuple[type, tuple[str, ...]]] = {
    "library": (plugin.Library, ("library",)),
    "shows": (plugin.Shows, ("shows",)),
    "friends": (plugin.Friends, ("friends", "top_artists")),
    "history": (plugin.History, ("plays",)),
    "discovery": (plugin.Discovery, ("similar", "tags", "albums_of")),
    "radio": (plugin.Radio, ("radio",)),
    "search": (plugin.LiveSearch, ("search",)),
    "sign_in": (plugin.SignIn, ("begin", "finish")),
}


class Refused(Exception):
    """This plugin cannot be used; the message is the reason for the Sources page."""


def classes(target: str) -> list[type[Provider]]:
    """The providers in `target`: a module name, ``module:Class``, or the path of a file or package folder."""
    name, _, attribute = target.partition(":")
    module = _from_path(Path(name)) if "/" in name else importlib.import_module(name)
    if attribute:
        return [getattr(module, attribute)]
    found = [value for value in vars(module).values() if _is_provider(value, module)]
    if not found:
        raise Refused("It holds no provider: no class inherits aggregator.plugin.Provider.")
    return found


def pick(target: str, provider: str) -> type[Provider]:
    for cls in classes(target):
        if cls.id == provider:
            return cls
    raise Refused(f"It holds no provider with the id {provider!r}.")


def manifest(cls: type[Provider]) -> dict[str, Any]:
    """What the host needs to know of a provider, as JSON. Raises `Refused` with the reason."""
    _check(cls)
    return {
        "id": cls.id,
        "name": cls.name,
        "about": cls.about,
        "key_minutes": cls.key_minutes,
        "key_page": cls.key_page,
        "capabilities": [word for word, (mixin, _) in CAPABILITIES.items() if issubclass(cls, mixin)],
        "settings": cls.Settings.model_json_schema(),
        "limits": [limit.model_dump() for limit in cls.limits],
        "every": {word: pause.total_seconds() for word, pause in cls.every.items()},
        "household": cls.household,
        "artwork_hosts": list(cls.artwork_hosts),
        "deadline": cls.deadline.total_seconds(),
        "memory_mb": cls.memory_mb,
    }


def _check(cls: type[Provider]) -> None:
    for attribute in ("id", "name"):
        if not isinstance(getattr(cls, attribute, None), str):
            raise Refused(f"{cls.__name__} has no {attribute}.")
    if cls.api != API_VERSION:
        raise Refused(f"{cls.name} was written for plugin API {cls.api}; this Bandstand speaks {API_VERSION}.")
    for mixin, methods in CAPABILITIES.values():
        for method in methods:
            if issubclass(cls, mixin) and getattr(cls, method) is getattr(mixin, method):
                raise Refused(f"{cls.name} declares {mixin.__name__} but has no method {method}().")


def _is_provider(value: object, module: ModuleType) -> bool:
    return (
        isinstance(value, type)
        and issubclass(value, Provider)
        and (value.__module__ == module.__name__ or value.__module__.startswith(module.__name__ + "."))
    )


def _from_path(path: Path) -> ModuleType:
    name = f"bandstand_dropped_in_{path.stem}"
    package = path / "__init__.py"
    folders = [str(path)] if package.exists() else None
    spec = importlib.util.spec_from_file_location(
        name, package if folders else path, submodule_search_locations=folders
    )
    if spec is None or spec.loader is None:
        raise Refused(f"{path} is neither a Python file nor a folder with __init__.py.")
    # Bytecode is matched by size and whole second: an edit right after the first import would go unseen.
    sys.dont_write_bytecode = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
