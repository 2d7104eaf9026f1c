"""Recorded replies in a real child: played to a provider instead of the network, or taken down from it.

What is taken down goes line by line into a file, as it came; `replies_of` makes a replies file of it, without secrets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import requests

from aggregator._host.gate import Door, Gate
from aggregator.contract import network, replies
from aggregator.contract.network import Network
from aggregator.contract.replies import Reply, Request

KEPT_HEADERS = ("content-type", "retry-after", "link")
HIDDEN = "•••"
_SECRET = re.compile(
    r"(access|refresh|id|session|auth|user)_?token$|^token$|secret|password|session_?key|^sk$|api_?key|^key$|^sig$",
    re.IGNORECASE,
)


def gate(door: Door, how: Mapping[str, str]) -> Gate:
    """``{"play": file}`` or ``{"record": file}``. Raises `replies.Unusable`."""
    if "play" in how:
        return network.gate(_Playing(replies.read(Path(how["play"])).told()))
    return _Taping(door, Path(how["record"]))


class _Playing(Network):
    def _as_usual(self, number: int, request: Request) -> Reply:
        print(f"Nothing is recorded for {request.method} {request.url}.")
        return super()._as_usual(number, request)


class _Taping(Gate):
    """The real gate, with an ear at both doors."""

    def __init__(self, door: Door, tape: Path) -> None:
        super().__init__(door)
        self._tape = tape

    @cached_property
    def session(self) -> requests.Session:
        made = super().session
        made.hooks["response"].append(self._heard)
        return made

    @cached_property
    def transport(self) -> httpx2.BaseTransport:
        made = super().transport
        made._inner = _Ear(made._inner, self._take)  # type: ignore[attr-defined]
        return made

    def _heard(self, response: requests.Response, *_: Any, **__: Any) -> None:
        sent = response.request
        request = Request(sent.method or "GET", sent.url or "", network.form_of(sent.headers, sent.body))
        self._take(request, response.status_code, response.headers, response.content)

    def _take(self, request: Request, status: int, headers: Mapping[str, str], body: bytes) -> None:
        kept = {name: value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
        line = [request.method, request.url, request.form, status, kept, body.decode(errors="replace")]
        with self._tape.open("a", encoding="utf-8") as tape:
            tape.write(json.dumps(line) + "\n")


class _Ear(httpx2.BaseTransport):
    def __init__(self, inner: httpx2.BaseTransport, take: Callable[[Request, int, Mapping[str, str], bytes], None]):
        self._inner = inner
        self._take = take

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        body = response.read()
        asked = Request(request.method, str(request.url), network.form_of(request.headers, request.read()))
        self._take(asked, response.status_code, response.headers, body)
        told = {n: v for n, v in response.headers.items() if n.lower() not in ("content-encoding", "content-length")}
        return httpx2.Response(response.status_code, headers=told, content=body, request=request)

    def close(self) -> None:
        self._inner.close()


# --- a replies file of it ---------------------------------------------------------------------------------------------


def replies_of(tape: Path, settings: Mapping[str, Any], redact: Callable[[str], str]) -> dict[str, Any]:
    """What stands in the file: plain `settings`, and every exchange, without what `redact` and names tell is secret."""
    lines = [json.loads(line) for line in tape.read_text(encoding="utf-8").splitlines()] if tape.exists() else []
    told = [(Request(method, url, form), status, headers, body) for method, url, form, status, headers, body in lines]
    kept = _telling([request for request, *_ in told])
    exchanges = [
        _exchange(request, status, headers, body, kept[request.page], redact) for request, status, headers, body in told
    ]
    return {"settings": dict(settings), "exchanges": _once(exchanges)}


def _telling(asked: Iterable[Request]) -> dict[str, set[str]]:
    """By address, the parameters that tell one request from another. The rest need not be asked again as it was."""
    values: dict[str, dict[str, set[str | None]]] = {}
    requests_by_page: dict[str, list[Request]] = {}
    for request in asked:
        requests_by_page.setdefault(request.page, []).append(request)
    for page, together in requests_by_page.items():
        names = {name for request in together for name in request.parameters}
        values[page] = {name: {request.parameters.get(name) for request in together} for name in names}
    return {page: {name for name, seen in names.items() if len(seen) > 1} for page, names in values.items()}


def _exchange(
    request: Request, status: int, headers: Mapping[str, str], body: str, names: set[str], redact: Callable[[str], str]
) -> dict[str, Any]:
    plain = {n: v for n, v in request.parameters.items() if n in names and not _SECRET.search(n) and redact(v) == v}
    query = f"?{urlencode(plain, quote_via=quote, safe=',:|')}" if plain else ""
    address = redact(request.page).replace(HIDDEN, "*")
    made: dict[str, Any] = {"request": f"{request.method} {address}{query}"}
    if status != 200:
        made["status"] = status
    try:
        made["body"] = _clean(json.loads(body), redact)
    except ValueError:
        made["body"] = redact(body)
        made["headers"] = dict(headers)
    wait = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    if wait:
        made["headers"] = {**made.get("headers", {}), **wait}
    return made


def _clean(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        hidden = {name for name, inside in value.items() if _SECRET.search(name) and isinstance(inside, str)}
        return {name: HIDDEN if name in hidden else _clean(inside, redact) for name, inside in value.items()}
    if isinstance(value, list):
        return [_clean(each, redact) for each in value]
    return redact(value) if isinstance(value, str) else value


def _once(exchanges: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without repetitions of the same answer to the same question."""
    kept: list[dict[str, Any]] = []
    for exchange in exchanges:
        if exchange not in kept:
            kept.append(exchange)
    return kept
