"""From the files of one folder to editions and tracks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

from aggregator.plugin import Audio, Cover, Credit, Edition, Track

from . import meaning
from .meaning import Hint, first
from .names import Tags
from .reading import Reading
from .tree import File

Form = Literal["album", "ep", "single", "compilation", "live", "soundtrack", "other"]
_VARIOUS = "89ad4ac3-39f7-470e-963a-56509c546377"
VARIOUS = Credit(name="Various Artists", id=_VARIOUS, ids={"mbid": _VARIOUS})


@dataclass
class Song:
    """One file that was read, with the edition it belonged to at the last run."""

    id: str
    file: File
    reading: Reading
    edition_before: str | None = None

    @property
    def tags(self) -> Tags:
        return self.reading.tags

    @cached_property
    def hint(self) -> Hint:
        return meaning.hint(self.file.path)

    @cached_property
    def album(self) -> str | None:
        return first(self.tags, "album") or self.hint.album

    @cached_property
    def credits(self) -> list[Credit]:
        found = meaning.credits(self.tags, "artist", "artists", "musicbrainzartistid")
        if not found and (guess := first(self.tags, "albumartist") or self.hint.artist):
            found = [Credit(name=guess)]
        return found

    @cached_property
    def release(self) -> str | None:
        known = meaning.mbids(self.tags, "musicbrainzalbumid")
        return known[0] if known else None

    @cached_property
    def disc(self) -> tuple[int, int | None]:
        number, total = meaning.numbers(self.tags, "discnumber", "disctotal")
        return number or self.hint.disc or 1, total


@dataclass
class Album:
    """The songs of one folder that share a release, or a title and an album artist."""

    natural_id: str
    songs: list[Song] = field(default_factory=list)

    @property
    def lead(self) -> Song:
        return self.songs[0]


def albums(unit: str, songs: Iterable[Song]) -> tuple[list[Album], list[Song]]:
    """The albums of a folder, and the songs that belong to none."""
    found: dict[str, Album] = {}
    lone = []
    for song in songs:
        if not song.album:
            lone.append(song)
            continue
        natural = _natural_id(unit, song)
        found.setdefault(natural, Album(natural)).songs.append(song)
    return list(found.values()), lone


def _natural_id(unit: str, song: Song) -> str:
    if song.release:
        return f"release:{song.release}"
    artist = first(song.tags, "albumartist") or ""
    return f"{unit}|{(song.album or '').casefold()}|{artist.casefold()}"


# --- records ----------------------------------------------------------------------------------------------------------


def edition(album: Album, edition_id: str, folder_picture: str | None) -> Edition:
    tags = album.lead.tags
    picture = folder_picture or next((song.file.path for song in album.songs if song.reading.picture), None)
    release_groups = meaning.mbids(tags, "musicbrainzreleasegroupid")
    released = [meaning.partial_date(first(tags, name)) for name in ("date", "originaldate")]
    return Edition(
        id=edition_id,
        title=album.lead.album or "",
        credits=_album_credits(album),
        ids=meaning.ids(
            mbid=album.lead.release,
            release_group=release_groups[0] if release_groups else None,
            upc=first(tags, "barcode"),
        ),
        released=released[0] or released[1] or album.lead.hint.year,
        form=_form(album),
        total_tracks=_total(album),
        genres=list(dict.fromkeys(genre for song in album.songs for genre in meaning.genres(song.tags)))[:10],
        label=first(tags, "label"),
        cover=Cover(path=picture) if picture else None,
    )


def track(song: Song, edition_id: str | None) -> Track:
    tags, reading = song.tags, song.reading
    position, _ = meaning.numbers(tags, "tracknumber", "tracktotal")
    recordings = meaning.mbids(tags, "musicbrainztrackid")
    return Track(
        id=song.id,
        title=first(tags, "title") or song.hint.title,
        credits=song.credits + meaning.composers(tags),
        edition=edition_id,
        disc=song.disc[0],
        position=position or song.hint.position,
        seconds=round(reading.seconds, 3) if reading.seconds >= 0.001 else None,
        ids=meaning.ids(mbid=recordings[0] if recordings else None, isrc=meaning.isrc(tags)),
        genres=meaning.genres(tags),
        audio=Audio(
            path=song.file.path,
            codec=reading.codec,
            size=song.file.size,
            bitrate=reading.bitrate,
            sample_rate=reading.sample_rate,
            bit_depth=reading.bit_depth,
            lossless=reading.lossless,
            track_gain=meaning.gain(tags, "track"),
            album_gain=meaning.gain(tags, "album"),
        ),
    )


def _album_credits(album: Album) -> list[Credit]:
    """The album artist; else what all songs share, in full or in their first name; else various artists."""
    said = meaning.credits(album.lead.tags, "albumartist", "albumartists", "musicbrainzalbumartistid")
    if said:
        return said
    lineups = [song.credits for song in album.songs]
    if all(lineup == lineups[0] for lineup in lineups):
        return lineups[0]
    names = {lineup[0].name.casefold() if lineup else "" for lineup in lineups}
    if len(names) == 1 and lineups[0]:
        return [lineups[0][0].model_copy(update={"join": ""})]
    return [VARIOUS]


def _form(album: Album) -> Form:
    said = "/".join(album.lead.tags.get("releasetype", ())).lower()
    known = {word for word in re.split(r"[\s/;,]+", said) if word in get_args(Form)}
    for word in ("compilation", "live", "soundtrack", "ep", "single", "other"):
        if word in known:
            return word
    return "compilation" if not known and meaning.is_compilation(album.lead.tags) else "album"


def _total(album: Album) -> int | None:
    """Tracks of the whole edition, when the tags of every disc state theirs."""
    of_disc: dict[int, int | None] = {}
    for song in album.songs:
        _, total = meaning.numbers(song.tags, "tracknumber", "tracktotal")
        of_disc[song.disc[0]] = of_disc.get(song.disc[0]) or total
    stated = [total for total in of_disc.values() if total]
    discs = max((song.disc[1] or 1 for song in album.songs), default=1)
    return sum(stated) if len(stated) == len(of_disc) and len(of_disc) >= discs else None
