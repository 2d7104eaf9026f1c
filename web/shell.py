"""What surrounds every page: the rail's entries, the theme, pictures, and htmx told where a page goes."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Response, g, request, url_for

from aggregator.artwork import SIDES
from web import words
from web.media import sleeves


@dataclass(frozen=True)
class Entry:
    section: str
    label: str
    url: str
    icon: str


PAGES = (
    (
        Entry("home", "Home", "/", "home"),
        Entry("library", "Library", "/library", "library"),
        Entry("discover", "Discover", "/discover", "discover"),
        Entry("shows", "Shows", "/shows", "shows"),
    ),
    (
        Entry("review", "Questions", "/review", "merge"),
        Entry("sources", "Sources", "/sources", "sources"),
        Entry("settings", "Settings", "/settings", "settings"),
    ),
)


def surround(app: Flask) -> None:
    app.jinja_env.globals.update(navigation=PAGES, theme=theme, density=density, picture=picture)
    app.jinja_env.globals["ui"] = app.jinja_env.get_template("macros.html").module
    app.after_request(_place)


def theme() -> str:
    """From the cookie, so that the first paint is right on the sign-in page too."""
    wanted = request.cookies.get("theme")
    return wanted if wanted in ("dark", "light") else "system"


def density() -> str:
    listener = g.get("listener")
    return listener.preferences.density if listener else "comfortable"


def picture(item: object, size: int) -> str:
    """The address of an item's artwork in the next size up, or of a sleeve drawn from its name."""
    art = getattr(item, "art", None)
    if art:
        return url_for("media.artwork", name=art, size=next((side for side in SIDES if side >= size), SIDES[-1]))
    return url_for("media.sleeve", seed=sleeves.seed(words.drawn_from(item)))


def _place(response: Response) -> Response:
    """A boosted link gets a whole page, of which htmx takes what is in <main>: the player outside it plays on."""
    if "HX-Boosted" in request.headers and response.mimetype == "text/html":
        response.headers["HX-Retarget"] = "#main"
        response.headers["HX-Reselect"] = "#main > *"
        response.headers["HX-Reswap"] = "innerHTML show:window:top"
    return response
