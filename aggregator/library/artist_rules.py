"""When two artist claims are one act."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from aggregator.library.evidence import NOTHING, Evidence, Facts, Verdict, conflicting_id, shared_id
from aggregator.library.folding import fold
from aggregator.library.titles import lead_name

UNKNOWN = frozenset({"unknown artist", "unknown", "various artists", "various", "va"})
"""Names that name nobody. They are kept together like any other name, and nothing is concluded from them."""


class ArtistForm(NamedTuple):
    name: str
    ids: frozenset[tuple[str, str]]
    billed: bool  # known from show bills alone


def form(facts: Facts) -> ArtistForm:
    ids = frozenset(facts.payload.get("ids", {}).items())
    return ArtistForm(lead_name(facts.payload["name"]), ids, facts.payload.get("from") == "bill")


def keys(form: ArtistForm) -> Iterable[str]:
    yield f"n:{form.name}"
    for scheme, value in form.ids:
        yield f"{scheme}:{value}"


def compare(a: ArtistForm, b: ArtistForm) -> Verdict:
    """Ids decide; equal names join what listeners listen to; a bill by name alone is only possible."""
    ids_a, ids_b = dict(a.ids), dict(b.ids)
    if scheme := shared_id(ids_a, ids_b):
        return Verdict("same", (Evidence(f"{scheme} id", ids_a[scheme], ids_b[scheme], 100.0), *_names(a, b)))
    if scheme := conflicting_id(ids_a, ids_b):
        return Verdict("different", (Evidence(f"{scheme} id", ids_a[scheme], ids_b[scheme], -100.0),))
    if a.name != b.name or (a.billed and b.billed and a != b):
        return NOTHING
    return Verdict("unsure" if a.billed != b.billed else "same", _names(a, b))


def _names(a: ArtistForm, b: ArtistForm) -> tuple[Evidence, ...]:
    return (Evidence("name", a.name, b.name, 50.0),) if fold(a.name) == fold(b.name) else ()
