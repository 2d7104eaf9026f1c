"""The check with 10,000 items: the pages that were recorded are imitated, a hundred items on each."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aggregator.contract import items
from aggregator.contract.case import Failed, NotApplicable, Subject, check, things, told
from aggregator.contract.items import Listing
from aggregator.contract.network import Endless
from aggregator.contract.replies import Reply, Request
from aggregator.contract.stage import Run, TooLong
from aggregator.plugin import Play, ProviderError

MANY = 10_000
PAGE = 100
LONG = 60.0
"""Seconds for a run over so many, on the slowest of machines."""
SAMPLED = 100
"""Records between two looks at the memory."""
BLOCKS_OF_A_MB = 10_000
"""With the usual 6 MB six blocks may stay of each item: the ids that were seen, and where they are kept."""

_NUMBER, _STAMP, _WORD = 77777777, 8888888888, "@@7777@@"


@check("snapshot", "delta")
def ten_thousand(subject: Subject) -> None:
    """10,000 items on a hundred pages pass one by one, in memory for a page and not for all of them.

    The interpreter's own count of small blocks is free, but says nothing of bytes: where it tells of more than a few
    pages and an id of each item, the run is made again under `tracemalloc`, which takes three times as long.
    """
    pages = max(subject.lists, key=len)
    base, most, count = sys.getallocatedblocks(), 0, 0

    def take(_record: Any) -> None:
        nonlocal count, most
        count += 1
        if count % SAMPLED == 0:
            most = max(most, sys.getallocatedblocks() - base)

    run = _run(subject, pages, take)
    if isinstance(run.error, ProviderError | Endless | TooLong):
        raise NotApplicable(f"its service cannot be imitated with so many items: {told(run.error)}")
    if run.error:
        raise Failed(f"With {MANY:,} items, {told(run.error)}.")
    if count < MANY * 0.9:
        raise NotApplicable(f"its service cannot be imitated with so many items: {count:,} were told apart")
    page = Crowd(subject, pages).reply(0)
    if most > 3 * _blocks(page) + subject.case.stage.replies.memory_mb * BLOCKS_OF_A_MB:
        _weigh(subject, pages, page)


def _run(subject: Subject, pages: list[int], take: Callable[[Any], None]) -> Run:
    return subject.run(Crowd(subject, pages).change, take=take, most=20 * MANY, calls=5 * MANY // PAGE, seconds=LONG)


def _weigh(subject: Subject, pages: list[int], page: Reply) -> None:
    allowed = subject.case.stage.replies.memory_mb
    one = _peak(lambda: items.listing(page, subject.case.stage.replies.items))
    own = (_peak(lambda: _run(subject, pages, lambda _record: None)) - 3 * one) / 1e6
    if own > allowed:
        raise Failed(f"{MANY:,} items took {own:.0f} MB beside their pages; {allowed:g} will do. Yield while you read.")


def _peak(work: Callable[[], object]) -> int:
    """Bytes that were in use at once."""
    tracemalloc.start()
    try:
        kept = work()
        del kept
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _blocks(reply: Reply) -> int:
    base = sys.getallocatedblocks()
    kept = items.listing(reply)
    blocks = sys.getallocatedblocks() - base
    del kept
    return blocks


@dataclass
class Crowd:
    """A service with 10,000 items: whatever page of the list is asked for, the next one is answered."""

    subject: Subject
    pages: list[int]
    served: int = 0
    _moulds: list[Callable[[int], str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = _Known.of(self.subject, self._first)
        self._moulds = [_mould(self._first, item, known) for item in self._first.items]

    @property
    def _first(self) -> Listing:
        return self.subject.listings[self.pages[0]]

    @property
    def _count(self) -> int:
        """How many pages there are: as many as recorded, where that is one."""
        return MANY // PAGE if len(self.pages) > 1 else 1

    def change(self, _number: int, request: Request, reply: Reply) -> Reply:
        known = self.subject.plain.asked[self.pages[0]].request
        if request.page != known.page or request.parameters.get("method") != known.parameters.get("method"):
            return reply
        self.served += 1
        return self.reply(self.served - 1)

    def reply(self, number: int) -> Reply:
        size = MANY // self._count if number < self._count else 0
        last = number >= self._count - 1
        listed = self.subject.listings[self.pages[-1 if last else 0]]
        texts = (self._moulds[n % len(self._moulds)](n) for n in range(number * size, number * size + size))
        return listed.crowded(texts, lambda name, value: self._outside(name, value, number))

    def _outside(self, name: str, value: Any, number: int) -> Any:
        """Counts are of all, and what leads to the next page leads to another one each time."""
        listings = self.subject.listings
        if items.counts_pages(name, value) and int(value) == len(self.pages):
            return type(value)(self._count)
        if items.counts_items(name, value):
            all_items = sum(len(listings[each].items) for each in self.pages)
            here = {all_items: MANY, len(self._first.items): MANY // self._count}
            return type(value)(here.get(int(value), int(value)))
        if isinstance(value, str) and self._leads_on(value):
            return f"{value}{'&' if '?' in value else '?'}bandstand={number}" if "://" in value else f"{value}{number}"
        return value

    def _leads_on(self, value: str) -> bool:
        """Whether it is the address by which the second page was asked for, or a token in that."""
        if len(self.pages) < 2:
            return False
        second = self.subject.plain.asked[self.pages[1]].request
        told = Request("GET", value)
        if "://" in value:
            return told.page == second.page and told.parameters.items() <= second.parameters.items()
        return not value.isdigit() and value in second.parameters.values()


@dataclass(frozen=True)
class _Known:
    """Ids and names of what the plain run brought (an item with others is another one), and stamps of plays."""

    words: frozenset[str]
    stamps: frozenset[int]
    first: int
    step: int

    @classmethod
    def of(cls, subject: Subject, listed: Listing) -> _Known:
        words, stamps = set(), set()
        for record in things(subject.whole):
            record = record[0] if isinstance(record, tuple) else record
            words |= {str(w) for w in (getattr(record, name, None) for name in ("id", "title", "name")) if w}
            if isinstance(record, Play):
                stamps.add(int(record.at.timestamp()))
        order = [stamp for item in listed.items for stamp in _stamps(item, stamps)]
        newest_first = order == sorted(order, reverse=True)
        first = (min(order) if newest_first else max(order)) if order else 0
        return cls(frozenset(words), frozenset(stamps), first, -1 if newest_first else 1)


def _stamps(item: Any, known: set[int]) -> Iterator[int]:
    for _, value in items.leaves(item):
        if str(value).isdigit() and int(value) in known:
            yield int(value)


def _mould(listed: Listing, item: Any, known: _Known) -> Callable[[int], str]:
    """Writes an item with a number in its ids, names and stamps."""
    for path, value in list(items.leaves(item)):
        if isinstance(value, bool) or not isinstance(value, str | int):
            continue
        if str(value).isdigit() and int(value) in known.stamps:
            item = items.replaced(item, path, type(value)(_STAMP))
        elif str(value) in known.words:
            item = items.replaced(item, path, f"{value} {_WORD}" if isinstance(value, str) else _NUMBER)
    text = listed.written(item)

    def write(number: int) -> str:
        stamped = text.replace(str(_STAMP), str(known.first + known.step * number))
        return stamped.replace(_WORD, str(number)).replace(str(_NUMBER), str(10_000_000 + number))

    return write
