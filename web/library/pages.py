"""One album, artist or song, with all that is known of it; favourites; play lists for the player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import quote_plus

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import recommendations, stances, stars
from aggregator.library import items
from aggregator.shows import calendar
from web import playing
from web.context import listener, store
from web.library import bp

Found = TypeVar("Found", items.AlbumPage, items.ArtistPage, items.RecordingPage)

NEXT_SHOWS = 4
FORMS = {"ep": "EP", "live": "Live album", "other": "Album"}


SHOPS = (
    ("Bandcamp", "https://bandcamp.com/search?q={}"),
    ("Discogs", "https://www.discogs.com/search/?type=all&q={}"),
)
"""Shops that can be searched by a link: whether they sell it is theirs to say."""


@bp.app_template_global()
def shops(name: str) -> list[tuple[str, str]]:
    """Where to look for music that the listener has not got."""
    return [(shop, address.format(quote_plus(name))) for shop, address in SHOPS]


@bp.app_template_global()
def form_words(form: str) -> str:
    """`Album`, `EP`, `Live album`, `Compilation` …"""
    return FORMS.get(form, form.capitalize())


@bp.get("/albums/<int:item_id>")
def album(item_id: int) -> ResponseReturnValue:
    with store().read() as conn:
        found = _one(conn, items.album, item_id, "library.album")
        if not isinstance(found, items.AlbumPage):
            return found
        told = _told(conn, "album", found.id, found.title)
        where = [] if found.owned else recommendations.where(conn, listener().id, "album", found.id)
    most = max((song.plays for song in found.songs), default=0)
    first = next((song.audio_claim for song in found.songs if song.audio_claim is not None), None)
    told |= {"most_played": most, "first": first, "where": where}
    return render_template("library/album.html", kind="album", item=found, **told)


@bp.get("/artists/<int:item_id>")
def artist(item_id: int) -> ResponseReturnValue:
    with store().read() as conn:
        found = _one(conn, items.artist, item_id, "library.artist")
        if not isinstance(found, items.ArtistPage):
            return found
        shows = calendar.next_shows(conn, listener(), NEXT_SHOWS, artist_id=found.id)
        said = stances.words(conn, listener().id, [found.id]).get(found.id, {})
        told = _told(conn, "artist", found.id, found.name)
        where = [] if found.owned else recommendations.where(conn, listener().id, "artist", found.id)
    told |= {"shows": shows, "said": said, "where": where}
    return render_template("library/artist.html", kind="artist", item=found, **told)


@bp.get("/tracks/<int:item_id>")
def track(item_id: int) -> ResponseReturnValue:
    with store().read() as conn:
        found = _one(conn, items.recording, item_id, "library.track")
        if not isinstance(found, items.RecordingPage):
            return found
        told = _told(conn, "recording", found.id, found.title)
        told["where"] = [] if found.owned else recommendations.where(conn, listener().id, "recording", found.id)
    return render_template("library/track.html", kind="recording", item=found, **told)


def _told(conn: Any, kind: str, item_id: int, title: str) -> dict[str, Any]:
    """What each source says of an item, and what else looks like it."""
    said = items.what_is_said(conn, listener().id, kind, item_id)
    return {
        "says": said,
        "unsaid": items.unsaid(kind, said),
        "near": items.near_misses(conn, listener().id, kind, item_id, title),
    }


def _one(
    conn: Any, read: Callable[[Any, int, int], Found | items.Moved | None], item_id: int, endpoint: str
) -> Found | ResponseReturnValue:
    """The page; or the way to where the item is now. What no account of the listener's speaks of is not there."""
    found = read(conn, listener().id, item_id)
    if isinstance(found, items.Moved):
        return cast(ResponseReturnValue, redirect(url_for(endpoint, item_id=found.id), 301))
    if found is None or not found.claims:
        abort(404, "This is not in your library. It may have left with the source that brought it.")
    return found


# --- for the player ---------------------------------------------------------------------------------------------------


@bp.get("/albums/<int:item_id>/list")
def album_list(item_id: int) -> ResponseReturnValue:
    with store().read() as conn:
        found = items.album(conn, listener().id, item_id)
        return playing.listed(conn, found.songs if isinstance(found, items.AlbumPage) else [])


@bp.get("/artists/<int:item_id>/list")
def artist_list(item_id: int) -> ResponseReturnValue:
    """The songs played most."""
    with store().read() as conn:
        found = items.artist(conn, listener().id, item_id)
        return playing.listed(conn, found.songs if isinstance(found, items.ArtistPage) else [])


@bp.get("/tracks/<int:item_id>/list")
def track_list(item_id: int) -> ResponseReturnValue:
    with store().read() as conn:
        found = items.recording(conn, listener().id, item_id)
        return playing.listed(conn, [found.card] if isinstance(found, items.RecordingPage) else [])


# --- favourites -------------------------------------------------------------------------------------------------------


@bp.post("/stars/<any(artist, album, recording):kind>/<int:item_id>")
def star(kind: stars.Kind, item_id: int) -> ResponseReturnValue:
    """Put a star on or take it off; answers with the button as it is then."""
    on = request.form.get("on") == "1"
    with store().read() as conn:
        if not items.known(conn, listener().id, kind, item_id):
            abort(404, "This is not in your library any more.")
    if on and not stars.put(store(), listener().id, kind, item_id):
        abort(404, "This is not in your library any more.")
    if not on:
        stars.take(store(), listener().id, kind, item_id)
    item = {"id": item_id, "title": request.form.get("name", ""), "starred": on}
    return render_template("library/star.html", kind=kind, item=item)
