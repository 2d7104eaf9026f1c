"""What the sample services share: a process on loopback, switches for trouble, and a log of what was asked.

A service is a WSGI application (werkzeug, nothing more) in a process of its own::

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
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

T = TypeVar("T")

_asked: ContextVar[Request] = ContextVar("asked")
request: Request = LocalProxy(_asked)  # type: ignore[assignment]
"""The request at hand."""

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
    deny: bool = False
    """The listener does not allow access when they are asked to."""
    only: str = ""
    """Only requests whose path, or whose `method` parameter, begins with this."""
    times: int | None = None
    """How many requests it lasts; the switches then fall back by themselves."""


class Service:
    """One sample service. Subclasses add routes, the bodies of refusals, and what comes before and after an answer."""

    name: str

    def __init__(self) -> None:
        self.routes = Map(strict_slashes=False)  # clients differ: spotipy asks for me/
        self.switches = Switches()
        self.log: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self.route("/_switch", self._switch, "POST")
        self.route("/_log", lambda: as_json(self.log))
        self.route("/_cover/<int:hue>/<word>.jpg", self._cover)

    def route(self, path: str, view: Callable[..., Response], *verbs: str) -> None:
        self.routes.add(Rule(path, endpoint=view, methods=verbs or ("GET",)))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        token = _asked.set(Request(environ))
        try:
            return self._answer()(environ, start_response)
        finally:
            _asked.reset(token)

    def _answer(self) -> Response:
        if request.path.startswith("/_"):
            return self._dispatch()
        self._note()
        answer = self._trouble() or self.admit() or self._dispatch()
        return self._spoil(self.sign(answer))

    def _dispatch(self) -> Response:
        try:
            view, arguments = self.routes.bind_to_environ(request.environ).match()
            answer: Response = view(**arguments)
        except (HTTPException, ValueError) as error:
            return self.mishap(error)
        return answer

    def admit(self) -> Response | None:
        """A refusal where the request lacks permission; None lets it in."""
        return None

    def sign(self, answer: Response) -> Response:
        """The headers that every answer of the service has."""
        return answer

    def mishap(self, error: Exception) -> Response:
        """The service's own words for a path it does not have, or a query it does not understand."""
        return self.refusal(error.code or 500 if isinstance(error, HTTPException) else 400)

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

    def _note(self) -> None:
        with self._lock:
            self.log.append(_entry())

    def _trouble(self) -> Response | None:
        """What the switches answer in the service's place."""
        switches = self.active()
        time.sleep(switches.slow)
        if switches.html:
            return Response(HTML, status=switches.status or 200, content_type="text/html; charset=utf-8")
        if not switches.status and not switches.code:
            return None
        answer = self.refusal(switches.status or 200, switches.code)
        if switches.retry_after is not None:
            answer.headers["Retry-After"] = str(switches.retry_after)
        return answer

    def _spoil(self, answer: Response) -> Response:
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
        wanted: dict[str, Any] = request.get_json()
        if unknown := set(wanted) - {f.name for f in fields(Switches)}:
            return Response(f"No such switch: {', '.join(sorted(unknown))}\n", status=400)
        self.switches = Switches(**wanted)
        return as_json(wanted)

    def _cover(self, hue: int, word: str) -> Response:
        from aggregator.demo.covers import draw

        return Response(draw(word, hue), content_type="image/jpeg", headers={"Cache-Control": "max-age=86400"})


def as_json(data: Any, status: int = 200) -> Response:
    return Response(json.dumps(data, separators=(",", ":")), status, content_type="application/json")


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
    server = make_server("127.0.0.1", options.port, service, threaded=True, request_handler=_Handler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    if not sys.stdin.isatty():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started this, who then closes the pipe
        threading.Thread(target=_end_with_parent, daemon=True).start()
    print(json.dumps({"service": service.name, "url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    server.serve_forever()


def _end_with_parent() -> None:
    while os.read(0, 1024):  # not through sys.stdin: its lock would be held at exit
        pass
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
    def pid(self) -> int:
        return self._process.pid

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
