"""Concerts of an invented listing: the sound twin of the mutants that yield shows."""

from datetime import datetime

from aggregator.plugin import BadData, Credit, Field, Limit, Provider, SecretStr, Show, Shows, Skipped, Venue

API = "https://api.gigs.example/v1/events"


class Gigs(Provider, Shows):
    id = "gigs"
    name = "Gigs"
    about = "Concerts in one town."
    limits = (Limit(calls=5, seconds=1),)

    class Settings(Provider.Settings):
        key: SecretStr = Field(title="API key")
        town: str = Field(default="Ghent", title="Town")

    def shows(self, artists, area):
        url, seen, asked = API, set(), set()
        while url:
            if url in asked:
                raise BadData("The pages of Gigs go round in a circle.")
            asked.add(url)
            page = self.http.json(url, params={"town": self.settings.town}, headers=self._headers())
            if not isinstance(page, dict) or not isinstance(page.get("events"), list):
                raise BadData("Gigs sent something that is not a list of events.")
            for event in page["events"]:
                show = self._show(event)
                if show.id not in seen and (isinstance(show, Skipped) or area.since <= show.day <= area.until):
                    seen.add(show.id)
                    yield show
            url = page.get("next")

    def _headers(self):
        return {"Authorization": f"Bearer {self.settings.key.get_secret_value()}"}

    def _show(self, event):
        try:
            begins = datetime.fromisoformat(event["starts"])
            return Show(
                id=str(event["id"]),
                title=event["title"],
                day=begins.date(),
                start=begins.time(),
                venue=Venue(name=event["venue"]["name"], city=event["venue"].get("city")),
                lineup=[Credit(name=act["name"]) for act in event["acts"]],
                url=event.get("url"),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            name = event.get("id") if isinstance(event, dict) else event
            return Skipped(of="show", id=str(name), reason=f"not understood: {type(error).__name__}")
