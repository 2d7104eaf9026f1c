"""A well-behaved provider whose answers are set in its settings."""

from datetime import UTC, datetime

from aggregator.plugin import (
    Artist,
    Checkpoint,
    Credit,
    Discovery,
    Edition,
    Field,
    History,
    Library,
    LiveSearch,
    Play,
    Progress,
    Provider,
    SecretStr,
    Skipped,
    Tag,
    Track,
)


class Good(Provider, Library, History, Discovery, LiveSearch):
    id = "good"
    name = "Good"

    class Settings(Provider.Settings):
        size: int = Field(default=3, title="Number of albums", ge=0)
        token: SecretStr | None = Field(default=None, title="Token")

    def library(self):
        self.log.info("reading with %s", self.settings.token and self.settings.token.get_secret_value())
        for number in range(self.settings.size):
            yield Edition(id=f"e{number}", title=f"Album {number}", credits=[Credit(name="Quiet Harbour")])
            yield Track(id=f"t{number}", title=f"Song {number}", edition=f"e{number}")
            self.state[f"seen{number}"] = number
            yield Progress(done=number + 1, total=self.settings.size, doing="reading")
        yield Skipped(of="track", id="broken", reason="not a song")

    def plays(self, cursor):
        start = int(cursor or 0)
        for number in range(start, start + 2):
            at = datetime.fromtimestamp(1_700_000_000 + number * 1000, UTC)
            yield Play(at=at, title=f"Song {number}", credits=[Credit(name="Quiet Harbour")])
        yield Checkpoint(cursor=str(start + 2))

    def similar(self, artist):
        return [(Artist(id="x", name=f"Like {artist.name}"), 0.9)]

    def tags(self, artist):
        return [Tag(name="folk", weight=100)]

    def albums_of(self, artist):
        return [Edition(id="new", title="New", credits=[Credit(name=artist.name)])]

    def search(self, text):
        return [Artist(id="x", name=text)]
