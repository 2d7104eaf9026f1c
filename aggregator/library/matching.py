"""A neighbourhood decided: which claims are one item, through what, and which pairs only a listener can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from aggregator.library.clusters import Edge, Node, Partition, Ruling, partition
from aggregator.library.evidence import DIFFERENT, NOTHING, Verdict
from aggregator.library.neighbours import JOINS, Claim, Decision, Group, Neighbourhood


@dataclass(frozen=True, slots=True)
class Place:
    """Where a claim belongs. `item` and `component` are smallest claim ids; `through` is the claim it joined by."""

    claim: int
    item: int
    component: int
    through: int | None
    verdict: Verdict
    decided_by: str  # rule | listener


@dataclass(frozen=True, slots=True)
class Question:
    """Two claims that may be one thing; `a` < `b`."""

    a: int
    b: int
    verdict: Verdict


class Matching:
    """The decision on a neighbourhood: pure, and independent of the numbers of its claims but for naming items."""

    def __init__(self, near: Neighbourhood) -> None:
        self._near = near
        groups = {id(group): group for group in map(near.group, sorted(near.visited))}
        self._groups = sorted(groups.values(), key=lambda group: group.first.key)
        self._present = {group.first.key: group for group in self._groups if group.present}
        self._closed = {id(group) for group in self._groups if group.vague and self._ambiguous(group)}
        edges = (edge for group in self._present.values() for edge in self._joins(group))
        self._edges = sorted(edges, key=lambda edge: (-edge.verdict.points, edge.a, edge.b))
        self._rulings = [ruling for ruling in map(self._ruling, near.decided(near.visited)) if ruling.a or ruling.b]
        self._partition = partition(self._present, self._edges, self._rulings, _compare_named(near, self._present))
        self._clusters = self._gather()

    def places(self) -> Iterator[Place]:
        components = self._components()
        best = self._best_edges()
        for cluster in self._clusters:
            claims = [claim for group in cluster for claim in group.claims]
            item = min(claim.id for claim in claims)
            component = components.get(cluster[0].first.key) or item
            for group in cluster:
                yield from self._place_group(group, item, component, best, cluster)

    def questions(self) -> Iterator[Question]:
        """Unsure pairs of what is present, but for those decided together or told apart."""
        for group in self._present.values():
            for mate in self._near.mates(group):
                if mate.present and (group.first.key < mate.first.key or not self._is_visited(mate)):
                    verdict = self._verdict(group, mate)
                    if verdict.word == "unsure" and not self._settled(group, mate):
                        a, b = sorted((group.first.id, mate.first.id))
                        yield Question(a, b, verdict)

    # --- verdicts in the light of the block ---------------------------------------------------------------------------

    def _verdict(self, a: Group, b: Group) -> Verdict:
        """The rules' verdict, with `lone` settled: same where nothing else can be meant, else a question."""
        verdict = self._near.compare(a, b)
        if verdict.word != "lone":
            return verdict
        closed = [group for group in (a, b) if id(group) in self._closed]
        if not closed:
            return Verdict("same", verdict.evidence)
        if any(other.vague for other in (a, b) if other is not closed[0]) or self._certain(closed[0]):
            return NOTHING
        return Verdict("unsure", verdict.evidence)

    def _ambiguous(self, group: Group) -> bool:
        """Could this text mean either of two different things? Told by its firm mates alone."""
        firm = [m for m in self._near.mates(group) if m.present and not m.vague and self._may_join(group, m)]
        if len(firm) < 2:
            return False
        reached, frontier = {id(firm[0])}, [firm[0]]
        while frontier:
            at = frontier.pop()
            for mate in firm:
                if id(mate) not in reached and self._near.compare(at, mate).word == "same":
                    reached.add(id(mate))
                    frontier.append(mate)
        return len(reached) < len(firm)

    def _certain(self, group: Group) -> bool:
        return any(m.present and self._near.compare(group, m).word == "same" for m in self._near.mates(group))

    def _may_join(self, a: Group, b: Group) -> bool:
        return self._near.compare(a, b).word in JOINS

    def _joins(self, group: Group) -> Iterator[Edge]:
        for mate in self._near.mates(group):
            if mate.present and group.first.key < mate.first.key:
                verdict = self._verdict(group, mate)
                if verdict.word == "same":
                    yield Edge(group.first.key, mate.first.key, verdict)

    # --- decisions ----------------------------------------------------------------------------------------------------

    def _ruling(self, decision: Decision) -> Ruling:
        return Ruling(decision.verdict, self._named(decision.a), self._named(decision.b))

    def _named(self, claims: Iterable[int]) -> frozenset[Node]:
        near = self._near
        groups = (near.group(claim) for claim in claims if claim in near.visited)
        return frozenset(group.first.key for group in groups if group.present)

    def _settled(self, a: Group, b: Group) -> bool:
        if not self._is_visited(b):
            return False
        return self._partition.together(a.first.key, b.first.key) or self._partition.told_apart(
            a.first.key, b.first.key
        )

    def _is_visited(self, group: Group) -> bool:
        return group.first.id in self._near.visited

    # --- clusters -----------------------------------------------------------------------------------------------------

    def _gather(self) -> list[list[Group]]:
        """Clusters of what is present, each with the absent groups that go with it; first the group named first."""
        guests: dict[Node, list[Group]] = {}
        alone: list[list[Group]] = []
        for group in self._groups:
            if not group.present:
                host = self._host(group)
                if host is None:
                    alone += [[group]] if len(group.claims) == 1 else self._singly(group)
                else:
                    guests.setdefault(host, []).append(group)
        clusters = []
        for cluster in self._partition.clusters():
            members = [self._present[node] for node in sorted(cluster)]
            clusters.append(members + [guest for node in sorted(cluster) for guest in guests.get(node, ())])
        return clusters + alone

    def _singly(self, group: Group) -> list[list[Group]]:
        """Absent claims bridge nothing, not even to each other."""
        return [[Group(group.form, False, [claim])] for claim in group.claims]

    def _host(self, group: Group) -> Node | None:
        """The present group an absent one is shown with: as a listener said, else its best match."""
        near = self._near
        for decision in near.decided(claim.id for claim in group.claims):
            if decision.verdict == "same":
                partners = (self._present[node] for node in sorted(self._named(decision.claims)))
                open_to = next((mate for mate in partners if not self._barred(group, mate, decision.id)), None)
                if open_to is not None:
                    return open_to.first.key
        matches = [
            (-verdict.points, mate.first.key)
            for mate in near.mates(group)
            if mate.present and (verdict := self._verdict(group, mate)).word == "same" and not self._barred(group, mate)
        ]
        return min(matches)[1] if matches else None

    def _barred(self, group: Group, mate: Group, since: int = 0) -> bool:
        """Was an absent group told apart from a present one's cluster, by a decision later than `since`?"""
        mine, cluster = {claim.id for claim in group.claims}, self._partition.cluster(mate.first.key)
        theirs = {claim.id for node in cluster for claim in self._present[node].claims}
        return any(
            decision.verdict == "different"
            and ((decision.a & mine and decision.b & theirs) or (decision.b & mine and decision.a & theirs))
            for decision in self._near.decided(mine)
            if decision.id > since
        )

    def _components(self) -> dict[Node, int]:
        """The smallest claim id reachable from each present group by anything that speaks for one thing."""
        whole = Partition(self._present, lambda *_: NOTHING)
        for edge in self._edges:
            whole.join(edge)
        for ruling in self._rulings:
            whole.rule(Ruling("same", ruling.a, ruling.b))
        return {
            node: min(claim.id for member in component for claim in self._present[member].claims)
            for component in whole.clusters()
            for node in component
        }

    # --- how a claim came to its item ---------------------------------------------------------------------------------

    def _best_edges(self) -> dict[Node, tuple[Group, Verdict]]:
        """For each present group, the strongest pair that lies inside its cluster."""
        best: dict[Node, tuple[Group, Verdict]] = {}
        for edge in self._edges:
            if self._partition.together(edge.a, edge.b):
                best.setdefault(edge.a, (self._present[edge.b], edge.verdict))
                best.setdefault(edge.b, (self._present[edge.a], edge.verdict))
        return best

    def _place_group(
        self, group: Group, item: int, component: int, best: dict[Node, tuple[Group, Verdict]], cluster: list[Group]
    ) -> Iterator[Place]:
        alone = len(cluster) == 1
        if group.present:
            target, verdict = best.get(group.first.key) or self._joined_by_word(group, cluster)
        else:
            target, verdict = self._hosted(group, alone)
        decided = "listener" if not alone and self._by_listener(group.first) else "rule"
        yield Place(group.first.id, item, component, target.first.id if target else None, verdict, decided)
        if len(group.claims) > 1:
            equal = self._near.rules.compare(group.form, group.form)
            for claim in group.claims[1:]:
                yield Place(claim.id, item, component, group.first.id, equal, decided)

    def _joined_by_word(self, group: Group, cluster: list[Group]) -> tuple[Group | None, Verdict]:
        """What no rule joined to its item: the item's first group, and what the rules say of the two."""
        first = next((other for other in cluster if other is not group and other.present), None)
        if first is None:
            return None, NOTHING
        if (verdict := self._verdict(group, first)) is not DIFFERENT:
            return first, verdict
        a, b = sorted((group, first), key=lambda each: each.first.key)
        return first, self._near.rules.compare(a.form, b.form)

    def _hosted(self, group: Group, alone: bool) -> tuple[Group | None, Verdict]:
        host = None if alone else self._host(group)
        return (self._present[host], self._verdict(group, self._present[host])) if host else (None, NOTHING)

    def _by_listener(self, claim: Claim) -> bool:
        return any(decision.verdict == "same" for decision in self._near.decided((claim.id,)))


def _compare_named(near: Neighbourhood, present: Mapping[Node, Group]) -> Callable[[Node, Node], Verdict]:
    """A function of its own: bound to a `Matching` that keeps it, it would keep the whole neighbourhood in memory."""
    return lambda a, b: near.compare(present[a], present[b])
