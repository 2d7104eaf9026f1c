"""What is missing from a complete answer goes, unless that looks like a failure that calls itself complete.

An answer is held for a listener's word where it is empty, where it lacks more of a kind than a fifth of the largest
size of seven days, and where, with all that went before it, a fifth of the largest size of 90 days would be gone: a
service that loses one song in a hundred each day stays below the first measure for ever and is seen by the second in
three weeks. Listings of shows are measured by the week alone, for they shrink with the calendar by themselves.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from aggregator.library.drafts import Key

DAY = 86_400
WEEK, SEASON = 7, 90
"""Days over which the largest size is looked for: for what one answer lacks, and for what goes little by little."""
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
    """How many claims were marked absent (`gone` names them), and how many are held back for a listener's yes."""

    removed: int
    held: int
    gone: Sequence[int] = field(default=(), compare=False)


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
    """Mark absent what the answer lacks, or hold all of it (tables `held`, `held_claim`) and remove nothing.

    What a listener wanted kept stays, for as long as the service does not name it again by itself.
    """
    present = _present(conn, answer.account_id, answer.scope, answer.now)
    lacking = _missing(present, answer)
    declined = _declined(conn, answer, lacking)
    missing, living = _unreferred(conn, [row for row in lacking if row.id not in declined])
    if trouble := _trouble(conn, answer, present, missing):
        _hold(conn, answer, missing, len(present), trouble)
        return Removal(0, len(missing))
    _end_question(conn, answer.account_id, answer.scope, answer.now)
    _live_by_credits(conn, living)
    _remember_sizes(conn, answer, _sizes(present, missing))
    gone = [row.id for row in missing]
    mark_absent(conn, gone, answer.now)
    return Removal(len(gone), 0, gone)


def begin_anew(conn: Connection, account_id: int, now: int | None = None) -> None:
    """Changed settings start a new baseline: the next answers are compared with nothing. Empty ones are held still."""
    today = int(time.time() if now is None else now) // DAY
    conn.exec_driver_sql("DELETE FROM scope_size WHERE account_id = ?", (account_id,))
    conn.exec_driver_sql(
        "INSERT INTO scope_size (account_id, scope, day, items)"
        " SELECT DISTINCT account_id, scope || '/' || kind, ?, 0 FROM claim WHERE account_id = ? AND present",
        (today, account_id),
    )


# --- a listener's word ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """Removals that wait for a listener's word. `what`: the capability that was read; `scope`: the part of it, if it
    has parts; `counts`: claims by kind (see `WORDS`); `decision`: yes, no, over, or None as long as it waits."""

    id: int
    account_id: int
    what: str
    scope: str
    counts: Mapping[str, int]
    items: int
    of: int
    reason: str
    held_at: int
    decided_at: int | None
    decision: str | None


@dataclass(frozen=True, slots=True)
class Going:
    """One claim that would go. `item`: what it belongs to now; `how`: owned, saved, followed or loved, of a mark."""

    claim: int
    kind: str
    title: str
    credit: str
    item: int | None
    how: str | None


def held(conn: Connection, held_id: int) -> Held | None:
    """None where there is no such question. Whether the listener may see its account is the caller's to check."""
    row = conn.exec_driver_sql(
        'SELECT id, account_id, scope, items, "of", reason, held_at, decided_at, decision FROM held WHERE id = ?',
        (held_id,),
    ).first()
    if row is None:
        return None
    kinds = conn.exec_driver_sql(
        "SELECT c.kind, COUNT(*) FROM held_claim h JOIN claim c ON c.id = h.claim_id WHERE h.held_id = ?"
        " GROUP BY c.kind ORDER BY c.kind",
        (held_id,),
    )
    what, _, scope = row.scope.partition(":")
    return Held(row.id, row.account_id, what, scope, {row[0]: row[1] for row in kinds}, *row[3:])


def going(conn: Connection, held_id: int, after: int = 0, limit: int = 60, kind: str | None = None) -> list[Going]:
    """What would go, in the order of the claims' numbers: those after `after`, of one kind if `kind` is given."""
    rows = conn.exec_driver_sql(
        "SELECT c.id, c.kind, c.payload, link.item_id, about.payload AS about FROM held_claim h"
        " JOIN claim c ON c.id = h.claim_id LEFT JOIN claim about ON about.id = c.about"
        " LEFT JOIN link ON link.claim_id = CASE c.kind WHEN 'holding' THEN c.about ELSE c.id END"
        " WHERE h.held_id = :held AND h.claim_id > :after AND c.kind = COALESCE(:kind, c.kind)"
        " ORDER BY h.claim_id LIMIT :limit",
        {"held": held_id, "after": after, "kind": kind, "limit": limit},
    )
    return [_going(row) for row in rows]


def _going(row: Row[Any]) -> Going:
    said, about = json.loads(row.payload), json.loads(row.about) if row.about else {}
    named = about if row.kind == "holding" else said
    credits = said.get("credits") or about.get("credits") or said.get("lineup") or ()
    title = named.get("title") or named.get("name") or ""
    return Going(row.id, row.kind, title, ", ".join(each["name"] for each in credits), row.item_id, said.get("how"))


def believe(conn: Connection, held_id: int, now: int) -> int:
    """A listener says yes: just what was shown goes, and the next answers are compared with what is left.

    But for what the service has named since in another of its lists.

    Returns how many went; 0 where the question is over, or was answered with a yes before.
    """
    row = conn.exec_driver_sql("SELECT account_id, scope, decision FROM held WHERE id = ?", (held_id,)).first()
    if row is None or row.decision in ("yes", "over"):
        return 0
    gone = conn.exec_driver_sql(
        "SELECT c.id FROM held_claim h JOIN claim c ON c.id = h.claim_id"
        " WHERE h.held_id = ? AND c.present AND c.scope = ?",
        (held_id, row.scope),
    ).scalars().all()  # fmt: skip
    mark_absent(conn, gone, now)
    conn.exec_driver_sql(
        "DELETE FROM scope_size WHERE account_id = ? AND scope IN (SELECT value FROM json_each(?))",
        (row.account_id, json.dumps(_size_names(row.scope))),
    )
    left = _sizes(_present(conn, row.account_id, row.scope, now), ())
    _remember_sizes(conn, Answer(row.account_id, row.scope, frozenset(), frozenset(), now), left)
    _decide(conn, held_id, "yes", now)
    return len(gone)


def keep(conn: Connection, held_id: int, now: int) -> None:
    """A listener says no: everything stays, and these are not asked about again until the service names them anew."""
    conn.exec_driver_sql(
        "UPDATE held SET decided_at = ?, decision = 'no' WHERE id = ? AND decided_at IS NULL", (now, held_id)
    )


# --- leaving ----------------------------------------------------------------------------------------------------------


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


def release(conn: Connection, artists: Iterable[int], now: int) -> set[int]:
    """Artists who were known by their credits alone leave with the last present claim that credits them.

    Returns who left.
    """
    gone = conn.exec_driver_sql(
        "UPDATE claim SET present = 0, absent_since = ? WHERE scope = '' AND present"
        " AND id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (SELECT 1 FROM credit JOIN claim c"
        " ON c.id = credit.claim_id WHERE credit.artist_claim_id = claim.id AND c.present) RETURNING id",
        (now, json.dumps(sorted(artists))),
    )
    return set(gone.scalars())


# --- what is missing --------------------------------------------------------------------------------------------------


def _present(conn: Connection, account_id: int, scope: str, now: int) -> list[_Row]:
    """Present claims of the scope, but for shows that are over: those expire, they are not removed."""
    yesterday = (datetime.fromtimestamp(now, UTC) - timedelta(days=1)).date().isoformat()
    rows = conn.exec_driver_sql(
        "SELECT id, kind, pid, about FROM claim WHERE account_id = ? AND scope = ? AND present AND (kind <> 'show'"
        " OR COALESCE(json_extract(payload, '$.until'), json_extract(payload, '$.day')) >= ?)",
        (account_id, scope, yesterday),
    )
    return [_Row(*row) for row in rows]


def _missing(present: Iterable[_Row], answer: Answer) -> list[_Row]:
    """Neither given nor protected. What stays as it was keeps its songs and its marks too."""
    kept = {row.id for row in present if (row.kind, row.pid) in answer.kept}
    for _ in range(2):  # an album's songs, then the songs' marks
        kept |= {row.id for row in present if row.about in kept}
    alive = kept | answer.seen
    return [row for row in present if row.id not in alive]


def _declined(conn: Connection, answer: Answer, lacking: Iterable[_Row]) -> set[int]:
    """Of what is lacking, that which a listener wanted kept; what the service names again is as any other from now."""
    mine = "SELECT id FROM held WHERE account_id = ? AND scope = ? AND decision = 'no'"
    asked = (answer.account_id, answer.scope, json.dumps([row.id for row in lacking]))
    lacks = "claim_id IN (SELECT value FROM json_each(?))"
    conn.exec_driver_sql(f"DELETE FROM held_claim WHERE held_id IN ({mine}) AND NOT {lacks}", asked)  # noqa: S608
    rows = conn.exec_driver_sql(f"SELECT claim_id FROM held_claim WHERE held_id IN ({mine})", asked[:2])  # noqa: S608
    return set(rows.scalars())


def _unreferred(conn: Connection, missing: Sequence[_Row]) -> tuple[list[_Row], set[int]]:
    """Without albums whose songs stay and artists credited by what stays; those are the second of the two."""
    rows = conn.exec_driver_sql(
        "WITH going AS (SELECT value AS id FROM json_each(?)) "
        "SELECT going.id FROM going JOIN claim song ON song.about = going.id AND song.kind = 'recording'"
        " WHERE song.present AND song.id NOT IN (SELECT id FROM going) "
        "UNION SELECT going.id FROM going JOIN credit ON credit.artist_claim_id = going.id"
        " JOIN claim c ON c.id = credit.claim_id WHERE c.present AND c.id NOT IN (SELECT id FROM going)",
        (json.dumps([row.id for row in missing]),),
    )
    referred = set(rows.scalars())
    return [row for row in missing if row.id not in referred], referred


def _live_by_credits(conn: Connection, living: Iterable[int]) -> None:
    """Artists whom the service no longer names by themselves leave with the last claim that credits them."""
    conn.exec_driver_sql(
        "UPDATE claim SET scope = '' WHERE kind = 'artist' AND id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(living)),),
    )


# --- what looks like a failure ----------------------------------------------------------------------------------------


def _trouble(conn: Connection, answer: Answer, present: Sequence[_Row], missing: Sequence[_Row]) -> str | None:
    """Why the answer is not believed, in words; None: it is."""
    dropping = Counter(row.kind for row in missing)
    left = _sizes(present, missing)
    if not dropping:
        return None
    if not left.total():
        return f"The answer was empty: {_listed(dropping)} would go."
    week, season = (_largest(conn, answer, days) for days in (WEEK, SEASON))
    if any(_many(count, week.get(kind, count + left[kind])) for kind, count in dropping.items()):
        return f"{_listed(dropping)} are missing from the answer."
    for kind in dropping.keys() - {"show"}:
        if _many(season.get(kind, 0) - left[kind], season.get(kind, 0)):
            before = f"{season[kind] - left[kind]:,} of {season[kind]:,} {WORDS[kind][1]}"
            return f"{_listed(dropping)} are missing; with what went before, {before} would be gone in {SEASON} days."
    return None


def _many(count: int, of: int) -> bool:
    """More than may go unasked out of so many; 0: there is nothing to compare with."""
    return bool(of) and count > max(FEW, SHARE * of)


def _listed(dropping: Mapping[str, int]) -> str:
    things = [kind for kind in WORDS if kind in dropping and kind != "holding"] or ["holding"]
    return " and ".join(f"{dropping[kind]:,} {WORDS[kind][dropping[kind] != 1]}" for kind in things)


def _sizes(present: Iterable[_Row], missing: Iterable[_Row]) -> Counter[str]:
    return Counter(row.kind for row in present) - Counter(row.kind for row in missing)


def _largest(conn: Connection, answer: Answer, days: int) -> dict[str, int]:
    """The largest size per kind in so many days, or the last one known where the days before are empty."""
    rows = conn.exec_driver_sql(
        "SELECT scope, day, items FROM scope_size WHERE account_id = ? AND scope IN (SELECT value FROM json_each(?))",
        (answer.account_id, json.dumps(_size_names(answer.scope))),
    ).all()
    since = min(max((day for _, day, _ in rows), default=0), answer.now // DAY - days)
    largest: dict[str, int] = {}
    for scope, day, items in rows:
        kind = scope.rpartition("/")[2]
        largest[kind] = max(items if day >= since else 0, largest.get(kind, 0))
    return largest


def _size_names(scope: str) -> list[str]:
    """Sizes are kept per kind, so that songs do not hide a vanished list of artists."""
    return [f"{scope}/{kind}" for kind in WORDS]


def _remember_sizes(conn: Connection, answer: Answer, sizes: Mapping[str, int]) -> None:
    today = answer.now // DAY
    rows = [(answer.account_id, f"{answer.scope}/{kind}", today, items) for kind, items in sizes.items()]
    if rows:
        conn.exec_driver_sql(
            "INSERT INTO scope_size (account_id, scope, day, items) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET items = MAX(items, excluded.items)",
            rows,
        )
        conn.exec_driver_sql(
            "DELETE FROM scope_size WHERE account_id = ? AND scope = ? AND day < ?",
            [(account, scope, day - SEASON) for account, scope, day, _ in rows],
        )


# --- asking -----------------------------------------------------------------------------------------------------------


def _hold(conn: Connection, answer: Answer, missing: Sequence[_Row], of: int, why: str) -> None:
    """Ask, unless just this is being asked. Other claims are another question: no yes removes what nobody saw."""
    claims = {row.id for row in missing}
    if claims == _asked_about(conn, answer):
        return
    _end_question(conn, answer.account_id, answer.scope, answer.now)
    question = conn.exec_driver_sql(
        'INSERT INTO held (account_id, scope, items, "of", reason, held_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id',
        (answer.account_id, answer.scope, len(claims), of, f"{why} Nothing was removed; say whether that is right.",
         answer.now),
    ).scalar_one()  # fmt: skip
    conn.exec_driver_sql(
        "INSERT INTO held_claim (held_id, claim_id) SELECT ?, value FROM json_each(?)",
        (question, json.dumps(sorted(claims))),
    )


def _asked_about(conn: Connection, answer: Answer) -> set[int]:
    rows = conn.exec_driver_sql(
        "SELECT claim_id FROM held_claim WHERE held_id IN"
        " (SELECT id FROM held WHERE account_id = ? AND scope = ? AND decided_at IS NULL)",
        (answer.account_id, answer.scope),
    )
    return set(rows.scalars())


def _end_question(conn: Connection, account_id: int, scope: str, now: int) -> None:
    conn.exec_driver_sql(
        "UPDATE held SET decided_at = ?, decision = 'over' WHERE account_id = ? AND scope = ? AND decided_at IS NULL",
        (now, account_id, scope),
    )


def _decide(conn: Connection, held_id: int, decision: str, now: int) -> None:
    conn.exec_driver_sql("UPDATE held SET decided_at = ?, decision = ? WHERE id = ?", (now, decision, held_id))
