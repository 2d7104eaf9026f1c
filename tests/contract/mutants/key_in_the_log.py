# caught by: secrets-hidden
"""Logs the headers of its requests."""

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _headers(self):
        self.log.info("asking with %s", super()._headers())
        return super()._headers()
