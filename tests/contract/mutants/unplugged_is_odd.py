# caught by: unreachable
"""Takes a network that is down for an answer that is not understood."""

from aggregator.plugin import BadData, Unavailable
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        try:
            yield from super().shows(artists, area)
        except Unavailable as error:
            if "status" not in str(error):
                raise BadData(str(error)) from None
            raise
