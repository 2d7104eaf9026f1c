"""Checks of what a provider makes of a service that refuses, fails or talks nonsense."""

from __future__ import annotations

from aggregator.contract import items
from aggregator.contract.case import Failed, NotApplicable, Subject, check, told
from aggregator.contract.network import Change, Cut
from aggregator.contract.replies import Reply, Request
from aggregator.contract.stage import Run
from aggregator.plugin import AuthFailed, BadData, ProviderError, RateLimited, Unavailable

PAUSE = 77
"""Seconds in the Retry-After of the checks."""
TROUBLE = Reply(500, {}, b"trouble")
HTML = Reply(200, {"Content-Type": "text/html"}, b"<!doctype html>\n<html><head><title>Welcome</title></head><body>")


@check("snapshot", "delta", "live")
def unauthorized(subject: Subject) -> None:
    """A 401 is AuthFailed: the account waits for its listener, and nothing is retried."""
    _each(subject, _trouble(subject, "unauthorized", Reply(401, {}, b'{"error": "not allowed"}')), AuthFailed)


@check("snapshot", "delta", "live")
def rate_limited(subject: Subject) -> None:
    """A 429 is RateLimited with the seconds of its Retry-After; the waiting is left to the host."""
    reply = _trouble(subject, "rate-limited", Reply(429, {}, b'{"error": "slow down"}'))
    reply = reply.but(headers={**reply.headers, "Retry-After": str(PAUSE)})
    for run in _each(subject, reply, RateLimited):
        after = run.error.retry_after if isinstance(run.error, RateLimited) else 0
        if abs(after - PAUSE) > 2:
            raise Failed(f"The service asked for {PAUSE} seconds; the error says {after:g}.")
        if run.slept > 2:
            raise Failed(f"It slept {run.slept:g} seconds by itself. Raise RateLimited: the host keeps the time.")


@check("snapshot", "delta", "live")
def unavailable(subject: Subject) -> None:
    """A 500 and a 503 are Unavailable: the host tries again later."""
    for status in (500, 503):
        _each(subject, _trouble(subject, "unavailable", Reply(status, {}, b"trouble")), Unavailable)


@check("snapshot", "delta", "live")
def unreachable(subject: Subject) -> None:
    """A name that is not found, a refused connection and a timeout are Unavailable."""

    _expect(subject, cut, Unavailable, "the network fails")


@check("snapshot", "delta", "live")
def html_answer(subject: Subject) -> None:
    """A page of HTML in place of data is BadData: a hotel's sign-in page is no empty library."""
    _each(subject, HTML, BadData)


@check("snapshot", "delta", "live")
def truncated_answer(subject: Subject) -> None:
    """An answer of which only half came is BadData."""

    def halve(_number: int, _request: Request, reply: Reply) -> Reply:
        return reply.but(body=reply.body[: len(reply.body) // 2])

    _need_recording(subject)
    _expect(subject, halve, BadData, "half of an answer came")


@check("snapshot", "delta", "live")
def wrong_answer(subject: Subject) -> None:
    """Well-formed data of another shape is BadData, and never an empty answer."""
    _need_recording(subject)
    first = subject.plain.asked[0].reply
    form = items.form_of(first)
    if form is None:
        raise NotApplicable("its answers are neither JSON, XML nor iCalendar")
    ours = form.read(first.text)
    for nonsense in form.nonsense:
        if form is not items.JSON or type(form.read(nonsense)) is not type(ours) or nonsense != "[]":
            reply = first.but(body=nonsense.encode())
            _expect(subject, always(reply), BadData, f"the answer is {nonsense.strip()!r}")


@check("snapshot", "delta", "live")
def half_way(subject: Subject) -> None:
    """A failure at any later request raises: what was not read is never taken for gone."""
    asked = subject.need_requests(2)
    for number in range(1, min(len(asked), 6)):
        run = subject.run(from_request(number), cursor=subject.case.stage.replies.cursor)
        if not isinstance(run.error, ProviderError):
            raise Failed(f"Request {number + 1} of {len(asked)} failed, and {told(run.error)}.")


# --- means ------------------------------------------------------------------------------------------------------------


def _need_recording(subject: Subject) -> None:
    """Something to be mangled."""
    subject.case.need_replies()
    if not subject.plain.asked:
        raise NotApplicable("it asks nothing over the network")


def _trouble(subject: Subject, name: str, usual: Reply) -> Reply:
    recorded = subject.case.stage.replies
    answer = recorded.trouble.get(name)
    return answer.reply(recorded.folder) if answer else usual


def _each(subject: Subject, reply: Reply, wanted: type[ProviderError]) -> list[Run]:
    """Answered so from the first request on."""
    said = reply.body.decode(errors="replace").splitlines()[0][:40] if reply.status == 200 else str(reply.status)
    return [_expect(subject, always(reply), wanted, f"the answer is {said}")]


def _expect(subject: Subject, change: Change, wanted: type[ProviderError], when: str) -> Run:
    run = subject.run(change, cursor=subject.case.stage.replies.cursor)
    if not run.asked and not run.turns and not run.error:
        raise NotApplicable("it asks nothing over the network")
    if not isinstance(run.error, wanted):
        raise Failed(f"Where {when}, {told(run.error)}; {wanted.__name__} was expected.")
    return run


def always(reply: Reply) -> Change:
    return lambda _number, _request, _reply: reply


def from_request(first: int, reply: Reply = TROUBLE) -> Change:
    """Answered so from that request on."""
    return lambda number, _request, usual: reply if number >= first else usual


def cut(_number: int, _request: Request, _reply: Reply) -> Reply:
    """The network fails."""
    raise Cut("[Errno 111] Connection refused")
