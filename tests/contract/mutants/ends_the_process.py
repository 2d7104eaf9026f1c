# caught by: gate-only
"""Ends the whole process where it does not like its settings."""

import os

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        if self.settings.town == "Ghent":
            os._exit(3)
        yield from super().shows(artists, area)
