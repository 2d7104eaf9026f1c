# caught by: gate-only
"""Has another program do its work."""

import contextlib
import subprocess

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        with contextlib.suppress(OSError):
            subprocess.run(["true"], check=False)
        yield from super().shows(artists, area)
