# caught by: live-answers
"""Tells the match in percents."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    def similar(self, artist):
        return [(other, match * 100) for other, match in super().similar(artist)]
