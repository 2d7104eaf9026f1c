"""The partition: a pure function of nodes, what speaks for and against pairs of them, and listeners' decisions.

A node is one or more claims of equal form. Nodes are named by their order (account key, provider's id), never by the
numbers the store happened to give, so that the order of arrival cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from aggregator.library.evidence import Verdict

Node = tuple[str, str]
"""Account key and provider's id of the claim that stands for the node: the first of its claims in that order."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A pair that is the same; `a` < `b`."""

    a: Node
    b: Node
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Ruling:
    """A listener's decision on nodes that are there: all one thing, or no one of `a` with one of `b`."""

    verdict: str  # same | different
    a: frozenset[Node]
    b: frozenset[Node]


class Partition:
    """Clusters under construction."""

    def __init__(self, nodes: Iterable[Node], compare: Callable[[Node, Node], Verdict]) -> None:
        self._cluster: dict[Node, set[Node]] = {node: {node} for node in nodes}
        self._apart: dict[Node, set[Node]] = {}
        self._bound: dict[Node, frozenset[Node]] = {}  # nodes a listener joined answer as one
        self._compare = compare

    def together(self, a: Node, b: Node) -> bool:
        return self._cluster[a] is self._cluster[b]

    def rule(self, ruling: Ruling) -> None:
        """Apply a decision. Where it contradicts one applied before it is overruled; the rest of it holds."""
        if ruling.verdict == "different":
            self._keep_apart(ruling)
        else:
            self._bring_together(ruling.a | ruling.b)

    def join(self, edge: Edge) -> bool:
        """Join the two clusters of a pair unless anything in them is different, or was told apart."""
        one, other = self._cluster[edge.a], self._cluster[edge.b]
        if one is other or self._forbidden(one, other) or self._vetoed(one, other):
            return one is other
        self._union(edge.a, edge.b)
        return True

    def clusters(self) -> list[set[Node]]:
        return list({id(cluster): cluster for cluster in self._cluster.values()}.values())

    def cluster(self, node: Node) -> frozenset[Node]:
        return frozenset(self._cluster[node])

    def told_apart(self, a: Node, b: Node) -> bool:
        """Has a listener said that these two clusters are not one?"""
        return self._forbidden(self._cluster[a], self._cluster[b])

    def _bring_together(self, nodes: frozenset[Node]) -> None:
        """All of these, but for those that were told apart from the ones before them."""
        heads: list[Node] = []
        for node in sorted(nodes):
            head = next((head for head in heads if not self.told_apart(head, node)), None)
            if head is None:
                heads.append(node)
            else:
                self._union(head, node)
        for head in heads:
            bound = frozenset(self._cluster[head])
            self._bound.update(dict.fromkeys(bound, bound))

    def _keep_apart(self, ruling: Ruling) -> None:
        """What a newer word brought together stays so: only what is joined from here on minds this one."""
        for a, b in product(ruling.a, ruling.b):
            self._apart.setdefault(a, set()).add(b)
            self._apart.setdefault(b, set()).add(a)

    def _forbidden(self, one: set[Node], other: set[Node]) -> bool:
        small, large = sorted((one, other), key=len)
        return any(not self._apart[node].isdisjoint(large) for node in small if node in self._apart)

    def _vetoed(self, one: set[Node], other: set[Node]) -> bool:
        units_one, units_other = self._units(one), self._units(other)
        return any(self._differ(a, b) for a, b in product(units_one, units_other))

    def _units(self, cluster: set[Node]) -> set[frozenset[Node]]:
        return {self._bound.get(node) or frozenset({node}) for node in cluster}

    def _differ(self, one: frozenset[Node], other: frozenset[Node]) -> bool:
        words = {self._compare(a, b).word for a, b in product(one, other)}
        return "different" in words and "same" not in words

    def _union(self, a: Node, b: Node) -> None:
        small, large = sorted((self._cluster[a], self._cluster[b]), key=len)
        if small is not large:
            large |= small
            self._cluster.update(dict.fromkeys(small, large))


def partition(
    nodes: Iterable[Node],
    edges: Iterable[Edge],
    rulings: Sequence[Ruling],
    compare: Callable[[Node, Node], Verdict],
) -> Partition:
    """Decisions first, newest first; then pairs as they come: the strongest first, equal ones by name."""
    result = Partition(nodes, compare)
    for ruling in rulings:
        result.rule(ruling)
    for edge in edges:
        result.join(edge)
    return result
