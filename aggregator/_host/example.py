"""`config.example.toml`, written from the models that read it: the server's own settings and the bundled providers'."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from aggregator._host import find
from aggregator._host.settings import FormField, form
from aggregator.config import LookUps, PinnedAccount, Server, Sync, _File

HEAD = """\
# Every setting of Bandstand, with its default. Copy this file to config.toml and keep what you need.
# A setting that begins with "#" has its default or is left out. Values like "env:NAME" are read from the environment.
# Written by `bandstand config-example`.
"""


def text() -> str:
    with tempfile.TemporaryDirectory() as nowhere:
        catalogue = find.providers(Path(nowhere))
    bundled = [each.manifest for each in catalogue.providers.values() if each.origin.how == "bundled"]
    parts = [HEAD, *_lines(_File, only=("data",))]
    for name, section in (("server", Server), ("sync", Sync), ("look_ups", LookUps)):
        parts += ["", f"[{name}]", *_lines(section)]
    for manifest in bundled:
        parts += ["", *_account(manifest)]
    return "\n".join(parts) + "\n"


def _account(manifest: find.Manifest) -> Iterator[str]:
    if manifest.about:
        yield f"# {manifest.name}: {manifest.about}"
    yield f"#[accounts.{manifest.id}]"
    yield f'#provider = "{manifest.id}"'
    yield from _lines(PinnedAccount, leave=("provider", "settings"))
    yield f"#[accounts.{manifest.id}.settings]"
    for field in form(manifest.settings):
        yield from _setting(field, manifest.id)


def _setting(field: FormField, provider: str) -> Iterator[str]:
    words = [field.title, field.help, "needed" if field.required else "", " | ".join(field.choices)]
    yield f"# {' · '.join(word for word in words if word)}"
    if field.kind == "secret":
        yield f'#{field.name} = "env:{provider.upper()}_{field.name.upper()}"'
    elif field.default is None:
        yield f"#{field.name} = {'0' if field.kind == 'number' else _toml(None)}"
    else:
        yield f"#{field.name} = {_toml(field.default)}"


def _lines(model: type[BaseModel], only: tuple[str, ...] = (), leave: tuple[str, ...] = ()) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if (not only or name in only) and name not in leave:
            yield f"# {field.description}"
            yield f"#{name} = {_toml(field.default)}"


def _toml(value: Any) -> str:
    return '"…"' if value is None else json.dumps(value, ensure_ascii=False)
