"""Trying an account: the first thing its provider has to say, with nothing of it stored but a renewed secret."""

from __future__ import annotations

import time
from datetime import date

from aggregator._host import accounts, find
from aggregator._host.accounts import Account
from aggregator._host.process import Child, Failure
from aggregator._host.run import House, Wanted, open_child, orders
from aggregator._host.wanted import AHEAD, wanted
from aggregator.plugin import Area, Artist, Checkpoint, Complete, Holding, Play, Progress, Record, Skipped, Unchanged

MARKS = (Checkpoint, Complete, Holding, Progress, Skipped, Unchanged)
"""Records without a name of their own."""
SOMEBODY = Artist(id="1", name="Nina Simone")
"""Whom a service that only answers questions is asked about."""
SOMEWHERE = {"latitude": 51.507, "longitude": -0.128, "radius_km": 50.0}
"""Where shows are looked for while nobody has said where they go out."""

_QUESTIONS: dict[str, object] = {
    "search": SOMEBODY.name,
    "similar": SOMEBODY.model_dump(),
    "albums_of": SOMEBODY.model_dump(),
    "tags": SOMEBODY.model_dump(),
    "listeners": SOMEBODY.model_dump(),
    "radio": SOMEBODY.model_dump(),
    "top_songs": SOMEBODY.model_dump(),
    "previews": SOMEBODY.model_dump(),
    "tag_artists": "jazz",
    "chart": None,
}
"""What a service that only answers questions is asked: the first of these that it knows."""


def trial(house: House, account_id: int, seconds: float) -> dict[str, object]:
    """``words``: what came, and how fast; or ``error`` in words."""
    with house.store.read() as conn:
        account = accounts.by_id(conn, account_id)
    if account is None:
        return {"error": "There is no such source."}
    if (account.blocked_until or 0) > time.time():
        return {"error": account.state_words}
    try:
        return {"words": _first(house, account, seconds)}
    except Failure as failure:
        return {"error": failure.words}


def _first(house: House, account: Account, seconds: float) -> str:
    catalogue = house.catalogue()
    provided = catalogue.providers.get(account.provider)
    if provided is None:
        raise Failure("load", catalogue.missing(account.provider))
    began = time.monotonic()
    with Child() as child:
        duties = open_child(house, account, provided, child, trial=True)
        try:
            found = _ask(house, account, provided.manifest, child, began + seconds)
        except Failure as failure:
            failure.words = duties.redact(failure.words)
            raise
    return f"It answered within {time.monotonic() - began:.1f} s{duties.redact(found)}"


def _ask(house: House, account: Account, manifest: find.Manifest, child: Child, ends: float) -> str:
    if not manifest.synced:
        method = next(each for each in _QUESTIONS if each in manifest.methods)
        child.call(method, _QUESTIONS[method], ends - time.monotonic())
        return "."
    today = date.today()
    areas = wanted(house.store, account).areas[:1] or [Area(**SOMEWHERE, since=today, until=today + AHEAD)]
    for _, order in orders(house, account, manifest.synced[0], Wanted([SOMEBODY], areas)):
        for batch in child.run({**order, "cursor": None}, ends - time.monotonic()):
            for record in batch.records:
                if not isinstance(record, MARKS):
                    return f". The first thing it named is “{_called(record)}”."
    return ", and has nothing to give yet."


def _called(record: Record) -> str:
    said = record.model_dump(include={"title", "name", "credits"})
    by = ", ".join(credit["name"] for credit in said.get("credits", ())) if isinstance(record, Play) else ""
    return " by ".join(filter(None, (said.get("title") or said.get("name"), by)))
