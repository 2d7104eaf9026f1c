"""A web server on loopback that breaks every promise a web server makes, one way per path."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Rogue:
    """`url` and a path of `_WAYS`; `always`: the way of every path. With `secure`, a folder for its self-signed
    certificate, it speaks TLS."""

    def __init__(self, secure: Path | None = None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._tls = _self_signed(secure) if secure else None
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked: list[str] = []
        self.always: str | None = None
        self._over = threading.Event()

    def __enter__(self) -> Rogue:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._listening.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed by `__exit__`
            while not self._over.is_set():
                connection, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:  # the other side has had enough
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            asked = connection.recv(65536).decode()
            path = asked.split(" ")[1].partition("?")[0]
            self.asked.append(path)
            way = self.always or path.strip("/").partition("/")[0]
            _WAYS.get(way, _fine)(self, connection)
            if way != "reset":
                _part(connection)

    def trickle(self, connection: socket.socket, piece: bytes) -> None:
        while not self._over.is_set():
            connection.sendall(piece)
            time.sleep(0.1)


def _fine(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(_whole(b'{"title": "Fine"}'))


def _silent(rogue: Rogue, connection: socket.socket) -> None:
    rogue._over.wait()


def _slow_headers(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(OK + b"X-Slow: ")
    rogue.trickle(connection, b"x")


def _endless_headers(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(OK)
    rogue.trickle(connection, b"X-More: x\r\n")


def _slow_body(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(OK + b"Content-Length: 100000\r\n\r\n")
    rogue.trickle(connection, b" ")


def _half(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(OK + b'Content-Length: 1000\r\n\r\n{"title": ')


def _reset(rogue: Rogue, connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _hang_up(rogue: Rogue, connection: socket.socket) -> None:
    """Nothing is answered."""


def _no_http(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example.org ESMTP\r\n")


def _redirect(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /redirect\r\nContent-Length: 0\r\n\r\n")


def _elsewhere(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: ftp://example.org/\r\nContent-Length: 0\r\n\r\n")


def _bomb(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(_whole(gzip.compress(bytes(200 << 20), 1), b"Content-Encoding: gzip\r\n"))


def _flood(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    piece = b"%x\r\n%s\r\n" % (1 << 20, b" " * (1 << 20))
    while not rogue._over.is_set():
        connection.sendall(piece)


def _no_gzip(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(_whole(b"no gzip at all", b"Content-Encoding: gzip\r\n"))


def _page(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(_whole(b"<html>Please sign in to this hotel's network</html>"))


def _day(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 429 Too Many\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n")


def _ever(rogue: Rogue, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 429 Too Many\r\nRetry-After: " + b"9" * 60 + b"\r\nContent-Length: 0\r\n\r\n")


def _wrong_clock(rogue: Rogue, connection: socket.socket) -> None:
    """Asks for two minutes of silence, by a clock that is ten years behind."""
    now = datetime.now(UTC) - timedelta(days=3650)
    until = format_datetime(now + timedelta(seconds=120), usegmt=True)
    head = f"HTTP/1.1 429 Too Many\r\nDate: {format_datetime(now, usegmt=True)}\r\nRetry-After: {until}\r\n"
    connection.sendall(head.encode() + b"Content-Length: 0\r\n\r\n")


def _status(line: bytes) -> Callable[[Rogue, socket.socket], None]:
    return lambda _, connection: connection.sendall(b"HTTP/1.1 " + line + b"\r\nContent-Length: 0\r\n\r\n")


_WAYS: dict[str, Callable[[Rogue, socket.socket], None]] = {
    "silent": _silent,
    "slow-headers": _slow_headers,
    "endless-headers": _endless_headers,
    "slow-body": _slow_body,
    "half": _half,
    "reset": _reset,
    "hang-up": _hang_up,
    "no-http": _no_http,
    "redirect": _redirect,
    "elsewhere": _elsewhere,
    "bomb": _bomb,
    "flood": _flood,
    "no-gzip": _no_gzip,
    "page": _page,
    "day": _day,
    "ever": _ever,
    "wrong-clock": _wrong_clock,
    "refused": _status(b"401 Unauthorized"),
    "broken": _status(b"500 Broken"),
    "odd": _status(b"418 Teapot"),
}


def _part(connection: socket.socket) -> None:
    """Close in good order: what the other side still says is read, or closing would cut off what it was told."""
    connection.settimeout(2.0)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


def _whole(body: bytes, headers: bytes = b"") -> bytes:
    return OK + headers + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


def _self_signed(folder: Path) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now.replace(year=2099)
    )
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    pem += key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "both.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context
