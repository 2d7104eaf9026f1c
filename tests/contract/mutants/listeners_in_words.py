# caught by: records-valid
"""Tells the number of listeners as a service writes it."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    def listeners(self, artist):
        return f"{super().listeners(artist):,}"
