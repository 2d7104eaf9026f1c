"""What listeners say about items: the same, not the same, and taking it back. Every answer can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.library import decisions, items, review, search
from aggregator.store import Store
from web.context import listener, store
from web.errors import MOST
from web.library import bp

PAGES = {"album": "library.album", "artist": "library.artist", "recording": "library.track", "show": "shows.show"}
READ: dict[str, Any] = {"album": items.album, "artist": items.artist, "recording": items.recording}
ANSWERS: dict[str, Callable[[Store, int, str, list[int]], int]] = {
    "same": decisions.same,
    "different": lambda into, listener_id, kind, pair: decisions.apart(into, listener_id, kind, *pair),
}
HITS = {"album": "albums", "artist": "artists", "recording": "songs"}


@bp.get("/library/unsure")
def unsure() -> ResponseReturnValue:
    """Pairs that only a listener can decide."""
    with store().read() as conn:
        pairs = review.unsure_pairs(conn, listener().id)
    return render_template("library/unsure.html", pairs=pairs)


@bp.post("/library/unsure")
def answer() -> ResponseReturnValue:
    """Are these two one thing? Only a pair that was asked about can be answered here."""
    form = request.form
    if form.get("verdict") not in ANSWERS:
        abort(400, "Say whether the two are the same or not. Nothing was changed.")
    asked = (form.get("kind"), {form.get("a", type=int), form.get("b", type=int)})
    with store().read() as conn:
        pairs = review.unsure_pairs(conn, listener().id)
    pair = next((one for one in pairs if (one.kind, {one.a.item, one.b.item}) == asked), None)
    if pair is None:
        abort(404, "This question is answered already.")
    _say(ANSWERS[form["verdict"]](store(), listener().id, pair.kind, [pair.a.item, pair.b.item]))
    return redirect(url_for("library.unsure"), 303)


@bp.get("/library/<any(album, artist, recording):kind>/<int:item_id>/others")
def others(kind: str, item_id: int) -> ResponseReturnValue:
    """What else an item may be the same as, by words."""
    text = request.args.get("text", "").strip()[:200]
    with store().read() as conn:
        hits = search.search(conn, listener().id, text, limit=8) if text else None
    found = [hit for hit in getattr(hits, HITS[kind], []) if hit.id != item_id]
    return render_template("library/others.html", kind=kind, item_id=item_id, found=found, text=text)


@bp.post("/library/<any(album, artist, recording):kind>/<int:item_id>/same")
def same(kind: str, item_id: int) -> ResponseReturnValue:
    other = request.form.get("other", 0, type=int)
    _claims(kind, item_id)
    _claims(kind, other)
    _say(decisions.same(store(), listener().id, kind, [item_id, other]))
    return _back(kind, item_id)


@bp.post("/library/<any(album, artist, recording):kind>/<int:item_id>/split")
def split(kind: str, item_id: int) -> ResponseReturnValue:
    """The ticked claims are something else than the rest."""
    own = _claims(kind, item_id)
    said = {number for value in request.form.getlist("claims") for number in value.split()}
    ticked = {claim for claim in own if str(claim) in said}
    if not ticked or ticked == own:
        flash("Tick what does not belong here, but not everything.")
    else:
        _say(decisions.split(store(), listener().id, kind, ticked))
    return _back(kind, min(own - ticked, default=item_id))


@bp.get("/library/decisions")
def history() -> ResponseReturnValue:
    with store().read() as conn:
        return render_template("library/decisions.html", history=decisions.history(conn, listener().id))


@bp.post("/library/decisions/<int:decision_id>/undo")
def undo(decision_id: int) -> ResponseReturnValue:
    with store().read() as conn:
        found = next((one for one in decisions.history(conn, listener().id) if one.id == decision_id), None)
    if found is None or found.undone_at is not None:
        abort(404, "That was undone before.")
    decisions.undo(store(), decision_id)
    flash(f"Taken back: {found.words}.")
    return redirect(url_for("library.history"), 303)


def _claims(kind: str, item_id: int) -> set[int]:
    """The claims of an item that the listener may see, and so decide about."""
    if not 0 < item_id <= MOST:
        abort(404, "This is not in your library any more.")
    with store().read() as conn:
        page = READ[kind](conn, listener().id, item_id)
    claims = {claim for row in getattr(page, "claims", ()) for claim in row.claims}
    return claims or abort(404, "This is not in your library any more.")


def _say(decision_id: int) -> None:
    """Tells what was decided, with its undo beside it."""
    with store().read() as conn:
        said = next(one for one in decisions.history(conn, listener().id) if one.id == decision_id)
    flash(f"{said.words}.", f"undo {decision_id}")


def _back(kind: str, item_id: int) -> ResponseReturnValue:
    """To the item as it is now, under whichever number."""
    with store().read() as conn:
        now = items.resolve(conn, kind, item_id)
    return cast(ResponseReturnValue, redirect(url_for(PAGES[kind], item_id=now or item_id), 303))
