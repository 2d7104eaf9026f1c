# caught by: samples-play
"""Its samples are at hosts that it does not name: Bandstand would not fetch them."""

from tests.contract.sound_discovery import Near


class Mutant(Near):
    artwork_hosts = ()
