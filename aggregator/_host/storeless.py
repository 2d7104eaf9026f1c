"""Running a provider in a real child behind a real gate without a store: for trying it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aggregator._host import find
from aggregator._host.limits import Limits, Turn
from aggregator._host.process import Child, NoDuties
from aggregator.plugin import Area, Artist, Record


def stream(
    target: str,
    capability: str,
    settings: Mapping[str, Any] | None = None,
    *,
    provider: str | None = None,
    cursor: str | None = None,
    artists: Sequence[Artist] = (),
    area: Area | None = None,
    state: dict[str, Any] | None = None,
    lines: list[str] | None = None,
    tape: Mapping[str, str] | None = None,
    seconds: float = 60.0,
) -> Iterator[Record]:
    """Run a provider in a real child behind a real gate and yield what it yields. Raises `Failure`.

    `target` as in `load.classes` (``plugins.files``, or the path of a file). `state` is read and then holds what the
    provider kept; `lines` receives what it printed and logged. `tape`: what is recorded or played; see `contract.tape`.
    """
    duties = _Trial(lines if lines is not None else [])
    kept = state if state is not None else {}
    with open_trial(target, settings or {}, duties, provider=provider, state=kept, tape=tape) as child:
        order = {
            "capability": capability,
            "cursor": cursor,
            "artists": [artist.model_dump(mode="json") for artist in artists],
            "area": area and area.model_dump(mode="json"),
        }
        for batch in child.run(order, seconds):
            yield from batch.records
            _update(kept, batch.state)


def call(
    target: str,
    method: str,
    argument: Any,
    settings: Mapping[str, Any] | None = None,
    *,
    provider: str | None = None,
    state: dict[str, Any] | None = None,
    lines: list[str] | None = None,
    tape: Mapping[str, str] | None = None,
    seconds: float = 30.0,
) -> Any:
    """One live call in a real child, as JSON values. `argument`: text, or the JSON of an artist or friend."""
    kept = state if state is not None else {}
    duties = _Trial(lines if lines is not None else [])
    with open_trial(target, settings or {}, duties, provider=provider, state=kept, tape=tape) as child:
        answer = child.call(method, argument, seconds)
        _update(kept, answer.state)
        return answer.items


@dataclass
class _Trial(NoDuties):
    """Duties with limits of their own and no store. What the provider says is shown to whoever tries it."""

    lines: list[str]
    manifest: find.Manifest | None = None
    turns: Limits = field(default_factory=Limits)
    statuses: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def turn(self) -> Turn:
        assert self.manifest is not None
        return self.turns.take(self.manifest.id, 0, self.manifest.limits)

    def refused(self, seconds: float) -> None:
        self.turns.block(0, seconds)

    def remember(self, url: str, status: int) -> None:
        self.statuses[url] = status

    def secret(self, name: str) -> str | None:
        return self.secrets.get(name)

    def keep_secret(self, name: str, value: str) -> None:
        self.secrets[name] = value

    def line(self, level: str, text: str) -> None:
        self.lines.append(text if level == "info" else f"{level}: {text}")


def open_trial(
    target: str,
    settings: Mapping[str, Any],
    duties: _Trial,
    *,
    provider: str | None,
    state: dict[str, Any],
    tape: Mapping[str, str] | None,
) -> Child:
    child = Child()
    duties.secrets = {name: str(value) for name, value in settings.items()}
    try:
        manifests = [find.Manifest.model_validate(each) for each in child.describe(target, find.LOAD_SECONDS)]
        duties.manifest = next(each for each in manifests if provider in (None, each.id))
        order = {"target": target, "provider": duties.manifest.id, "settings": dict(settings), "state": state}
        child.open({**order, "tape": dict(tape or {}), "memory_mb": duties.manifest.memory_mb}, duties)
    except BaseException:
        child.end()
        raise
    return child


def _update(state: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value
