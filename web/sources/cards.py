"""Every account on one page, and what one asks of it at once."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from flask import abort, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import answers, sources
from aggregator.library import review
from aggregator.sources import Offer, SourceCard, SourceError
from web.context import config, listener, own_page, store
from web.sources import bp


@bp.app_template_global()
def looked_up(account_id: int) -> list[tuple[str, answers.Purse]]:
    """What recommendations looked up at a source lately, by kind. Asked once for a page."""
    if "purses" not in g:
        g.purses = answers.purses(store(), answers.Budget(config().look_ups.lists, config().look_ups.facts))
    kinds = (("lists of artists", True), ("facts about artists", False))
    return [(name, purse) for name, lists in kinds if (purse := g.purses.get((account_id, lists))) and purse.used]


@bp.get("/sources")
def page() -> ResponseReturnValue:
    with store().read() as conn:
        waiting = review.count(conn, listener().id)
    archived = sources.archived(store(), listener().id)
    told = {"offers": offers(), "refused": sources.refused(store()), "waiting": waiting, "archived": archived}
    return render_template("sources/page.html", **_cards(), **told)


@bp.get("/sources/pulse")
def pulse() -> ResponseReturnValue:
    """Asked each second while something runs: how far it is, or all cards where more than that has changed."""
    now = _cards()
    if request.args.get("seen") == now["fingerprint"]:
        return render_template("sources/pulse.html", **now)
    answer = make_response(render_template("sources/cards.html", **now))
    answer.headers.update({"HX-Retarget": "#cards", "HX-Reswap": "outerHTML"})
    return answer


@bp.post("/sources/sync")
def sync_all() -> ResponseReturnValue:
    asked = sources.request_sync(store(), listener().id)
    flash("Everything is being read again." if asked else "There is nothing to read yet.")
    return back()


@bp.post("/sources/<int:account_id>/sync")
def sync(account_id: int) -> ResponseReturnValue:
    card = find(account_id)
    if not sources.request_sync(store(), listener().id, account_id):
        flash(f"{card.name} cannot be read now: {card.words or 'it is paused.'}")
    return back(account_id)


@bp.post("/sources/<int:account_id>/switch")
def switch(account_id: int) -> ResponseReturnValue:
    """Pause an account, or go on with it."""
    card, on = to_change(account_id), request.form.get("on") == "1"
    try:
        sources.switch(store(), listener().id, account_id, on)
        flash(f"{card.name} {'is read again' if on else 'is paused. What it brought stays'}.")
    except SourceError as error:
        flash(str(error))
    return back(account_id)


@bp.post("/sources/<int:account_id>/test")
def test(account_id: int) -> ResponseReturnValue:
    """Ask the provider for a first answer, now; nothing of it is stored."""
    card = to_change(account_id)
    try:
        good, words = True, sources.test(store(), listener().id, account_id)
    except SourceError as error:
        good, words = False, str(error)
    if "HX-Request" in request.headers and "HX-Boosted" not in request.headers:
        return render_template("sources/tested.html", good=good, words=words)
    flash(f"{card.name}: {words}")
    return back(account_id)


# --- for all pages of sources -----------------------------------------------------------------------------------------


def find(account_id: int) -> SourceCard:
    return next((card for card in everything() if card.id == account_id), None) or abort(
        404, "There is no such source."
    )


def to_change(account_id: int) -> SourceCard:
    """A source of the listener's own, or of the household where they are an owner."""
    card = find(account_id)
    if card.household and listener().role != "owner":
        abort(403, f"{card.name} belongs to the household: an owner changes it.")
    return card


def everything() -> list[SourceCard]:
    """What needs somebody first, what is paused last."""
    return sorted(sources.cards(store(), listener().id, config().sync.hour), key=_urgency)


def _urgency(card: SourceCard) -> int:
    if card.held or card.state in ("load error", "settings error", "needs the listener"):
        return 0
    return 2 if card.state in ("disabled", "erasing") else 1


def offers() -> list[Offer]:
    """What needs no key first. What the household shares (folders of this machine among it) is an owner's to add."""
    able = [offer for offer in sources.offers(store()) if listener().role == "owner" or not offer.household]
    return sorted(able, key=lambda offer: offer.key_minutes)


def back(account_id: int | None = None, following: str = "") -> ResponseReturnValue:
    """To the page that the listener came from to do this (`next` in the address), or to the source's card."""
    following = following or request.args.get("next", "")
    if own_page(following):
        return cast(ResponseReturnValue, redirect(following, 303))
    anchor = f"source-{account_id}" if account_id else None
    return cast(ResponseReturnValue, redirect(url_for("sources.page", _anchor=anchor), 303))


def _cards() -> dict[str, Any]:
    """The cards, the steward's own work, and a mark that changes with anything but progress."""
    cards, runs = everything(), sources.progress(store(), listener().id)
    known = {part.now.id for card in cards for part in card.parts if part.now}
    chores = [run for run in runs if run.id not in known]
    told = [(card.id, card.state, card.words, [part.now and part.now.what for part in card.parts]) for card in cards]
    mark = hashlib.blake2s(repr((told, [run.what for run in chores])).encode(), digest_size=6).hexdigest()
    return {"cards": cards, "chores": chores, "busy": bool(runs), "fingerprint": mark}
