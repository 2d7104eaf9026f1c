# caught by: rate-limited
"""Does not pass on for how long the service wants to be left alone."""

from aggregator.plugin import RateLimited
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        try:
            yield from super().shows(artists, area)
        except RateLimited as error:
            raise RateLimited(str(error)) from None
