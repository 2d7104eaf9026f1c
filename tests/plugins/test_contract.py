"""The contract tests on every bundled provider, with recorded answers of their own in `replies`."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator._host import find
from aggregator.contract import check_provider

REPLIES = Path(__file__).parent / "replies"
BUNDLED = sorted(each.label for each in find.origins(Path("nowhere")) if each.how == "bundled")
LEAST = {"files": 10}
"""Checks that say something about a provider: 20, but fewer of one that asks nothing over the network."""


@pytest.mark.timeout(600)  # on a machine that has much else to do
@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_provider_keeps_the_contract(name: str) -> None:
    verdicts = check_provider(f"plugins.{name}", REPLIES / f"{name}.replies.json")
    assert [str(verdict) for verdict in verdicts if verdict.outcome == "FAILED"] == []
    assert sum(verdict.outcome == "ok" for verdict in verdicts) >= LEAST.get(name, 20)
