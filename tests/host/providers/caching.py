"""A provider that keeps what it is answered, by way of real clients: spotipy over requests-cache, and pylast."""

import pylast
import spotipy

from aggregator.plugin import Artist, Library, Provider, SecretStr
from plugins.lastfm.client import Door


class Caching(Provider, Library):
    id = "caching"
    name = "Caching"

    class Settings(Provider.Settings):
        address: str
        token: SecretStr

    def library(self):
        token = self.settings.token.get_secret_value()
        self.http.session.settings.expire_after = 3600
        spotify = spotipy.Spotify(auth=token, requests_session=self.http.session, retries=0)
        spotify.prefix = f"{self.settings.address}/v1/"
        yield Artist(id=f"spotify {token}", name=spotify._get("me/following")["name"])
        door = Door(self.http.transport, self.settings.address)
        network = pylast.LastFMNetwork(api_key=token, proxy={"all://": door})
        yield Artist(id=f"lastfm {token}", name=network.get_user("robin").get_name(properly_capitalized=True))
