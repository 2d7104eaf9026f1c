"""Removals that wait for a listener's word, thing by thing, with what each would mean."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from aggregator.library import guard
from aggregator.library.guard import Going, Held
from aggregator.library.items.provenance import visible_accounts
from aggregator.sources.cards import visible_to
from aggregator.sources.change import in_charge, request_sync
from aggregator.sources.differences import day_in_words
from aggregator.store import Store

PAGE = 60


@dataclass(frozen=True)
class Doomed:
    """One thing that would go, with the picture of its item. `fact`: an album's year, a song's album, a show's day and
    venue. `beside`: other sources that have it, so it would stay."""

    going: Going
    art: str | None
    hue: int | None
    fact: str
    beside: tuple[str, ...]

    @property
    def title(self) -> str:
        return self.going.title


@dataclass(frozen=True)
class Question:
    """`after`: where the list goes on, None at its end."""

    held: Held
    account: str
    household: bool
    kind: str
    things: Sequence[Doomed]
    after: int | None


def question(store: Store, listener_id: int, held_id: int, kind: str = "", after: int = 0) -> Question | None:
    """A page of one kind of what would go ("": the first kind); None where the listener sees no such question."""
    with store.read() as conn:
        held = guard.held(conn, held_id)
        seen = {account.id: account for account in visible_to(conn, listener_id)}
        if held is None or held.account_id not in seen:
            return None
        account = seen[held.account_id]
        kind = kind or next((each for each in guard.WORDS if held.counts.get(each)), "")
        found = guard.going(conn, held_id, after, PAGE + 1, kind)
        things = _pictured(conn, listener_id, account.id, found[:PAGE])
    goes_on = found[PAGE - 1].claim if len(found) > PAGE else None
    return Question(held, account.name, account.listener_id is None, kind, things, goes_on)


def answer(store: Store, listener_id: int, held: Held, yes: bool) -> int:
    """What was asked about goes (yes) and its source is read again, or stays. Returns how many things went.

    Raises `SourceError` where the account is not the listener's to change.
    """
    account, now = in_charge(store, listener_id, held.account_id), int(time.time())
    with store.write() as conn:
        if not yes:
            guard.keep(conn, held.id, now)
            return 0
        gone = guard.believe(conn, held.id, now)
    request_sync(store, listener_id, account.id)
    return gone


_PICTURES = (
    "WITH item AS (SELECT value AS id FROM json_each(:items))"
    " SELECT id, art, hue, NULL, COALESCE(year, '') FROM album WHERE id IN (SELECT id FROM item)"
    " UNION ALL SELECT id, art, hue, NULL, '' FROM artist WHERE id IN (SELECT id FROM item)"
    " UNION ALL SELECT id, art, hue, NULL, COALESCE(album_title, '') FROM recording WHERE id IN (SELECT id FROM item)"
    " UNION ALL SELECT id, NULL, NULL, day, venue FROM show WHERE id IN (SELECT id FROM item)"
)
_BESIDE = (
    "SELECT link.item_id, json_group_array(DISTINCT c.account_id) FROM link JOIN claim c ON c.id = link.claim_id"
    " WHERE link.item_id IN (SELECT value FROM json_each(:items)) AND c.present AND c.account_id <> :account"
    " AND json_extract(c.payload, '$.from') IS NULL"
    " GROUP BY link.item_id"
)
"""By what sources said of the thing itself: that it was played, or is on a bill, keeps nothing in a library."""


def _pictured(conn: Connection, listener_id: int, account_id: int, found: Sequence[Going]) -> list[Doomed]:
    asked = {"items": json.dumps([each.item for each in found if each.item]), "account": account_id}
    pictures = {
        number: (art, hue, f"{day_in_words(day)}, {fact}" if day else str(fact))
        for number, art, hue, day, fact in conn.exec_driver_sql(_PICTURES, asked)
    }
    names = {number: name for number, (_, name) in visible_accounts(conn, listener_id).items()}
    beside = {
        row[0]: tuple(sorted({names[number] for number in json.loads(row[1]) if number in names}))
        for row in conn.exec_driver_sql(_BESIDE, asked)
    }
    return [Doomed(each, *pictures.get(each.item or 0, (None, None, "")), beside.get(each.item, ())) for each in found]
