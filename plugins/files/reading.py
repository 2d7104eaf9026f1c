"""Opening a music file: its tags under one set of names (see `names`), and the facts about its sound.

Files are opened by extension, several times faster than letting mutagen guess. The two formats that mutagen is slow at
are read by `id3` and `mp4` where they are plain.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

import mutagen

from . import id3, mp4, mpeg, names
from .names import Pairs, Tags

LOSSLESS = ("flac", "alac", "pcm")


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
        return self.codec in LOSSLESS


def read(stream: BinaryIO, kind: str, size: int) -> Reading:
    """Raises Unreadable; trouble with the disk is raised as it is (OSError)."""
    if size == 0:
        raise Unreadable("The file is empty.")
    plain = {"mp3": _plain_mp3, "m4a": _plain_mp4, "m4b": _plain_mp4}.get(kind)
    try:
        return (plain and plain(stream, size)) or _by_mutagen(stream, kind, size)
    except OSError:
        raise
    except Exception as error:  # mutagen lets struct.error, IndexError and others through on broken files
        raise Unreadable(f"It cannot be read as {kind}: {error or type(error).__name__}.") from error


def _plain_mp3(stream: BinaryIO, size: int) -> Reading | None:
    tag = id3.read(stream)
    if tag is None:
        return None
    start, picture, pairs = tag
    info = _class("mp3.MPEGInfo")(stream, start)
    seconds, bitrate = _length(stream, info, size)
    return Reading(names.collect(pairs), "mp3", seconds, bitrate, info.sample_rate, None, picture)


def _plain_mp4(stream: BinaryIO, size: int) -> Reading | None:
    found = mp4.read(stream, size)
    if found is None:
        return None
    facts = found.codec, found.seconds, found.bitrate, found.sample_rate, found.bit_depth, found.picture
    return Reading(names.collect(found.pairs), *facts)


def _by_mutagen(stream: BinaryIO, kind: str, size: int) -> Reading:
    stream.seek(0)
    opened = _open(stream, kind)
    info, family = opened.info, _family(opened)
    codec = info.codec if family == "mp4" else _CODECS.get(family, family)
    seconds, bitrate = _length(stream, info, size)
    return Reading(
        tags=names.collect(_PAIRS.get(family, _id3_pairs)(opened)),
        codec="aac" if codec.startswith("mp4a") else codec,
        seconds=seconds,
        bitrate=bitrate,
        sample_rate=getattr(info, "sample_rate", None) or (48000 if codec == "opus" else None),
        bit_depth=getattr(info, "bits_per_sample", None) or None if codec in LOSSLESS else None,
        picture=_has_picture(opened),
    )


# --- opening ----------------------------------------------------------------------------------------------------------

_CLASSES = {
    "mp3": "mp3.MP3", "flac": "flac.FLAC", "m4a": "mp4.MP4", "m4b": "mp4.MP4", "mp4": "mp4.MP4", "alac": "mp4.MP4",
    "aac": "aac.AAC", "wav": "wave.WAVE", "aif": "aiff.AIFF", "aiff": "aiff.AIFF", "wma": "asf.ASF",
}  # fmt: skip
_OGG = {b"\x01vorbis": "oggvorbis.OggVorbis", b"OpusHea": "oggopus.OggOpus", b"\x7fFLAC\x01\x00": "oggflac.OggFLAC"}
_CODECS = {"oggvorbis": "vorbis", "oggopus": "opus", "oggflac": "flac", "wave": "pcm", "aiff": "pcm", "asf": "wma"}


@lru_cache
def _class(path: str) -> Callable[..., Any]:
    """A class of mutagen, imported when the first file needs it."""
    module, _, name = path.partition(".")
    found: Callable[..., Any] = getattr(importlib.import_module(f"mutagen.{module}"), name)
    return found


def _open(stream: BinaryIO, kind: str) -> Any:
    """By extension; a file with a wrong one is given to mutagen's own guess."""
    try:
        return _class(_CLASSES.get(kind) or _ogg_class(stream))(stream)
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
    return type(opened).__module__.rpartition(".")[2]


# --- tags by mutagen --------------------------------------------------------------------------------------------------


def _vorbis_pairs(opened: Any) -> Iterator[tuple[str, list[str]]]:
    gathered: Tags = {}
    for key, value in opened.tags or ():
        if key.lower() not in ("metadata_block_picture", "coverart", "lyrics"):
            gathered.setdefault(key, []).append(value)
    return ((names.plain(key), values) for key, values in gathered.items())


def _id3_pairs(opened: Any) -> Iterator[tuple[str, list[str]]]:
    for frame in opened.tags.values() if hasattr(opened.tags, "getall") else ():
        kind = frame.FrameID
        if kind in names.ID3:
            yield names.ID3[kind], [str(text) for text in frame.text]
        elif kind == "TXXX":
            yield names.plain(frame.desc), frame.text
        elif kind == "TCON":
            yield "genre", frame.genres
        elif kind == "UFID" and frame.owner == "http://musicbrainz.org":
            yield "musicbrainztrackid", [frame.data.decode("ascii", "replace")]
        elif kind == "RVA2" and frame.channel == 1:
            yield f"replaygain{frame.desc.lower()}gain", [str(frame.gain)]


def _mp4_pairs(opened: Any) -> Iterator[tuple[str, list[str]]]:
    for key, value in (opened.tags or {}).items():
        if key in names.MP4:
            yield names.MP4[key], [str(int(value))] if isinstance(value, bool) else [str(item) for item in value]
        elif key in ("trkn", "disk") and value:
            name = "tracknumber" if key == "trkn" else "discnumber"
            yield name, ["/".join(str(number) for number in value[0])]
        elif key.startswith("----:"):
            yield names.plain(key.rpartition(":")[2]), [bytes(item).decode("utf-8", "replace") for item in value]


def _asf_pairs(opened: Any) -> Iterator[tuple[str, list[str]]]:
    gathered: Tags = {}
    for key, value in (opened.tags or {}).items():
        plain = re.sub(r"[^a-z0-9]", "", key.lower())
        name = names.ASF.get(plain) or names.plain(plain)
        gathered.setdefault(name, []).extend(str(item) for item in value if not isinstance(item.value, bytes))
    return iter(gathered.items())


_PAIRS: dict[str, Callable[[Any], Pairs]] = {
    "flac": _vorbis_pairs, "oggvorbis": _vorbis_pairs, "oggopus": _vorbis_pairs, "oggflac": _vorbis_pairs,
    "mp4": _mp4_pairs, "asf": _asf_pairs,
}  # fmt: skip


# --- sound ------------------------------------------------------------------------------------------------------------


def _length(stream: BinaryIO, info: Any, size: int) -> tuple[float, int | None]:
    """Seconds and bitrate. An MP3 without a header that states its length is looked into."""
    seconds, bitrate = info.length or 0.0, getattr(info, "bitrate", None)
    mode = getattr(info, "bitrate_mode", None)
    if mode is not None and int(mode) == 0:
        seconds, bitrate = mpeg.true_length(stream, info.frame_offset, size) or (seconds, bitrate)
    if not bitrate and seconds:
        bitrate = size * 8 / seconds
    return seconds, round(bitrate) if bitrate else None


def _has_picture(opened: Any) -> bool:
    if getattr(opened, "pictures", None):
        return True
    keys = opened.keys() if opened.tags is not None else ()
    return any(key.startswith("APIC") or key in ("covr", "metadata_block_picture", "WM/Picture") for key in keys)
