"""What services would answer about an invented household's artists, stored as if they had: from one seed."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, func, insert, select

from aggregator.library.folding import fold_name
from aggregator.plugin import Artist, Credit, Edition
from aggregator.recommendations import knowledge
from aggregator.store import Store
from aggregator.store.schema import account, answer, shelf

SEED = 20261205
OTHERS = [f"Someone {n}" for n in range(3000)]
TAGS = ("dream pop", "shoegaze", "folk", "jazz", "techno", "doom metal", "hip hop", "ambient", "soul", "punk")


def answer_everything(store: Store, listener_id: int) -> None:
    """Of the listener's hundred dearest artists and of everybody named with them."""
    with store.write() as conn:
        mine = select(account.c.id).where(account.c.listener_id == listener_id).order_by(account.c.id.desc())
        account_id = conn.scalars(mine).first()
        own = [
            (key, knowledge.read(conn, listener_id).own[key].name) for key in knowledge.read(conn, listener_id).seeds
        ]
        conn.execute(delete(answer).where(answer.c.account_id == account_id))
        at = {"account_id": account_id, "fetched_at": int(time.time()), "expires_at": int(time.time()) + 10**7}
        rows = [
            {**at, "method": method, "argument": key, "payload": json.dumps(said)} for method, key, said in _said(own)
        ]
        conn.execute(insert(answer), rows)


def known(store: Store, listener_id: int) -> int:
    """How many artists the listener knows."""
    with store.read() as conn:
        mine = (shelf.c.listener_id == listener_id, shelf.c.kind == "artist")
        return conn.scalar(select(func.count()).select_from(shelf).where(*mine)) or 0


def _said(own: list[tuple[str, str]]) -> Iterator[tuple[str, str, list[Any]]]:
    dice = random.Random(SEED)
    for place, (key, _) in enumerate(own):
        near = dice.sample(OTHERS[place * 25 : place * 25 + 300], 100)
        yield "similar", key, [[_artist(name), round(1 - n / 110, 2)] for n, name in enumerate(near)]
    for key, name in [*own, *((fold_name(name), name) for name in OTHERS)]:
        number = sum(map(ord, name))
        yield "tags", key, [{"name": TAGS[(number + n) % len(TAGS)], "weight": 100 - 20 * n} for n in range(4)]
        yield "listeners", key, [1000 + 997 * number % 500_000]
        yield "albums_of", key, [_album(name, f"{name}, volume {n}") for n in range(10)]


def _artist(name: str) -> dict[str, Any]:
    return Artist(id=f"a:{name}", name=name).model_dump(mode="json", exclude_defaults=True)


def _album(artist: str, title: str) -> dict[str, Any]:
    record = Edition(id=f"{artist}|{title}", title=title, credits=[Credit(name=artist)], released="2021-03-04")
    return record.model_dump(mode="json", exclude_none=True)
