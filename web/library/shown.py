"""What is shown: picking one source's word for a field of an item, and whose word comes first for all of them."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.library import items, picks, precedence
from aggregator.library.fields import CALLED, Field
from web import words
from web.context import listener, store
from web.errors import MOST
from web.library import bp, past
from web.library.decisions import GONE, KIND, PAGES

USUAL = {
    "earliest": "The earliest date that a source names.",
    "together": "What all sources say, together.",
    "gravest": "The gravest word: one cancellation counts.",
}
"""What is shown of a field where nobody chose, unless it is the first one's word."""
PAGE = 50


@bp.app_template_global()
def usual_words(kind: str, field: Field) -> str:
    fallback = "The fullest listing first." if kind == "show" else "Your files first, then Spotify, then the others."
    return USUAL.get(field.usual, fallback)


# --- one item ---------------------------------------------------------------------------------------------------------


@bp.post(f"/library/{KIND}/<int:item_id>/shown")
def pick(kind: str, item_id: int) -> ResponseReturnValue:
    """Show what one claim of the item says of a field."""
    claim = request.form.get("claim", 0, type=int)
    with store().read() as conn:
        visible = 0 < item_id <= MOST and claim in items.claims_of(conn, listener().id, kind, item_id)
    made = picks.pick(store(), listener().id, kind, request.form.get("field", ""), claim) if visible else None
    if made is None:
        abort(404, GONE)
    _tell(made)
    return redirect(url_for(PAGES[kind], item_id=item_id, _anchor="says"), 303)


@bp.post(f"/library/{KIND}/<int:item_id>/own")
def write(kind: str, item_id: int) -> ResponseReturnValue:
    """Show what the listener wrote for a field. It stands beside the entry that comes first of those they may see."""
    with store().read() as conn:
        claim = items.first_claim(conn, listener().id, kind, item_id) if item_id <= MOST else None
    if claim is None:
        abort(404, GONE)
    try:
        said = request.form.get("field", ""), claim, request.form.get("value", "")
        made = picks.write(store(), listener().id, kind, *said)
    except ValueError as senseless:
        flash(f"Nothing was changed. {senseless}")
        return redirect(url_for(PAGES[kind], item_id=item_id, _anchor="says"), 303)
    if made is None:
        abort(404, GONE)
    _tell(made)
    return redirect(url_for(PAGES[kind], item_id=item_id, _anchor="says"), 303)


@bp.post("/library/picks/<int:pick_id>/undo")
def unpick(pick_id: int) -> ResponseReturnValue:
    with store().read() as conn:
        said = picks.visible(conn, listener().id, pick_id) if pick_id <= MOST else None
    if said is None or said.undone_at is not None:
        abort(404, "That was taken back before.")
    picks.undo(store(), listener().id, said.id)
    flash(f"Taken back: {said.words}.")
    return past.to_where_it_was_asked()


def _tell(made: int) -> None:
    """What was picked, with its undo beside it, on the next page."""
    with store().read() as conn:
        said = picks.visible(conn, listener().id, made)
    assert said is not None
    flash(f"From now on {said.words}.", f"unpick {made}")


# --- all of them ------------------------------------------------------------------------------------------------------


@bp.get("/library/shown")
def shown() -> ResponseReturnValue:
    """Whose word comes first for each field, and what was picked by hand, the newest first."""
    before = request.args.get("before", type=int)
    if not 0 < (before or 1) <= MOST:
        abort(404, "That cannot be listed. Open it from the library.")
    with store().read() as conn:
        picked, ordered = picks.history(conn, listener().id, PAGE + 1, before), precedence.history(conn)
    after = picked[PAGE - 1].id if len(picked) > PAGE else None
    orders = sources.Orders(store(), listener().id)
    told = {"orders": orders, "chosen": orders.chosen(), "kinds": CALLED, "pages": PAGES}
    told["ordered"] = [(one, chosen.field) for one in ordered if (chosen := orders.one(one.kind, one.field))]
    return render_template("library/shown.html", picked=picked[:PAGE], after=after, **told)


@bp.get(f"/library/shown/{KIND}/<field>")
def order(kind: str, field: str) -> ResponseReturnValue:
    """The order of providers for one field; `order` is one that is being tried, with what it would change."""
    orders, chosen = _chosen(kind, field)
    asked = [name for name in request.args.get("order", "").split(",") if name]
    whole = orders.whole(kind, field, asked or chosen.providers)
    tried = [name for name in whole if name in chosen.providers]
    differs = bool(asked) and (tried != list(chosen.providers) or chosen.order is None)
    effect = sources.effect_of(store(), listener().id, kind, chosen.field, whole) if differs else None
    told = {
        "orders": orders,
        "chosen": chosen,
        "tried": tried,
        "effect": effect,
        "called": CALLED[kind],
        "pages": PAGES,
    }
    return render_template("library/order.html", kind=kind, **told)


@bp.post(f"/library/shown/{KIND}/<field>")
def set_order(kind: str, field: str) -> ResponseReturnValue:
    """`order` empty: the usual way again."""
    orders, chosen = _chosen(kind, field)
    asked = [name for name in request.form.get("order", "").split(",") if name]
    whole = orders.whole(kind, field, asked) if asked else []
    effect = sources.effect_of(store(), listener().id, kind, chosen.field, whole)
    made = sources.prefer(store(), listener().id, kind, field, whole)
    flash(f"{_effect(effect, kind, chosen.field)} That may take a moment.", f"unorder {made}")
    return redirect(url_for("library.order", kind=kind, field=field), 303)


@bp.post("/library/shown/orders/<int:order_id>/undo")
def unorder(order_id: int) -> ResponseReturnValue:
    """Take an order back: what held before it holds again."""
    with store().read() as conn:
        said = next(iter(precedence.history(conn, order_id + 1, 1)), None) if order_id <= MOST else None
    if said is None or said.id != order_id or said.undone_at is not None:
        abort(404, "That was taken back before.")
    _, chosen = _chosen(said.kind, said.field)
    sources.take_back(store(), listener().id, said.id)
    flash(f"Taken back: whose {chosen.field.called} of {CALLED[said.kind]}s comes first. That may take a moment.")
    return past.to_where_it_was_asked()


def _chosen(kind: str, field: str) -> tuple[sources.Orders, sources.Chosen]:
    orders = sources.Orders(store(), listener().id)
    chosen = orders.one(kind, field)
    if chosen is None:
        abort(404, "There is nothing to choose: only one of your sources speaks of it.")
    return orders, chosen


@bp.app_template_global("effect_words")
def _effect(effect: precedence.Effect, kind: str, field: Field) -> str:
    """`2,310 albums will show another release date.`"""
    if not effect.items:
        return f"No {CALLED[kind]} will show another {field.called}."
    about = "About " if effect.about else ""
    return f"{about}{words.plural(effect.items, CALLED[kind])} will show another {field.called}."
