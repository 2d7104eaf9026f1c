"""A provider that asks one address, through the door it is told, and lets every failure through as it comes."""

from datetime import timedelta

import httpx2

from aggregator.plugin import Edition, Library, Provider


class Net(Provider, Library):
    id = "net"
    name = "Net"

    class Settings(Provider.Settings):
        url: str
        door: str = "requests"

    def library(self):
        yield Edition(id="good", title="Good")
        if self.settings.door == "httpx2":
            client = httpx2.Client(transport=self.http.transport, follow_redirects=True)
            answer = client.get(self.settings.url).raise_for_status().json()
        elif self.settings.door == "json":
            answer = self.http.json(self.settings.url)
        else:
            answer = self.http.session.get(self.settings.url)
            answer.raise_for_status()
            answer = answer.json()
        yield Edition(id="a", title=answer["title"])


class NetLate(Net):
    """The same, with little time."""

    id = "net_late"
    deadline = timedelta(seconds=10)


class NetOutside(Net):
    """The same, for addresses of anybody's servers."""

    id = "net_outside"
    public_only = True
