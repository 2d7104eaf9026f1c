"""What is missing from a complete answer goes, unless that looks like a failure that calls itself complete."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from aggregator.library.drafts import Key

DAY = 86_400
FEW = 3
SHARE = 0.2
WORDS = {
    "artist": ("artist", "artists"),
    "album": ("album", "albums"),
    "recording": ("song", "songs"),
    "show": ("show", "shows"),
    "playlist": ("playlist", "playlists"),
    "friend": ("friend", "friends"),
    "holding": ("mark (owned, saved, followed or loved)", "marks (owned, saved, followed or loved)"),
}


@dataclass(frozen=True, slots=True)
class Removal:
    """How many claims were marked absent, and how many are held back for a listener's yes."""

    removed: int
    held: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One account's whole answer for a scope: claims it gave, and claims it named as unchanged or unreadable."""

    account_id: int
    scope: str
    seen: frozenset[int]
    kept: frozenset[Key]
    now: int


class _Row(NamedTuple):
    id: int
    kind: str
    pid: str
    about: int | None


def complete(conn: Connection, answer: Answer) -> Removal:
    """Mark absent what the answer lacks, or hold all of it (table `held`) and remove nothing."""
    present = _present(conn, answer)
    missing = _unreferred(conn, _missing(present, answer))
    sizes = Counter(row.kind for row in present) - Counter(row.kind for row in missing)
    dropping = Counter(row.kind for row in missing)
    if _suspicious(conn, answer, sizes, dropping):
        _hold(conn, answer, dropping, len(present))
        return Removal(0, dropping.total())
    _remember_sizes(conn, answer, sizes)
    mark_absent(conn, [row.id for row in missing], answer.now)
    return Removal(len(missing), 0)


def believe(conn: Connection, held_id: int, now: int) -> None:
    """A listener says yes: the next answer for this scope is taken as it is."""
    account_id, scope = conn.exec_driver_sql("SELECT account_id, scope FROM held WHERE id = ?", (held_id,)).one()
    conn.exec_driver_sql(
        "DELETE FROM scope_size WHERE account_id = ? AND scope IN (SELECT value FROM json_each(?))",
        (account_id, json.dumps(_size_names(scope))),
    )
    _decide(conn, held_id, "yes", now)


def keep(conn: Connection, held_id: int, now: int) -> None:
    """A listener says no: everything stays, and the same number missing is not asked about again."""
    _decide(conn, held_id, "no", now)


def begin_anew(conn: Connection, account_id: int) -> None:
    """Changed settings start a new baseline: the next answers are compared with nothing."""
    conn.exec_driver_sql("DELETE FROM scope_size WHERE account_id = ?", (account_id,))


def mark_absent(conn: Connection, claims: Sequence[int], now: int) -> None:
    """Claims leave, and all they count towards becomes dirty."""
    conn.exec_driver_sql(
        "UPDATE claim SET present = 0, absent_since = ? WHERE id IN (SELECT value FROM json_each(?))",
        (now, json.dumps(claims)),
    )
    mark_dirty(conn, claims)
    release(conn, credited(conn, claims), now)


def mark_dirty(conn: Connection, claims: Iterable[int]) -> None:
    """Have the items of these claims decided again, and those that they count towards: a mark's song, its album, both
    their artists."""
    conn.exec_driver_sql(
        "WITH changed AS (SELECT value AS id FROM json_each(?)), near AS (SELECT id FROM changed UNION"
        " SELECT about FROM claim WHERE about IS NOT NULL AND id IN (SELECT id FROM changed))"
        " INSERT OR IGNORE INTO dirty SELECT id FROM claim WHERE kind IN ('artist', 'album', 'recording', 'show')"
        " AND id IN (SELECT id FROM near UNION SELECT about FROM claim WHERE id IN (SELECT id FROM near)"
        " UNION SELECT artist_claim_id FROM credit WHERE claim_id IN (SELECT id FROM near))",
        (json.dumps(sorted(claims)),),
    )


def credited(conn: Connection, claims: Iterable[int]) -> set[int]:
    """The artist claims that these claims credit."""
    rows = conn.exec_driver_sql(
        "SELECT artist_claim_id FROM credit WHERE claim_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(claims)),),
    )
    return set(rows.scalars())


def release(conn: Connection, artists: Iterable[int], now: int) -> None:
    """Artists who were known by their credits alone leave with the last present claim that credits them."""
    conn.exec_driver_sql(
        "UPDATE claim SET present = 0, absent_since = ? WHERE scope = '' AND present"
        " AND id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM credit JOIN claim c"
        " ON c.id = credit.claim_id WHERE credit.artist_claim_id = claim.id AND c.present)",
        (now, json.dumps(sorted(artists))),
    )


# --- what is missing --------------------------------------------------------------------------------------------------


def _present(conn: Connection, answer: Answer) -> list[_Row]:
    """Present claims of the scope, but for shows that are over: those expire, they are not removed."""
    yesterday = (datetime.fromtimestamp(answer.now, UTC) - timedelta(days=1)).date().isoformat()
    rows = conn.exec_driver_sql(
        "SELECT id, kind, pid, about FROM claim WHERE account_id = ? AND scope = ? AND present AND (kind <> 'show'"
        " OR COALESCE(json_extract(payload, '$.until'), json_extract(payload, '$.day')) >= ?)",
        (answer.account_id, answer.scope, yesterday),
    )
    return [_Row(*row) for row in rows]


def _missing(present: Iterable[_Row], answer: Answer) -> list[_Row]:
    """Neither given nor protected. What stays as it was keeps its songs and its marks too."""
    kept = {row.id for row in present if (row.kind, row.pid) in answer.kept}
    for _ in range(2):  # an album's songs, then the songs' marks
        kept |= {row.id for row in present if row.about in kept}
    alive = kept | answer.seen
    return [row for row in present if row.id not in alive]


def _unreferred(conn: Connection, missing: Sequence[_Row]) -> list[_Row]:
    """Without albums whose songs stay and artists credited by what stays. Such artists now live by their credits."""
    ids = json.dumps([row.id for row in missing])
    referred = set(conn.exec_driver_sql(
        "WITH going AS (SELECT value AS id FROM json_each(?)) "
        "SELECT going.id FROM going JOIN claim song ON song.about = going.id AND song.kind = 'recording'"
        " WHERE song.present AND song.id NOT IN (SELECT id FROM going) "
        "UNION SELECT going.id FROM going JOIN credit ON credit.artist_claim_id = going.id"
        " JOIN claim c ON c.id = credit.claim_id WHERE c.present AND c.id NOT IN (SELECT id FROM going)",
        (ids,),
    ).scalars())  # fmt: skip
    conn.exec_driver_sql(
        "UPDATE claim SET scope = '' WHERE kind = 'artist' AND id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(referred)),),
    )
    return [row for row in missing if row.id not in referred]


# --- the guard --------------------------------------------------------------------------------------------------------


def _suspicious(conn: Connection, answer: Answer, sizes: Counter[str], dropping: Counter[str]) -> bool:
    baseline = _baseline(conn, answer)
    if not dropping or not baseline:
        return False
    if not sizes.total() or _declined(conn, answer, dropping.total()):
        return True
    return any(count > max(FEW, SHARE * baseline.get(kind, count)) for kind, count in dropping.items())


def _baseline(conn: Connection, answer: Answer) -> dict[str, int]:
    """The largest size per kind in seven days, or the last one known where the days before are empty."""
    rows = conn.exec_driver_sql(
        "SELECT scope, day, items FROM scope_size WHERE account_id = ? AND scope IN (SELECT value FROM json_each(?))",
        (answer.account_id, json.dumps(_size_names(answer.scope))),
    ).all()
    last = max((day for _, day, _ in rows), default=0)
    since = min(last, answer.now // DAY - 7)
    largest: dict[str, int] = {}
    for scope, day, items in rows:
        kind = scope.rpartition("/")[2]
        largest[kind] = max(items if day >= since else 0, largest.get(kind, 0))
    return largest


def _size_names(scope: str) -> list[str]:
    """Sizes are kept per kind, so that songs do not hide a vanished list of artists."""
    return [f"{scope}/{kind}" for kind in WORDS]


def _remember_sizes(conn: Connection, answer: Answer, sizes: Counter[str]) -> None:
    day = answer.now // DAY
    rows = [(answer.account_id, f"{answer.scope}/{kind}", day, items) for kind, items in sizes.items()]
    if rows:
        conn.exec_driver_sql(
            "INSERT INTO scope_size (account_id, scope, day, items) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET items = MAX(items, excluded.items)",
            rows,
        )


def _declined(conn: Connection, answer: Answer, items: int) -> bool:
    """The listener's last word on this scope was to keep just these."""
    last = conn.exec_driver_sql(
        "SELECT decision, items FROM held WHERE account_id = ? AND scope = ? ORDER BY id DESC LIMIT 1",
        (answer.account_id, answer.scope),
    ).first()
    return last is not None and tuple(last) == ("no", items)


def _hold(conn: Connection, answer: Answer, dropping: Counter[str], of: int) -> None:
    if _declined(conn, answer, dropping.total()):
        return
    conn.exec_driver_sql(
        "DELETE FROM held WHERE account_id = ? AND scope = ? AND decided_at IS NULL", (answer.account_id, answer.scope)
    )
    conn.exec_driver_sql(
        'INSERT INTO held (account_id, scope, items, "of", reason, held_at) VALUES (?, ?, ?, ?, ?, ?)',
        (answer.account_id, answer.scope, dropping.total(), of, _reason(dropping, of), answer.now),
    )


def _reason(dropping: Counter[str], of: int) -> str:
    parts = [f"{count} {WORDS[kind][count != 1]}" for kind, count in sorted(dropping.items()) if kind != "holding"]
    what = " and ".join(parts) or f"{dropping.total()} marks"
    empty = "The answer was empty" if dropping.total() == of else f"{what} are missing from the answer"
    return f"{empty}: {what} would go. Nothing was removed; say whether that is right."


def _decide(conn: Connection, held_id: int, decision: str, now: int) -> None:
    conn.exec_driver_sql("UPDATE held SET decided_at = ?, decision = ? WHERE id = ?", (now, decision, held_id))
