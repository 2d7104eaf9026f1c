"""What a listener keeps out of their taste: a child's songs, rain to fall asleep to, a speaker in the kitchen.

Artists, albums, playlists, hours of the day and whole accounts can be kept out. What is kept out stays in the library
and stays known; it only says nothing of the listener.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import Connection, insert, select, update

from aggregator._host import control
from aggregator.library.folding import fold_name
from aggregator.recommendations import again
from aggregator.recommendations.counted import in_force, left_out, recount
from aggregator.store import Store
from aggregator.store.schema import account, album, artist, claim, excluded, shelf
from aggregator.visible import visible_to
from aggregator.wording import plural

What = Literal["artist", "album", "playlist", "hours", "account"]
WHATS: tuple[What, ...] = get_args(What)


class NotThere(ValueError):
    """What was to be kept out is not there, or makes no sense; the message is for the listener."""


@dataclass(frozen=True)
class Exclusion:
    """One thing kept out. `item_id` is where an artist or album is now, None when nothing names it any more."""

    id: int
    what: What
    name: str
    effect: str
    at: int
    item_id: int | None


class Choice(NamedTuple):
    """Something that could be kept out; `value` for the form."""

    value: str
    name: str
    plays: int


# --- kept out and let in again ----------------------------------------------------------------------------------------


def exclusions(conn: Connection, listener_id: int) -> list[Exclusion]:
    """Those in force, newest first."""
    query = in_force(listener_id).order_by(excluded.c.at.desc(), excluded.c.id.desc())
    return [
        Exclusion(row.id, row.what, row.name, row.effect, row.at, row.item_id if row.what != "playlist" else None)
        for row in conn.execute(query)
    ]


def exclude(store: Store, listener_id: int, what: What, value: str) -> str:
    """Keep something out of taste. Returns what that changed, in words. Raises `NotThere`.

    `value`: an artist's or album's name or id, a playlist's id, an account's key, or hours like ``20-6``.
    """
    with store.read() as conn:
        row = {"listener_id": listener_id, "what": what, **_FIND[what](conn, listener_id, value.strip())}
        before = left_out(conn, listener_id)
    with store.write() as conn:
        same = [excluded.c[key] == row.get(key) for key in ("what", "claim_id", "value") if row.get(key) is not None]
        mine = (excluded.c.listener_id == listener_id, excluded.c.undone_at.is_(None))
        if (told := conn.scalar(select(excluded.c.effect).where(*mine, *same))) is not None:
            return str(told)
        words = _in_words(row["name"], Counter())
        row |= {"at": int(time.time()), "effect": words}
        new = conn.execute(insert(excluded).values(row).returning(excluded.c.id)).scalar_one()
    with _counted_anew(store, listener_id) as conn:
        words = _in_words(row["name"], left_out(conn, listener_id) - before)
        conn.execute(update(excluded).where(excluded.c.id == new).values(effect=words))
    return words


def include(store: Store, listener_id: int, exclusion_id: int) -> str | None:
    """Let something count again. Returns what that changed, in words; None when it was not kept out."""
    with store.write() as conn:
        found = next((each for each in exclusions(conn, listener_id) if each.id == exclusion_id), None)
        if found is None:
            return None
        before = left_out(conn, listener_id)
        conn.execute(update(excluded).where(excluded.c.id == exclusion_id).values(undone_at=int(time.time())))
    with _counted_anew(store, listener_id) as conn:
        back = before - left_out(conn, listener_id)
    return f"{found.name} counts again, with {plural(back.total(), 'play')}."


@contextmanager
def _counted_anew(store: Store, listener_id: int) -> Iterator[Connection]:
    """A transaction after which the list is made anew. That counts again: two orders at once may have met."""
    recount(store, listener_id)
    with store.write() as conn:
        yield conn
        again.ask(conn, listener_id)
    control.wake(store.folder)


def _in_words(name: str, out: Counter[int]) -> str:
    if not out.total():
        return f"{name} is kept out of your taste. Nothing that was played so far is affected."
    plays, artists = plural(out.total(), "play"), plural(len(out), "artist")
    return f"{name} is kept out of your taste: {plays} of {artists} do not count any more."


# --- finding it -------------------------------------------------------------------------------------------------------


def _item(conn: Connection, listener_id: int, kind: str, value: str) -> dict[str, Any]:
    table, name = (artist, artist.c.name) if kind == "artist" else (album, album.c.title)
    mine = (shelf.c.listener_id == listener_id, shelf.c.kind == kind)
    query = select(table.c.id, name.label("name")).join(shelf, shelf.c.item_id == table.c.id).where(*mine)
    if value.isdecimal() and len(value) < 19:
        row = conn.execute(query.where(table.c.id == int(value))).first()
    else:
        wanted = fold_name(value)
        most = query.order_by(shelf.c.plays.desc(), table.c.id)
        row = next((each for each in conn.execute(most) if fold_name(each.name) == wanted), None) if wanted else None
    if row is None:
        raise NotThere(f"No {kind} of yours is called “{value}”. Write the name as your library has it.")
    return {"claim_id": row.id, "name": row.name}


def _playlist(conn: Connection, listener_id: int, value: str) -> dict[str, Any]:
    found = next((each for each in playlists(conn, listener_id) if each.value == value), None)
    if found is None:
        raise NotThere("That playlist is not there any more.")
    return {"claim_id": int(value), "name": f"The playlist “{found.name}”"}


def _account(conn: Connection, listener_id: int, value: str) -> dict[str, Any]:
    found = next((each for each in accounts(conn, listener_id) if each.value == value), None)
    if found is None:
        raise NotThere("That source is not there any more.")
    return {"value": value, "name": f"Everything from {found.name}"}


def _hours(_conn: Connection, _listener_id: int, value: str) -> dict[str, Any]:
    try:
        first, last = (int(part) for part in value.split("-"))
    except ValueError:
        first = last = -1
    if not (0 <= first < 24 and 0 <= last < 24 and first != last):
        raise NotThere("Hours are two whole numbers from 0 to 23, one to begin with and another to end with.")
    return {"value": f"{first}-{last}", "name": f"What plays from {first:02}:00 to {last:02}:00"}


_FIND = {
    "artist": lambda conn, listener_id, value: _item(conn, listener_id, "artist", value),
    "album": lambda conn, listener_id, value: _item(conn, listener_id, "album", value),
    "playlist": _playlist,
    "account": _account,
    "hours": _hours,
}


def playlists(conn: Connection, listener_id: int) -> list[Choice]:
    query = (
        select(claim.c.id, claim.c.payload)
        .join(account, account.c.id == claim.c.account_id)
        .where(claim.c.kind == "playlist", claim.c.present, visible_to(listener_id))
    )
    found = [(row.id, json.loads(row.payload)) for row in conn.execute(query)]
    return [Choice(str(id), said["name"], len(said.get("tracks", ()))) for id, said in found]


def accounts(conn: Connection, listener_id: int) -> list[Choice]:
    """Those that brought plays or music, with the plays each reported."""
    rows = conn.exec_driver_sql(
        "SELECT a.key, a.name, (SELECT COUNT(*) FROM report r WHERE r.account_id = a.id AND r.listener_id = :me) AS n"
        " FROM account a WHERE a.listener_id IS NULL OR a.listener_id = :me ORDER BY n DESC, a.name",
        {"me": listener_id},
    )
    return [Choice(*row) for row in rows]
