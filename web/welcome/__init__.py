"""The first steps: point at a folder, connect a service, say where you go out. Each may be skipped and come back to.

Nothing is kept of where somebody stopped: what is connected and set says which steps are done.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.sources import SettingsRefused, SourceCard, SourceError
from aggregator.sources.glance import Glance, glance
from web import settings
from web.context import config, listener, store
from web.sources import cards

bp = Blueprint("welcome", __name__, template_folder="templates")

FILES = "files"
"""The provider that reads folders."""


@dataclass(frozen=True)
class Step:
    name: str
    words: str
    done: bool

    @property
    def url(self) -> str:
        return url_for(f"welcome.{self.name}")


@bp.get("/welcome/start")
def start() -> ResponseReturnValue:
    """The first step that is not done."""
    return _to(next((step.name for step in steps() if not step.done), "done"))


@bp.get("/welcome/folder")
def folder() -> ResponseReturnValue:
    return _folder(None)


@bp.post("/welcome/folder")
def look() -> ResponseReturnValue:
    """Say what is in the folder, before it is used."""
    seen = glance(request.form.get("folder", "")) if _owner() else abort(403)
    return _folder(seen), 422 if seen.trouble else 200


@bp.post("/welcome/folder/use")
def use() -> ResponseReturnValue:
    if not _owner():
        abort(403)
    seen = glance(request.form.get("folder", ""))
    if not seen.trouble:
        try:
            sources.create_account(store(), FILES, None, {"folder": seen.folder})
        except (SettingsRefused, SourceError) as error:
            seen.trouble = str(error)
    if seen.trouble:
        return _folder(seen), 422
    flash("The folder is being read. Go on meanwhile.")
    return _to(_after("folder"))


@bp.get("/welcome/folder/use")
def used() -> ResponseReturnValue:
    return _to("folder")


@bp.get("/welcome/service")
def service() -> ResponseReturnValue:
    """What needs no key first."""
    offers = [offer for offer in cards.offers() if offer.id != FILES]
    return _page("service", offers=offers, connected=[card for card in cards.everything() if card.provider != FILES])


@bp.get("/welcome/place")
def place() -> ResponseReturnValue:
    return _place(None)


@bp.post("/welcome/place")
def set_place() -> ResponseReturnValue:
    entered = any(request.form.get(name, "").strip() for name in ("zip", "latitude", "longitude"))
    trouble = settings.save_place() if entered else "Enter a zip code or coordinates, or skip this step."
    return (_place(trouble), 422) if trouble else _to("done")


@bp.get("/welcome/done")
def done() -> ResponseReturnValue:
    """What is happening now, and the way home."""
    return render_template("welcome/done.html", steps=steps(), runs=sources.progress(store(), listener().id))


def steps() -> list[Step]:
    """Folders of this machine are an owner's to point at."""
    found = cards.everything()
    known = [
        Step("folder", "Point at a folder", any(map(_reads_files, found))),
        Step("service", "Connect a service", not all(map(_reads_files, found))),
        Step("place", "Say where you go out", listener().preferences.place is not None),
    ]
    return known if _owner() else known[1:]


def _reads_files(card: SourceCard) -> bool:
    return card.provider == FILES


def _owner() -> bool:
    return listener().role == "owner"


def _folder(seen: Glance | None) -> str:
    if not _owner():
        abort(403, "Folders of this machine are an owner's to point at.")
    return _page("folder", seen=seen, connected=[card for card in cards.everything() if _reads_files(card)])


def _place(trouble: str | None) -> str:
    return _page("place", trouble=trouble, wanted=listener().preferences, typed=request.form)


def _page(name: str, **told: object) -> str:
    about = {"steps": steps(), "here": name, "following": url_for(f"welcome.{_after(name)}")}
    return render_template(f"welcome/{name}.html", **about, **_demo(), closed=sources.closed(store()), **told)


def _demo() -> dict[str, str]:
    """How the demo is started beside this Bandstand: as it is installed here, at the next port."""
    port = config().server.port + 1
    command = f"{Path(sys.executable).with_name('bandstand')} serve --demo --port {port}"
    return {"demo_command": command, "demo_address": f"http://127.0.0.1:{port}/"}


def _after(name: str) -> str:
    names = [*(step.name for step in steps()), "done"]
    return names[names.index(name) + 1]


def _to(name: str) -> ResponseReturnValue:
    return cast(ResponseReturnValue, redirect(url_for(f"welcome.{name}"), 303))
