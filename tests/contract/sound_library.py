"""Saved albums and followed artists behind a sign-in: the sound twin of the mutants that read a library."""

from datetime import datetime
from urllib.parse import urlencode

from aggregator.plugin import (
    Artist,
    AuthFailed,
    BadData,
    Complete,
    Credit,
    Edition,
    Field,
    Holding,
    Library,
    Provider,
    SecretStr,
    SignIn,
    Skipped,
)

API = "https://api.shelf.example/v1"
ODD = (KeyError, TypeError, ValueError, AttributeError)


class Shelf(Provider, Library, SignIn):
    id = "shelf"
    name = "Shelf"

    class Settings(Provider.Settings):
        client_secret: SecretStr = Field(title="Secret of your app")
        refresh_token: SecretStr | None = Field(default=None, title="Permission")

    def library(self):
        for scope, of, convert in (("albums", "edition", self._album), ("artists", "artist", self._followed)):
            seen = set()
            for item in self._all(scope):
                try:
                    told = convert(item)
                except ODD as error:
                    name = item.get("id") if isinstance(item, dict) else item
                    yield Skipped(of=of, id=str(name), reason=f"not understood: {type(error).__name__}")
                    continue
                yield from (record for record in told if (record.type, record.id) not in seen)
                seen.update((record.type, record.id) for record in told)
            yield Complete(scope=scope)

    def _all(self, what):
        offset, before = 0, None
        while True:
            query = {"offset": offset} if offset else {}
            token = self.safe.get("refresh_token")
            page = self.http.json(f"{API}/{what}", params=query, headers={"Authorization": f"Bearer {token}"})
            if not isinstance(page, dict) or not isinstance(page.get("items"), list):
                raise BadData("Shelf sent something that is not a list.")
            if page["items"] and page["items"] == before:
                raise BadData("The pages of Shelf go round in a circle.")
            before = page["items"]
            yield from page["items"]
            if not page.get("more"):
                return
            offset += 2

    def _album(self, item):
        album = Edition(
            id=item["id"],
            title=item["title"],
            credits=[Credit(name=each["name"]) for each in item["artists"]],
            released=item.get("released"),
        )
        since = datetime.fromisoformat(item["saved_at"])
        return [album, Holding(of="edition", id=album.id, how="saved", since=since)]

    def _followed(self, item):
        artist = Artist(id=item["id"], name=item["name"])
        return [artist, Holding(of="artist", id=artist.id, how="followed")]

    def begin(self, redirect, state):
        self.state["state"] = state
        return f"https://shelf.example/allow?{urlencode({'redirect_uri': redirect, 'state': state})}"

    def finish(self, redirect, params):
        if "code" not in params:
            raise AuthFailed("Shelf gave no permission.")
        answer = self.http.json(f"{API}/token", params={"code": params["code"]})
        if not isinstance(answer, dict) or not isinstance(answer.get("refresh_token"), str):
            raise BadData("Shelf sent no token.")
        return {"refresh_token": answer["refresh_token"]}
