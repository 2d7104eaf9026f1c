"""What a recommendation is like, in words that mean the same for every id, account and edition of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from math import sqrt
from typing import Any

from aggregator.recommendations.ranking import heaviest
from aggregator.recommendations.signals import length

TAGS = 8
"""Heaviest tags that are kept."""
NEW_DAYS = 365
TAGS_SAY = 0.8
"""What tags say of likeness where both things have some; the rest is said by the artists both are near to."""


@dataclass(frozen=True)
class Traits:
    """Artists go by their folded name.

    `by`: whose it is. `tags`: the heaviest, by weight. `near`: artists of the listener's to whom it is similar.
    `popular`: the share of all that were ranked which fewer people listen to, 0..1; None where nobody says.
    `taste`: the place of the listener's taste it belongs to, and `share`, that taste's part of all plays.
    `released`: as its source has it.
    """

    by: str
    tags: Mapping[str, float] = field(default_factory=dict)
    near: tuple[str, ...] = ()
    popular: float | None = None
    taste: int | None = None
    share: float = 0.0
    released: str | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any], by: str = "") -> Traits:
        """As `written` gave it; `by` where nothing says whose it is."""
        known = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        return cls(**{"by": by, **known, "near": tuple(known.get("near", ()))})

    def written(self) -> dict[str, Any]:
        """Without what is not known."""
        said = ((each.name, getattr(self, each.name), each.default) for each in fields(self))
        return {name: value for name, value, unknown in said if value not in (unknown, {})}


def likeness(one: Traits, other: Traits) -> float:
    """0..1: how alike two things are. All of one artist's are alike; else tags say most, and shared neighbours."""
    if one.by == other.by:
        return 1.0
    near, tags = _overlap(one.near, other.near), _cosine(one.tags, other.tags)
    return TAGS_SAY * tags + (1 - TAGS_SAY) * near if one.tags and other.tags else near


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    return len({*one} & {*other}) / sqrt(len(one) * len(other)) if one and other else 0.0


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    dot = sum(weight * other.get(tag, 0.0) for tag, weight in one.items())
    return dot / (length(one.values()) * length(other.values()))


def is_new(released: str | None, today: date | None = None) -> bool:
    """Released within the last `NEW_DAYS`. Only a date that names the month says so: a year may be long ago."""
    since = (today or date.today()) - timedelta(days=NEW_DAYS)
    return len(released or "") >= len("2026-01") and (released or "") >= since.isoformat()


def heaviest_tags(tags: Mapping[str, float]) -> dict[str, float]:
    """The `TAGS` heaviest, the heaviest first."""
    return {tag: tags[tag] for tag in heaviest(tags, TAGS)}
