"""A provider that lets its secret slip in every way that is not malice."""

import base64
import contextlib
import sys
import urllib.parse

from aggregator.plugin import (
    Artist,
    BadData,
    Checkpoint,
    Discovery,
    Edition,
    History,
    Library,
    Progress,
    Provider,
    SecretStr,
    Skipped,
    Track,
    Unavailable,
)


class Leaky(Provider, Library, History, Discovery):
    id = "leaky"
    name = "Leaky"

    class Settings(Provider.Settings):
        address: str
        way: str = "chain"
        secret: SecretStr

    def library(self):
        secret = self.settings.secret.get_secret_value()
        basic = base64.b64encode(f"robin:{secret}".encode()).decode()
        spellings = [secret, urllib.parse.quote(secret), urllib.parse.quote_plus(secret), repr(secret), basic,
                     secret.encode().hex(), repr({"headers": {"Authorization": f"Basic {basic}"}})]  # fmt: skip
        for spelling in spellings:
            print(f"asking with {spelling}")
            print(f"asking with {spelling}", file=sys.stderr)
            self.log.warning("asking with %s", spelling)
        yield Progress(done=1, doing=f"with {secret}")
        yield Edition(id="e1", title="Blue Room", url=f"https://music.example/e1?apikey={urllib.parse.quote(secret)}")
        yield Skipped(of="track", id="t1", reason=f"https://music.example/t1?apikey={urllib.parse.quote(secret)}")
        self.http.remember(f"https://music.example/t1?apikey={secret}", 403)
        self.repeat(secret)
        match self.settings.way:
            case "chain":
                try:
                    raise KeyError(secret)
                except KeyError as error:
                    raise Unavailable(f"{basic} was refused") from error
            case "group":
                raise BadData(ExceptionGroup("several", [ValueError(spelling) for spelling in spellings]))
            case "nowhere":
                self.http.session.get(f"http://127.0.0.1:9/{urllib.parse.quote(secret, '')}", params={"key": secret})
            case "misfit":
                yield Track(id="t2", title="Tide", seconds=secret)
        raise RuntimeError(f"with {secret}")

    def plays(self, cursor):
        """Keeps what it should not: an address with the key in it as the cursor, and the key itself."""
        address = f"https://music.example/plays?after=7&apikey={self.settings.secret.get_secret_value()}"
        if (cursor, self.state.get("address")) not in ((None, None), (address, [address])):
            raise BadData("what was kept came back as something else")
        self.state["address"] = [address]
        yield Checkpoint(cursor=address)

    def repeat(self, secret):
        """The service answers with all it was sent, and sends on to an address that says it again."""
        get = self.http.session.get
        for path in ("echo", "redirect"):
            sent = {"apikey": secret, "token": secret}
            get(f"{self.settings.address}/{path}", params=sent, headers={"X-Key": secret}, expire_after=3600)
        with contextlib.suppress(ValueError):
            self.http.session.get(f"{self.settings.address}/echo", auth=("robin", secret), expire_after=3600).json()

    def similar(self, artist):
        secret = self.settings.secret.get_secret_value()
        if artist.name == "Nobody":
            raise RuntimeError(f"with {secret}")
        return [(Artist(id="a", name="Act", url=f"https://music.example/a?key={urllib.parse.quote(secret)}"), 1.0)]

    def tags(self, artist):
        return []

    def albums_of(self, artist):
        return []
