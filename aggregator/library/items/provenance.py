"""Where an item comes from: one line in words, and claim by claim with what joined them.

A listener is told only of accounts that are their own or the household's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from aggregator.library import because
from aggregator.library.evidence import Evidence
from aggregator.library.fields import length, scheme_words
from aggregator.store.schema import account
from aggregator.visible import in_sql, visible_to
from aggregator.wording import plural


@dataclass(frozen=True)
class ClaimRow:
    """What one account says of an item. `claims` are several where it says the same words several times."""

    claims: tuple[int, ...]
    account: str
    provider: str
    title: str
    credit: str
    album: str
    hint: str  # what helps to tell it from the rest: `on Blue Room, 85 plays, MusicBrainz id 0f3c2a77`
    present: bool
    why: str  # what joined it to the item, in words; "" for what everything else joined
    decided_by: str  # rule | listener
    verdict: str  # of the rules, whoever decided: same | different | unsure | nothing; "" where nothing joined it
    evidence: tuple[tuple[str, float], ...]  # that, part by part: words and points, negative ones speak against
    points: float


def provenance(accounts: Mapping[int, tuple[str, str]], sources: str, plays: int, first_heard: int | None) -> str:
    """`your files: FLAC; Spotify; scrobbled 41 times since 2019`. `accounts`: provider and name of the visible ones."""
    files, services = list[str](), list[str]()
    for source in json.loads(sources):
        if source["account"] not in accounts:
            continue
        provider, name = accounts[source["account"]]
        if "formats" in source:
            owner = "your files" if provider == "files" else name
            files.append(f"{owner}: {', '.join(source['formats'])}")
        elif "listed" in source:
            services.append(name)
    return "; ".join([*dict.fromkeys(files), *dict.fromkeys(services), *_played(plays, first_heard)])


def visible_accounts(conn: Connection, listener_id: int) -> dict[int, tuple[str, str]]:
    """Provider and name of the accounts that are the listener's own or the household's."""
    rows = conn.execute(select(account.c.id, account.c.provider, account.c.name).where(visible_to(listener_id)))
    return {row[0]: (row[1], row[2]) for row in rows}


_PLACES = {
    "artist": "SELECT mine.id, s.id AS song, CASE s.kind WHEN 'album' THEN s.id ELSE s.about END AS album,"
    " CASE WHEN s.kind = 'recording' AND s.about IS NULL THEN json_extract(s.payload, '$.title') END AS title"
    " FROM mine JOIN credit k ON k.artist_claim_id = mine.id"
    " JOIN claim s ON s.id = k.claim_id",
    "album": "SELECT mine.id, s.id AS song, NULL AS album, NULL AS title FROM mine JOIN claim s ON s.about = mine.id"
    " AND s.kind = 'recording'",
    "recording": "SELECT id, id AS song, NULL AS album, NULL AS title FROM mine",
    "show": "SELECT id, NULL AS song, NULL AS album, NULL AS title FROM mine",
}
"""Where a claim is named: by songs, on albums, and in titles where there is no album."""


MANY = 250
"""Claims of one item whose albums are looked up for a page: more would take long, and no list of them be read."""


def claim_rows(
    conn: Connection, kind: str, item_id: int, listener_id: int, accounts: Mapping[int, tuple[str, str]]
) -> list[ClaimRow]:
    """The claims of an item that a listener may see; those of an account that say the same of the same albums together.

    Plays are those of the listener. Of more than `MANY` claims only those that say different words are told apart.
    """
    rows = conn.exec_driver_sql(
        "WITH mine AS MATERIALIZED (SELECT c.*, link.evidence, link.decided_by, link.verdict FROM link"  # noqa: S608
        " CROSS JOIN claim c ON c.id = link.claim_id WHERE link.kind = :kind AND link.item_id = :item"
        " AND c.account_id IN (SELECT value FROM json_each(:accounts))),"
        f" place AS ({_PLACES[kind]} WHERE (SELECT COUNT(*) FROM mine) <= :many),"
        " said AS MATERIALIZED (SELECT place.id, SUM(t.plays) AS plays, group_concat(DISTINCT on_it.item_id) AS items,"
        " json_group_array(DISTINCT i.title) FILTER (WHERE i.title IS NOT NULL) AS albums,"
        " json_group_array(DISTINCT place.title) FILTER (WHERE place.album IS NULL AND place.title IS NOT NULL)"
        " AS titles"
        " FROM place LEFT JOIN link on_it ON on_it.claim_id = place.album LEFT JOIN album i ON i.id = on_it.item_id"
        " LEFT JOIN play_total t ON t.claim_id = place.song AND t.listener_id = :listener GROUP BY place.id)"
        " SELECT json_group_array(mine.id) AS ids, MIN(mine.id), mine.account_id, mine.payload, mine.present,"
        " mine.evidence, mine.decided_by, mine.verdict, json_extract(album.payload, '$.title') AS album, said.albums,"
        " said.titles, SUM(said.plays) AS plays FROM mine LEFT JOIN said ON said.id = mine.id"
        " LEFT JOIN claim album ON album.id = mine.about"
        " GROUP BY mine.account_id, mine.payload, mine.about, mine.present, mine.decided_by, said.items"
        " ORDER BY mine.present DESC, mine.account_id, MIN(mine.id)",
        {"kind": kind, "item": item_id, "listener": listener_id, "accounts": json.dumps(list(accounts)), "many": MANY},
    )
    return [_claim_row(row, accounts) for row in rows]


def _claim_row(row: Row[Any], accounts: Mapping[int, tuple[str, str]]) -> ClaimRow:
    provider, name = accounts[row.account_id]
    said = json.loads(row.payload)
    title, album = said.get("title") or said["name"], said.get("album") or row.album or ""
    ids = tuple(sorted(json.loads(row.ids)))
    parts = tuple((because.told(part), part.points) for part in _stored(row.evidence))
    return ClaimRow(
        ids,
        name,
        provider,
        title,
        _credit(said),
        album,
        _hint(row, said),
        bool(row.present),
        words(row.evidence),
        row.decided_by,
        row.verdict,
        parts,
        sum(points for _, points in parts),
    )


def _hint(row: Row[Any], said: Mapping[str, Any]) -> str:
    albums, titles = json.loads(row.albums or "[]"), json.loads(row.titles or "[]")
    parts = [f"on {some(albums)}" if albums else "", f"of {some(titles)}" if titles and not albums else ""]
    parts += [said.get("released", "")[:4], length(said.get("seconds")), played(row.plays or 0)]
    parts += [f"{scheme_words(scheme)} {value[:8]}" for scheme, value in said.get("ids", {}).items()]
    return ", ".join(filter(None, parts))


NAMED = 3


def some(names: Sequence[str]) -> str:
    """`Blue Room, Red Room, Attic and 5 more`."""
    *shown, last = [*names[:NAMED], f"{len(names) - NAMED:,} more"] if len(names) > NAMED else names
    return f"{', '.join(shown)} and {last}" if shown else last


def played(plays: int) -> str:
    return plural(plays, "play") if plays else ""


def words(evidence: str) -> str:
    """Stored evidence in one line."""
    return because.summed(_stored(evidence))


def _stored(evidence: str) -> list[Evidence]:
    return [Evidence(**part) for part in json.loads(evidence)]


def _credit(said: Mapping[str, Any]) -> str:
    return ", ".join(credit["name"] for credit in said.get("credits", ()))


def _played(plays: int, first_heard: int | None) -> list[str]:
    if not plays or first_heard is None:
        return []
    year = datetime.fromtimestamp(first_heard, UTC).year
    return [f"scrobbled once in {year}" if plays == 1 else f"scrobbled {plays:,} times since {year}"]


def claims_of(conn: Connection, listener_id: int, kind: str, item_id: int) -> set[int]:
    """The claims of an item that the listener may see."""
    rows = conn.exec_driver_sql(
        "SELECT c.id FROM link JOIN claim c ON c.id = link.claim_id JOIN account a ON a.id = c.account_id"  # noqa: S608
        f" WHERE link.kind = ? AND link.item_id = ? AND {in_sql('?')}",
        (kind, item_id, listener_id),
    )
    return set(rows.scalars())


_KNOWN = (
    "SELECT EXISTS (SELECT 1 FROM link JOIN claim c ON c.id = link.claim_id JOIN account a ON a.id = c.account_id"  # noqa: S608
    f" WHERE link.kind = ? AND link.item_id = ? AND {in_sql('?')})"
)


def known(conn: Connection, listener_id: int, kind: str, item_id: int) -> bool:
    """Whether an account that is the listener's own or the household's says anything of this item, or once did."""
    return bool(conn.exec_driver_sql(_KNOWN, (kind, item_id, listener_id)).scalar())
