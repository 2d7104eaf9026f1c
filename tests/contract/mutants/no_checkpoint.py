# caught by: checkpoints
"""Never says how far the history has been read."""

from aggregator.plugin import Checkpoint
from tests.contract.sound_plays import Plays


class Mutant(Plays):
    def plays(self, cursor):
        return (record for record in super().plays(cursor) if not isinstance(record, Checkpoint))
