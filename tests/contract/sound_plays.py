"""Plays told newest first: the sound twin of the mutants that yield plays.

The cursor holds the newest play that was ever seen and, where a run was broken off, how far back it had come.
"""

import json
from datetime import UTC, datetime

from aggregator.plugin import BadData, Checkpoint, Credit, Field, History, Play, Provider, SecretStr, Skipped

API = "https://api.plays.example/v1/listens"
ODD = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


class Plays(Provider, History):
    id = "plays"
    name = "Plays"

    class Settings(Provider.Settings):
        token: SecretStr = Field(title="Token")
        user: str = Field(title="User")

    def plays(self, cursor):
        reached = json.loads(cursor) if cursor else {"newest": 0, "open": []}
        newest, spans = reached["newest"], [[reached["newest"], None], *reached["open"]]
        for span in list(spans):
            since, until = span
            while listens := self._page(since, until):
                stamps = [each["at"] for each in listens if self._stamped(each)]
                if not stamps or (until is not None and min(stamps) >= until):
                    raise BadData("The pages of Plays go round in a circle.")
                yield from map(self._play, listens)
                until = span[1] = min(stamps)
                newest = max(newest, *stamps)
                yield Checkpoint(cursor=json.dumps({"newest": newest, "open": spans}))
            spans.remove(span)
            yield Checkpoint(cursor=json.dumps({"newest": newest, "open": spans}))

    def _page(self, since, until):
        query = {"user": self.settings.user, "after": since or None, "before": until}
        token = self.settings.token.get_secret_value()
        answer = self.http.json(API, params=query, headers={"Authorization": f"Token {token}"})
        if not isinstance(answer, dict) or not isinstance(answer.get("listens"), list):
            raise BadData("Plays sent something that is not a list of listens.")
        return answer["listens"]

    def _stamped(self, listen):
        return isinstance(listen, dict) and type(listen.get("at")) is int

    def _play(self, listen):
        try:
            return Play(
                at=datetime.fromtimestamp(listen["at"], UTC),
                title=listen["song"]["title"],
                credits=[Credit(name=name) for name in listen["song"]["artists"]],
                album=listen["song"].get("album"),
            )
        except ODD as error:
            name = f"{listen.get('at')} {listen.get('song')}" if isinstance(listen, dict) else str(listen)
            return Skipped(of="play", id=name[:200], reason=f"not understood: {type(error).__name__}")
