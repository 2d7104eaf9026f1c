# caught by: odd-names
"""Writes names down in an encoding of western Europe."""

from aggregator.plugin import Play
from tests.contract.sound_plays import Plays


class Mutant(Plays):
    def _play(self, listen):
        play = super()._play(listen)
        if isinstance(play, Play):
            play.title.encode("latin-1")
        return play
