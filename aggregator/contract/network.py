"""The real gate with its last step replaced: what would leave for the network is answered from recorded replies."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from http import HTTPStatus
from typing import Any

import httpx2
import requests
import urllib3
from requests.adapters import HTTPAdapter

from aggregator._host.gate import Gate
from aggregator._host.limits import PATIENCE
from aggregator.contract.replies import Reply, Request, Telling
from aggregator.plugin import RateLimited

MOST_CALLS = 300
"""Requests that one run may make beyond what its recording needed: more is taken for a run without an end."""


class Endless(BaseException):
    """The provider asks on and on. No ordinary `except` of its own shall hide it."""


class Cut(Exception):
    """In place of a reply: the network itself fails."""


Change = Callable[[int, Request, Reply], Reply]
"""What a check makes of the answer to the request of that number (from 0). May raise `Cut`."""


@dataclass(frozen=True)
class Asked:
    request: Request
    reply: Reply


@dataclass
class Network:
    """The service as one run meets it. `usual`: what an earlier run was answered, for requests nobody recorded."""

    telling: Telling
    change: Change | None = None
    usual: list[Asked] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    unanswered: list[Request] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    silence: float = 0.0
    turns: int = 0
    most: int = MOST_CALLS

    def answer(self, request: Request) -> Reply:
        number = len(self.asked)
        reply = self.telling.answer(request) or self._as_usual(number, request)
        if self.change:
            reply = self.change(number, request, reply)
        self.asked.append(Asked(request, reply))
        return reply

    def _as_usual(self, number: int, request: Request) -> Reply:
        """The answer that the same place in an earlier run had: ids and pages made up by a check are not recorded."""
        if number < len(self.usual) and _similar(request, self.usual[number].request):
            return self.usual[number].reply
        self.unanswered.append(request)
        return Reply(404, {"Content-Type": "text/plain"}, b"no such thing")

    # --- as `gate.Door` -------------------------------------------------------------------------------------------

    def wait(self) -> None:
        self.turns += 1
        if self.turns > self.most + 2 * len(self.usual):
            raise Endless
        if self.silence > PATIENCE:
            raise RateLimited("The service asked for a pause.", self.silence)

    def refused(self, seconds: float) -> None:
        self.silence = max(self.silence, seconds)

    def hide(self, secret: str) -> None:
        """The checks look for the secrets that they made up."""

    def remember(self, url: str, status: int) -> None:
        self.statuses[url] = status


def gate(network: Network) -> Gate:
    return _Gate(network)


class _Gate(Gate):
    """Both doors as the host makes them, with another end."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._network = network

    @cached_property
    def session(self) -> requests.Session:
        made = super().session
        for scheme, adapter in list(made.adapters.items()):
            kind: Any = type(adapter)
            made.mount(scheme, _recorded(kind)(self, self._network))
        return made

    @cached_property
    def transport(self) -> httpx2.BaseTransport:
        made = super().transport
        made._inner = _Transport(self._network)  # type: ignore[attr-defined]
        return made


@cache
def _recorded(adapter: type[Any]) -> type[Any]:
    """The gate's own adapter; its ``super().send`` is the recorded one."""
    return type("Recorded", (adapter, _Recorded), {})


class _Recorded(HTTPAdapter):
    """Stands where urllib3 would open a connection."""

    _door: Network

    def send(self, request: requests.PreparedRequest, **_options: Any) -> requests.Response:  # type: ignore[override]
        asked = Request(
            request.method or "GET", request.url or "", form_of(request.headers, request.body), str(request.headers)
        )
        try:
            reply = self._door.answer(asked)
        except Cut as cut:
            # As requests words it, address and all: a provider must not pass that on.
            raise requests.ConnectionError(f"Max retries exceeded with url: {request.url} ({cut})") from None
        length = {} if "Content-Length" in reply.headers else {"Content-Length": str(len(reply.body))}
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(reply.body),
            headers={**reply.headers, **length},
            status=reply.status,
            reason=_phrase(reply.status),
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)


class _Transport(httpx2.BaseTransport):
    def __init__(self, network: Network) -> None:
        self._network = network

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = Request(
            request.method, str(request.url), form_of(request.headers, request.read()), str(dict(request.headers))
        )
        try:
            reply = self._network.answer(asked)
        except Cut as cut:
            raise httpx2.ConnectError(f"{cut} ({request.url})", request=request) from None
        return httpx2.Response(reply.status, headers=dict(reply.headers), content=reply.body, request=request)


def form_of(headers: Mapping[str, str], body: bytes | str | None) -> str:
    """What was sent, where it is a form."""
    if not body or "form-urlencoded" not in headers.get("Content-Type", ""):
        return ""
    return body.decode(errors="replace") if isinstance(body, bytes) else body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _similar(one: Request, other: Request) -> bool:
    """Whether two requests ask for the same sort of thing: as many steps in their paths, the first one alike."""
    a, b = one.page.split("/")[2:], other.page.split("/")[2:]
    return one.method == other.method and len(a) == len(b) and a[:2] == b[:2]
