"""What each run of an account changed."""

from __future__ import annotations

import re

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.sources.changes import SAID
from web.context import listener, store
from web.errors import MOST
from web.sources import bp

PLACE = re.compile(r"([0-9]{1,18}-[0-9]{1,18})?")
"""Where a list goes on; see `sources.Changes.after`."""


@bp.get("/sources/<int:account_id>/runs")
def history(account_id: int) -> ResponseReturnValue:
    before = request.args.get("before", type=int)
    if before is not None and not 0 <= before <= MOST:
        abort(404, "Runs cannot be listed that way.")
    found = sources.history(store(), listener().id, account_id, before)
    if found is None:
        abort(404, "There is no such source.")
    return render_template("sources/history.html", history=found, account_id=account_id)


@bp.get("/sources/<int:account_id>/runs/<int:run_id>")
def run(account_id: int, run_id: int) -> ResponseReturnValue:
    """The beginning of every list, or one list page by page."""
    only, after = request.args.get("only", ""), request.args.get("after", "")
    if only not in ("", *SAID) or not PLACE.fullmatch(after):
        abort(404, "A run cannot be listed that way.")
    found = sources.changes(store(), listener().id, account_id, run_id, only, after)
    if found is None:
        abort(404, "This run is not known any more: runs are kept for 60 days.")
    return render_template("sources/run.html", changes=found, only=only)
