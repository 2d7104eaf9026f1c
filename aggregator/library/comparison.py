"""Two items side by side, for somebody who is to say whether they are one: what agrees, what differs, what is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row

from aggregator.library.fields import SCHEMES, joined, length, number
from aggregator.library.folding import fold
from aggregator.library.items.cards import first_songs
from aggregator.library.items.provenance import played, some, visible_accounts
from aggregator.library.review import Pair, Side

Verdict = Literal["agrees", "differs", "told"]
"""`told`: known of one side only, or nothing that speaks for or against."""

SAME_LENGTH = 2.0
"""Seconds by which two copies of one recording may differ."""


class Piece(NamedTuple):
    """A stretch of text; `marked` where the other side says something else."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Line:
    """What is said of one field. A side that says nothing of it is empty."""

    field: str
    a: tuple[Piece, ...]
    b: tuple[Piece, ...]
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """`play_a`, `play_b`: a file of the listener's to hear of each."""

    lines: tuple[Line, ...]
    play_a: int | None
    play_b: int | None

    def of(self, verdict: Verdict) -> list[Line]:
        return [line for line in self.lines if line.verdict == verdict]


class _Known(NamedTuple):
    """One side: what its claim says, with the text of its album, and the item's row and shelf."""

    said: Mapping[str, Any]
    about: Mapping[str, Any]
    row: Row[Any]


def compare(conn: Connection, listener_id: int, asked: Pair) -> Comparison:
    """Field by field, as the two claims say it; where they say nothing, as their items do."""
    accounts = visible_accounts(conn, listener_id)
    a, b = (_known(conn, listener_id, asked.kind, side) for side in (asked.a, asked.b))
    lines = [*_FIELDS[asked.kind](a, b), *_told(asked.kind, a, b, accounts)]
    return Comparison(
        tuple(line for line in lines if line.a or line.b), *_heard(conn, listener_id, asked.kind, a.row, b.row)
    )


# --- what is known ----------------------------------------------------------------------------------------------------

# CROSS JOIN: left to itself, SQLite walks the whole shelf in its order of plays.
_ALBUMS = (
    "(SELECT json_group_array(title) FROM (SELECT a.title FROM item_credit k CROSS JOIN album a ON a.id = k.item_id"
    " CROSS JOIN shelf v ON v.listener_id = :listener AND v.kind = 'album' AND v.item_id = a.id"
    " WHERE k.kind = 'album' AND k.artist_id = i.id ORDER BY v.plays DESC, a.id)) AS albums"
)
_BILLS = (
    "(SELECT json_group_array(json(bill)) FROM (SELECT json_array(w.title, w.day, w.venue) AS bill"
    " FROM item_credit k JOIN show w ON w.id = k.item_id WHERE k.kind = 'show' AND k.artist_id = i.id"
    " ORDER BY w.day, w.id LIMIT 3)) AS bills"
)
_SONGS = (
    "(SELECT json_group_array(title) FROM (SELECT r.title FROM item_credit k CROSS JOIN recording r ON r.id = k.item_id"
    " CROSS JOIN shelf v ON v.listener_id = :listener AND v.kind = 'recording' AND v.item_id = r.id"
    " WHERE k.kind = 'recording' AND k.artist_id = i.id ORDER BY v.plays DESC, r.id LIMIT 3)) AS songs"
)
_COLUMNS = {
    "artist": f"i.ids, NULL AS audio_claim, {_ALBUMS}, {_BILLS}, {_SONGS}",
    "album": "i.ids, NULL AS audio_claim, i.credit, i.year, i.form, i.tracks",
    "recording": "i.ids, CASE WHEN s.owned THEN i.audio_claim END AS audio_claim, i.credit, i.album_title, i.seconds,"
    " (SELECT year FROM album WHERE album.id = i.album_id) AS year",
    "show": "'{}' AS ids, NULL AS audio_claim, i.place,"
    " (SELECT json_group_array(DISTINCT name) FROM item_credit k WHERE k.kind = 'show' AND k.item_id = i.id) AS acts",
}


def _known(conn: Connection, listener_id: int, kind: str, side: Side) -> _Known:
    row = conn.exec_driver_sql(
        f"SELECT i.id, c.payload, album.payload AS about, {_COLUMNS[kind]}, COALESCE(s.plays, 0) AS plays,"  # noqa: S608
        " s.first_heard, s.last_heard, COALESCE(s.loved, 0) AS loved, COALESCE(s.owned, 0) AS owned,"
        " (SELECT json_group_array(DISTINCT each.account_id) FROM link JOIN claim each ON each.id = link.claim_id"
        f" AND each.present WHERE link.item_id = i.id) AS accounts FROM {kind} i JOIN claim c ON c.id = :claim"
        " LEFT JOIN claim album ON album.id = c.about LEFT JOIN shelf s ON s.listener_id = :listener"
        " AND s.kind = :kind AND s.item_id = i.id WHERE i.id = :item",
        {"claim": side.claim, "item": side.item, "kind": kind, "listener": listener_id},
    ).one()
    return _Known(json.loads(row.payload), json.loads(row.about or "{}"), row)


def _heard(conn: Connection, listener_id: int, kind: str, *rows: Row[Any]) -> tuple[int | None, int | None]:
    """A file to hear of each side, where there is one: the song itself, or the album's first."""
    if kind == "album":
        first = first_songs(conn, listener_id, [row.id for row in rows])
        return first.get(rows[0].id), first.get(rows[1].id)
    return rows[0].audio_claim, rows[1].audio_claim


# --- field by field ---------------------------------------------------------------------------------------------------


def _recording(a: _Known, b: _Known) -> Iterator[Line]:
    yield _text("Title", a, b, lambda known: known.said.get("title"))
    yield _text("Artist", a, b, lambda known: _credit(known.said) or _credit(known.about) or known.row.credit)
    yield _text("Album", a, b, _album_title)
    yield _text("Year", a, b, lambda known: _year(known.said) or _year(known.about) or known.row.year)
    yield _length(a, b)
    yield _text("Number on the album", a, b, _number)
    yield from _ids(a, b)


def _album(a: _Known, b: _Known) -> Iterator[Line]:
    yield _text("Title", a, b, lambda known: known.said.get("title"))
    yield _text("Artist", a, b, lambda known: _credit(known.said) or known.row.credit)
    yield _text("Year", a, b, lambda known: _year(known.said) or known.row.year)
    yield _text("Songs", a, b, lambda known: known.said.get("total_tracks") or known.row.tracks)
    yield _text("Form", a, b, lambda known: known.said.get("form"))
    yield from _ids(a, b)


def _artist(a: _Known, b: _Known) -> Iterator[Line]:
    yield _text("Name", a, b, lambda known: known.said.get("name"))
    yield _told_only("Albums", a, b, lambda known: _list(json.loads(known.row.albums)))
    yield _told_only("Songs", a, b, lambda known: _list(json.loads(known.row.songs)))
    yield _told_only("On the bill of", a, b, _bills)
    yield from _ids(a, b)


def _show(a: _Known, b: _Known) -> Iterator[Line]:
    yield _text("Title", a, b, lambda known: known.said.get("title"))
    yield _text("Day", a, b, lambda known: _day(known.said["day"]))
    yield _text("Begins", a, b, lambda known: (known.said.get("start") or "")[:5])
    yield _text("Venue", a, b, lambda known: known.said["venue"]["name"])
    yield _text("Town", a, b, lambda known: known.said["venue"].get("city") or known.row.place)
    yield _text("On the bill", a, b, lambda known: _list(json.loads(known.row.acts)))


_FIELDS: Mapping[str, Callable[[_Known, _Known], Iterator[Line]]] = {
    "recording": _recording,
    "album": _album,
    "artist": _artist,
    "show": _show,
}


def _told(kind: str, a: _Known, b: _Known, accounts: Mapping[int, tuple[str, str]]) -> Iterator[Line]:
    """What speaks neither for nor against."""

    def sources(known: _Known) -> str:
        return _list(sorted({accounts[one][1] for one in json.loads(known.row.accounts) if one in accounts}))

    yield _told_only("Who says it", a, b, sources)
    if kind != "show":
        yield _told_only("Yours", a, b, _marks)
        yield _told_only("Plays", a, b, lambda known: played(known.row.plays) or "not played yet")
        yield _told_only("Heard", a, b, _heard_when)


def _heard_when(known: _Known) -> str:
    if known.row.first_heard is None:
        return ""
    first, last = (f"{datetime.fromtimestamp(at, UTC):%B %Y}" for at in (known.row.first_heard, known.row.last_heard))
    return f"in {first}" if first == last else f"from {first} to {last}"


def _marks(known: _Known) -> str:
    return " and ".join(word for word, on in (("loved", known.row.loved), ("in your files", known.row.owned)) if on)


# --- one field --------------------------------------------------------------------------------------------------------


def _text(field: str, a: _Known, b: _Known, value: Callable[[_Known], Any]) -> Line:
    """Two texts, with the words marked in which they differ."""
    left, right = (str(value(known) or "") for known in (a, b))
    if not left or not right:
        return Line(field, _plain(left), _plain(right), "told")
    if fold(left) == fold(right):
        return Line(field, _plain(left), _plain(right), "agrees")
    return Line(field, *marked(left, right), "differs")


def _told_only(field: str, a: _Known, b: _Known, value: Callable[[_Known], str]) -> Line:
    return Line(field, _plain(value(a)), _plain(value(b)), "told")


def _length(a: _Known, b: _Known) -> Line:
    left, right = (known.said.get("seconds") or known.row.seconds for known in (a, b))
    if not left or not right:
        return Line("Length", _plain(length(left)), _plain(length(right)), "told")
    alike = abs(left - right) <= SAME_LENGTH
    sides = [(Piece(length(each), not alike),) for each in (left, right)]
    return Line("Length", sides[0], sides[1], "agrees" if alike else "differs")


def _ids(a: _Known, b: _Known) -> Iterator[Line]:
    """Known numbers that both give; what one side gives alone says nothing."""
    left, right = ({**json.loads(known.row.ids), **known.said.get("ids", {})} for known in (a, b))
    for scheme in sorted((left.keys() & right.keys() & SCHEMES.keys()) - {"former_mbid"}):
        name, same = SCHEMES[scheme], left[scheme] == right[scheme]
        sides = [(Piece(each[scheme][:13], not same),) for each in (left, right)]
        yield Line(f"{name[0].upper()}{name[1:]}", sides[0], sides[1], "agrees" if same else "differs")


LONG = 500
"""Characters beyond which two texts are not compared word by word."""


def marked(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces: those words marked that the other has not, in this place."""
    if max(len(left), len(right)) > LONG:
        return (Piece(left, True),), (Piece(right, True),)
    words = left.split(), right.split()
    folded = [[fold(word) for word in side] for side in words]
    alike = SequenceMatcher(None, folded[0], folded[1], autojunk=False).get_matching_blocks()
    common = [{at for block in alike for at in range(block[side], block[side] + block.size)} for side in (0, 1)]
    return _pieces(words[0], common[0]), _pieces(words[1], common[1])


def _pieces(words: Sequence[str], common: Container[int]) -> tuple[Piece, ...]:
    """Words that follow each other in one piece; blanks between pieces are not marked."""
    found: list[Piece] = []
    for is_common, run in groupby(range(len(words)), key=lambda at: at in common):
        text = " ".join(words[at] for at in run)
        found += [Piece(" "), Piece(text, not is_common)] if found else [Piece(text, not is_common)]
    return tuple(found)


def _list(names: Sequence[str]) -> str:
    return some(names) if names else ""


def _plain(text: str) -> tuple[Piece, ...]:
    return (Piece(text),) if text else ()


def _credit(said: Mapping[str, Any]) -> str:
    return joined(said.get("credits", ()))


def _year(said: Mapping[str, Any]) -> str:
    return str(said.get("released", ""))[:4]


def _album_title(known: _Known) -> Any:
    return known.about.get("title") or known.said.get("album") or known.row.album_title


def _number(known: _Known) -> str:
    disc, position = known.said.get("disc", 1), known.said.get("position")
    return "" if position is None else number(disc, position)


def _day(day: str) -> str:
    return f"{date.fromisoformat(day):%-d %B %Y}"


def _bills(known: _Known) -> str:
    return _list([_bill(*bill) for bill in json.loads(known.row.bills)])


def _bill(title: str, day: str, venue: str) -> str:
    return f"{title}, {_day(day)}, {venue}"
