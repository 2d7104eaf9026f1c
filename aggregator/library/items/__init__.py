"""Items as pages read them. Every function makes the same number of queries however large the library is.

lists       albums, artists and songs of a listener, in pages
cards       what is shown of an item in a list
pages       one album, artist or recording
provenance  where an item comes from, in words and claim by claim
near        what looks like an item and was kept apart from it, and why
said        what each source says of an item, field by field, and why one word is shown
facts       what the home page says
"""

from aggregator.library.items.cards import AlbumCard, ArtistCard, Credited, SongCard
from aggregator.library.items.facts import Home, home
from aggregator.library.items.lists import AlbumQuery, Page, Query, Size, albums, artists, sizes, songs
from aggregator.library.items.near import Near, near_misses
from aggregator.library.items.pages import (
    AlbumPage,
    ArtistPage,
    Copy,
    Listed,
    Moved,
    RecordingPage,
    Version,
    album,
    artist,
    listed,
    origin,
    recording,
    resolve,
)
from aggregator.library.items.provenance import ClaimRow, claims_of, known, provenance
from aggregator.library.items.said import Line, Value, first_claim, unsaid, what_is_said

__all__ = [
    "AlbumCard", "AlbumPage", "AlbumQuery", "ArtistCard", "ArtistPage", "ClaimRow", "Copy", "Credited", "Home", "Line",
    "Listed", "Moved", "Near", "Page", "Query", "RecordingPage", "Size", "SongCard", "Value", "Version", "album",
    "albums", "artist", "artists", "claims_of", "first_claim", "home", "known", "listed", "near_misses", "origin",
    "provenance", "recording", "resolve", "sizes", "songs", "unsaid", "what_is_said",
]  # fmt: skip
