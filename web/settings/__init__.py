"""To be written."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

bp = Blueprint("settings", __name__, template_folder="templates")


@bp.get("/settings")
def page() -> ResponseReturnValue:
    return render_template("error.html", title="Settings", words="", code=200)
