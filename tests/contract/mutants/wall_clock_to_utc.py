# caught by: dst-dates
"""Turns the hour at the hall into universal time, and a late show into one of another day."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aggregator.plugin import Show
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _show(self, event):
        show = super()._show(event)
        if not isinstance(show, Show):
            return show
        begins = datetime.combine(show.day, show.start, ZoneInfo("Asia/Tokyo")).astimezone(UTC)
        return show.model_copy(update={"day": begins.date(), "start": begins.time()})
