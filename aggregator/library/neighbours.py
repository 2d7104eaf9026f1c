"""The claims that a change can reach: those connected to it by blocking keys, earlier clusters and decisions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from aggregator.library import evidence
from aggregator.library.clusters import Node
from aggregator.library.evidence import Facts, Verdict

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


@dataclass(eq=False, slots=True)
class Group:
    """Claims of one normal form, compared once. `claims` are in order of their keys."""

    form: Hashable
    present: bool
    claims: list[Claim] = field(default_factory=list)

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
    """Everything of one kind that a set of changed claims may be decided with.

    `visited` is closed: no claim outside it can be one thing with a claim inside.
    """

    def __init__(self, conn: Connection, kind: str, dirty: Iterable[int]) -> None:
        self._conn = conn
        self.kind = kind
        self.rules = evidence.rules(kind)
        self.claims: dict[int, Claim] = {}
        self.blocks: dict[str, list[int]] = {}
        self.decisions = _decisions(conn, kind)
        self._sides: defaultdict[int, list[tuple[int, bool]]] = defaultdict(list)  # decisions a claim is named in
        for decision in self.decisions:
            for claim in decision.claims:
                self._sides[claim].append((decision.id, claim in decision.a))
        self._groups: dict[Hashable, Group] = {}
        self._group_of: dict[int, Group] = {}
        self._verdicts: dict[tuple[int, int], Verdict] = {}
        self.visited: set[int] = set()
        self.changed: set[int] = set()  # visited, and changed since they were decided last
        self._visit(set(dirty))

    # --- what is read -------------------------------------------------------------------------------------------------

    def _seeds(self, dirty: set[int]) -> set[int]:
        """The changed claims, those they shared a key with before, and what was one component with any of them."""
        before = self._write_keys(dirty)
        self._load_blocks(before)
        seeds = dirty.union(*(self.blocks[key] for key in before))
        return seeds | self._components(seeds)

    def _write_keys(self, dirty: set[int]) -> set[str]:
        """Bring the stored keys of the changed claims up to date; returns those they had before."""
        rows = self._conn.exec_driver_sql(
            "SELECT claim_id, key FROM claim_key WHERE claim_id IN (SELECT value FROM json_each(?))", (_ids(dirty),)
        )
        stored = {(claim, key) for claim, key in rows}
        wanted = {(claim, key) for claim in dirty for key in self.rules.keys(self.claims[claim].form)}
        if gone := stored - wanted:
            self._conn.exec_driver_sql("DELETE FROM claim_key WHERE claim_id = ? AND key = ?", list(gone))
        if new := wanted - stored:
            self._conn.exec_driver_sql(
                "INSERT INTO claim_key (kind, key, claim_id) VALUES (?, ?, ?)",
                [(self.kind, key, claim) for claim, key in new],
            )
        self._move_between_blocks(stored - wanted, wanted - stored)
        return {key for _, key in stored}

    def _move_between_blocks(self, gone: set[tuple[int, str]], new: set[tuple[int, str]]) -> None:
        """Of the blocks that were read before these keys were written."""
        for claim, key in gone:
            if key in self.blocks:
                self.blocks[key].remove(claim)
        for claim, key in new:
            if key in self.blocks:
                self.blocks[key].append(claim)

    def _components(self, claims: set[int]) -> set[int]:
        return set(self._conn.exec_driver_sql(
            "SELECT claim_id FROM link WHERE kind = ? AND component IN"
            " (SELECT component FROM link WHERE claim_id IN (SELECT value FROM json_each(?)))",
            (self.kind, _ids(claims)),
        ).scalars())  # fmt: skip

    def _load(self, wanted: Iterable[int]) -> None:
        missing = {claim for claim in wanted if claim not in self.claims}
        self.claims |= load_claims(self._conn, self.kind, missing)

    def _load_blocks(self, keys: Iterable[str]) -> None:
        missing = {key for key in keys if key not in self.blocks}
        if not missing:
            return
        self.blocks |= {key: [] for key in missing}
        rows = self._conn.exec_driver_sql(
            "SELECT key, claim_id FROM claim_key WHERE kind = ? AND key IN (SELECT value FROM json_each(?))",
            (self.kind, json.dumps(sorted(missing))),
        )
        members: set[int] = set()
        for key, claim in rows:
            self.blocks[key].append(claim)
            members.add(claim)
        self._load(members)

    # --- closure ------------------------------------------------------------------------------------------------------

    def _visit(self, dirty: set[int]) -> None:
        frontier = dirty
        while frontier:
            self.visited |= frontier
            self.changed |= dirty
            self._load(frontier)
            reached = self._seeds(dirty)
            self._load_blocks({key for claim in frontier for key in self.keys(claim)})
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
        self._verdicts.clear()  # groups have grown: the sides of their evidence may have changed places

    def _dirty_among(self, claims: set[int]) -> set[int]:
        """Those that wait for a later batch. Decided here already, they too bring new keys and their old mates."""
        return set(self._conn.exec_driver_sql(
            "SELECT claim_id FROM dirty WHERE claim_id IN (SELECT value FROM json_each(?))", (_ids(claims),)
        ).scalars())  # fmt: skip

    def _decided_with(self, claims: set[int]) -> set[int]:
        named = {decision for claim in claims if claim in self._sides for decision, _ in self._sides[claim]}
        return {claim for decision in self.decisions if decision.id in named for claim in decision.claims}

    def keys(self, claim: int) -> Iterable[str]:
        return self.rules.keys(self.claims[claim].form)

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

    def _group_for(self, claim: Claim) -> Group:
        alone = not any(True for _ in self.rules.keys(claim.form))
        sides = tuple(self._sides.get(claim.id, ()))
        name: Hashable = claim.id if alone else (claim.form, claim.present, sides)
        group = self._groups.get(name)
        if group is None:
            group = Group(claim.form, claim.present)
            if not alone and self.rules.compare(claim.form, claim.form).word not in JOINS:
                return group
            self._groups[name] = group
        return group

    # --- what is asked ------------------------------------------------------------------------------------------------

    def group(self, claim: int) -> Group:
        return self._group_of[claim]

    def mates(self, group: Group) -> Iterator[Group]:
        """Groups that share a key with this one."""
        found = {id(group): group}
        for key in self.rules.keys(group.form):
            for claim in self.blocks.get(key, ()):
                mate = self._group_of[claim]
                if id(mate) not in found:
                    found[id(mate)] = mate
                    yield mate

    def compare(self, a: Group, b: Group) -> Verdict:
        """The rules' verdict; the sides of its evidence are in order of the groups' keys."""
        if a.first.key > b.first.key:
            a, b = b, a
        pair = (id(a), id(b))
        if pair not in self._verdicts:
            self._verdicts[pair] = self.rules.compare(a.form, b.form)
        return self._verdicts[pair]


def load_claims(conn: Connection, kind: str, wanted: Iterable[int]) -> dict[int, Claim]:
    """Claims of one kind with their text taken apart, by number."""
    rows = conn.exec_driver_sql(
        "SELECT c.id, a.key, c.pid, c.account_id, a.provider, c.payload, c.about, album.pid, album.payload, c.present,"
        " c.first_seen FROM json_each(?) wanted JOIN claim c ON c.id = wanted.value"
        " JOIN account a ON a.id = c.account_id LEFT JOIN claim album ON album.id = c.about ORDER BY c.about",
        (_ids(wanted),),
    )
    rules, found = evidence.rules(kind), dict[int, Claim]()
    album_text, about = None, dict[str, Any]()
    for row in rows:
        if row[8] != album_text:  # neighbours share their album: parse it once
            album_text, about = row[8], json.loads(row[8]) if row[8] else {}
        payload = json.loads(row[5])
        form = rules.form(Facts(payload, about, f"{row[1]}/{row[7]}" if row[7] else ""))
        found[row[0]] = Claim(
            row[0], (row[1], row[2]), row[3], row[4], payload, row[6], about, bool(row[9]), row[10], form
        )
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


def _ids(claims: Iterable[int]) -> str:
    return json.dumps(sorted(claims))
