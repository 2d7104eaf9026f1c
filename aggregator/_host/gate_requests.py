"""The door for requests. Imported on first use: requests-cache costs 100 ms.

Nothing is cached unless a call asks for it (``session.get(url, expire_after=3600)``): a sync must see what the service
says now. The file belongs to one account, because requests-cache leaves Authorization out of its keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests_cache import DO_NOT_CACHE, CachedSession

from aggregator._host.gate import CONNECT_SECONDS, READ_SECONDS, USER_AGENT, Door, watch


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
