"""What each source says of an item, field by field: which value is shown, whose it is and why.

The value shown is the house's, whoever brought it. Who says it, and what else is said, a listener is told only of
accounts that are their own or the household's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection

from aggregator.library import art, told
from aggregator.library import own as own_words
from aggregator.library.choices import PREFERRED, Choices, Face, in_usual_order, shown
from aggregator.library.fields import FIELDS, Field, album_of, field_of, in_words, scheme_words
from aggregator.library.items.provenance import visible_accounts
from aggregator.library.own import Way
from aggregator.library.picks import OPEN
from aggregator.library.titles import album_title
from aggregator.library.told import Told

Accounts = Mapping[int, tuple[str, str]]
"""Provider and name of the accounts that a listener may see."""


@dataclass(frozen=True)
class Value:
    """One value and who says it. `claim` is what to pick to have it shown; `art`, `hue`: the picture that it is."""

    words: str
    sources: tuple[str, ...]
    claim: int
    gone: bool
    art: str | None = None
    hue: int | None = None


@dataclass(frozen=True)
class Line:
    """A field of an item. `value` None: what is shown is no source's of the listener's. `pick`: the pick that holds,
    None where it is not the listener's to take back.
    `way`: how a listener may write it; `typed`: what is shown, as one would."""

    field: str
    called: str
    words: str
    value: Value | None
    why: str
    others: tuple[Value, ...]
    can_be_chosen: bool
    pick: int | None
    way: Way | None
    typed: str


def what_is_said(conn: Connection, listener_id: int, kind: str, item_id: int) -> list[Line]:
    """The fields of which anybody says anything, in a fixed order. Six queries, however many claims there are."""
    accounts = visible_accounts(conn, listener_id)
    choices = Choices.read(conn, kind)
    claims = in_usual_order(kind, told.of_items(conn, kind, [item_id], choices.picks).get(item_id, ()))
    if not claims:
        return []
    page = _Page(choices, choices.face(claims), accounts, _pictures(conn, claims), _pickers(conn, listener_id, kind))
    found = (page.line(field) for field in FIELDS[kind])
    return [line for line in found if line]


def first_claim(conn: Connection, listener_id: int, kind: str, item_id: int) -> int | None:
    """Of the claims of an item that the listener may see, the one that comes first in the usual order."""
    accounts = visible_accounts(conn, listener_id)
    claims = in_usual_order(kind, told.of_items(conn, kind, [item_id], ()).get(item_id, ()))
    return next((claim.id for claim in claims if claim.account_id in accounts), None)


def unsaid(kind: str, lines: Iterable[Line]) -> list[tuple[Field, Way]]:
    """The fields of which no source says anything, and how a listener may."""
    told = {line.field for line in lines}
    fields = [field for field in FIELDS[kind] if field.name not in told]
    return [(field, way) for field in fields if (way := own_words.way(field.name))]


def _pictures(conn: Connection, claims: Sequence[Told]) -> Mapping[str, art.Picture]:
    return art.known(conn, {source for claim in claims for source in art.sources(claim)})


class _Picker(NamedTuple):
    """Who made a pick, as the listener is told, and whether they may take it back."""

    name: str
    may_undo: bool


def _pickers(conn: Connection, listener_id: int, kind: str) -> dict[int, _Picker]:
    """By pick."""
    rows = conn.exec_driver_sql(
        f"SELECT p.id, p.listener_id, l.name, {OPEN} FROM pick p LEFT JOIN listener l ON l.id = p.listener_id"  # noqa: S608
        " WHERE p.kind = :kind AND p.undone_at IS NULL",
        {"kind": kind, "listener": listener_id},
    )
    return {row[0]: _Picker("You" if row[1] == listener_id else row[2] or "Somebody", bool(row[3])) for row in rows}


@dataclass(frozen=True)
class _Page:
    choices: Choices
    face: Face[Told]
    accounts: Accounts
    pictures: Mapping[str, art.Picture]
    pickers: Mapping[int, _Picker]

    def line(self, field: Field) -> Line | None:
        words, winner = shown(self.face, field, self._said(field))
        values = self._values(field)
        if not words or (field.usual == "all" and not values):
            return None
        if field.usual == "all":
            return Line(
                field.name, field.called, "", None, "All of them are kept", tuple(values), False, None, None, ""
            )
        own = next((value for value in values if value.words == words), None)
        others = tuple(value for value in values if value is not own)
        why, pick = self._why(field, winner, own, others)
        way = own_words.way(field.name)
        typed = way.typed(field.said(winner)) if way and winner else words
        return Line(field.name, field.called, words, own, why, others, field.can_be_chosen, pick, way, typed)

    # --- values -------------------------------------------------------------------------------------------------------

    def _said(self, field: Field) -> Any:
        return {"picture": self._picture, "number": self._number}.get(field.name, field.said)

    def _number(self, claim: Told) -> tuple[int | str, ...] | None:
        """Disc and number; with the album, where that is not the one the song is shown with."""
        field, album = field_of("recording", "number"), album_of(claim) or ""
        said = field.said(claim) if field else None
        here = next(filter(None, map(album_of, self.face.asked("album"))), "")
        return said if said is None or album_title(album).main == album_title(here).main else (*said, album)

    def _picture(self, claim: Told) -> str | None:
        """The name of the first picture of a claim that could be had."""
        found = (self.pictures.get(source) for source in art.sources(claim))
        return next((picture.name for picture in found if picture and picture.name), None)

    def _values(self, field: Field) -> list[Value]:
        """What the listener's sources say, each value once: in the order asked, what is gone last."""
        found: dict[str, list[Told]] = {}
        asked = self.face.asked(field.name)
        for claim in asked[1:] if field.name in self.face.own else asked:
            if claim.account_id in self.accounts:
                for words in self._all_said(field, claim):
                    found.setdefault(words, []).append(claim)
        return [self._value(field, words, claims) for words, claims in found.items()]

    def _all_said(self, field: Field, claim: Told) -> Iterable[str]:
        said = self._said(field)(claim)
        if said is None:
            return []
        if field.name == "ids":
            return [f"{scheme_words(scheme)} {value}" for scheme, value in sorted(said.items())]
        return [said if field.name == "picture" else in_words(field.name, said)]

    def _value(self, field: Field, words: str, claims: Sequence[Told]) -> Value:
        names = tuple(dict.fromkeys(self.accounts[claim.account_id][1] for claim in claims))
        gone = not any(claim.present for claim in claims)
        if field.name != "picture":
            return Value(words, names, claims[0].id, gone)
        hue = next((picture.hue for picture in self.pictures.values() if picture.name == words), None)
        return Value(words, names, claims[0].id, gone, words, hue)

    # --- why ----------------------------------------------------------------------------------------------------------

    def _why(
        self, field: Field, winner: Told | None, own: Value | None, others: Sequence[Value]
    ) -> tuple[str, int | None]:
        if written := self.face.own.get(field.name):
            return self._by_hand(written, "wrote it")
        pick = self.choices.picks.get(winner.id, {}).get(field.name) if winner else None
        if pick is not None and own is not None:
            return self._by_hand(pick.id, "picked it")
        return self._rule(field, winner, own, others), None

    def _by_hand(self, pick: int, did: str) -> tuple[str, int | None]:
        who = self.pickers[pick]
        return f"{who.name} {did}", pick if who.may_undo else None

    def _rule(self, field: Field, winner: Told | None, own: Value | None, others: Sequence[Value]) -> str:
        if field.name in self.choices.orders:
            names = [self._called(provider) for provider in self.choices.orders[field.name]]
            return f"The order chosen for it: {', '.join(filter(None, names))}"
        if own is not None and not others:
            return "The only one that says it" if len(own.sources) == 1 else f"{len(own.sources)} sources say so"
        if winner is None:
            return "All of them together"
        if own is None:
            return "None of your sources says it"
        if field.usual == "earliest":
            return "The earliest date counts"
        return "The gravest word counts" if field.usual == "gravest" else self._before(field, winner, own)

    def _before(self, field: Field, winner: Told, own: Value) -> str:
        """Why this claim is asked before the next one that says something else."""
        rival = next(
            (one for one in self.face.asked(field.name) if not {*self._all_said(field, one)} <= {own.words}), None
        )
        if rival is None or not rival.present:
            return "The others are no longer there"
        if self.choices.kind == "show":
            return "The fullest listing comes first"
        if "from" in rival.payload and "from" not in winner.payload:
            return "A record comes before what plays tell"
        if winner.provider == rival.provider:
            return f"The first of several in {own.sources[0]}"
        if winner.provider == "files":
            return "Your files come first"
        name = self.accounts.get(winner.account_id, ("", own.sources[0]))[1]
        return (
            f"{name} comes before the others"
            if winner.provider in PREFERRED
            else f"No rule prefers one; {name} is named first"
        )

    def _called(self, provider: str) -> str:
        """A provider by the name of the first account of it that the listener sees."""
        return next((name for each, name in self.accounts.values() if each == provider), "")
