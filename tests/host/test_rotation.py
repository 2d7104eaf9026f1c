"""Tokens that are good once: a service that sees one twice ends the sign-in, as RFC 9700 (4.14.2) advises."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.host.conftest import Home


class Strict(BaseHTTPRequestHandler):
    newest = 0

    def do_GET(self) -> None:
        given = parse_qs(urlsplit(self.path).query)["token"][0]
        good = given == f"refresh-token-{self.server.newest}"  # type: ignore[attr-defined]
        self.server.newest += 1 if good else 1_000  # type: ignore[attr-defined]
        body = f"refresh-token-{self.server.newest}".encode()  # type: ignore[attr-defined]
        self.send_response(200 if good else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strict)
    server.newest = 0  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_two_runs_of_one_account_renew_its_token_one_after_the_other(home: Home, address: str) -> None:
    account = home.account("rotating", address=address, token="refresh-token-0")
    ended = []
    for _ in range(2):
        runs = [
            threading.Thread(target=lambda what=what: ended.append(home.run(account, what).error_words))
            for what in ("library", "friends")
        ]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
    assert ended == [None] * 4


def test_a_child_that_dies_while_it_renews_does_not_keep_the_others_out(home: Home, address: str) -> None:
    account = home.account("rotating", address=address, token="refresh-token-0")
    begun = threading.Thread(target=home.run, args=(account,))
    begun.start()
    while not home.house.renewing[account].locked():
        pass
    home.house.reading[account].end()
    begun.join()
    assert not home.house.renewing[account].locked()
