"""The checks as tests of pytest: a class to inherit from."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from aggregator.contract.case import Case, Check, Subject, load
from aggregator.plugin import Provider


class Contract:
    """Inherit from it in a test file; each check becomes a test. A check that does not apply is skipped, with why.

    provider  the class, or the path of its file, or a dotted module
    replies   the file of recorded replies, where it is not beside the provider
    """

    provider: ClassVar[type[Provider] | str | Path]
    replies: ClassVar[str | Path | None] = None

    def pytest_generate_tests(self, metafunc: Any) -> None:
        if "contract_trial" in metafunc.fixturenames:
            told: Any = (self.provider, self.replies)
            trials = [(case, *each) for case in _cases(*told) for each in case.trials()]
            metafunc.parametrize("contract_trial", trials, ids=[_name(check, on) for _, check, on in trials])

    def test_contract(self, contract_trial: tuple[Case, Check, Case | Subject]) -> None:
        import pytest

        case, check, looked_at = contract_trial
        verdict = case.judge(check, looked_at)
        if verdict.outcome == "n/a":
            pytest.skip(verdict.reason)
        if verdict.outcome == "FAILED":
            pytest.fail(f"{verdict.reason}\n\n{verdict.name} asks: {check.about}", pytrace=False)


@cache
def _cases(provider: Any, replies: Any) -> list[Case]:
    return load(provider, replies)


def _name(check: Check, looked_at: Case | Subject) -> str:
    return f"{check.name}-{looked_at.method}" if isinstance(looked_at, Subject) else check.name
