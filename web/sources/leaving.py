"""Removing an account: keep what it brought or take it along; and bringing it back."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.sources import SourceCard, SourceError
from aggregator.store import Store
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
    _do(sources.archive, account_id, f"{card.name} is archived. Everything it brought stays.")
    return cards.back()


@bp.post("/sources/<int:account_id>/erase")
def erase(account_id: int) -> ResponseReturnValue:
    """For good, so it takes the tick that says so."""
    card = _any(account_id)
    if request.form.get("sure") != "yes":
        flash("Tick that you are sure; nothing was erased.")
        return redirect(url_for("sources.remove", account_id=account_id), 303)
    _do(sources.erase, account_id, f"{card.name} is erased, with all that only it had brought.")
    return cards.back()


@bp.post("/sources/<int:account_id>/bring-back")
def bring_back(account_id: int) -> ResponseReturnValue:
    card = _any(account_id)
    _do(sources.bring_back, account_id, f"{card.name} is back and is being read.")
    return cards.back(account_id)


def _do(change: Callable[[Store, int, int], None], account_id: int, done: str) -> None:
    try:
        change(store(), listener().id, account_id)
        flash(done)
    except SourceError as error:
        flash(str(error))


def _any(account_id: int) -> SourceCard:
    """Archived ones too."""
    gone = next((card for card in sources.archived(store(), listener().id) if card.id == account_id), None)
    if gone is None:
        return cards.to_change(account_id)
    if gone.household and listener().role != "owner":
        abort(403, f"{gone.name} belongs to the household: an owner changes it.")
    return gone
