# caught by: references
"""Tells that an album is saved before it tells of the album."""

from tests.contract.sound_library import Shelf


class Mutant(Shelf):
    def _album(self, item):
        return super()._album(item)[::-1]
