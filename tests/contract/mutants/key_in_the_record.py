# caught by: secrets-hidden
"""Tells an address that only its own key opens."""

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        for show in super().shows(artists, area):
            key = self.settings.key.get_secret_value()
            yield show.model_copy(update={"url": f"https://gigs.example/{show.id}?key={key}"})
