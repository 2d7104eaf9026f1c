"""Checks of what a provider yields from its recorded replies as they are."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aggregator.contract.case import Failed, NotApplicable, Subject, check, things, told
from aggregator.plugin import (
    Artist,
    Checkpoint,
    Complete,
    Edition,
    Friend,
    Holding,
    Play,
    Playlist,
    Progress,
    Record,
    Show,
    Skipped,
    Tag,
    Track,
    Unchanged,
)

ALLOWED: dict[str, tuple[type[Any], ...]] = {
    "library": (Artist, Edition, Track, Holding, Playlist, Skipped, Unchanged, Progress, Complete),
    "shows": (Show, Skipped, Unchanged, Progress, Complete),
    "friends": (Friend, Skipped, Complete),
    "plays": (Play, Skipped, Progress, Checkpoint),
    "similar": (tuple,),
    "top_artists": (tuple,),
    "tags": (Tag,),
    "albums_of": (Edition,),
    "radio": (Track,),
    "search": (Artist, Edition, Track),
}


@check("snapshot", "delta", "live")
def reads_answers(subject: Subject) -> None:
    """The recorded replies are read to their end, and bring something."""
    run = subject.plain
    if run.unanswered:
        subject.case.need_replies()
        missing = run.unanswered[0]
        raise Failed(f"Nothing is recorded for {missing.method} {missing.url}.")
    if run.asked:
        subject.case.need_replies()
    if run.error:
        raise Failed(f"It read the recorded replies, and {told(run.error)}.")
    if not things(run) and subject.shape == "live" and not run.asked:
        raise NotApplicable("it asks nothing: its service knows nothing of this")
    if not things(run):
        raise Failed("It read the recorded replies to their end and yielded nothing.")


@check("snapshot", "delta", "live")
def records_valid(subject: Subject) -> None:
    """Everything it yields is a record of its capability, whole, and the same after a journey as JSON."""
    for record in subject.whole.records:
        if not isinstance(record, ALLOWED[subject.method]):
            raise Failed(f"{subject.method}() yielded a {type(record).__name__}: {record!r:.120}")
        for part in record if isinstance(record, tuple) else (record,):
            _journey(part)


def _journey(record: Any) -> None:
    if not isinstance(record, Record):
        return
    try:
        back = type(record).model_validate_json(record.model_dump_json(exclude_none=True))
    except ValueError as error:
        words = str(error).splitlines()
        raise Failed(f"A {type(record).__name__} is not valid: {' '.join(words[1:3])[:200]}") from None
    if back != record:
        raise Failed(f"A {type(record).__name__} is another one after a journey as JSON: {record!r:.160}")


@check("snapshot", "delta")
def ids_unique(subject: Subject) -> None:
    """Each thing is told once, under an id that no other one has."""
    doubled = [key for key, count in Counter(map(identity, things(subject.whole))).items() if count > 1]
    if doubled:
        raise Failed(f"{doubled[0]} came more than once.")


def identity(record: Any) -> tuple[Any, ...]:
    """What tells one record from another within an account."""
    match record:
        case Holding():
            return ("holding", record.of, record.id, record.how)
        case Play(id=None):
            return ("play", record.at, record.title, *(credit.name for credit in record.credits))
        case Skipped():
            return ("skipped", record.of, record.id)
        case Unchanged():
            return ("unchanged", record.of, *record.ids)
        case Record():
            return (getattr(record, "type", type(record).__name__), getattr(record, "id", repr(record)))
        case (Record() as first, *_):
            return identity(first)
    return (repr(record),)


@check("live")
def live_answers(subject: Subject) -> None:
    """Live answers are what the capability says, in range, and in its order."""
    answers = subject.whole.records
    if subject.method not in ("similar", "top_artists", "tags"):
        raise NotApplicable(f"{subject.method} has no order that could be checked")
    weights = [answer.weight if isinstance(answer, Tag) else answer[1] for answer in answers]
    least, most = {"similar": (0, 1), "tags": (1, 100), "top_artists": (0, float("inf"))}[subject.method]
    if outside := [weight for weight in weights if not least <= weight <= most]:
        raise Failed(f"{subject.method}() gave {outside[0]:g}, which is not within {least:g} to {most:g}.")
    if weights != sorted(weights, reverse=True):
        raise Failed(f"{subject.method}() is not sorted: the greatest comes first.")
