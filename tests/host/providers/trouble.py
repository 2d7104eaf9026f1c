"""Providers that misbehave, one way each."""

import os
import sys
import time

from pydantic import field_validator

from aggregator.plugin import (
    Artist,
    AuthFailed,
    BadData,
    Discovery,
    Edition,
    Field,
    Library,
    Provider,
    RateLimited,
    SecretStr,
    SignIn,
    Track,
    Unavailable,
)


class Raises(Provider, Library):
    id = "raises"
    name = "Raises"

    class Settings(Provider.Settings):
        error: str = "KeyError"
        token: SecretStr = Field(default="swordfish", title="Token", validate_default=True)

    def library(self):
        yield Edition(id="kept", title="Kept")
        words = f"about {self.settings.token.get_secret_value()}"
        raise {
            "KeyError": KeyError(words),
            "AuthFailed": AuthFailed(words),
            "Unavailable": Unavailable(words),
            "BadData": BadData(words),
            "RateLimited": RateLimited(words, 120),
        }[self.settings.error]


class Exits(Provider, Library):
    id = "exits"
    name = "Exits"

    def library(self):
        yield Edition(id="a", title="A")
        os._exit(3)


class Prints(Provider, Library):
    id = "prints"
    name = "Prints"

    class Settings(Provider.Settings):
        lines: int = 0

    def library(self):
        for number in range(self.settings.lines):
            print("line", number)
        print("hello from the plugin")
        print("and from stderr", file=sys.stderr)
        os.write(1, b"R\x00\x00\x00\x02[]\n")
        yield Edition(id="a", title="A")


class Calls(Provider, Library):
    """Asks a web server; `hide` is a client library that renames a refusal, `swallow` one that is silent of it."""

    id = "calls"
    name = "Calls"

    class Settings(Provider.Settings):
        url: str
        hide: bool = False
        swallow: bool = False

    def library(self):
        answer = self.http.session.get(self.settings.url)
        if answer.status_code == 429 and not self.settings.swallow:
            raise Unavailable("odd answer") if self.settings.hide else RateLimited("Too many calls", 0.0)
        yield Edition(id="a", title=answer.text)


class Slow(Provider, Library):
    """Yields a track each 10 ms; takes up where it was cut off."""

    id = "slow"
    name = "Slow"

    class Settings(Provider.Settings):
        size: int = 400
        pause: float = 0.01

    def library(self):
        self.state["starts"] = self.state.get("starts", 0) + 1
        for number in range(self.settings.size):
            time.sleep(self.settings.pause)
            yield Track(id=f"t{number}", title=f"Song {number}")


class Children(Provider, Library):
    """Starts a process that would outlive it."""

    id = "children"
    name = "Children"

    def library(self):
        import subprocess

        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self.log.warning("started %d", child.pid)
        yield Edition(id="a", title="A")


class Oddities(Provider, Library):
    """Yields what is no record."""

    id = "oddities"
    name = "Oddities"

    def library(self):
        yield Artist(id="a", name="A")
        yield {"type": "artist", "id": "b", "name": "B"}


class Hangs(Provider, Discovery):
    """Answers live questions too late."""

    id = "hangs"
    name = "Hangs"

    def similar(self, artist):
        time.sleep(600)

    def tags(self, artist):
        raise KeyError(artist.name)

    def albums_of(self, artist):
        return []


class Door(Provider, Library, SignIn):
    """Needs the listener to sign in; the secret of `begin` must be there at `finish`."""

    id = "door"
    name = "Door"

    class Settings(Provider.Settings):
        token: SecretStr | None = None

    def library(self):
        if self.settings.token is None:
            raise AuthFailed("not signed in")
        yield Edition(id="a", title="A")

    def begin(self, redirect, state):
        self.state["verifier"] = "v1"
        return f"https://door.example/authorize?state={state}&redirect_uri={redirect}"

    def finish(self, redirect, params):
        if params.get("code") != "good" or self.state.get("verifier") != "v1":
            raise AuthFailed("the service did not grant it")
        return {"token": "granted-token"}


class Renews(Provider, Library):
    """A service whose token is good for one use: each run puts the next one into the safe first."""

    id = "renews"
    name = "Renews"

    class Settings(Provider.Settings):
        token: SecretStr

    def library(self):
        token = self.safe.get("token")
        number = int(token.rpartition("-")[2])
        self.safe.put("token", f"granted-token-{number + 1}")
        self.log.info("used %s, now %s", token, self.safe.get("token"))
        yield Edition(id=str(number), title="A")
        raise Unavailable("after the token was renewed")


class Picky(Provider, Library):
    """Repeats the secret in what it says about it."""

    id = "picky"
    name = "Picky"

    class Settings(Provider.Settings):
        token: SecretStr

        @field_validator("token")
        @classmethod
        def _long(cls, token):
            raise ValueError(f"{token.get_secret_value()} is too short")

    def library(self):
        yield from ()
