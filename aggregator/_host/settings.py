"""A provider's settings: the form drawn from its JSON Schema, and the secrets locked away."""

from __future__ import annotations

import contextlib
import json
import os
import re
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.wording import meant, sentence

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

HIDDEN = "•••"


@dataclass(frozen=True)
class FormField:
    """One question of the settings form. `kind`: text | secret | number | yes/no | choice | folder."""

    name: str
    title: str
    help: str
    kind: str
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    advanced: bool = False
    """Most listeners never need it: it waits behind a disclosure."""


def form(schema: Mapping[str, Any]) -> list[FormField]:
    required = schema.get("required", [])
    return [_field(name, part, name in required) for name, part in schema.get("properties", {}).items()]


def secret_names(schema: Mapping[str, Any]) -> set[str]:
    return {field.name for field in form(schema) if field.kind == "secret"}


def titled(words: str, fields: Iterable[FormField]) -> str:
    """Words about settings with the titles that a form shows in the place of the names that config.toml has."""
    for field in fields:
        words = words.replace(repr(field.name), f"“{field.title}”")
    return words


def _field(name: str, part: Mapping[str, Any], required: bool) -> FormField:
    options = [option for option in part.get("anyOf", []) if option.get("type") != "null"]
    shape = {**(options[0] if options else {}), **part}
    return FormField(
        name=name,
        title=part.get("title", name),
        help=part.get("description", ""),
        kind=_kind(shape),
        required=required,
        default=part.get("default"),
        choices=tuple(str(choice) for choice in shape.get("enum", ())),
        least=shape.get("minimum"),
        most=shape.get("maximum"),
        advanced=bool(part.get("advanced")),
    )


def _kind(shape: Mapping[str, Any]) -> str:
    if shape.get("format") == "password" or shape.get("writeOnly"):
        return "secret"
    if shape.get("format") == "folder":
        return "folder"
    if "enum" in shape:
        return "choice"
    return {"boolean": "yes/no", "integer": "number", "number": "number"}.get(shape.get("type", ""), "text")


def misfit(problem: Mapping[str, Any], provider: str, known: Iterable[str]) -> str:
    """A sentence about one of pydantic's errors. `provider`: its name; `known`: the settings it has."""
    key = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "missing":
        return f"{key!r} is missing."
    if problem["type"] == "extra_forbidden":
        return f"{key!r} is not a setting of {provider}; {meant(key, known)}"
    reason = _EXPECTED.sub("it should", str(problem["msg"]).removeprefix("Value error, "))
    return sentence(f"{key!r} does not fit: {reason}" if key else reason)


_EXPECTED = re.compile(r"^(Input|String|Value) should")


class Vault:
    """Encrypts accounts' secrets with a key file that only the server's user can read."""

    def __init__(self, data: Path) -> None:
        self._path = data / "secret.key"

    def lock(self, secrets: Mapping[str, Any]) -> bytes | None:
        """None where there is nothing to hide."""
        return self._fernet.encrypt(json.dumps(dict(secrets)).encode()) if secrets else None

    def unlock(self, locked: bytes | None) -> dict[str, Any]:
        """Raises `ValueError` when the key file is not the one that locked them."""
        if locked is None:
            return {}
        from cryptography.fernet import InvalidToken

        try:
            secrets: dict[str, Any] = json.loads(self._fernet.decrypt(locked))
        except InvalidToken:
            raise ValueError(
                f"The saved credentials cannot be read: {self._path} is not the key that locked them. "
                "Put the old key file back, or enter the credentials again."
            ) from None
        return secrets

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        if self._path.exists():
            return Fernet(self._path.read_bytes())
        part = self._path.with_suffix(f".{os.getpid()}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Fernet.generate_key())
        with contextlib.suppress(FileExistsError):  # two processes may start together: the first key stays
            os.link(part, self._path)
        part.unlink()
        return Fernet(self._path.read_bytes())


class Redactor:
    """Takes the secrets of one account out of whatever is kept or shown."""

    def __init__(self, secrets: Iterable[Any]) -> None:
        plain = {str(secret) for secret in secrets if len(str(secret)) >= 4}
        self._hidden = sorted(plain | {urllib.parse.quote_plus(secret) for secret in plain}, key=len, reverse=True)

    def add(self, secret: str) -> None:
        self._hidden = sorted({*self._hidden, secret, urllib.parse.quote_plus(secret)}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._hidden:
            text = text.replace(secret, HIDDEN)
        return text
