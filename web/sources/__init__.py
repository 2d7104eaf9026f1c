"""To be written."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

bp = Blueprint("sources", __name__, template_folder="templates")


@bp.get("/sources")
def page() -> ResponseReturnValue:
    return render_template("error.html", title="Sources", words="", code=200)
