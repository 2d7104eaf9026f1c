# caught by: live-answers
"""Tells first for whom fewest use the tag."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    def tag_artists(self, tag):
        return super().tag_artists(tag)[::-1]
