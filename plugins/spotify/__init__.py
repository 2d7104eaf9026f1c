"""Spotify: what the listener saved, follows and lately played, through spotipy.

The Web API is kept small for private apps since 2024: an endpoint that answers 403 is not open to this app. That is
remembered for a week, told in the log, and leaves only that part of the library as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from aggregator.plugin import (
    Artist,
    BadData,
    Checkpoint,
    Complete,
    Edition,
    Field,
    History,
    Holding,
    Library,
    Limit,
    LiveSearch,
    Play,
    Progress,
    Provider,
    SecretStr,
    SignIn,
    Skipped,
    Track,
)

from . import shapes
from .client import API, SCOPES, Client, Json, MemoryCacheHandler, NotOpen, auth_manager, new_permission, not_allowed
from .lists import MISSHAPEN, Heap, Part, Reader, Told, called, skipped

__all__ = ["Spotify"]

PAGE = 50
FOUND = 10
"""The most that a search may ask for."""
REMEMBERED_PLAYS = 50


class Spotify(Provider, Library, History, LiveSearch, SignIn):
    id = "spotify"
    name = "Spotify"
    about = "Saved albums and songs, followed artists, playlists, and what was lately played."
    key_minutes = 5
    key_page = "https://developer.spotify.com/dashboard"
    limits = (Limit(calls=90, seconds=30, scope="key"),)
    every = {"history": timedelta(hours=2)}  # 50 plays are all that Spotify remembers
    artwork_hosts = ("*.scdn.co", "*.spotifycdn.com")

    class Settings(Provider.Settings):
        client_id: str = Field(
            title="Client ID", description="Of an app you made at developer.spotify.com/dashboard (needs Premium)."
        )
        client_secret: SecretStr | None = Field(
            default=None, title="Client secret", description="Of the same app. May be left out."
        )
        refresh_token: SecretStr | None = Field(
            default=None,
            title="Permission",
            description="Filled in by signing in.",
            json_schema_extra={"advanced": True},
        )
        address: str = Field(default=API, title="Address", json_schema_extra={"advanced": True})

    @cached_property
    def _client(self) -> Client:
        return Client(self)

    # --- library --------------------------------------------------------------------------------------------------

    def library(self) -> Iterator[Told | Progress | Complete]:
        heap = Heap()
        reader = Reader(self._client, heap, self.log.warning)
        parts = [Part("tracks", "Saved songs"), Part("albums", "Saved albums")]
        parts += [Part("artists", "Followed artists"), Part("playlists", "Playlists")]
        for part, read in zip(parts, (self._tracks, self._albums, self._artists, self._playlists), strict=True):
            yield Progress(done=len(heap), doing=part.words)
            if not reader.read(part, read(reader, part)):
                break
        for part in parts:
            if part.read and not part.trouble:
                yield from heap.told(part.records)
                yield Complete(scope=part.scope)
        # After the last Complete: these are stored, and no list closes in which others would be missing.
        for part in parts:
            yield from heap.told(part.records if part.trouble else ())
        if trouble := next((part.trouble for part in parts if part.trouble), None):
            raise trouble

    def _tracks(self, reader: Reader, part: Part) -> Iterator[Told]:
        for item in reader.items(part, "me/tracks", limit=PAGE):
            yield from reader.each("track", item, _saved_track)

    def _albums(self, reader: Reader, part: Part) -> Iterator[Told]:
        for item in reader.items(part, "me/albums", limit=PAGE):
            yield from reader.each("edition", item, self._saved_album)

    def _saved_album(self, item: Json) -> Iterator[Told]:
        album = item["album"]
        edition = shapes.edition(album)
        yield edition
        listed = album.get("tracks") or {}
        slots = list(listed.get("items") or ())
        if listed.get("next"):
            slots += [slot for page in self._client.pages(listed["next"]) for slot in page["items"]]
        for slot in slots:
            if slot and slot.get("id"):
                yield shapes.track(slot, edition.id)
        yield Holding(of="edition", id=edition.id, how="saved", since=shapes.moment(item["added_at"]))

    def _artists(self, reader: Reader, part: Part) -> Iterator[Told]:
        for item in reader.items(part, "me/following", inside="artists", type="artist", limit=PAGE):
            yield from reader.each("artist", item, _followed_artist)

    def _playlists(self, reader: Reader, part: Part) -> Iterator[Told]:
        for item in reader.items(part, "me/playlists", limit=PAGE):
            yield from reader.each("playlist", item, self._playlist)

    def _playlist(self, listed: Json) -> Iterator[Told]:
        """A playlist with its songs; those of other people's are often closed to private apps."""
        songs: list[Track] = []
        try:
            for page in self._client.pages(f"playlists/{listed['id']}/items", limit=PAGE):
                for entry in page["items"]:
                    yield from (told := list(_entry(entry)))
                    songs += [record for record in told if isinstance(record, Track)]
        except NotOpen:
            yield Skipped(of="playlist", id=listed["id"], reason=f"{listed.get('name')}: not open to this app.")
            return
        yield shapes.playlist(listed, [song.id for song in songs])

    # --- history --------------------------------------------------------------------------------------------------

    def plays(self, cursor: str | None) -> Iterator[Play | Skipped | Checkpoint]:
        """The last 50 plays. The cursor is when the newest one ended, as Spotify writes it."""
        try:
            page = next(self._client.pages("me/player/recently-played", limit=REMEMBERED_PLAYS))
        except NotOpen:
            self.log.warning("What was lately played is not open to this app (403).")
            return
        fresh = [item for item in page["items"] if _played_at(item) > (cursor or "")]
        if cursor and len(fresh) == REMEMBERED_PLAYS:
            self.log.warning("All 50 plays that Spotify remembers are new: earlier ones may have been missed.")
        for item in fresh:
            try:
                yield shapes.play(item)
            except MISSHAPEN as error:
                yield skipped("play", item["played_at"], error, called(item))
        if fresh:
            yield Checkpoint(cursor=max(map(_played_at, fresh)))

    # --- live -----------------------------------------------------------------------------------------------------

    def search(self, text: str) -> Iterable[Artist | Edition | Track]:
        answer = self._client.get("search", q=text, limit=FOUND, type="artist,album,track")
        found: dict[tuple[str, str], Artist | Edition | Track] = {}
        for kind, convert in (("artists", shapes.artist), ("albums", shapes.edition), ("tracks", shapes.track)):
            for item in _hits(answer, kind):
                try:
                    record = convert(item)
                except MISSHAPEN as error:
                    self.log.warning("One of the %s that were found is in a form that is not known (%r).", kind, error)
                else:
                    found[record.type, record.id] = record
        return found.values()

    # --- sign-in --------------------------------------------------------------------------------------------------

    def begin(self, redirect: str, state: str) -> str:
        """The verifier stays here until `finish`: who intercepts the code that comes back cannot use it."""
        manager = auth_manager(self, MemoryCacheHandler(), redirect, SCOPES)
        url: str = manager.get_authorize_url(state=state)
        self.state["verifier"] = getattr(manager, "code_verifier", None)
        return url

    def finish(self, redirect: str, params: Mapping[str, str]) -> dict[str, str]:
        if "code" not in params:
            raise not_allowed(params.get("error", ""))
        manager = auth_manager(self, MemoryCacheHandler(), redirect)
        if verifier := self.state.pop("verifier", None):
            # spotipy makes a new pair of its own unless both are set.
            manager.code_verifier = manager.code_challenge = verifier
        return {"refresh_token": new_permission(manager, params["code"])}


def _hits(answer: Json, kind: str) -> list[Json]:
    """Lists that were cut short hold nulls."""
    listed = answer.get(kind)
    items = listed.get("items") if isinstance(listed, dict) else None
    if not isinstance(items, list):
        raise BadData("Spotify sent something that is no answer to a search.")
    return [item for item in items if item]


def _played_at(item: Any) -> str:
    """When a play ended, as written; empty where the item is none."""
    moment = item.get("played_at") if isinstance(item, dict) else None
    return moment if isinstance(moment, str) else ""


def _saved_track(item: Json) -> Iterator[Told]:
    song = item["track"]
    if not song.get("id"):
        return  # a file of the listener's own that Spotify merely plays
    yield from _song(song)
    yield Holding(of="track", id=song["id"], how="saved", since=shapes.moment(item["added_at"]))


def _song(song: Json) -> Iterator[Told]:
    if (song.get("album") or {}).get("id"):
        yield shapes.edition(song["album"])
    yield shapes.track(song)


def _followed_artist(item: Json) -> Iterator[Told]:
    yield shapes.artist(item)
    yield Holding(of="artist", id=item["id"], how="followed")


def _entry(entry: Json | None) -> Iterator[Told]:
    """A song in a playlist. What is gone, a podcast, or a file of the listener's own is left out."""
    song = entry and (entry.get("item") or entry.get("track"))
    if song and song.get("id") and song.get("type", "track") == "track" and song.get("name"):
        yield from _song(song)
