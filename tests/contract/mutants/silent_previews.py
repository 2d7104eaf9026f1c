# caught by: samples-play
"""Lists songs that nothing can be heard of."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    def previews(self, of):
        return self.top_songs(of)
