"""One set of names for the tags of all formats: Vorbis comments' own, without anything but letters and digits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

Tags = dict[str, list[str]]
Pairs = Iterable[tuple[str, list[str]]]

ID3 = {
    "TIT2": "title", "TPE1": "artist", "TPE2": "albumartist", "TALB": "album", "TRCK": "tracknumber",
    "TPOS": "discnumber", "TDRC": "date", "TDOR": "originaldate", "TSRC": "isrc", "TCMP": "compilation",
    "TPUB": "label", "TCOM": "composer",
}  # fmt: skip
MP4 = {
    "©nam": "title", "©ART": "artist", "aART": "albumartist", "©alb": "album", "©day": "date", "©gen": "genre",
    "©wrt": "composer", "cpil": "compilation",
}  # fmt: skip
ASF = {
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
def plain(text: str) -> str:
    """``MusicBrainz Album Id``, ``MUSICBRAINZ_ALBUMID`` and their like: ``musicbrainzalbumid``."""
    bare = re.sub(r"[^a-z0-9]", "", text.lower())
    return _OTHER_WORDS.get(bare, bare)


def collect(pairs: Pairs) -> Tags:
    """The first of several frames of one name wins; blank values do not count."""
    tags: Tags = {}
    for name, values in pairs:
        if name not in tags and (kept := [text for value in values if (text := value.strip("\0 \t\r\n"))]):
            tags[name] = kept
    return tags
