# caught by: live-answers
"""Tells the furthest artist first."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    def similar(self, artist):
        return super().similar(artist)[::-1]
