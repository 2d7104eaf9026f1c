# caught by: resume
"""Remembers the newest play alone: what an interrupted run left out is never read."""

import json

from aggregator.plugin import Checkpoint
from tests.contract.sound_plays import Plays


class Mutant(Plays):
    def plays(self, cursor):
        for record in super().plays(cursor):
            if isinstance(record, Checkpoint):
                newest = json.loads(record.cursor)["newest"]
                record = Checkpoint(cursor=json.dumps({"newest": newest, "open": []}))
            yield record
