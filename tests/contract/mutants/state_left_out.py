# caught by: sign-in
"""Leaves out the state, by which one sees whose sign-in comes back."""

from tests.contract.sound_library import Shelf


class Mutant(Shelf):
    def begin(self, redirect, state):
        return super().begin(redirect, "")
