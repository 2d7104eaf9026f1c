"""What each route lets whom do: nobody, a member, an owner, asking for pages of their own and with another's numbers.

Every route stands in exactly one of the tables below, or the first test fails.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from aggregator import listeners
from aggregator.config import Config
from aggregator.library import decisions, merging, picks
from aggregator.listeners import Listener
from aggregator.plugin import Artist, Audio, Credit, Edition, Friend, Holding, Play, Playlist, Show, Track, Venue
from aggregator.store import Store, open_store
from aggregator.store.schema import excluded, feedback, held, run_change, run_line, star
from web import create_app, guard

from . import seed
from .conftest import PASSWORD

PUBLIC = {
    "static", "media.sleeve", "sign_in.form", "sign_in.enter", "sign_in.look_around", "sign_in.welcome",
    "sign_in.found", "members.door", "members.enter", "sources.signed_in", "feed.calendar",
}  # fmt: skip
"""Answers anybody."""

LISTENER = {
    "library.album_list", "library.artist_list", "library.track_list", "library.others",
    "home.page", "home.suggested", "library.albums", "library.artists", "library.songs", "library.song_list",
    "library.history", "library.weigh", "library.shown", "library.order", "library.set_order", "library.unorder",
    "discover.page", "discover.shows", "discover.standing", "discover.feedback",
    "discover.dial", "discover.taste", "discover.exclude",
    "review.page", "review.everything", "review.again", "search.page", "search.services",
    "shows.page", "settings.page", "settings.again", "settings.place", "settings.look", "settings.listening",
    "settings.new_feed", "settings.password", "settings.devices", "sources.page", "sources.pulse", "sources.sync_all",
    "sources.connect", "sources.create", "sources.once_more", "sources.signed_in_by_hand", "sign_in.leave",
    "welcome.start", "welcome.service", "welcome.place", "welcome.set_place", "welcome.done", "welcome.used",
}  # fmt: skip
"""Any listener's; shows their own things and the household's."""

OWNER = {
    "members.page", "members.again", "members.invite", "members.withdraw", "members.role", "members.sign_out",
    "members.password", "members.farewell", "members.remove", "sources.folders", "welcome.folder", "welcome.look",
    "welcome.use",
}  # fmt: skip
"""Owners only."""

THEIRS = {
    "library.album", "library.artist", "library.track",
    "library.same", "library.different", "library.split", "library.weigh_split",
    "library.star", "library.decision", "library.again", "library.pick", "library.unpick", "library.write",
    "review.answer", "review.alike", "review.undo",
    "library.undo", "discover.say", "discover.undo", "discover.include",
    "media.stream", "media.artwork", "media.preview", "media.preview_list", "shows.show", "shows.ics",
    "shows.say", "sources.sync", "sources.run", "sources.history", "sources.held", "sources.decide",
}  # fmt: skip
"""About one thing, which must be the listener's own or the household's."""

KEPT = {
    "sources.archive", "sources.bring_back", "sources.change", "sources.edit", "sources.erase", "sources.remove",
    "sources.rename", "sources.sign_in", "sources.switch", "sources.test",
}  # fmt: skip
"""Changes to an account: the listener's own; the household's for owners."""

BENS = "zyzzyva"
"""A word in every name that is Ben's alone."""


@pytest.fixture(scope="module")
def shared(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """Ana's household with Ben, whose things nobody else may see, and Cleo, who has nothing; made once."""
    folder = tmp_path_factory.mktemp("access") / "house"
    shutil.copytree(furnished, folder)
    store = open_store(folder)
    numbers = move_in(store)
    store.close()
    return folder, numbers


@pytest.fixture
def at_bens(shared: tuple[Path, dict[str, int]], tmp_path: Path) -> Iterator[tuple[Store, dict[str, int]]]:
    shutil.copytree(shared[0], tmp_path / "shared")
    store = open_store(tmp_path / "shared")
    yield store, shared[1]
    store.close()


def move_in(store: Store) -> dict[str, int]:
    """Ben, with everything a listener may have; the numbers of what is his."""
    ben = listeners.create(store, "Ben", "member", PASSWORD, listeners.Preferences(place=seed.DAVIS))
    listeners.create(store, "Cleo", "member", PASSWORD, listeners.Preferences(place=seed.DAVIS))
    account = seed.connect(store, "bens", "spotify", f"Ben {BENS}", ben.id, {"client_id": BENS})
    seed.bring(store, account, "bens", ben.id, [*bens_library(), *seed.streamed()])
    seed.bring(store, account, "bens", ben.id, bens_plays(), what="history")
    seed.bring(store, account, "bens", ben.id, bens_shows(), what="shows")
    merging.merge(store)
    numbers = {"account_id": account, "listener_id": ben.id, "member_id": ben.id}
    with store.read() as conn:
        for kind, name in (("artist", "name"), ("album", "title"), ("recording", "title"), ("show", "title")):
            query = f"SELECT MIN(id) FROM {kind} WHERE {name} LIKE '%{BENS}%'"
            numbers[kind] = conn.exec_driver_sql(query).scalar_one()
        query = "SELECT MIN(id) FROM claim WHERE account_id = ? AND kind = 'recording' AND payload LIKE '%audio%mp3%'"
        numbers["claim_id"] = conn.exec_driver_sql(query, (account,)).scalar_one()
        numbers["run_id"] = conn.exec_driver_sql(
            "SELECT MIN(id) FROM run WHERE account_id = ?", (account,)
        ).scalar_one()
        albums = conn.exec_driver_sql(f"SELECT id FROM album WHERE title LIKE '%{BENS}%'").scalars().all()
    numbers["decision_id"] = decisions.same(store, ben.id, "album", albums)
    numbers["pick_id"] = picks.pick(store, ben.id, "album", "title", max(albums)) or 0
    with store.write() as conn:
        say(conn, numbers)
    return numbers


def bens_library() -> list[Any]:
    credits = [Credit(name=f"Nightcap {BENS}", id="nc")]
    songs = [
        Track(id=f"t{n}", title=f"Secret {BENS} {n}", credits=credits, edition="e1", position=n, seconds=200,
              audio=Audio(path=f"{BENS}/{n}.mp3", codec="mp3", size=4))
        for n in (1, 2)
    ]  # fmt: skip
    return [
        Artist(id="nc", name=f"Nightcap {BENS}"),
        Edition(id="e1", title=f"Diary {BENS}", credits=credits, released="2001", total_tracks=2),
        Edition(id="e2", title=f"Diary {BENS}, the other one", credits=credits, released="2009", total_tracks=9),
        *songs,
        Holding(of="edition", id="e1", how="saved"),
        Holding(of="edition", id="e2", how="saved"),
        Playlist(id="p", name=f"Playlist {BENS}", tracks=["t1", "t2"]),
        Friend(id="f", name=f"Friend {BENS}"),
    ]


def bens_plays() -> list[Any]:
    now = datetime.now(UTC).replace(microsecond=0)
    credits = [Credit(name=f"Nightcap {BENS}")]
    return [Play(at=now - timedelta(hours=n), title=f"Secret {BENS} 1", credits=credits) for n in range(1, 9)]


def bens_shows() -> list[Any]:
    venue = Venue(name=f"Cellar {BENS}", city="Davis", region="CA", latitude=38.54, longitude=-121.74)
    lineup = [Credit(name=f"Nightcap {BENS}", id="nc", role="headliner")]
    return [Show(id="bs", title=f"Nightcap {BENS}", day=date.today() + timedelta(days=4), venue=venue, lineup=lineup)]


def say(conn: Any, numbers: dict[str, int]) -> None:
    """What hangs on Ben's account, and what he said."""
    now, account, ben = int(time.time()), numbers["account_id"], numbers["listener_id"]
    question = {"account_id": account, "scope": "library:", "items": 9, "of": 9, "held_at": now}
    row = conn.execute(insert(held).values(reason=f"Ben {BENS} named nothing.", **question).returning(held.c.id))
    numbers["held_id"] = row.scalar_one()
    conn.execute(insert(run_line).values(run_id=numbers["run_id"], at=now, level="info", line=f"read {BENS}"))
    changed = insert(run_change).prefix_with("OR REPLACE")
    conn.execute(changed.values(run_id=numbers["run_id"], claim_id=numbers["claim_id"], what="added"))
    said = {"listener_id": ben, "kind": "album", "claim_id": numbers["album"], "copy": f'{{"title": "{BENS}"}}'}
    row = conn.execute(insert(feedback).values(at=now, word="never", **said).returning(feedback.c.id))
    numbers["feedback_id"] = row.scalar_one()
    kept = {"listener_id": ben, "what": "artist", "claim_id": numbers["artist"], "name": BENS, "at": now}
    numbers["exclusion_id"] = conn.execute(insert(excluded).values(kept).returning(excluded.c.id)).scalar_one()
    conn.execute(insert(star).values(at=now, **said))


class House:
    """The routes, and the browsers of those who ask."""

    def __init__(self, store: Store, numbers: dict[str, int]) -> None:
        self.app = create_app(Config(data=store.folder, path=store.folder / "config.toml"), store)
        self.store, self.numbers = store, numbers
        self.people = {one.name: one for one in listeners.everyone(store)}

    def rules(self, *tables: set[str]) -> Iterator[tuple[Rule, str]]:
        wanted = set().union(*tables)
        for rule in self.app.url_map.iter_rules():
            if rule.endpoint in wanted:
                yield from ((rule, method) for method in sorted(rule.methods or ()) if method in ("GET", "POST"))

    def ask(self, name: str | None, rule: Rule, method: str, **other: int) -> Iterator[tuple[str, TestResponse]]:
        """Each address that the rule stands for, with Ben's numbers in its gaps unless told otherwise."""
        for address in addresses(rule, {**self.numbers, **other}):
            query = {"q": "nightcap", "text": "nightcap", "recommended": "1"} if method == "GET" else None
            answer = self.browser(name).open(address, method=method, query_string=query, data=self.form(method))
            yield f"{method} {address} as {name}: {answer.status}", answer

    def browser(self, name: str | None) -> FlaskClient:
        client = self.app.test_client()
        if name:
            who = listeners.by_id(self.store, self.people[name].id)
            assert who is not None
            with client.session_transaction() as session:
                session.update(listener=who.id, version=who.session_version)
        return client

    def form(self, method: str) -> dict[str, Any] | None:
        """Words that mean something to most forms; those about an item name Ben's."""
        if method == "GET":
            return None
        album = str(self.numbers["album"])
        return {
            "role": "member", "verdict": "same", "kind": "album", "a": album, "b": album, "other": album,
            "answer": "no", "claims": [album], "on": "0", "topic": "shows", "word": "follow", "account_name": "mine",
            "zip": "95616", "radius": "20", "unit": "mi", "theme": "dark", "density": "compact",
        }  # fmt: skip


@pytest.fixture
def home(at_bens: tuple[Store, dict[str, int]]) -> House:
    return House(*at_bens)


ITEMS = {"albums": "album", "artists": "artist", "tracks": "recording", "recordings": "recording", "shows": "show"}


def addresses(rule: Rule, numbers: dict[str, int]) -> list[str]:
    """The rule with numbers in its gaps: an item of each kind where it takes several kinds."""
    kinds = re.search(r"<any\(([\w, ]+)\):kind>", rule.rule)
    if not kinds:
        return [filled(rule.rule, numbers, ITEMS.get(rule.rule.split("/")[1], "album"))]
    every = [kind.strip() for kind in kinds[1].split(",")]
    return [filled(rule.rule.replace(kinds[0], kind), numbers, ITEMS.get(kind, kind)) for kind in every]


def filled(path: str, numbers: dict[str, int], kind: str) -> str:
    path = path.replace("<int:item_id>", str(numbers[kind])).replace("<int:artist_id>", str(numbers["artist"]))
    path = re.sub(r"<any\((\w+)[^>]*>", r"\1", path)
    told = {"token": "0" * 40, "provider": "lastfm", "name": "0" * 64, "seed": "0123abcd", "filename": "icon.svg"}
    known = {**told, "field": "title", "size": 300, "invite_id": 1, "track_id": "1", "order_id": 1, **numbers}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda gap: str(known[gap[1]]), path)


def refused(answer: TestResponse) -> bool:
    return answer.status_code == 401 or answer.headers.get("Location", "").startswith("/sign-in")


def bens_own(store: Store) -> list[Any]:
    """All that only Ben may change."""
    with store.read() as conn:
        read = lambda query: [tuple(row) for row in conn.exec_driver_sql(query)]  # noqa: E731
        return [
            read("SELECT * FROM account WHERE key = 'bens'"),
            read("SELECT r.* FROM run r JOIN account a ON a.id = r.account_id WHERE a.key = 'bens'"),
            read("SELECT h.* FROM held h JOIN account a ON a.id = h.account_id WHERE a.key = 'bens'"),
            read("SELECT d.* FROM decision d JOIN decision_claim c ON c.decision_id = d.id WHERE account_key = 'bens'"),
            read("SELECT p.* FROM pick p WHERE account_key = 'bens'"),
            read("SELECT c.id, c.present FROM claim c JOIN account a ON a.id = c.account_id WHERE a.key = 'bens'"),
            read("SELECT d.* FROM feedback d JOIN listener l ON l.id = d.listener_id WHERE l.name = 'Ben'"),
            read("SELECT e.* FROM excluded e JOIN listener l ON l.id = e.listener_id WHERE l.name = 'Ben'"),
            read("SELECT s.* FROM star s JOIN listener l ON l.id = s.listener_id WHERE l.name = 'Ben'"),
            read("SELECT settings, role, feed_version FROM listener WHERE name = 'Ben'"),
        ]


def everything(store: Store) -> list[str]:
    """The whole store, table by table."""
    with store.read() as conn:
        tables = conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'find%'")
        return [f"{name} {conn.exec_driver_sql(f'SELECT * FROM {name}').all()}" for name in tables.scalars().all()]


def number(store: Store, key: str) -> int:
    with store.read() as conn:
        return int(conn.exec_driver_sql("SELECT id FROM account WHERE key = ?", (key,)).scalar_one())


# --- the table --------------------------------------------------------------------------------------------------------


def test_every_route_stands_in_one_table(home: House) -> None:
    tables = (PUBLIC, LISTENER, OWNER, THEIRS, KEPT)
    assert {rule.endpoint for rule in home.app.url_map.iter_rules()} == set().union(*tables)
    assert sum(map(len, tables)) == len(set().union(*tables))
    assert PUBLIC == guard.OPEN


def test_nobody_opens_anything_but_the_door(home: House) -> None:
    faults = []
    for rule, method in home.rules(PUBLIC, LISTENER, OWNER, THEIRS, KEPT):
        for told, answer in home.ask(None, rule, method):
            if answer.status_code >= 500 or BENS in answer.text.lower():
                faults.append(told)
            if rule.endpoint not in PUBLIC and not refused(answer):
                faults.append(told)
    assert faults == [], "\n".join(faults)


def test_no_form_of_another_site_is_taken(home: House) -> None:
    before, ana, faults = everything(home.store), home.browser("Ana"), []
    for rule, method in home.rules(PUBLIC, LISTENER, OWNER, THEIRS, KEPT):
        for address in addresses(rule, home.numbers) if method == "POST" else ():
            for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
                if ana.post(address, data=home.form("POST"), headers=headers).status_code != 403:
                    faults.append(address)
    assert faults == []
    assert everything(home.store) == before


@pytest.mark.parametrize("name", ["Cleo", "Ana"])
def test_another_listeners_things_are_nobodys_business(home: House, name: str) -> None:
    """With Ben's numbers, a member and an owner alike: refused, nothing of his is named, nothing of his changes."""
    before, faults = bens_own(home.store), []
    for rule, method in home.rules(LISTENER, THEIRS, KEPT):
        for told, answer in home.ask(name, rule, method):
            if answer.status_code >= 500 or BENS in answer.text.lower():
                faults.append(told)
            if rule.endpoint in THEIRS | KEPT and answer.status_code not in (403, 404):
                faults.append(f"{told}, not refused")
    assert faults == [], "\n".join(faults)
    assert bens_own(home.store) == before


def test_ben_sees_what_is_his(home: House) -> None:
    """Else the test before this one would be about nothing."""
    seen = set()
    for rule, method in home.rules(LISTENER, THEIRS, KEPT):
        for _, answer in home.ask("Ben", rule, method) if method == "GET" else ():
            if BENS in answer.text.lower():
                seen.add(rule.endpoint)
    assert seen >= {
        "library.albums", "library.artists", "library.songs", "library.song_list", "library.album", "library.artist",
        "library.track", "library.album_list", "library.history", "library.others", "search.page", "shows.page",
        "shows.show", "sources.page", "sources.pulse", "sources.history", "sources.run", "sources.held", "sources.edit",
        "sources.remove", "home.page",
    }  # fmt: skip


def test_owners_only(home: House) -> None:
    before, faults = bens_own(home.store), []
    for rule, method in home.rules(OWNER):
        for told, answer in home.ask("Cleo", rule, method):
            if answer.status_code != 403 or "Ben" in answer.text:
                faults.append(told)
        for told, answer in home.ask("Ana", rule, method):
            if answer.status_code in (401, 403, 404) or answer.status_code >= 500 or BENS in answer.text.lower():
                faults.append(told)
    assert faults == [], "\n".join(faults)
    assert bens_own(home.store) == before


def test_a_member_reads_what_the_household_shares_and_leaves_it_as_it_is(home: House) -> None:
    files = number(home.store, "files")
    with home.store.read() as conn:
        shared = conn.exec_driver_sql("SELECT * FROM account WHERE listener_id IS NULL").all()
    faults = []
    for rule, method in home.rules(KEPT):
        faults += [
            told for told, answer in home.ask("Cleo", rule, method, account_id=files) if answer.status_code != 403
        ]
    with home.store.read() as conn:
        assert conn.exec_driver_sql("SELECT * FROM account WHERE listener_id IS NULL").all() == shared
    for rule, method in home.rules(KEPT):
        asked = home.ask("Ana", rule, method, account_id=files)
        faults += [told for told, answer in asked if answer.status_code in (401, 403, 404)]
    assert faults == [], "\n".join(faults)


def test_a_shared_item_does_not_tell_who_else_has_it(home: House) -> None:
    """Ben saved what Ana saved too: each sees their own sources of it, and Cleo sees none of it."""
    with home.store.read() as conn:
        album = conn.exec_driver_sql("SELECT id FROM album WHERE title = 'Glass weather'").scalar_one()
    pages = {name: home.browser(name).get(f"/albums/{album}") for name in ("Ana", "Ben", "Cleo")}
    assert BENS in pages["Ben"].text.lower()
    assert (pages["Ana"].status_code, BENS in pages["Ana"].text.lower()) == (200, False)
    assert pages["Cleo"].status_code == 404


def test_nothing_of_another_listeners_is_weighed(home: House) -> None:
    for kind in ("album", "artist", "recording", "show"):
        for verdict in ("same", "different"):
            address = f"/library/{kind}/weigh?verdict={verdict}&items={home.numbers[kind]}"
            told = {name: home.browser(name).get(address) for name in ("Ben", "Ana", "Cleo")}
            assert {name: answer.status_code for name, answer in told.items()} == {"Ben": 200, "Ana": 404, "Cleo": 404}


def test_each_calendar_is_ones_own(home: House) -> None:
    secret = home.app.secret_key
    assert isinstance(secret, bytes)
    tokens = {name: listeners.feed_token(secret, who) for name, who in home.people.items()}
    told = {}
    for name, who in home.people.items():
        told[name] = home.browser(None).get(f"/feed/{who.id}-{tokens[name]}.ics?recommended=1")
    assert {name: BENS in answer.text.lower() for name, answer in told.items()} == {
        "Ana": False, "Ben": True, "Cleo": False,
    }  # fmt: skip
    for name in ("Ana", "Cleo"):
        assert home.browser(name).get(f"/feed/{home.people['Ben'].id}-{tokens[name]}.ics").status_code == 404


def test_each_preference_is_ones_own(home: House) -> None:
    home.browser("Cleo").post("/settings/place", data={"zip": "60647", "radius": "9", "unit": "km"})
    found: dict[str, Listener] = {one.name: one for one in listeners.everyone(home.store)}
    assert found["Cleo"].preferences.radius == 9
    assert found["Ben"].preferences.radius == found["Ana"].preferences.radius == 50
