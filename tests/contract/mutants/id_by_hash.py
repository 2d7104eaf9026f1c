# caught by: ids-stable
"""Makes ids with hash(), which is another one in every process."""

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        for show in super().shows(artists, area):
            yield show.model_copy(update={"id": str(hash(show.id))})
