"""Deezer's public catalogue: similar artists, albums, samples, artist radio and search. No key, no account."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeVar

from aggregator.plugin import (
    Artist,
    BadData,
    Cover,
    Credit,
    Discovery,
    Edition,
    Field,
    Limit,
    LiveSearch,
    Provider,
    ProviderError,
    Radio,
    RateLimited,
    Track,
    Unavailable,
)

API = "https://api.deezer.com"
MOST = 100
"""Items of one list; Deezer gives no more at once."""
FOUND = 5
"""Hits of each kind in a search."""
POPULAR = 20
"""Songs of an artist that are heard most."""
NEAREST, FURTHEST = 0.8, 0.3
"""Deezer says in which order artists are similar, not how much: what its first and its last are taken for."""
QUOTA_SECONDS = 5.0
QUOTA, BUSY, UNKNOWN = 4, 700, 800

FORMS = {"album": "album", "ep": "ep", "single": "single", "compile": "compilation"}

Json = dict[str, Any]
R = TypeVar("R", Artist, Edition, Track)


class Deezer(Provider, Discovery, Radio, LiveSearch):
    id = "deezer"
    name = "Deezer"
    about = "Similar artists and albums for recommendations, 30 seconds of what is new to you, and a search."
    household = True
    limits = (Limit(calls=40, seconds=5, scope="address"),)  # of 50: what is sent evenly may arrive in a heap
    artwork_hosts = ("*.dzcdn.net",)

    class Settings(Provider.Settings):
        address: str = Field(default=API, title="Address", json_schema_extra={"advanced": True})

    def similar(self, artist: Artist) -> Iterable[tuple[Artist, float]]:
        near = list(_each(self._of_artist(artist, "related"), artist_of))
        step = (NEAREST - FURTHEST) / max(1, len(near) - 1)
        return [(other, round(NEAREST - place * step, 3)) for place, other in enumerate(near)]

    def albums_of(self, artist: Artist) -> Iterable[Edition]:
        albums = sorted(self._of_artist(artist, "albums"), key=lambda album: -_number(album.get("fans")))
        by = Credit(name=artist.name, ids=artist.ids)
        for edition in _each(albums, edition_of):
            yield edition if edition.credits else edition.model_copy(update={"credits": [by]})

    def listeners(self, artist: Artist) -> int | None:
        """Deezer counts fans."""
        number = self._number(artist)
        said = self._ask(f"artist/{number}") if number else None
        return _number(said.get("nb_fan")) if said else None

    def chart(self) -> Iterable[Artist]:
        return list(_each(self._list("chart/0/artists", limit=MOST), artist_of))

    def top_songs(self, artist: Artist) -> Iterable[Track]:
        return list(_each(self._of_artist(artist, "top", POPULAR), track_of))

    def previews(self, of: Artist | Edition | Track) -> Iterable[Track]:
        """Samples are signed anew in each answer, and good for some minutes."""
        match of:
            case Artist():
                songs = self._of_artist(of, "top", POPULAR)
            case Edition():
                songs = sorted(self._of_album(of), key=lambda song: -_number(song.get("rank")))
            case Track():
                songs = self._song(of)
        return [song for song in _each(songs, track_of) if song.preview]

    def radio(self, artist: Artist) -> Iterable[Track]:
        return list(_each(self._of_artist(artist, "radio"), track_of))

    def search(self, text: str) -> Iterable[Artist | Edition | Track]:
        shapes: dict[str, Callable[[Json], Any]] = {"artist": artist_of, "album": edition_of, "track": track_of}
        for kind, shape in shapes.items():
            yield from _each(self._list(f"search/{kind}", q=text, limit=FOUND), shape)

    # --- asking -------------------------------------------------------------------------------------------------------

    @cached_property
    def _numbers(self) -> dict[str, str | None]:
        """Deezer's numbers by name, as far as this process has asked for them."""
        return {}

    def _of_artist(self, artist: Artist, what: str, most: int = MOST) -> list[Json]:
        """Empty for an artist whom Deezer does not know."""
        number = self._number(artist)
        return self._list(f"artist/{number}/{what}", limit=most) if number else []

    def _of_album(self, album: Edition) -> list[Json]:
        """Its songs, by Deezer's number, or by title and artist; empty for an album that Deezer does not have."""
        number = _digits(album.ids, "deezer") or _id_of(self._same("album", album.title, album))
        return self._list(f"album/{number}/tracks", limit=MOST) if number else []

    def _song(self, song: Track) -> list[Json]:
        """By Deezer's number, by ISRC, or by title and artist."""
        if number := _digits(song.ids, "deezer"):
            found = self._ask(f"track/{number}")
        elif re.fullmatch(r"\w{12}", isrc := song.ids.get("isrc", "")):
            found = self._ask(f"track/isrc:{isrc}")
        else:
            found = None
        return [found] if found else self._same("track", song.title, song)[:1]

    def _same(self, kind: str, title: str, of: Edition | Track) -> list[Json]:
        """What a search finds under exactly this title, by the artist whom `of` credits first."""
        by = of.credits[0].name if of.credits else ""
        hits = self._list(f"search/{kind}", q=f"{by} {title}".strip(), limit=MOST)
        return [hit for hit in hits if _plain(str(hit.get("title"))) == _plain(title) and _is_by(hit, by)]

    def _number(self, artist: Artist) -> str | None:
        """Deezer's number for an artist; None for one whom it does not know."""
        if number := _digits(artist.ids, "deezer"):
            return number
        if artist.name not in self._numbers:
            self._numbers[artist.name] = self._number_of(artist.name)
        return self._numbers[artist.name]

    def _number_of(self, name: str) -> str | None:
        """Of several artists with exactly this name, the one with most fans."""
        hits = self._list("search/artist", q=name, limit=MOST)
        same = [hit for hit in hits if _plain(str(hit.get("name"))) == _plain(name) and hit.get("id")]
        best = max(same, key=lambda hit: _number(hit.get("nb_fan")), default=None)
        return str(best["id"]) if best else None

    def _list(self, path: str, **query: Any) -> list[Json]:
        body = self._ask(path, **query)
        if body is None:
            return []
        if not isinstance(body.get("data"), list):
            raise BadData("Deezer sent something that is not a list.")
        return [each for each in body["data"] if isinstance(each, dict)]

    def _ask(self, path: str, **query: Any) -> Json | None:
        """The body of an answer; None for what Deezer does not know."""
        body = self.http.json(f"{self.settings.address.rstrip('/')}/{path}", params=query)
        if not isinstance(body, dict):
            raise BadData("Deezer sent something that is no answer of its own.")
        if error := body.get("error"):
            if _code(error) == UNKNOWN:
                return None
            raise refusal(error)
        return body


def refusal(error: Any) -> ProviderError:
    """What the body of an answer complains of; its status is 200 all the same."""
    code = _code(error)
    if code == QUOTA:
        return RateLimited("Deezer asks for fewer questions.", QUOTA_SECONDS)
    if code == BUSY:
        return Unavailable("Deezer is busy.")
    return BadData(f"Deezer did not understand the question (error {code or error}).")


def _code(error: Any) -> int:
    return _number(error.get("code")) if isinstance(error, dict) else 0


# --- shapes -----------------------------------------------------------------------------------------------------------


def _each(found: Iterable[Json], shape: Callable[[Json], R]) -> Iterator[R]:
    """What can be read of a list, once each: an entry without its id or name is nothing to a listener."""
    told = set()
    for one in found:
        try:
            record = shape(one)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if record.id not in told:
            told.add(record.id)
            yield record


def artist_of(said: Json) -> Artist:
    number = _id(said)
    return Artist(id=number, name=said["name"], ids={"deezer": number}, image=_picture(said, "picture"), url=_url(said))


def edition_of(said: Json) -> Edition:
    ids = {"deezer": _id(said)} | ({"upc": str(said["upc"])} if said.get("upc") else {})
    return Edition(
        id=ids["deezer"],
        title=said["title"],
        credits=_credits(said),
        ids=ids,
        released=_day(said.get("release_date")),
        form=FORMS.get(said["record_type"], "other") if said.get("record_type") else None,
        total_tracks=said.get("nb_tracks"),
        label=said.get("label"),
        cover=_picture(said, "cover"),
        url=_url(said),
        popularity=_number(said.get("fans")) or None,
    )


def track_of(said: Json) -> Track:
    album = said.get("album") or {}
    ids = {"deezer": _id(said)} | ({"isrc": str(said["isrc"])} if said.get("isrc") else {})
    return Track(
        id=ids["deezer"],
        title=said["title"],
        credits=_credits(said),
        edition=str(album["id"]) if album.get("id") else None,
        seconds=said.get("duration") or None,
        ids=ids,
        explicit=said.get("explicit_lyrics"),
        url=_url(said),
        preview=said.get("preview") or None,
    )


def _credits(said: Json) -> list[Credit]:
    """All who contributed where they are listed, else the one it is filed under."""
    named = said.get("contributors") or ([said["artist"]] if said.get("artist") else [])
    last = len(named) - 1
    return [
        Credit(name=one["name"], id=_id(one), ids={"deezer": _id(one)}, join=", " if place < last else "")
        for place, one in enumerate(named)
    ]


def _id(said: Json) -> str:
    """Deezer's ids are numbers. Raises `KeyError` and `TypeError` for anything else."""
    if not isinstance(said["id"], int):
        raise TypeError(said["id"])
    return str(said["id"])


def _id_of(found: list[Json]) -> str:
    return str(found[0].get("id", "")) if found else ""


def _digits(ids: Mapping[str, str], scheme: str) -> str:
    """Ids may come from any provider: what is no number never becomes part of an address."""
    number = ids.get(scheme, "")
    return number if number.isdigit() else ""


def _is_by(hit: Json, name: str) -> bool:
    artist = hit.get("artist")
    return isinstance(artist, dict) and _plain(str(artist.get("name"))) == _plain(name)


def _picture(said: Json, word: str) -> Cover | None:
    """The address of a picture that nobody uploaded has nothing where its name would be."""
    url = said.get(f"{word}_big") or ""
    return Cover(url=url) if url and not re.search(r"/images/\w+//", url) else None


def _url(said: Json) -> str | None:
    return said.get("link") or None


def _day(text: Any) -> str | None:
    """Deezer writes zeros for what it does not know."""
    known = re.match(r"(?!0000)\d{4}(-(?!00)\d\d){0,2}", str(text or ""))
    return known[0] if known else None


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _plain(name: str) -> str:
    """Without case, accents and doubled blanks."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
