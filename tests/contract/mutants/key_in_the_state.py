# caught by: secrets-hidden
"""Keeps its key in the state, which is not encrypted."""

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _headers(self):
        self.state["headers"] = super()._headers()
        return super()._headers()
