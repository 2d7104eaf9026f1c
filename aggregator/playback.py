"""Owned files as something to be heard: where one is, what it is, and whether a listener may have it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, select

from aggregator.store import Store
from aggregator.store.schema import account, claim
from aggregator.visible import visible_to


class FileGone(Exception):
    """The library knows the file, but it is not where it was; the message is for the listener."""


@dataclass(frozen=True)
class Sound:
    """`type` is a MIME type as browsers judge it, codec included; `words` says what it is ("FLAC, your files")."""

    claim_id: int
    type: str
    words: str


@dataclass(frozen=True)
class OwnedFile:
    path: Path
    type: str


_TYPES = {
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp4": "audio/mp4",
    ".aac": "audio/aac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".wma": "audio/x-ms-wma",
    ".webm": "audio/webm",
}


def owned_file(store: Store, listener_id: int, claim_id: int) -> OwnedFile | None:
    """The file behind a recording claim of an account the listener owns or shares; None for any other claim.

    Raises `FileGone` when it is not below the account's folder any more.
    """
    columns = (claim.c.payload, account.c.settings, account.c.name)
    with store.read() as conn:
        row = conn.execute(
            _readable(listener_id).with_only_columns(*columns).where(claim.c.id == claim_id)
        ).one_or_none()
    audio = json.loads(row.payload).get("audio") if row else None
    folder = json.loads(row.settings).get("folder") if row else None
    if not row or not audio or not folder:
        return None
    return OwnedFile(_below(Path(folder), audio["path"], row.name), _type(audio))


def sounds(conn: Connection, listener_id: int, claim_ids: Iterable[int]) -> dict[int, Sound]:
    """What can be streamed of these claims; the others are left out."""
    query = _readable(listener_id).with_only_columns(claim.c.id, claim.c.payload).where(claim.c.id.in_(set(claim_ids)))
    found = ((row.id, json.loads(row.payload).get("audio")) for row in conn.execute(query))
    return {
        claim_id: Sound(claim_id, _type(audio), f"{_codec(audio)}, your files") for claim_id, audio in found if audio
    }


def _readable(listener_id: int) -> Select[Any]:
    """Present recording claims of the listener's own and the household's accounts."""
    return select(claim.c.id).join(account).where(claim.c.kind == "recording", claim.c.present, visible_to(listener_id))


def _below(folder: Path, relative: str, account_name: str) -> Path:
    """The file itself, links followed; nothing outside the folder is ever opened."""
    root = folder.resolve()
    path = (root / relative).resolve()
    if root not in path.parents or not path.is_file():
        raise FileGone(f"The file is not in “{account_name}” any more. Sync that source, then try again.")
    return path


def _type(audio: dict[str, str]) -> str:
    plain = _TYPES.get(Path(audio["path"]).suffix.lower(), "application/octet-stream")
    return f'{plain}; codecs="alac"' if _codec(audio) == "ALAC" else plain


def _codec(audio: dict[str, str]) -> str:
    return {"vorbis": "Ogg Vorbis", "opus": "Opus"}.get(audio["codec"].lower(), audio["codec"].upper())
