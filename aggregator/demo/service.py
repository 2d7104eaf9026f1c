"""What the sample services share: a process on loopback, switches for trouble, and a log of what was asked.

A service is a Flask application of its own process::

    python -m aggregator.demo.spotify --port 0

It prints ``{"service": "spotify", "url": "http://127.0.0.1:PORT"}`` once it answers, and ends when its standard input
is closed, so it never outlives who started it. `Running` starts one from Python.

``POST /_switch`` with a JSON body brings trouble (see `Switches`), ``{}`` ends it. ``GET /_log`` lists the requests so
far, without secrets. ``GET /_cover/<hue>/<word>.jpg`` draws a picture.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeVar

import requests
from flask import Flask, Response, jsonify, request
from werkzeug.datastructures import MultiDict
from werkzeug.serving import WSGIRequestHandler, make_server

T = TypeVar("T")

SECRETS = {"api_key", "apikey", "api_sig", "sk", "token", "code", "code_verifier", "refresh_token", "client_secret"}
HTML = "<!doctype html><html><head><title>502</title></head><body><h1>Something went wrong</h1></body></html>"


@dataclass
class Switches:
    """Trouble on demand. All may be combined with `only` and `times`."""

    status: int = 0
    """Answer with this status and the service's own error body."""
    code: int = 0
    """The service's own error code, where it has such (Last.fm: 6, 10, 17, 29 …)."""
    retry_after: int | None = None
    """Seconds in the Retry-After header of a 429 or 503."""
    html: bool = False
    """A page of HTML where data is expected (with status 200 unless told otherwise)."""
    truncate: bool = False
    """Half of the body is lost on the way."""
    slow: float = 0.0
    """Seconds before each answer."""
    loop_next: bool = False
    """Each page names itself as the next one."""
    duplicate_pages: bool = False
    """Pages overlap by a few items, as when something was added meanwhile."""
    shrink: int | None = None
    """Lists hold only their first so many items; 0 empties them."""
    only: str = ""
    """Only requests whose path, or whose `method` parameter, begins with this."""
    times: int | None = None
    """How many requests it lasts; the switches then fall back by themselves."""


class Service:
    """One sample service. Subclasses add routes to `app` and the bodies of refusals."""

    name: str

    def __init__(self) -> None:
        self.app = Flask(self.name, static_folder=None)
        self.app.json.sort_keys = False  # type: ignore[attr-defined]
        self.app.url_map.strict_slashes = False  # clients differ: spotipy asks for me/
        self.switches = Switches()
        self.log: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self.app.before_request(self._before)
        self.app.after_request(self._after)
        self.app.add_url_rule("/_switch", "switch", self._switch, methods=["POST"])
        self.app.add_url_rule("/_log", "log", lambda: jsonify(self.log))
        self.app.add_url_rule("/_cover/<int:hue>/<word>.jpg", "cover", self._cover)

    def refusal(self, status: int, code: int = 0) -> Response:
        """The service's own words for an error."""
        raise NotImplementedError

    @property
    def base(self) -> str:
        """Own address, for the links that clients follow."""
        return request.host_url.rstrip("/")

    def cover(self, hue: int, word: str) -> str:
        return f"{self.base}/_cover/{hue}/{word}.jpg"

    def window(self, items: Sequence[T], offset: int, limit: int) -> tuple[list[T], int]:
        """One page of a list, with the switches applied, and the list's size."""
        switches = self.active()
        if switches.shrink is not None:
            items = items[: switches.shrink]
        if switches.duplicate_pages and offset:
            offset = max(0, offset - 3)
        return list(items[offset : offset + limit]), len(items)

    def active(self) -> Switches:
        """The switches, as far as they concern the request at hand."""
        asked = request.values.get("method", "")
        wanted = self.switches.only
        return self.switches if request.path.startswith(wanted) or (asked and asked.startswith(wanted)) else Switches()

    def _before(self) -> Response | None:
        if request.path.startswith("/_"):
            return None
        with self._lock:
            self.log.append(_entry())
        switches = self.active()
        if switches.slow:
            time.sleep(switches.slow)
        if switches.html:
            return Response(HTML, status=switches.status or 200, content_type="text/html; charset=utf-8")
        if switches.status or switches.code:
            answer = self.refusal(switches.status or 200, switches.code)
            if switches.retry_after is not None:
                answer.headers["Retry-After"] = str(switches.retry_after)
            return answer
        return None

    def _after(self, answer: Response) -> Response:
        if request.path.startswith("/_"):
            return answer
        switches = self.active()
        if switches.truncate:
            answer.set_data(answer.get_data()[: len(answer.get_data()) // 2])
        if switches != Switches() and switches.times is not None:
            self._count_down(switches)
        return answer

    def _count_down(self, switches: Switches) -> None:
        with self._lock:
            switches.times = (switches.times or 0) - 1
            if switches.times <= 0:
                self.switches = Switches()

    def _switch(self) -> Response:
        wanted = request.get_json()
        if unknown := set(wanted) - {f.name for f in fields(Switches)}:
            return Response(f"No such switch: {', '.join(sorted(unknown))}\n", status=400)
        self.switches = Switches(**wanted)
        return jsonify(wanted)

    def _cover(self, hue: int, word: str) -> Response:
        from aggregator.demo.covers import draw

        return Response(draw(word, hue), content_type="image/jpeg", headers={"Cache-Control": "max-age=86400"})


def _entry() -> dict[str, Any]:
    return {
        "verb": request.method,
        "path": request.path,
        "query": _without_secrets(request.args),
        "form": _without_secrets(request.form),
        "signed": "Authorization" in request.headers or "sk" in request.values,
        "agent": request.headers.get("User-Agent", ""),
        "at": time.time(),
    }


def _without_secrets(values: MultiDict[str, str]) -> dict[str, str]:
    return {key: value for key, value in values.items() if key not in SECRETS}


# --- a process --------------------------------------------------------------------------------------------------------


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # so that clients' pooled connections stay open

    def log_request(self, *_: Any) -> None:
        """Silent: the requests are at /_log."""


def arguments(about: str | None) -> argparse.ArgumentParser:
    """The options every service has."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0: any free one, printed")
    parser.add_argument("--now", type=int, default=None, help="the present, in seconds since 1970 (default: the clock)")
    parser.add_argument("--since", type=int, default=None, help="when the story begins (default: a year before now)")
    parser.add_argument("--scale", type=int, default=0, metavar="N", help="N further items in every list")
    parser.add_argument("--switch", type=json.loads, default={}, metavar="JSON", help="trouble from the start")
    return parser


def serve(service: Service, options: argparse.Namespace) -> None:
    """Answer until standard input is closed."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    service.switches = Switches(**options.switch)
    server = make_server("127.0.0.1", options.port, service.app, threaded=True, request_handler=_Handler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    if not sys.stdin.isatty():
        threading.Thread(target=_end_with_parent, daemon=True).start()
    print(json.dumps({"service": service.name, "url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    server.serve_forever()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


class Running:
    """A sample service in a process of its own, ended by `close` or at the end of a ``with``.

    Options are those of its command line: ``Running("lastfm", scale=5000)``. Several start side by side: only `url`
    waits.
    """

    def __init__(self, name: str, **options: Any) -> None:
        self.name = name
        command = [sys.executable, "-m", f"aggregator.demo.{name}"]
        for key, value in options.items():
            command += [f"--{key}", value if isinstance(value, str) else json.dumps(value)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @cached_property
    def url(self) -> str:
        """Its address, as soon as it answers there. Raises `RuntimeError` where it does not start."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sample service {self.name} ended with {self._process.wait()} before it answered")
        address: str = json.loads(line)["url"]
        return address

    def switch(self, **switches: Any) -> None:
        """Bring trouble; without arguments, end it."""
        requests.post(f"{self.url}/_switch", json=switches, timeout=5).raise_for_status()

    def log(self) -> list[dict[str, Any]]:
        """Every request so far, without secrets."""
        answer: list[dict[str, Any]] = requests.get(f"{self.url}/_log", timeout=5).json()
        return answer

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """End the process; its standard streams are closed."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def whole(value: str | None, default: int, low: int, high: int) -> int:
    """A whole number from a query, kept between two bounds. Raises `ValueError` where it is none."""
    return min(max(int(value), low), high) if value else default
