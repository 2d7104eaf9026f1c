# caught by: pages-in-a-circle
"""Follows pages that lead back to the first one for ever."""

from aggregator.plugin import BadData, Skipped
from tests.contract.sound_shows import API, Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        url, seen = API, set()
        while url:
            page = self.http.json(url, headers=self._headers())
            if not isinstance(page, dict) or not isinstance(page.get("events"), list):
                raise BadData("Gigs sent something that is not a list of events.")
            for show in map(self._show, page["events"]):
                if show.id not in seen and (isinstance(show, Skipped) or area.since <= show.day <= area.until):
                    seen.add(show.id)
                    yield show
            url = page.get("next")
