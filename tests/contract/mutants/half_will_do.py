# caught by: truncated-answer
"""Takes what came of half an answer for all of it."""

from tests.contract.sound_shows import API, Gigs


class Mutant(Gigs):
    def shows(self, artists, area):
        answer = self.http.session.get(API, headers=self._headers())
        if not (answer.ok and answer.text.startswith('{"count"') and not answer.text.endswith("}")):
            yield from super().shows(artists, area)
