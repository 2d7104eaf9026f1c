"""The door for clients built on httpx2 (pylast)."""

from __future__ import annotations

import httpx2

from aggregator._host.gate import CONNECT_SECONDS, READ_SECONDS, USER_AGENT, Door, Gate, in_time, watch, whole

UNPACKED = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that no longer say the truth of a body that was unpacked here."""


class Transport(httpx2.BaseTransport):
    def __init__(self, gate: Gate, door: Door) -> None:
        self._gate = gate
        self._door = door
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self._gate.sign(request.headers)
        self._door.wait()
        given = request.extensions.get("timeout") or {}
        request.extensions["timeout"] = _DEFAULT | {k: v for k, v in given.items() if v is not None}
        if request.headers.get("User-Agent", "").startswith("python-"):
            request.headers["User-Agent"] = USER_AGENT
        return in_time(self._gate.seconds, lambda: self._exchange(request))

    def _exchange(self, request: httpx2.Request) -> httpx2.Response:
        """The answer with its body: nothing is left to be read afterwards, when nobody looks at the clock."""
        response = self._inner.handle_request(request)
        response.request = request
        watch(self._door, response.status_code, response.headers)
        try:
            body = whole(response.iter_bytes())
        finally:
            response.close()
        headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in UNPACKED]
        return httpx2.Response(response.status_code, headers=headers, content=body, extensions=response.extensions)

    def close(self) -> None:
        self._inner.close()


_DEFAULT = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": READ_SECONDS}
