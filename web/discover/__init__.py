"""Discover: albums and artists the listener neither has nor knows, with the reasons, and what they say of them."""

from __future__ import annotations

import json
import time

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import recommendations, sources
from aggregator.library import items
from web.context import listener, store
from web.words import local

bp = Blueprint("discover", __name__, template_folder="templates")

KINDS: dict[str, recommendations.Kind] = {"albums": "album", "artists": "artist"}


@bp.get("/discover")
def page() -> ResponseReturnValue:
    today = local(time.time()).date()
    with store().read() as conn:
        found = recommendations.discover(conn, listener().id, today)
    recommendations.note_seen(store(), listener().id, found.cards, today)
    nothing_new = not found.new
    able = nothing_new and bool(sources.able(store(), listener().id, "discovery"))
    return render_template("discover/page.html", found=found, nothing_new=nothing_new, able=able)


@bp.get("/discover/standing")
def standing() -> ResponseReturnValue:
    """The progress of look-ups, polled while they run."""
    with store().read() as conn:
        return render_template("discover/standing.html", standing=recommendations.standing(conn, listener().id))


@bp.get("/discover/feedback")
def feedback() -> ResponseReturnValue:
    """Everything the listener said of recommendations and has not taken back."""
    with store().read() as conn:
        return render_template("discover/feedback.html", said=recommendations.said_by(conn, listener().id))


@bp.post("/discover/<any(albums, artists):kind>/<int:item_id>/say")
def say(kind: str, item_id: int) -> ResponseReturnValue:
    """In the card's place it says what this changed, with an undo; without scripts the page does."""
    what, word = KINDS[kind], request.form.get("word")
    if word not in recommendations.WORDS:
        abort(400, "Say more, less, never or know.")
    with store().read() as conn:
        known = items.known(conn, listener().id, what, item_id)
    said = recommendations.say(store(), listener().id, what, item_id, word) if known else None
    if said is None:
        abort(404, "This is not in Bandstand any more.")
    if not _fragment():
        flash(f"{said.effect} Undo it under What you said.")
        return redirect(url_for("discover.page"), 303)
    return _toast(make_response(render_template("discover/said.html", said=said)), said.effect)


@bp.post("/discover/feedback/<int:feedback_id>/undo")
def undo(feedback_id: int) -> ResponseReturnValue:
    """In the place of a card the card comes back; in the list of all that was said, the list is shown anew."""
    said = recommendations.take_back(store(), listener().id, feedback_id)
    if said is None:
        abort(404, "That was undone before.")
    if not _fragment():
        flash(_undone(said))
        return redirect(url_for("discover.feedback"), 303)
    with store().read() as conn:
        card = recommendations.card_of(conn, listener().id, said.kind, said.item_id)
    return _toast(make_response(render_template("discover/card.html", card=card) if card else ""), _undone(said))


def _undone(said: recommendations.Said) -> str:
    return f"Taken back. Recommendations are as if nothing had been said of {said.name}."


def _fragment() -> bool:
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def _toast(answer: Response, words: str) -> Response:
    answer.headers["HX-Trigger"] = json.dumps({"toast": words})
    return answer
