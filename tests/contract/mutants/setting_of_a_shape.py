# caught by: settings-described
"""Asks for a mapping, which no form can ask for."""

from aggregator.plugin import Field, Provider, SecretStr
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    class Settings(Provider.Settings):
        key: SecretStr = Field(title="API key")
        town: str = Field(default="Ghent", title="Town")
        halls: dict[str, int] = Field(default={}, title="Halls")
