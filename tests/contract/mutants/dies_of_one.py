# caught by: one-bad-item
"""Lets one odd event end the whole run."""

from aggregator.plugin import Skipped
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _show(self, event):
        show = super()._show(event)
        if isinstance(show, Skipped):
            raise TypeError(show.reason)
        return show
