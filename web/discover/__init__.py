"""Discover: albums and artists the listener neither has nor knows, with the reasons, and *not interested*."""

from __future__ import annotations

import json
from typing import Literal, cast

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import recommendations, sources
from aggregator.library import items
from aggregator.recommendations import shelves
from web.context import listener, store

bp = Blueprint("discover", __name__, template_folder="templates")

KINDS = {"albums": "album", "artists": "artist"}


@bp.get("/discover")
def page() -> ResponseReturnValue:
    with store().read() as conn:
        found = recommendations.discover(conn, listener().id)
    empty = not found.shelves and not found.artists
    able = empty and bool(sources.able(store(), listener().id, "discovery"))
    return render_template("discover/page.html", found=found, empty=empty, able=able)


@bp.get("/discover/standing")
def standing() -> ResponseReturnValue:
    """The progress of look-ups, polled while they run."""
    with store().read() as conn:
        return render_template("discover/standing.html", standing=shelves.standing(conn, listener().id))


@bp.post("/discover/<any(albums, artists):kind>/<int:item_id>/dismiss")
def dismiss(kind: str, item_id: int) -> ResponseReturnValue:
    """Instead of the card its place says what happened, with an undo; without scripts the page does."""
    what = cast(Literal["album", "artist"], KINDS[kind])
    with store().read() as conn:
        known = items.known(conn, listener().id, what, item_id)
    said = recommendations.dismiss(store(), listener().id, what, item_id) if known else None
    if said is None:
        abort(404, "This is not in Bandstand any more.")
    if not _fragment():
        flash("You will not see that again. Undo it at the end of this page.")
        return redirect(url_for("discover.page"), 303)
    with store().read() as conn:
        found = next(one for one in recommendations.dismissals(conn, listener().id) if one.id == said)
    answer = make_response(render_template("discover/dismissed.html", dismissal=found))
    return _toast(answer, f"{found.title or found.artist} will not be recommended again.")


@bp.post("/discover/dismissals/<int:dismissal_id>/undo")
def undo(dismissal_id: int) -> ResponseReturnValue:
    """In the place of a card the card comes back; in the list of what was dismissed, the page is shown anew."""
    with store().read() as conn:
        known = recommendations.dismissals(conn, listener().id)
    found = next((one for one in known if one.id == dismissal_id), None)
    if found is None or not recommendations.restore(store(), listener().id, dismissal_id):
        abort(404, "That was undone before.")
    if not _fragment():
        flash(f"{found.title or found.artist} may be recommended again.")
        return redirect(url_for("discover.page", _anchor="dismissed"), 303)
    return _card(found)


def _card(restored: recommendations.Dismissal) -> ResponseReturnValue:
    with store().read() as conn:
        listed = recommendations.albums_for if restored.kind == "album" else recommendations.artists_for
        cards = listed(conn, listener().id, 200)
    card = next((card for card in cards if card.id == restored.item_id), None)
    answer = make_response(render_template("discover/card.html", card=card) if card else "")
    return _toast(answer, f"{restored.title or restored.artist} may be recommended again.")


def _fragment() -> bool:
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def _toast(answer: Response, words: str) -> Response:
    answer.headers["HX-Trigger"] = json.dumps({"toast": words})
    return answer
