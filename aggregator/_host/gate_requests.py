"""The door for requests. Imported on first use: requests-cache costs 100 ms.

Nothing is cached unless a call asks for it (``session.get(url, expire_after=3600)``): a sync must see what the service
says now. The file belongs to one account, because requests-cache leaves Authorization out of its keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests_cache import DO_NOT_CACHE, CachedSession

from aggregator._host.gate import CONNECT_SECONDS, READ_SECONDS, USER_AGENT, Door, retry_after, watch
from aggregator.plugin import AuthFailed, BadData, ProviderError, RateLimited, Unavailable


class _Adapter(HTTPAdapter):
    """Sees every call that really leaves, redirects included; answers from the cache never come here."""

    def __init__(self, door: Door) -> None:
        super().__init__(max_retries=0)
        self._door = door

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self._door.wait()
        if options.get("timeout") is None:
            options["timeout"] = (CONNECT_SECONDS, READ_SECONDS)
        response = super().send(request, **options)
        watch(self._door, response.status_code, response.headers)
        return response


def session(door: Door, cache: Path | None) -> requests.Session:
    made = _uncached() if cache is None else _cached(cache)
    made.headers["User-Agent"] = USER_AGENT
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Adapter(door))
    return made


def _uncached() -> requests.Session:
    return CachedSession(backend="memory", expire_after=DO_NOT_CACHE)


def _cached(path: Path) -> requests.Session:
    path.parent.mkdir(parents=True, exist_ok=True)
    return CachedSession(
        str(path),
        backend="sqlite",
        expire_after=DO_NOT_CACHE,
        allowable_codes=(200,),
        allowable_methods=("GET",),
        stale_if_error=False,
    )


def json(session: requests.Session, url: str, options: Mapping[str, Any]) -> Any:
    """The decoded answer to a GET. Raises the contract's errors; their words name the host, never the address."""
    host = urlsplit(url).hostname or "The service"
    # requests puts the whole address into its errors, keys and all: none of them is passed on.
    try:
        answer = session.get(url, **options)
    except requests.exceptions.ChunkedEncodingError:
        raise BadData(f"{host} sent only half of an answer.") from None
    except requests.RequestException as error:
        raise Unavailable(f"{host} cannot be reached ({type(error).__name__}).") from None
    if not answer.ok:
        raise _refusal(host, answer)
    try:
        return answer.json()
    except ValueError:
        raise BadData(f"{host} sent something that is not JSON, or only half of it.") from None


def _refusal(host: str, answer: requests.Response) -> ProviderError:
    status, asked = answer.status_code, answer.headers.get("Retry-After")
    if status in (401, 403):
        return AuthFailed(f"{host} does not accept the credentials (status {status}).")
    if status == 429 or (status == 503 and asked):
        return RateLimited(f"{host} asks for fewer calls.", retry_after(asked))
    if status >= 500:
        return Unavailable(f"{host} has trouble of its own (status {status}).")
    return BadData(f"{host} did not understand the question (status {status}).")
