"""Members: who lives here, for owners, and the page on which somebody invited comes in."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import invites, listeners, members
from aggregator.invites import Invite
from aggregator.listeners import ListenerError
from aggregator.members import Member
from web import guard, words
from web.context import listener, store

bp = Blueprint("members", __name__, template_folder="templates")

throttle = listeners.Throttle()


@bp.before_request
def _owners_only() -> None:
    if request.endpoint not in guard.OPEN and listener().role != "owner":
        abort(403, "Only owners see who else lives here, and let somebody in.")


@bp.get("/members")
def page() -> ResponseReturnValue:
    return _page()


@bp.get("/members/<any(invite):_>")
@bp.get("/members/<int:member_id>/<any(role, leave, password):_>")
def again(_: str, member_id: int | None = None) -> ResponseReturnValue:
    """A form leaves its own address in the browser; loaded again, it is the page."""
    return _back(member_id)


@bp.post("/members/invite")
def invite() -> ResponseReturnValue:
    role = request.form.get("role")
    if role not in ("owner", "member"):
        abort(400, "Somebody comes in as an owner or as a member.")
    return _page(invites.make(store(), listener().id, "owner" if role == "owner" else "member"))


@bp.post("/members/invites/<int:invite_id>/withdraw")
def withdraw(invite_id: int) -> ResponseReturnValue:
    invites.withdraw(store(), invite_id)
    flash("The link no longer works.")
    return _back()


@bp.post("/members/<int:member_id>/role")
def role(member_id: int) -> ResponseReturnValue:
    member, owner = _member(member_id), request.form.get("role") == "owner"
    try:
        members.set_role(store(), member_id, "owner" if owner else "member")
        flash(f"{member.name} is {'an owner' if owner else 'a member'} now.")
    except ListenerError as error:
        flash(str(error))
    if member_id == listener().id and not owner:
        return redirect(url_for("home.page"), 303)
    return _back(member_id)


@bp.post("/members/<int:member_id>/leave")
def sign_out(member_id: int) -> ResponseReturnValue:
    member = _member(member_id)
    listeners.sign_out_everywhere(store(), member_id)
    flash(f"{member.name} is signed out on every device.")
    return _back(member_id)


@bp.post("/members/<int:member_id>/password")
def password(member_id: int) -> ResponseReturnValue:
    member = _member(member_id)
    return _page(invites.make_for(store(), listener().id, member_id), member)


@bp.get("/members/<int:member_id>/remove")
def farewell(member_id: int) -> ResponseReturnValue:
    member = _member(member_id)
    items, plays = members.leaving(store(), member_id)
    return render_template("members/remove.html", member=member, items=items, plays=plays, trouble=None)


@bp.post("/members/<int:member_id>/remove")
def remove(member_id: int) -> ResponseReturnValue:
    member = _member(member_id)
    if request.form.get("sure") != "yes":
        flash(f"{member.name} stays: the box was not ticked.")
        return _back(member_id)
    try:
        members.remove(store(), listener().id, member_id)
        flash(f"{member.name} is gone. What they brought is being taken out of the library.")
    except ListenerError as error:
        flash(str(error))
    return _back()


# --- coming in --------------------------------------------------------------------------------------------------------


@bp.get("/join/<token>")
def door(token: str) -> ResponseReturnValue:
    return _door(_invited(token))


@bp.post("/join/<token>")
def enter(token: str) -> ResponseReturnValue:
    invited = _invited(token)
    name = request.form.get("name", "")
    if g.listener:
        return _door(invited), 403
    try:
        arrived = invites.accept(store(), token, name, request.form.get("password", ""))
    except ListenerError as error:
        return _door(invited, name, str(error)), 422
    guard.sign_in(arrived)
    flash("Your new password holds from now on." if invited.renews else "Welcome.")
    return redirect(url_for("home.page" if invited.renews else "welcome.start"), 303)


def _invited(token: str) -> Invite:
    """What the link stands for; the page of a link that is not good says no more than that."""
    limits = {f"link from {request.remote_addr}": 20}
    if seconds := throttle.wait(limits):
        abort(429, f"Too many links that are not good. Wait {words.span(seconds)}, then try again.")
    found = invites.read(store(), token)
    if found is None:
        throttle.failed(limits)
        abort(404, invites.SPENT)
    return found


# --- parts ------------------------------------------------------------------------------------------------------------


def _page(token: str | None = None, renewed: Member | None = None) -> str:
    """With `token`, the link that was just made: it is shown this once."""
    link = url_for("members.door", token=token, _external=True) if token else None
    told = {
        "members": members.everyone(store()),
        "invites": invites.waiting(store()),
        "leavers": members.leavers(store()),
    }
    return render_template("members/page.html", **told, link=link, renewed=renewed)


def _door(invited: Invite, name: str = "", trouble: str | None = None) -> str:
    return render_template("members/join.html", invited=invited, name=name, trouble=trouble)


def _member(member_id: int) -> Member:
    found = next((each for each in members.everyone(store()) if each.id == member_id), None)
    return found or abort(404, "This listener is not here any more.")


def _back(member_id: int | None = None) -> ResponseReturnValue:
    anchor = f"member-{member_id}" if member_id else None
    return cast(ResponseReturnValue, redirect(url_for("members.page", _anchor=anchor), 303))
