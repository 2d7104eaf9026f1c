"""Importing provider code and describing it. Runs in children only: the host never imports a plugin.

Whatever could trip the host later is refused here, in words for the Sources page: the manifest that leaves is sound.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

from aggregator import plugin
from aggregator._host.find import SYNCED
from aggregator.plugin import API_VERSION, Provider
from aggregator.wording import meant

CAPABILITIES: dict[str, tuple[type, tuple[str, ...]]] = {
    "library": (plugin.Library, ("library",)),
    "shows": (plugin.Shows, ("shows",)),
    "friends": (plugin.Friends, ("friends", "top_artists", "top_albums")),
    "history": (plugin.History, ("plays",)),
    "discovery": (
        plugin.Discovery,
        ("similar", "tags", "albums_of", "tag_artists", "listeners", "chart", "top_songs", "previews"),
    ),
    "radio": (plugin.Radio, ("radio",)),
    "search": (plugin.LiveSearch, ("search",)),
    "sign_in": (plugin.SignIn, ("begin", "finish")),
}
ANY_OF = ("discovery",)
"""Capabilities of whose methods one is enough."""
SPARED = ("top_albums",)
"""Methods that may be left out of a capability whose others are needed."""
ASKABLE = "str, SecretStr, int, float, bool, Literal of texts, or Folder"
SHORTEST_PAUSE = timedelta(minutes=1)


class Refused(Exception):
    """This plugin cannot be used; the message is the reason for the Sources page."""


def classes(target: str) -> list[type[Provider]]:
    """The providers in `target`: a module name, ``module:Class``, or the path of a file or package folder."""
    name, _, attribute = target.partition(":")
    try:
        module = _from_path(Path(name)) if "/" in name else importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise Refused(f"It needs {error.name}, which is not installed here (ModuleNotFoundError).") from error
    except SyntaxError as error:
        raise Refused(f"It is not valid Python: {error.msg}, line {error.lineno} (SyntaxError).") from error
    except SystemExit as error:
        raise Refused("It called sys.exit() while it was imported.") from error
    if attribute:
        return [_named(module, attribute)]
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
        "methods": [method for word in CAPABILITIES for method in methods(cls, word)],
        "settings": cls.Settings.model_json_schema(),
        "limits": [limit.model_dump() for limit in cls.limits],
        "every": {word: pause.total_seconds() for word, pause in cls.every.items()},
        "household": cls.household,
        "artwork_hosts": list(cls.artwork_hosts),
        "deadline": cls.deadline.total_seconds(),
        "memory_mb": cls.memory_mb,
    }


def methods(cls: type[Provider], capability: str) -> list[str]:
    """The methods of a capability that the class has itself, in the contract's order; none where it lacks all of it."""
    mixin, names = CAPABILITIES[capability]
    own = [name for name in names if getattr(cls, name, None) is not getattr(mixin, name)]
    return own if issubclass(cls, mixin) else []


def _named(module: ModuleType, attribute: str) -> type[Provider]:
    cls = getattr(module, attribute, None)
    if not (isinstance(cls, type) and issubclass(cls, Provider)):
        raise Refused(f"Its entry point names {attribute}, which is no provider.")
    return cls


# --- what is refused --------------------------------------------------------------------------------------------------


def _check(cls: type[Provider]) -> None:
    """Raises `Refused` for the first thing that is amiss."""
    for step in (_check_api, _check_names, _check_capabilities, _check_declared, _check_times, _check_settings):
        step(cls)


def _check_api(cls: type[Provider]) -> None:
    if cls.api != API_VERSION:
        raise Refused(f"{cls.__name__} was written for plugin API {cls.api}; this Bandstand speaks {API_VERSION}.")


def _check_names(cls: type[Provider]) -> None:
    for attribute in ("id", "name"):
        if not isinstance(getattr(cls, attribute, None), str) or not getattr(cls, attribute).strip():
            raise Refused(f"{cls.__name__} has no {attribute}.")
    if not _ID.fullmatch(cls.id):
        raise Refused(f"The id {cls.id!r} of {cls.__name__} is no id: a small letter, then letters, digits, - and _.")


_ID = re.compile(r"[a-z][a-z0-9_-]{0,49}")


def _check_capabilities(cls: type[Provider]) -> None:
    declared = {word: pair for word, pair in CAPABILITIES.items() if issubclass(cls, pair[0])}
    for word, (mixin, names) in declared.items():
        given = methods(cls, word)
        if not given and word in ANY_OF:
            raise Refused(f"{cls.name} declares {mixin.__name__} but has none of {', '.join(names)}().")
        for name in names:
            missing = name not in given and word not in ANY_OF and name not in SPARED
            if missing or not callable(getattr(cls, name)):
                raise Refused(f"{cls.name} declares {mixin.__name__} but has no method {name}().")
    if not declared.keys() - {"sign_in"}:
        mixins = ", ".join(mixin.__name__ for word, (mixin, _) in CAPABILITIES.items() if word != "sign_in")
        raise Refused(f"{cls.name} has no capability: its class inherits none of {mixins}.")


def _check_declared(cls: type[Provider]) -> None:
    for attribute, (right, what) in _DECLARED.items():
        if not right(given := getattr(cls, attribute)):
            raise Refused(f"{cls.name}.{attribute} is {given!r:.60}; it should be {what}.")


def _texts(given: Any) -> bool:
    return isinstance(given, list | tuple) and all(isinstance(each, str) for each in given)


def _limits(given: Any) -> bool:
    return isinstance(given, list | tuple) and all(isinstance(each, plugin.Limit) for each in given)


def _time(given: Any) -> bool:
    return isinstance(given, timedelta) and timedelta(0) < given <= timedelta(days=1)


_DECLARED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "about": (lambda given: isinstance(given, str), "text"),
    "limits": (_limits, "a list of Limit(...)"),
    "every": (lambda given: isinstance(given, Mapping), "a dict of capabilities and timedelta(...)"),
    "household": (lambda given: isinstance(given, bool), "True or False"),
    "artwork_hosts": (_texts, "a list of hosts"),
    "deadline": (_time, "a timedelta(...) of a day at most"),
    "memory_mb": (lambda given: type(given) is int and given > 0, "a number of megabytes"),
    "key_minutes": (lambda given: type(given) is int and given >= 0, "a number of minutes"),
    "key_page": (lambda given: isinstance(given, str), "an https address"),
}


def _check_times(cls: type[Provider]) -> None:
    for word, pause in cls.every.items():
        if word not in SYNCED:
            raise Refused(f"{cls.name}.every names {word!r}; {meant(str(word), SYNCED)}")
        if not isinstance(pause, timedelta) or pause < SHORTEST_PAUSE:
            raise Refused(f"{cls.name}.every[{word!r}] is {pause!r}; it should be a timedelta of a minute at least.")


def _check_settings(cls: type[Provider]) -> None:
    if not (isinstance(cls.Settings, type) and issubclass(cls.Settings, Provider.Settings)):
        raise Refused(f"{cls.name}.Settings is not a class that inherits Provider.Settings.")
    try:
        schema = cls.Settings.model_json_schema()
    except Exception as error:  # whatever the plugin's own types raise
        raise Refused(f"{cls.name}.Settings cannot be made a form: {type(error).__name__} {error!s:.200}") from error
    for name, part in schema.get("properties", {}).items():
        if fault := _fault(name, part, cls.Settings):
            raise Refused(f"{cls.name}.Settings.{name} {fault}")


def _fault(name: str, part: Mapping[str, Any], settings: type[Provider.Settings]) -> str | None:
    shapes = [shape for shape in part.get("anyOf", [part]) if shape.get("type") != "null"]
    if len(shapes) != 1 or not _plain(shapes[0]):
        return (
            "is of a type that no form can ask for: use str, SecretStr, int, float, bool, Literal of texts, or Folder."
        )
    secret = "password" in (shapes[0].get("format"), part.get("format")) or part.get("writeOnly")
    field = settings.model_fields.get(name)
    if secret and field and isinstance(field.default, str) and not field.validate_default:
        return "is a secret whose default is plain text: leave the default out, or make it None."
    if not secret and shapes[0].get("type") == "string" and "enum" not in shapes[0] and _SECRET.search(name):
        return "is named like a secret and would be stored and shown in clear: make it a SecretStr."
    return None


def _plain(shape: Mapping[str, Any]) -> bool:
    choices = shape.get("enum", [shape["const"]] if "const" in shape else [])
    if any(not isinstance(choice, str) for choice in choices):
        return False
    return "$ref" not in shape and shape.get("type") in ("string", "integer", "number", "boolean")


_SECRET = re.compile(r"(^|_)(password|passphrase|secret|token|api_?key|(access|private|session|secret)_key)$")


# --- importing --------------------------------------------------------------------------------------------------------


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
