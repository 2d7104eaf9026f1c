# caught by: past-dates
"""Reckons with the day after each show, which the last of all days has not."""

from datetime import datetime, timedelta

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _show(self, event):
        show = super()._show(event)
        _ = datetime.fromisoformat(event["starts"]) + timedelta(days=1)
        return show
