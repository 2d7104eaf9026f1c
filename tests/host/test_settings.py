"""Settings forms and locked secrets."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from aggregator._host.settings import Redactor, Vault, form
from aggregator.plugin import Folder, Provider, SecretStr


class Settings(Provider.Settings):
    folder: Folder = Field(title="Music folder", description="Where the files are.")
    key: SecretStr
    token: SecretStr | None = None
    size: int = Field(default=3, ge=1, le=9)
    market: Literal["US", "DE"] = "US"
    deep: bool = False
    user: str = ""


def test_a_form_is_drawn_from_the_schema() -> None:
    fields = {field.name: field for field in form(Settings.model_json_schema())}
    assert {name: field.kind for name, field in fields.items()} == {
        "folder": "folder",
        "key": "secret",
        "token": "secret",
        "size": "number",
        "market": "choice",
        "deep": "yes/no",
        "user": "text",
    }
    assert (fields["folder"].title, fields["folder"].help, fields["folder"].required) == (
        "Music folder",
        "Where the files are.",
        True,
    )
    assert (fields["size"].least, fields["size"].most, fields["size"].default) == (1, 9, 3)
    assert fields["market"].choices == ("US", "DE")
    assert not fields["token"].required


def test_secrets_are_locked_with_a_key_that_only_the_user_can_read(tmp_path: Path) -> None:
    locked = Vault(tmp_path).lock({"key": "sesame"})
    assert locked is not None
    assert b"sesame" not in locked
    assert Vault(tmp_path).unlock(locked) == {"key": "sesame"}
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_another_key_is_told_in_words(tmp_path: Path) -> None:
    locked = Vault(tmp_path).lock({"key": "sesame"})
    (tmp_path / "secret.key").unlink()
    Vault(tmp_path).lock({"other": "x"})
    with pytest.raises(ValueError, match="Put the old key file back"):
        Vault(tmp_path).unlock(locked)


def test_secrets_are_hidden_in_urls_too() -> None:
    redact = Redactor(["pass/word 1"])
    assert redact("GET /?k=pass%2Fword+1 with pass/word 1") == "GET /?k=••• with •••"
