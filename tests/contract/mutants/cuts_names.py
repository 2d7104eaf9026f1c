# caught by: odd-names
"""Takes a slash in a name for the end of it."""

from aggregator.plugin import Show
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _show(self, event):
        show = super()._show(event)
        return show.model_copy(update={"title": show.title.split("/")[0]}) if isinstance(show, Show) else show
