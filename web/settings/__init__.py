"""What a listener prefers: place, look, what counts as their own, the calendar's address, the password."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from aggregator import listeners, sources
from aggregator.listeners import Place, Preferences
from aggregator.shows import places
from web import guard
from web.context import listener, store

bp = Blueprint("settings", __name__, template_folder="templates")

SECTIONS = {"password": "account", "devices": "account"}
"""Where on the page a form stands, when not under its own name."""
EXPECTED = {
    "radius": "The radius is a number above 0 and at most 500.",
    "own_after_plays": "Plays that make an artist yours: a whole number from 1 to 1,000.",
}


@bp.get("/settings")
def page() -> ResponseReturnValue:
    return _page()


@bp.get("/settings/<any(place, look, listening, feed, password, devices):section>")
def again(section: str) -> ResponseReturnValue:
    """A refused form leaves its own address in the browser; loaded again, it is the page."""
    return _back(SECTIONS.get(section, section))


@bp.post("/settings/place")
def place() -> ResponseReturnValue:
    if trouble := save_place():
        return _page({"place": trouble}, 422)
    flash("Your place is saved.")
    return _back("place")


def save_place() -> str | None:
    """By zip code, or by coordinates when both are given; radius and unit go with it. The reason where it cannot be.

    Listings are read anew for the place.
    """
    form = request.form
    try:
        found = _place(form.get("zip", ""), form.get("latitude", ""), form.get("longitude", ""), form.get("zone", ""))
    except places.PlaceError as error:
        return str(error)
    if trouble := _change(place=found, radius=form.get("radius"), unit=form.get("unit")):
        return trouble
    for card in sources.cards(store(), listener().id):
        if "shows" in card.capabilities:
            sources.request_sync(store(), listener().id, card.id)
    return None


@bp.post("/settings/look")
def look() -> ResponseReturnValue:
    theme = request.form.get("theme", "system")
    answer = current_app.make_response(_save("look", "Saved.", theme=theme, density=request.form.get("density")))
    if answer.status_code == 303:
        answer.set_cookie("theme", theme, max_age=365 * 86_400, samesite="Lax", secure=request.is_secure)
    return answer


@bp.post("/settings/listening")
def listening() -> ResponseReturnValue:
    wanted = {name: request.form.get(name) for name in ("own_after_plays", "week_start")}
    return _save("listening", "Saved.", **wanted)


@bp.post("/settings/feed")
def new_feed() -> ResponseReturnValue:
    listeners.reset_feed(store(), listener().id)
    flash("The calendar has a new address. The old one no longer works.")
    return _back("feed")


@bp.post("/settings/password")
def password() -> ResponseReturnValue:
    """Somebody signed in by the demo has no password to repeat."""
    known = request.form.get("current", "")
    if listeners.check_password(store(), listener().name, known) is None:
        return _page({"password": "That is not your current password."}, 422)
    try:
        listeners.set_password(store(), listener().id, request.form.get("new", ""))
    except listeners.ListenerError as error:
        return _page({"password": str(error)}, 422)
    _stay()
    flash("The password is changed. Other devices have to sign in again.")
    return _back("account")


@bp.post("/settings/devices")
def devices() -> ResponseReturnValue:
    listeners.sign_out_everywhere(store(), listener().id)
    _stay()
    flash("All other devices are signed out.")
    return _back("account")


def _page(troubles: dict[str, str] | None = None, status: int = 200) -> ResponseReturnValue:
    """`troubles` by section, with what was typed kept in its fields."""
    token = listeners.feed_token(cast(bytes, current_app.secret_key), listener())
    told = {"wanted": listener().preferences, "typed": request.form, "troubles": troubles or {}}
    return render_template("settings/page.html", **told, token=token), status


def _save(section: str, done: str, **changes: Any) -> ResponseReturnValue:
    if trouble := _change(**changes):
        return _page({section: trouble}, 422)
    flash(done)
    return _back(section)


def _change(**changes: Any) -> str | None:
    """Save these preferences, or say why not. Those that are None stay as they are."""
    current = listener().preferences.model_dump()
    try:
        wanted = Preferences.model_validate({**current, **{k: v for k, v in changes.items() if v is not None}})
    except ValidationError as error:
        return " ".join(_words(str(problem["loc"][0])) for problem in error.errors())
    listeners.save_preferences(store(), listener().id, wanted)
    return None


def _words(setting: str) -> str:
    return EXPECTED.get(setting) or f"{setting.replace('_', ' ').capitalize()}: choose one of what is offered."


def _place(zip_code: str, latitude: str, longitude: str, zone: str) -> Place | None:
    if latitude.strip() or longitude.strip():
        try:
            return places.by_coordinates(float(latitude), float(longitude), zone.strip())
        except ValueError as error:
            raise (
                error
                if isinstance(error, places.PlaceError)
                else places.PlaceError("Latitude and longitude are numbers in degrees, like 41.88 and -87.63.")
            ) from None
    return places.by_zip(zip_code) if zip_code.strip() else listener().preferences.place


def _stay() -> None:
    """This device stays signed in when all sessions end."""
    found = listeners.by_id(store(), listener().id)
    assert found is not None
    guard.sign_in(found)


def _back(section: str) -> ResponseReturnValue:
    return cast(ResponseReturnValue, redirect(url_for("settings.page", _anchor=section), 303))
