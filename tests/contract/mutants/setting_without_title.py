# caught by: settings-described
"""Leaves the listener to guess what a setting means."""

from aggregator.plugin import Field, Provider, SecretStr
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    class Settings(Provider.Settings):
        key: SecretStr = Field(title="API key")
        town: str = "Ghent"
