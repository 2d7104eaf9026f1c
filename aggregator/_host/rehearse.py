"""`bandstand try`: what a provider would yield, from recorded replies or from the service itself, in a real child.

Nothing is stored. With `record`, what the service answered becomes the provider's replies file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from aggregator import config as config_file
from aggregator._host import find, load, storeless
from aggregator._host.process import Child, Failure
from aggregator._host.settings import Redactor, secret_names
from aggregator.config import Config
from aggregator.contract import case, replies, tape
from aggregator.contract.replies import Replies
from aggregator.plugin import Area, Checkpoint, Complete, Progress, Record, Skipped, Unchanged

AHEAD = timedelta(days=365)
SOMEWHERE = (51.507, -0.128)
"""London, where no place is told."""
RADIUS_KM = 50.0
SYNCED = ("library", "history", "friends", "shows")

MEANINGS = {
    "AuthFailed": "Bandstand would wait until its listener has looked at the settings.",
    "RateLimited": "Bandstand would leave the service alone for as long as it asks.",
    "Unavailable": "Bandstand would try again after a pause, and keep what it has.",
    "BadData": "Bandstand would keep what it has, and try again after a pause.",
    "late": "Bandstand would stop it, and keep what came before where the shape allows.",
    "settings": "Give it with --set NAME=VALUE; env:X as the value takes it from the environment.",
    "bug": "Bandstand would show this as a mistake in the provider.",
}


@dataclass
class Asked:
    """What the command line asks for."""

    provider: str
    capabilities: Sequence[str] = ()
    live: bool | None = None
    record: bool = False
    limit: int = 20
    settings: Mapping[str, Any] = field(default_factory=dict)
    near: tuple[float, float] | None = None


class CannotTry(Exception):
    """There is nothing to try; the message says why."""


def told_settings(words: Sequence[str]) -> dict[str, str]:
    """``name=value`` each. Raises `CannotTry`."""
    for word in words:
        if "=" not in word:
            raise CannotTry(f"{word!r} is no setting: write it as NAME=VALUE.")
    return dict(word.split("=", 1) for word in words)


def told_place(words: str | None) -> tuple[float, float] | None:
    """``latitude,longitude``. Raises `CannotTry`."""
    try:
        latitude, longitude = map(float, words.split(",")) if words else SOMEWHERE
        return (latitude, longitude) if words else None
    except ValueError:
        raise CannotTry(
            f"{words!r} is no place: write two numbers, latitude and longitude, as in 51.05,3.72."
        ) from None


def rehearse(asked: Asked, config: Config, console: Console | None = None) -> int:
    """Prints what comes; returns 0 when all went well, else 1. Raises `CannotTry`."""
    target = _found(asked.provider, config)
    good = True
    for manifest in _manifests(target):
        good &= _Rehearsal(asked, config, target, manifest, console or Console()).all()
    return 0 if good else 1


def _found(provider: str, config: Config) -> str:
    try:
        return case.place(provider, config.data)
    except replies.Unusable as error:
        raise CannotTry(str(error)) from None


def _manifests(target: str) -> list[find.Manifest]:
    with Child() as child:
        try:
            return [find.Manifest.model_validate(each) for each in child.describe(target, find.LOAD_SECONDS)]
        except Failure as failure:
            raise CannotTry(f"{target} cannot be used. {failure.words}") from None


class _Rehearsal:
    """One provider of the file."""

    def __init__(self, asked: Asked, config: Config, target: str, manifest: find.Manifest, console: Console) -> None:
        self._asked = asked
        self._target = target
        self._manifest = manifest
        self._console = console
        self._path = _replies_path(target, manifest.id)
        self._recorded = _read(self._path)
        self._live = asked.record or (not self._path.exists() if asked.live is None else asked.live)
        if not self._live and not self._path.exists():
            raise CannotTry(f"There are no recorded replies: {self._path} is not there. `--record` writes it.")
        self._settings = {**self._recorded.settings, **_pinned(config, manifest.id), **resolved(asked.settings)}
        if not self._live:
            self._settings = {**dict.fromkeys(secret_names(manifest.settings), "sesame"), **self._settings}
        self._rooted()
        self._state: dict[str, Any] = {}
        self.redact = Redactor(
            value for name, value in self._settings.items() if name in secret_names(manifest.settings)
        )

    def _rooted(self) -> None:
        """Folders in recorded settings are told from where their file is."""
        for name, part in self._manifest.settings.get("properties", {}).items():
            if part.get("format") == "folder" and name in self._recorded.settings and name not in self._asked.settings:
                self._settings[name] = str(self._recorded.folder / self._recorded.settings[name])

    def all(self) -> bool:
        how = f"the service itself{', recorded' if self._asked.record else ''}" if self._live else self._path.name
        self._console.print(f"[bold]{self._manifest.name}[/bold] · from {how}", highlight=False)
        wanted = self._asked.capabilities or self._manifest.capabilities
        if unknown := set(wanted) - set(self._manifest.capabilities):
            has = ", ".join(self._manifest.capabilities)
            raise CannotTry(f"{self._manifest.name} has no {', '.join(sorted(unknown))}; it has {has}.")
        with self._tape() as how_taped:
            good = [self._one(word, how_taped) for word in wanted if word != "sign_in"]
            if self._asked.record and all(good):
                self._keep(Path(how_taped["record"]))
            elif self._asked.record:
                self._console.print("\nNothing was recorded, for it failed.", highlight=False)
        return all(good)

    @contextmanager
    def _tape(self) -> Iterator[dict[str, str]]:
        if not self._live:
            yield {"play": str(self._path)}
        elif not self._asked.record:
            yield {}
        else:
            with tempfile.TemporaryDirectory() as folder:
                yield {"record": str(Path(folder) / "tape")}

    def _one(self, capability: str, how: Mapping[str, str]) -> bool:
        if capability in SYNCED:
            return self._print(capability, partial(self._stream, capability, how))
        methods = [each for each in load.CAPABILITIES[capability][1] if each in self._manifest.methods]
        good = [self._print(method, partial(self._call, method, how)) for method in methods]
        return all(good)

    def _stream(self, capability: str, how: Mapping[str, str], lines: list[str]) -> Iterator[Any]:
        told = self._recorded
        return storeless.stream(
            self._target,
            capability,
            self._settings,
            provider=self._manifest.id,
            cursor=told.cursor,
            artists=told.artists,
            area=self._area(),
            state=self._state,
            lines=lines,
            tape=how,
        )

    def _area(self) -> Area:
        if not self._live or (self._asked.near is None and "area" in self._recorded.model_fields_set):
            return self._recorded.area
        latitude, longitude = self._asked.near or SOMEWHERE
        today = date.today()
        return Area(latitude=latitude, longitude=longitude, radius_km=RADIUS_KM, since=today, until=today + AHEAD)

    def _call(self, method: str, how: Mapping[str, str], lines: list[str]) -> Iterator[Any]:
        told = self._recorded
        others: dict[str, Any] = {"search": told.search, "tag_artists": told.tag, "chart": None}
        others |= {"top_artists": told.friend, "top_albums": told.friend}
        argument = others.get(method, told.artist)
        argument = argument.model_dump(mode="json") if isinstance(argument, Record) else argument
        yield from storeless.call(
            self._target,
            method,
            argument,
            self._settings,
            provider=self._manifest.id,
            state=self._state,
            lines=lines,
            tape=how,
        )

    # --- in print -------------------------------------------------------------------------------------------------

    def _print(self, name: str, ask: Callable[[list[str]], Iterator[Any]]) -> bool:
        lines: list[str] = []
        sheet = Sheet(self._asked.limit)
        failure: Failure | None = None
        try:
            for record in ask(lines):
                sheet.add(record)
                if sheet.full and not self._asked.record and self._live:
                    break  # asking a service for more than is shown would be rude
        except Failure as error:
            failure = error
        self._console.print(f"\n[bold]{name}[/bold]")
        sheet.show(self._console)
        for line in lines:
            self._console.print(f"  log      {self.redact(line)}", highlight=False, markup=False)
        if failure:
            self._tell(failure)
        elif sheet.empty and name == "shows" and self._live and not self._asked.near:
            self._console.print("  They were looked for near London; --near LAT,LON looks elsewhere.", highlight=False)
        return failure is None

    def _tell(self, failure: Failure) -> None:
        words = self.redact(failure.words)
        meaning = MEANINGS.get(failure.kind, "")
        self._console.print(f"  failed   {failure.kind}: {words} {meaning}", highlight=False, markup=False, style="red")
        if failure.kind == "bug" and failure.traceback:
            self._console.print(self.redact(failure.traceback), highlight=False, markup=False, style="dim")

    def _keep(self, taped: Path) -> None:
        secret = secret_names(self._manifest.settings)
        given = {name: value for name, value in self._settings.items() if name not in secret}
        plain = {**given, **{name: value for name, value in self._recorded.settings.items() if name not in secret}}
        made = tape.replies_of(taped, {name: self._from_here(value) for name, value in plain.items()}, self.redact)
        before = json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {}
        if self._asked.capabilities:  # the other parts were recorded before
            asked = {each["request"] for each in made["exchanges"]}
            made["exchanges"] += [each for each in before.get("exchanges", []) if each["request"] not in asked]
        if "shows" in self._manifest.capabilities:
            made["area"] = self._area().model_dump(mode="json")
        self._path.write_text(json.dumps({**before, **made}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        count = len(made["exchanges"])
        self._console.print(
            f"\nWrote {self._path}: {count} answers, without your secrets. Look through it before you share it.",
            highlight=False,
        )

    def _from_here(self, value: Any) -> Any:
        """A path below the replies' own folder as it is told from there, so that they work on any machine."""
        folder = self._path.resolve().parent
        path = Path(value) if isinstance(value, str) and value.startswith("/") else None
        return str(path.resolve().relative_to(folder)) if path and path.resolve().is_relative_to(folder) else value


class Sheet:
    """A table of what came, and the counts of it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows: list[tuple[str, ...]] = []
        self._counts: Counter[str] = Counter()
        self._notes: list[str] = []

    @property
    def full(self) -> bool:
        return len(self._rows) >= self._limit

    @property
    def empty(self) -> bool:
        return not self._counts

    def add(self, record: Any) -> None:
        match record:
            case Skipped():
                self._counts["skipped"] += 1
                self._notes.append(f"skipped  {record.of} {record.id}: {record.reason}")
            case Unchanged():
                self._counts["unchanged"] += len(record.ids)
            case Complete():
                self._notes.append(f"complete {record.scope}".rstrip())
            case Checkpoint():
                self._notes = [note for note in self._notes if not note.startswith("cursor")]
                self._notes.append(f"cursor   {record.cursor}")
            case Progress():
                pass
            case _:
                values, weight = _values(record)
                self._counts[values.get("type", "tag")] += 1
                if not self.full:
                    self._rows.append(_row(values, weight))

    def show(self, console: Console) -> None:
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
        for row in self._rows:
            table.add_row("", *row)
        if self._rows:
            console.print(table, highlight=False, markup=False)
        told = ", ".join(f"{count:,} {_many(word, count)}" for word, count in self._counts.items())
        more = sum(count for word, count in self._counts.items() if word not in ("skipped", "unchanged"))
        hidden = f" ({more - len(self._rows):,} not shown)" if more > len(self._rows) else ""
        console.print(f"  {told or 'nothing'}{hidden}", highlight=False, markup=False)
        for note in self._notes[: self._limit]:
            console.print(f"  {note}", highlight=False, markup=False)


def _values(record: Any) -> tuple[dict[str, Any], Any]:
    """A record, or one of a live answer (JSON, with its weight where it has one), as plain values."""
    if isinstance(record, Record):
        return record.model_dump(mode="json", exclude_none=True), ""
    if isinstance(record, int):
        return {"type": "number", "name": f"{record:,}"}, ""
    if isinstance(record, list | tuple):
        return dict(record[0]), record[1]
    return dict(record), record.get("weight", "")


def _row(values: Mapping[str, Any], weight: Any) -> tuple[str, ...]:
    """Its kind, when, what, by whom or where, and the id."""
    when = values.get("day") or values.get("at") or values.get("since") or values.get("released") or ""
    if values.get("start"):
        when = f"{when} {values['start'][:5]}"
    what = values.get("title") or values.get("name") or f"{values.get('how', '')} {values.get('of', '')}".strip()
    people = values.get("lineup") or values.get("credits") or []
    names = ", ".join(credit["name"] for credit in people)
    place = (values.get("venue") or {}).get("name", "")
    where = " · ".join(part for part in (names, place) if part)
    told = str(weight) or str(when)[:16].replace("T", " ")
    return (values.get("type", "tag"), told, what[:60], where[:60], str(values.get("id") or "")[:40])


def _many(word: str, count: int) -> str:
    return word if count == 1 or word in ("skipped", "unchanged") else f"{word}s"


# --- where things are -------------------------------------------------------------------------------------------------


def _replies_path(target: str, provider: str) -> Path:
    """Where its replies are, or would be written."""
    file = _file(target)
    if file is None:
        return Path(f"{provider}{replies.SUFFIX}")
    own = file / "__init__.py" if file.is_dir() else file
    stem = file.name if file.is_dir() else file.stem
    return replies.beside(own, provider) or file.parent / f"{stem}{replies.SUFFIX}"


def _file(target: str) -> Path | None:
    """The file or folder of a provider's code."""
    if "/" in target:
        return Path(target)
    from importlib.util import find_spec

    spec = find_spec(target.partition(":")[0].partition(".")[0])
    parts = target.partition(":")[0].split(".")[1:]
    if spec is None or not spec.submodule_search_locations:
        return Path(spec.origin) if spec and spec.origin else None
    place = Path(next(iter(spec.submodule_search_locations))).joinpath(*parts)
    return place if place.is_dir() else place.with_suffix(".py")


def _read(path: Path) -> Replies:
    if not path.exists():
        return Replies()
    try:
        return replies.read(path)
    except replies.Unusable as error:
        raise CannotTry(str(error)) from None


def _pinned(config: Config, provider: str) -> dict[str, Any]:
    """The settings of the first account of this provider in config.toml."""
    settings = next((each.settings for each in config.accounts.values() if each.provider == provider), {})
    return resolved(settings)


def resolved(settings: Mapping[str, Any]) -> dict[str, Any]:
    """With what stands in the environment (``env:NAME``) filled in. Raises `ConfigError`."""
    plain, secret = config_file.resolved(settings, os.environ)
    return {**plain, **secret}
