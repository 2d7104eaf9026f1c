"""What `draft` writes: a piece of a provider for each capability, and the replies it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

API = "https://api.example.org"
ODD = "(KeyError, TypeError, ValueError, AttributeError, OverflowError)"

HEAD = '''\
"""{title}: say in one line what it brings."""

{times}{imports}

API = "https://api.example.org"
ODD = {odd}
"""What reading an item of an unexpected shape ends in."""


'''

CLASS = """\
class {cls}({mixins}):
    id = "{id}"
    name = "{title}"
    about = "What a listener gets from it, in one sentence."

    class Settings(Provider.Settings):
        key: SecretStr = Field(title="API key", description="Where one gets it.")

"""

ASK = '''
    def _ask(self, path, **query):
        """One answer with its list of items. Whatever goes wrong is one of the contract's four errors."""
        key = self.settings.key.get_secret_value()
        answer = self.http.json(f"{API}/{path}", params=query, headers={"Authorization": f"Bearer {key}"})
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise BadData("The service sent something that is not a list.")
        return answer
'''

HELPERS = {
    "_pages": '''
    def _pages(self, path):
        """The items of every page."""
        page, before = 1, None
        while True:
            answer = self._ask(path, page=page)
            if answer["items"] and answer["items"] == before:
                raise BadData("The service sends the same page again and again.")
            yield from answer["items"]
            if not answer.get("more"):
                return
            page, before = page + 1, answer["items"]
''',
    "_told": '''
    def _told(self, of, items, convert):
        """A record for each item, once. One that is not understood is skipped by its name; the others arrive."""
        seen = set()
        for item in items:
            try:
                record = convert(item)
            except ODD as error:
                said = item if isinstance(item, dict) else {}
                id, name = str(said.get("id", item)) or "?", str(said.get("title") or said.get("name") or "")
                record = Skipped(of=of, id=id, reason=why(error), name=name)
            if record.id not in seen:
                seen.add(record.id)
                yield record
''',
    "_found": '''
    def _found(self, items, convert):
        """The answer to a live question; an item that is not understood is left out and logged."""
        found = []
        for item in items:
            try:
                record = convert(item)
            except ODD as error:
                self.log.warning("Left out %r: %s", item, type(error).__name__)
                continue
            if record not in found:
                found.append(record)
        return found
''',
}

TEST = """\
from pathlib import Path

from aggregator.contract import Contract


class Test{cls}(Contract):
    provider = Path(__file__).with_name("{file}")
"""


@dataclass(frozen=True)
class Draft:
    """A capability's part.

    `names` are imported from the contract, `times` from datetime; `exchanges`: path with query, and body.
    """

    mixin: str
    names: tuple[str, ...]
    body: str
    exchanges: tuple[tuple[str, Any], ...]
    times: tuple[str, ...] = ()


def _gig(number: int, title: str, starts: str, *acts: str) -> dict[str, Any]:
    return {
        "id": number,
        "title": title,
        "starts": starts,
        "hall": {"name": "Cinder Hall", "city": "Ghent"},
        "acts": [{"name": act} for act in acts],
    }


DRAFTS: dict[str, Draft] = {
    "library": Draft(
        "Library",
        ("Complete", "Credit", "Edition", "Holding", "Library", "Skipped", "why"),
        """\
    def library(self):
        for record in self._told("edition", self._pages("albums"), self._album):
            yield record
            if isinstance(record, Edition):
                yield Holding(of="edition", id=record.id, how="saved")
        yield Complete(scope="albums")

    def _album(self, item):
        return Edition(
            id=str(item["id"]),
            title=item["title"],
            credits=[Credit(name=artist["name"]) for artist in item["artists"]],
            released=item.get("released"),
        )
""",
        (
            (
                "albums",
                {
                    "items": [
                        {"id": 21, "title": "Ebb", "artists": [{"name": "Tin Harbour"}], "released": "2019-05-03"},
                        {
                            "id": 22,
                            "title": "Kites",
                            "artists": [{"name": "Ola Grey"}, {"name": "Pim"}],
                            "released": "2021",
                        },
                    ],
                    "more": True,
                },
            ),
            (
                "albums?page=2",
                {
                    "items": [{"id": 23, "title": "Lamp", "artists": [{"name": "Vera Sund"}], "released": None}],
                    "more": False,
                },
            ),
        ),
    ),
    "history": Draft(
        "History",
        ("Checkpoint", "Credit", "History", "Play", "Skipped", "why"),
        '''\
    def plays(self, cursor):
        """Oldest first. The cursor is the number of the last play that was read."""
        after = int(cursor or 0)
        while listens := self._ask("listens", after=after)["items"]:
            yield from self._told("play", listens, self._play)
            last = max((item["id"] for item in listens if self._numbered(item)), default=after)
            if last <= after:
                raise BadData("The service sends the same plays again and again.")
            after = last
            yield Checkpoint(cursor=str(after))

    def _numbered(self, item):
        return isinstance(item, dict) and type(item.get("id")) is int

    def _play(self, item):
        return Play(
            id=str(item["id"]),
            at=datetime.fromtimestamp(item["at"], UTC),
            title=item["song"],
            credits=[Credit(name=name) for name in item["artists"]],
            album=item.get("album"),
        )
''',
        (
            (
                "listens?after=0",
                {
                    "items": [
                        {"id": 31, "at": 1809990000, "song": "Long Way", "artists": ["Pale Meridian"], "album": None},
                        {"id": 32, "at": 1810000000, "song": "Ebb", "artists": ["Tin Harbour"], "album": "Ebb"},
                    ]
                },
            ),
            (
                "listens?after=32",
                {
                    "items": [
                        {"id": 33, "at": 1810000600, "song": "Lamp", "artists": ["Vera Sund", "Pim"], "album": "Lamp"}
                    ]
                },
            ),
            ("listens?after=*", {"items": []}),
        ),
        ("UTC", "datetime"),
    ),
    "friends": Draft(
        "Friends",
        ("Artist", "Friend", "Friends", "Skipped", "why"),
        """\
    def friends(self):
        yield from self._told("friend", self._pages("friends"), self._friend)

    def _friend(self, item):
        return Friend(id=str(item["id"]), name=item["name"])

    def top_artists(self, friend):
        items = self._ask("top", user=friend.id)["items"]
        return sorted(self._found(items, self._ranked), key=lambda pair: -pair[1])

    def _ranked(self, item):
        return Artist(id=str(item["id"]), name=item["name"]), int(item["plays"])
""",
        (
            ("friends", {"items": [{"id": 41, "name": "Mira"}, {"id": 42, "name": "Jonas"}], "more": True}),
            ("friends?page=2", {"items": [{"id": 43, "name": "Noor"}], "more": False}),
            (
                "top",
                {
                    "items": [
                        {"id": 1, "name": "Tin Harbour", "plays": 120},
                        {"id": 2, "name": "Ola Grey", "plays": 80},
                    ]
                },
            ),
        ),
    ),
    "shows": Draft(
        "Shows",
        ("Credit", "Show", "Shows", "Skipped", "Venue", "why"),
        """\
    def shows(self, artists, area):
        for show in self._told("show", self._pages("events"), self._show):
            if isinstance(show, Skipped) or area.holds(show):
                yield show

    def _show(self, item):
        begins = datetime.fromisoformat(item["starts"])
        return Show(
            id=str(item["id"]),
            title=item["title"],
            day=begins.date(),
            start=begins.time(),
            venue=Venue(name=item["hall"]["name"], city=item["hall"].get("city")),
            lineup=[Credit(name=act["name"]) for act in item["acts"]],
        )
""",
        (
            (
                "events",
                {
                    "items": [
                        _gig(11, "Tin Harbour", "2027-03-13T20:00:00", "Tin Harbour", "Ola Grey"),
                        _gig(12, "Night of Song", "2027-04-02T21:00:00", "Vera Sund", "Noor Haddad"),
                    ],
                    "more": True,
                },
            ),
            (
                "events?page=2",
                {"items": [_gig(13, "Pale Meridian", "2027-05-15T20:30:00", "Pale Meridian")], "more": False},
            ),
        ),
        ("datetime",),
    ),
    "discovery": Draft(
        "Discovery",
        ("Artist", "Credit", "Discovery", "Edition", "Tag"),
        """\
    def similar(self, artist):
        items = self._ask("similar", artist=artist.name)["items"]
        return sorted(self._found(items, self._neighbour), key=lambda pair: -pair[1])

    def _neighbour(self, item):
        return Artist(id=str(item["id"]), name=item["name"]), min(1.0, max(0.0, item["match"]))

    def tags(self, artist):
        items = self._ask("tags", artist=artist.name)["items"]
        return sorted(self._found(items, self._tag), key=lambda tag: -tag.weight)

    def _tag(self, item):
        return Tag(name=item["name"], weight=min(100, max(1, item["count"])))

    def albums_of(self, artist):
        by = [Credit(name=artist.name)]
        items = self._ask("releases", artist=artist.name)["items"]
        return self._found(items, lambda item: Edition(id=str(item["id"]), title=item["title"], credits=by))
""",
        (
            (
                "similar",
                {
                    "items": [
                        {"id": 2, "name": "Ola Grey", "match": 0.91},
                        {"id": 3, "name": "Vera Sund", "match": 0.4},
                    ]
                },
            ),
            ("tags", {"items": [{"name": "shoegaze", "count": 100}, {"name": "dream pop", "count": 40}]}),
            ("releases", {"items": [{"id": 21, "title": "Ebb"}, {"id": 24, "title": "Low Water"}]}),
        ),
    ),
    "radio": Draft(
        "Radio",
        ("Credit", "Radio", "Track"),
        """\
    def radio(self, artist):
        return self._found(self._ask("radio", artist=artist.name)["items"], self._song)

    def _song(self, item):
        return Track(id=str(item["id"]), title=item["title"], credits=[Credit(name=item["artist"])])
""",
        (
            (
                "radio",
                {
                    "items": [
                        {"id": 51, "title": "Long Way", "artist": "Pale Meridian"},
                        {"id": 52, "title": "Lamp", "artist": "Vera Sund"},
                    ]
                },
            ),
        ),
    ),
    "search": Draft(
        "LiveSearch",
        ("Artist", "LiveSearch"),
        """\
    def search(self, text):
        return self._found(self._ask("search", q=text)["items"], self._hit)

    def _hit(self, item):
        return Artist(id=str(item["id"]), name=item["name"])
""",
        (("search", {"items": [{"id": 1, "name": "Tin Harbour"}, {"id": 7, "name": "Tin Whistle"}]}),),
    ),
}
