"""Search as you type."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

bp = Blueprint("search", __name__, template_folder="templates")


@bp.get("/search")
def page() -> ResponseReturnValue:
    return render_template("error.html", title="Search", words="", code=200)
