"""Adding an account, changing its settings and its name. The fields are drawn from the provider's own settings."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.sources import Offer, SettingsRefused, SourceCard, SourceError
from web.context import listener, store
from web.sources import bp, cards, sign_in

EVERYBODY = "household"


@bp.get("/sources/new/<provider>")
def connect(provider: str) -> ResponseReturnValue:
    return _form(_offer(provider), {}, {}, None)


@bp.post("/sources/new/<provider>")
def create(provider: str) -> ResponseReturnValue:
    offer = _offer(provider)
    values = _values(offer)
    name = request.form.get("account_name", "").strip()[:120] or None
    try:
        account_id = sources.create_account(store(), provider, _owner(offer), values, name=name)
    except SettingsRefused as refused:
        faults = _named(offer, refused.fields)
        return _form(offer, values, faults, None if faults else str(refused)), 422
    except SourceError as error:
        return _form(offer, values, {}, str(error)), 422
    if "sign_in" in offer.capabilities:
        return sign_in.sign_in(account_id)
    flash("Connected. It is being read now.")
    return cards.back(account_id)


@bp.get("/sources/<int:account_id>/settings")
def edit(account_id: int) -> ResponseReturnValue:
    card = cards.to_change(account_id)
    return _form(_offer_of(card), {}, {}, None, card)


@bp.post("/sources/<int:account_id>/settings")
def change(account_id: int) -> ResponseReturnValue:
    card = cards.to_change(account_id)
    offer = _offer_of(card)
    values = _values(offer)
    try:
        sources.change_settings(store(), listener().id, account_id, values)
    except SettingsRefused as refused:
        faults = _named(offer, refused.fields)
        return _form(offer, values, faults, None if faults else str(refused), card), 422
    except SourceError as error:
        return _form(offer, values, {}, str(error), card), 422
    flash(f"{card.name} has its new settings and is being read.")
    return cards.back(account_id)


@bp.post("/sources/<int:account_id>/name")
def rename(account_id: int) -> ResponseReturnValue:
    cards.to_change(account_id)
    name = request.form.get("account_name", "").strip()
    try:
        sources.rename(store(), listener().id, account_id, name)
        flash(f"It is called {name} from now on.")
    except SourceError as error:
        flash(str(error))
    return cards.back(account_id)


@bp.get("/sources/folders")
def folders() -> ResponseReturnValue:
    """A field for a folder with what is in the chosen one. For owners: it shows names of this machine's folders."""
    if listener().role != "owner":
        abort(403, "Only an owner looks into the folders of this machine.")
    name, title = request.args.get("name", "folder")[:80], request.args.get("title", "Folder")[:200]
    found = sources.folders(request.args.get("path") or request.args.get(name, ""))
    return render_template("sources/folders.html", name=name, title=title, found=found)


# --- parts ------------------------------------------------------------------------------------------------------------


def _offer(provider: str) -> Offer:
    found = next((each for each in cards.offers() if each.id == provider), None)
    return found or abort(404, "There is no such provider.")


def _offer_of(card: SourceCard) -> Offer:
    """As `_offer`, for an account that is there already: its provider may have gone since."""
    found = next((each for each in sources.offers(store()) if each.id == card.provider), None)
    return found or abort(404, f"{card.name} cannot be set anew while its provider is missing. {card.words}")


def _form(
    offer: Offer, values: dict[str, Any], faults: dict[str, str], trouble: str | None, card: SourceCard | None = None
) -> str:
    before = sources.entered(store(), listener().id, card.id) if card else sources.Entered({}, frozenset())
    return render_template(
        "sources/form.html",
        offer=offer,
        values=values or before.values,
        saved=before.secrets,
        faults=faults,
        trouble=trouble,
        card=card,
        name=request.form.get("account_name") or sources.free_name(store(), offer.name, listener().id),
        owner=request.form.get("owner", EVERYBODY if offer.household else "mine"),
        closed=sources.closed(store()),
        way=sign_in.way() if "sign_in" in offer.capabilities else None,
    )


def _values(offer: Offer) -> dict[str, Any]:
    """What was entered. An empty field is left out, so that the provider's own default holds."""
    entered = {field.name: request.form.get(field.name, "").strip() for field in offer.form if field.kind != "yes/no"}
    ticked = {field.name: field.name in request.form for field in offer.form if field.kind == "yes/no"}
    return {**{name: value for name, value in entered.items() if value}, **ticked}


def _owner(offer: Offer) -> int | None:
    """Whose it becomes: an owner may choose, a member's is their own."""
    if listener().role != "owner":
        return listener().id
    chosen = request.form.get("owner", EVERYBODY if offer.household else "mine")
    return None if chosen == EVERYBODY else listener().id


def _named(offer: Offer, faults: dict[str, str]) -> dict[str, str]:
    return {name: sources.titled(words, offer.form) for name, words in faults.items()}
