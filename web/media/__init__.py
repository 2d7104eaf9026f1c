"""Sound and pictures: owned files with Range requests, artwork, drawn sleeves."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, send_file
from flask.typing import ResponseReturnValue

from aggregator import artwork as pictures
from aggregator import playback
from web.context import config, listener, store
from web.media import sleeves

bp = Blueprint("media", __name__)

FOREVER = "max-age=31536000, immutable"


@bp.get("/stream/<int:claim_id>")
def stream(claim_id: int) -> ResponseReturnValue:
    """An owned file, whole or in parts; with `?download` to be kept as a file."""
    try:
        file = playback.owned_file(store(), listener().id, claim_id)
    except playback.FileGone as gone:
        abort(404, str(gone))
    if file is None:
        abort(404, "There is no file of yours behind this address.")
    return send_file(
        file.path,
        mimetype=file.type.partition(";")[0],
        conditional=True,
        as_attachment="download" in request.args,
        download_name=file.path.name,
        max_age=0,
    )


@bp.get("/artwork/<name>-<int:size>")
def artwork(name: str, size: int) -> ResponseReturnValue:
    """A cover in one of three sizes. Its name changes with its content, so browsers keep it."""
    path = pictures.file(config().data, name, size)
    if path is None:
        abort(404, "This picture is not here any more.")
    response = send_file(path, mimetype="image/webp", conditional=True)
    response.headers["Cache-Control"] = f"private, {FOREVER}"
    return response


@bp.get("/sleeves/<seed>.svg")
def sleeve(seed: str) -> ResponseReturnValue:
    """The same picture for the same address, for ever."""
    if len(seed) != 8 or not set(seed) <= set("0123456789abcdef"):
        abort(404)
    response = Response(sleeves.draw(seed), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = f"public, {FOREVER}"
    return response


from web.media import previews  # noqa: E402, F401 - its routes join this blueprint
