"""Nothing that an account's secrets are written with is found anywhere but encrypted."""

from __future__ import annotations

import base64
import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import pytest

from aggregator import listeners, sources
from aggregator._host import run
from aggregator._host.process import Failure
from aggregator.config import Config
from tests.host.conftest import Home
from web import create_app

PASSWORD = "a long enough one"
SECRETS = {
    "leaky": {"secret": "K3y/of+Röbin&\"'=<9f86d081884c7d65>"},
    "spotify": {"client_secret": "5p0t1fyClientSecret9f86d0", "refresh_token": "AQD-5p0t1fyRefresh_T0ken.884c7d659a2f"},
    "lastfm": {"api_key": "1a5tfmKey9f86d081884c7d659a2feaa", "api_secret": "1a5tfmSecret0c55ad015a3bf4f1b2b0"},
    "ticketmaster": {"api_key": "T1cketKey822cd15d6c15b0f00a08"},
}
GRANTED = "granted-access-token-5d2e9f86d081"
"""What a service hands out for a while, on the strength of a secret."""


class Echo(BaseHTTPRequestHandler):
    """Repeats what it is asked, in the way that `server.way` says."""

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        told = {"request": self.path, "headers": dict(self.headers), "sent": sent}
        way = self.server.way  # type: ignore[attr-defined]
        if self.path.startswith("/redirect"):
            return self.answer(302, "", Location=f"/echo?again={self.path}")
        if self.path.startswith("/api/token") and way != "refused":
            return self.answer(200, json.dumps({"access_token": GRANTED, "expires_in": 3600, "scope": ""}))
        page = f"<html><h1>{json.dumps(told)}</h1>"
        answers = {
            "refused": (401, json.dumps({"error": {"status": 401, "message": json.dumps(told)}, **told})),
            "failing": (500, page),
            "odd": (200, json.dumps({"items": [told, 7, None], "error": 10, "message": json.dumps(told)})),
        }
        return self.answer(*answers[way])

    do_POST = do_GET

    def answer(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def echo() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.way = "refused"  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Processes:
    """Looks at every process of this machine that belongs to us while it is entered."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._stop = threading.Event()

    def __enter__(self) -> Processes:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        mine = str(os.getpid())
        while not self._stop.wait(0.1):
            for each in Path("/proc").iterdir():
                if each.name.isdigit() and each.name != mine:
                    self.seen |= {_read(each / name) for name in ("cmdline", "environ")}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def hidden() -> list[bytes]:
    found = {GRANTED}
    for secrets in SECRETS.values():
        for secret in secrets.values():
            found |= set(written(secret))
    return [each.encode() for each in found]


def written(secret: str) -> Iterator[str]:
    """A secret as programs write it; in base64 as it stands after the six bytes of ``robin:``."""
    raw = secret.encode()
    yield from (secret, quote(secret), quote(secret, ""), quote_plus(secret), repr(secret)[1:-1], raw.hex())
    yield from (json.dumps(secret)[1:-1], base64.b64encode(raw[: len(raw) // 3 * 3]).decode())


def everything(home: Home) -> Iterator[tuple[str, bytes]]:
    """Every file of the data directory, database and write-ahead log among them, but for the key and the plugins."""
    for path in sorted(home.data.rglob("*")):
        if path.is_file() and path.name != "secret.key" and "plugins" not in path.parts:
            yield str(path.relative_to(home.data)), path.read_bytes()


def pages(home: Home, owner: listeners.Listener) -> Iterator[tuple[str, bytes]]:
    client = create_app(Config(data=home.data, path=home.data / "config.toml"), home.store).test_client()
    client.post("/sign-in", data={"name": owner.name, "password": PASSWORD})
    addresses = ["/", "/sources", "/sources/pulse", "/settings", "/library"]
    for card in sources.cards(home.store, owner.id):
        addresses += [f"/sources/{card.id}/{page}" for page in ("settings", "runs", "remove")]
        addresses += [f"/sources/{card.id}/runs/{run.id}" for run in home.runs(card.id)]
    for address in addresses:
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code in (200, 404), address
        yield address, answer.data + repr(answer.headers).encode()


@pytest.mark.timeout(300)
def test_no_secret_is_found_anywhere_after_failures(
    home: Home, echo: ThreadingHTTPServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    place = listeners.Place(label="Springfield", latitude=39.8, longitude=-89.6, zone="America/Chicago")
    owner = listeners.create(home.store, "Robin", "owner", PASSWORD, listeners.Preferences(place=place))
    address = f"http://127.0.0.1:{echo.server_port}/"
    more = {"leaky": {}, "spotify": {"client_id": "c"}, "lastfm": {"user": "robin"}, "ticketmaster": {}}
    made = {
        provider: sources.create_account(
            home.store, provider, owner.id, {**secrets, **more[provider], "address": address}, check=False
        )
        for provider, secrets in SECRETS.items()
    }
    ended: set[str | None] = set()
    echo.way = "odd"  # type: ignore[attr-defined]
    with Processes() as processes:
        for way in ("chain", "group", "nowhere", "misfit"):
            settings = {"address": address.rstrip("/"), "way": way}
            sources.change_settings(home.store, owner.id, made["leaky"], settings)
            ended.add(home.run(made["leaky"]).error)
        for _ in range(2):
            assert home.run(made["leaky"], "history").error_words is None
        for name in ("Nobody", "Somebody"):
            home.house.warm.ask_all({made["leaky"]: "Leaky"}, "similar", {"name": name, "id": "1"}, 30.0)
        for way in ("refused", "failing", "odd"):
            echo.way = way  # type: ignore[attr-defined]
            for provider, what in (("spotify", "library"), ("lastfm", "history"), ("ticketmaster", "shows")):
                ended.add(home.run(made[provider], what).error)
                with pytest.raises((Failure, AssertionError)):
                    home.house.warm.call(made[provider], "search", "tide")
                    raise AssertionError
    home.house.warm.close()
    assert ended >= {"AuthFailed", "Unavailable", "BadData", "bug"}
    with sqlite3.connect(home.data / "cache" / f"account-{made['leaky']}.sqlite") as cache:
        assert cache.execute("SELECT COUNT(*) FROM responses").fetchone() > (0,)
    out, err = capfd.readouterr()
    told = [("logs", caplog.text.encode()), ("output", (out + err).encode()), ("processes", b"".join(processes.seen))]
    found = {
        where: secret
        for where, content in [*everything(home), *pages(home, owner), *told]
        for secret in hidden()
        if secret in content
    }
    assert found == {}
    assert "asking with •••" in json.dumps(home.lines(), ensure_ascii=False)


# --- what one account was answered is its own -------------------------------------------------------------------------


class Personal(BaseHTTPRequestHandler):
    """Tells who asks, by what their call is signed with: as Spotify in JSON, as Last.fm in XML."""

    def do_GET(self) -> None:
        self.server.calls += 1  # type: ignore[attr-defined]
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        key = dict(parse_qsl(urlsplit(self.path).query) + parse_qsl(sent)).get("api_key")
        user = f'<lfm status="ok"><user><name>Friend of {key}</name></user></lfm>'
        body = json.dumps({"name": f"Act of {bearer}"}) if bearer else user
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "public, max-age=86400")
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Silent."""


def test_two_accounts_of_one_service_never_see_each_others_answers(home: Home) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Personal)
    server.calls = 0  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    for number in (1, 2):
        for token in ("ana", "ben"):
            if number == 1:
                home.account("caching", address=address, token=token)
            assert home.run(1 if token == "ana" else 2).error_words is None
    server.shutdown()
    server.server_close()
    with home.store.read() as conn:
        told = conn.exec_driver_sql("SELECT account_id, payload ->> '$.name' FROM claim ORDER BY 1, 2").all()
    assert [tuple(row) for row in told] == [
        (1, "Act of ana"), (1, "Friend of ana"), (2, "Act of ben"), (2, "Friend of ben"),
    ]  # fmt: skip
    assert server.calls == 6, "spotipy's second answers came from the cache, pylast's did not"  # type: ignore[attr-defined]
    for path in (home.data / "cache").glob("account-*"):
        assert b"Act of" not in path.read_bytes()


def test_bandstands_own_mistakes_tell_no_secret_either(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object) -> None:
        raise RuntimeError(f"no such column: {SECRETS['spotify']['client_secret']}")

    monkeypatch.setattr(run, "orders", mistaken)
    row = home.run(home.account("good", token=SECRETS["spotify"]["client_secret"]))
    assert row.error == "host"
    assert "no such column: •••" in row.error_words
    assert "no such column: •••" in row.traceback
    assert SECRETS["spotify"]["client_secret"] not in row.error_words + row.traceback
