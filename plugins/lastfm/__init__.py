"""Last.fm: scrobbles, loved tracks, friends, and what it knows of artists, through pylast.

pylast's own paging and caching are not used: scrobbles are asked by time, so that pages do not shift while new ones
arrive, and each page is stored before the next one is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode
from xml.dom.minidom import Element

from aggregator.plugin import (
    Artist,
    AuthFailed,
    BadData,
    Checkpoint,
    Complete,
    Discovery,
    Edition,
    Field,
    Friend,
    Friends,
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
    Tag,
    Track,
    Unavailable,
    why,
)

from . import shapes
from .client import API, WEB, Client, Unknown, children, forget, number, text
from .spans import Span, Spans

__all__ = ["Lastfm"]

PAGE = 200
FOUND = 5
"""Hits of each kind in a search."""
NEAREST = 100
POPULAR = 20
MOST = 100
"""Artists of a tag, and of the chart."""
FAVOURITES = 50
PRIVATE = "17"
"""What Last.fm answers for what a listener shows to nobody."""

R = TypeVar("R")
Hit = TypeVar("Hit", Artist, Edition, Track)


class Lastfm(Provider, Library, History, Friends, Discovery, LiveSearch, SignIn):
    id = "lastfm"
    name = "Last.fm"
    about = "Everything you scrobbled, loved tracks, friends, similar artists and tags."
    key_minutes = 2
    key_page = "https://www.last.fm/api/account/create"
    limits = (Limit(calls=5, seconds=1, scope="address"),)
    every = {"history": timedelta(hours=1)}
    artwork_hosts = ("lastfm.freetls.fastly.net", "*.last.fm")

    class Settings(Provider.Settings):
        user: str = Field(title="User name", min_length=1)
        api_key: SecretStr = Field(title="API key", description="Free, from last.fm/api/account/create.")
        api_secret: SecretStr | None = Field(
            default=None, title="Shared secret", description="Only needed to sign in, where your plays are private."
        )
        session_key: SecretStr | None = Field(
            default=None,
            title="Permission",
            description="Filled in by signing in.",
            json_schema_extra={"advanced": True},
        )
        address: str = Field(default=API, title="Address", json_schema_extra={"advanced": True})

    @cached_property
    def _client(self) -> Client:
        return Client(self)

    # --- history --------------------------------------------------------------------------------------------------

    def plays(self, cursor: str | None) -> Iterator[Play | Skipped | Progress | Checkpoint]:
        """New scrobbles first, then what earlier runs left open; every page ends with a checkpoint."""
        spans = Spans.after(cursor)
        done = 0
        for span in list(spans.open):
            for scrobbles, total in self._back_through(span):
                for node in scrobbles:
                    yield _understood("play", node, shapes.play)
                spans.newest = max([spans.newest, *map(shapes.stamp, scrobbles)])
                done += len(scrobbles)
                yield Progress(done=done, total=max(done, total), doing="Scrobbles")
                yield Checkpoint(cursor=spans.cursor())
            spans.open.remove(span)
            yield Checkpoint(cursor=spans.cursor())

    def _back_through(self, span: Span) -> Iterator[tuple[list[Element], int]]:
        """Pages of a span with the number of scrobbles in it at first. The span ends where the last page did."""
        page, before, total = 1, None, None
        while True:
            listed = self._of_user("user.getRecentTracks", "recenttracks", limit=PAGE, page=page, **span.query())
            scrobbles = [node for node in children(listed, "track") if shapes.stamp(node)]
            same = [(shapes.stamp(node), text(node, "name")) for node in scrobbles]
            last_page = page >= number(listed.getAttribute("totalPages"))
            if not last_page and (not same or (page > 1 and same == before)):
                raise BadData("Last.fm's pages of scrobbles go round in a circle.")
            total, before = total or number(listed.getAttribute("total")), same
            oldest = min((at for at, _ in same), default=span.since)
            # More scrobbles in one second than fit on a page: time does not tell them apart, so turn the page.
            page = page + 1 if oldest == span.until else 1
            span.until = oldest
            yield scrobbles, total
            forget(listed)
            if last_page:
                return

    # --- library --------------------------------------------------------------------------------------------------

    def library(self) -> Iterator[Track | Holding | Skipped | Progress | Complete]:
        """Loved tracks."""
        for node in self._all_pages("user.getLovedTracks", "lovedtracks", "track"):
            track = _understood("track", node, shapes.track)
            yield track
            if isinstance(track, Track):
                since = shapes.moment(shapes.stamp(node)) if shapes.stamp(node) else None
                yield Holding(of="track", id=track.id, how="loved", since=since)
        yield Complete(scope="loved")

    def friends(self) -> Iterator[Friend | Skipped | Complete]:
        for node in self._all_pages("user.getFriends", "friends", "user"):
            yield _understood("friend", node, shapes.friend)
        yield Complete(scope="friends")

    def _all_pages(self, method: str, inside: str, each: str) -> Iterator[Element]:
        """Every element of a list. A list that came short is Unavailable, so that nothing is taken for removed."""
        page, came, most, before = 1, set[str](), 0, None
        while True:
            listed = self._of_user(method, inside, limit=PAGE, page=page)
            nodes = children(listed, each)
            names = [f"{text(node, 'url')} {text(node, 'name')}" for node in nodes]
            last_page = page >= number(listed.getAttribute("totalPages"))
            if names and names == before:
                raise BadData(f"Last.fm's pages for {method} go round in a circle.")
            yield from (node for name, node in dict(zip(names, nodes, strict=True)).items() if name not in came)
            came.update(names)
            before, most = names, max(most, number(listed.getAttribute("total")))
            forget(listed)
            if last_page:
                break
            page += 1
        if len(came) < most:
            raise Unavailable(
                f"Only {len(came)} of {most} came for {method}. Nothing was removed; the next run reads it again."
            )

    def _of_user(self, method: str, inside: str, **query: Any) -> Element:
        try:
            return self._client.ask(method, inside, user=self.settings.user, **query)
        except Unknown as error:
            words = f"Last.fm knows no listener named {self.settings.user}. Check the settings."
            raise AuthFailed(words) from error

    # --- live -----------------------------------------------------------------------------------------------------

    def top_artists(self, friend: Friend) -> Iterable[tuple[Artist, int]]:
        ranked = self._of_friend("user.getTopArtists", "topartists", friend)
        return [(artist, number(text(node, "playcount"))) for node, artist in _read(ranked, "artist", shapes.artist)]

    def top_albums(self, friend: Friend) -> Iterable[tuple[Edition, int]]:
        ranked = self._of_friend("user.getTopAlbums", "topalbums", friend)
        return [(album, number(text(node, "playcount"))) for node, album in _read(ranked, "album", shapes.edition)]

    def _of_friend(self, method: str, inside: str, friend: Friend) -> Element | None:
        """None for one who is gone or keeps it private."""
        try:
            return self._client.ask(method, inside, user=friend.id, limit=FAVOURITES)
        except Unknown:
            return None
        except AuthFailed as error:
            if getattr(error.__cause__, "status", "") == PRIVATE:
                return None
            raise

    def similar(self, artist: Artist) -> Iterable[tuple[Artist, float]]:
        near = self._of_artist("artist.getSimilar", "similarartists", artist, limit=NEAREST)
        return [(other, _share(text(node, "match"))) for node, other in _read(near, "artist", shapes.artist)]

    def tags(self, artist: Artist) -> Iterable[Tag]:
        words = _named(self._of_artist("artist.getTopTags", "toptags", artist), "tag")
        weighed = {text(node, "name"): number(text(node, "count")) for node in words}
        return [Tag(name=name, weight=weight) for name, weight in weighed.items() if weight]

    def albums_of(self, artist: Artist) -> Iterable[Edition]:
        albums = self._of_artist("artist.getTopAlbums", "topalbums", artist, limit=POPULAR)
        return [edition for _, edition in _read(albums, "album", shapes.edition) if edition.title != "(null)"]

    def top_songs(self, artist: Artist) -> Iterable[Track]:
        songs = self._of_artist("artist.getTopTracks", "toptracks", artist, limit=POPULAR)
        return [song for _, song in _read(songs, "track", shapes.track)]

    def tag_artists(self, tag: str) -> Iterable[tuple[Artist, int]]:
        """Last.fm tells the order alone. Numbers of use fall about with the cube root of the place."""
        try:
            ranked = self._client.ask("tag.getTopArtists", "topartists", tag=tag, limit=MOST)
        except Unknown:
            return []
        artists = [artist for _, artist in _read(ranked, "artist", shapes.artist)]
        return [(artist, round(1000 / place ** (1 / 3))) for place, artist in enumerate(artists, 1)]

    def listeners(self, artist: Artist) -> int | None:
        told = self._of_artist("artist.getInfo", "artist", artist)
        stats = children(told, "stats") if told is not None else []
        return number(text(stats[0], "listeners")) if stats else None

    def chart(self) -> Iterable[Artist]:
        ranked = self._client.ask("chart.getTopArtists", "artists", limit=MOST)
        return [artist for _, artist in _read(ranked, "artist", shapes.artist)]

    def _of_artist(self, method: str, inside: str, artist: Artist, **query: Any) -> Element | None:
        """Asked by MBID, and where Last.fm has another one, by name; None for an artist it does not know."""
        named = {"artist": artist.ids.get("lastfm") or artist.name}
        for asked in ({"mbid": artist.ids["mbid"]}, named) if "mbid" in artist.ids else (named,):
            try:
                return self._client.ask(method, inside, **asked, **query)
            except Unknown:
                continue
        return None

    def search(self, text: str) -> Iterable[Artist | Edition | Track]:
        found: list[Artist | Edition | Track] = []
        for kind, convert in (("artist", shapes.artist), ("album", shapes.edition), ("track", shapes.track)):
            results = self._client.ask(f"{kind}.search", "results", limit=FOUND, **{kind: text})
            for matches in children(results, f"{kind}matches"):
                found += [hit for _, hit in _read(matches, kind, convert)]
        return found

    # --- sign-in --------------------------------------------------------------------------------------------------

    def begin(self, redirect: str, state: str) -> str:
        if not self.settings.api_secret:
            raise AuthFailed("Signing in to Last.fm needs the shared secret of your API account. Add it first.")
        web = WEB if self.settings.address == API else self.settings.address.rstrip("/")
        back = f"{redirect}{'&' if '?' in redirect else '?'}{urlencode({'state': state})}"
        asked = {"api_key": self.settings.api_key.get_secret_value(), "cb": back}
        return f"{web}/api/auth/?{urlencode(asked)}"

    def finish(self, redirect: str, params: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002
        if "token" not in params:
            raise AuthFailed(
                "You did not allow it at Last.fm, so nothing was changed. Sign in again whenever you like."
            )
        key, user = self._client.session(params["token"])
        if user.casefold() != self.settings.user.casefold():
            raise AuthFailed(
                f"You are {user} at Last.fm, but this account reads the plays of {self.settings.user}. Sign out at "
                "Last.fm and sign in again, or change the user name in the settings."
            )
        return {"session_key": key}


def _read(node: Element | None, name: str, convert: Callable[[Element], Hit]) -> Iterator[tuple[Element, Hit]]:
    """What can be read of a list, once each: an entry without its name or artist is nothing to a listener."""
    told = set()
    for child in _named(node, name):
        try:
            record = convert(child)
        except ValueError:
            continue
        if record.id not in told:
            told.add(record.id)
            yield child, record


def _named(node: Element | None, name: str) -> list[Element]:
    """The children of that name which have a name themselves."""
    return [child for child in children(node, name) if text(child, "name")] if node is not None else []


def _share(match: str) -> float:
    """0..1; 0 for what is no number."""
    try:
        return min(1.0, max(0.0, float(match)))
    except ValueError:
        return 0.0


def _understood(of: Literal["play", "track", "friend"], node: Element, convert: Callable[[Element], R]) -> R | Skipped:
    try:
        return convert(node)
    except ValueError as error:
        id = text(node, "name") or text(node, "url") or "unnamed"
        artist = next((text(child, "name") for child in children(node, "artist")), "") or text(node, "artist")
        name = " by ".join(each[:200] for each in (text(node, "name"), artist) if each)
        id = f"{shapes.stamp(node)} {id}" if of == "play" else id
        return Skipped(of=of, id=id, reason=why(error), name=name or None)
