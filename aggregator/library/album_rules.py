"""When two album claims are one album: editions join, live and remixed albums stand apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from aggregator.library.evidence import NOTHING, Evidence, Facts, Verdict, shared_id
from aggregator.library.folding import fold, fold_name
from aggregator.library.titles import album_title, possible_names
from aggregator.library.versions import Version

_GENERIC = re.compile(
    r"^((the )?(very )?(greatest hits|best of|best|hits|collection|anthology|singles|live|unplugged|demos?|ep|untitled|"
    r"christmas|essential|gold|remixes|b sides|self titled)\b.*|unknown album)$"
)


_NICKNAME = re.compile(r"\s*[(\[]((?:the )?\w+ album)[)\]]$", re.IGNORECASE)


class AlbumForm(NamedTuple):
    title: str
    nickname: str  # `The Blue Album` behind a title that several albums share
    versions: frozenset[Version]
    artists: frozenset[str]
    ids: frozenset[tuple[str, str]]
    year: int | None
    tracks: int | None
    form: str | None
    reissue: bool  # the title names an edition, so that its year says little


def form(facts: Facts) -> AlbumForm:
    said = facts.payload
    nickname = _NICKNAME.search(said["title"])
    main, versions = album_title(said["title"][: nickname.start()] if nickname else said["title"])
    names = [credit["name"] for credit in said.get("credits", ()) if credit.get("role", "artist") == "artist"]
    return AlbumForm(
        main,
        fold(nickname[1]) if nickname else "",
        versions,
        frozenset().union(*(possible_names(name) for name in names)),
        frozenset((scheme, _plain(scheme, value)) for scheme, value in said.get("ids", {}).items()),
        int(said["released"][:4]) if "released" in said else None,
        said.get("total_tracks"),
        said.get("form"),
        fold(said["title"]) != main,
    )


def keys(form: AlbumForm) -> Iterable[str]:
    for scheme, value in form.ids:
        yield f"{scheme}:{value}"
    if form.title != "unknown album":
        for artist in form.artists:
            yield f"t:{artist}|{form.title}"


def compare(a: AlbumForm, b: AlbumForm) -> Verdict:
    ids_a, ids_b = dict(a.ids), dict(b.ids)
    if scheme := shared_id(ids_a, ids_b):
        return Verdict("same", (Evidence(scheme, ids_a[scheme], ids_b[scheme], 100.0),))
    if "release_group" in ids_a and "release_group" in ids_b:
        parts = ids_a["release_group"], ids_b["release_group"]
        return Verdict("different", (Evidence("release group", *parts, -100.0),))
    shared = sorted(a.artists & b.artists)
    if a.title != b.title or not shared:
        return NOTHING
    if a.nickname != b.nickname and (a.year != b.year or a.year is None or (a.nickname and b.nickname)):
        return Verdict("different", (Evidence("called", a.nickname, b.nickname, -60.0),))
    kinds = {kind for kind, _ in a.versions}, {kind for kind, _ in b.versions}
    if kinds[0] != kinds[1]:
        return Verdict("different", (Evidence("version", _words(a.versions), _words(b.versions), -60.0),))
    if {a.form, b.form} in ({"single", "album"}, {"single", "compilation"}):
        return Verdict("different", (Evidence("form", str(a.form), str(b.form), -40.0),))
    said = (Evidence("title", a.title, b.title, 40.0), Evidence("artist", shared[0], shared[0], 20.0))
    return _weigh_years(a, b, said)


def _weigh_years(a: AlbumForm, b: AlbumForm, said: tuple[Evidence, ...]) -> Verdict:
    """Years and sizes of two albums of one name; a reissue's year says nothing, a generic name needs its year."""
    if a.year is None or b.year is None:
        return Verdict("same", said)
    near = abs(a.year - b.year) <= 1
    said = (*said, Evidence("year", str(a.year), str(b.year), 10.0 if near else -10.0))
    if near or a.reissue or b.reissue:
        return Verdict("same", said)
    self_titled = fold_name(a.title) in a.artists
    sizes_differ = bool(a.tracks and b.tracks) and not 0.5 <= (a.tracks or 1) / (b.tracks or 1) <= 2
    return Verdict("unsure" if self_titled or sizes_differ or _GENERIC.match(a.title) else "same", said)


def _plain(scheme: str, value: str) -> str:
    return value.lstrip("0") if scheme == "upc" else value


def _words(versions: frozenset[Version]) -> str:
    return ", ".join(sorted(" ".join(version).strip() for version in versions)) or "none"
