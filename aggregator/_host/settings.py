"""A provider's settings: the form drawn from its JSON Schema, and the secrets locked away."""

from __future__ import annotations

import base64
import contextlib
import hmac
import html
import json
import os
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aggregator.wording import meant, sentence

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

HIDDEN = "•••"
SEALED = "\x1fsealed:"
"""What begins so is encrypted; neither JSON nor a cursor does."""


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

    def mark(self, text: str) -> str:
        """The same for the same text, and of no use to whoever has not the key file."""
        self._fernet  # noqa: B018 - makes the key file where there is none
        return hmac.new(self._path.read_bytes(), text.encode(), "sha256").hexdigest()[:16]

    def seal(self, text: str, redact: Redactor) -> str:
        """As it is to be stored: encrypted where a secret is written in it."""
        if redact(text) == text:
            return text
        return SEALED + self._fernet.encrypt(text.encode()).decode()

    def unseal(self, stored: str) -> str:
        if not stored.startswith(SEALED):
            return stored
        return self._fernet.decrypt(stored.removeprefix(SEALED)).decode()

    def derived(self, name: str) -> str:
        """A key of its own for what `name` says, as Fernet takes it; the key file itself stays in this process."""
        self._fernet  # noqa: B018 - makes the key file where there is none
        return base64.urlsafe_b64encode(hmac.digest(self._path.read_bytes(), name.encode(), "sha256")).decode()

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
    """Takes the secrets of one account out of whatever is kept or shown, in every spelling that programs give them."""

    def __init__(self, secrets: Iterable[Any]) -> None:
        self._hidden: list[str] = []
        self._unmistakable: list[str] = []
        for secret in secrets:
            self.add(str(secret))

    def add(self, secret: str) -> None:
        """Shorter than four characters it would be found everywhere, and hides nothing."""
        found = {spelling for spelling in spellings(secret) if len(spelling) >= LEAST}
        self._hidden = sorted({*self._hidden, *found}, key=len, reverse=True)
        if _UNMISTAKABLE.match(secret):
            self._unmistakable = sorted({*self._unmistakable, *found}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """For words: of whatever is hidden, nothing stays."""
        return _without(text, self._hidden)

    @property
    def seeks_in_data(self) -> bool:
        """Whether `data` would look for anything."""
        return bool(self._unmistakable)

    def data(self, text: str) -> str:
        """For what a service said: only keys and tokens go, for a password may be the title of a song as well."""
        return _without(text, self._unmistakable)


def _without(text: str, hidden: Iterable[str]) -> str:
    for secret in hidden:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    return text


LEAST = 4
_UNMISTAKABLE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])\S{12,}$")


def spellings(secret: str) -> Iterator[str]:
    """The secret itself, as `repr`, JSON, HTML and URLs write it, in hexadecimal and in base64.

    Of base64 three, one for each place in a group of three bytes where it may begin: in ``user:secret`` (RFC 7617) it
    stands in the middle. What depends on the neighbours is left out.
    """
    lines = [line for line in secret.splitlines() if len(line) >= 2 * LEAST] if "\n" in secret else []
    for text in (secret, *lines):
        raw = text.encode(errors="surrogatepass")
        yield from (text, repr(text)[1:-1], repr(raw)[2:-1], html.escape(text), raw.hex(), raw.hex().upper())
        yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        yield from _in_urls(text)
        if len(raw) >= 2 * LEAST:
            yield from _in_base64(raw)


def _in_urls(text: str) -> Iterator[str]:
    for quoted in (urllib.parse.quote(text, errors="replace"), urllib.parse.quote(text, "", errors="replace"),
                   urllib.parse.quote_plus(text, errors="replace")):  # fmt: skip
        yield quoted
        yield re.sub("%..", lambda found: found[0].lower(), quoted)


def _in_base64(raw: bytes) -> Iterator[str]:
    for before in range(3):
        padded = b"\0" * before + raw
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(padded[: len(padded) // 3 * 3]).decode()
            yield text[4 * (before > 0) :]
