# caught by: samples-play
"""Asked for one song it answers with what is heard most."""

from aggregator.plugin import Artist
from tests.contract.sound_discovery import Near


class Mutant(Near):
    def previews(self, of):
        return super().previews(Artist(id="1", name="Tin Harbour"))
