"""Previews: samples of what is not in the house, in the player's form, and their sound.

The sound comes through Bandstand, so that pages load nothing from elsewhere and services do not see who listens.
"""

from __future__ import annotations

import io

from flask import abort, current_app, g, jsonify, send_file, url_for
from flask.typing import ResponseReturnValue

from aggregator import previews, sources
from web import shell, words
from web.context import listener, store
from web.media import bp

KINDS: dict[str, previews.Kind] = {"albums": "album", "artists": "artist", "tracks": "recording"}
PAGES: dict[previews.Kind, str] = {"album": "library.album", "artist": "library.artist", "recording": "library.track"}
FRESH_SECONDS = 600


@bp.app_template_global()
def can_preview() -> bool:
    """Whether a source of the listener's has samples of music. Asked once for a page."""
    if "can_preview" not in g:
        g.can_preview = bool(sources.sampled(store(), listener().id))
    return bool(g.can_preview)


@bp.get("/previews/<any(albums, artists, tracks):kind>/<int:item_id>")
def preview_list(kind: str, item_id: int) -> ResponseReturnValue:
    """What can be heard of something, as songs for the player; an error in words for it where there is nothing."""
    try:
        about, found = _samples(KINDS[kind], item_id)
    except previews.NoPreview as reason:
        return jsonify(error=str(reason)), 404
    href = url_for(PAGES[KINDS[kind]], item_id=item_id)
    shown = {"href": href, "sleeve": shell.picture(about, 96), "hue": words.hue(about), "preview": True}
    return jsonify(songs=[{**_song(kind, item_id, each), **shown} for each in found])


@bp.get("/previews/<any(albums, artists, tracks):kind>/<int:item_id>/<int:account_id>/<path:track_id>")
def preview(kind: str, item_id: int, account_id: int, track_id: str) -> ResponseReturnValue:
    """The sound of one of them."""
    try:
        _, found = _samples(KINDS[kind], item_id)
        song = next((each for each in found if (each.account_id, each.track.id) == (account_id, track_id)), None)
        if song is None:
            raise previews.NoPreview("There is no such preview any more. Press Preview again.")
        clip = current_app.extensions["clips"].get(song)
    except previews.NoPreview as reason:
        return jsonify(error=str(reason)), 404
    answer = send_file(io.BytesIO(clip.content), mimetype=clip.type, conditional=True)
    answer.headers["Cache-Control"] = f"private, max-age={FRESH_SECONDS}"
    return answer


def _samples(kind: previews.Kind, item_id: int) -> tuple[previews.Thing, list[previews.Sample]]:
    """Raises `NoPreview`."""
    with store().read() as conn:
        about = previews.thing(conn, listener().id, kind, item_id)
    if about is None:
        abort(404, "This is not in Bandstand any more.")
    return about, previews.samples(store(), listener().id, about)


def _song(kind: str, item_id: int, sample: previews.Sample) -> dict[str, object]:
    account_id, track_id = sample.account_id, sample.track.id
    return {
        "src": url_for("media.preview", kind=kind, item_id=item_id, account_id=account_id, track_id=track_id),
        "title": sample.track.title,
        "credit": sample.credit,
        "chip": f"Preview from {sample.account_name}",
    }
