"""Which artists are a listener's own, and what they want to hear of them.

An artist is *mine* when something by them is owned, saved or followed in a service, or was played often enough
(preference `own_after_plays`). A listener's own word goes before that: *follow* adds, *mute* takes away, for shows,
releases and news apart. The word is kept on an artist claim, so merging and splitting artists never loses it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Literal, get_args

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    and_,
    delete,
    except_,
    insert,
    or_,
    select,
    union,
)

from aggregator import listeners
from aggregator.store.schema import artist, link, shelf, stance

Topic = Literal["shows", "releases", "news"]
Word = Literal["follow", "mute"]
TOPICS: tuple[Topic, ...] = get_args(Topic)


def mine(conn: Connection, listener_id: int, topic: Topic) -> set[int]:
    """Artist items that are the listener's own for `topic`."""
    return set(conn.scalars(mine_query(listener_id, topic, own_after_plays(conn, listener_id))))


def mine_query(listener_id: int, topic: Topic, plays: int) -> CompoundSelect[int]:
    """A query of artist item ids (column `item_id`) for other queries; so many `plays` make an artist one's own."""
    return except_(
        select(union(_had(listener_id, plays), said(listener_id, topic, "follow")).subquery().c.item_id),
        said(listener_id, topic, "mute"),
    )


def is_mine(artist_id: ColumnElement[int], listener_id: int, topic: Topic, plays: int) -> ColumnElement[bool]:
    """The same as a condition on a column: right where few artists are asked about."""
    had = _had(listener_id, plays).where(shelf.c.item_id == artist_id).correlate_except(shelf).exists()
    followed = artist_id.in_(said(listener_id, topic, "follow"))
    return and_(or_(had, followed), artist_id.not_in(said(listener_id, topic, "mute")))


def _had(listener_id: int, plays: int) -> Select[int]:
    return (
        select(shelf.c.item_id)
        .where(shelf.c.listener_id == listener_id, shelf.c.kind == "artist")
        .where(or_(shelf.c.owned, shelf.c.saved, shelf.c.plays >= plays))
    )


def own_after_plays(conn: Connection, listener_id: int) -> int:
    """The listener's preference; its default for somebody who is gone."""
    found = listeners.read(conn, listener_id)
    return (found.preferences if found else listeners.Preferences()).own_after_plays


def said(listener_id: int, topic: Topic, word: Word) -> Select[int]:
    """A query of the artist items that the listener follows, or mutes, in so many words."""
    return (
        select(link.c.item_id)
        .join(stance, stance.c.claim_id == link.c.claim_id)
        .where(stance.c.listener_id == listener_id, stance.c.topic == topic, stance.c.word == word)
    )


def words(conn: Connection, listener_id: int, artist_ids: list[int]) -> dict[int, dict[Topic, Word]]:
    """What the listener said about these artists, by artist and topic. Where merged artists disagree, mute holds."""
    rows = conn.execute(
        select(link.c.item_id, stance.c.topic, stance.c.word)
        .join(stance, stance.c.claim_id == link.c.claim_id)
        .where(stance.c.listener_id == listener_id, link.c.item_id.in_(artist_ids))
        .order_by(stance.c.word)  # follow, then mute
    )
    found: dict[int, dict[Topic, Word]] = defaultdict(dict)
    for row in rows:
        found[row.item_id][row.topic] = row.word
    return found


def say(conn: Connection, listener_id: int, artist_id: int, topic: Topic, word: Word | None, now: int) -> Word | None:
    """Follow or mute an artist item for a topic, or (None) take the word back.

    Returns what was said before: saying that again is the undo.
    """
    before = words(conn, listener_id, [artist_id]).get(artist_id, {}).get(topic)
    claims = select(link.c.claim_id).where(link.c.item_id == artist_id, link.c.kind == "artist")
    conn.execute(
        delete(stance).where(
            stance.c.listener_id == listener_id, stance.c.topic == topic, stance.c.claim_id.in_(claims)
        )
    )
    name = conn.scalar(select(artist.c.name).where(artist.c.id == artist_id))
    if word and name is not None:
        conn.execute(
            insert(stance).values(
                listener_id=listener_id,
                claim_id=artist_id,  # an item bears the id of one of its claims
                copy=json.dumps({"artist": name}),
                topic=topic,
                word=word,
                at=now,
            )
        )
    return before
