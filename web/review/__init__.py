"""One or two? Questions that only a listener can answer, one at a time, the weightiest first.

What was said in this sitting is kept in the session, so that the last word can be taken back at once.
"""

from __future__ import annotations

import re
import time
from typing import Any, NamedTuple, cast

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from aggregator import sources
from aggregator.library import acts, decisions, items, review, weighing
from aggregator.library.comparison import compare
from aggregator.library.evidence import KINDS
from aggregator.library.fields import CALLED
from aggregator.library.items.provenance import visible_accounts
from aggregator.library.review import Pair, Place, Wanted
from web.context import listener, store
from web.errors import MOST

bp = Blueprint("review", __name__, template_folder="templates")

SAID = {
    "same": "One {kind}: {names}.",
    "different": "Kept apart: {names}.",
    "skip": "Skipped: {names}.",
}
PAGE = 60
PLACE = re.compile(r"\d{1,18},[0-3],-?\d{1,9}(\.\d{1,18})?,\d{1,18},\d{1,18}")
"""Where a list goes on: the parts of a `Place`."""
REST = 3600
"""Seconds without a word after which a new sitting begins."""
REMEMBERED = 20
"""Last words of a sitting that can be taken back."""


class Narrowed(NamedTuple):
    """The queue as the address narrows it: `only` are the words for the page, `query` what links carry on."""

    wanted: Wanted
    only: str
    query: dict[str, Any]


@bp.app_template_global()
def questions() -> int:
    """How many wait for the listener: for the rail, on every page."""
    with store().read() as conn:
        return review.count(conn, listener().id)


@bp.get("/review")
def page() -> ResponseReturnValue:
    """The next question, or the one that the address names."""
    narrowed, sitting = _narrowed(), _sitting()
    a, b = (request.args.get(side, 0, type=int) for side in ("a", "b"))
    with store().read() as conn:
        waiting = review.waiting(conn, listener().id, narrowed.wanted)
        asked = review.pair(conn, listener().id, a, b) if _are_numbers(a, b) else None
        asked = asked or next(iter(review.pairs(conn, listener().id, narrowed.wanted, limit=1)), None)
        known = compare(conn, listener().id, asked) if asked else None
        likewise = review.alike(conn, listener().id, asked) if asked else []
        accounts = visible_accounts(conn, listener().id)
    queue = {"waiting": waiting, "narrowed": narrowed, "accounts": accounts, "kinds": KINDS}
    songs = len(_matching(asked)) if asked else 0
    told = {"asked": asked, "known": known, "likewise": likewise, "songs": songs}
    told |= {"sitting": sitting, "last": _last(sitting)}
    return render_template("review/page.html", **queue, **told)


@bp.get("/review/all")
def everything() -> ResponseReturnValue:
    """What waits, as a list."""
    narrowed = _narrowed()
    with store().read() as conn:
        found = review.pairs(conn, listener().id, narrowed.wanted, _after(), PAGE + 1)
        waiting = review.waiting(conn, listener().id, narrowed.wanted)
    shown = found[:PAGE]
    after = ",".join(map(str, shown[-1].place)) if len(found) > PAGE else None
    return render_template("review/all.html", pairs=shown, after=after, narrowed=narrowed, waiting=waiting)


@bp.post("/review")
def answer() -> ResponseReturnValue:
    """The same, not the same, or later. Only what is asked can be answered here."""
    verdict = request.form.get("verdict", "")
    if verdict not in SAID:
        abort(400, "Say whether the two are the same or not, or skip them. Nothing was changed.")
    asked = _asked()
    if asked is None:
        flash("That question is answered already.")
        return _on()
    if verdict == "skip":
        review.skip(store(), listener().id, asked)
        _remember("skip", asked)
    else:
        _remember(str(_decide(asked, verdict)), asked)
    flash(SAID[verdict].format(kind=CALLED[asked.kind], names=_names(asked)), "said")
    return _on()


@bp.post("/review/undo")
def undo() -> ResponseReturnValue:
    """Take back the last word of this sitting, and ask again."""
    sitting = _sitting()
    if not sitting["words"]:
        abort(404, "There is nothing to take back. Older answers stand among the decisions.")
    act, a, b, questions = sitting["words"].pop()
    session["review"] = sitting
    if act == "skip":
        with store().read() as conn:
            skipped = review.pair(conn, listener().id, a, b)
        if skipped is not None:
            review.unskip(store(), listener().id, skipped)
    else:
        sitting["answered"] -= questions
        _take_back(int(act))
    flash("Taken back. Here it is again.", "said")
    return _on(a=a, b=b)


@bp.post("/review/again")
def again() -> ResponseReturnValue:
    """What was skipped is asked anew."""
    review.look_again(store(), listener().id)
    return _on()


@bp.post("/review/alike")
def alike() -> ResponseReturnValue:
    """The same answer to this question and to all that are like it."""
    verdict = request.form.get("verdict", "")
    if verdict not in ("same", "different"):
        abort(400, "Say whether each two are the same or not. Nothing was changed.")
    asked = _asked()
    if asked is None:
        flash("That question is answered already.")
        return _on()
    with store().read() as conn:
        each = [asked, *review.alike(conn, listener().id, asked)]
    pairs = [(one.a.item, one.b.item) for one in each]
    _remember(str(decisions.pairwise(store(), listener().id, asked.kind, verdict, pairs)), asked, len(pairs))
    flash(
        f"{SAID[verdict].format(kind=CALLED[asked.kind], names=_names(asked))} {len(pairs) - 1} more likewise.", "said"
    )
    return _on()


# --- the question -----------------------------------------------------------------------------------------------------


def _asked() -> Pair | None:
    """The question that a form answers; None where it is answered already. 404 for what is not the listener's."""
    a, b = (request.form.get(side, 0, type=int) for side in ("a", "b"))
    if not _are_numbers(a, b):
        abort(404, "There is no such question.")
    with store().read() as conn:
        asked = review.pair(conn, listener().id, a, b)
        if asked is None and not all(_is_known(conn, item) for item in (a, b)):
            abort(404, "There is no such question.")
    return asked


def _decide(asked: Pair, verdict: str) -> int:
    """Albums that are one bring the songs together that stand on both."""
    pair = (asked.a.item, asked.b.item)
    if verdict == "different":
        return decisions.apart(store(), listener().id, asked.kind, *pair)
    return decisions.same(store(), listener().id, asked.kind, pair, _matching(asked))


def _matching(asked: Pair) -> list[list[int]]:
    if asked.kind != "album":
        return []
    with store().read() as conn:
        found = weighing.matching_songs(conn, listener().id, (asked.a.item, asked.b.item))
    return [[song.id for song in group] for group in found]


def _is_known(conn: Any, item: int) -> bool:
    """What it is today: it may be one with the other already."""
    now = ((kind, items.resolve(conn, kind, item)) for kind in KINDS)
    return any(items.known(conn, listener().id, kind, today) for kind, today in now if today is not None)


def _are_numbers(*numbers: int) -> bool:
    return all(0 < number <= MOST for number in numbers)


def _names(asked: Pair) -> str:
    first, second = (side.title[:80] for side in (asked.a, asked.b))
    return f"“{first}”, {asked.a.account} and {asked.b.account}" if first == second else f"“{first}” and “{second}”"


# --- which questions --------------------------------------------------------------------------------------------------


def _narrowed() -> Narrowed:
    """From the address, or from the form that was sent from such a page."""
    kind = request.values.get("kind", "")
    source, run = (request.values.get(name, type=int) for name in ("source", "run"))
    query: dict[str, Any] = {"kind": kind} if kind in KINDS else {}
    wanted = Wanted(kind if kind in KINDS else "")
    if run is not None and _are_numbers(run):
        return _of_run(wanted, run, query)
    return _of_source(wanted, source, query) if source is not None else Narrowed(wanted, "", query)


def _of_run(wanted: Wanted, run: int, query: dict[str, Any]) -> Narrowed:
    found = sources.doubted(store(), listener().id, run)
    if found is None:
        abort(404, "This run is not known any more: runs are kept for 60 days.")
    account, among = found
    with store().read() as conn:
        name = visible_accounts(conn, listener().id)[account][1]
    return Narrowed(Wanted(wanted.kind, among=among), f"what {name} brought in one reading", {**query, "run": run})


def _of_source(wanted: Wanted, source: int, query: dict[str, Any]) -> Narrowed:
    with store().read() as conn:
        accounts = visible_accounts(conn, listener().id)
        if source not in accounts:
            abort(404, "There is no such source.")
    return Narrowed(Wanted(wanted.kind, source), f"what {accounts[source][1]} says", {**query, "source": source})


def _after() -> Place | None:
    """Where the list goes on, as the page before it says. 404 for what no page says."""
    said = request.args.get("after", "")
    if not said:
        return None
    if not PLACE.fullmatch(said):
        abort(404, "The questions cannot be listed that way.")
    plays, kept, points, a, b = said.split(",")
    return Place(int(plays), int(kept), float(points), int(a), int(b))


def _on(**place: int) -> ResponseReturnValue:
    """To the next question, of those one was at."""
    return cast(ResponseReturnValue, redirect(url_for("review.page", **_narrowed().query, **place), 303))


# --- the sitting ------------------------------------------------------------------------------------------------------


def _sitting() -> dict[str, Any]:
    """How many were answered since the listener sat down, and the last words: what was done, about which items."""
    kept = session.get("review")
    fresh = kept and time.time() - kept["at"] < REST and kept["who"] == listener().id
    return kept if fresh else {"who": listener().id, "answered": 0, "words": [], "at": 0}


def _remember(act: str, asked: Pair, questions: int = 1) -> None:
    sitting = _sitting()
    words = [*sitting["words"], [act, asked.a.item, asked.b.item, 0 if act == "skip" else questions]][-REMEMBERED:]
    answered = sitting["answered"] + words[-1][3]
    session["review"] = {"who": listener().id, "answered": answered, "words": words, "at": int(time.time())}


def _last(sitting: dict[str, Any]) -> str:
    """The last word in words; nothing where it was taken back elsewhere."""
    if not sitting["words"]:
        return ""
    act, a, b, _ = sitting["words"][-1]
    with store().read() as conn:
        if act == "skip":
            skipped = review.pair(conn, listener().id, a, b)
            return f"Skipped: {_names(skipped)}." if skipped else ""
        said = acts.one(conn, listener().id, int(act))
        return f"{said.words}." if said and not said.undone_at else ""


def _take_back(act: int) -> None:
    """Unless that was done elsewhere meanwhile."""
    with store().read() as conn:
        said = acts.one(conn, listener().id, act)
    if said and not said.undone_at:
        decisions.undo(store(), listener().id, act)
