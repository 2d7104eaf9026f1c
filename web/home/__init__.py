"""The first page: what the moment, the week and the library say."""

from __future__ import annotations

import time

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from web import words

bp = Blueprint("home", __name__, template_folder="templates")


@bp.get("/")
def page() -> ResponseReturnValue:
    return render_template("home/page.html", moment=words.moment(time.time()))
