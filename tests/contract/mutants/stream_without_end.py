# caught by: reads-answers
"""Tells how far it is for ever."""

from aggregator.plugin import Progress
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        yield from super().shows(artists, area)
        while True:
            yield Progress(done=1)
