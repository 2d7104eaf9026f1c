"""The door for requests. Imported on first use: requests-cache costs 100 ms.

Nothing is cached unless a call asks for it (``session.get(url, expire_after=3600)``): a sync must see what the service
says now. The file belongs to one account, because requests-cache leaves Authorization out of its keys; and it is
encrypted, because services repeat keys and tokens in addresses, redirects and answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests_cache import DO_NOT_CACHE, CachedSession, SerializerPipeline, Stage, pickle_serializer

from aggregator._host import faults
from aggregator._host.gate import (
    CONNECT_SECONDS,
    MOST_REDIRECTS,
    READ_SECONDS,
    USER_AGENT,
    Door,
    Gate,
    in_time,
    watch,
    whole,
)
from aggregator.plugin import BadData, Unavailable

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

BITE = 1 << 16
"""Bytes of an answer that are unpacked at once."""


class _Adapter(HTTPAdapter):
    """Sees every call that really leaves, redirects included; answers from the cache never come here."""

    def __init__(self, gate: Gate, door: Door) -> None:
        super().__init__(max_retries=0)
        self._gate = gate
        self._door = door

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self._gate.sign(request.headers)
        self._door.wait()
        if options.get("timeout") is None:
            options["timeout"] = (CONNECT_SECONDS, READ_SECONDS)
        return in_time(self._gate.seconds, lambda: self._exchange(request, options))

    def _exchange(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        """The answer with its body: nothing is left to be read afterwards, when nobody looks at the clock."""
        response = super().send(request, **options)
        watch(self._door, response.status_code, response.headers)
        try:
            with response:  # only the connection is closed: the content stays
                response._content = whole(response.iter_content(BITE))
        except requests.RequestException as error:
            error.request = request  # requests forgets whose body it was
            raise
        return response


def session(gate: Gate, door: Door, cache: Path | None, key: str | None) -> requests.Session:
    made = _uncached() if cache is None else _cached(cache, key)
    made.headers["User-Agent"] = USER_AGENT
    made.max_redirects = MOST_REDIRECTS
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Adapter(gate, door))
    return made


def _uncached() -> requests.Session:
    return CachedSession(backend="memory", expire_after=DO_NOT_CACHE)


def _cached(path: Path, key: str | None) -> requests.Session:
    """`key` None: what is kept can be read by this session alone."""
    from cryptography.fernet import Fernet

    path.parent.mkdir(parents=True, exist_ok=True)
    return CachedSession(
        str(path),
        backend="sqlite",
        expire_after=DO_NOT_CACHE,
        allowable_codes=(200,),
        allowable_methods=("GET",),
        stale_if_error=False,
        serializer=_sealed(Fernet(key or Fernet.generate_key())),
    )


def _sealed(box: Fernet) -> SerializerPipeline:
    from cryptography.fernet import InvalidToken

    def opened(kept: bytes) -> bytes:
        try:
            return box.decrypt(kept)
        except InvalidToken:
            raise ValueError("It was kept with another key.") from None  # which requests-cache takes for a miss

    return SerializerPipeline([*pickle_serializer.stages, Stage(dumps=box.encrypt, loads=opened)], is_binary=True)


def json(session: requests.Session, url: str, options: Mapping[str, Any]) -> Any:
    """The decoded answer to a GET. Raises the contract's errors; their words name the host, never the address."""
    host = urlsplit(url).hostname or "The service"
    # requests puts the whole address into its errors, keys and all: none of them is passed on.
    try:
        answer = session.get(url, **options)
    except requests.RequestException as error:
        raise faults.named(error) or Unavailable(f"{host} cannot be reached.") from None
    if not answer.ok:
        raise faults.refusal(host, answer.status_code, faults.asked_wait(answer.headers))
    try:
        return answer.json()
    except ValueError:
        raise BadData(f"{host} sent something that is not JSON, or only half of it.") from None
