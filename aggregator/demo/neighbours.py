"""Invented acts beyond the library: what a scrobbling service knows of similar artists, tags and albums."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from aggregator.demo.catalogue import ARTISTS, VARIOUS, Artist, albums_of, mbid, slug_of

_TEXT = """
Alder & the Voltmeters | indie folk, folk | 40
Aunt Gravity | synth-pop, indie pop | 310
Bergamot Parliament | chamber pop, indie pop | 80
Blåklokke Sent | ambient, folk | 220
Brass Monocle Quartet | jazz, minimalism | 45
Candle Ordnance | post-punk, indie rock | 195
Cartographers at Rest | post-rock, ambient | 160
Chalk Meridian | math rock, indie rock | 140
Cobalt Pantry | indie pop, synth-pop | 230
Corporal Daydream | indie rock, post-punk | 10
Dampfmaschine Süd | kosmische, electronic | 275
Dovecote Static | slowcore, ambient | 350
Eleven Kind Foxes | indie folk, chamber pop | 25
Elevator Ornithology | electronic, house | 320
Estación Niebla | cumbia, electronic | 100
Fennel Observatory | ambient, minimalism | 120
Forty Winks Regatta | indie pop, synth-pop | 200
Glasshouse Kurier | kosmische, electronic | 255
Hollow Tannery | doom metal, metal | 5
Iron Lullaby Union | metal, doom metal | 355
Juniper Semaphore | indie folk, scottish folk | 60
Kestrel & Vinegar | scottish folk, folk | 70
La Orquesta del Tejado | cumbia, latin | 20
Lady Pembroke's Radio | vocal jazz, jazz | 245
Magnet Cathedral | post-rock, slowcore | 180
Midnight Abacus | house, electronic | 330
Mossgrove Telegraph | folk, indie folk | 95
Nine Tin Moons | synth-pop, electronic | 290
Nørrelys | neoclassical, ambient | 210
Ossuary Gardeners | doom metal, slowcore | 345
Parallel Pond | minimalism, neoclassical | 130
Pocket Avalanche | math rock, post-rock | 155
Quarter Past Owl | vocal jazz, chamber pop | 250
Rotunda Boys | post-punk, indie rock | 190
Salt Ledger | slowcore, indie rock | 15
Sleeper Carriage | electronic, ambient | 265
Teal Divide | math rock, indie rock | 175
Thimble & Thunder | scottish folk, indie folk | 55
Velocipede Choir | chamber pop, folk | 85
Wharfinger | post-punk, post-rock | 205
Yesterday's Turbine | house, kosmische | 325
Zagara Nocturna | latin, vocal jazz | 35
"""

_FIRST = (
    "Amber", "Borrowed", "Clay", "Distant", "Electric", "Hidden", "Iron", "Late", "Mirror", "Narrow", "Open", "Paper",
    "Silver", "Thin", "Winter",
)  # fmt: skip
_LAST = (
    "Almanac", "Bridges", "Cabinet", "Departures", "Evenings", "Ferns", "Gazette", "Harbours", "Letters", "Motors",
    "Orchard", "Rooms", "Signals", "Tides",
)  # fmt: skip


NEAREST = 8
UNLINKED = ("tramline-ohio", "dj-kettlewire")
"""Acts whose MusicBrainz id a scrobbling service does not know."""


@dataclass(frozen=True)
class Release:
    """An album as a scrobbling service lists it."""

    title: str
    plays: int
    slug: str

    @property
    def mbid(self) -> str:
        return mbid("release", self.slug)


def _read() -> dict[str, Artist]:
    found = {}
    for line in _TEXT.strip().splitlines():
        name, genres, hue = (part.strip() for part in line.split("|"))
        slug = slug_of(name)
        found[slug] = Artist(slug, name, tuple(genres.split(", ")), int(hue))
    return found


NEIGHBOURS = _read()
EVERYBODY = {slug: artist for slug, artist in {**ARTISTS, **NEIGHBOURS}.items() if artist is not VARIOUS}


def named(name: str) -> Artist | None:
    """The act a service finds under a name, blind to case. Of two with one name, the first."""
    return next((artist for artist in EVERYBODY.values() if artist.name.casefold() == name.casefold()), None)


@cache
def similar(artist: Artist) -> list[tuple[Artist, float]]:
    """Others who share a genre, nearest first, with a match in 0..1."""
    found = []
    for other in EVERYBODY.values():
        shared = set(other.genres) & set(artist.genres)
        if other.name != artist.name and shared:
            chance = Random(f"{artist.slug}>{other.slug}").random()  # noqa: S311 - a story, not a secret
            found.append((other, 0.28 * len(shared) + 0.4 * chance))
    found.sort(key=lambda pair: (-pair[1], pair[0].slug))
    return [(other, round(match / found[0][1], 6)) for other, match in found[:NEAREST]]


def tags(artist: Artist) -> list[tuple[str, int]]:
    """Words listeners use for an act, heaviest first, 100 for the first."""
    return [*((genre, 100 - 38 * number) for number, genre in enumerate(artist.genres)), ("seen live", 9)]


@cache
def tagged(tag: str) -> list[Artist]:
    """Acts that listeners give a tag, blind to case; those first for whom most do."""
    uses = {
        act.slug: weight * listeners(act)
        for act in EVERYBODY.values()
        for name, weight in tags(act)
        if name == tag.casefold()
    }
    return sorted((EVERYBODY[slug] for slug in uses), key=lambda act: (-uses[act.slug], act.slug))


@cache
def chart() -> list[Artist]:
    """Everybody, those with the most listeners first."""
    return sorted(EVERYBODY.values(), key=lambda act: (-listeners(act), act.slug))


@cache
def releases(artist: Artist) -> list[Release]:
    """Albums of an act, most played first."""
    if artist.slug in ARTISTS:
        albums = [album for album in albums_of(artist) if album.form != "single"]
        return [Release(album.title, 90_000 // (n + 1), album.slug) for n, album in enumerate(albums)]
    dice = Random(artist.slug)  # noqa: S311
    titles = [f"{first} {last}" for first, last in zip(dice.sample(_FIRST, 3), dice.sample(_LAST, 3), strict=True)]
    return [Release(title, 60_000 // (n + 1), slug_of(f"{artist.slug} {title}")) for n, title in enumerate(titles)]


def listeners(artist: Artist) -> int:
    return 2_000 + Random(f"{artist.slug} listeners").randrange(60_000)  # noqa: S311
