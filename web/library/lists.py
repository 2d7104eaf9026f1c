"""What there is: albums, artists and songs, filtered, sorted, page by page. Each page has a real address."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, ValidationError

from aggregator.library import items
from web import playing
from web.context import listener, store
from web.library import bp

SORTS = {
    "albums": (
        ("title", "Title"),
        ("artist", "Artist"),
        ("year", "Newest first"),
        ("added", "Lately added"),
        ("plays", "Most played"),
        ("heard", "Lately heard"),
    ),
    "artists": (("name", "Name"), ("plays", "Most played"), ("added", "Lately added"), ("heard", "Lately heard")),
    "songs": (
        ("title", "Title"),
        ("artist", "Artist"),
        ("length", "Longest first"),
        ("added", "Lately added"),
        ("plays", "Most played"),
        ("heard", "Lately heard"),
    ),
}
SONGS = 100


class Wanted(BaseModel):
    """What the address asks for; an empty `sort` is the first of `SORTS`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    show: Literal["", "owned", "service", "heard"] = ""
    sort: Literal["", "title", "artist", "name", "year", "length", "added", "plays", "heard"] = ""
    text: str = ""
    after: str = ""

    @classmethod
    def asked(cls) -> Wanted:
        try:
            return cls.model_validate(request.args.to_dict())
        except ValidationError:
            abort(404, "The library cannot be listed that way. Open it from the menu and choose again.")

    def query(self, limit: int = 60) -> items.Query:
        return items.Query(self.show, self.sort, self.text.strip(), self.after, limit)


@bp.app_template_global()
def query_string(wanted: Wanted, **changes: str) -> str:
    """The address of the same list with something changed; what is empty is left out, and so is the page."""
    values = {**wanted.model_dump(), "after": "", **changes}
    told = urlencode({name: value for name, value in values.items() if value})
    return f"?{told}" if told else ""


@bp.get("/library")
def albums() -> ResponseReturnValue:
    wanted = Wanted.asked()
    with store().read() as conn:
        page = items.albums(conn, listener().id, wanted.query())
        tally = items.sizes(conn, listener().id)["album"]
    return render_template("library/albums.html", page=page, **_bar("albums", wanted, tally))


@bp.get("/library/artists")
def artists() -> ResponseReturnValue:
    wanted = Wanted.asked()
    with store().read() as conn:
        page = items.artists(conn, listener().id, wanted.query())
        tally = items.sizes(conn, listener().id)["artist"]
    return render_template("library/artists.html", page=page, **_bar("artists", wanted, tally))


@bp.get("/library/songs")
def songs() -> ResponseReturnValue:
    wanted = Wanted.asked()
    with store().read() as conn:
        page = items.songs(conn, listener().id, wanted.query(SONGS))
        tally = items.sizes(conn, listener().id)["recording"]
    return render_template("library/songs.html", page=page, **_bar("songs", wanted, tally))


@bp.get("/library/songs/list")
def song_list() -> ResponseReturnValue:
    """The same page of songs, for the player."""
    wanted = Wanted.asked()
    with store().read() as conn:
        return playing.listed(conn, items.songs(conn, listener().id, wanted.query(SONGS)).items)


def _bar(kind: str, wanted: Wanted, tally: items.Size) -> dict[str, object]:
    return {"kind": kind, "wanted": wanted, "tally": tally._asdict(), "sorts": SORTS[kind]}
