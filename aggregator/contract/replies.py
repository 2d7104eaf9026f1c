"""Recorded answers of a service: the file beside a provider, and which of them answers a request."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from aggregator.plugin import Area, Artist, Friend

SUFFIX = ".replies.json"
ANYWHERE = Area(latitude=0, longitude=0, radius_km=20100, since=date(1990, 1, 1), until=date(2090, 1, 1))
SOMEBODY = Artist(id="artist-1", name="Tin Harbour", ids={"mbid": "11111111-2222-4333-8444-555555555555"})
FRIEND = Friend(id="friend-1", name="A friend")


class Unusable(Exception):
    """The provider or its replies cannot be read; the message says why."""


@dataclass(frozen=True)
class Reply:
    """What a service answers. `body` as it goes over the wire."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def but(self, **changes: Any) -> Reply:
        return replace(self, **changes)

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    form: str = ""
    headers: str = ""

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Of the query, and of a form that was sent."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True) + parse_qsl(self.form))

    @property
    def page(self) -> str:
        """The address without its query."""
        return self.url.partition("?")[0]


class Answer(BaseModel):
    """A recorded answer as it stands in the file."""

    model_config = ConfigDict(extra="forbid")

    status: int = 200
    headers: dict[str, str] = {}
    body: Any = None
    file: str | None = None

    _made: Reply | None = PrivateAttr(None)

    def reply(self, folder: Path) -> Reply:
        """Raises `OSError` where its file is not there."""
        if self._made is None:
            self._made = self._make(folder)
        return self._made

    def _make(self, folder: Path) -> Reply:
        if self.file:
            return Reply(self.status, self.headers, (folder / self.file).read_bytes())
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        kind = {} if isinstance(self.body, str) else {"Content-Type": "application/json; charset=utf-8"}
        return Reply(self.status, {**kind, **self.headers}, b"" if self.body is None else text.encode())


class Exchange(Answer):
    request: str

    @cached_property
    def _pattern(self) -> Request:
        method, _, url = self.request.rpartition(" ")
        return Request(method or "GET", url)

    def fit(self, request: Request) -> int | None:
        """How many parameters agree; None where it is another request."""
        ours = self._pattern
        theirs = request.page if "://" in ours.page else urlsplit(request.url).path
        if ours.method != request.method or not fnmatchcase(theirs, ours.page):
            return None
        wanted = ours.parameters
        has = request.parameters
        agree = all(name in has and fnmatchcase(has[name], value) for name, value in wanted.items())
        return len(wanted) if agree else None


class Replies(BaseModel):
    """The file; see `aggregator.contract`."""

    model_config = ConfigDict(extra="forbid")

    settings: dict[str, Any] = {}
    exchanges: list[Exchange] = []
    artists: list[Artist] = [SOMEBODY]
    area: Area = ANYWHERE
    cursor: str | None = None
    artist: Artist = SOMEBODY
    friend: Friend = FRIEND
    search: str = "Tin Harbour"
    tag: str = "shoegaze"
    trouble: dict[str, Answer] = {}
    items: str = ""
    sign_in: dict[str, str] = {}
    memory_mb: float = Field(default=6.0, gt=0)
    folder: Path = Field(default=Path(), exclude=True)

    def told(self) -> Telling:
        return Telling(self)


class Telling:
    """Answers requests for the length of one run: an address recorded several times answers in turn."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._turns: Counter[str] = Counter()

    def answer(self, request: Request) -> Reply | None:
        fits = [(fit, each) for each in self._replies.exchanges if (fit := each.fit(request)) is not None]
        if not fits:
            return None
        best = max(fit for fit, _ in fits)
        alike = [each for fit, each in fits if fit == best]
        same = [each for each in alike if each.request == alike[0].request]
        turn = self._turns[alike[0].request]
        self._turns[alike[0].request] += 1
        return same[min(turn, len(same) - 1)].reply(self._replies.folder)


def read(path: Path) -> Replies:
    """Raises `Unusable`."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Replies.model_validate({**values, "folder": path.parent.resolve()})
    except (OSError, ValueError, TypeError) as error:
        told = error.errors()[0] if isinstance(error, ValidationError) else None
        words = f"{'.'.join(map(str, told['loc']))}: {told['msg']}" if told else str(error)
        raise Unusable(f"The recorded replies in {path} cannot be used. {words}") from None


def beside(file: Path, provider: str) -> Path | None:
    """The replies that belong to a provider in `file` (of a package, its ``__init__.py``)."""
    return next((path for path in _places(file, provider) if path.is_file()), None)


def _places(file: Path, provider: str) -> Iterator[Path]:
    """Beside it, a folder above, or among the tests of the project that it is in."""
    own = file.parent.name if file.stem == "__init__" else file.stem
    names = [f"{name}{SUFFIX}" for name in (own, provider)]
    for folder in (file.parent, file.parent.parent):
        yield from (folder / name for name in names)
    for folder in (file.parent, file.parent.parent, file.parent.parent.parent):
        for pattern in ("tests", "tests/*", "tests/*/*"):
            yield from (path for name in names for path in sorted(folder.glob(f"{pattern}/{name}")))
