# caught by: wrong-answer
"""Takes an answer of another shape for a listing without shows."""

from aggregator.plugin import BadData
from tests.contract.sound_discovery import Near


class Mutant(Near):
    def _listed(self, what, convert, **query):
        try:
            return super()._listed(what, convert, **query)
        except BadData as error:
            if "no list" in str(error):
                return []
            raise
