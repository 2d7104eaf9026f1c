"""The claims that a change can reach: those connected to it by blocking keys, earlier clusters and decisions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import Connection

from aggregator.library import evidence
from aggregator.library.clusters import Node
from aggregator.library.evidence import DIFFERENT, Facts, Part, Verdict

JOINS = frozenset({"same", "lone"})


@dataclass(slots=True)
class Claim:
    """A stored claim with its text; `key` orders it whatever its number."""

    id: int
    key: Node
    account_id: int
    provider: str
    payload: dict[str, Any]
    about_id: int | None
    about: dict[str, Any]
    present: bool
    first_seen: int
    form: Hashable
    keys: frozenset[int]  # blocking keys of its form, see `block`
    meets: frozenset[int]  # the blocks of those it meets


@dataclass(eq=False, slots=True)
class Group:
    """Claims of one normal form, compared once. `claims` are in order of their keys."""

    form: Hashable
    present: bool
    claims: list[Claim] = field(default_factory=list)
    says_enough: bool | None = None  # may others of equal form join? Asked when there is one

    @property
    def first(self) -> Claim:
        return self.claims[0]

    @property
    def vague(self) -> bool:
        return bool(getattr(self.form, "vague", False))


@dataclass(frozen=True, slots=True)
class Decision:
    """A listener's word on claims, by number; newest first wherever several stand together."""

    id: int
    verdict: str
    a: frozenset[int]
    b: frozenset[int]

    @property
    def claims(self) -> frozenset[int]:
        return self.a | self.b


class Neighbourhood:
    """Everything of one kind that some claims, changed or decided about, may be decided with.

    `visited` is closed: no claim outside it can be one thing with a claim inside.
    """

    def __init__(self, conn: Connection, kind: str, asked: Iterable[int]) -> None:
        self._conn = conn
        self.kind = kind
        self.rules = evidence.rules(kind)
        self.claims: dict[int, Claim] = {}
        self.blocks: dict[int, list[int]] = {}
        self.decisions = _decisions(conn, kind)
        self._naming: defaultdict[int, list[Decision]] = defaultdict(list)  # decisions a claim is named in
        for decision in self.decisions:
            for claim in decision.claims:
                self._naming[claim].append(decision)
        self.keys_gone: set[tuple[int, int]] = set()  # key and claim, to be stored no more
        self.keys_new: defaultdict[int, list[int]] = defaultdict(list)  # and to be stored
        self._groups: dict[Hashable, Group] = {}
        self._group_of: dict[int, Group] = {}
        self._verdicts: dict[tuple[int, int], Verdict] = {}
        self._mates: dict[int, Sequence[Group]] = {}
        self.visited: set[int] = set()
        self.changed: set[int] = set()  # visited, and changed since they were decided last
        self._visit(set(asked))

    # --- what is read -------------------------------------------------------------------------------------------------

    def _seeds(self, dirty: set[int]) -> set[int]:
        """The changed claims, those they shared a key with before, and what was one component with any of them."""
        before = self._rekey(dirty)
        met = met_under(frozenset(before))
        self._load_blocks(met)
        seeds = dirty.union(*(self.blocks[key] for key in met))
        return seeds | self._components(seeds)

    def _rekey(self, dirty: set[int]) -> set[int]:
        """Take the changed claims from the blocks they were stored in to those of today; returns the keys of before."""
        rows = self._conn.exec_driver_sql(
            "SELECT key, claim_id FROM claim_key WHERE claim_id IN (SELECT value FROM json_each(?))", (_ids(dirty),)
        )
        stored = {(key, claim) for key, claim in rows}
        wanted = {(key, claim) for claim in dirty for key in self.claims[claim].keys}
        for key, claim in stored - wanted:
            self.keys_gone.add((key, claim))
            if key in self.blocks:
                self.blocks[key].remove(claim)
        for key, claim in wanted - stored:
            self.keys_new[key].append(claim)
            if key in self.blocks:
                self.blocks[key].append(claim)
        return {key for key, _ in stored}

    def _components(self, claims: set[int]) -> set[int]:
        return set(self._conn.exec_driver_sql(
            "SELECT claim_id FROM link WHERE kind = ? AND component IN"
            " (SELECT component FROM link WHERE claim_id IN (SELECT value FROM json_each(?)))",
            (self.kind, _ids(claims)),
        ).scalars())  # fmt: skip

    def _load(self, wanted: Iterable[int]) -> None:
        missing = {claim for claim in wanted if claim not in self.claims}
        self.claims |= load_claims(self._conn, self.kind, missing)

    def _load_blocks(self, keys: Iterable[int]) -> None:
        missing = {key for key in keys if key not in self.blocks}
        if not missing:
            return
        self.blocks |= {key: list(self.keys_new.get(key, ())) for key in missing}
        rows = self._conn.exec_driver_sql(
            "SELECT key, claim_id FROM claim_key WHERE key IN (SELECT value FROM json_each(?))", (_ids(missing),)
        )
        members: set[int] = set()
        for key, claim in rows:
            if (key, claim) not in self.keys_gone:
                self.blocks[key].append(claim)
                members.add(claim)
        self._load(members)

    # --- closure ------------------------------------------------------------------------------------------------------

    def _visit(self, asked: set[int]) -> None:
        """What was asked about may be as it was, where only a decision is new: then its old mates need no look."""
        frontier = asked | self._components(asked)
        dirty = self._dirty_among(frontier)
        while frontier:
            self.visited |= frontier
            self.changed |= dirty
            self._load(frontier)
            reached = self._seeds(dirty)
            self._load_blocks(set().union(*(self.claims[claim].meets for claim in frontier)))
            self._regroup()
            groups = {id(group): group for group in map(self.group, frontier)}
            reached |= self._decided_with(frontier)
            for group in groups.values():
                reached.update(claim.id for claim in group.claims)
                for mate in self.mates(group):
                    if (group.present or mate.present) and self.compare(group, mate).word in JOINS:
                        reached.update(claim.id for claim in mate.claims)
            frontier = reached - self.visited
            dirty = self._dirty_among(frontier)

    def _dirty_among(self, claims: set[int]) -> set[int]:
        """Those that wait for a later batch. Decided here already, they too bring new keys and their old mates."""
        return set(self._conn.exec_driver_sql(
            "SELECT claim_id FROM dirty WHERE claim_id IN (SELECT value FROM json_each(?))", (_ids(claims),)
        ).scalars())  # fmt: skip

    def _decided_with(self, claims: set[int]) -> set[int]:
        return {claim for decision in self.decided(claims) for claim in decision.claims}

    def decided(self, claims: Iterable[int]) -> list[Decision]:
        """The decisions that name any of these claims, the newest first."""
        named = {decision.id: decision for claim in claims for decision in self._naming.get(claim, ())}
        return sorted(named.values(), key=lambda decision: -decision.id)

    def _regroup(self) -> None:
        """Put claims of equal form together where the same decisions name them, unless the form says too little."""
        touched = set()
        for claim in self.claims.values():
            if claim.id not in self._group_of:
                group = self._group_for(claim)
                group.claims.append(claim)
                self._group_of[claim.id] = group
                touched.add(group)
        for group in touched:
            group.claims.sort(key=lambda claim: claim.key)
        if touched:
            self._mates.clear()

    def _group_for(self, claim: Claim) -> Group:
        sides = tuple((decision.id, claim.id in decision.a) for decision in self._naming.get(claim.id, ()))
        name: Hashable = (claim.form, claim.present, sides) if claim.keys else claim.id
        group = self._groups.get(name)
        if group is None:
            self._groups[name] = group = Group(claim.form, claim.present)
        elif not self._says_enough(group):
            group = Group(claim.form, claim.present)
        return group

    def _says_enough(self, group: Group) -> bool:
        """May two claims of this form be taken for one thing?"""
        if group.says_enough is None:
            group.says_enough = self.rules.compare(group.form, group.form).word in JOINS
        return group.says_enough

    # --- what is asked ------------------------------------------------------------------------------------------------

    def group(self, claim: int) -> Group:
        return self._group_of[claim]

    def mates(self, group: Group) -> Sequence[Group]:
        """Groups that meet this one under a key."""
        if id(group) not in self._mates:
            claims = {claim for key in group.first.meets for claim in self.blocks.get(key, ())}
            found = {id(mate): mate for claim in sorted(claims) if (mate := self._group_of[claim]) is not group}
            self._mates[id(group)] = tuple(found.values())
        return self._mates[id(group)]

    def compare(self, a: Group, b: Group) -> Verdict:
        """The rules' verdict; the sides of its evidence are in order of the groups' keys. What is different tells no
        evidence here: of a song that was played at a thousand concerts there are half a million such pairs."""
        if a.first.key > b.first.key:
            a, b = b, a
        if found := self._verdicts.get((id(a), id(b))):
            return found
        if found := self._verdicts.get((id(b), id(a))):  # asked before, when the groups were smaller
            return found.turned()
        found = self.rules.compare(a.form, b.form)
        self._verdicts[id(a), id(b)] = found = DIFFERENT if found.word == "different" else found
        return found


def load_claims(conn: Connection, kind: str, wanted: Iterable[int]) -> dict[int, Claim]:
    """Claims of one kind with their text taken apart, by number."""
    wanted = list(wanted)
    rows = conn.exec_driver_sql(
        "SELECT c.id, a.key, c.pid, c.account_id, a.provider, c.payload, c.about, album.pid, album.payload, c.present,"
        " c.first_seen FROM json_each(?) wanted JOIN claim c ON c.id = wanted.value"
        " JOIN account a ON a.id = c.account_id LEFT JOIN claim album ON album.id = c.about ORDER BY c.about",
        (_ids(wanted),),
    )
    parts = _parts(conn, kind, wanted)
    found: dict[int, Claim] = {}
    for row in rows:
        edition = f"{row[1]}/{row[7]}" if row[7] else ""
        said = _taken_apart(kind, row[5], row[8] or "{}", edition, parts.get(row[0], ()))
        found[row[0]] = Claim(
            *(row[0], (row[1], row[2]), row[3], row[4], said.payload, row[6], said.about, bool(row[9]), row[10]),
            *(said.form, said.keys, said.meets),
        )
    return found


_PARTS = {
    "album": "SELECT about AS whole, payload ->> '$.title', COALESCE(payload ->> '$.credits[0].name', '') FROM claim"
    " WHERE about IN (SELECT value FROM json_each(?)) AND kind = 'recording' AND present",
    "artist": "SELECT named.id, c.payload ->> '$.title', '' FROM claim named"
    " JOIN credit ON credit.artist_claim_id = named.id JOIN claim c ON c.id = credit.claim_id"
    " WHERE named.id IN (SELECT value FROM json_each(?)) AND named.pid NOT LIKE '~%'"
    " AND c.kind = 'album' AND c.present",
}


def _parts(conn: Connection, kind: str, wanted: Iterable[int]) -> dict[int, tuple[Part, ...]]:
    """What the same account lists of an album or, where it has a number of its own, of an artist."""
    found: defaultdict[int, set[Part]] = defaultdict(set)
    if kind in _PARTS:
        for whole, title, artist in conn.exec_driver_sql(_PARTS[kind], (_ids(wanted),)):
            found[whole].add(Part(title, artist))
    return {whole: tuple(sorted(parts)) for whole, parts in found.items()}


class _Said(NamedTuple):
    payload: dict[str, Any]
    about: dict[str, Any]
    form: Hashable
    keys: frozenset[int]
    meets: frozenset[int]


@lru_cache(maxsize=20_000)
def _taken_apart(kind: str, payload: str, about: str, edition: str, parts: tuple[Part, ...]) -> _Said:
    """A claim's text in normal form. The next batch of a merge meets many of the same claims again."""
    rules, said, album = evidence.rules(kind), json.loads(payload), _album(about)
    form = rules.form(Facts(said, album, edition, parts))
    keys = frozenset(block(kind, key) for key in rules.keys(form))
    return _Said(said, album, form, keys, met_under(keys))


@lru_cache(maxsize=1_000)
def _album(payload: str) -> dict[str, Any]:
    """Neighbours share their album: it is read once."""
    found: dict[str, Any] = json.loads(payload)
    return found


def _decisions(conn: Connection, kind: str) -> list[Decision]:
    rows = conn.exec_driver_sql(
        "SELECT d.id, d.verdict, dc.side, c.id FROM decision d JOIN decision_claim dc ON dc.decision_id = d.id"
        " JOIN account a ON a.key = dc.account_key JOIN claim c ON c.account_id = a.id AND c.kind = d.kind"
        " AND c.pid = dc.pid WHERE d.kind = ? AND d.undone_at IS NULL ORDER BY d.id DESC",
        (kind,),
    )
    sides: dict[tuple[int, str], Mapping[str, set[int]]] = {}
    for decision, verdict, side, claim in rows:
        sides.setdefault((decision, verdict), {"a": set(), "b": set()})[side].add(claim)
    return [Decision(*key, frozenset(side["a"]), frozenset(side["b"])) for key, side in sides.items()]


_SIDES = {"!": 1, "?": 2}
"""The last two bits of a block's number tell the sides of a parted key; 0: all meet."""


def block(kind: str, key: str) -> int:
    """The number under which a blocking key is stored. Two keys may share one: a comparison more, nothing else."""
    side = _SIDES.get(key[0], 0)
    text = f"{kind}|{key[1:] if side else key}".encode(errors="surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True) & ~3 | side


def met_under(blocks: frozenset[int]) -> frozenset[int]:
    """The blocks in which those wait that meet the claims of these."""
    parted = [block for block in blocks if block & 3]
    if not parted:
        return blocks
    met = frozenset(block for block in blocks if block & 3 != _SIDES["!"])
    return met.union(block ^ 3 for block in parted)


def _ids(claims: Iterable[int]) -> str:
    return str(sorted(claims))  # a list of numbers reads the same in JSON
