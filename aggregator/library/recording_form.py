"""A recording claim in normal form, and the keys under which claims of one recording meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from aggregator.library.evidence import Facts, known_ids
from aggregator.library.readings import Reading, line, readings, says_nothing
from aggregator.library.titles import possible_names
from aggregator.library.versions import Version


class RecordingForm(NamedTuple):
    readings: tuple[Reading, ...]
    artists: frozenset[str]
    composers: frozenset[str]
    seconds: float | None
    place: str | None  # number on the album
    year: int | None
    ids: frozenset[tuple[str, str]]
    slot: tuple[str, int, int] | None  # edition, disc, position
    run_together: bool  # artist or album may stand in the title without a sign between

    @property
    def plain(self) -> Reading:
        return self.readings[0]

    @property
    def says_more(self) -> bool:
        """`Nora Quist - Even Numbers`, `Even Numbers - Harbour Lights`: the title may name the artist or the album."""
        plain, others = self.readings[0], self.readings[1:]
        return any((other.artist and not plain.artist) or (other.album and not plain.album) for other in others)

    @property
    def vague(self) -> bool:
        """A scrobble: nothing but text."""
        return self.seconds is None

    @property
    def versions(self) -> frozenset[Version]:
        return self.plain.versions or self.plain.album_versions


def form(facts: Facts) -> RecordingForm:
    said, about = facts.payload, facts.about
    credits = said.get("credits") or about.get("credits") or ()
    names = [credit["name"] for credit in credits if credit.get("role", "artist") == "artist"]
    players = [credit["name"] for credit in credits if credit.get("role") in ("performer", "conductor")]
    composers = [credit["name"] for credit in credits if credit.get("role") == "composer"]
    album = said.get("album") or about.get("title") or ""
    title, seconds, shop = line(said["title"], said.get("seconds"))
    place = str(said["position"]) if "position" in said else None
    return RecordingForm(
        readings(title, _joined(credits), album, place, exact="from" not in said),
        _names([*names, *players]),
        _names(composers),
        seconds,
        place,
        int(about["released"][:4]) if "released" in about else None,
        known_ids(said),
        (facts.edition, said.get("disc", 1), said["position"]) if facts.edition and "position" in said else None,
        shop or not names,
    )


def _names(credited: Iterable[str]) -> frozenset[str]:
    return frozenset(name for credit in credited for name in possible_names(credit) if not says_nothing(name))


def _joined(credits: Iterable[Any]) -> str:
    names = [credit for credit in credits if credit.get("role", "artist") == "artist"]
    return "".join(credit["name"] + credit.get("join", "") for credit in names)


# --- blocking ---------------------------------------------------------------------------------------------------------


def keys(form: RecordingForm) -> Iterable[str]:
    """Each names two things that one recording's claims share even where a third one is missing or mistyped."""
    found = {f"{scheme}:{value}" for scheme, value in form.ids}
    if form.vague and form.plain.little and not form.plain.album:
        return found
    for reading in form.readings:
        if reading.exchanged:  # holds where all fields agree: one key is enough, others would name whole albums
            found.add(_song_key(reading.artist, reading.title))
            continue
        found.update(_keys_of(reading.title, reading.artist, reading.album, form))
        if reading.lost != (None, None, None):
            found.update(_keys_of(*_kept(reading), form))
        for name in form.artists | form.composers:
            if reading.title:
                found.add(_song_key(name, reading.title))
    found.update(_line_keys(form))
    return found


def _keys_of(title: str, artist: str, album: str, form: RecordingForm) -> Iterator[str]:
    song, by, on = title.replace(" ", ""), _tight(artist), album.replace(" ", "")
    head = "".join(sorted(song[:3]))  # a slip exchanges letters, or comes later
    if song and by:
        yield _song_key(artist, title)
        if len(song) >= 18:
            yield f"c:{by}|{song[:18]}"
    if song and on:
        yield f"s:{on}|{song}"
        if by:
            yield f"x:{by}|{on}|{head}"
    if form.place and len(song) > 5:
        yield f"r:{song}|{form.place}"
    if form.place and song and by:
        yield f"p:{by}|{form.place}|{head}"
    if form.place and len(on) > 8:
        yield f"q:{on}|{form.place}"
    for second in _seconds(form.seconds):
        if len(song) > 3:
            yield f"l:{song}|{second}"
        if by:
            yield f"m:{by}|{second}"
        if on:
            yield f"n:{on}|{second}"


def _song_key(artist: str, title: str) -> str:
    return f"t:{_tight(artist)}|{title.replace(' ', '')}"


def _line_keys(form: RecordingForm) -> Iterator[str]:
    """Lines in which a source ran all fields together meet others, and each other, by their first words."""
    words = form.plain.title.split()
    if form.run_together and len(words) > 2:
        yield "w:" + " ".join(words[:3])
    if words and form.seconds is not None:
        if form.run_together:
            yield from (f"?v:{words[0]}|{int(form.seconds) + apart}" for apart in (-2, -1, 0, 1, 2))
        else:
            yield f"!v:{words[0]}|{int(form.seconds)}"
            if len(words) > 2:
                yield f"u:{' '.join(words[:3])}|{int(form.seconds)}"


def _seconds(seconds: float | None) -> set[int]:
    """Sources cut or round: 201.6 meets 201 and 202."""
    return set() if seconds is None else {int(seconds), round(seconds)}


def _tight(name: str) -> str:
    """`Heep Uriah` and `Uriah Heep` share it."""
    return "".join(sorted(name.split()))


def _kept(reading: Reading) -> tuple[str, str, str]:
    """What a server that drops letters would have, where enough is left to mean something."""
    texts = (reading.title, reading.artist, reading.album)
    title, artist, album = (
        text if left is None else left if len(left) > 3 else "" for text, left in zip(texts, reading.lost, strict=True)
    )
    return title, artist, album
