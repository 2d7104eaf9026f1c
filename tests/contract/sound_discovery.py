"""What an invented service knows of artists: the sound twin of the mutants that answer live."""

from aggregator.plugin import (
    Artist,
    BadData,
    Credit,
    Discovery,
    Edition,
    Field,
    LiveSearch,
    Provider,
    SecretStr,
    Tag,
    Track,
)

API = "https://api.near.example/v1"
ODD = (KeyError, TypeError, ValueError, AttributeError)


class Near(Provider, Discovery, LiveSearch):
    id = "near"
    name = "Near"
    artwork_hosts = ("clips.near.example",)

    class Settings(Provider.Settings):
        api_key: SecretStr = Field(title="API key")

    def similar(self, artist):
        near = self._read("similar", artist, lambda item: (self._artist(item), min(1.0, max(0.0, item["match"]))))
        return sorted(near, key=lambda pair: -pair[1])

    def tags(self, artist):
        tags = self._read("tags", artist, lambda item: Tag(name=item["name"], weight=min(100, max(1, item["count"]))))
        return sorted(tags, key=lambda tag: -tag.weight)

    def albums_of(self, artist):
        albums = self._read("albums", artist, lambda item: self._album(item, artist))
        return sorted(albums, key=lambda album: -(album.popularity or 0))

    def tag_artists(self, tag):
        used = self._listed("tagged", lambda item: (self._artist(item), max(0, int(item["used"]))), tag=tag)
        return sorted(used, key=lambda pair: -pair[1])

    def listeners(self, artist):
        answer = self._ask("artist", artist=artist.name)
        count = answer.get("listeners") if isinstance(answer, dict) else None
        if not isinstance(count, int) or count < 0:
            raise BadData("Near's answer for an artist holds no number of listeners.")
        return count

    def chart(self):
        return self._listed("chart", self._artist)

    def top_songs(self, artist):
        return self._read("top", artist, self._song)

    def previews(self, of):
        if isinstance(of, Track):
            found = [self._song(self._ask(f"songs/{of.ids['near']}"))] if "near" in of.ids else []
        else:
            by = of if isinstance(of, Artist) else of.credits[0]
            found = self._read("top", by, self._song)
        return [song for song in found if song.preview]

    def search(self, text):
        return self._listed("search", self._artist, q=text)

    def _read(self, what, artist, convert):
        return self._listed(what, convert, artist=artist.name)

    def _listed(self, what, convert, **query):
        answer = self._ask(what, **query)
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise BadData(f"Near's answer for {what} is no list.")
        found = []
        for item in answer["items"]:
            try:
                record = convert(item)
            except ODD as error:
                self.log.warning("One of Near's %s was not understood (%s).", what, type(error).__name__)
                continue
            if record not in found:
                found.append(record)
        return found

    def _ask(self, what, **query):
        key = self.settings.api_key.get_secret_value()
        return self.http.json(f"{API}/{what}", params={**query, "key": key})

    def _artist(self, item):
        return Artist(id=str(item["id"]), name=item["name"])

    def _song(self, item):
        number = str(item["id"])
        return Track(id=number, title=item["title"], ids={"near": number}, preview=item.get("sample") or None)

    def _album(self, item, artist):
        fans = max(0, int(item["fans"])) if "fans" in item else None
        return Edition(id=str(item["id"]), title=item["title"], credits=[Credit(name=artist.name)], popularity=fans)
