"""Checks of what a provider yields from its recorded replies as they are."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from aggregator.contract import items, refusals
from aggregator.contract.case import Failed, NotApplicable, Subject, check, things, told
from aggregator.contract.network import Change
from aggregator.contract.stage import Run, as_json
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
    "top_albums": (tuple,),
    "tags": (Tag,),
    "albums_of": (Edition,),
    "tag_artists": (tuple,),
    "listeners": (int,),
    "chart": (Artist,),
    "top_songs": (Track,),
    "previews": (Track,),
    "radio": (Track,),
    "search": (Artist, Edition, Track),
}


RANGES: dict[str, tuple[float, float]] = {
    "similar": (0, 1),
    "tags": (1, 100),
    "top_artists": (0, math.inf),
    "top_albums": (0, math.inf),
    "tag_artists": (0, math.inf),
    "listeners": (0, math.inf),
    "albums_of": (0, math.inf),
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
    elif subject.shape == "live" and not run.error and not run.records:
        raise NotApplicable("it asks nothing and answers nothing")
    if run.error:
        raise Failed(f"It read the recorded replies, and {told(run.error)}.")
    if not things(run) and subject.shape == "live" and not run.asked:
        raise NotApplicable("it asks nothing: its service knows nothing of this")
    if not things(run):
        raise Failed("It read the recorded replies to their end and yielded nothing.")
    if all(isinstance(record, Skipped) for record in things(run)):
        first = things(run)[0]
        raise Failed(f"It skipped everything in the recorded replies, {first.id!r} for this: {_one_line(first.reason)}")


@check("snapshot", "delta", "live")
def records_valid(subject: Subject) -> None:
    """Everything it yields is a record of its capability, whole, and the same after a journey as JSON."""
    for record in subject.whole.records:
        if not isinstance(record, ALLOWED[subject.method]):
            raise Failed(f"{subject.method}() yielded a {type(record).__name__}: {record!r:.120}")
        for part in record if isinstance(record, tuple) else (record,):
            _journey(part)


def _one_line(words: str) -> str:
    return " ".join(words.split())[:200]


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
    """Within a scope each thing is told once, under an id that no other one has."""
    if keys := doubled(subject.whole.records):
        raise Failed(f"{keys[0]} came more than once.")


def doubled(records: Iterable[Any]) -> list[tuple[Any, ...]]:
    """What came more than once in one scope; two lists of a service may well hold the same thing."""
    scope = 0
    seen: Counter[tuple[Any, ...]] = Counter()
    for record in records:
        scope += isinstance(record, Complete)
        seen[scope, *identity(record)] += not isinstance(record, Progress | Checkpoint)
    return [key[1:] for key, count in seen.items() if count > 1]


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
    if subject.method not in RANGES:
        raise NotApplicable(f"{subject.method} has no order that could be checked")
    weights = [weight for answer in answers if (weight := _weight(answer)) is not None]
    if not weights:
        raise NotApplicable(f"{subject.method} tells no numbers")
    least, most = RANGES[subject.method]
    if outside := [weight for weight in weights if not least <= weight <= most]:
        raise Failed(f"{subject.method}() gave {outside[0]:g}, which is not within {least:g} to {most:g}.")
    if weights != sorted(weights, reverse=True):
        raise Failed(f"{subject.method}() is not sorted: the greatest comes first.")


def _weight(answer: Any) -> float | None:
    """What a live answer is sorted by."""
    match answer:
        case Tag():
            return answer.weight
        case Edition():
            return answer.popularity
        case (_, weight):
            return float(weight)
    return float(answer)


@check("live")
def told_once(subject: Subject) -> None:
    """Nothing is in one answer twice: a page would show it twice, and a ranking would count it twice."""
    answers = [answer for answer in subject.whole.records if isinstance(answer, Record | tuple)]
    if not answers:
        raise NotApplicable("it answers with a number")
    named = [("tag", each.name.casefold()) if isinstance(each, Tag) else identity(each) for each in answers]
    if keys := [key for key, count in Counter(named).items() if count > 1]:
        raise Failed(f"{' '.join(map(str, keys[0]))} is in the answer to {subject.method}() more than once.")


@check("snapshot", "delta")
def ids_stable(subject: Subject) -> None:
    """A thing keeps its id: in the next run, when another one has gone, and in another process."""
    before = {identity(record): record for record in things(subject.whole)}
    again = {identity(record): record for record in things(_under_another_hash(subject))}
    if new := set(again) - set(before):
        raise Failed(f"A second run over the same replies told of {_words(new)}, which the first did not know.")
    if changed := [key for key, record in again.items() if before[key] != record]:
        raise Failed(f"A second run over the same replies told otherwise of {_words({changed[0]})}.")
    for record in _quietly(subject):
        known = before.get(identity(record))
        if known is None or named(known) != named(record):
            raise Failed(f"When one thing goes, another gets its id or a new one: {_words({identity(record)})}.")


def named(record: Any) -> str | None:
    """What a listener calls it."""
    record = record[0] if isinstance(record, tuple) else record
    return getattr(record, "title", None) or getattr(record, "name", None)


def _quietly(subject: Subject) -> list[Any]:
    try:
        return things(subject.absent)
    except NotApplicable:
        return []


def _under_another_hash(subject: Subject) -> Run:
    """A second run in which hash() of text gives other numbers, as it does in every new process."""
    usual = hash

    def another(value: Any) -> int:
        return usual(value) ^ 0x5BD1E995 if isinstance(value, str | bytes) else usual(value)

    with mock.patch("builtins.hash", another):
        return subject.run(cursor=subject.case.stage.replies.cursor)


@check("snapshot")
def references(subject: Subject) -> None:
    """What a Holding, a Playlist or a Track points at has been told before it."""
    known: set[tuple[str, str]] = set()
    pointed = False
    for record in subject.whole.of(Record):
        aims = [("track", each) for each in record.tracks] if isinstance(record, Playlist) else []
        if isinstance(record, Holding):
            aims = [(record.of, record.id)]
        if missing := next((aim for aim in aims if aim not in known), None):
            raise Failed(f"A {record.type} points at {' '.join(missing)}, which has not been told before it.")
        pointed = pointed or bool(aims)
        if isinstance(record, Artist | Edition | Track | Playlist | Show | Friend):
            known.add((record.type, record.id))
        elif isinstance(record, Unchanged):
            known |= {(record.of, each) for each in record.ids}
    if not pointed:
        raise NotApplicable("nothing it yields points at something else")


@check("snapshot", "delta", "live")
def times_aware(subject: Subject) -> None:
    """Every moment carries its zone; a moment that the service tells without one ends no run."""
    moments = [each for record in subject.whole.records for each in _moments(record)]
    if naive := [each for each in moments if each.tzinfo is None]:
        raise Failed(f"{naive[0].isoformat()} has no zone.")
    zoned = _without_zones(subject)
    if not moments and zoned is None:
        raise NotApplicable("it tells no moments, only days and wall clocks")
    if zoned is not None:
        run = subject.run(zoned)
        if run.error:
            raise Failed(f"Where the service tells a time without its zone, {told(run.error)}.")


def _moments(record: Any) -> Iterator[datetime]:
    for part in record if isinstance(record, tuple) else (record,):
        values = part.__dict__.values() if isinstance(part, Record) else ()
        for value in values:
            if isinstance(value, datetime):
                yield value
            elif isinstance(value, Record):
                yield from _moments(value)


def _without_zones(subject: Subject) -> Change | None:
    """The replies with the zone taken from every time in one item; None where there is none."""
    try:
        item = bare = subject.first
    except NotApplicable:
        return None
    for path, value in list(items.leaves(item)):
        if isinstance(value, str) and (match := _ZONED.fullmatch(value)):
            bare = items.replaced(bare, path, match[1])
    return None if bare is item else subject.instead(bare)


_ZONED = re.compile(r"(\d{4}-?\d{2}-?\d{2}[T ]\d{2}:?\d{2}(?::?\d{2})?(?:\.\d+)?)(?:Z|[+-]\d{2}:?\d{2})")


@check("snapshot")
def scopes(subject: Subject) -> None:
    """Each scope is completed once, and not before all of it has come."""
    whole = subject.whole
    marks = [record.scope for record in whole.of(Complete)]
    early = [mark for mark in marks[:-1] if mark == ""]  # the last one is the host's own
    doubled = [mark for mark, count in Counter(marks).items() if count > 1 and mark]
    if doubled:
        raise Failed(f"The scope {doubled[0]!r} is completed {marks.count(doubled[0])} times.")
    if early and len(marks) > 2:
        raise Failed("It yields Complete() several times without a scope: only the first part would stay.")
    if len(whole.asked) < 2 and len(marks) < 2:
        raise NotApplicable("it has one scope, read with one request")
    told_before = by_scope(whole)
    for number in range(1, len(whole.asked)):
        run = subject.run(refusals.from_request(number))
        for scope, ids in by_scope(run).items():
            if run.error and (lost := told_before.get(scope, set()) - ids):
                raise Failed(f"The scope {scope!r} was completed without {_words(lost)}, after a request had failed.")


def by_scope(run: Run) -> dict[str, set[tuple[Any, ...]]]:
    """What each completed scope holds."""
    found: dict[str, set[tuple[Any, ...]]] = {}
    since: set[tuple[Any, ...]] = set()
    for record in run.records:
        if isinstance(record, Complete):
            found[record.scope] = found.get(record.scope, set()) | since
            since = set()
        elif not isinstance(record, Progress | Skipped):
            since.add(identity(record))
    return found


@check("snapshot")
def area_honoured(subject: Subject) -> None:
    """Only shows of the days and the circle that were asked for."""
    if subject.method != "shows":
        raise NotApplicable("it is not asked for an area")
    shows = subject.whole.of(Show)
    if not shows:
        raise NotApplicable("it yields no show")
    day = min(show.day for show in shows)
    area = subject.case.stage.replies.area.model_copy(update={"since": day, "until": day})
    for show in subject.run(area=area).of(Show):
        if show.day > day or (show.until or show.day) < day:
            raise Failed(f"Asked for {day} only, it told of a show on {show.day}.")
    earlier = area.model_copy(update={"since": day - timedelta(days=9), "until": day - timedelta(days=2)})
    if early := subject.run(area=earlier).of(Show):
        raise Failed(f"Asked for shows until {earlier.until}, it told of one on {early[0].day}.")
    placed = [show for show in shows if show.venue.latitude is not None and show.venue.longitude is not None]
    if placed:
        _circle(subject, placed[0])


def _circle(subject: Subject, show: Show) -> None:
    """Asked about the other side of the Earth."""
    assert show.venue.latitude is not None and show.venue.longitude is not None
    away = {"latitude": -show.venue.latitude, "longitude": (show.venue.longitude + 360) % 360 - 180, "radius_km": 10}
    area = subject.case.stage.replies.area.model_copy(update=away)
    if any(each.id == show.id for each in subject.run(area=area).of(Show)):
        raise Failed("It told of a show on the other side of the Earth from the circle of 10 km it was asked for.")


@check("snapshot")
def second_run(subject: Subject) -> None:
    """With the state that the first run left, the second tells everything again, or that it is Unchanged."""
    first = subject.whole
    try:
        state = as_json(first.state)
    except (TypeError, ValueError) as error:
        raise Failed(f"Its state cannot be kept as JSON: {error}.") from None
    second = subject.run(state=state)
    if second.error:
        raise Failed(f"In a second run with the state of the first, {told(second.error)}.")
    if lost := covered(first) - covered(second):
        raise Failed(f"The second run neither tells of {_words(lost)} nor says that it is unchanged.")


def covered(run: Run) -> set[tuple[Any, ...]]:
    """What a run protects from removal: by its records, by Unchanged and by Skipped."""
    found: set[tuple[Any, ...]] = set()
    for record in things(run):
        if isinstance(record, Unchanged):
            found |= {(record.of, each) for each in record.ids}
        elif isinstance(record, Skipped):
            found.add((record.of, record.id))
        else:
            found.add(identity(record)[:2])
    return found


# --- deltas -----------------------------------------------------------------------------------------------------------


@check("delta")
def checkpoints(subject: Subject) -> None:
    """The stream ends with a checkpoint behind the last play, so that nothing is read twice for ever."""
    marks = subject.whole.of(Checkpoint)
    if not marks:
        raise Failed("It yields no Checkpoint: every run would read the whole history again.")
    rest = subject.whole.records[subject.whole.records.index(marks[-1]) :]
    if any(isinstance(record, Play) for record in rest):
        raise Failed("Plays come after the last checkpoint: they would be read again in every run.")


@check("delta")
def resume(subject: Subject) -> None:
    """From every checkpoint, and after a failure at any request, the next run brings all that is missing."""
    whole, records = _plays(subject.whole.records), subject.whole.records
    for place, mark in enumerate(records):
        if isinstance(mark, Checkpoint):
            _resumed(subject, whole, _plays(records[:place]), mark.cursor)
    for number in range(1, min(len(subject.whole.asked), 8)):
        broken = subject.run(refusals.from_request(number), cursor=subject.case.stage.replies.cursor).records
        places = [n for n, record in enumerate(broken) if isinstance(record, Checkpoint)]
        if places:
            _resumed(subject, whole, _plays(broken[: places[-1]]), broken[places[-1]].cursor)
    _goes_on(subject)


def _resumed(subject: Subject, whole: set[Any], before: set[Any], cursor: str) -> None:
    run = subject.run(cursor=cursor, usual_too=False)
    if run.unanswered:
        missing = run.unanswered[0]
        raise NotApplicable(f"nothing is recorded for {missing.method} {missing.url}, which it asks from a checkpoint")
    if run.error:
        raise Failed(f"From the checkpoint {cursor!r}, {told(run.error)}.")
    if lost := whole - before - _plays(run.records):
        raise Failed(f"Broken off at the checkpoint {cursor[:60]!r}, the next run never brings {_words(lost)}.")


def _goes_on(subject: Subject) -> None:
    """Where nothing was played since the last checkpoint, not every page is asked for and told again."""
    marks, pages = subject.whole.of(Checkpoint), [each.request for each in subject.whole.asked]
    if marks and len(pages) > 1 and subject.case.stage.replies.cursor is None:
        again = subject.run(cursor=marks[-1].cursor, usual_too=False)
        told_again = _plays(again.records) == _plays(subject.whole.records)
        if told_again and [each.request for each in again.asked] == pages:
            raise Failed(
                "From the last checkpoint it told every play of every page again: it makes no use of the cursor."
            )


def _plays(records: list[Any]) -> set[Any]:
    return {identity(record) for record in records if isinstance(record, Play)}


def _words(keys: set[tuple[Any, ...]]) -> str:
    some = sorted(" ".join(map(str, key)) for key in keys)
    return some[0][:80] + (f" and {len(some) - 1} more" if len(some) > 1 else "")
