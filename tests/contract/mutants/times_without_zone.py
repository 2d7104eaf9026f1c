# caught by: reads-answers
"""Takes the times of its plays for the server's own, without a zone, so that every single play is skipped."""

from datetime import datetime

from aggregator.plugin import Credit, Play, Skipped
from tests.contract.sound_plays import Plays


class Mutant(Plays):
    def _play(self, listen):
        try:
            at = datetime.fromtimestamp(listen["at"])
            return Play(at=at, title=listen["song"]["title"], credits=[Credit(name="Pim")])
        except (KeyError, TypeError, ValueError) as error:
            return Skipped(of="play", id=str(listen), reason=str(error))
