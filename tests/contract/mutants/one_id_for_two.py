# caught by: ids-unique
"""Takes the hall for the id, and two shows are played in one hall."""

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        for show in super().shows(artists, area):
            yield show.model_copy(update={"id": show.venue.name}) if hasattr(show, "venue") else show
