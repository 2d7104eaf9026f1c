"""Two accounts of it tell of the same things, in the same words."""

from aggregator.plugin import Artist, Credit, Edition, Library, Provider, Show, Shows, Track, Venue


class Twins(Provider, Library, Shows):
    id = "twins"
    name = "Twins"

    class Settings(Provider.Settings):
        which: str = "one"

    def library(self):
        which, lanterns = self.settings.which, Credit(name="The Lanterns", id=f"lanterns {self.settings.which}")
        yield Artist(id=f"lanterns {which}", name="The Lanterns" if which == "one" else "Lanterns", ids={"mbid": "m"})
        yield Edition(id=f"room {which}", title="Blue Room", credits=[lanterns], released="1994", total_tracks=10)
        title = "Harbour" if which == "one" else "Harbour - 2011 Remaster"
        yield Track(
            id=f"harbour {which}", title=title, credits=[lanterns], edition=f"room {which}", position=1,
            seconds=185.0 if which == "one" else 185.4,
        )  # fmt: skip

    def shows(self, artists, area):
        yield Show(
            id=f"show {self.settings.which}", title="The Lanterns", day=area.since, start="20:00",
            venue=Venue(name="The Hall" if self.settings.which == "one" else "Hall", city="Ghent"),
            lineup=[Credit(name="The Lanterns")],
        )  # fmt: skip
