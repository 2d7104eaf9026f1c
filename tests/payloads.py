"""Put recorded answers of the real services through the providers' parsing::

    python -m tests.payloads FOLDER

FOLDER holds one folder per service (``spotify``, ``lastfm``, ``ticketmaster``, ``deezer``, ``listenbrainz``, ``ics``)
with answers as ``.json``, ``.xml`` or ``.ics``. Every answer that is an object is read whole as well, and may say no,
but only with an error of the contract. For development: recordings are not part of the project, and pytest does not run
this. Exits with 1 where something in them was not understood.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from xml.dom.minidom import Element

import pylast

from aggregator.contract.replies import SOMEBODY
from aggregator.plugin import Area, ProviderError, Skipped
from plugins import calendar, deezer, ticketmaster
from plugins.lastfm import shapes as lastfm
from plugins.lastfm.client import text
from plugins.listenbrainz import shapes as listenbrainz
from plugins.spotify import shapes as spotify

Told = Iterator[tuple[str, Callable[[], Any]]]


def of_spotify(node: Any) -> Told:
    """Everything that says what it is, wherever it stands."""
    convert = {"album": spotify.edition, "artist": spotify.artist, "track": spotify.track}
    for part in _dicts(node):
        kind = part.get("type")
        if "played_at" in part:
            yield "play", lambda part=part: spotify.play(part)
        elif kind == "playlist" and part.get("id"):
            yield kind, lambda part=part: spotify.playlist(part, [])
        elif kind in convert and part.get("id") and part.get("name"):
            yield kind, lambda part=part, kind=kind: convert[kind](part)


def of_ticketmaster(node: Any) -> Told:
    for part in _dicts(node):
        if part.get("type") == "event" and "dates" in part:
            yield "event", lambda part=part: _understood(ticketmaster._show(part))


def of_lastfm(root: Element) -> Told:
    convert = {"artist": lastfm.artist, "album": lastfm.edition, "track": lastfm.track, "user": lastfm.friend}
    for kind, each in convert.items():
        for node in root.getElementsByTagName(kind):
            if not text(node, "name") or (kind in ("album", "track") and not node.getElementsByTagName("artist")):
                continue
            yield kind, lambda node=node, each=each: each(node)
            if kind == "track" and lastfm.stamp(node):
                yield "play", lambda node=node: lastfm.play(node)


def of_deezer(node: Any) -> Told:
    yield "answer", lambda: _listed(node)
    convert = {"artist": deezer.artist_of, "album": deezer.edition_of, "track": deezer.track_of}
    for part in _dicts(node):
        if part.get("type") in convert:
            yield part["type"], lambda part=part: convert[part["type"]](part)


def _listed(body: Any) -> Any:
    """As an answer to any question: what is no list is told so in words."""
    provider = deezer.Deezer()
    provider.settings = deezer.Deezer.Settings()
    provider.http = type("Gate", (), {"json": staticmethod(lambda *_, **__: body)})
    with suppress(ProviderError):
        provider._list("anything")


def of_listenbrainz(node: Any) -> Told:
    for part in _dicts(node):
        if "track_metadata" in part and listenbrainz.stamp(part):
            yield "listen", lambda part=part: _understood(listenbrainz.understood(part))
        if ("listen_count" in part and part.get("artist_name")) or "reference_mbid" in part:
            yield "artist", lambda part=part: listenbrainz.artist(part)
        if "total_user_count" in part and "release_group" in part:
            yield "album", lambda part=part: listenbrainz.edition(listenbrainz.heard(part), SOMEBODY)


def of_ics(file: Path) -> Told:
    """Whatever stands in a feed is a show or a sentence."""
    settings = calendar.Calendar.Settings(address="https://recorded.example/feed.ics")
    always = Area(latitude=0, longitude=0, radius_km=20100, since=date(1900, 1, 1), until=date(2100, 1, 1))
    yield "feed", lambda: list(calendar.Reader(settings, always, calendar.Answer(file.read_bytes(), {}).text).found())


def _dicts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _dicts(inner)


def _understood(record: Any) -> Any:
    if isinstance(record, Skipped):
        raise ValueError(record.reason)
    return record


def main(folder: Path) -> int:
    counts: Counter[str] = Counter()
    faults = 0
    for file in sorted(file for pattern in ("*/*.json", "lastfm/*.xml", "ics/*.ics") for file in folder.glob(pattern)):
        service = file.parent.name
        readers = {
            "spotify": of_spotify,
            "ticketmaster": of_ticketmaster,
            "deezer": of_deezer,
            "listenbrainz": of_listenbrainz,
        }
        if file.suffix == ".xml":
            told = of_lastfm(pylast._parse_response(file.read_text()).documentElement)
        elif file.suffix == ".ics":
            told = of_ics(file)
        elif service in readers:
            told = readers[service](json.loads(file.read_text()))
        else:
            continue
        for kind, convert in told:
            try:
                convert()
                counts[f"{service} {kind}"] += 1
            except Exception as error:
                faults += 1
                print(f"{service}/{file.name}: {kind}: {type(error).__name__}: {error}")
    for name, number in sorted(counts.items()):
        print(f"{name:24} {number:6}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
