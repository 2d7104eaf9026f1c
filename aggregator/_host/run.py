"""One account's run: a child streams records, the host commits them through the library's intake."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from aggregator import answers, mending
from aggregator._host import accounts, find, frames, runs
from aggregator._host.accounts import REMEMBERED, Account
from aggregator._host.limits import Limits, Turn
from aggregator._host.process import Batch, Child, Failure
from aggregator._host.quota import Quota, shared_key
from aggregator._host.settings import Redactor, Vault, secret_names
from aggregator.mending import storable
from aggregator.plugin import Area, Artist, Checkpoint, Complete, Limit, Progress, Record, Skipped
from aggregator.store import Store
from aggregator.store.schema import cursor, listener

if TYPE_CHECKING:
    from aggregator._host.live import Warm
    from aggregator.library.claims import Intake

MEMORY_OF_STATUSES = 7 * 86400
"""Seconds for which the gate remembers a status."""
MOST_LINES = 500
"""Log lines kept of one run, and as many of what it had to skip."""
MOST_STEPS = 2**53
"""Progress beyond it is no number that a page or the database can hold."""
LONGEST_LINE = 2000
LONGEST_WORDS = 600
LONGEST_TRACEBACK = 16_000
"""Characters that are kept."""
RENEWING_SECONDS = 30.0
"""How long one run waits for another of the same account to renew its credentials."""
STOPPED = "The source was switched off or removed during this run. What it had brought until then stays."

Watch = Callable[[int, int | None, str], None]
"""Told how far a run is: done, total, doing."""


@dataclass
class House:
    """What all runs of one process share."""

    data: Path
    store: Store
    demo: bool = False
    private: bool = False
    """Whether even what is `public_only`, or a member's, may call addresses inside private networks."""
    look_ups: answers.Budget = answers.USUAL
    reading: dict[int, Child] = field(default_factory=dict)
    """Children that read an account just now."""
    renewing: defaultdict[int, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    """By account: held by the one child that renews its credentials."""
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        self.limits = Limits(ledger=Quota(self.store))

    @property
    def vault(self) -> Vault:
        return Vault(self.data)

    def catalogue(self) -> find.Catalogue:
        """The providers of this moment: a file that changed is described anew."""
        return find.providers(self.data)

    @cached_property
    def warm(self) -> Warm:
        from aggregator._host.live import Warm

        return Warm(self)

    def stop(self, account_id: int) -> None:
        """End whatever works for an account that was switched off or removed. Its runs end as `STOPPED`."""
        if child := self.reading.get(account_id):
            child.end()
        self.warm.drop(account_id)


@dataclass(frozen=True)
class Done:
    """What a run brought; `counts` as the intake counts, with `seen` and `skipped`."""

    counts: Counter[str]
    changed: bool


@dataclass
class Duties:
    """Answers one account's child: its turns, its refusals, its log."""

    house: House
    account: Account
    limits: Sequence[Limit]
    redact: Redactor
    key: str = ""
    """Stands for the account's API key where limits are counted."""
    trial: bool = False
    _lines: list[tuple[int, str, str]] = field(default_factory=list)
    _count: int = 0
    _alone: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self) -> Turn:
        return self.house.limits.take(self.account.provider, self.account.id, self.limits, self.key)

    def refused(self, seconds: float) -> None:
        self.house.limits.block(self.account.id, seconds)

    def remember(self, url: str, status: int) -> None:
        if self.trial:
            return
        kept = {f"{REMEMBERED}{self.redact(url)}": [status, int(time.time()) + MEMORY_OF_STATUSES]}
        with self.house.store.write() as conn:
            accounts.save_state(conn, self.account.id, kept)

    def hide(self, secret: str) -> None:
        self.redact.add(secret)

    def secret(self, name: str) -> str | None:
        with self.house.store.read() as conn:
            value = accounts.secret(conn, self.account.id, name, self.house.vault)
        if value:
            self.redact.add(value)
        return value

    def keep_secret(self, name: str, value: str) -> None:
        self.redact.add(value)
        with self.house.store.write() as conn:
            accounts.keep_secret(conn, self.account.id, name, value, self.house.vault)

    def seal(self, text: str) -> str:
        return self.house.vault.seal(text, self.redact)

    def alone(self) -> bool:
        self._alone = self.house.renewing[self.account.id].acquire(timeout=RENEWING_SECONDS)
        return self._alone

    def not_alone(self) -> None:
        if self._alone:
            self._alone = False
            self.house.renewing[self.account.id].release()

    def line(self, level: str, text: str) -> None:
        with self._lock:
            if self._count < MOST_LINES:
                self._lines.append((int(time.time()), level, storable(self.redact(text))[:LONGEST_LINE]))
            self._count += 1

    def lines(self) -> list[tuple[int, str, str]]:
        """The lines since the last call."""
        with self._lock:
            lines, self._lines = self._lines, []
            return lines


@dataclass
class Wanted:
    """What `Shows.shows` is asked: the listeners' own artists, and every area a listener wants."""

    artists: Sequence[Artist] = ()
    areas: Sequence[Area] = ()


def open_child(house: House, account: Account, provided: find.Provided, child: Child, *, trial: bool = False) -> Duties:
    """Make `child` ready for calls on behalf of `account`. Raises `Failure`.

    A `trial` begins as the account's first run would, and nothing is kept of it but a renewed secret.
    """
    try:
        settings, redact = account.opened(house.vault)
    except ValueError as error:
        raise Failure("settings", str(error)) from None
    limits = () if house.demo else provided.manifest.limits  # the demo's services are our own
    duties = Duties(house, account, limits, redact, shared_key(house.vault, account, provided.manifest), trial)
    with house.store.read() as conn:
        state, remembered = accounts.state(conn, account.id, int(time.time()), house.vault)
        public_only = _is_a_members(conn, account)
    order = {
        "target": provided.origin.target,
        "provider": account.provider,
        "settings": settings,
        "state": {} if trial else state,
        "remembered": remembered,
        "cache_key": house.vault.derived(f"cache of account {account.id}"),
        "cache": None if trial else str(house.data / "cache" / f"account-{account.id}.sqlite"),
        "memory_mb": provided.manifest.memory_mb,
        "public_only": public_only,
        "private": house.demo or house.private,
    }
    try:
        child.open(order, duties)
    except Failure as failure:
        raise redacted(failure, redact) from None
    return duties


def _is_a_members(conn: Connection, account: Account) -> bool:
    """Whether its addresses were entered by somebody who is not trusted with the network that Bandstand stands in."""
    role = conn.execute(select(listener.c.role).where(listener.c.id == account.listener_id)).scalar()
    return role not in (None, "owner") and not account.pinned


def run_account(
    house: House,
    account: Account,
    provided: find.Provided,
    capability: str,
    run_id: int,
    *,
    wanted: Wanted | None = None,
    child: Child | None = None,
    watch: Watch | None = None,
) -> Done:
    """Read one capability of one account and commit what it yields. Raises `Failure`, its words without secrets.

    The row `run_id` is kept up to date with progress and log lines; its end is the caller's to write.
    """
    recorder = _Recorder(house.store, account, capability, run_id, watch)
    with child or Child() as child:
        duties: Duties | None = None
        try:
            duties = open_child(house, account, provided, child)
            recorder.seal = duties.seal
            house.reading[account.id] = child
            began = time.monotonic()
            for scope, order in orders(house, account, capability, wanted or Wanted()):
                for batch in child.run(order, provided.manifest.deadline, began):
                    recorder.commit(scope, _without_secrets(batch, duties.redact), duties.lines())
            return recorder.finish()
        except Failure as failure:
            ended = Failure("stopped", STOPPED) if recorder.unwanted() else failure
            ended.counts = dict(recorder.counts)
            raise redacted(ended, duties.redact) if duties else ended from None
        finally:
            house.reading.pop(account.id, None)
            child.end()
            recorder.keep_lines(duties.lines() if duties else [])


def orders(house: House, account: Account, capability: str, wanted: Wanted) -> Iterator[tuple[str, dict[str, Any]]]:
    """What to ask the child for, with the name in front of the scopes it completes."""
    if capability == "shows":
        artists = [artist.model_dump(mode="json", exclude_none=True) for artist in wanted.artists]
        for area in wanted.areas:
            place = f"{area.latitude:.3f},{area.longitude:.3f} {area.radius_km:g} km"
            yield place, {"capability": capability, "artists": artists, "area": area.model_dump(mode="json")}
    else:
        with house.store.read() as conn:
            mine = (cursor.c.account_id == account.id, cursor.c.capability == capability)
            reached = conn.execute(select(cursor.c.value).where(*mine)).scalar()
        yield "", {"capability": capability, "cursor": house.vault.unseal(reached) if reached else None}


def redacted(failure: Failure, redact: Redactor) -> Failure:
    """Cut only after the secrets are out: half a secret would not be found."""
    words = storable(redact(failure.words))
    failure.words = words if len(words) <= LONGEST_WORDS else f"{words[:LONGEST_WORDS]}…"
    failure.traceback = failure.traceback and storable(redact(failure.traceback))[-LONGEST_TRACEBACK:]
    return failure


def _without_secrets(batch: Batch, redact: Redactor) -> Batch:
    """Services repeat keys in addresses and messages, and providers pass them on: nothing of that is stored."""
    if not redact.seeks_in_data:
        return batch
    told = frames.BATCH.dump_json(list(batch.records), exclude_none=True).decode()  # type: ignore[arg-type]
    if redact.data(told) == told:
        return batch
    return Batch([_without_secret(record, redact) for record in batch.records], batch.state)


def _without_secret(record: Record, redact: Redactor) -> Record:
    """A cursor stays as it is: it is sealed where it is kept."""
    if isinstance(record, Checkpoint):
        return record
    return frames.ONE.validate_json(redact.data(frames.ONE.dump_json(record, exclude_none=True).decode()))  # type: ignore[arg-type]


class _Recorder:
    """Commits the batches of one run: records, completed scopes, cursor, the provider's state and progress together."""

    def __init__(self, store: Store, account: Account, capability: str, run_id: int, watch: Watch | None) -> None:
        from aggregator.library.claims import Intake

        self._store = store
        self._account = account
        self._capability = capability
        self._run_id = run_id
        self._watch = watch
        self.seal: Callable[[str], str] = str
        """How a cursor or a piece of the provider's state is stored."""
        self.counts: Counter[str] = Counter()
        self._progress: Progress | None = None
        self._noted = 0
        self._intake: Intake = Intake(account.id, account.key, account.listener_id, run_id, int(time.time()))

    def commit(self, scope: str, batch: Batch, lines: list[tuple[int, str, str]]) -> None:
        now = int(time.time())
        with self._store.write() as conn:
            if accounts.left_alone(conn, self._account.id):
                raise Failure("stopped", STOPPED)
            for piece in _pieces(batch.records):
                self._take(conn, scope, piece)
            accounts.save_state(conn, self._account.id, batch.state, self.seal)
            runs.lines(conn, self._run_id, [*lines, *self._remarks(conn, batch.records, now)])
            runs.report(conn, self._run_id, *self._reached())
        if self._watch:
            self._watch(*self._reached())

    def finish(self) -> Done:
        self._intake.finish()
        changed = any(count for name, count in self.counts.items() if name not in ("seen", "unchanged", "skipped"))
        return Done(self.counts, changed)

    def unwanted(self) -> bool:
        """Whether the account was switched off or removed since the run began."""
        with self._store.read() as conn:
            return accounts.left_alone(conn, self._account.id)

    def keep_lines(self, lines: list[tuple[int, str, str]]) -> None:
        with self._store.write() as conn:
            runs.lines(conn, self._run_id, lines)

    def _remarks(self, conn: Connection, records: Sequence[Record], now: int) -> list[tuple[int, str, str]]:
        """A line for each thing that could not be read or had to be mended, up to as many as somebody may read."""
        skipped = [record for record in records if isinstance(record, Skipped)]
        names = self._intake.names(conn, skipped)
        told = [("skipped", f"{name}: {record.reason}") for name, record in zip(names, skipped, strict=True)]
        told += [("mended", line) for record in records if (line := mending.line(record))]
        told += [("mended", line) for line in self._intake.contradictions(conn)]
        told = told[: MOST_LINES - self._noted]
        self._noted += len(told)
        return [(now, level, storable(line)[:LONGEST_LINE]) for level, line in told]

    def _take(self, conn: Connection, scope: str, piece: Sequence[Record] | Record) -> None:
        match piece:
            case Complete():
                removal = self._intake.complete(conn, " ".join(filter(None, (scope, piece.scope))))
                self.counts.update(removed=removal.removed, held=removal.held)
            case Checkpoint():
                _save_cursor(conn, self._account.id, self._capability, self.seal(piece.cursor))
            case Progress():
                self._progress = piece
            case list():
                self.counts.update(self._intake.take(conn, piece))

    def _reached(self) -> tuple[int, int | None, str]:
        if self._progress is None:
            return self.counts["seen"], None, ""
        done, total = self._progress.done, self._progress.total
        return min(done, MOST_STEPS), None if total is None else min(total, MOST_STEPS), self._progress.doing[:200]


def _save_cursor(conn: Connection, account_id: int, capability: str, value: str) -> None:
    statement = insert(cursor).values(account_id=account_id, capability=capability, value=value)
    conn.execute(statement.on_conflict_do_update(index_elements=["account_id", "capability"], set_={"value": value}))


def _pieces(records: Sequence[Record]) -> Iterator[list[Record] | Record]:
    """Runs of plain records, and each marker by itself, in order."""
    plain: list[Record] = []
    for record in records:
        if isinstance(record, Complete | Checkpoint | Progress):
            if plain:
                yield plain
            plain = []
            yield record
        else:
            plain.append(record)
    if plain:
        yield plain


def hidden(manifest: find.Manifest, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings parted into plain ones and secrets."""
    secret = secret_names(manifest.settings)
    plain = {name: value for name, value in values.items() if name not in secret}
    return plain, {name: value for name, value in values.items() if name in secret}
