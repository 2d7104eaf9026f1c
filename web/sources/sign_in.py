"""Signing in at a service: the way to its own page, and the two ways back from it."""

from __future__ import annotations

import secrets
import time
from typing import Any

from flask import abort, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.sources import SourceError
from aggregator.sources.way_back import WayBack, marked, pasted, way_back, where_begun
from web.context import listener, store
from web.sources import bp, cards

LIFE = 3600
"""Seconds that a listener may take at the service's page."""


@bp.post("/sources/<int:account_id>/sign-in")
def sign_in(account_id: int) -> ResponseReturnValue:
    """Sends the listener to the service's own page. The state proves on return that it was this listener who left."""
    card, back, state = cards.to_change(account_id), way(), marked(secrets.token_urlsafe(24), request.url)
    try:
        url = sources.begin_sign_in(store(), listener().id, account_id, back.address, state)
    except SourceError as error:
        flash(str(error))
        return cards.back(account_id)
    begun = {"state": state, "account": account_id, "redirect": back.address, "at": int(time.time())}
    session["away"] = {**begun, "next": request.args.get("next", "")}
    if "HX-Request" in request.headers and not back.by_hand:
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = url
        return answer
    return render_template("sources/leave.html", card=card, url=url, way=back)


@bp.get("/sources/<int:account_id>/sign-in")
def once_more(account_id: int) -> ResponseReturnValue:
    """The page that leads away, loaded again: its address at the service is good once."""
    return cards.back(account_id)


@bp.get("/sources/signed-in")
def signed_in() -> ResponseReturnValue:
    """Where services send the listener back to; the one address to register with them."""
    if address := where_begun(request.url):
        return redirect(address)
    if g.listener is None:
        return redirect(url_for("sign_in.form", next=request.full_path))
    return _finish(request.args.to_dict())


@bp.post("/sources/signed-in")
def signed_in_by_hand() -> ResponseReturnValue:
    """The same from the address that the listener found in the address bar."""
    begun = session.get("away") or {}
    try:
        said = pasted(request.form.get("address", ""), begun.get("redirect", way().address))
    except SourceError as error:
        flash(str(error))
        return cards.back(begun.get("account"))
    return _finish(said)


def way() -> WayBack:
    """To register at a service, and how a listener comes back by it."""
    here = url_for("sources.signed_in", _external=True)
    if request.headers.get("X-Forwarded-Proto") == "https":  # a proxy speaks https with the browser
        here = here.replace("http://", "https://", 1)
    return way_back(here)


def _finish(said: dict[str, str]) -> ResponseReturnValue:
    if not _is_expected(said.get("state", "")):
        abort(403, "This sign-in was not begun here, or another one was begun since. Start it again from Sources.")
    begun: dict[str, Any] = session.pop("away")
    if begun["at"] < time.time() - LIFE:
        flash("This sign-in was begun more than an hour ago. Nothing was changed; start it again.")
        return cards.back(begun["account"], begun["next"])
    try:
        sources.finish_sign_in(store(), listener().id, begun["account"], begun["redirect"], said)
        flash("Signed in. It is being read now.")
    except SourceError as error:
        flash(str(error))
    return cards.back(begun["account"], begun["next"])


def _is_expected(state: str) -> bool:
    begun = session.get("away")
    return begun is not None and secrets.compare_digest(begun["state"].encode(), state.encode())
