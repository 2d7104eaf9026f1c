# caught by: sign-in
"""Stumbles when the listener says no on the service's page."""

from tests.contract.sound_library import Shelf


class Mutant(Shelf):
    def finish(self, redirect, params):
        return super().finish(redirect, {"code": params["code"]})
