"""What the steward writes down of a recommendation, and `cards` reads: its item, its reasons, what it is like."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from aggregator.recommendations.knowledge import Knowledge
from aggregator.recommendations.ranking import Reason
from aggregator.recommendations.traits import Traits

PER_ARTIST = 2
"""Things by one artist in each list, and on the page."""


class Listed(NamedTuple):
    """One recommendation. `why`: its reasons as `reason` gives them."""

    item_id: int
    why: list[list[Any]]
    traits: Traits


def rows(kind: Literal["artist", "album", "own", "song", "new song"], found: Iterable[Listed]) -> list[dict[str, Any]]:
    """Rows of `recommended`, the best first."""
    return [
        {"kind": kind, "rank": rank, "item_id": each.item_id, "score": 1 / (1 + rank),
         "reasons": written(each.why), "traits": written(each.traits.written())}
        for rank, each in enumerate(found)
    ]  # fmt: skip


def written(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False)


def reason(said: Reason, known: Knowledge, carried: Mapping[str, int], key: str) -> list[Any]:
    """A reason for the artist `key` as the table keeps it: items instead of names, numbers that make it checkable.

    `carried`: how many of the listener's artists carry each tag.
    """
    match said:
        case ("friend", int(place)):
            friend = known.friends[place]
            return ["friend", friend.claim_id, friend.plays[key]]
        case ("tag", str(tag)):
            return ["tag", tag, carried[tag]]
        case (str(word), str(artist)):
            return [word, known.own[artist].item_id]
    return list(said)
