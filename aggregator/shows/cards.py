"""What pages and feeds say of a show: plain facts, and the few words that need more than one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

from aggregator.listeners import KM_PER_MILE
from aggregator.shows.places import zone_named
from aggregator.shows.suggestions import Suggestion

Match = Literal["solid", "possible", "recommended", "other"]
"""Why a show is there: an artist of the listener's own, one of that name, one recommended, or nobody of these."""
MATCHES: tuple[Match, ...] = ("solid", "possible", "recommended", "other")

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
STATUS_WORDS = {"cancelled": "Cancelled", "postponed": "Postponed", "rescheduled": "New date"}


@dataclass(frozen=True)
class Act:
    """One name on the bill, as it concerns the listener. `because` is a sentence, or empty for `other`."""

    artist_id: int
    name: str
    role: str
    match: Match
    because: str
    plays: int = 0
    hue: int | None = None
    art: str | None = None
    suggestion: Suggestion | None = None


@dataclass(frozen=True)
class Ticket:
    """One way in. `extra` is the entry's own title where it is parking or a package; prices in `currency`."""

    seller: str
    url: str | None
    extra: str | None
    currency: str | None
    low: float | None
    high: float | None
    state: str | None
    on_sale: int | None

    @property
    def price(self) -> str:
        """`$25–60`, `from CAD 30`; empty where the seller tells none."""
        low, high = self.low or self.high, self.high or self.low
        if low is None or high is None:
            return ""
        sign = SIGNS.get(self.currency or "", f"{self.currency} " if self.currency else "")
        return f"{sign}{_money(low)}–{_money(high)}" if high > low else f"{sign}{_money(low)}"

    @property
    def host(self) -> str:
        """Whose page it opens: `ticketsnow.com`. One seller's name may stand for several shops."""
        return (urlsplit(self.url or "").hostname or "").removeprefix("www.")


def _ticket(entry: dict[str, Any]) -> Ticket:
    return Ticket(**{key: value for key, value in entry.items() if key != "account_id"})


def _money(amount: float) -> str:
    return f"{amount:.0f}" if amount == int(amount) else f"{amount:.2f}"


@dataclass(frozen=True)
class ShowCard:
    """A show on the calendar. `start` is the venue's wall clock (``20:00``), None for an unknown hour."""

    id: int
    title: str
    day: date
    start: str | None
    until: date | None
    zone: str | None
    starts_at: int
    venue: str
    place: str
    km: float | None
    status: str
    gone: bool
    festival: bool
    acts: tuple[Act, ...]
    detail: str = field(repr=False)  # as stored; most cards of a busy month are never asked for their tickets
    visible: Set[int] = field(repr=False)  # accounts whose tickets the listener may see
    unit: Literal["mi", "km"]
    away: bool  # the venue's clock is not the listener's

    @cached_property
    def tickets(self) -> tuple[Ticket, ...]:
        """The preferred listing's first."""
        return tuple(_ticket(one) for one in json.loads(self.detail)["tickets"] if one["account_id"] in self.visible)

    @cached_property
    def match(self) -> Match:
        return min((act.match for act in self.acts), key=MATCHES.index, default="other")

    @cached_property
    def lead(self) -> Act | None:
        """The act that put the show here: the best match, the earliest of those on the bill."""
        return min(self.acts, key=lambda act: MATCHES.index(act.match), default=None)

    @property
    def because(self) -> str:
        return self.lead.because if self.lead else ""

    @property
    def hue(self) -> int | None:
        return self.lead.hue if self.lead else None

    @property
    def days(self) -> Iterator[date]:
        """One, or all of a festival's."""
        last = max(self.until or self.day, self.day)
        return (self.day + timedelta(n) for n in range((last - self.day).days + 1))

    @property
    def distance(self) -> str:
        """`3.2 mi`, `140 km`; empty where the venue has no coordinates."""
        if self.km is None:
            return ""
        length = self.km / KM_PER_MILE if self.unit == "mi" else self.km
        return f"{length:.1f} {self.unit}" if length < 10 else f"{length:.0f} {self.unit}"

    @property
    def clock(self) -> str:
        """The hour at the venue, with its zone where the listener's clock shows another."""
        if not self.start:
            return ""
        return f"{self.start} {self._local(self.starts_at):%Z}" if self.away else self.start

    @property
    def off(self) -> bool:
        """Nobody should go there: cancelled, put off, or listed no more."""
        return self.gone or self.status in ("cancelled", "postponed")

    @property
    def status_words(self) -> str:
        return "No longer listed" if self.gone else STATUS_WORDS.get(self.status, "")

    @property
    def sellers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ticket.seller for ticket in self.tickets if not ticket.extra))

    @property
    def price(self) -> str:
        """Of all sellers together where they use one currency, else the first one's."""
        priced = [one for one in self.tickets if one.price and not one.extra]
        if not priced:
            return ""
        if len({one.currency for one in priced}) > 1:
            return priced[0].price
        low = min(one.low or one.high or 0.0 for one in priced)
        high = max(one.high or one.low or 0.0 for one in priced)
        return Ticket("", None, None, priced[0].currency, low, high, None, None).price

    def sale_words(self, now: int) -> str:
        """`On sale Fri 4 Dec, 10:00`, `Sold out`; empty where tickets can be had, or nothing is known."""
        tickets = [one for one in self.tickets if not one.extra]
        begins = min((one.on_sale for one in tickets if one.on_sale and one.on_sale > now), default=None)
        if any(one.state == "on sale" for one in tickets):
            return ""
        if begins:
            at = self._local(begins)
            return f"On sale {at:%a} {at.day} {at:%b}, {at:%H:%M}"
        states = {one.state for one in tickets if one.state}
        return "" if len(states) != 1 else states.pop().capitalize()

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at, zone_named(self.zone) or UTC)
