# caught by: times-aware
"""Compares times with its own clock, which fails for one without a zone."""

from datetime import UTC, datetime

from tests.contract.sound_library import Shelf


class Mutant(Shelf):
    def _all(self, what):
        for item in super()._all(what):
            if isinstance(item, dict) and str(item.get("saved_at", "")).startswith("20"):
                _ = datetime.fromisoformat(item["saved_at"]) < datetime.now(UTC)
            yield item
