"""How far the history has been read: spans of time that are still open, newest first.

Scrobbles come newest first. A first run opens one span, from the beginning to now, and shortens it from its end with
each page; a later run opens another from the newest scrobble on. A run that breaks off leaves its spans open, and
nothing between them is lost.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

LATE = 2 * 86400
"""Seconds before the newest scrobble that are read again: phones send later what they held back."""


@dataclass
class Span:
    """From `since` to `until`, both included, in seconds since 1970; None: now."""

    since: int
    until: int | None = None

    def query(self) -> dict[str, int]:
        given = {"from": self.since or None, "to": self.until}
        return {name: value for name, value in given.items() if value is not None}


@dataclass
class Spans:
    newest: int = 0
    open: list[Span] = field(default_factory=list)

    @classmethod
    def after(cls, cursor: str | None) -> Spans:
        """What a run has to read that begins at `cursor`."""
        kept: dict[str, Any] = json.loads(cursor) if cursor else {"newest": 0, "open": []}
        newest = kept["newest"]
        return cls(newest, [Span(max(0, newest - LATE)), *(Span(*span) for span in kept["open"])])

    def cursor(self) -> str:
        return json.dumps({"newest": self.newest, "open": [[span.since, span.until] for span in self.open]})
