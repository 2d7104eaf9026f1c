# caught by: described
"""Names a pause for something that is no capability."""

from datetime import timedelta

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    every = {"concerts": timedelta(hours=1)}
