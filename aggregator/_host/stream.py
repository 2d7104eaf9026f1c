"""What a provider's generator yields, looked at in the child and sent to the host record by record."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic_core import PydanticSerializationError

from aggregator import mending, plugin
from aggregator._host import frames
from aggregator.plugin import Complete, Record

if TYPE_CHECKING:
    from aggregator._host.child import Host, State

BATCH_ROWS = 1000
BATCH_BYTES = 4 * 1024 * 1024
BATCH_SECONDS = 0.25
"""A batch is full with so many rows, bytes, or when it is this old, so that progress is seen."""
MOST_MENDED = 500
"""Records of which it is said that something in them was mended; the host keeps no more lines."""
YIELDS: dict[str, tuple[type[Record], ...]] = {
    "library": (
        plugin.Artist, plugin.Edition, plugin.Track, plugin.Holding, plugin.Playlist, plugin.Skipped, plugin.Unchanged,
        plugin.Progress, plugin.Complete,
    ),
    "shows": (plugin.Show, plugin.Skipped, plugin.Unchanged, plugin.Progress, plugin.Complete),
    "friends": (plugin.Friend, plugin.Skipped, plugin.Unchanged, plugin.Progress, plugin.Complete),
    "history": (plugin.Play, plugin.Skipped, plugin.Progress, plugin.Checkpoint),
}  # fmt: skip
"""What each capability may yield."""


class Stream:
    """What a generator yields, looked at and sent record by record."""

    def __init__(self, host: Host, state: State, allowed: tuple[type[Record], ...]) -> None:
        self._host = host
        self._state = state
        self._allowed = allowed
        self._completed: set[str] = set()
        self._open = False  # something was yielded that no Complete has closed yet
        self._rows = self._bytes = self._mended = 0
        self._sent = time.monotonic()

    def take(self, records: Iterable[Record]) -> None:
        for record in records:
            body = self._body(record)
            self._host.send_record(body)
            self._tell(record)
            self._rows, self._bytes = self._rows + 1, self._bytes + len(body)
            if self._rows >= BATCH_ROWS or self._bytes >= BATCH_BYTES or time.monotonic() - self._sent > BATCH_SECONDS:
                self._host.send_batch(self._state.changes())
                self._rows, self._bytes, self._sent = 0, 0, time.monotonic()

    def close(self) -> None:
        """Returning completes the scope "", unless the provider has said so itself."""
        if "" not in self._completed or self._open:
            self.take([Complete()])

    def _body(self, record: Record) -> bytes:
        form = type(record) if type(record) in self._allowed else self._form(record)
        if isinstance(record, Complete):
            self._complete(record.scope)
        elif form is not plugin.Progress:
            self._open = True
        body = _json(form, record)
        if len(body) > frames.RECORD_LIMIT:
            size = f"{len(body) / 1e6:.0f} MB"
            raise ValueError(f"yielded {form.__name__} of {size}; at most {frames.RECORD_LIMIT >> 20} MB are taken")
        return body

    def _tell(self, record: Record) -> None:
        """What was mended in it goes into the log of the run, and not with the record."""
        if self._mended < MOST_MENDED and (line := mending.line(record)):
            self._mended += 1
            self._host.send("log", level="mended", line=line)

    def _form(self, record: object) -> type[Record]:
        """What a record of the provider's own class is at bottom."""
        for cls in self._allowed:
            if isinstance(record, cls):
                return cls
        what = "which does not belong here" if isinstance(record, Record) else "which is no record"
        raise TypeError(f"yielded {type(record).__name__}, {what}")

    def _complete(self, scope: str) -> None:
        """A second answer for a scope would make everything in the first one look removed."""
        if scope in self._completed:
            raise ValueError(f"completed the scope {scope!r} twice, or yielded something after its end")
        self._completed.add(scope)
        self._open = False


def _json(form: type[Record], record: Record) -> bytes:
    """Raises TypeError for a record that was made without being looked at (`model_construct`)."""
    try:
        return _serialized(form, record)
    except PydanticSerializationError as error:
        if "surrogates not allowed" in str(error):
            return _serialized(form, form.model_validate(mending.storable(record.model_dump())))
        fields = ", ".join(re.findall(r"field_name='(\w+)'", str(error))) or str(error)
        raise TypeError(f"yielded {form.__name__} with values of wrong types: {fields}") from error


def _serialized(form: type[Record], record: Record) -> bytes:
    return form.__pydantic_serializer__.to_json(record, exclude_none=True, warnings="error")
