"""The library's pages: albums, artists, songs, and one page for each of them."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

bp = Blueprint("library", __name__, template_folder="templates")


@bp.get("/library")
def albums() -> ResponseReturnValue:
    return render_template("error.html", title="Library", words="", code=200)


@bp.get("/albums/<int:item_id>")
def album(item_id: int) -> ResponseReturnValue:
    abort(404)


@bp.get("/albums/<int:item_id>/list")
def album_list(item_id: int) -> ResponseReturnValue:
    abort(404)


@bp.get("/artists/<int:item_id>")
def artist(item_id: int) -> ResponseReturnValue:
    abort(404)


@bp.get("/tracks/<int:item_id>")
def track(item_id: int) -> ResponseReturnValue:
    abort(404)
