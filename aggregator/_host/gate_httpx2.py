"""The door for clients built on httpx2 (pylast)."""

from __future__ import annotations

import httpx2

from aggregator._host.gate import CONNECT_SECONDS, READ_SECONDS, USER_AGENT, Door, watch


class Transport(httpx2.BaseTransport):
    def __init__(self, door: Door) -> None:
        self._door = door
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self._door.wait()
        given = request.extensions.get("timeout") or {}
        request.extensions["timeout"] = _DEFAULT | {k: v for k, v in given.items() if v is not None}
        if request.headers.get("User-Agent", "").startswith("python-"):
            request.headers["User-Agent"] = USER_AGENT
        response = self._inner.handle_request(request)
        watch(self._door, response.status_code, response.headers)
        return response

    def close(self) -> None:
        self._inner.close()


_DEFAULT = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": READ_SECONDS}
