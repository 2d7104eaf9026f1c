"""Who may ask for what: sign-in for all pages but a few, requests from other sites refused, headers on every answer."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, abort, g, make_response, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue

from aggregator import listeners
from web.context import config, store

if TYPE_CHECKING:
    from flask import Response

OPEN = frozenset(
    {
        "static",
        "media.sleeve",  # drawn from its own address; tells nothing
        "sign_in.form",
        "sign_in.enter",
        "sign_in.look_around",
        "sign_in.welcome",
        "sign_in.found",
        "members.door",  # both prove themselves with the token in their address
        "members.enter",
        "sources.signed_in",  # sends whoever is not signed in on to where they are
        "feed.calendar",  # proves itself with the secret in its address
    }
)
"""Endpoints that answer somebody who is not signed in. A test walks every other route and is refused by each."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


def protect(app: Flask) -> None:
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="bandstand",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        PERMANENT_SESSION_LIFETIME=90 * 86_400,
    )
    app.before_request(_refuse_other_sites)
    app.before_request(_demand_a_listener)
    app.after_request(_add_headers)


def sign_in(listener: listeners.Listener) -> None:
    session.clear()
    session.permanent = True
    session.update(listener=listener.id, version=listener.session_version)
    g.listener = listener


def sign_out() -> None:
    """Also keeps the demo from signing the visitor in again on the next page."""
    session.clear()
    session["left"] = True
    g.listener = None


def demo_visitor() -> listeners.Listener | None:
    """The demo's owner, for a visitor who sits at this very machine; nobody, where there is any doubt."""
    here = [config().server.host, request.host, request.remote_addr or ""]
    if not config().demo or not all(_loopback(name) for name in here):
        return None
    if any(header in request.headers for header in FORWARDING):
        return None
    return next((one for one in listeners.everyone(store()) if one.role == "owner"), None)


def _refuse_other_sites() -> None:
    """A form or script of another site must not act for the listener (CSRF).

    Browsers say where a request comes from in Sec-Fetch-Site, or at least in Origin; a client that sends neither is no
    browser, and no other site can make it send a cookie.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site not in ("same-origin", "none"):
        abort(403, "This request came from another site, so Bandstand did nothing.")
    if site is None and origin is not None and urlsplit(origin).netloc != request.host:
        abort(403, "This request came from another site, so Bandstand did nothing.")


def _demand_a_listener() -> ResponseReturnValue | None:
    g.listener = None
    if request.endpoint == "static":
        return None
    g.listener = _signed_in() or (None if session.get("left") else demo_visitor())
    if g.listener or request.endpoint in OPEN or request.endpoint is None:
        return None
    if "HX-Request" in request.headers:  # a fragment is no place for a sign-in page: the whole page goes there
        answer = make_response("", 401)
        answer.headers["HX-Redirect"] = url_for("sign_in.form")
        return answer
    if request.method != "GET" or request.accept_mimetypes.best == "application/json":
        abort(401, "Sign in first.")
    return redirect(url_for("sign_in.form", next=request.full_path.removesuffix("?")))


def _signed_in() -> listeners.Listener | None:
    listener_id = session.get("listener")
    found = listeners.by_id(store(), listener_id) if isinstance(listener_id, int) else None
    return found if found and found.session_version == session.get("version") else None


def _loopback(host: str) -> bool:
    """`host` may be a name, an address, or either with a port."""
    name = urlsplit(f"//{host}").hostname if host.count(":") < 2 or host.startswith("[") else host
    if name == "localhost":
        return True
    try:
        return ip_address(name or "").is_loopback
    except ValueError:
        return False


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint not in ("static", "media.sleeve", "media.artwork"):
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.vary.update(("Cookie", "HX-Request"))
    return response


class _Sessions(SecureCookieSessionInterface):
    """Cookies are Secure wherever the visitor came by https, through a proxy too."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's signature
        return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
