"""What is on near the listener: the month, one show, and following or muting who plays."""

from __future__ import annotations

import time
from typing import cast, get_args

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from aggregator import stances
from aggregator.library import items
from aggregator.shows import calendar, feed
from web.context import listener, own_page, store
from web.feed import instance

bp = Blueprint("shows", __name__, template_folder="templates")

CHOICES: tuple[tuple[calendar.Only, str], ...] = (
    ("", "For you"),
    ("library", "Your artists"),
    ("recommended", "Recommended"),
    ("everything", "Everything near"),
)


@bp.get("/shows")
def page() -> ResponseReturnValue:
    """One month, library shows solid and recommended ones outlined."""
    try:
        wanted = calendar.MonthQuery.model_validate(request.args.to_dict())
    except ValidationError:
        abort(404, "There is no such month. Look at /shows for the current one.")
    with store().read() as conn:
        month = calendar.month(conn, listener(), wanted)
    return render_template("shows/page.html", month=month, wanted=wanted, choices=CHOICES, now=int(time.time()))


@bp.get("/shows/<int:item_id>")
def show(item_id: int) -> ResponseReturnValue:
    with store().read() as conn:
        found = calendar.show_page(conn, listener(), item_id)
        if isinstance(found, calendar.Moved):
            return redirect(url_for("shows.show", item_id=found.id), 301)
        if found is None:
            abort(404, "This show is not known here. It may have been removed by the service that listed it.")
        says = items.what_is_said(conn, listener().id, "show", item_id)
        near = items.near_misses(conn, listener().id, "show", item_id, found.card.title)
        origin = items.origin(conn, listener().id, "show", item_id)
    item = {"id": item_id, "title": found.card.title, "claims": origin.claims, "history": origin.history}
    told = {
        "kind": "show",
        "item_id": item_id,
        "says": says,
        "unsaid": items.unsaid("show", says),
        "near": near,
        "item": item,
    }
    return render_template("shows/show.html", page=found, show=found.card, now=int(time.time()), **told)


@bp.get("/shows/<int:item_id>.ics")
def ics(item_id: int) -> ResponseReturnValue:
    """One event, to be added by hand."""
    with store().read() as conn:
        found = feed.single(conn, listener(), item_id, instance())
    if found is None:
        abort(404, "This show is not known here.")
    answer = Response(found.body, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="show-{item_id}.ics"'
    return answer


@bp.post("/artists/<int:artist_id>/stance")
def say(artist_id: int) -> ResponseReturnValue:
    """Follow or mute an artist for a topic; an empty word takes it back. Returns to `back`, a path of this site."""
    topic, word = request.form.get("topic", "shows"), request.form.get("word") or None
    if "word" not in request.form or topic not in stances.TOPICS or word not in (None, *get_args(stances.Word)):
        abort(400, "Follow or mute an artist for shows, releases or news.")
    with store().write() as conn:
        if not items.known(conn, listener().id, "artist", artist_id):
            abort(404, "This artist is not in your library.")
        stances.say(
            conn,
            listener().id,
            artist_id,
            cast(stances.Topic, topic),
            cast("stances.Word | None", word),
            int(time.time()),
        )
    back = request.form.get("back", "")
    return redirect(back if own_page(back) else url_for("shows.page"), 303)
