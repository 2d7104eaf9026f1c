"""Removing an account: keep what it brought or take it along; and bringing it back."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.sources import SourceCard, SourceError
from web.context import listener, store
from web.sources import bp, cards


@bp.get("/sources/<int:account_id>/remove")
def remove(account_id: int) -> ResponseReturnValue:
    card = _any(account_id)
    told = {"card": card, "leaving": sources.leaving(store(), account_id), "closed": sources.closed(store())}
    return render_template("sources/remove.html", **told)


@bp.post("/sources/<int:account_id>/archive")
def archive(account_id: int) -> ResponseReturnValue:
    card = _any(account_id)
    if words := sources.closed(store()):
        flash(words)
        return cards.back()
    try:
        sources.archive(store(), listener().id, account_id)
        flash(f"{card.name} is archived. Everything it brought stays.")
    except SourceError as error:
        flash(str(error))
    return cards.back()


@bp.post("/sources/<int:account_id>/erase")
def erase(account_id: int) -> ResponseReturnValue:
    """For good, so it takes the tick that says so."""
    card = _any(account_id)
    if words := sources.closed(store()):
        flash(words)
        return cards.back()
    if request.form.get("sure") != "yes":
        flash("Tick that you are sure; nothing was erased.")
        return redirect(url_for("sources.remove", account_id=account_id), 303)
    try:
        sources.erase(store(), listener().id, account_id)
        flash(f"{card.name} is erased, with all that only it had brought.")
    except SourceError as error:
        flash(str(error))
    return cards.back()


@bp.post("/sources/<int:account_id>/bring-back")
def bring_back(account_id: int) -> ResponseReturnValue:
    card = _any(account_id)
    try:
        sources.bring_back(store(), listener().id, account_id)
        flash(f"{card.name} is back and is being read.")
    except SourceError as error:
        flash(str(error))
    return cards.back(account_id)


def _any(account_id: int) -> SourceCard:
    """Archived ones too."""
    gone = next((card for card in sources.archived(store(), listener().id) if card.id == account_id), None)
    if gone is None:
        return cards.to_change(account_id)
    if gone.household and listener().role != "owner":
        abort(403, f"{gone.name} belongs to the household: an owner changes it.")
    return gone
