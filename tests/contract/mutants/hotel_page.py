# caught by: html-answer
"""Takes a page of HTML for a listing without shows."""

from tests.contract.sound_shows import API, Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        answer = self.http.session.get(API, headers=self._headers())
        if "html" not in answer.headers.get("Content-Type", ""):
            yield from super().shows(artists, area)
