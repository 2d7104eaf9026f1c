"""The invented catalogue, and the music that is really there."""

from __future__ import annotations

import re
from uuid import UUID

import mutagen
import pytest

from aggregator.demo import house
from aggregator.demo.catalogue import ALBUMS, ARTISTS, MUSIC, SONGS, Song
from aggregator.demo.compose import ODD
from aggregator.demo.neighbours import NEIGHBOURS

SHIPPED = [song for song in SONGS.values() if song.file]


@pytest.mark.parametrize("song", SHIPPED, ids=lambda song: song.slug)
def test_every_shipped_song_is_as_long_as_the_services_say(song: Song) -> None:
    info = mutagen.File(MUSIC / song.file).info
    assert abs(info.length * 1000 - song.ms) < 100
    assert 31_000 <= song.ms <= 45_000


def test_the_music_is_small_and_nothing_else_lies_there() -> None:
    files = {path for path in MUSIC.rglob("*") if path.is_file()}
    assert {path for path in files if path.name != "cover.jpg"} == {MUSIC / song.file for song in SHIPPED}
    assert sum(path.stat().st_size for path in files) <= 3_000_000
    assert len(SHIPPED) == 25
    assert {path.suffix for path in files} == {".mp3", ".opus", ".flac", ".jpg"}


@pytest.mark.parametrize("song", SHIPPED, ids=lambda song: song.slug)
def test_tags_agree_with_the_catalogue(song: Song) -> None:
    tags = mutagen.File(MUSIC / song.file, easy=True)
    assert tags["title"] == [song.title]
    assert tags["artist"] == [song.credited]
    assert tags["isrc"] == [song.isrc]
    assert tags["musicbrainz_trackid"] == [song.mbid]


def test_one_file_was_tagged_by_an_old_program() -> None:
    odd = mutagen.File(MUSIC / SONGS[ODD].file)
    assert odd.tags.version == (2, 3, 0)
    assert "TPE2" not in odd and odd["TRCK"] == ["1/3"]


def test_ids_are_of_the_right_shape_and_nobody_elses() -> None:
    things = [*ARTISTS.values(), *ALBUMS.values(), *SONGS.values()]
    assert len({thing.mbid for thing in things}) == len(things)
    assert all(UUID(thing.mbid).version == 5 for thing in things)
    assert all(re.fullmatch(r"[0-9A-Za-z]{22}", thing.spotify) for thing in things)
    assert all(re.fullmatch(r"ZZ[A-Z]{3}\d{7}", song.isrc) for song in SONGS.values())
    assert all(_checks(album.upc) for album in ALBUMS.values())


def _checks(upc: str) -> bool:
    digits = [int(digit) for digit in upc]
    return len(digits) == 12 and (3 * sum(digits[::2]) + sum(digits[1::2])) % 10 == 0


def test_the_catalogue_holds_what_is_hard() -> None:
    forms = {album.form for album in ALBUMS.values()}
    assert {"compilation", "live", "ep", "single"} <= forms
    assert any(slot.disc == 2 for album in ALBUMS.values() for slot in album.slots)
    assert any(len(song.credits) > 1 for song in SONGS.values())
    names = [artist.name for artist in ARTISTS.values()]
    assert names.count("Morrow Tramline") == 2
    assert any(not name.isascii() for name in names) and any("&" in name for name in names)
    assert not set(names) & {artist.name for artist in NEIGHBOURS.values()}


def test_the_folder_holds_one_file_that_cannot_be_read(tmp_path) -> None:
    house.lay_out_music(tmp_path)
    broken = tmp_path / house.BROKEN
    with pytest.raises(mutagen.MutagenError):
        mutagen.File(broken)
    assert sum(1 for path in tmp_path.rglob("*.*") if path.suffix in (".mp3", ".opus", ".flac")) == 26
