"""The calendar address that programs subscribe to. Its secret part is the only proof asked for."""

from __future__ import annotations

import hashlib
from typing import cast

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue

from aggregator import listeners
from aggregator.shows import feed
from web.context import store

bp = Blueprint("feed", __name__)

FRESH_SECONDS = 900


@bp.get("/feed/<int:listener_id>-<token>.ics")
def calendar(listener_id: int, token: str) -> ResponseReturnValue:
    """`?recommended=1` adds the recommended shows. A wrong address and nobody's look the same."""
    listener = listeners.by_feed_token(store(), _secret(), listener_id, token)
    if listener is None:
        abort(404, "There is no calendar at this address. Copy the current one from the settings.")
    with store().read() as conn:
        made = feed.feed(conn, listener, instance(), suggested=request.args.get("recommended") == "1")
    return _answer(made)


def instance() -> str:
    """Names this installation in UIDs: the same for ever, and telling nothing of the secret it is made from."""
    return hashlib.sha256(b"calendar uids of " + _secret()).hexdigest()[:16]


def _answer(made: feed.Feed) -> Response:
    """304 goes by the ETag alone: a show that was muted leaves no newer date behind."""
    fresh = request.if_none_match.contains_weak(made.etag)
    answer = Response(status=304) if fresh else Response(made.body, content_type="text/calendar; charset=utf-8")
    answer.set_etag(made.etag)
    answer.last_modified = made.changed_at
    answer.headers["Cache-Control"] = f"private, max-age={FRESH_SECONDS}"
    return answer


def _secret() -> bytes:
    return cast(bytes, current_app.secret_key)
