"""Claims as `choices` asks them: their text and whose they are, without what the rules make of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Told:
    """What one claim says; `others` is how many claims of the account say just the same of this item."""

    id: int
    key: tuple[str, str]
    account_id: int
    provider: str
    present: bool
    payload: Mapping[str, Any]
    about: Mapping[str, Any]
    others: int

    @property
    def name(self) -> str:
        return str(self.payload.get("title") or self.payload["name"])


def of_items(conn: Connection, kind: str, items: Iterable[int], picked: Iterable[int]) -> dict[int, list[Told]]:
    """By item what is said of it; claims of an account that say the same of the same album once, but for those
    `picked`."""
    rows = conn.exec_driver_sql(
        "SELECT link.item_id, MIN(c.id), a.key, MIN(c.pid), c.account_id, a.provider, c.present, c.payload,"
        " album.payload, COUNT(*) - 1 FROM json_each(:items) CROSS JOIN link ON link.item_id = value"
        " AND link.kind = :kind CROSS JOIN claim c ON c.id = link.claim_id CROSS JOIN account a ON a.id = c.account_id"
        " LEFT JOIN claim album ON album.id = c.about GROUP BY link.item_id, c.account_id, c.present, c.payload,"
        " album.payload, CASE WHEN c.id IN (SELECT value FROM json_each(:picked)) THEN c.id END",
        {"items": json.dumps(list(items)), "kind": kind, "picked": json.dumps(list(picked))},
    )
    found: defaultdict[int, list[Told]] = defaultdict(list)
    for item, claim, key, pid, account, provider, present, payload, album, others in rows:
        said = Told(claim, (key, pid), account, provider, bool(present), json.loads(payload), _album(album), others)
        found[item].append(said)
    return found


@lru_cache(maxsize=1_000)
def _album(payload: str | None) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(payload or "{}")
    return found
