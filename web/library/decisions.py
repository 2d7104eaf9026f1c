"""What listeners say about items: the same, not the same, split. Each tells its effect before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from aggregator.library import decisions, items, search, weighing
from aggregator.library.fields import CALLED
from web import words
from web.context import listener, store
from web.errors import MOST
from web.library import bp, past

PAGES = {"album": "library.album", "artist": "library.artist", "recording": "library.track", "show": "shows.show"}
LISTS = {"album": "library.albums", "artist": "library.artists", "recording": "library.songs", "show": "shows.page"}
HITS = {"album": "albums", "artist": "artists", "recording": "songs", "show": "shows"}
KIND = "<any(album, artist, recording, show):kind>"
AT_ONCE = 1_000
GONE = "This is not in your library any more."


@bp.get(f"/library/{KIND}/<int:item_id>/others")
def others(kind: str, item_id: int) -> ResponseReturnValue:
    """What else an item may be the same as, by words."""
    text = request.args.get("text", "").strip()[:200]
    with store().read() as conn:
        hits = search.search(conn, listener().id, text, limit=8) if text else None
    found = [hit for hit in getattr(hits, HITS[kind], []) if hit.id != item_id]
    return render_template("library/others.html", kind=kind, item_id=item_id, found=found, text=text)


@bp.get(f"/library/{KIND}/weigh")
def weigh(kind: str) -> ResponseReturnValue:
    """Several items, and what it would mean that they are the same, or that they are not."""
    verdict, asked = request.args.get("verdict", "same"), _numbers(request.args.getlist("items"))
    if verdict not in ("same", "different"):
        abort(400, "Say whether they are the same or not. Nothing was changed.")
    if not asked:
        flash("Tick what you want to say something about.")
        return redirect(url_for(LISTS[kind]), 303)
    with store().read() as conn:
        found = weighing.items(conn, listener().id, kind, asked)
        if not found:
            abort(404, GONE)
        weight = weighing.weight(conn, listener().id, kind, [item.id for item in found])
        matched = [item.id for item in found] if (kind, verdict) == ("album", "same") else []
        songs = weighing.matching_songs(conn, listener().id, matched)
        listed = _listed(conn, kind, [item.id for item in found], songs)
    told = {"kind": kind, "called": CALLED[kind], "verdict": verdict, "found": found, "songs": songs}
    back = url_for(LISTS[kind])
    told |= {"strangers": kind != "show" and verdict == "same" and not songs and weighing.strangers(found)}
    return render_template("library/weigh.html", effect=_effect(kind, weight, listed), listed=listed, back=back, **told)


@bp.post(f"/library/{KIND}/<int:item_id>/same")
def same(kind: str, item_id: int) -> ResponseReturnValue:
    """This item and the `other` ones are one; so are the `songs`, a group of numbers each."""
    groups = [_numbers(group.split()) for group in request.form.getlist("songs")]
    asked = [item_id, *_numbers(request.form.getlist("other"))]
    try:
        act = decisions.same(store(), listener().id, kind, asked, groups if kind == "album" else ())
    except decisions.Refused as refusal:
        abort(404, str(refusal))
    with store().read() as conn:
        now = [items.resolve(conn, kind, item_id) or item_id]
        effect = _effect(kind, weighing.weight(conn, listener().id, kind, now), _listed(conn, kind, now))
    past.tell(act, effect)
    return _to_item(kind, item_id)


@bp.post(f"/library/{KIND}/<int:item_id>/different")
def different(kind: str, item_id: int) -> ResponseReturnValue:
    """No two of this item and the `other` ones are the same."""
    asked = [item_id, *_numbers(request.form.getlist("other"))]
    try:
        act = decisions.apart(store(), listener().id, kind, *asked)
    except decisions.Refused as refusal:
        abort(404, str(refusal))
    past.tell(act)
    return redirect(url_for("library.decision", decision_id=act), 303)


@bp.get(f"/library/{KIND}/<int:item_id>/split")
def weigh_split(kind: str, item_id: int) -> ResponseReturnValue:
    """What would leave an item, and what would stay."""
    parts = _parts(kind, item_id, request.args.getlist("claims"))
    if not parts.leaving or not parts.staying:
        return _tick_first(kind, item_id)
    with store().read() as conn:
        songs = weighing.joined_songs(conn, listener().id, parts.claims(parts.leaving)) if kind == "album" else []
        [item] = weighing.items(conn, listener().id, kind, [item_id])
    told = {"kind": kind, "called": CALLED[kind], "item": item, "parts": parts, "songs": songs}
    return render_template("library/split.html", effects=_effects(kind, parts), **told)


@bp.post(f"/library/{KIND}/<int:item_id>/split")
def split(kind: str, item_id: int) -> ResponseReturnValue:
    """The ticked claims are something else than the rest; so are the sides of the `songs` joined with them."""
    parts = _parts(kind, item_id, request.form.getlist("claims"))
    if not parts.leaving or not parts.staying:
        return _tick_first(kind, item_id)
    songs = _numbers(request.form.getlist("songs"))
    act = decisions.split(store(), listener().id, kind, parts.claims(parts.leaving), songs)
    left, stayed = _effects(kind, parts)
    past.tell(act, f"{left} left, {stayed} stayed" if left and stayed else "")
    return _to_item(kind, parts.staying[0].claim)


def _parts(kind: str, item_id: int, ticked: Sequence[str]) -> weighing.Parts:
    """`ticked`: numbers of claims, several in one word where a page shows them as one entry."""
    with store().read() as conn:
        parts = weighing.parts(conn, listener().id, kind, item_id, _numbers(" ".join(ticked).split()))
    return parts if parts.leaving or parts.staying else abort(404, GONE)


def _effects(kind: str, parts: weighing.Parts) -> list[str]:
    with store().read() as conn:
        sides = [parts.claims(side) for side in (parts.leaving, parts.staying)]
        return [_effect(kind, weighing.weight_of_claims(conn, listener().id, kind, side)) for side in sides]


def _listed(
    conn: Any, kind: str, found: Sequence[int], groups: Sequence[Sequence[weighing.Song]] = ()
) -> items.Listed | None:
    """What the page of these albums lists once they are one."""
    if kind != "album":
        return None
    return items.listed(conn, listener().id, found, [[song.id for song in group] for group in groups])


def _effect(kind: str, weight: weighing.Weight, listed: items.Listed | None = None) -> str:
    """`5 albums, 41 songs and 212 plays`; of albums, the songs that the page lists."""
    albums = words.plural(weight.albums, "album") if weight.albums else ""
    songs = words.plural(listed.songs if listed else weight.songs, "song") if kind in ("artist", "album") else ""
    plays = words.plural(weight.plays, "play") if weight.plays else ""
    return words.listed([part for part in (albums, songs, plays) if part])


def _numbers(said: Sequence[str]) -> list[int]:
    """At most `AT_ONCE` numbers of items or claims; what is none is left out."""
    found = [int(each) for each in said if each.isascii() and each.isdigit() and 0 < int(each[:20]) <= MOST]
    if len(found) > AT_ONCE:
        abort(413, f"Tick at most {AT_ONCE:,} at once.")
    return list(dict.fromkeys(found))


def _tick_first(kind: str, item_id: int) -> ResponseReturnValue:
    flash("Tick what does not belong here, but not everything.")
    return _to_item(kind, item_id)


def _to_item(kind: str, item_id: int) -> ResponseReturnValue:
    """To the item as it is now, under whichever number."""
    with store().read() as conn:
        now = items.resolve(conn, kind, item_id)
    return cast(ResponseReturnValue, redirect(url_for(PAGES[kind], item_id=now or item_id), 303))
