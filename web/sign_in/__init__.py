"""The door: name and password, the first owner's one-time code, and the way out."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import listeners, sources
from web import guard, words
from web.context import config, own_page, store

bp = Blueprint("sign_in", __name__, template_folder="templates")

throttle = listeners.Throttle()


@bp.get("/sign-in")
def form() -> ResponseReturnValue:
    if listeners.nobody_yet(store()):
        return redirect(url_for("sign_in.welcome"))
    return render_template("sign_in/form.html", name="", trouble=None, **_door())


@bp.post("/sign-in")
def enter() -> ResponseReturnValue:
    name, password = request.form.get("name", ""), request.form.get("password", "")
    limits = _limits(name)
    if seconds := throttle.wait(limits):
        trouble = f"Too many attempts. Wait {words.span(seconds)}, then try again."
        return render_template("sign_in/form.html", name=name, trouble=trouble, **_door()), 429
    found = listeners.check_password(store(), name, password)
    if found is None:
        throttle.failed(limits)
        trouble = "That name and password do not belong together."
        return render_template("sign_in/form.html", name=name, trouble=trouble, **_door()), 403
    throttle.succeeded(next(iter(limits)))
    guard.sign_in(found)
    return redirect(_after(), 303)


@bp.post("/sign-in/demo")
def look_around() -> ResponseReturnValue:
    """Back into the demo, after signing out of it."""
    visitor = guard.demo_visitor()
    if visitor is None:
        abort(403, "Only the demo, seen from its own machine, can be entered without a password.")
    guard.sign_in(visitor)
    return redirect(_after(), 303)


@bp.get("/welcome")
def welcome() -> ResponseReturnValue:
    _first_time_only()
    return render_template("sign_in/welcome.html", name="", code="", trouble=None)


@bp.post("/welcome")
def found() -> ResponseReturnValue:
    """The first owner arrives."""
    _first_time_only()
    name, code = request.form.get("name", ""), request.form.get("code", "")
    limits = _limits("the first owner")
    if seconds := throttle.wait(limits):
        trouble = f"Too many attempts. Wait {words.span(seconds)}, then try again."
        return render_template("sign_in/welcome.html", name=name, code=code, trouble=trouble), 429
    try:
        owner = listeners.create_first_owner(store(), config().data, code, name, request.form.get("password", ""))
    except listeners.ListenerError as trouble:
        throttle.failed(limits)
        return render_template("sign_in/welcome.html", name=name, code=code, trouble=str(trouble)), 403
    guard.sign_in(owner)
    connected = config().accounts or sources.cards(store(), owner.id)
    flash("Welcome.")
    return redirect(url_for("sources.page" if connected else "welcome.start"), 303)


@bp.post("/sign-out")
def leave() -> ResponseReturnValue:
    guard.sign_out()
    answer = redirect(url_for("sign_in.form"), 303)
    answer.headers["Clear-Site-Data"] = '"storage"'  # pages and play list of the one who left
    return cast(ResponseReturnValue, answer)


def _door() -> dict[str, object]:
    return {"after": _after(), "demo": guard.demo_visitor()}


def _limits(name: str) -> dict[str, int]:
    """Few attempts from one place for one name; more for a place or a name, which several people may share."""
    who, place = name.casefold(), request.remote_addr
    return {f"{who} from {place}": 5, f"from {place}": 20, f"{who} from anywhere": 50}


def _first_time_only() -> None:
    if not listeners.nobody_yet(store()):
        abort(404, "Bandstand has its owner already. Sign in with your name and password.")


def _after() -> str:
    """Where the visitor wanted to go; only ever a page of this very Bandstand."""
    wanted = request.values.get("next", "")
    return wanted if own_page(wanted) else url_for("home.page")
