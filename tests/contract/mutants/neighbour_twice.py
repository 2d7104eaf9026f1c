# caught by: told-once
"""Tells the nearest of the neighbours twice."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    def similar(self, artist):
        near = super().similar(artist)
        return near[:1] + near
