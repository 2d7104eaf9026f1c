"""A word about a recommendation, and what it changed, told at once: the list is read before and after.

The order of the list changes when it is next read. What is missing from the stored list (another album of an artist,
somebody who comes after those that went) follows as soon as the steward has made it anew, which it is asked to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from aggregator._host import control
from aggregator.recommendations import again, feedback
from aggregator.recommendations.cards import Entry, entries
from aggregator.recommendations.feedback import Kind, Said, Word, feedback_of, said_by
from aggregator.recommendations.traits import Traits
from aggregator.store import Store
from aggregator.wording import plural

FIRST = 40
"""So many of the list's beginning are compared."""


class _Change(NamedTuple):
    moved: int
    of: int
    gone: int


def say(store: Store, listener_id: int, kind: Kind, item_id: int, word: Word) -> Said | None:
    """Keep a word, and what it changed in words. None when there is no such item."""
    with store.write() as conn:
        before = entries(conn, listener_id, feedback_of(conn, listener_id))
        said = feedback.say(conn, listener_id, kind, item_id, word, _traits(before, kind, item_id))
        if said is None:
            return None
        after = entries(conn, listener_id, feedback_of(conn, listener_id))
        one = next(each for each in said_by(conn, listener_id) if each.id == said)
        if not one.effect:
            one = replace(one, effect=_in_words(one, _change(before, after, one)))
            feedback.note_effect(conn, said, one.effect)
        again.ask(conn, listener_id)
    control.wake(store.folder)
    return one


def take_back(store: Store, listener_id: int, feedback_id: int) -> Said | None:
    """What was taken back; None when it was not there to be."""
    with store.write() as conn:
        found = feedback.take_back(conn, listener_id, feedback_id)
        if found:
            again.ask(conn, listener_id)
    control.wake(store.folder)
    return found


def _traits(found: Sequence[Entry], kind: Kind, item_id: int) -> Traits | None:
    return next((each.traits for each in found if (each.card.kind, each.card.id) == (kind, item_id)), None)


def _change(before: Sequence[Entry], after: Sequence[Entry], said: Said) -> _Change:
    """Albums of the first `FIRST` that went up, or for *less* down; what went or came back is not among them."""
    old, new = _albums(before), _albums(after)
    stay = {*old} & {*new}
    was = {item: place for place, item in enumerate(item for item in old if item in stay)}
    now = {item: place for place, item in enumerate(item for item in new if item in stay)}
    up = said.word == "more"
    seen = [item for item in (now if up else was) if item != f"{said.kind}s/{said.item_id}"][:FIRST]
    moved = [item for item in seen if (now[item] < was[item] if up else now[item] > was[item])]
    return _Change(len(moved), len(seen), len(old) - len(was))


def _albums(found: Sequence[Entry]) -> list[str]:
    return [each.card.item for each in found if each.card.kind == "album" and each.new]


def _in_words(said: Said, change: _Change) -> str:
    match said.word:
        case "more":
            return _leaning(f"More like {said.name}", change, "up")
        case "less":
            return _leaning(f"Fewer like {said.name}", change, "down")
        case "know" if said.kind == "artist":
            return f"{said.name} counts as known: no new artist to you any more. Albums of theirs may still come."
        case "know":
            return f"{said.name} counts as known and will not be shown as new again."
        case "never" if said.kind == "artist":
            albums = f", nor will {plural(change.gone, 'album')} of theirs that stood here" if change.gone else ""
            return f"{said.name} will not be recommended again{albums}."
    return f"{said.name} will not be recommended again."


def _leaning(words: str, change: _Change, way: str) -> str:
    if not change.moved:
        return f"{words}: nothing else moves for it now. It counts for whatever comes."
    return f"{words}: {change.moved} of {change.of} moved {way}."
