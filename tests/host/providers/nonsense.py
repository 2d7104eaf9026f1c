"""A provider whose service sends nonsense of every kind."""

from datetime import UTC, datetime

from aggregator.plugin import (
    Artist,
    Audio,
    Checkpoint,
    Credit,
    Edition,
    History,
    Holding,
    Library,
    Play,
    Playlist,
    Provider,
    Show,
    Shows,
    Skipped,
    Track,
    Venue,
    why,
)

TITLES = (
    "???", "…", "!!!", "🎸🔥", "مشروع ليلى", "\u202egnilttes", "Кино 東京 mixed", "Z̸̢̛̖͎a̷l̵g̶o" * 40, "\u0301" * 300,
    "x" * 10_000, "a\x00b\x1b[31m", "half \ud83c", " \tBlanks\n", "%s {0} <b>", "(((((" * 150, "- " * 400,
)  # fmt: skip


class Nonsense(Provider, Library, History, Shows):
    id = "nonsense"
    name = "Nonsense"

    def _made(self, of, cls, **said):
        try:
            return cls(**said)
        except ValueError as error:
            name = str(said.get("title") or said.get("name") or "") or None
            return Skipped(of=of, id=str(said.get("id") or "?"), reason=why(error), name=name)

    def library(self):
        ana = Credit(name="Ana")
        yield Artist(id="same", name="Ana", begun=0, aliases=["", "Anna"])
        yield Edition(id="same", title="Blue Room", credits=[ana], released="0000", total_tracks=-5)
        yield Track(id="same", title="Harbour", credits=[ana], edition="same", seconds=-3, position=10**9)
        yield Track(id="itself", title="Itself", credits=[Credit(name="")], edition="itself", seconds=float("nan"))
        yield Track(id="days", title="Days", credits=[ana], seconds=3 * 86_400, disc=0)
        yield Track(id="crowd", title="All", credits=[Credit(name=f"Act {n}") for n in range(5000)])
        for number, title in enumerate(TITLES):
            yield self._made("track", Track, id=f"t{number}", title=title, credits=[Credit(name=title)], seconds=200)
            yield self._made("edition", Edition, id=f"t{number}", title=title, credits=[Credit(name=title)])
            yield self._made("artist", Artist, id=f"t{number}", name=title)
        yield Track(id="twice", title="Twice", credits=[ana])
        yield Track(id="twice", title="Twice", credits=[ana])
        yield Track(id="torn", title="Torn", credits=[ana], seconds=100)
        yield Track(id="torn", title="Torn Apart", credits=[ana], seconds=200, genres=["rock"])
        yield self._made("track", Track, id="blank", title=" \u200b ", credits=[ana])
        yield self._made("edition", Edition, id="none", title=None)
        yield Track.model_construct(id="raw", title="Raw", seconds=-1.0, audio=Audio(path="r.mp3", codec="m", size=1))
        yield Track.model_construct(id="made", title="", credits=[ana])
        yield Track(id="odd\x00\ud800" + "i" * 5000, title="Odd id", credits=[ana])
        yield Track(id="url", title="Half a letter", credits=[ana], url="https://x.test/\ud83c")
        yield Holding(of="track", id="same", how="loved", since=datetime(1, 1, 1, tzinfo=UTC))
        yield Playlist(id="p", name="Slow", tracks=["same", "nowhere"])

    def plays(self, cursor):
        at = datetime(2026, 3, 2, tzinfo=UTC)
        for title in TITLES:
            yield self._made("play", Play, at=at, title=title, credits=[Credit(name=title)], album=title, seconds=0)
        yield self._made("play", Play, at=datetime(1, 1, 1, tzinfo=UTC), title="Before", credits=[Credit(name="Ana")])
        yield self._made("play", Play, at=at, title="Nobody's", credits=[Credit(name=" ")])
        yield Checkpoint(cursor="")

    def shows(self, artists, area):
        for number, title in enumerate(TITLES):
            yield self._made(
                "show", Show, id=f"s{number}", title=title, day=area.since, until="9999-12-31", start="25:00",
                lineup=[Credit(name=title), Credit(name="")], venue=Venue(name=title, latitude=95, zone=title),
            )  # fmt: skip
        for day in ("0001-01-01", "9999-12-31"):
            yield self._made("show", Show, id=day, title="Far away", day=day, venue=Venue(name="Hall"))


class Forgets(Provider, Library):
    """From the second time on its service has lost a title."""

    id = "forgets"
    name = "Forgets"

    def library(self):
        again, self.state["read"] = self.state.get("read"), True
        if again:
            yield Skipped(of="track", id="h", reason="Its title is empty.")
        else:
            yield Track(id="h", title="Harbour", credits=[Credit(name="Ana")])
