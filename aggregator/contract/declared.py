"""Checks of what a provider says of itself, before it does anything."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from unittest import mock

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from aggregator._host import load
from aggregator.contract.case import Case, Failed, NotApplicable, check
from aggregator.contract.stage import clock, watching
from aggregator.plugin import Folder, Provider

SECRET = re.compile(r"(^|_)(api_?key|key|token|secret|password|passphrase|passwd|pwd|pin)$|(token|secret|password)")
STARTING = ("open", "socket.", "subprocess.", "os.", "sqlite3.", "shutil.", "tempfile.")
"""Names of audit events by which something is begun."""
PUBLIC_KEYS = ("key_page", "public_key")


@check("provider")
def described(case: Case) -> None:
    """It has an id of its own (small letters, digits, dashes), a name, a capability with all its methods, and limits
    that make sense."""
    try:
        manifest = load.manifest(case.cls)
    except load.Refused as refused:
        raise Failed(str(refused)) from None
    except Exception as error:
        raise Failed(f"It cannot be described: {type(error).__name__}: {error}") from None
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", manifest["id"]):
        raise Failed(f"The id {manifest['id']!r} is not a word of small letters and digits.")
    if not manifest["name"].strip():
        raise Failed("Its name is empty.")
    if not manifest["capabilities"]:
        raise Failed("It has no capability: inherit Library, Shows, Friends, History, Discovery or LiveSearch as well.")
    if not 0 < manifest["deadline"] <= 86400:
        raise Failed(f"A deadline of {manifest['deadline']:g} seconds is none: say one second to one day.")
    unknown = set(manifest["every"]) - {"library", "shows", "friends", "history"}
    if unknown:
        raise Failed(f"`every` names {', '.join(sorted(unknown))}, which is no capability that is read by runs.")


@check("provider")
def settings_described(case: Case) -> None:
    """Each setting has a title for its form, and a type that a form can ask for."""
    fields = _fields(case)
    if not fields:
        raise NotApplicable("it has no settings")
    for name, field in fields.items():
        if not (field.title or "").strip():
            raise Failed(f"The setting {name!r} has no title: write Field(title=...).")
        for part in _parts(field.annotation):
            if not _askable(part):
                raise Failed(f"The setting {name!r} is a {part!r}; no form can ask for that.")


@check("provider")
def secrets_declared(case: Case) -> None:
    """A setting that is named like a secret (key, token, secret, password) is a SecretStr, without a default."""
    fields = {name: field for name, field in _fields(case).items() if SECRET.search(name) and name not in PUBLIC_KEYS}
    secret = {name: field for name, field in _fields(case).items() if SecretStr in list(_parts(field.annotation))}
    if not fields and not secret:
        raise NotApplicable("none of its settings is named like a secret")
    for name in fields:
        if name not in secret:
            raise Failed(f"The setting {name!r} is named like a secret but is no SecretStr, so it would be shown.")
    for name, field in secret.items():
        if isinstance(field.default, SecretStr) and field.default.get_secret_value():
            raise Failed(f"The setting {name!r} has a secret as its default: whoever reads the code has it.")


@check("provider")
def nothing_in_init(case: Case) -> None:
    """Making one opens no file and no connection, starts nothing, and asks for nothing that the host fills in later."""
    happened: list[str] = []

    def seen(event: str, arguments: Any) -> None:
        if event.startswith(STARTING) and not _importing():
            happened.append(f"{event} {arguments[0] if arguments else ''}")

    threads = mock.patch("threading.Thread.start", lambda thread: happened.append(f"thread {thread.name}"))
    try:
        with clock(1.0), watching(seen), threads:
            made = case.cls()
    except Exception as error:
        raise Failed(f"Making one raised {type(error).__name__}: {error}") from None
    if happened:
        raise Failed(f"Making one did something at once: {happened[0]}.")
    if not isinstance(made, Provider):
        raise Failed("Making one gives something else.")


def _importing() -> bool:
    frame: types.FrameType | None = sys._getframe(2)
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _fields(case: Case) -> dict[str, FieldInfo]:
    return case.cls.Settings.model_fields


def _parts(annotation: Any) -> Iterator[Any]:
    """The types of a union, without None; of an annotated one what it is."""
    if get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            if part is not type(None):
                yield from _parts(part)
    elif get_origin(annotation) is Annotated and annotation is not Folder:
        yield from _parts(get_args(annotation)[0])
    else:
        yield annotation


def _askable(part: Any) -> bool:
    if get_origin(part) is Literal:
        return True
    if part is Folder or (isinstance(part, type) and part.__name__ in ("Path", "PosixPath")):
        return True
    return isinstance(part, type) and issubclass(part, str | SecretStr | int | float | bool)
