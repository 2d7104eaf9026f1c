"""Opening a music file: its tags under one set of names, and the facts about its sound.

Tag names are those of Vorbis comments without anything but letters and digits (``musicbrainzalbumid``), whatever the
format calls them. Files are opened by extension, several times faster than letting mutagen guess.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import mutagen
from mutagen.mp3 import BitrateMode

from . import mpeg

Tags = dict[str, list[str]]
Pairs = Iterable[tuple[str, list[str]]]


class Unreadable(Exception):
    """The file is not what its name says, or it is broken. The message is for the listener."""


@dataclass(slots=True)
class Reading:
    """`seconds` 0 where the length cannot be told; `picture`: the file carries one."""

    tags: Tags
    codec: str
    seconds: float
    bitrate: int | None
    sample_rate: int | None
    bit_depth: int | None
    picture: bool

    @property
    def lossless(self) -> bool:
        return self.codec in ("flac", "alac", "pcm")


def read(stream: BinaryIO, kind: str, size: int) -> Reading:
    """Raises Unreadable; trouble with the disk is raised as it is (OSError)."""
    if size == 0:
        raise Unreadable("The file is empty.")
    try:
        opened = _open(stream, kind)
        tags = _collect(_NAMES[_family(opened)](opened))
        seconds, bitrate = _length(stream, opened, size)
    except OSError:
        raise
    except Exception as error:  # mutagen lets struct.error, IndexError and others through on broken files
        raise Unreadable(f"It cannot be read as {kind}: {error or type(error).__name__}.") from error
    info, codec = opened.info, _codec(opened)
    return Reading(
        tags=tags,
        codec=codec,
        seconds=seconds,
        bitrate=bitrate,
        sample_rate=getattr(info, "sample_rate", None) or (48000 if codec == "opus" else None),
        bit_depth=getattr(info, "bits_per_sample", None) or None,
        picture=_has_picture(opened),
    )


# --- opening ----------------------------------------------------------------------------------------------------------

_CLASSES = {
    "mp3": "mp3.MP3", "flac": "flac.FLAC", "m4a": "mp4.MP4", "m4b": "mp4.MP4", "mp4": "mp4.MP4", "alac": "mp4.MP4",
    "aac": "aac.AAC", "wav": "wave.WAVE", "aif": "aiff.AIFF", "aiff": "aiff.AIFF", "wma": "asf.ASF",
}  # fmt: skip
_OGG = {b"\x01vorbis": "oggvorbis.OggVorbis", b"OpusHea": "oggopus.OggOpus", b"\x7fFLAC\x01\x00": "oggflac.OggFLAC"}


@lru_cache
def _opener(path: str) -> Callable[..., Any]:
    module, _, name = path.partition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(f"mutagen.{module}"), name)
    return found


def _open(stream: BinaryIO, kind: str) -> Any:
    """By extension; a file with a wrong one is given to mutagen's own guess."""
    try:
        return _opener(_CLASSES.get(kind) or _ogg_class(stream))(stream)
    except (mutagen.MutagenError, KeyError) as error:
        stream.seek(0)
        if (guessed := mutagen.File(stream)) is None:
            raise error
        return guessed


def _ogg_class(stream: BinaryIO) -> str:
    head = stream.read(64)
    stream.seek(0)
    return _OGG[head[28:35]]


def _family(opened: Any) -> str:
    module = type(opened).__module__.rpartition(".")[2]
    return {"mp4": "mp4", "asf": "asf"}.get(module) or ("id3" if hasattr(opened.tags, "getall") else "vorbis")


# --- names ------------------------------------------------------------------------------------------------------------

_ID3 = {
    "TIT2": "title", "TPE1": "artist", "TPE2": "albumartist", "TALB": "album", "TRCK": "tracknumber",
    "TPOS": "discnumber", "TDRC": "date", "TDOR": "originaldate", "TSRC": "isrc", "TCMP": "compilation",
    "TPUB": "label", "TCOM": "composer", "TSST": "discsubtitle",
}  # fmt: skip
_MP4 = {
    "©nam": "title", "©ART": "artist", "aART": "albumartist", "©alb": "album", "©day": "date", "©gen": "genre",
    "©wrt": "composer", "cpil": "compilation",
}  # fmt: skip
_ASF = {
    "author": "artist", "wmalbumartist": "albumartist", "wmalbumtitle": "album", "wmtracknumber": "tracknumber",
    "wmpartofset": "discnumber", "wmyear": "date", "wmoriginalreleaseyear": "originaldate", "wmgenre": "genre",
    "wmpublisher": "label", "wmcomposer": "composer", "wmisrc": "isrc", "wmiscompilation": "compilation",
    "wmbarcode": "barcode", "wmartists": "artists",
}  # fmt: skip
_OTHER_WORDS = {
    "ensemble": "albumartist", "totaltracks": "tracktotal", "totaldiscs": "disctotal", "organization": "label",
    "publisher": "label", "musicbrainzalbumtype": "releasetype", "originalyear": "originaldate", "year": "date",
    "track": "tracknumber", "disc": "discnumber",
}  # fmt: skip


@lru_cache(4096)
def _name(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    return _OTHER_WORDS.get(plain, plain)


def _collect(pairs: Pairs) -> Tags:
    """The first of several frames of one name wins; blank values do not count."""
    tags: Tags = {}
    for name, values in pairs:
        kept = [value for text in values if (value := text.replace("\0", " ").strip())]
        if kept and name not in tags:
            tags[name] = kept
    return tags


def _vorbis_pairs(opened: Any) -> Iterator[tuple[str, list[str]]]:
    gathered: Tags = {}
    for key, value in opened.tags or ():
        if key.lower() not in ("metadata_block_picture", "coverart", "lyrics"):
            gathered.setdefault(key, []).append(value)
    return ((_name(key), values) for key, values in gathered.items())


def _id3_pairs(opened: Any) -> Iterator[tuple[str, list[str]]]:
    for frame in (opened.tags or {}).values():
        kind = frame.FrameID
        if kind in _ID3:
            yield _ID3[kind], [str(text) for text in frame.text]
        elif kind == "TXXX":
            yield _name(frame.desc), frame.text
        elif kind == "TCON":
            yield "genre", frame.genres
        elif kind == "UFID" and frame.owner == "http://musicbrainz.org":
            yield "musicbrainztrackid", [frame.data.decode("ascii", "replace")]
        elif kind == "RVA2" and frame.channel == 1:
            yield f"replaygain{frame.desc.lower()}gain", [str(frame.gain)]


def _mp4_pairs(opened: Any) -> Iterator[tuple[str, list[str]]]:
    for key, value in (opened.tags or {}).items():
        if key in _MP4:
            yield _MP4[key], [str(int(value))] if isinstance(value, bool) else [str(item) for item in value]
        elif key in ("trkn", "disk") and value:
            name = "tracknumber" if key == "trkn" else "discnumber"
            yield name, ["/".join(str(number) for number in value[0])]
        elif key.startswith("----:"):
            yield _name(key.rpartition(":")[2]), [bytes(item).decode("utf-8", "replace") for item in value]


def _asf_pairs(opened: Any) -> Iterator[tuple[str, list[str]]]:
    gathered: Tags = {}
    for key, value in (opened.tags or {}).items():
        plain = re.sub(r"[^a-z0-9]", "", key.lower())
        name = _ASF.get(plain) or _name(plain)
        gathered.setdefault(name, []).extend(str(item) for item in value if not isinstance(item.value, bytes))
    return iter(gathered.items())


_NAMES: dict[str, Callable[[Any], Pairs]] = {
    "vorbis": _vorbis_pairs, "id3": _id3_pairs, "mp4": _mp4_pairs, "asf": _asf_pairs,
}  # fmt: skip


# --- sound ------------------------------------------------------------------------------------------------------------


def _codec(opened: Any) -> str:
    module = type(opened).__module__.rpartition(".")[2]
    if module == "mp4":
        return "alac" if opened.info.codec == "alac" else "aac"
    return {
        "oggvorbis": "vorbis", "oggopus": "opus", "oggflac": "flac", "wave": "pcm", "aiff": "pcm", "asf": "wma",
    }.get(module, module)  # fmt: skip


def _length(stream: BinaryIO, opened: Any, size: int) -> tuple[float, int | None]:
    info = opened.info
    seconds, bitrate = info.length or 0.0, getattr(info, "bitrate", None)
    if getattr(info, "bitrate_mode", None) is BitrateMode.UNKNOWN:
        seconds, bitrate = mpeg.true_length(stream, info.frame_offset, size) or (seconds, bitrate)
    if not bitrate and seconds:
        bitrate = round(size * 8 / seconds)
    return seconds, bitrate


def _has_picture(opened: Any) -> bool:
    if getattr(opened, "pictures", None):
        return True
    keys = opened.keys() if opened.tags is not None else ()
    return any(key.startswith("APIC") or key in ("covr", "metadata_block_picture", "WM/Picture") for key in keys)
