# caught by: one-bad-item
"""Lets one odd neighbour spoil the answer to a live question."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    def _artist(self, item):
        try:
            return super()._artist(item)
        except (KeyError, TypeError, ValueError) as error:
            raise RuntimeError("odd artist") from error
