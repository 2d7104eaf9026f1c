"""Checks of what a provider makes of odd data: one bad item, odd names and dates, no end of items, none at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from aggregator.contract import items
from aggregator.contract.case import Failed, NotApplicable, Subject, check, things, told
from aggregator.contract.items import Path
from aggregator.contract.records import doubled, identity, named
from aggregator.contract.replies import Reply
from aggregator.contract.stage import Run
from aggregator.plugin import Area, ProviderError, Show, Skipped

MOST_FIELDS = 30
"""Fields of one item that are mangled; each takes a few runs."""
MANY_ACTS = 60
NAMES = (
    "AC/DC", "Sunn O)))", 'He said "no", it\'s \\ over', "<b>Bold</b> & Co.", "Sigur Rós – Ágætis", "مشروع ليلى",
    "🎸🔥 Emoji 👩‍🎤", "\u202egnilttes", "Łódź ﬁn ‌join", "%s {0} ${x}", "null", "0", "N" * 1000,
)  # fmt: skip
PAST = (date(1969, 7, 20), date(1900, 1, 1), date(9999, 12, 31))
TURNS = (datetime(2027, 3, 28, 2, 30), datetime(2027, 3, 14, 2, 30), datetime(2027, 10, 31, 2, 30),
         datetime(2028, 2, 29, 2, 30))  # fmt: skip
"""Wall clocks that a summer time leaves out, ones that come twice, and a leap day."""

_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:([T ])(\d{2}:\d{2}(?::\d{2})?)(.*))?")
_ICS = re.compile(r"(\d{8})(?:(T)(\d{6})(Z?))?")


# --- one bad item -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mangled:
    """A run in which one field of the first item was spoilt. `item`: how it looked then."""

    field: str
    item: Any
    run: Run


@check("snapshot", "delta", "live")
def one_bad_item(subject: Subject) -> None:
    """One item with a field that is missing or of a wrong type does not keep the others from arriving."""
    others = set(map(identity, _kept(subject.absent)))
    for each in _mangled(subject):
        if isinstance(each.run.error, ProviderError) and not isinstance(each.item, dict):
            continue  # a thing without a name cannot be skipped by it, so that the list is not whole
        if each.run.error:
            raise Failed(f"With {each.field} in one item, {told(each.run.error)}.")
        if lost := others - set(map(identity, _kept(each.run))):
            raise Failed(f"With {each.field} in one item, another one is missing: {_short(lost)}.")


@check("snapshot", "delta")
def skipped_by_name(subject: Subject) -> None:
    """An item that cannot be read is told as Skipped, with a reason and a name by which one finds it."""
    left_out = _left_out(subject)
    usual = {str(value) for _, value in items.leaves(subject.first)}
    for each, _, skipped in left_out:
        values = usual & {str(value) for _, value in items.leaves(each.item)}
        for one in skipped:
            if one.id in values or any(value in f"{one.id} {one.reason}" for value in values if len(value) > 2):
                return
    if all(not skipped for *_, skipped in left_out):
        raise Failed(f"With {left_out[0][0].field} an item is left out without a word: yield Skipped.")
    name = next(skipped[-1].id for *_, skipped in reversed(left_out) if skipped)
    raise Failed(f"Skipped({name!r}) names nothing that is in the item, so nobody knows which.")


@check("snapshot")
def skipped_protects(subject: Subject) -> None:
    """Skipped carries the kind and the id under which the item is known, or the host takes it for removed."""
    known = False
    for each, gone, skipped in _left_out(subject):
        values = {str(value) for _, value in items.leaves(each.item)}
        wanted = {key[:2] for key in gone if str(key[1]) in values}
        known = known or bool(wanted and skipped)
        if wanted & {(one.of, one.id) for one in skipped}:
            return
    if not known:
        raise NotApplicable("the id of an item cannot be told from its replies once something in it is spoilt")
    of, id = sorted(wanted)[0] if wanted else ("item", "?")
    raise Failed(f"An item known as {of} {id!r} was skipped under another kind or id, so it would count as removed.")


def _left_out(subject: Subject) -> list[tuple[Mangled, set[tuple[Any, ...]], list[Skipped]]]:
    """The runs from which the spoilt item is missing, with what is missing and what was skipped instead."""
    before = set(map(identity, things(subject.whole)))
    mine = {key for key in before - set(map(identity, things(subject.absent))) if key[0] != "skipped"}
    found = []
    for each in _mangled(subject):
        now = {identity(record): record for record in things(each.run)}
        gone = mine - set(now)
        new = [record for key, record in now.items() if key not in before]
        skipped = [record for record in new if isinstance(record, Skipped)]
        if not each.run.error and gone and len(skipped) == len(new):
            found.append((each, gone, skipped))
    if not found:
        raise NotApplicable("whatever field is missing or odd, the item is still read")
    return found


def _mangled(subject: Subject) -> list[Mangled]:
    if "mangled" not in subject.__dict__:
        subject.__dict__["mangled"] = list(_mangle(subject))
    made: list[Mangled] = subject.__dict__["mangled"]
    return made


def _mangle(subject: Subject) -> Iterator[Mangled]:
    listed = subject.listings[subject.victim[0]]
    odd: tuple[Any, ...] = listed.oddities
    for path in _fields(subject.first):
        for how in ("missing", *odd):
            item = subject.first
            item = items.without(item, path) if how == "missing" else items.replaced(item, path, how)
            words = f"{_dotted(path)} {'missing' if how == 'missing' else f'being {how!r}'}"
            yield Mangled(words, item, subject.run(subject.instead(item)))
    if listed.bare:
        for item in (None, "odd"):
            yield Mangled(f"{item!r} in place of all its fields", item, subject.run(subject.instead(item)))


def _fields(item: Any) -> list[Path]:
    """Its fields, and the things inside it; of lists the first entry stands for all."""
    paths: list[Path] = []
    for path, _ in items.leaves(item):
        for length in range(1, len(path) + 1):
            if path[:length] not in paths and not any(step for step in path[:length] if isinstance(step, int)):
                paths.append(path[:length])
    paths = [path for path in paths if path[-1] not in (0, "@")]
    step = max(1, len(paths) // MOST_FIELDS)
    return sorted(paths, key=len)[:MOST_FIELDS] if step == 1 else sorted(paths, key=len)[: 2 * MOST_FIELDS : 2]


def _kept(run: Run) -> list[Any]:
    return [record for record in things(run) if not isinstance(record, Skipped)]


# --- names and dates --------------------------------------------------------------------------------------------------


@check("snapshot", "delta", "live")
def odd_names(subject: Subject) -> None:
    """Names of every script and length arrive as they are; one that is too long may be skipped, none ends the run."""
    before, paths = _named(subject)
    for name in NAMES:
        item = subject.first
        for path in paths:
            item = items.replaced(item, path, name)
        run = subject.run(subject.instead(item))
        if run.error:
            raise Failed(f"With the name {name[:40]!r}, {told(run.error)}.")
        arrived = any(named(record) and _same(str(named(record)), name) for record in things(run))
        if not arrived and not (len(name) > 200 and len(_kept(run)) < len(_kept(subject.whole))):
            raise Failed(f"{before!r} renamed {name[:40]!r} did not arrive under that name.")
    _others_stay(subject, run)


def _named(subject: Subject) -> tuple[str, list[Path]]:
    """The name of the first item, and where it stands in it."""
    first = subject.first
    for record in _mine(subject):
        name = named(record)
        paths = [path for path, value in items.leaves(first) if value == name]
        if name and paths:
            return name, paths
    raise NotApplicable("no name in its replies arrives as it stands there")


def _mine(subject: Subject) -> list[Any]:
    """What comes of the first item alone."""
    others = set(map(identity, things(subject.absent)))
    return [record for record in _kept(subject.whole) if identity(record) not in others]


def _same(one: str, other: str) -> bool:
    return "".join(one.split()) == "".join(other.split())


def _others_stay(subject: Subject, run: Run) -> None:
    if lost := set(map(identity, _kept(subject.absent))) - set(map(identity, _kept(run))):
        raise Failed(f"Another item is missing then: {_short(lost)}.")


@check("snapshot", "delta")
def past_dates(subject: Subject) -> None:
    """Dates long ago and far ahead are read or skipped; they end no run."""
    for day in PAST:
        run = subject.run(subject.instead(_dated(subject, datetime(day.year, day.month, day.day, 20, 0))))
        if _out_of_time(subject, run):
            continue
        if run.error:
            raise Failed(f"With the date {day}, {told(run.error)}.")
        _others_stay(subject, run)


@check("snapshot", "delta")
def dst_dates(subject: Subject) -> None:
    """An hour that a change of clocks leaves out or doubles, and a leap day, arrive; a show keeps its wall clock."""
    plain = _mine(subject)
    spoken = _dates_in(subject.first)
    for moment in TURNS:
        run = subject.run(subject.instead(_dated(subject, moment)), area=_reaching(subject, moment.date()))
        if _out_of_time(subject, run):
            continue
        if run.error:
            raise Failed(f"With the time {moment}, {told(run.error)}.")
        _others_stay(subject, run)
        others = set(map(identity, _kept(subject.absent)))
        mine = [record for record in _kept(run) if identity(record) not in others]
        if len(mine) < len(plain):
            raise Failed(f"What happens at {moment} did not arrive.")
        _wall_clock(plain, mine, spoken, moment)


def _reaching(subject: Subject, day: date) -> Area:
    """The recorded area, with `day` among its days."""
    area = subject.case.stage.replies.area
    return area.model_copy(update={"since": min(area.since, day), "until": max(area.until, day)})


def _out_of_time(subject: Subject, run: Run) -> bool:
    """Plays are asked by time: one from elsewhere among them may well be called a contradiction."""
    return subject.shape == "delta" and isinstance(run.error, ProviderError)


def _wall_clock(plain: list[Any], mine: list[Any], spoken: set[str], moment: datetime) -> None:
    before = next((record for record in plain if isinstance(record, Show)), None)
    now = next((record for record in mine if isinstance(record, Show)), None)
    if before and now and before.day.isoformat() in spoken and now.day != moment.date():
        raise Failed(f"A show on {moment:%Y-%m-%d} at {moment:%H:%M} where it is played became one on {now.day}.")


def _dated(subject: Subject, moment: datetime) -> Any:
    """The first item at another time."""
    item = subject.first
    changed = False
    for path, value in list(items.leaves(item)):
        at = _as(value, moment)
        if at is not None:
            item, changed = items.replaced(item, path, at), True
    if not changed:
        raise NotApplicable("no date was found in its replies")
    return item


def _as(value: Any, moment: datetime) -> Any:
    """`moment` written like `value`; None where that is no date."""
    if isinstance(value, str) and (match := _ISO.fullmatch(value)):
        clock = "%H:%M" if match[3] and len(match[3]) == 5 else "%H:%M:%S"
        day = moment.date().isoformat()
        return day + (f"{match[2]}{moment.strftime(clock)}{match[4]}" if match[2] else "")
    if isinstance(value, str) and (match := _ICS.fullmatch(value)) and _is_day(match[1]):
        day = moment.date().isoformat().replace("-", "")
        return day + (f"T{moment:%H%M%S}{match[4]}" if match[2] else "")
    if isinstance(value, int | str) and not isinstance(value, bool) and re.fullmatch(r"1\d{9}", str(value)):
        return type(value)(int((moment - datetime(1970, 1, 1)) / timedelta(seconds=1)))
    return None


def _is_day(digits: str) -> bool:
    return "1900" < digits[:4] < "2100" and "00" < digits[4:6] < "13" and "00" < digits[6:] < "32"


def _dates_in(item: Any) -> set[str]:
    """Days as they are spelled in an item without a zone."""
    found = set()
    for _, value in items.leaves(item):
        if isinstance(value, str) and (match := _ISO.fullmatch(value)) and not match[4]:
            found.add(match[1])
        elif isinstance(value, str) and (match := _ICS.fullmatch(value)) and _is_day(match[1]) and not match[4]:
            found.add(f"{match[1][:4]}-{match[1][4:6]}-{match[1][6:]}")
    return found


# --- many, none, twice ------------------------------------------------------------------------------------------------


@check("snapshot", "delta", "live")
def many_artists(subject: Subject) -> None:
    """A bill of sixty names arrives with sixty names."""
    path, acts = _bill(subject)
    item = subject.first
    names = [f"Act {number}" for number in range(MANY_ACTS)]
    item = items.replaced(item, path, [_renamed(acts[0], acts[1], name) for name in names])
    run = subject.run(subject.instead(item))
    if run.error:
        raise Failed(f"With {MANY_ACTS} artists on one bill, {told(run.error)}.")
    most = max((_credits(record) for record in things(run)), key=len, default=[])
    if most != names:
        raise Failed(f"Of {MANY_ACTS} artists on one bill {len(set(most) & set(names))} arrived in their order.")


def _bill(subject: Subject) -> tuple[Path, tuple[Any, str]]:
    """Where in the first item its artists are listed, and the first of them with their name."""
    first = subject.first
    for record in _mine(subject):
        names = _credits(record)
        for path, listed in items.lists(first):
            if names and len(listed) == len(names):
                inside = [{str(value) for _, value in items.leaves(each)} for each in listed]
                if all(name in values for name, values in zip(names, inside, strict=True)):
                    return path, (listed[0], names[0])
    raise NotApplicable("no list of artists was found in the items of its replies")


def _credits(record: Any) -> list[str]:
    record = record[0] if isinstance(record, tuple) else record
    credits = getattr(record, "lineup", None) or getattr(record, "credits", None) or []
    return [credit.name for credit in credits]


def _renamed(act: Any, old: str, name: str) -> Any:
    """An artist under another name and other ids."""
    for path, value in list(items.leaves(act)):
        if value == old:
            act = items.replaced(act, path, name)
        elif path and re.search(r"(^|_)(id|mbid|uri|slug)$", str(path[-1])):
            fresh = f"{value}-{name[4:]}" if isinstance(value, str) else int(f"{value or 1}{int(name[4:]):02}")
            act = items.replaced(act, path, fresh)
    return act


@check("snapshot", "delta", "live")
def empty_answer(subject: Subject) -> None:
    """Where a service has nothing, the answer is empty; that is no error, and nothing is made up."""
    if subject.method == "listeners":
        raise NotApplicable("it answers with a number, whatever lists stand beside it")
    run = subject.run(subject.altered(lambda _number, _listed: []))
    if run.error:
        raise Failed(f"Where every list is empty, {told(run.error)}.")
    made_up = set(map(identity, _kept(run))) & set(map(identity, _kept(subject.whole)))
    if len(subject.listings) >= len([each for each in subject.plain.asked if each.reply.status == 200]) and made_up:
        raise Failed(f"Every list was empty, and yet there came {_short(made_up)}.")


@check("snapshot", "delta", "live")
def duplicates(subject: Subject) -> None:
    """An item that comes on two pages, because the list moved meanwhile, is told once (plays: twice does no harm)."""
    listings = subject.need_listings()
    last: dict[int, Any] = {}
    for pages in subject.lists:
        last |= {number: listings[before].items[-1] for before, number in zip([pages[0], *pages], pages, strict=False)}
    run = subject.run(subject.altered(lambda number, listed: [last[number], *listed], total=False))
    if run.error and not isinstance(run.error, ProviderError):
        raise Failed(f"With an item on two pages, {told(run.error)}.")
    if run.error:
        return
    if keys := doubled(run.records if subject.shape != "delta" else ()):
        raise Failed(f"{_short(set(keys))} came twice.")


@check("snapshot", "delta")
def pages_in_a_circle(subject: Subject) -> None:
    """Pages that lead back to the first one end in an error, and not in a run for ever or a list cut short."""
    asked = subject.need_requests(2)
    listings = subject.need_listings()
    first = next((n for n in listings if any(_alike(asked, n, m) for m in listings if m > n)), None)
    if first is None:
        raise NotApplicable("none of its lists has a second page in its recorded replies")

    def circle(number: int, request: Any, reply: Reply) -> Reply:
        alike = request.page == asked[first].request.page
        return asked[first].reply if number > first and alike else reply

    run = subject.run(circle)
    if isinstance(run.error, ProviderError):
        return
    if run.error:
        raise Failed(f"Where every page is the first one again, {told(run.error)}.")
    lost = set(map(identity, _kept(subject.whole))) - set(map(identity, _kept(run)))
    if lost and subject.shape == "snapshot":
        raise Failed(
            f"Where every page is the first one again, it took that for the whole list, without {_short(lost)}."
        )


def _alike(asked: list[Any], one: int, other: int) -> bool:
    return bool(asked[one].request.page == asked[other].request.page and asked[one].reply is not asked[other].reply)


# --- words ------------------------------------------------------------------------------------------------------------


def _short(keys: set[tuple[Any, ...]]) -> str:
    some = sorted(map(str, (" ".join(map(str, key)) for key in keys)))
    return some[0][:80] + (f" and {len(some) - 1} more" if len(some) > 1 else "")


def _dotted(path: Path) -> str:
    return ".".join(str(step).lstrip("<") for step in path if step != "#") or "its text"
