# caught by: unavailable
"""Takes a service that is down for one that talks nonsense."""

from aggregator.plugin import BadData, Unavailable
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        try:
            yield from super().shows(artists, area)
        except Unavailable as error:
            if "status" in str(error):
                raise BadData(str(error)) from None
            raise
