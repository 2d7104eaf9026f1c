# caught by: half-way
"""Takes the first page for the whole list when the second one fails."""

from aggregator.plugin import Unavailable
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        came = False
        try:
            for show in super().shows(artists, area):
                came = True
                yield show
        except Unavailable:
            if not came:
                raise
