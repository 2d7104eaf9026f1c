"""Search as you type: the library's own hits at once, below them what each connected service answers."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from aggregator import sources
from aggregator.library import search
from web.context import config, listener, store

bp = Blueprint("search", __name__, template_folder="templates")

DEADLINE = 3.0
"""Seconds that a service has to answer before the page goes on without it."""


class Wanted(BaseModel):
    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    q: str = Field("", max_length=200)


@bp.get("/search")
def page() -> ResponseReturnValue:
    """The whole page, or (for the pill) its hits alone."""
    text = Wanted.model_validate(request.args.to_dict()).q
    part = request.headers.get("HX-Target") == "hits"
    with store().read() as conn:
        hits = search.search(conn, listener().id, text, limit=4 if part else 20) if text else None
    return render_template("search/hits.html" if part else "search/page.html", hits=hits, searched=text)


@bp.get("/search/services")
def services() -> ResponseReturnValue:
    """What the services say, each by its name; one that is silent or fails says so in its place."""
    text = Wanted.model_validate(request.args.to_dict()).q
    able = sources.able(store(), listener().id, "search") if text else []
    answers = sources.ask_live(config().data, "search", text, account_ids=able, deadline=DEADLINE)
    return render_template("search/services.html", answers=answers, searched=text)
