"""The first page: what the moment, the week and the library say."""

from __future__ import annotations

import time
from dataclasses import replace

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from aggregator import recommendations, sources
from aggregator.library import items
from aggregator.shows import calendar
from web import words
from web.context import listener, store

bp = Blueprint("home", __name__, template_folder="templates")

SHELF = 8
NEXT_SHOWS = 5
WIDE = 6  # cards of such a row
SUGGESTED = ("you", "friends", "new", "rotation", "unplayed")


@bp.get("/")
def page() -> ResponseReturnValue:
    now = int(time.time())
    with store().read() as conn:
        home = items.home(conn, listener().id, now, SHELF)
        shows = calendar.next_shows(conn, listener(), NEXT_SHOWS)
    standing = sources.standing(store(), listener().id)
    told = {"home": home, "shows": shows, "standing": standing, "runs": standing.runs}
    return render_template("home/page.html", moment=words.moment(now), **told)


@bp.get("/suggested")
def suggested() -> ResponseReturnValue:
    """A few rows of Discover, which follow the page."""
    today = words.local(time.time()).date()
    with store().read() as conn:
        found = recommendations.discover(conn, listener().id, today)
    rows = [replace(row, cards=row.cards[:WIDE]) for row in found.rows if row.key in SUGGESTED]
    recommendations.note_seen(store(), listener().id, [card for row in rows for card in row.cards], today)
    return render_template("home/suggested.html", rows=rows)
