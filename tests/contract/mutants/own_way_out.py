# caught by: gate-only
"""Asks beside the gate, where no limit holds."""

import contextlib
import urllib.request

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        with contextlib.suppress(OSError):
            urllib.request.urlopen("http://127.0.0.1:9/ping", timeout=1)
        yield from super().shows(artists, area)
