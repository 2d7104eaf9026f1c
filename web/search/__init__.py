"""Search as you type: the library's own hits at once, below them what each connected service answers."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.library import search
from aggregator.sources import LiveAnswer
from web.context import config, listener, store

bp = Blueprint("search", __name__, template_folder="templates")

DEADLINE = 3.0
"""Seconds that a service has to answer before the page goes on without it."""


LONGEST = 200
"""Letters of a question that are looked for; nothing in a library is called by more."""


@bp.get("/search")
def page() -> ResponseReturnValue:
    """The whole page, or (for the pill) its hits alone."""
    text = _asked()
    part = request.headers.get("HX-Target") == "hits"
    with store().read() as conn:
        hits = search.search(conn, listener().id, text, limit=4 if part else 20) if text else None
    return render_template("search/hits.html" if part else "search/page.html", hits=hits, searched=text)


@bp.get("/search/services")
def services() -> ResponseReturnValue:
    """What the services say, each by its name; one that is silent or fails says so in its place."""
    text = _asked()
    able = sources.searchable(store(), listener().id) if text else []
    answers = sources.ask_live(config().data, "search", text, account_ids=able, deadline=DEADLINE)
    return render_template("search/services.html", answers=answers, quiet=_quiet(answers), searched=text)


def _asked() -> str:
    return request.args.get("q", "").strip()[:LONGEST]


def _quiet(answers: list[LiveAnswer]) -> list[str]:
    """The names of those that know nothing, told in one line."""
    return [answer.account_name for answer in answers if not answer.items and answer.error is None]
