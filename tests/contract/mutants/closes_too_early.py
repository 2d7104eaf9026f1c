# caught by: scopes
"""Completes a scope after its first album, and once more at its end."""

from aggregator.plugin import Complete, Holding
from tests.contract.sound_library import Shelf


class Mutant(Shelf):
    def library(self):
        early = True
        for record in super().library():
            yield record
            if early and isinstance(record, Holding):
                early = False
                yield Complete(scope="albums")
