# caught by: reads-answers
"""Waits for something that never comes."""

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        yield from super().shows(artists, area)
        while True:
            pass
