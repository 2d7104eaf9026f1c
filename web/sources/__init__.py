"""Sources: how each account fares, what it brought, and what can be asked of it."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import Any, cast

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.library import decisions, guard
from aggregator.sources import Offer, SettingsRefused, SourceCard, SourceError
from web.context import config, listener, store

bp = Blueprint("sources", __name__, template_folder="templates")


@bp.get("/sources")
def page() -> ResponseReturnValue:
    with store().read() as conn:
        pairs = len(decisions.unsure_pairs(conn, listener().id))
    told = {"offers": _offers(), "refused": sources.refused(store()), "pairs": pairs}
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
    return _back()


@bp.post("/sources/<int:account_id>/sync")
def sync(account_id: int) -> ResponseReturnValue:
    card = _card(account_id)
    if not sources.request_sync(store(), listener().id, account_id):
        flash(f"{card.name} cannot be read now: {card.words or 'it is switched off.'}")
    return _back(account_id)


@bp.post("/sources/<int:account_id>/switch")
def switch(account_id: int) -> ResponseReturnValue:
    card, on = _card(account_id), request.form.get("on") == "1"
    try:
        sources.switch(store(), listener().id, account_id, on)
        flash(f"{card.name} is {'on again' if on else 'off. What it brought stays'}.")
    except SourceError as error:
        flash(str(error))
    return _back(account_id)


@bp.post("/sources/held/<int:held_id>")
def decide(held_id: int) -> ResponseReturnValue:
    """What a source no longer names may go (yes), or stays (no)."""
    card = next((each for each in _all_cards() if any(one.id == held_id for one in each.held)), None)
    if card is None:
        abort(404, "This question is answered already.")
    yes = request.form.get("answer") == "yes"
    with store().write() as conn:
        (guard.believe if yes else guard.keep)(conn, held_id, int(time.time()))
    if yes:
        sources.request_sync(store(), listener().id, card.id)
    flash(f"{card.name} is read again, and what is missing goes." if yes else "Everything stays.")
    return _back(card.id)


# --- connecting -------------------------------------------------------------------------------------------------------


@bp.get("/sources/new/<provider>")
def connect(provider: str) -> ResponseReturnValue:
    return _form(_offer(provider), {}, {}, None)


@bp.post("/sources/new/<provider>")
def create(provider: str) -> ResponseReturnValue:
    offer = _offer(provider)
    values = _values(offer)
    owner = None if offer.household else listener().id
    name = request.form.get("account_name", "").strip()[:120] or None
    try:
        account_id = sources.create_account(store(), provider, owner, values, name=name)
    except SettingsRefused as refused:
        return _form(offer, values, refused.fields, None if refused.fields else str(refused)), 422
    except SourceError as error:
        return _form(offer, values, {}, str(error)), 422
    if "sign_in" in _card(account_id).capabilities:
        return sign_in(account_id)
    flash("Connected. It is being read now.")
    return _back(account_id)


@bp.get("/sources/<int:account_id>/settings")
def edit(account_id: int) -> ResponseReturnValue:
    card = _card(account_id)
    return _form(_offer(card.provider), {}, {}, None, card)


@bp.post("/sources/<int:account_id>/settings")
def change(account_id: int) -> ResponseReturnValue:
    card = _card(account_id)
    offer = _offer(card.provider)
    values = _values(offer)
    try:
        sources.change_settings(store(), listener().id, account_id, values)
    except SettingsRefused as refused:
        return _form(offer, values, refused.fields, None if refused.fields else str(refused), card), 422
    except SourceError as error:
        return _form(offer, values, {}, str(error), card), 422
    flash(f"{card.name} has its new settings and is being read.")
    return _back(account_id)


# --- signing in at a service ------------------------------------------------------------------------------------------


@bp.post("/sources/<int:account_id>/sign-in")
def sign_in(account_id: int) -> ResponseReturnValue:
    """Sends the listener to the service's own page. The state proves on return that it was this listener who left."""
    card = _card(account_id)
    state = f"{account_id}.{secrets.token_urlsafe(16)}"
    try:
        url = sources.begin_sign_in(store(), listener().id, account_id, _return_address(), state)
    except SourceError as error:
        flash(str(error))
        return _back(account_id)
    session["sign_in"] = state
    if "HX-Request" in request.headers:
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = url
        return answer
    return render_template("sources/leave.html", card=card, url=url)


@bp.get("/sources/signed-in")
def signed_in() -> ResponseReturnValue:
    """Where services send the listener back to; the one address to register with them."""
    expected, state = session.pop("sign_in", None), request.args.get("state", "")
    if not expected or not secrets.compare_digest(expected.encode(), state.encode()):
        abort(403, "This sign-in was not begun here. Start it again from the Sources page.")
    account_id = int(state.partition(".")[0])
    try:
        sources.finish_sign_in(store(), listener().id, account_id, _return_address(), request.args.to_dict())
        flash("Signed in. It is being read now.")
    except SourceError as error:
        flash(str(error))
    return _back(account_id)


def _return_address() -> str:
    return url_for("sources.signed_in", _external=True)


# --- parts ------------------------------------------------------------------------------------------------------------


def _all_cards() -> list[SourceCard]:
    return sources.cards(store(), listener().id, config().sync.hour)


def _card(account_id: int) -> SourceCard:
    return next((card for card in _all_cards() if card.id == account_id), None) or abort(
        404, "There is no such source."
    )


def _cards() -> dict[str, Any]:
    """The cards, the steward's own work, and a mark that changes with anything but progress."""
    cards, runs = _all_cards(), sources.progress(store(), listener().id)
    known = {part.now.id for card in cards for part in card.parts if part.now}
    chores = [run for run in runs if run.id not in known]
    told = [(card.id, card.state, card.words, [part.now and part.now.what for part in card.parts]) for card in cards]
    mark = hashlib.blake2s(repr((told, [run.what for run in chores])).encode(), digest_size=6).hexdigest()
    return {"cards": cards, "chores": chores, "busy": bool(runs), "fingerprint": mark}


def _offers() -> list[Offer]:
    """What the household shares (folders of this machine among it) is the owner's to connect."""
    return [offer for offer in sources.offers(store()) if listener().role == "owner" or not offer.household]


def _offer(provider: str) -> Offer:
    return next((each for each in _offers() if each.id == provider), None) or abort(404, "There is no such provider.")


def _form(
    offer: Offer, values: dict[str, Any], faults: dict[str, str], trouble: str | None, card: SourceCard | None = None
) -> str:
    told = {"offer": offer, "values": values, "faults": faults, "trouble": trouble, "card": card}
    return render_template("sources/form.html", **told, closed=sources.closed(store()), address=_return_address())


def _values(offer: Offer) -> dict[str, Any]:
    """What was entered. An empty field is left out, so that the provider's own default holds."""
    entered = {field.name: request.form.get(field.name, "").strip() for field in offer.form if field.kind != "yes/no"}
    ticked = {field.name: field.name in request.form for field in offer.form if field.kind == "yes/no"}
    return {**{name: value for name, value in entered.items() if value}, **ticked}


def _back(account_id: int | None = None) -> ResponseReturnValue:
    anchor = f"source-{account_id}" if account_id else None
    return cast(ResponseReturnValue, redirect(url_for("sources.page", _anchor=anchor), 303))
