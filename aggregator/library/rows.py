"""Rows of artists, albums and recordings: one face for each item, taken from what its claims say.

Each field is that of the first claim in the order of `choices` that says it. All of it may be made again at any time
from claims, decisions and what listeners chose.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from aggregator.library import art, find
from aggregator.library.choices import Choices, Face, preference
from aggregator.library.fields import CODE_OF, every_genre, joined
from aggregator.library.folding import fold, sort_key
from aggregator.library.neighbours import Claim, load_claims
from aggregator.library.shelves import MEMBERS

COLUMNS = {
    "artist": ("id", "name", "sort", "folded", "ids", "genres", "art", "hue", "sources"),
    "album": ("id", "title", "sort", "credit", "artist_sort", "year", "released", "form", "tracks", "ids", "genres",
              "art", "hue", "sources"),
    "recording": ("id", "title", "sort", "credit", "artist_sort", "album_id", "album_title", "seconds", "audio_claim",
                  "ids", "art", "hue", "sources"),
}  # fmt: skip


def write(conn: Connection, kind: str, items: Mapping[int, Sequence[Claim]], stale: Iterable[int]) -> None:
    """Write the rows of `items` from their claims; of `stale`, those that are items no more lose theirs."""
    choices = Choices.read(conn, kind)
    faces = {item: choices.face(sorted(claims, key=preference)) for item, claims in items.items()}
    gone = json.dumps(sorted(set(stale) - items.keys()))
    conn.exec_driver_sql(f"DELETE FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", (gone,))  # noqa: S608
    pictures = art.pictures(conn, (claim for face in faces.values() for claim in face.claims))
    sources, make = _sources(conn, kind, items), _MAKE[kind]
    rows = [(item, *make(face), *_picture(face, pictures), sources.get(item, "[]")) for item, face in faces.items()]
    columns = [*(name for name in COLUMNS[kind] if name not in _ADDED), *("art", "hue", "sources")]
    if rows:
        conn.exec_driver_sql(
            f"INSERT OR REPLACE INTO {kind} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608
            rows,
        )
    if kind == "recording":
        _name_albums(conn, faces)
    if kind != "artist":
        _write_credits(conn, kind, faces, gone)


def rewrite(conn: Connection, kind: str, items: Iterable[int]) -> None:
    """Write the rows of these items anew from what is stored."""
    write(conn, kind, stored(conn, kind, items), ())


def stored(conn: Connection, kind: str, items: Iterable[int]) -> dict[int, list[Claim]]:
    """The claims of these items."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for item, claim in conn.exec_driver_sql(
        "SELECT item_id, claim_id FROM link WHERE kind = ? AND item_id IN (SELECT value FROM json_each(?))",
        (kind, json.dumps(sorted(items))),
    ):
        found[item].append(claim)
    claims = load_claims(conn, kind, (claim for claims in found.values() for claim in claims))
    return {item: [claims[claim] for claim in ids] for item, ids in found.items()}


def followers(conn: Connection, kind: str, moved: Iterable[int]) -> dict[str, list[int]]:
    """Items by kind whose rows name an item that these claims of artists or albums left or came to."""
    asked = {
        "artist": "SELECT DISTINCT link.kind, link.item_id FROM credit JOIN link ON link.claim_id = credit.claim_id"
        " WHERE credit.artist_claim_id IN (SELECT value FROM json_each(?))",
        "album": "SELECT DISTINCT link.kind, link.item_id FROM claim JOIN link ON link.claim_id = claim.id"
        " WHERE claim.kind = 'recording' AND claim.about IN (SELECT value FROM json_each(?))",
    }
    following: defaultdict[str, list[int]] = defaultdict(list)
    if kind in asked:
        for other, item in conn.exec_driver_sql(asked[kind], (json.dumps(sorted(moved)),)):
            following[other].append(item)
    return following


def with_own_artists(conn: Connection) -> dict[str, list[int]]:
    """Albums and songs by kind whose artist a listener wrote: whenever artists change, that may be another one."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for kind, item in conn.exec_driver_sql(
        "SELECT DISTINCT link.kind, link.item_id FROM pick p JOIN account a ON a.key = p.account_key JOIN claim c"
        " ON c.account_id = a.id AND c.kind = p.kind AND c.pid = p.pid JOIN link ON link.claim_id = c.id"
        " WHERE p.field = 'artist' AND p.value IS NOT NULL AND p.undone_at IS NULL"
    ):
        found[kind].append(item)
    return found


def follow(conn: Connection, following: Mapping[str, Sequence[int]], now: int) -> None:
    """Write the rows of these `followers` anew."""
    for other, items in following.items():
        if other == "show":
            from aggregator.shows import items as shows

            shows.refresh(conn, sorted(items), now)
            find.index(conn, "show", items)  # the bill is among its words
        else:
            rewrite(conn, other, items)


# --- one item ---------------------------------------------------------------------------------------------------------

_ADDED = ("art", "hue", "sources")


def _artist(face: Face[Claim]) -> tuple[Any, ...]:
    said = face.asked("name")[0].payload
    name = said["name"]
    return name, sort_key(said.get("sort_name") or name), fold(name), _ids(face), _genres(face)


def _album(face: Face[Claim]) -> tuple[Any, ...]:
    title = face.asked("title")[0].payload["title"]
    credits = _first(face.asked("artist"), "credits") or []
    released = _released(face)
    form = _first(face.asked("form"), "form") or "album"
    tracks = _first(face.asked("tracks"), "total_tracks") or 0
    year = int(released[:4]) if released else None
    return (title, sort_key(title), joined(credits), _artist_sort(credits), year, released, form, tracks,
            _ids(face), _genres(face))  # fmt: skip


def _recording(face: Face[Claim]) -> tuple[Any, ...]:
    title = face.asked("title")[0].payload["title"]
    credited = face.asked("artist")
    credits = next((c for claim in credited if (c := claim.payload.get("credits") or claim.about.get("credits"))), ())
    owned = sorted((claim for claim in face.claims if claim.present and "audio" in claim.payload), key=_quality)
    return (title, sort_key(title), joined(credits), _artist_sort(credits), None, _album_title(face.asked("album")),
            _first(face.asked("length"), "seconds"), owned[0].id if owned else None, _ids(face))  # fmt: skip


_MAKE: Mapping[str, Callable[[Face[Claim]], tuple[Any, ...]]] = {
    "artist": _artist,
    "album": _album,
    "recording": _recording,
}


def _quality(claim: Claim) -> tuple[object, ...]:
    """The best copy first."""
    audio = claim.payload["audio"]
    return (not audio.get("lossless"), -(audio.get("bit_depth") or 0), -(audio.get("bitrate") or 0), claim.key)


def _speaking(claims: Sequence[Claim]) -> Sequence[Claim]:
    return [claim for claim in claims if claim.present] or claims


def _first(claims: Sequence[Claim], field: str) -> Any:
    return next((claim.payload[field] for claim in claims if claim.payload.get(field)), None)


def _album_title(claims: Sequence[Claim]) -> str | None:
    return next((t for claim in claims if (t := claim.about.get("title") or claim.payload.get("album"))), None)


def _ids(face: Face[Claim]) -> str:
    ids: dict[str, str] = {}
    for claim in _speaking(face.claims):
        ids = {**claim.payload.get("ids", {}), **ids}
    for field in face.chosen.keys() & CODE_OF.keys():
        said = (claim.payload.get("ids", {}).get(CODE_OF[field]) for claim in _speaking(face.chosen[field]))
        if chosen := next(filter(None, said), None):
            ids[CODE_OF[field]] = chosen
    return json.dumps(dict(sorted(ids.items())), separators=(",", ":"))


def _released(face: Face[Claim]) -> str | None:
    """The earliest date that a source names, unless listeners chose whose date it is."""
    chosen = face.chosen.get("released")
    said = (claim.payload.get("released") for claim in _speaking(chosen or face.claims))
    dates: Iterator[str] = filter(None, said)
    return next(dates, None) if chosen else min(dates, default=None)


def _genres(face: Face[Claim]) -> str:
    chosen = face.chosen.get("genres")
    said = [claim.payload.get("genres", ()) for claim in _speaking(chosen or face.claims)]
    named = every_genre([next(filter(None, said), ())] if chosen else said)
    return json.dumps(named, ensure_ascii=False)


def _artist_sort(credits: Sequence[Mapping[str, Any]]) -> str:
    return sort_key(credits[0]["name"]) if credits else ""


def _picture(face: Face[Claim], pictures: Mapping[str, art.Picture]) -> tuple[str | None, int | None]:
    found = (pictures.get(source) for claim in face.asked("picture") for source in art.sources(claim))
    picture = next((picture for picture in found if picture and picture.name), None)
    return (picture.name, picture.hue) if picture else (None, None)


def _sources(conn: Connection, kind: str, items: Iterable[int]) -> dict[int, str]:
    """Per item and account: formats of files, and whether a service lists it; songs speak for albums and artists.

    Pages show a listener only the accounts that are theirs.
    """
    rows = conn.exec_driver_sql(
        "WITH mine AS MATERIALIZED (SELECT item_id, claim_id FROM json_each(?) JOIN link ON link.item_id = value"  # noqa: S608
        f" AND link.kind = ?), member AS MATERIALIZED ({MEMBERS[kind]})"
        " SELECT member.item_id, c.account_id, MAX(json_extract(c.payload, '$.from') IS NULL) AS listed,"
        " group_concat(DISTINCT upper(json_extract(c.payload, '$.audio.codec'))) AS formats"
        " FROM member JOIN claim c ON c.id = member.claim_id JOIN account a ON a.id = c.account_id WHERE c.present"
        " GROUP BY member.item_id, c.account_id ORDER BY member.item_id, a.key",
        (json.dumps(sorted(items)), kind),
    )
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for item, account, listed, formats in rows:
        said = {"formats": sorted(formats.split(","))} if formats else {"listed": True} if listed else {}
        found[item].append({"account": account, **said})
    return {item: json.dumps(sources, separators=(",", ":")) for item, sources in found.items()}


# --- rows that name other items ---------------------------------------------------------------------------------------


def _name_albums(conn: Connection, items: Mapping[int, Face[Claim]]) -> None:
    """The album a recording is shown with: that of its preferred claim which has one."""
    wanted = {item: next((c.about_id for c in face.asked("album") if c.about_id), None) for item, face in items.items()}
    rows = [(album, item) for item, album in wanted.items() if album is not None]
    if rows:
        conn.exec_driver_sql(
            "UPDATE recording SET album_id = (SELECT item_id FROM link WHERE claim_id = ?) WHERE id = ?", rows
        )


def _write_credits(conn: Connection, kind: str, items: Mapping[int, Face[Claim]], gone: str) -> None:
    ids = json.dumps(sorted(items))
    for each in (ids, gone):
        conn.exec_driver_sql(
            "DELETE FROM item_credit WHERE kind = ? AND item_id IN (SELECT value FROM json_each(?))", (kind, each)
        )
    speaking = [
        (next((c.id for c in face.asked("artist") if c.payload.get("credits")), face.claims[0].id), item)
        for item, face in items.items()
    ]
    conn.exec_driver_sql(
        'INSERT INTO item_credit (kind, item_id, position, artist_id, name, "join", role)'
        ' SELECT ?, value ->> 1, position, COALESCE(link.item_id, artist_claim_id), name, "join", role'
        " FROM json_each(?) JOIN credit ON credit.claim_id = value ->> 0"
        " LEFT JOIN link ON link.claim_id = credit.artist_claim_id",
        (kind, json.dumps(speaking)),
    )
    for item, face in items.items():
        if own := face.written("artist"):
            _write_own_artist(conn, kind, item, own.payload["credits"][0]["name"])


def _write_own_artist(conn: Connection, kind: str, item: int, name: str) -> None:
    """The artist that a listener wrote is the one of that name here; if there is none, the first that was credited."""
    row = conn.exec_driver_sql(
        "SELECT COALESCE((SELECT MIN(id) FROM artist WHERE folded = ?), (SELECT artist_id FROM item_credit"
        " WHERE kind = ? AND item_id = ? ORDER BY position LIMIT 1))",
        (fold(name), kind, item),
    )
    artist = row.scalar()
    conn.exec_driver_sql("DELETE FROM item_credit WHERE kind = ? AND item_id = ?", (kind, item))
    if artist is not None:
        conn.exec_driver_sql(
            "INSERT INTO item_credit (kind, item_id, position, artist_id, name, role) VALUES (?, ?, 0, ?, ?, 'artist')",
            (kind, item, artist, name),
        )
