"""A provider whose refresh token is good once."""

import time

from aggregator.plugin import Artist, AuthFailed, Friend, Friends, Library, Provider, SecretStr


class Rotating(Provider, Library, Friends):
    id = "rotating"
    name = "Rotating"

    class Settings(Provider.Settings):
        address: str
        token: SecretStr

    def library(self):
        self.renew()
        yield Artist(id="a", name="Act")

    def friends(self):
        self.renew()
        yield Friend(id="f", name="Friend")

    def top_artists(self, friend):
        return []

    def renew(self):
        with self.safe.alone():
            answer = self.http.session.get(f"{self.settings.address}/renew", params={"token": self.safe.get("token")})
            if answer.status_code != 200:
                raise AuthFailed("The token was used twice.")
            time.sleep(0.2)
            self.safe.put("token", answer.text)
