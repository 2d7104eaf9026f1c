# caught by: secrets-declared
"""Declares its key as plain text, so that every page would show it."""

from aggregator.plugin import Field, Provider
from tests.contract.sound_shows import Gigs


class Mutant(Gigs):
    class Settings(Provider.Settings):
        api_key: str = Field(title="API key")
        town: str = Field(default="Ghent", title="Town")

    def _headers(self):
        return {"Authorization": f"Bearer {self.settings.api_key}"}
