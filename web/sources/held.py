"""Removals that wait for a listener's word."""

from __future__ import annotations

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.library import guard
from aggregator.sources import Question
from web.context import listener, store
from web.errors import MOST
from web.sources import bp, cards


@bp.get("/sources/held/<int:held_id>")
def held(held_id: int) -> ResponseReturnValue:
    """What would go, one kind at a time, page by page."""
    kind, after = request.args.get("kind", ""), request.args.get("after", 0, type=int)
    if (kind and kind not in guard.WORDS) or not 0 <= after <= MOST:
        abort(404, "This cannot be listed that way.")
    found = _question(held_id, kind, after)
    may_answer = not found.household or listener().role == "owner"
    return render_template("sources/held.html", question=found, may_answer=may_answer)


@bp.post("/sources/held/<int:held_id>")
def decide(held_id: int) -> ResponseReturnValue:
    """What a source no longer names may go (yes), or stays (no)."""
    found, said = _question(held_id), request.form.get("answer")
    if found.household and listener().role != "owner":
        abort(403, f"{found.account} belongs to the household: an owner answers this.")
    if found.held.decided_at is not None:
        abort(404, "This question is answered already.")
    if said not in ("yes", "no"):
        abort(400, "Say yes or no. Nothing was changed.")
    gone = sources.answer(store(), listener().id, found.held, said == "yes")
    flash(f"{gone:,} went from {found.account}." if said == "yes" else "Everything stays.")
    return cards.back(found.held.account_id)


def _question(held_id: int, kind: str = "", after: int = 0) -> Question:
    found = sources.question(store(), listener().id, held_id, kind, after)
    return found or abort(404, "There is no such question. It may be answered, or its source is gone.")
