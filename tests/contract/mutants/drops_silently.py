# caught by: skipped-by-name
"""Leaves an event out that it does not understand, without a word."""

from aggregator.plugin import Skipped
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        return (show for show in super().shows(artists, area) if not isinstance(show, Skipped))
