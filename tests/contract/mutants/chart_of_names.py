# caught by: records-valid
"""Its chart is one of names."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    def chart(self):
        return [artist.name for artist in super().chart()]
