# caught by: scopes
"""Completes its albums though a page of them never came."""

from aggregator.plugin import Complete, ProviderError
from tests.contract.sound_library import Shelf


class Mutant(Shelf):
    def library(self):
        told = []
        try:
            for record in super().library():
                told.append(record)
                yield record
        except ProviderError:
            if not any(isinstance(record, Complete) for record in told):
                yield Complete(scope="albums")
            raise
