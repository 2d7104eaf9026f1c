# caught by: nothing-in-init
"""Starts a thread as soon as it is made."""

import threading

from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    def __init__(self):
        threading.Thread(target=print, daemon=True).start()
