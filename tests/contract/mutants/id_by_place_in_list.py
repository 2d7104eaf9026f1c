# caught by: ids-stable
"""Numbers the shows as they come."""

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        for number, show in enumerate(super().shows(artists, area)):
            yield show.model_copy(update={"id": str(number)})
