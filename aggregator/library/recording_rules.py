"""When two recording claims are one performance and mix: remasters join; live, remix, edit and demo stand apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from aggregator.library.evidence import NOTHING, Evidence, Facts, Verdict, shared_id
from aggregator.library.titles import Version, album_title, album_versions, lead_name, possible_names, song_title

_SAYS_LITTLE = re.compile(
    r"^((intro|outro|interlude|prelude|untitled|skit|bonus|hidden|opening|ending|reprise|overture)( \w{1,4})?|"
    r"(track|piste|titel|audio ?track) ?\d*|\d+|[ivx]+ \w+|unknown( title)?|)$"
)
_NOBODY = frozenset({"unknown artist", "unknown"})

SAME_LENGTH = 3.0  # seconds between two rips of one recording
NEAR_LENGTH = 7.0  # seconds, where the album agrees too
ISRC_LENGTH = 10.0  # seconds; codes are reused and mistyped


class RecordingForm(NamedTuple):
    title: str
    versions: frozenset[Version]  # said by the title
    album_versions: frozenset[Version]  # said by the album alone
    lead: str
    artists: frozenset[str]
    album: str
    seconds: float | None
    ids: frozenset[tuple[str, str]]
    slot: tuple[str, int, int] | None  # edition, disc, position

    @property
    def vague(self) -> bool:
        """A scrobble: nothing but text."""
        return self.seconds is None

    @property
    def says_little(self) -> bool:
        return bool(_SAYS_LITTLE.match(self.title))

    @property
    def all_versions(self) -> frozenset[Version]:
        return self.versions or self.album_versions


def form(facts: Facts) -> RecordingForm:
    said, about = facts.payload, facts.about
    title, versions = song_title(said["title"])
    credits = said.get("credits") or about.get("credits") or ()
    names = [credit["name"] for credit in credits if credit.get("role", "artist") == "artist"]
    album = said.get("album") or about.get("title") or ""
    return RecordingForm(
        title,
        versions,
        album_versions(album) if album else frozenset(),
        lead_name(names[0]) if names else "",
        frozenset().union(*(possible_names(name) for name in names)),
        album_title(album).main if album else "",
        said.get("seconds"),
        frozenset((said.get("ids") or {}).items()),
        (facts.edition, said.get("disc", 1), said["position"]) if facts.edition and "position" in said else None,
    )


def keys(form: RecordingForm) -> Iterable[str]:
    for scheme, value in form.ids:
        yield f"{scheme}:{value}"
    if form.lead in _NOBODY or (form.says_little and not form.album and form.vague):
        return
    for artist in form.artists:
        yield f"t:{artist}|{form.title}"


def compare(a: RecordingForm, b: RecordingForm) -> Verdict:
    ids_a, ids_b = dict(a.ids), dict(b.ids)
    scheme = shared_id(ids_a, ids_b, sorted(ids_a.keys() - {"isrc"}))
    if scheme:
        return Verdict("same", (Evidence(scheme, ids_a[scheme], ids_b[scheme], 100.0),))
    if a.slot and b.slot and a.slot != b.slot and a.slot[0] == b.slot[0]:
        return Verdict("different", (Evidence("place on the album", _place(a), _place(b), -80.0),))
    if "isrc" in ids_a and ids_a["isrc"] == ids_b.get("isrc"):
        return _by_isrc(a, b, ids_a["isrc"])
    shared = a.artists & b.artists
    if a.title != b.title or not shared:
        return NOTHING
    artist = a.lead if a.lead == b.lead else min(shared)
    said = (Evidence("title", a.title, b.title, 30.0), Evidence("artist", artist, artist, 20.0))
    return _by_version(a, b, said) or _by_text(a, b, said, "mbid" in ids_a and "mbid" in ids_b)


def _by_isrc(a: RecordingForm, b: RecordingForm, isrc: str) -> Verdict:
    said = (Evidence("isrc", isrc, isrc, 80.0),)
    apart = abs(a.seconds - b.seconds) if a.seconds and b.seconds else 0.0
    if apart > ISRC_LENGTH or _clash(a.all_versions, b.all_versions):
        return Verdict("unsure", (*said, _length(a, b, -40.0)))
    return Verdict("same", said)


def _by_version(a: RecordingForm, b: RecordingForm, said: tuple[Evidence, ...]) -> Verdict | None:
    """What version words alone decide. One that only the album names is not known to a scrobble without album."""
    if not _clash(a.all_versions, b.all_versions):
        return None
    parts = (*said, Evidence("version", _words(a.all_versions), _words(b.all_versions), -60.0))
    silent = (not a.album and not a.versions) or (not b.album and not b.versions)
    return Verdict("unsure" if silent and a.versions == b.versions else "different", parts)


def _by_text(a: RecordingForm, b: RecordingForm, said: tuple[Evidence, ...], two_mbids: bool) -> Verdict:
    album_agrees = bool(a.album) and a.album == b.album
    if album_agrees:
        said = (*said, Evidence("album", a.album, b.album, 15.0))
    if a.seconds is None or b.seconds is None:
        return _without_length(a, b, said, album_agrees, two_mbids)
    apart = abs(a.seconds - b.seconds)
    if apart <= (NEAR_LENGTH if album_agrees else SAME_LENGTH):
        word = "unsure" if two_mbids and not album_agrees else "same"
        return Verdict(word, (*said, _length(a, b, 25.0 - apart)))  # type: ignore[arg-type]
    near = apart <= NEAR_LENGTH and not a.says_little
    return Verdict("unsure" if near else "different", (*said, _length(a, b, -10.0 if near else -60.0)))


def _without_length(
    a: RecordingForm, b: RecordingForm, said: tuple[Evidence, ...], album_agrees: bool, two_mbids: bool
) -> Verdict:
    if two_mbids:
        return Verdict("unsure", said)
    if album_agrees:
        return Verdict("same", said)
    if a.says_little:
        return NOTHING if a.album and b.album else Verdict("unsure", said)
    return Verdict("lone", said)


def _clash(a: frozenset[Version], b: frozenset[Version]) -> bool:
    """Two sets of versions that cannot be one: other kinds, or one kind with two names."""
    kinds_a, kinds_b = dict(a), dict(b)
    if kinds_a.keys() != kinds_b.keys():
        return True
    return any(kinds_a[kind] and kinds_b[kind] and kinds_a[kind] != kinds_b[kind] for kind in kinds_a)


def _length(a: RecordingForm, b: RecordingForm, points: float) -> Evidence:
    return Evidence("length", _minutes(a.seconds), _minutes(b.seconds), points)


def _minutes(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{round(seconds) // 60}:{round(seconds) % 60:02d}"


def _place(form: RecordingForm) -> str:
    return f"disc {form.slot[1]}, song {form.slot[2]}" if form.slot else "unknown"


def _words(versions: frozenset[Version]) -> str:
    return ", ".join(sorted(" ".join(version).strip() for version in versions)) or "none"
