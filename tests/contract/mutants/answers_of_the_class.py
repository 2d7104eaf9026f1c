# caught by: nothing-shared
"""Keeps answers for all accounts of the process."""

from typing import ClassVar

from tests.contract.sound_discovery import Near


class Mutant(Near):
    kept: ClassVar[dict[str, list]] = {}

    def _listed(self, what, convert, **query):
        if what not in self.kept:
            self.kept[what] = super()._listed(what, convert, **query)
        return self.kept[what]
