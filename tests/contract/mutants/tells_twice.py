# caught by: duplicates
"""Tells a show again that has moved to the next page meanwhile."""

from aggregator.plugin import BadData
from tests.contract.sound_shows import API, Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        for page in self._pages():
            yield from map(self._show, page["events"])

    def _pages(self):
        url, asked = API, set()
        while url and url not in asked:
            asked.add(url)
            page = self.http.json(url, headers=self._headers())
            if not isinstance(page, dict) or not isinstance(page.get("events"), list):
                raise BadData("Gigs sent something that is not a list of events.")
            yield page
            url = page.get("next")
