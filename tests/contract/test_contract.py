from pathlib import Path

from aggregator.contract import Contract

HERE = Path(__file__).parent


class TestSoundShows(Contract):
    provider = HERE / "sound_shows.py"
