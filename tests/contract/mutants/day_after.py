# caught by: past-dates
"""Reckons with the day after each show, which the last of all days has not."""

from datetime import timedelta

from aggregator.plugin import Show
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _show(self, event):
        show = super()._show(event)
        if isinstance(show, Show):
            _ = show.day + timedelta(days=1)
        return show
