# caught by: rate-limited
"""Sleeps through the pause that a service asks for."""

import time

from aggregator.plugin import RateLimited
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        try:
            yield from super().shows(artists, area)
        except RateLimited as error:
            time.sleep(error.retry_after)
            yield from super().shows(artists, area)
