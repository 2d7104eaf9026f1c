"""The pytest plugin: ``pytest gigfinder.py`` runs the contract tests on the providers in that file."""

from __future__ import annotations

import sys
from typing import Any


def pytest_pycollect_makeitem(collector: Any, name: str, obj: Any) -> Any:
    """A provider in a file that was named on the command line, and that is no file of tests, becomes a suite."""
    plugin = sys.modules.get("aggregator.plugin")
    if plugin is None or not isinstance(obj, type) or not issubclass(obj, plugin.Provider):
        return None
    if obj.__module__ != collector.obj.__name__ or not _given(collector):
        return None
    import pytest

    from aggregator.contract.suite import Contract

    suite = pytest.Class.from_parent(collector, name=name)
    suite.obj = type(f"Test{name}", (Contract,), {"provider": obj, "__module__": obj.__module__})
    return suite


def _given(collector: Any) -> bool:
    path = collector.path
    tests = any(path.match(pattern) for pattern in collector.config.getini("python_files"))
    return not tests and bool(collector.session.isinitpath(path))
