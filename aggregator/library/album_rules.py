"""When two album claims are one album: editions join; live, remixed and re-recorded albums stand apart.

The title and the artist bring two claims together; the songs that both list speak loudest, then the year. A scrobbled
album is nothing but two names: it joins the one album it can mean, and a compilation it was scrobbled from under the
name of one of its artists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from aggregator.library.evidence import NOTHING, Evidence, Facts, Part, Verdict, shared_id
from aggregator.library.folding import fold, fold_name, sort_key
from aggregator.library.likeness import alike
from aggregator.library.titles import UNKNOWN, album_title, album_versions, possible_names, song_title
from aggregator.library.versions import Version

TITLE, TITLE_NEAR, ARTIST = 40.0, 30.0, 20.0
YEAR, YEAR_OTHER = 10.0, -10.0
SONGS, SONGS_OTHER = 30.0, -30.0
MOSTLY, HARDLY = 0.6, 0.34
"""Share of the shorter list of songs that both have: from the one on it is one album, up to the other it is not."""
TELLING = 3
"""Songs from which a list says something."""
LARGER = 2
"""Times as many songs as an EP of its name: then it is the album."""

_GENERIC = re.compile(
    r"^((very |absolute )?(greatest hits|best of|best|hits|collection|anthology|singles|live|unplugged|demos?|ep|"
    r"untitled|christmas|essentials?|gold|platinum|remixes|b sides|rarities|self titled|peel sessions?|bbc sessions?|"
    r"icon|covers|duets|in concert|en vivo|ao vivo|grandes? exitos|lo mejor|lo esencial|o melhor|le meilleur|das beste|"
    r"il meglio|grandi successi|maiores sucessos|perfil|playlist|20th century masters)\b.*|unknown album)$"
)
_NICKNAME = re.compile(r"\s*[(\[]((?:the )?\w+ album)[)\]]$", re.IGNORECASE)
_SOUNDTRACK = re.compile(
    r"\s*(?:[:\-–(\[]\s*)(?:(?:the )?(?:original|official) (?:\w+ ){0,3}(?:soundtrack|score)(?: album| recording)?|"
    r"soundtrack|ost|(?:songs|music) from(?: and inspired by)? the (?:original )?"
    r"(?:motion picture|film|movie|series)(?: soundtrack)?)"
    r"\s*[)\]]?",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"(?<=[\w)\]])(?:\s+|\s*[-–(\[]\s*)(ep|(?<=[-–(\[] )single|(?<=[(\[])single)\b[)\]]?\s*(?:[(\[].*)?$",
    re.IGNORECASE,
)
"""What a title calls itself at its end, where an edition may follow."""
VARIOUS = frozenset({"various artists"})


def is_common(title: str) -> bool:
    """A title that many acts, and one act more than once, give an album: `Greatest Hits`."""
    return bool(_GENERIC.match(title))


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
    soundtrack: bool
    songs: tuple[Part, ...]
    vague: bool  # known from plays alone

    @property
    def various(self) -> bool:
        return self.artists == VARIOUS


def form(facts: Facts) -> AlbumForm:
    said, title = facts.payload, facts.payload["title"]
    without = _SOUNDTRACK.sub("", title) or title
    nickname = _NICKNAME.search(without)
    main, versions = album_title(without[: nickname.start()] if nickname else without)
    names = [credit["name"] for credit in said.get("credits", ()) if credit.get("role", "artist") == "artist"]
    artists = frozenset().union(*(possible_names(name) for name in names))
    named = _FORM.search(title)
    return AlbumForm(
        sort_key(main),
        fold(nickname[1]) if nickname else "",
        versions,
        VARIOUS if artists & UNKNOWN else artists,
        frozenset((scheme, _plain(scheme, value)) for scheme, value in said.get("ids", {}).items()),
        int(said["released"][:4]) if "released" in said else None,
        said.get("total_tracks"),
        named[1].lower() if named else said.get("form"),
        fold(title) != main,
        without != title or said.get("form") == "soundtrack",
        facts.parts,
        said.get("from") == "play",
    )


def keys(form: AlbumForm) -> Iterable[str]:
    for scheme, value in form.ids:
        yield f"{scheme}:{value}"
    if form.title == "unknown album":
        return
    for artist in form.artists:
        yield f"t:{artist}|{form.title}"
        if len(form.title) >= 8:
            yield f"c:{artist}|{form.title[:5]}"
    if not is_common(form.title):
        yield f"v:{form.title}"


def compare(a: AlbumForm, b: AlbumForm) -> Verdict:
    """Ids decide; then the title, an artist in common and the kind of album; then the songs and the year."""
    ids_a, ids_b = dict(a.ids), dict(b.ids)
    shared = sorted(a.artists & b.artists)
    if scheme := shared_id(ids_a, ids_b):
        known = shared or scheme != "upc" or alike(a.title, b.title) != "unlike"
        return Verdict("same" if known else "unsure", (Evidence(scheme, ids_a[scheme], ids_b[scheme], 100.0),))
    if "release_group" in ids_a and "release_group" in ids_b:
        parts = ids_a["release_group"], ids_b["release_group"]
        return Verdict("different", (Evidence("release group", *parts, -100.0),))
    if not _alike(a, b):
        return NOTHING
    if not shared:
        return _of_various(a, b)
    if against := _another_kind(a, b):
        return Verdict("different", (against,))
    near = a.title != b.title
    said: tuple[Evidence, ...] = (
        Evidence("title", a.title, b.title, TITLE_NEAR if near else TITLE),
        Evidence("artist", shared[0], shared[0], ARTIST),
    )
    return _weigh_songs(a, b, said)


def _alike(a: AlbumForm, b: AlbumForm) -> bool:
    """A slip of a letter is forgiven in long titles, where the year or the number of songs agrees."""
    if a.title == b.title:
        return True
    close = (a.year and a.year == b.year) or (a.tracks and a.tracks == b.tracks)
    return bool(close) and min(len(a.title), len(b.title)) >= 8 and alike(a.title, b.title) == "near"


def _another_kind(a: AlbumForm, b: AlbumForm) -> Evidence | None:
    if a.nickname != b.nickname and (a.year != b.year or a.year is None or (a.nickname and b.nickname)):
        return Evidence("called", a.nickname, b.nickname, -60.0)
    if {kind for kind, _ in a.versions} != {kind for kind, _ in b.versions}:
        return Evidence("version", _words(a.versions), _words(b.versions), -60.0)
    if a.soundtrack != b.soundtrack and not (a.vague or b.vague or (a.various and b.various)):
        return Evidence("soundtrack", str(a.soundtrack), str(b.soundtrack), -40.0)
    if _single_and_album(a, b):
        return Evidence("form", str(a.form), str(b.form), -40.0)
    return None


def _single_and_album(a: AlbumForm, b: AlbumForm) -> bool:
    """Sources call a single an album and an EP too: where both count their songs, the count decides."""
    counted = bool(a.tracks and b.tracks)
    larger = counted and max(a.tracks or 1, b.tracks or 1) >= LARGER * min(a.tracks or 1, b.tracks or 1)
    if {a.form, b.form} in ({"single", "album"}, {"single", "compilation"}, {"single", None}):
        return larger or not (counted or None in (a.form, b.form))
    return {a.form, b.form} in ({"ep", "album"}, {"ep", None}) and larger


# --- songs ------------------------------------------------------------------------------------------------------------


def _weigh_songs(a: AlbumForm, b: AlbumForm, said: tuple[Evidence, ...]) -> Verdict:
    """What both list decides over years; a scrobbled album joins what it can mean."""
    share, known = _in_common(a, b)
    if known and (a.vague or b.vague):
        songs = Evidence("songs", _count(a), _count(b), SONGS * share)
        return Verdict("lone", (*said, songs)) if share else NOTHING
    if known and min(len(a.songs), len(b.songs)) >= TELLING:
        songs = Evidence("songs", _count(a), _count(b), SONGS if share >= MOSTLY else SONGS_OTHER * (1 - share))
        if share >= MOSTLY:
            return Verdict("unsure" if _kinds_of_songs(a) != _kinds_of_songs(b) else "same", (*said, songs))
        if share <= HARDLY:
            return Verdict("different" if not share and _years_apart(a, b) else "unsure", (*said, songs))
    return _weigh_years(a, b, said)


def _in_common(a: AlbumForm, b: AlbumForm) -> tuple[float, bool]:
    """Share of the shorter list that both have, and whether both list enough to tell."""
    mine, theirs = _titles(a), _titles(b)
    whole = a.vague or b.vague or (_is_whole(a) and _is_whole(b))
    if not mine or not theirs or not whole or (a.vague and b.vague):
        return 0.0, False
    return len(mine & theirs) / min(len(mine), len(theirs)), True


def _is_whole(form: AlbumForm) -> bool:
    """Of an album of which a library holds two songs, the others say nothing; nor does one disc of several."""
    return form.tracks is None or len(form.songs) >= 0.8 * form.tracks


def _titles(form: AlbumForm) -> frozenset[str]:
    return frozenset(song_title(part.title).main for part in form.songs)


def _kinds_of_songs(form: AlbumForm) -> frozenset[str]:
    """Versions that most songs name, or the album for them all."""
    kinds = [{kind for kind, _ in song_title(part.title).versions} for part in form.songs]
    most = {kind for kind in set().union(*kinds) if sum(kind in one for one in kinds) >= MOSTLY * len(kinds)}
    return frozenset(most | {kind for kind, _ in (*form.versions, *album_versions(form.title))})


def _count(form: AlbumForm) -> str:
    return f"{len(form.songs)} listed"


def _of_various(a: AlbumForm, b: AlbumForm) -> Verdict:
    """Nobody in common, one of them by various artists or a soundtrack: then the songs must be the same."""
    if not (a.various or b.various or (a.soundtrack and b.soundtrack)) or _another_kind(a, b):
        return NOTHING
    said = (Evidence("title", a.title, b.title, TITLE),)
    songs = Evidence("songs", _count(a), _count(b), SONGS)
    if a.vague != b.vague:
        played, whole = (a, b) if a.vague else (b, a)
        return Verdict("lone", (*said, songs)) if whole.various and _is_part(played, whole) else NOTHING
    share, known = _in_common(a, b)
    enough = known and min(len(a.songs), len(b.songs)) >= TELLING
    return Verdict("same", (*said, songs)) if enough and share >= MOSTLY else NOTHING


def _is_part(played: AlbumForm, whole: AlbumForm) -> bool:
    """Is all that was played from the one on the other, by the same artist?"""
    listed = {(song_title(part.title).main, name) for part in whole.songs for name in possible_names(part.artist)}
    titles = _titles(played)
    return bool(titles) and all(any((title, name) in listed for name in played.artists) for title in titles)


# --- years ------------------------------------------------------------------------------------------------------------


def _weigh_years(a: AlbumForm, b: AlbumForm, said: tuple[Evidence, ...]) -> Verdict:
    """Years and sizes of two albums of one name; a reissue's year says nothing, a generic name needs its year."""
    if a.vague != b.vague:
        return Verdict("lone", said)
    if a.year is None or b.year is None:
        return Verdict("same", said)
    near = not _years_apart(a, b)
    said = (*said, Evidence("year", str(a.year), str(b.year), YEAR if near else YEAR_OTHER))
    if near or a.reissue or b.reissue:
        return Verdict("same", said)
    self_titled = fold_name(a.title) in a.artists
    sizes_differ = bool(a.tracks and b.tracks) and not 0.5 <= (a.tracks or 1) / (b.tracks or 1) <= 2
    return Verdict("unsure" if self_titled or sizes_differ or is_common(a.title) else "same", said)


def _years_apart(a: AlbumForm, b: AlbumForm) -> bool:
    return a.year is not None and b.year is not None and abs(a.year - b.year) > 1


def _plain(scheme: str, value: str) -> str:
    return value.lstrip("0") if scheme == "upc" else value.lower() if scheme == "mbid" else value


def _words(versions: frozenset[Version]) -> str:
    return ", ".join(sorted(" ".join(version).strip() for version in versions)) or "none"
