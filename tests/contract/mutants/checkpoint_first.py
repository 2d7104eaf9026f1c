# caught by: resume
"""Sets the checkpoint before the plays that it stands for."""

from aggregator.plugin import Checkpoint
from tests.contract.sound_plays import Plays


class Mutant(Plays):
    def plays(self, cursor):
        page = []
        for record in super().plays(cursor):
            if isinstance(record, Checkpoint):
                yield record
                yield from page
                page = []
            else:
                page.append(record)
        yield Checkpoint(cursor='{"newest": 1810000900, "open": []}')
