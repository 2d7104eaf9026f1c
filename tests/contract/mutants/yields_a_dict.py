# caught by: records-valid
"""Yields something that is no record of its capability."""

from aggregator.plugin import Artist
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        yield from super().shows(artists, area)
        yield Artist(id="1", name="Tin Harbour")
