# caught by: area-honoured
"""Tells of all shows, whatever days were asked for."""

from datetime import date

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        always = area.model_copy(update={"since": date(1900, 1, 1), "until": date(2999, 12, 31)})
        return super().shows(artists, always)
