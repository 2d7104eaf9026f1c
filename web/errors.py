"""What a visitor reads when something is missing, not allowed or broken: a sentence and a way on, never a bare code."""

from __future__ import annotations

from flask import Flask, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Map

SENTENCES = {
    400: ("That address does not make sense", "Something in the address or the form is not as Bandstand expects it."),
    401: ("Sign in first", "This page belongs to a listener."),
    403: ("That is not yours to open", "It belongs to another listener, or the request came from another site."),
    404: ("Nothing is here", "The page was moved or never existed. What you look for may be in the library."),
    405: ("That cannot be done here", "The address is right, but it does not take this kind of request."),
    413: ("That is too much at once", "What was sent is larger than Bandstand accepts."),
    429: ("A little slower, please", "Too many attempts. Wait a few minutes, then try again."),
    500: (
        "Something broke on our side",
        "It is not your fault. The details are in Bandstand's log; the rest still works.",
    ),
}


MOST = 2**63 - 1
"""The greatest number that the database holds. Greater ones in an address are no item's."""


class _Number(IntegerConverter):
    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=MOST)


def explain(app: Flask) -> None:
    """Before the pages are registered."""
    app.url_map.converters["int"] = _Number
    app.register_error_handler(HTTPException, _page)


def _page(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    title, words = SENTENCES.get(code, SENTENCES[400] if code < 500 else SENTENCES[500])
    if error.description and error.description != type(error).description:
        words = error.description
    if _fragment():  # a piece of a page: its place says what is wrong
        return render_template("trouble.html", words=f"{title}. {words}"), code
    if request.accept_mimetypes.best == "application/json":
        return {"error": f"{title}. {words}"}, code
    return render_template("error.html", code=code, title=title, words=words), code


def _fragment() -> bool:
    """Asked for by htmx, but neither as a followed link nor as a step back."""
    headers = request.headers
    return "HX-Request" in headers and "HX-Boosted" not in headers and "HX-History-Restore-Request" not in headers
