# caught by: secrets-hidden
"""Tells the key in the words of an error."""

from aggregator.plugin import AuthFailed
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        try:
            yield from super().shows(artists, area)
        except AuthFailed:
            raise AuthFailed(f"Gigs refuses {self.settings.key.get_secret_value()}.") from None
