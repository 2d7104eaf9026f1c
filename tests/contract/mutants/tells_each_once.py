# caught by: second-run
"""Tells of a show in the first run only, so that the second takes all for removed."""

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        for show in super().shows(artists, area):
            if show.id not in self.state:
                self.state[show.id] = True
                yield show
