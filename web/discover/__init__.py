"""Discover: albums and artists the listener neither has nor knows, with the reasons, and what they say of them."""

from __future__ import annotations

import json
import time
from typing import cast

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import listeners, recommendations, sources
from aggregator.library import items
from aggregator.recommendations import rotation
from aggregator.shows import calendar
from web.context import listener, store
from web.words import local, plural

bp = Blueprint("discover", __name__, template_folder="templates")

STEPS = ("Familiar", "Mostly familiar", "Balanced", "Mostly unknown", "Adventurous")
"""Of the dial, by preference `novelty`."""
MOST_PLAYED = 12
KINDS: dict[str, recommendations.Kind] = {"albums": "album", "artists": "artist", "recordings": "recording"}
PAGES: dict[recommendations.Kind, str] = {
    "album": "library.album",
    "artist": "library.artist",
    "recording": "library.track",
}


@bp.app_template_global()
def page_of(kind: recommendations.Kind, item_id: int) -> str:
    """The address of a recommended thing's own page."""
    return url_for(PAGES[kind], item_id=item_id)


@bp.get("/discover")
def page() -> ResponseReturnValue:
    today = local(time.time()).date()
    with store().read() as conn:
        found = recommendations.discover(conn, listener().id, today)
    recommendations.note_seen(store(), listener().id, found.cards, today)
    able = not found.new and bool(sources.able(store(), listener().id, "discovery"))
    told = {"steps": STEPS, "tired": plural(rotation.TIRED, "day"), "rest": plural(rotation.REST, "day")}
    return render_template("discover/page.html", found=found, able=able, **told)


@bp.get("/discover/shows")
def shows() -> ResponseReturnValue:
    """Recommended shows of the coming months, which follow the page."""
    with store().read() as conn:
        found = calendar.worth_going(conn, listener())
    return render_template("discover/shows.html", found=found, now=int(time.time()))


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


@bp.post("/discover/<any(albums, artists, recordings):kind>/<int:item_id>/say")
def say(kind: str, item_id: int) -> ResponseReturnValue:
    """In the card's place it says what this changed, with an undo; without scripts the page does."""
    what, word = KINDS[kind], cast(recommendations.Word, request.form.get("word"))
    with store().read() as conn:
        known = items.known(conn, listener().id, what, item_id)
    if known and word not in recommendations.WORDS:
        abort(400, "Say more, less, never or know.")
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


@bp.post("/discover/dial")
def dial() -> ResponseReturnValue:
    """How far from what everybody knows; the list is made anew for it."""
    step = request.form.get("novelty", "")
    if step not in {str(place) for place in range(len(STEPS))}:
        abort(400, "The dial has five steps, 0 to 4.")
    wanted = listener().preferences.model_copy(update={"novelty": int(step)})
    listeners.save_preferences(store(), listener().id, wanted)
    recommendations.make_anew(store(), listener().id)
    flash(f"The dial stands at “{STEPS[int(step)]}”. Your list is made anew for it, which takes a few seconds.")
    return redirect(url_for("discover.page"), 303)


@bp.get("/discover/taste")
def taste() -> ResponseReturnValue:
    """What recommendations take for the listener's taste, and what is kept out of it."""
    return _taste()


@bp.post("/discover/taste")
def exclude() -> ResponseReturnValue:
    what, form = request.form.get("what"), request.form
    if what not in recommendations.WHATS:
        abort(400, "An artist, an album, a playlist, hours or a source can be kept out.")
    value = f"{form.get('from', '')}-{form.get('until', '')}" if what == "hours" else form.get("value", "")
    try:
        flash(recommendations.exclude(store(), listener().id, what, value))
    except recommendations.NotThere as error:
        return _taste({what: str(error)}), 422
    return redirect(url_for("discover.taste", _anchor="out"), 303)


@bp.post("/discover/taste/<int:exclusion_id>/include")
def include(exclusion_id: int) -> ResponseReturnValue:
    told = recommendations.include(store(), listener().id, exclusion_id)
    if told is None:
        abort(404, "That counts already.")
    flash(told)
    return redirect(url_for("discover.taste", _anchor="out"), 303)


def _taste(troubles: dict[str, str] | None = None) -> str:
    """`troubles`: why something cannot be kept out, by what it is."""
    with store().read() as conn:
        told = {
            "parts": recommendations.parts(conn, listener().id),
            "out": recommendations.exclusions(conn, listener().id),
            "accounts": recommendations.accounts(conn, listener().id),
            "playlists": recommendations.playlists(conn, listener().id),
            "artists": items.artists(conn, listener().id, items.Query(sort="plays", limit=MOST_PLAYED)).items,
        }
    return render_template("discover/taste.html", **told, troubles=troubles or {}, typed=request.form)


def _undone(said: recommendations.Said) -> str:
    return f"Taken back. Recommendations are as if nothing had been said of {said.name}."


def _fragment() -> bool:
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def _toast(answer: Response, words: str) -> Response:
    answer.headers["HX-Trigger"] = json.dumps({"toast": words})
    return answer
