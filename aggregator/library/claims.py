"""Storing what one account says: each run's records become claims, and what they touch is marked dirty."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection

from aggregator import mending
from aggregator.library import guard, renamed
from aggregator.library.drafts import KIND_OF, RECORD, Draft, Drafts, Key, Strength, bounded, fuller, strength_of
from aggregator.library.guard import Removal
from aggregator.library.noted import Noted
from aggregator.plugin import Play, Record, Skipped, Unchanged

__all__ = ["DISCOVERY", "Intake", "Removal"]

DISCOVERY = "discovery"
"""The scope of what was claimed to be recommended, which nobody holds."""

_NONE: Strength = (0, 0, "")


class _Stored(NamedTuple):
    id: int
    payload: str
    scope: str
    present: bool
    about: int | None


@dataclass(slots=True)
class _Writes:
    """Rows of one batch, collected so that each table is written once."""

    new: list[tuple[Any, ...]]
    changed: list[tuple[Any, ...]]
    moved: list[tuple[int | None, int]]  # about, claim
    returned: list[tuple[int]]
    named: list[tuple[str, int]]
    """Scope and claim of artists who were known by their credits alone, and now have a record of their own."""
    credits: list[tuple[Any, ...]]
    dirty: set[int]
    uncredited: set[int]
    """Artists credited by words that are not kept."""
    told: defaultdict[str, list[int]]
    """Claims that records speak of, by what became of them: added, changed, returned."""


class Intake:
    """Takes the records of one run of one account. Every method works inside the caller's `store.write()`."""

    def __init__(
        self, account_id: int, account_key: str, listener_id: int | None, run_id: int | None, now: int
    ) -> None:
        self.account_id = account_id
        self.account_key = account_key
        self.listener_id = listener_id
        self.run_id = run_id
        self.now = now
        self._what: str | None = None
        self._noted: Noted | None = None
        self._ids: dict[Key, int] = {}  # every claim met in this run
        self._met: dict[Key, Strength] = {}  # how much is stored of those met since the last scope ended
        self._seen: dict[int, str] = {}  # claims of the open scope -> the scope they are stored with
        self._kept: set[Key] = set()  # named by Unchanged and Skipped in the open scope
        self._former: dict[Key, str] = {}  # what was said under ids that this run replaced by new ones
        self._released: set[int] = set()  # artists who left in this run, and may be credited once more
        self._contradicted: set[Key] = set()  # told twice in different words, and not yet reported
        self._waiting: defaultdict[Key, set[int]] = defaultdict(set)  # claims whose subject has not come yet
        self._waits: dict[int, Key] = {}  # the same, by claim

    def take(self, conn: Connection, records: Sequence[Record]) -> Counter[str]:
        """Store a batch; returns how many records were `seen`, `added`, `changed`, `returned`, `skipped`."""
        self._purpose(conn)
        counts: Counter[str] = Counter(seen=len(records))
        drafts = Drafts(self._known_tracks(conn, records))
        for record in records:
            if isinstance(record, (Unchanged, Skipped)):
                self._keep(record, counts)
            else:
                drafts.add(record)
        self._contradicted |= drafts.contradicted
        self._write_claims(conn, drafts, counts)
        self._write_reports(conn, drafts, counts)
        return counts

    def names(self, conn: Connection, skipped: Sequence[Skipped]) -> list[str]:
        """What a listener would call each of these things, as the provider says or as it is known, with its id."""
        found = self._look_up(conn, {_key(record) for record in skipped})
        known = {key: mending.called(json.loads(row.payload)) for key, row in found.items()}
        told = (record.name if mending.visible(record.name or "") else None for record in skipped)
        return [
            _named(name or known.get(_key(record), ""), record.id) for name, record in zip(told, skipped, strict=True)
        ]

    def contradictions(self, conn: Connection) -> Iterator[str]:
        """What was told twice since this was asked last, in words. Which came first does not matter."""
        for (_, pid), row in sorted(self._look_up(conn, self._contradicted).items()):
            name = _named(mending.called(json.loads(row.payload)), pid)
            yield f"{name}: It came twice in different words. The longer of the two is kept."
        self._contradicted.clear()

    def complete(self, conn: Connection, scope: str = "") -> Removal:
        """The answer for `scope` is whole: what is missing from it goes, unless the guard holds that back."""
        answer = guard.Answer(
            self.account_id, f"{self._purpose(conn)}:{scope}", frozenset(self._seen), frozenset(self._kept), self.now
        )
        moved = [(answer.scope, claim) for claim, stored in self._seen.items() if stored != answer.scope]
        if moved:
            conn.exec_driver_sql("UPDATE claim SET scope = ? WHERE id = ?", moved)
            guard.mark_dirty(conn, {claim for claim, stored in self._seen.items() if stored == DISCOVERY})
        self.finish()
        removal = guard.complete(conn, answer)
        self._note(conn, {"removed": removal.gone})
        return removal

    def finish(self) -> None:
        """Forget the open scope: what it named is stored, what it did not name stays."""
        self._seen.clear()
        self._kept.clear()
        self._met.clear()

    # --- records ------------------------------------------------------------------------------------------------------

    def _keep(self, record: Unchanged | Skipped, counts: Counter[str]) -> None:
        if isinstance(record, Skipped):
            counts["skipped"] += 1
            self._kept.add(_key(record))
            return
        kind = KIND_OF.get(record.of, record.of)
        counts["unchanged"] += len(record.ids)
        self._kept.update((kind, bounded(pid) if kind == "holding" else pid) for pid in record.ids)

    def _known_tracks(self, conn: Connection, records: Sequence[Record]) -> frozenset[str]:
        named = {record.track for record in records if isinstance(record, Play) and record.track}
        if not named:
            return frozenset()
        found = self._look_up(conn, [("recording", pid) for pid in named])
        self._ids |= {key: stored.id for key, stored in found.items()}
        return frozenset(pid for _, pid in found)

    # --- claims -------------------------------------------------------------------------------------------------------

    def _write_claims(self, conn: Connection, drafts: Drafts, counts: Counter[str]) -> None:
        fresh = {key: draft for key, draft in drafts.claims.items() if self._says_more(key, draft)}
        self._former |= renamed.take_over(conn, self.account_id, self.account_key, fresh, self._ids)
        stored = self._look_up(conn, fresh.keys() | self._subjects(fresh))
        self._ids |= {key: row.id for key, row in stored.items()}
        self._number(conn, fresh, stored)
        uncredited = {self._ids[artist] for artist in drafts.uncredited}
        writes = _Writes([], [], [], [], [], [], set(), uncredited, defaultdict(list))
        for key, draft in fresh.items():
            self._weigh(key, draft, stored.get(key), writes)
            self._met.setdefault(key, draft.strength)
        self._settle_waiting(fresh, writes)
        self._flush(conn, writes)
        counts.update({what: len(claims) for what, claims in writes.told.items()})
        self._note(conn, writes.told)

    def _says_more(self, key: Key, draft: Draft) -> bool:
        """Credits repeat the same artist a hundred times: only what says more than before is looked at again."""
        if draft.strength[0] == RECORD or self._ids.get(key) in self._released:
            return True
        return draft.strength > self._met.get(key, _NONE)

    def _subjects(self, fresh: dict[Key, Draft]) -> set[Key]:
        return {draft.about for draft in fresh.values() if draft.about and draft.about not in self._ids}

    def _look_up(self, conn: Connection, keys: Iterable[Key]) -> dict[Key, _Stored]:
        by_kind: defaultdict[str, list[str]] = defaultdict(list)
        for kind, pid in keys:
            by_kind[kind].append(pid)
        found: dict[Key, _Stored] = {}
        for kind, pids in by_kind.items():
            rows = conn.exec_driver_sql(
                "SELECT pid, id, payload, scope, present, about FROM claim"
                " WHERE account_id = ? AND kind = ? AND pid IN (SELECT value FROM json_each(?))",
                (self.account_id, kind, json.dumps(pids)),
            )
            found |= {(kind, row[0]): _Stored(*row[1:]) for row in rows}
        return found

    def _number(self, conn: Connection, fresh: dict[Key, Draft], stored: dict[Key, _Stored]) -> None:
        """Give the new claims their permanent numbers, in the order in which they came; no number is given twice."""
        number = conn.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'claim'").scalar() or 0
        for key in fresh:
            if key not in stored and key not in self._ids:
                number += 1
                self._ids[key] = number

    def _weigh(self, key: Key, draft: Draft, row: _Stored | None, writes: _Writes) -> None:
        """Decide what storing this draft takes: a new row, a new text, a return to presence, or nothing."""
        kind, claim = key[0], self._ids[key]
        record = draft.strength[0] == RECORD
        if record and row and claim in self._seen and draft.payload != row.payload:
            self._contradicted.add(key)
            if not fuller(draft.payload, row.payload):
                writes.uncredited |= {self._ids[credit.artist] for credit in draft.credits}
                return
        if record:
            self._seen.setdefault(claim, (row and row.scope) or self._scope_of(draft))
        about = self._about(claim, draft)
        changed = row is not None and self._outweighs(key, draft, row)
        if row is None:
            scope = self._scope_of(draft)
            text = self._said_before(key, draft) or draft.payload
            writes.new.append((claim, self.account_id, kind, key[1], text, scope, about, self.now, self.now))
        elif changed:
            writes.changed.append((draft.payload, self.now, claim))
        if row is not None and record and not row.scope:
            writes.named.append((self._scope_of(draft), claim))
        if row is not None and about != row.about:
            writes.moved.append((about, claim))
            writes.dirty |= {row.about} - {None}  # type: ignore[arg-type]
            changed = True
        if row is not None and not row.present:
            writes.returned.append((claim,))
            self._released.discard(claim)
            changed = True
        if row is None or changed:
            self._touch(claim, draft, writes)
            if record:
                writes.told["added" if row is None else "changed" if row.present else "returned"].append(claim)

    def _outweighs(self, key: Key, draft: Draft, row: _Stored) -> bool:
        """Does this text replace the stored one? A record does; what is implied, where it says more or newer."""
        if draft.payload == row.payload or draft.strength[0] == RECORD:
            self._met[key] = draft.strength
            return draft.payload != row.payload
        stored = self._met.get(key) or strength_of(key, row.payload)
        self._met[key] = max(stored, draft.strength)
        return draft.strength > stored

    def _said_before(self, key: Key, draft: Draft) -> str | None:
        """What the account said of an id that a new one took over, and that it names still; unless this says more."""
        before = self._former.pop(key, None)
        return before if before and strength_of(key, before) > draft.strength else None

    def _scope_of(self, draft: Draft) -> str:
        return f"{self._what}:" if draft.strength[0] == RECORD else ""

    def _about(self, claim: int, draft: Draft) -> int | None:
        if claim in self._waits:  # told again, perhaps of something else
            self._waiting[self._waits.pop(claim)].discard(claim)
        if draft.about is None:
            return None
        if draft.about not in self._ids:
            self._waiting[draft.about].add(claim)
            self._waits[claim] = draft.about
        return self._ids.get(draft.about)

    def _settle_waiting(self, fresh: dict[Key, Draft], writes: _Writes) -> None:
        for key in self._waiting.keys() & fresh.keys():
            claims = self._waiting.pop(key)
            writes.moved += [(self._ids[key], claim) for claim in claims]
            writes.dirty |= claims

    def _touch(self, claim: int, draft: Draft, writes: _Writes) -> None:
        """Write the credits of a new text, and have its item decided."""
        artists = [self._ids[credit.artist] for credit in draft.credits]
        writes.credits += [
            (claim, position, artist, credit.name, credit.join, credit.role)
            for position, (artist, credit) in enumerate(zip(artists, draft.credits, strict=True))
        ]
        writes.dirty.add(claim)

    def _flush(self, conn: Connection, writes: _Writes) -> None:
        changed = [claim for *_, claim in writes.changed]
        _many(conn, "INSERT INTO claim (id, account_id, kind, pid, payload, scope, about, first_seen, changed_at)"
              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", writes.new)  # fmt: skip
        _many(conn, "UPDATE claim SET previous = payload, payload = ?, changed_at = ? WHERE id = ?", writes.changed)
        _many(conn, "UPDATE claim SET about = ? WHERE id = ?", writes.moved)
        _many(conn, "UPDATE claim SET present = 1, absent_since = NULL WHERE id = ?", writes.returned)
        _many(conn, "UPDATE claim SET scope = ? WHERE id = ?", writes.named)
        uncredited = writes.uncredited | guard.credited(conn, changed)
        _many(conn, "DELETE FROM credit WHERE claim_id = ?", [(claim,) for claim in changed])
        _many(conn, 'INSERT OR REPLACE INTO credit (claim_id, position, artist_claim_id, name, "join", role)'
              " VALUES (?, ?, ?, ?, ?, ?)", writes.credits)  # fmt: skip
        guard.mark_dirty(conn, writes.dirty | uncredited)
        self._released |= guard.release(conn, uncredited, self.now)
        # A recording is weighed with its album's text.
        _many(conn, "INSERT OR IGNORE INTO dirty SELECT id FROM claim WHERE about = ? AND kind = 'recording'",
              [(claim,) for claim in changed])  # fmt: skip

    # --- plays --------------------------------------------------------------------------------------------------------

    def _write_reports(self, conn: Connection, drafts: Drafts, counts: Counter[str]) -> None:
        if not drafts.reports or self.listener_id is None:
            return
        before = _rows_written(conn)
        _many(conn, "INSERT OR IGNORE INTO report (listener_id, account_id, key, at, claim_id, seconds, leads)"
              " VALUES (?, ?, ?, ?, ?, ?, 0)",
              [(self.listener_id, self.account_id, report.key, report.at, self._ids[report.claim], report.seconds)
               for report in drafts.reports])  # fmt: skip
        counts["added"] += _rows_written(conn) - before
        conn.exec_driver_sql("INSERT OR IGNORE INTO dirty SELECT claim_id FROM report WHERE listen_id IS NULL")

    def _note(self, conn: Connection, told: Mapping[str, Sequence[int]]) -> None:
        if self._noted is None:
            self._noted = Noted(conn, self.run_id)
        self._noted.write(conn, told)

    def _purpose(self, conn: Connection) -> str:
        """What this run is for: absence in a list of shows says nothing of the library."""
        if self._what is None:
            found = conn.exec_driver_sql("SELECT what FROM run WHERE id = ?", (self.run_id,)).scalar()
            self._what = str(found or "library")
        return self._what


def _key(record: Skipped) -> Key:
    return KIND_OF.get(record.of, record.of), record.id


def _named(name: str, pid: str) -> str:
    """By its name, and by its id where that is not much the same."""
    return f"{name} ({pid})" if name and pid not in name and name not in pid else name or pid


def _many(conn: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        conn.exec_driver_sql(statement, list(rows))


def _rows_written(conn: Connection) -> int:
    count: int = conn.exec_driver_sql("SELECT total_changes()").scalar_one()
    return count
