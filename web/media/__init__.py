"""Sound and pictures: owned files with Range requests, artwork, drawn sleeves."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from web.media import sleeves

bp = Blueprint("media", __name__)

YEAR = 365 * 86_400


@bp.get("/sleeves/<seed>.svg")
def sleeve(seed: str) -> ResponseReturnValue:
    """The same picture for the same address, for ever."""
    if len(seed) != 8 or not set(seed) <= set("0123456789abcdef"):
        abort(404)
    response = Response(sleeves.draw(seed), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@bp.get("/artwork/<name>-<int:size>")
def artwork(name: str, size: int) -> ResponseReturnValue:
    abort(404)


@bp.get("/stream/<int:claim_id>")
def stream(claim_id: int) -> ResponseReturnValue:
    abort(404)
