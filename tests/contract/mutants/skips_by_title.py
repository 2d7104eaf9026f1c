# caught by: skipped-protects
"""Names a skipped event by its title, so that the host takes its show for removed."""

from aggregator.plugin import Skipped
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _show(self, event):
        show = super()._show(event)
        if isinstance(show, Skipped) and isinstance(event, dict):
            return Skipped(of="show", id=f"{event.get('title')} {event.get('starts')}", reason=show.reason)
        return show
