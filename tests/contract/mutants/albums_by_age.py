# caught by: live-answers
"""Tells the albums in the order of the list, whatever their fans."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    def albums_of(self, artist):
        return super().albums_of(artist)[::-1]
