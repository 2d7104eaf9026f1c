"""The history of what listeners said: what holds and what does not, taking it back and saying it again."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.library import acts, decisions
from web.context import listener, own_page, store
from web.errors import MOST
from web.library import bp

KINDS = {"": "Everything", "album": "Albums", "artist": "Artists", "recording": "Songs", "show": "Shows"}
SHOWN = 200
"""Items that the page of one act lists."""


@bp.get("/library/decisions")
def history() -> ResponseReturnValue:
    """The newest first, page by page."""
    kind, before = request.args.get("kind", ""), request.args.get("before", type=int)
    if kind not in KINDS or not 0 < (before or 1) <= MOST:
        abort(404, "The decisions cannot be listed that way. Open them from the library.")
    with store().read() as conn:
        told = acts.history(conn, listener().id, kind, before, acts.PAGE + 1)
        sizes = acts.sizes(conn, listener().id)
    after = told[acts.PAGE - 1].id if len(told) > acts.PAGE else None
    shown = told[: acts.PAGE]
    return render_template("library/decisions.html", told=shown, after=after, kind=kind, kinds=KINDS, sizes=sizes)


@bp.get("/library/decisions/<int:decision_id>")
def decision(decision_id: int) -> ResponseReturnValue:
    """One act, with all that it is about."""
    return render_template("library/decision.html", said=_open(decision_id, SHOWN))


@bp.post("/library/decisions/<int:decision_id>/undo")
def undo(decision_id: int) -> ResponseReturnValue:
    said = _open(decision_id)
    if said.undone_at is not None:
        abort(404, "That was taken back before.")
    decisions.undo(store(), listener().id, said.id)
    flash(f"Taken back: {said.words}.")
    return to_where_it_was_asked()


@bp.post("/library/decisions/<int:decision_id>/again")
def again(decision_id: int) -> ResponseReturnValue:
    """Say it once more, as the newest word."""
    said = _open(decision_id)
    if said.state == "holds":
        abort(404, "That holds already.")
    tell(decisions.again(store(), listener().id, said.id))
    return to_where_it_was_asked()


def tell(act: int, effect: str = "") -> None:
    """What was said, with its undo beside it, on the next page. `effect`: what came of it."""
    flash(f"{_open(act).words}{f': {effect}' if effect else ''}.", f"undo {act}")


def _open(number: int, shown: int = 3) -> acts.Act:
    with store().read() as conn:
        said = acts.one(conn, listener().id, number, shown)
    return said or abort(404, "There is no such decision, or it is about what only another listener may see.")


def to_where_it_was_asked() -> ResponseReturnValue:
    """The page of ours that shows the button."""
    asked = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    page = asked.path + (f"?{asked.query}" if asked.query else "")
    ours = asked.netloc == request.host and own_page(page)
    return cast(ResponseReturnValue, redirect(page if ours else url_for("library.history"), 303))
