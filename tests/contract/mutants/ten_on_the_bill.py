# caught by: many-artists
"""Knows ten artists of a bill at most."""

from aggregator.plugin import Show
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def _show(self, event):
        show = super()._show(event)
        return show.model_copy(update={"lineup": show.lineup[:10]}) if isinstance(show, Show) else show
