"""What a listener sees of the sources: a card per account, what is at work, what could be added."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from aggregator._host import accounts, find, runs, settings
from aggregator._host.accounts import Account
from aggregator._host.quota import Left, left
from aggregator._host.schedule import next_run
from aggregator._host.settings import FormField, Vault
from aggregator.plugin import Limit
from aggregator.sources.diffs import Diff, diffs
from aggregator.store import Store
from aggregator.store.schema import claim, held, run, run_line

LINES_SHOWN = 20
WAITING = ("load error", "settings error", "needs the listener")
"""States that end only when somebody does something."""


@dataclass(frozen=True)
class Run:
    """One run, waiting, at work or ended. `what`: a capability, or a chore of the steward."""

    id: int
    what: str
    state: str  # queued | running | done | failed
    started_at: int | None
    finished_at: int | None
    done: int
    total: int | None
    doing: str
    counts: dict[str, int]
    error: str | None
    error_words: str | None
    traceback: str | None

    @property
    def seconds(self) -> int | None:
        if self.started_at is None:
            return None
        return (self.finished_at or int(time.time())) - self.started_at


@dataclass(frozen=True)
class Part:
    """One capability that is read by runs: its newest run, and when the next one is due (None: waits for somebody)."""

    what: str
    last: Run | None
    diff: Diff
    now: Run | None
    next_at: int | None


@dataclass(frozen=True)
class HeldRemoval:
    id: int
    items: int
    of: int
    reason: str
    at: int


@dataclass(frozen=True)
class Line:
    at: int
    level: str  # info | warning | error | skipped
    text: str


@dataclass(frozen=True)
class Terms:
    """What a provider may do and is given, and where its code comes from."""

    origin: str  # installed | bundled | dropped in
    label: str
    limits: tuple[Limit, ...]
    artwork_hosts: tuple[str, ...]
    memory_mb: int
    asks: tuple[FormField, ...]


@dataclass(frozen=True)
class SourceCard:
    """One account. `state`: ready | disabled | load error | settings error | needs the listener | backing off |
    erasing."""

    id: int
    key: str
    name: str
    provider: str
    provider_name: str
    about: str
    household: bool
    pinned: bool
    state: str
    words: str
    blocked_until: int | None
    capabilities: tuple[str, ...]
    parts: tuple[Part, ...]
    sizes: dict[str, int]
    """Present claims by kind, but for what was only recommended: artist, album, recording, show …"""
    held: tuple[HeldRemoval, ...]
    lines: tuple[Line, ...]
    """What it logged in its newest runs, and what it could not read when it was last read to the end; newest first."""
    left: tuple[Left, ...]
    """Calls that its service still allows, under each limit of an hour or more."""
    failures: int
    """Runs in a row that failed."""
    archived_at: int | None
    terms: Terms | None
    """None where its provider cannot be loaded."""

    @property
    def can_sign_in(self) -> bool:
        return "sign_in" in self.capabilities

    @property
    def running(self) -> bool:
        return any(part.now for part in self.parts)

    @property
    def read_before(self) -> bool:
        return any(part.last for part in self.parts)


@dataclass(frozen=True)
class Offer:
    """A provider that an account can be made of."""

    id: str
    name: str
    about: str
    household: bool
    form: tuple[FormField, ...]
    capabilities: tuple[str, ...]
    key_minutes: int
    """Minutes it takes to get the key it asks for; 0 where it needs none."""
    key_page: str


@dataclass(frozen=True)
class Refused:
    """A plugin that cannot be loaded."""

    label: str
    reason: str
    traceback: str | None


def cards(store: Store, listener_id: int, hour: int = 4) -> list[SourceCard]:
    """The listener's own accounts and the household's. `hour`: of the nightly sync, for the next run."""
    catalogue = find.providers(store.folder)
    with store.read() as conn:
        return _cards(conn, catalogue, listener_id, seen_by(conn, listener_id), hour, Vault(store.folder))


def archived(store: Store, listener_id: int) -> list[SourceCard]:
    """Accounts that were removed while what they brought was kept."""
    catalogue = find.providers(store.folder)
    with store.read() as conn:
        gone = [each for each in visible_to(conn, listener_id) if each.archived_at is not None]
        return _cards(conn, catalogue, listener_id, gone, 0, Vault(store.folder)) if gone else []


def _cards(
    conn: Connection, catalogue: find.Catalogue, listener_id: int, mine: list[Account], hour: int, vault: Vault
) -> list[SourceCard]:
    facts = _facts(conn, listener_id, [account.id for account in mine], hour)
    now, told = time.time(), []
    for account in mine:
        provided = catalogue.providers.get(account.provider)
        calls = left(conn, vault, account, provided.manifest, now) if provided else []
        told.append(_card(account, provided, facts, tuple(calls)))
    return told


def offers(store: Store) -> list[Offer]:
    """Every provider an account can be made of, by name."""
    found = [each.manifest for each in find.providers(store.folder).providers.values()]
    return sorted(map(_offer, found), key=lambda offer: offer.name.casefold())


def _offer(m: find.Manifest) -> Offer:
    return Offer(
        id=m.id,
        name=m.name,
        about=m.about,
        household=m.household,
        form=tuple(settings.form(m.settings)),
        capabilities=tuple(m.capabilities),
        key_minutes=m.key_minutes,
        key_page=m.key_page,
    )


def refused(store: Store) -> list[Refused]:
    """Plugins that cannot be loaded, and why."""
    broken = find.providers(store.folder).broken
    return [Refused(f"{each.origin.label} ({each.origin.how})", each.reason, each.traceback) for each in broken]


def progress(store: Store, listener_id: int) -> list[Run]:
    """What waits or works now: of the listener's accounts and the household's, and the steward's chores."""
    return standing(store, listener_id).runs


@dataclass(frozen=True)
class Standing:
    """What needs the listener, and what is at work: accounts that cannot go on, removals held back, runs."""

    troubled: list[Account]
    held: list[tuple[str, HeldRemoval]]
    """Each with the name of its account."""
    runs: list[Run]


def standing(store: Store, listener_id: int) -> Standing:
    """Three queries, for pages that show no cards."""
    with store.read() as conn:
        seen = seen_by(conn, listener_id)
        held = _held(conn, [account.id for account in seen])
        resting = {account.id for account in seen if account.resting(time.time())}
        busy = run.c.state.in_(("queued", "running"))
        theirs = or_(run.c.account_id.is_(None), run.c.account_id.in_([account.id for account in seen]))
        asked = or_(run.c.listener_id.is_(None), run.c.listener_id == listener_id)
        found = conn.execute(select(run).where(busy, theirs, asked).order_by(run.c.id))
        runs = [run_of(row) for row in found if row.state == "running" or row.account_id not in resting]
    troubled = _titled(store, [each for each in seen if each.enabled and each.state in WAITING])
    return Standing(troubled, [(each.name, one) for each in seen for one in held.get(each.id, ())], runs)


def _titled(store: Store, found: list[Account]) -> list[Account]:
    if not found:
        return []
    catalogue = find.providers(store.folder)
    return [replace(each, state_words=_words(each, catalogue.manifest(each.provider))) for each in found]


def seen_by(conn: Connection, listener_id: int) -> list[Account]:
    """The listener's own accounts and the household's, without archived ones."""
    return [each for each in visible_to(conn, listener_id) if each.archived_at is None]


def visible_to(conn: Connection, listener_id: int) -> list[Account]:
    """As `seen_by`, with archived ones."""
    return [each for each in accounts.every(conn) if each.listener_id in (None, listener_id)]


@dataclass(frozen=True)
class _Facts:
    """What the store knows of some accounts, read in a handful of queries."""

    hour: int
    ended: dict[runs.Key, Any]
    busy: dict[runs.Key, Any]
    sizes: dict[int, dict[str, int]]
    held: dict[int, list[HeldRemoval]]
    lines: dict[int, list[Line]]
    diffs: dict[int, Diff]


def _facts(conn: Connection, listener_id: int, ids: list[int], hour: int) -> _Facts:
    ended = runs.ended(conn)
    newest = [row.id for (account_id, _), row in ended.items() if account_id in ids]
    told = (_sizes(conn, ids), _held(conn, ids), _lines(conn, ids), diffs(conn, listener_id, newest))
    return _Facts(hour, ended, runs.busy(conn), *told)


def _card(account: Account, provided: find.Provided | None, facts: _Facts, calls: tuple[Left, ...]) -> SourceCard:
    manifest = provided.manifest if provided else None
    return SourceCard(
        id=account.id,
        key=account.key,
        name=account.name,
        provider=account.provider,
        provider_name=manifest.name if manifest else account.provider,
        about=manifest.about if manifest else "",
        household=account.listener_id is None,
        pinned=account.pinned,
        state=account.state if account.enabled or account.state == accounts.ERASING else "disabled",
        words=_words(account, manifest),
        blocked_until=account.blocked_until,
        capabilities=tuple(manifest.capabilities) if manifest else (),
        parts=tuple(_part(account, manifest, what, facts) for what in manifest.synced) if manifest else (),
        sizes=facts.sizes.get(account.id, {}),
        held=tuple(facts.held.get(account.id, ())),
        lines=tuple(facts.lines.get(account.id, ())),
        left=calls,
        failures=account.failures,
        archived_at=account.archived_at,
        terms=_terms(provided) if provided else None,
    )


def _words(account: Account, manifest: find.Manifest | None) -> str:
    """Settings by the names that the listener knows: those of the form, or of config.toml."""
    if account.pinned or manifest is None:
        return account.state_words
    return settings.titled(account.state_words, settings.form(manifest.settings))


def _part(account: Account, manifest: find.Manifest, what: str, facts: _Facts) -> Part:
    last, now = facts.ended.get((account.id, what)), facts.busy.get((account.id, what))
    if now and now.state == "queued" and account.resting(time.time()):
        now = None  # it waits for the end of the pause, which may be tomorrow
    diff = facts.diffs.get(last.id, Diff()) if last else Diff()
    due = next_run(account, manifest, what, last, facts.hour)
    return Part(what, last and run_of(last), diff, now and run_of(now), due)


def _terms(provided: find.Provided) -> Terms:
    origin, manifest = provided.origin, provided.manifest
    asks = tuple(settings.form(manifest.settings))
    return Terms(
        origin.how, origin.label, tuple(manifest.limits), tuple(manifest.artwork_hosts), manifest.memory_mb, asks
    )


def run_of(row: Any) -> Run:
    columns = {name: getattr(row, name) for name in Run.__dataclass_fields__}
    return Run(**{**columns, "counts": json.loads(row.counts)})


_RECOMMENDED = """
WITH found AS MATERIALIZED (
    SELECT id, account_id, kind FROM claim WHERE scope = 'discovery' AND present
    AND account_id IN (SELECT value FROM json_each(?))
)
SELECT account_id, kind, COUNT(*) FROM (
    SELECT id, account_id, kind FROM found UNION SELECT artist.id, artist.account_id, artist.kind
    FROM found JOIN credit k ON k.claim_id = found.id JOIN claim artist ON artist.id = k.artist_claim_id
    WHERE artist.present AND artist.scope = '' AND NOT EXISTS (
        SELECT 1 FROM credit o JOIN claim c ON c.id = o.claim_id
        WHERE o.artist_claim_id = artist.id AND c.scope <> 'discovery'
    )
) GROUP BY account_id, kind
"""
"""What was found for recommendations, and artists known by credits of that alone."""


def _sizes(conn: Connection, ids: list[int]) -> dict[int, dict[str, int]]:
    """Present claims by account and kind: all less the absent and the recommended, which indexes alone can count."""
    by = (claim.c.account_id, claim.c.kind)
    query = select(*by, func.count()).where(claim.c.account_id.in_(ids)).group_by(*by)
    absent = {(account_id, kind): count for account_id, kind, count in conn.execute(query.where(~claim.c.present))}
    told = conn.exec_driver_sql(_RECOMMENDED, (json.dumps(ids),))
    recommended = {(account_id, kind): count for account_id, kind, count in told}
    sizes: dict[int, dict[str, int]] = {}
    for account_id, kind, count in conn.execute(query):
        if present := count - absent.get((account_id, kind), 0) - recommended.get((account_id, kind), 0):
            sizes.setdefault(account_id, {})[kind] = present
    return sizes


def _held(conn: Connection, ids: list[int]) -> dict[int, list[HeldRemoval]]:
    query = select(held).where(held.c.account_id.in_(ids), held.c.decided_at.is_(None)).order_by(held.c.id)
    removals: dict[int, list[HeldRemoval]] = {}
    for row in conn.execute(query):
        removal = HeldRemoval(row.id, row.items, row._mapping[held.c.of], row.reason, row.held_at)
        removals.setdefault(row.account_id, []).append(removal)
    return removals


_TOLD_AGAIN = ("skipped", "mended")


def _lines(conn: Connection, ids: list[int]) -> dict[int, list[Line]]:
    """What could not be read or was mended is told again by every run: the newest that came to the end replaces those
    before it."""
    ended = select(run.c.account_id, run.c.what, func.max(run.c.id).label("id")).where(run.c.state == "done")
    whole = ended.group_by(run.c.account_id, run.c.what).subquery()
    same = and_(whole.c.account_id == run.c.account_id, whole.c.what == run.c.what)
    joined = run_line.join(run, run.c.id == run_line.c.run_id).outerjoin(whole, same)
    newest = select(run_line, run.c.account_id, _newest_first().label("number")).select_from(joined)
    stands = or_(run_line.c.level.not_in(_TOLD_AGAIN), run.c.id >= func.coalesce(whole.c.id, 0))
    numbered = newest.where(run.c.account_id.in_(ids), stands).subquery()
    found: dict[int, list[Line]] = {}
    for row in conn.execute(select(numbered).where(numbered.c.number <= LINES_SHOWN).order_by(numbered.c.number)):
        lines = found.setdefault(row.account_id, [])
        if row.level not in _TOLD_AGAIN or row.line not in {line.text for line in lines if line.level == row.level}:
            lines.append(Line(row.at, row.level, row.line))
    return found


def _newest_first() -> ColumnElement[int]:
    return func.row_number().over(partition_by=run.c.account_id, order_by=run_line.c.id.desc())
