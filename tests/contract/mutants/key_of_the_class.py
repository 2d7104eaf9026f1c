# caught by: nothing-shared
"""Keeps the first account's key for all accounts of the process."""

from typing import ClassVar

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    kept: ClassVar[list[str]] = []

    def _headers(self):
        self.kept.append(self.settings.key.get_secret_value())
        return {"Authorization": f"Bearer {self.kept[0]}"}
