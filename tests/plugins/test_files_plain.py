"""The quick readers of plain ID3 and MP4 say what mutagen says, or leave the file to it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from mutagen.id3 import APIC, ID3, TALB, TCOM, TCON, TDRC, TIT2, TPE1, TPOS, TRCK, TSRC, TXXX, UFID, Encoding
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

from plugins.files import id3, mp4, reading

SEEDS = Path(__file__).parent / "seeds"
PICTURE = b"\x89PNG" + bytes(range(256)) * 40


def frames(encoding: Encoding) -> list[Any]:
    say = "Ebb und Fluß" if encoding == Encoding.LATIN1 else "Ebb und Fluß — 潮"
    return [
        TIT2(encoding=encoding, text=say),
        TPE1(encoding=encoding, text=["Tin Harbour", "Ola Grey"]),
        TALB(encoding=encoding, text="Low Water " * 30),
        TDRC(encoding=encoding, text="2003-05-17"),
        TRCK(encoding=encoding, text="3/9"),
        TPOS(encoding=encoding, text="1/2"),
        TCON(encoding=encoding, text="Dream Pop"),
        TCOM(encoding=encoding, text="Ola Grey"),
        TSRC(encoding=encoding, text="DEAB10300001"),
        TXXX(encoding=encoding, desc="MusicBrainz Album Id", text="d5cdb7fd-c7e9-460a-9549-8a369655cc52"),
        TXXX(encoding=encoding, desc="ARTISTS", text=["Tin Harbour", "Ola Grey"]),
        UFID(owner="http://musicbrainz.org", data=b"d5cdb7fd-c7e9-460a-9549-8a369655cc51"),
        APIC(encoding=encoding, mime="image/png", type=3, desc="", data=PICTURE),
    ]


def both_ways(file: Path, kind: str) -> tuple[reading.Reading, reading.Reading]:
    """As it is read, and as mutagen alone reads it."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        return reading.read(stream, kind, size), reading._by_mutagen(stream, kind, size)


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("encoding", [Encoding.LATIN1, Encoding.UTF16, Encoding.UTF8])
def test_id3_as_mutagen_reads_it(tmp_path, version, encoding):
    file = Path(shutil.copyfile(SEEDS / "tone.mp3", tmp_path / "x.mp3"))
    tags = ID3()
    for frame in frames(encoding):
        tags.add(frame)
    tags.save(file, v2_version=version, v23_sep=None)
    with file.open("rb") as stream:
        assert id3.read(stream) is not None
    ours, theirs = both_ways(file, "mp3")
    assert ours == theirs
    assert ours.picture and ours.tags["artists"] == ["Tin Harbour", "Ola Grey"] and ours.tags["date"] == ["2003-05-17"]


@pytest.mark.parametrize("unusual", ["numbered genre", "version 2.2", "no tag", "unsynchronised", "plain sizes in 2.4"])
def test_what_is_unusual_is_left_to_mutagen(tmp_path, unusual):
    seed = "unstated.mp3" if unusual == "no tag" else "tone.mp3"
    file = Path(shutil.copyfile(SEEDS / seed, tmp_path / "x.mp3"))
    tags = ID3()
    tags.add(TIT2(encoding=3, text="Slack Tide"))
    tags.add(TALB(encoding=3, text="Low Water " * 30))
    tags.add(TCON(encoding=3, text="17" if unusual == "numbered genre" else "Rock"))
    if unusual != "no tag":
        tags.save(file)
    data = bytearray(file.read_bytes())
    if unusual == "version 2.2":
        data[:] = b"ID3\x02\x00\x00\x00\x00\x00\x11TT2\x00\x00\x0b\x00Slack Tide" + (SEEDS / "tone.mp3").read_bytes()
    elif unusual == "unsynchronised":
        data[5] |= 0x80
    elif unusual == "plain sizes in 2.4":
        at = data.index(b"TALB") + 4
        data[at : at + 4] = (301).to_bytes(4, "big")
    file.write_bytes(data)
    with file.open("rb") as stream:
        assert id3.read(stream) is None
    ours, theirs = both_ways(file, "mp3")
    assert ours == theirs
    if unusual != "no tag":
        assert ours.tags["title"] == ["Slack Tide"]


@pytest.mark.parametrize("seed", ["tone.m4a", "lossless.m4a"])
def test_mp4_as_mutagen_reads_it(tmp_path, seed):
    file = Path(shutil.copyfile(SEEDS / seed, tmp_path / "x.m4a"))
    opened = MP4(file)
    opened.update({"\xa9nam": "Ebb — 潮", "\xa9ART": ["Tin Harbour", "Ola Grey"], "\xa9alb": "Low Water", "cpil": True})
    opened.update({"trkn": [(3, 9)], "disk": [(1, 2)], "\xa9day": "2003-05-17", "covr": [MP4Cover(PICTURE)]})
    opened["----:com.apple.iTunes:MusicBrainz Album Id"] = MP4FreeForm(b"d5cdb7fd-c7e9-460a-9549-8a369655cc52")
    opened["----:com.apple.iTunes:ARTISTS"] = [MP4FreeForm(b"Tin Harbour"), MP4FreeForm(b"Ola Grey")]
    opened.save()
    with file.open("rb") as stream:
        assert mp4.read(stream, file.stat().st_size) is not None
    ours, theirs = both_ways(file, "m4a")
    assert ours.tags == theirs.tags and ours.picture and theirs.picture
    assert (ours.codec, ours.bit_depth, ours.sample_rate) == (theirs.codec, theirs.bit_depth, theirs.sample_rate)
    assert ours.seconds == pytest.approx(theirs.seconds)
    assert ours.bitrate == pytest.approx(theirs.bitrate, rel=0.1) or ours.codec == "alac"  # where it states PCM's


def test_a_cut_mp4_is_told_as_unreadable(tmp_path):
    data = (SEEDS / "tone.m4a").read_bytes()
    for length in range(1, len(data), 97):
        file = tmp_path / "x.m4a"
        file.write_bytes(data[:length])
        with file.open("rb") as stream:
            try:
                reading.read(stream, "m4a", length)
            except reading.Unreadable as error:
                assert "m4a" in str(error)
