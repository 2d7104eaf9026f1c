# caught by: skipped-by-name
"""Says that something was skipped, but not what."""

from aggregator.plugin import Skipped
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _show(self, event):
        show = super()._show(event)
        return Skipped(of="show", id="?", reason="odd") if isinstance(show, Skipped) else show
