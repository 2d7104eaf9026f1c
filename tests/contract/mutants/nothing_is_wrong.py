# caught by: empty-answer
"""Takes an empty listing for a mistake of the service."""

from aggregator.contract.replies import ANYWHERE
from aggregator.plugin import BadData, Skipped
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        shows = list(super().shows(artists, ANYWHERE))
        if not shows:
            raise BadData("Gigs sent an empty listing.")
        return (show for show in shows if isinstance(show, Skipped) or area.since <= show.day <= area.until)
