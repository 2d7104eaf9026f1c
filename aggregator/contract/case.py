"""One provider on trial: its checks, what they are run with, and their verdicts."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from aggregator._host import load as loader
from aggregator.contract import items, replies, stage
from aggregator.contract.network import Change, Endless
from aggregator.contract.replies import Replies, Unusable
from aggregator.contract.stage import Run, Stage, TooLong
from aggregator.plugin import Complete, Progress, Provider

Outcome = Literal["ok", "n/a", "FAILED"]


class NotApplicable(Exception):
    """This check says nothing about this provider; the message is the reason."""


class Failed(Exception):
    """The provider does not keep this; the message says how it shows."""


class Unloadable(Unusable):
    """The provider's own code is at fault."""


@dataclass(frozen=True)
class Check:
    """One check. `shapes`: what it looks at, of snapshot, delta, live and sign-in; or the provider as a whole."""

    name: str
    shapes: tuple[str, ...]
    look: Callable[[Any], None]

    @property
    def about(self) -> str:
        return " ".join((self.look.__doc__ or "").split())


CHECKS: list[Check] = []
ORDER = ("declared", "records", "samples", "oddities", "crowds", "refusals", "lasting")
"""The modules of checks, as they are run: first whether anything works, last what all the runs left behind."""


def check(*shapes: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Make a function a check, named like it. It raises `Failed` or `NotApplicable`, or the provider passes."""

    def enlist(look: Callable[[Any], None]) -> Callable[[Any], None]:
        CHECKS.append(Check(look.__name__.strip("_").replace("_", "-"), shapes, look))
        return look

    return enlist


@dataclass(frozen=True)
class Verdict:
    """How one check ended. `method`: the method it looked at; empty for the provider as a whole."""

    name: str
    method: str
    outcome: Outcome
    reason: str = ""

    def __str__(self) -> str:
        method = f" ({self.method})" if self.method else ""
        return f"{self.outcome:7} {self.name}{method}{': ' if self.reason else ''}{self.reason}"


@dataclass
class Case:
    """A provider with the replies recorded for it, if there are any, and every run made with it so far."""

    cls: type[Provider]
    file: Path
    recorded: Replies | None
    runs: list[Run] = field(default_factory=list)

    @cached_property
    def stage(self) -> Stage:
        return Stage(self.cls, self.recorded or Replies())

    @cached_property
    def subjects(self) -> list[Subject]:
        """The methods to look at, by the capabilities that are declared."""
        found = []
        for word in loader.CAPABILITIES:
            found += [Subject(self, each, stage.SHAPES[each]) for each in loader.methods(self.cls, word)]
        return found

    def trials(self) -> Iterator[tuple[Check, Case | Subject]]:
        """Every check with each thing it looks at."""
        from aggregator.contract import declared, records, samples, oddities, crowds, refusals, lasting  # noqa: F401, I001 - they enlist

        for each in sorted(CHECKS, key=lambda each: ORDER.index(each.look.__module__.rpartition(".")[2])):
            if "provider" in each.shapes:
                yield each, self
            for subject in self.subjects:
                if subject.shape in each.shapes and subject.method != "finish":
                    yield each, subject

    def judge(self, each: Check, looked_at: Case | Subject) -> Verdict:
        method = looked_at.method if isinstance(looked_at, Subject) else ""
        try:
            each.look(looked_at)
        except Failed as failed:
            return Verdict(each.name, method, "FAILED", str(failed))
        except (NotApplicable, Unusable) as reason:
            return Verdict(each.name, method, "n/a", str(reason))
        except Exception as error:  # what it yields is of shapes that nobody thought of
            words = f"What it yields cannot be looked at: {type(error).__name__}: {error}"
            return Verdict(each.name, method, "FAILED", words)
        return Verdict(each.name, method, "ok")

    def need_replies(self) -> Replies:
        if self.recorded is None:
            name = f"{self.file.parent.name if self.file.stem == '__init__' else self.file.stem}{replies.SUFFIX}"
            raise NotApplicable(f"no recorded replies: there is no {name} beside it")
        return self.recorded


@dataclass
class Subject:
    """One method of a provider."""

    case: Case
    method: str
    shape: str

    def run(self, change: Change | None = None, *, usual_too: bool = True, **options: Any) -> Run:
        """`usual_too`: what nobody recorded is answered as the plain run was at the same place."""
        if isinstance(self._so_far.error, TooLong):
            raise NotApplicable("it hangs: see reads-answers")
        usual = self._so_far.asked if usual_too else []
        run = self.case.stage.run(self.method, change, usual=usual, **options)
        self.case.runs.append(run)
        return run

    @property
    def _so_far(self) -> Run:
        """The plain run, once it has been."""
        known: Run = self.__dict__.get("plain") or Run()
        return known

    @cached_property
    def plain(self) -> Run:
        """The run over the recorded replies as they are, whatever comes of it."""
        return self.run(cursor=self.case.stage.replies.cursor)

    @property
    def whole(self) -> Run:
        """The plain run, where it ended well and brought something; all that is compared with it needs that."""
        self.case.need_replies() if self.plain.asked else None
        if self.plain.error or not things(self.plain):
            raise NotApplicable("the recorded replies are not read to their end: see reads-answers")
        return self.plain

    @cached_property
    def listings(self) -> dict[int, items.Listing]:
        """The lists of things that the plain run was answered with, by the number of the request."""
        where = self.case.stage.replies.items
        found = {n: items.listing(each.reply, where) for n, each in enumerate(self.whole.asked)}
        return {number: each for number, each in found.items() if each is not None and each.items}

    def need_requests(self, least: int = 1) -> list[Any]:
        asked = self.whole.asked
        if not asked:
            raise NotApplicable("it asks nothing over the network")
        if len(asked) < least:
            raise NotApplicable("its recorded replies are read with one request: there is no second page to look at")
        return asked

    def need_listings(self) -> dict[int, items.Listing]:
        self.need_requests()
        if not self.listings:
            raise NotApplicable("no list of things was found in its replies (see `items`)")
        return self.listings

    def altered(self, remake: Callable[[int, list[Any]], Any], total: bool = True) -> Change:
        """A change of every list of things: `remake` gets the number of the request and a copy of its items.

        Counts in the answers follow, unless the `total` is said to have stayed.
        """
        listings = self.need_listings()
        made = {number: remake(number, each.fresh()) for number, each in listings.items()}
        changed = {}
        for together in self.lists:
            before = sum(len(listings[number].items) for number in together)
            after = sum(len(made[number]) for number in together) if total else before
            for number in together:
                changed[self.plain.asked[number].reply.body] = listings[number].reply(made[number], after, before)
        return lambda _number, _request, reply: changed.get(reply.body, reply)

    @property
    def lists(self) -> list[list[int]]:
        """The numbers of the requests, those for pages of one list together."""
        found: dict[tuple[str, str], list[int]] = {}
        for number in self.need_listings():
            request = self.plain.asked[number].request
            found.setdefault((request.page, request.parameters.get("method", "")), []).append(number)
        return list(found.values())

    @cached_property
    def victim(self) -> tuple[int, int]:
        """The first item from which a record comes: the request that brings it, and its place in the list."""
        before = len(things(self.whole))
        for number, each in list(self.need_listings().items())[:2]:
            for place in range(min(len(each.items), 4)):
                run = self.run(self.altered(partial(_without, number, place)))
                if not run.error and len(things(run)) < before:
                    self.__dict__["absent"] = run
                    return number, place
        raise NotApplicable("its replies are not read any more when one thing is taken out of them")

    @property
    def absent(self) -> Run:
        """The run in which the victim has gone from the service."""
        _ = self.victim
        run: Run = self.__dict__["absent"]
        return run

    @property
    def first(self) -> Any:
        """A copy of the victim, to be changed."""
        number, place = self.victim
        return self.listings[number].fresh()[place]

    def instead(self, item: Any) -> Change:
        """The replies with something else in place of the victim."""
        number, place = self.victim
        return self.altered(
            lambda n, listed: [*listed[:place], item, *listed[place + 1 :]] if n == number else listed, total=False
        )


def _without(where: int, place: int, number: int, listed: list[Any]) -> list[Any]:
    return [*listed[:place], *listed[place + 1 :]] if number == where else listed


def things(run: Run) -> list[Any]:
    """What a run brought, without its markers."""
    from aggregator.plugin import Checkpoint

    return [record for record in run.records if not isinstance(record, Complete | Progress | Checkpoint)]


def told(error: BaseException | None) -> str:
    """How a run ended, for the reason of a failed check."""
    match error:
        case None:
            return "it ended as if all were well"
        case Endless():
            return "it went on and on and was stopped"
        case TooLong():
            return f"it hung and was stopped after {stage.SECONDS:g} s"
    words = " ".join(str(error).partition("[type=")[0].split()) if isinstance(error, ValidationError) else str(error)
    return f"it raised {type(error).__name__}: {words}".strip(": ").splitlines()[0][:300].rstrip(" .")


# --- finding a provider -----------------------------------------------------------------------------------------------


def load(target: str | Path | type[Provider], recorded: str | Path | None = None) -> list[Case]:
    """The cases of a file, a package folder, a dotted module, a provider's id, or a class. Raises `Unusable`."""
    classes = [target] if isinstance(target, type) else _classes(place(str(target)))
    return [_case(cls, recorded) for cls in classes]


def _classes(target: str) -> list[type[Provider]]:
    """Raises `Unloadable`, whatever its code does when it is imported."""
    try:
        return loader.classes(target)
    except loader.Refused as refused:
        raise Unloadable(str(refused)) from None
    except (Exception, SystemExit) as error:
        raise Unloadable(f"It cannot be loaded: {type(error).__name__}: {error}") from None


def check_provider(
    target: str | Path | type[Provider], recorded: str | Path | None = None, only: str | None = None
) -> list[Verdict]:
    """Every verdict on every provider in `target`, or those of one check; see `load`."""
    trials = [(case, *trial) for case in load(target, recorded) for trial in case.trials()]
    return [case.judge(each, on) for case, each, on in trials if only in (None, each.name)]


def _case(cls: type[Provider], recorded: str | Path | None) -> Case:
    file = Path(inspect.getfile(cls))
    path = Path(recorded) if recorded else replies.beside(file, getattr(cls, "id", ""))
    return Case(cls, file, replies.read(path) if path else None)


def place(target: str, data: Path | None = None) -> str:
    """As `_host.load.classes` takes it. `data`: the data directory, for what was dropped into it. Raises `Unusable`."""
    if os.sep in target or target.endswith(".py") or Path(target).is_dir():
        if not Path(target).exists():
            raise Unusable(f"There is no file {target}.")
        return str(Path(target).resolve())
    from aggregator import config
    from aggregator._host import find

    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` has it: the author's own folder
    origins = find.origins(data or config.load().data)
    known = {Path(origin.label).stem: origin.target for origin in origins}
    if target not in known and not _importable(target):
        raise Unusable(f"There is neither a file, a module nor a provider named {target}.")
    return known.get(target, target)


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
