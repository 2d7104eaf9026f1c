# caught by: ten-thousand
"""Gathers everything before it yields the first show."""

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        yield from list(super().shows(artists, area))
