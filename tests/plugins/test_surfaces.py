"""Files, Spotify, Last.fm, ListenBrainz, Deezer, Ticketmaster and calendars name the same songs: one item each.

Real files, real client libraries, sample services on loopback, and the library's one way from records to items.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.demo import tokens
from aggregator.demo.catalogue import ARTISTS, SONGS
from aggregator.demo.gigs import HALLS, VENUES
from aggregator.demo.house import lay_out_music
from aggregator.demo.service import Running
from aggregator.demo.truth import UNSURE, UNSURE_FILES
from aggregator.demo.world import LASTFM_KEY, LASTFM_SECRET, TICKETMASTER_KEY, World
from aggregator.library.folding import fold
from aggregator.plugin import Area, Checkpoint, Complete, Progress
from plugins.calendar import Calendar
from plugins.deezer import Deezer
from plugins.files import Files
from plugins.lastfm import Lastfm
from plugins.listenbrainz import ListenBrainz
from plugins.spotify import Spotify
from plugins.ticketmaster import Ticketmaster
from tests.library.house import ANA, House, open_house
from tests.plugins.conftest import NOW, SINCE, Account

pytestmark = pytest.mark.timeout(300)

SERVICES = ("spotify", "lastfm", "listenbrainz", "deezer", "ticketmaster", "calendar")
TODAY = datetime.fromtimestamp(NOW, UTC).date()
CHICAGO = Area(latitude=41.92, longitude=-87.7, radius_km=50, since=TODAY, until=TODAY + timedelta(days=120))
OWNERS = {"listenbrainz": ANA, "deezer": None, "calendar": None}
"""Of the accounts that the house has not got yet."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("surfaces")
    lay_out_music(folder / "music")
    house = open_house(folder)
    with house.store.write() as conn:
        for key, owner in OWNERS.items():
            house.accounts[key] = conn.exec_driver_sql(
                "INSERT INTO account (key, provider, name, listener_id, created_at) VALUES (?, ?, ?, ?, 0)"
                " RETURNING id",
                (key, key, key, owner),
            ).scalar_one()
    with ExitStack() as stack:
        running = [stack.enter_context(Running(name, now=NOW, since=SINCE)) for name in SERVICES]
        _read(house, folder, {service.name: service.url for service in running}, world)
    house.merge()
    yield house
    house.store.close()


def _read(house: House, folder: Path, at: dict[str, str], world: World) -> None:
    """Plays first: what is heard is known before it is owned."""
    robin = next(iter(world.spotify.values()))
    secrets = {
        "client_id": robin.client, "client_secret": robin.secret, "refresh_token": tokens.first_refresh(robin.client),
    }  # fmt: skip
    lastfm = Account(Lastfm, user="robin_demo", api_key=LASTFM_KEY, api_secret=LASTFM_SECRET, address=at["lastfm"])
    _tell(house, "lastfm", "history", lastfm.run("plays", None).records)
    listens = Account(ListenBrainz, user="sam_demo", address=at["listenbrainz"], labs=at["listenbrainz"])
    _tell(house, "listenbrainz", "history", listens.run("plays", None).records)
    house.merge()
    spotify = Account(Spotify, **secrets, address=at["spotify"])
    _tell(house, "spotify", "library", spotify.run("library").records)
    _tell(house, "spotify", "history", spotify.run("plays", None).records)
    _tell(house, "files", "library", Account(Files, folder=str(folder / "music")).run("library").records)
    deezer = Account(Deezer, address=at["deezer"]).provider()
    _tell(
        house,
        "deezer",
        "library",
        [found for song in list(SONGS.values())[::10] for found in deezer.search(song.title)],
    )
    sold = Account(Ticketmaster, api_key=TICKETMASTER_KEY, address=at["ticketmaster"])
    _tell(house, "tickets", "shows", sold.run("shows", [], CHICAGO).records)
    for hall in HALLS:
        place = {"venue": VENUES[hall].name, "city": VENUES[hall].city}
        listed = Account(Calendar, address=f"{at['calendar']}/{hall}.ics", **place)
        _tell(house, "calendar", "shows", listed.run("shows", [], CHICAGO).records)


def _tell(house: House, account: str, what: str, records: list) -> None:
    plain = [record for record in records if not isinstance(record, Complete | Checkpoint | Progress)]
    assert plain, account
    house.sync(account, *plain, what=what, scope=None, batch=500)


def named(house: House, kind: str) -> dict[tuple[str, str], dict[int, set[str]]]:
    """By folded name (and artist): the items of that name, each with the accounts that tell of it."""
    found: defaultdict[tuple[str, str], defaultdict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for item, account, payload in house.rows(
        "SELECT link.item_id, a.key, c.payload FROM link JOIN claim c ON c.id = link.claim_id JOIN account a"
        " ON a.id = c.account_id WHERE link.kind = ? AND c.present",
        kind,
    ):
        said = json.loads(payload)
        artist = said["credits"][0]["name"] if said.get("credits") else ""
        found[fold(said.get("title") or said["name"]), fold(artist)][item].add(account)
    return found


def test_a_song_is_one_item_whoever_names_it(house: House) -> None:
    found = named(house, "recording")
    everywhere = 0
    for song in SONGS.values():
        if song.slug not in UNSURE | UNSURE_FILES:
            items = found.get((fold(song.title), fold(song.credits[0].artist.name)), {})
            assert len(items) <= 1, (song.title, items)
            everywhere += any({"files", "spotify", "lastfm"} <= accounts for accounts in items.values())
    assert everywhere >= 5
    told = {account for items in found.values() for accounts in items.values() for account in accounts}
    assert told == {"files", "spotify", "lastfm", "listenbrainz", "deezer"}


def test_an_artist_is_one_item_on_songs_and_on_bills(house: House) -> None:
    found = named(house, "artist")
    playing = 0
    for artist in ARTISTS.values():
        items = {item: told for item, told in found.get((fold(artist.name), ""), {}).items() if told != {"tickets"}}
        library = [told for told in items.values() if told & {"files", "spotify", "lastfm"}]
        assert len(library) <= 1, (artist.name, items)
        playing += any(told & {"tickets", "calendar"} for told in library)
    assert playing >= 3


def test_a_concert_of_two_listings_is_one_show(house: House) -> None:
    told = house.rows(
        "SELECT item_id FROM link JOIN claim c ON c.id = link.claim_id WHERE link.kind = 'show'"
        " GROUP BY 1 HAVING COUNT(DISTINCT c.account_id) = 2"
    )
    assert told


def test_plays_belong_to_the_song_that_is_owned(house: House) -> None:
    """Scrobbled before the file was read; told by two sources once."""
    plays = dict(house.rows(
        "SELECT link.item_id, COUNT(*) FROM report r JOIN link ON link.claim_id = r.claim_id WHERE r.leads"
        " AND r.listener_id = ? GROUP BY 1", ANA
    ))  # fmt: skip
    shelves = house.rows(
        "SELECT item_id, plays, owned FROM shelf WHERE listener_id = ? AND kind = 'recording' AND plays", ANA
    )
    assert {item: count for item, count, _ in shelves} == plays
    assert sum(1 for _, _, owned in shelves if owned) >= 5
    assert house.value("SELECT COUNT(*) FROM report WHERE listen_id IS NULL") == 0
    assert house.value("SELECT COUNT(*) FROM report WHERE NOT leads") > 0
