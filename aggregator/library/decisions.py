"""What listeners say about items: the same, not the same, split, and their taking it back.

What a listener says at once is one **act**: one line in the history, taken back as a whole. It is a decision with its
words, and perhaps parts that go with it (`part_of`): the songs that become one with their albums. A decision names the
claims that its listener may see, by account and the provider's id, holds for the whole household, and outlives the
claims: it sleeps while they are absent. Each act is carried out at once, in the transaction that writes it.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from aggregator.library import merging
from aggregator.library.evidence import KINDS
from aggregator.library.fields import CALLED
from aggregator.store import Store
from aggregator.visible import in_sql
from aggregator.wording import plural

Side = Mapping[int, Sequence[int]]
"""Claims by the item they belong to."""


class Refused(LookupError):
    """Nothing was decided. The words are for the listener."""


def same(
    store: Store, listener_id: int, kind: str, item_ids: Sequence[int], songs: Iterable[Sequence[int]] = ()
) -> int:
    """All these items are one. `songs`: recordings that become one with their albums, a group of items each; those
    that are one already need no word.

    Returns the act's number. Raises `Refused` where the listener sees nothing of an item, or they are one already.
    """
    with store.write() as conn:
        items = _several(_seen(conn, listener_id, kind, item_ids))
        groups = [group for ids in songs if len(group := _seen(conn, listener_id, "recording", ids)) > 1]
        words = f"{_listed(conn, items)} are the same {CALLED[kind]}{_with_songs(len(groups))}"
        act = _write(conn, listener_id, kind, "same", *_first_and_rest(items), words)
        for group in groups:
            _write(conn, listener_id, "recording", "same", *_first_and_rest(group), part_of=act)
        _carry_out(conn, act)
        return act


def apart(store: Store, listener_id: int, kind: str, *item_ids: int) -> int:
    """No two of these items are one, and no sync shall make them one. Returns and raises as `same`."""
    with store.write() as conn:
        items = _several(_seen(conn, listener_id, kind, item_ids))
        words = f"{_listed(conn, items)} are not the same {CALLED[kind]}"
        act = None
        for a, b in _halves(items):
            number = _write(conn, listener_id, kind, "different", a, b, "" if act else words, part_of=act)
            act = act or number
        assert act is not None  # two items have two halves
        _carry_out(conn, act)
        return act


def pairwise(store: Store, listener_id: int, kind: str, verdict: str, pairs: Sequence[tuple[int, int]]) -> int:
    """The same word, same or different, on each of these pairs of items: one act. Returns and raises as `same`."""
    with store.write() as conn:
        act = None
        for pair in pairs:
            items = _several(_seen(conn, listener_id, kind, pair))
            words = "" if act else f"{_listed(conn, items)} {_ARE[verdict]} {CALLED[kind]}{_likewise(len(pairs) - 1)}"
            number = _write(conn, listener_id, kind, verdict, *_first_and_rest(items), words, part_of=act)
            act = act or number
        if act is None:
            raise Refused("There is nothing here to decide.")
        _carry_out(conn, act)
        return act


def split(store: Store, listener_id: int, kind: str, claims: Iterable[int], songs: Iterable[int] = ()) -> int:
    """These claims of one item are another thing than the rest of it. Returns the act's number.

    `songs`: decisions that joined songs of an album when both sides became one; they end with it. Raises `Refused`
    where nothing would leave, or nothing stay, that the listener may see.
    """
    leaving = set(claims)
    with store.write() as conn:
        seen = _seen(conn, listener_id, kind, list(leaving)[:1])
        [(item, whole)] = seen.items()
        gone, rest = [claim for claim in whole if claim in leaving], [claim for claim in whole if claim not in leaving]
        if not gone or not rest:
            raise Refused("Tick what does not belong here, but not everything.")
        ended = _joined(conn, listener_id, songs)
        words = _split_words(conn, kind, gone, rest) + (f", {_songs(len(ended))} likewise" if ended else "")
        act = _write(conn, listener_id, kind, "different", {item: gone}, {item: rest}, words)
        _end(conn, listener_id, act, ended, set(gone))
        _carry_out(conn, act)
        return act


def undo(store: Store, listener_id: int, act: int) -> None:
    """Take an act back: every item is again what the rules and the other decisions make of it. The history names the
    listener."""
    with store.write() as conn:
        named = _named(conn, act)
        conn.exec_driver_sql(
            "UPDATE decision SET undone_at = ?2, undone_by = ?3, ended_by = NULL WHERE id = ?1 OR part_of = ?1",
            (act, int(time.time()), listener_id),
        )
        conn.exec_driver_sql("UPDATE decision SET undone_at = NULL, ended_by = NULL WHERE ended_by = ?", (act,))
        _settle(conn, named)


def again(store: Store, listener_id: int, act: int) -> int:
    """Say once more what was taken back, or overruled since: a new act, which is the newest. Returns its number."""
    with store.write() as conn:
        parts = conn.exec_driver_sql(
            "SELECT id, kind, verdict, words FROM decision WHERE (id = ?1 OR part_of = ?1) AND ended_by IS NULL"
            " ORDER BY part_of IS NOT NULL, id",
            (act,),
        ).all()
        copy = None
        for part in parts:
            number = _insert(conn, listener_id, part.kind, part.verdict, part.words, copy)
            copy = copy or number
            conn.exec_driver_sql(
                "INSERT INTO decision_claim (decision_id, side, account_key, pid, item)"
                " SELECT ?, side, account_key, pid, item FROM decision_claim WHERE decision_id = ?",
                (number, part.id),
            )
        if copy is None:
            raise Refused("There is no such decision.")
        _carry_out(conn, copy)
        return copy


# --- what is named ----------------------------------------------------------------------------------------------------


def _seen(conn: Connection, listener_id: int, kind: str, ids: Sequence[int]) -> dict[int, list[int]]:
    """The items that these numbers stand for today, each with its claims that the listener may see."""
    rows = conn.exec_driver_sql(
        "SELECT mine.item_id, c.id FROM (SELECT here.item_id, MIN(key) AS place FROM json_each(?) JOIN link here"  # noqa: S608
        " ON here.claim_id = value AND here.kind = ? GROUP BY 1) mine JOIN link ON link.item_id = mine.item_id"
        " JOIN claim c ON c.id = link.claim_id JOIN account a ON a.id = c.account_id"
        f" AND {in_sql('?')} ORDER BY place, c.id",
        (json.dumps(list(ids)), kind, listener_id),
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for item, claim in rows:
        found[item].append(claim)
    if not found or not _all_known(conn, kind, ids, found):
        raise Refused("This is not in your library any more.")
    return dict(found)


def _all_known(conn: Connection, kind: str, ids: Sequence[int], found: Iterable[int]) -> bool:
    rows = conn.exec_driver_sql(
        "SELECT value FROM json_each(?) LEFT JOIN link ON claim_id = value AND kind = ?"
        " WHERE item_id IS NULL OR item_id NOT IN (SELECT value FROM json_each(?)) LIMIT 1",
        (json.dumps(list(ids)), kind, json.dumps(list(found))),
    )
    return rows.first() is None


def _several(items: Side) -> Side:
    if len(items) < 2:
        raise Refused("These are one already. What does not belong together can be split on its page.")
    return items


def _first_and_rest(items: Side) -> tuple[Side, Side]:
    first, *rest = items
    return {first: items[first]}, {item: items[item] for item in rest}


def _halves(items: Side) -> Iterator[tuple[Side, Side]]:
    """Ways to halve the items, so that any two stand on two sides in one of them: nine ways for five hundred."""
    places = list(enumerate(items))
    for bit in range((len(places) - 1).bit_length()):
        one, other = ({item: items[item] for at, item in places if at >> bit & 1 == half} for half in (0, 1))
        yield one, other


# --- writing ----------------------------------------------------------------------------------------------------------


def _write(
    conn: Connection, listener_id: int, kind: str, verdict: str, a: Side, b: Side, words: str = "",
    part_of: int | None = None,
) -> int:  # fmt: skip
    number = _insert(conn, listener_id, kind, verdict, words, part_of)
    named = [(side, claim, item) for side, items in (("a", a), ("b", b)) for item in items for claim in items[item]]
    conn.exec_driver_sql(
        "INSERT INTO decision_claim (decision_id, side, account_key, pid, item) SELECT ?, value ->> 0, a.key, c.pid,"
        " value ->> 2 FROM json_each(?) JOIN claim c ON c.id = value ->> 1 JOIN account a ON a.id = c.account_id",
        (number, json.dumps(named)),
    )
    return number


def _insert(conn: Connection, listener_id: int, kind: str, verdict: str, words: str, part_of: int | None) -> int:
    number: int = conn.exec_driver_sql(
        "INSERT INTO decision (listener_id, kind, verdict, words, at, part_of) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (listener_id, kind, verdict, words, int(time.time()), part_of),
    ).scalar_one()
    return number


def _carry_out(conn: Connection, act: int) -> None:
    _settle(conn, _named(conn, act))


def _named(conn: Connection, act: int) -> dict[str, list[int]]:
    """By kind, the claims that an act names, its parts, and what ended with it."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for kind, claim in conn.exec_driver_sql(
        "SELECT DISTINCT d.kind, c.id FROM (SELECT id FROM decision WHERE id = ?1 UNION SELECT id FROM decision"
        " WHERE part_of = ?1 UNION SELECT id FROM decision WHERE ended_by = ?1) act JOIN decision d ON d.id = act.id"
        " JOIN decision_claim dc ON dc.decision_id = d.id JOIN account a ON a.key = dc.account_key"
        " JOIN claim c ON c.account_id = a.id AND c.kind = d.kind AND c.pid = dc.pid ORDER BY c.id",
        (act,),
    ):
        found[kind].append(claim)
    return found


def _settle(conn: Connection, named: Mapping[str, Sequence[int]]) -> None:
    for kind in KINDS:
        if kind in named:
            merging.settle(conn, kind, named[kind], int(time.time()))


# --- songs that were joined with their albums -------------------------------------------------------------------------


def _joined(conn: Connection, listener_id: int, decisions: Iterable[int]) -> list[int]:
    """Of these, the decisions that are parts of an act, hold, and are open to the listener."""
    return list(conn.exec_driver_sql(
        "SELECT d.id FROM decision d WHERE d.id IN (SELECT value FROM json_each(?)) AND d.kind = 'recording'"
        " AND d.verdict = 'same' AND d.part_of IS NOT NULL AND d.undone_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM decision_claim dc JOIN account a ON a.key = dc.account_key WHERE dc.decision_id = d.id"
        " AND a.listener_id <> ?) ORDER BY d.id",
        (json.dumps(list(decisions)), listener_id),
    ).scalars())  # fmt: skip


def _end(conn: Connection, listener_id: int, act: int, decisions: Sequence[int], gone: set[int]) -> None:
    """These end with the act. What of their songs is on one side of the split stays one."""
    ids = json.dumps(list(decisions))
    rows = conn.exec_driver_sql(
        "SELECT dc.decision_id, dc.item, c.id, c.about FROM decision_claim dc JOIN account a ON a.key = dc.account_key"
        " JOIN claim c ON c.account_id = a.id AND c.kind = 'recording' AND c.pid = dc.pid"
        " WHERE dc.decision_id IN (SELECT value FROM json_each(?)) ORDER BY c.id",
        (ids,),
    )
    songs: defaultdict[int, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    left: defaultdict[int, set[int]] = defaultdict(set)
    for decision, item, claim, about in rows:
        songs[decision][item].append(claim)
        if about in gone:
            left[decision].add(item)
    conn.exec_driver_sql(
        "UPDATE decision SET undone_at = ?, ended_by = ? WHERE id IN (SELECT value FROM json_each(?))",
        (int(time.time()), act, ids),
    )
    for decision, items in songs.items():
        for side in (left[decision], items.keys() - left[decision]):
            if len(side) > 1:
                kept = {item: items[item] for item in sorted(side)}
                _write(conn, listener_id, "recording", "same", *_first_and_rest(kept), part_of=act)


# --- in words ---------------------------------------------------------------------------------------------------------

NAMED = 3
_ARE = {"same": "are the same", "different": "are not the same"}


def _listed(conn: Connection, items: Side) -> str:
    """`“Harbour” and “Der Hafen”`, `“One”, “Two”, “Three” and 297 more`; `2 called “Harbour”` where all are."""
    called = [_name(said) for said in _payloads(conn, [claims[0] for claims in items.values()])]
    names = list(dict.fromkeys(called))
    if len(names) == 1:
        return f"{len(items):,} called “{names[0]}”"
    shown = [f"“{name}”" for name in names[:NAMED]]
    more = len(items) - len(shown)
    return f"{', '.join(shown)} and {more:,} more" if more else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _split_words(conn: Connection, kind: str, gone: Sequence[int], rest: Sequence[int]) -> str:
    leaving, staying = (_name(said) for said in _payloads(conn, [gone[0], rest[0]]))
    if leaving != staying:
        return f"“{leaving}” is another {CALLED[kind]} than “{staying}”"
    of = f"{len(gone)} of {len(gone) + len(rest)} entries of “{staying}”"
    return f"{of} {'is' if len(gone) == 1 else 'are'} another {CALLED[kind]}"


def _with_songs(count: int) -> str:
    return f", and {_songs(count)} too" if count else ""


def _likewise(count: int) -> str:
    return f", and {plural(count, 'more pair')} likewise" if count else ""


def _songs(count: int) -> str:
    return f"{count:,} of their songs"


def _payloads(conn: Connection, claims: Sequence[int]) -> list[str]:
    rows = conn.exec_driver_sql(
        "SELECT payload FROM json_each(?) JOIN claim ON claim.id = value ORDER BY key", (json.dumps(list(claims)),)
    )
    return list(rows.scalars())


def _name(payload: str) -> str:
    said: Mapping[str, str] = json.loads(payload)
    return said.get("title") or said["name"]
