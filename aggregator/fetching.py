"""Getting a picture or a sample from one of the hosts that a provider names, and from nowhere else.

Addresses come from services, so they may lead anywhere. Only https is fetched, from hosts that the provider allows;
addresses inside private networks are refused, so that no provider can make Bandstand call what stands behind the
listener's router. Only the demo's own services on loopback are excepted.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from aggregator._host.outside import is_public

if TYPE_CHECKING:
    import requests

    from aggregator._host.accounts import Account
    from aggregator._host.find import Manifest

TIMEOUT = (5.0, 15.0)
REDIRECTS = 3


class NotFetched(Exception):
    """It cannot be had; the message says why. `status`: what the service answered, if it did."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Place:
    """Where something of an account may be fetched from. `address`: the demo's own service, on loopback."""

    hosts: tuple[str, ...]
    address: str | None


def place(account: Account, manifest: Manifest, demo: bool) -> Place:
    return Place(tuple(manifest.artwork_hosts), account.settings.get("address") if demo else None)


def session() -> requests.Session:
    import requests

    from aggregator._host.gate import USER_AGENT

    made = requests.Session()
    made.headers["User-Agent"] = USER_AGENT
    return made


def fetch(session: requests.Session, url: str, place: Place, most: int) -> tuple[bytes, str]:
    """Content of at most `most` bytes, and its type as the service says it. Raises `NotFetched`."""
    import requests

    try:
        for _ in range(REDIRECTS + 1):
            _allow(url, place)
            with session.get(url, timeout=TIMEOUT, stream=True, allow_redirects=False) as answer:
                if not answer.is_redirect:
                    return _body(answer, most), answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                url = urljoin(url, answer.headers["Location"])
    except requests.RequestException as error:
        raise NotFetched(f"{urlsplit(url).hostname} did not answer: {type(error).__name__}") from None
    raise NotFetched("It is redirected too often.")


def named(host: str, hosts: Iterable[str]) -> bool:
    """Whether a host is one of `hosts`; ``*.`` at the start stands for any name below."""
    return any(host == allowed or (allowed[:2] == "*." and host.endswith(allowed[1:])) for allowed in hosts)


def _body(answer: requests.Response, most: int) -> bytes:
    if answer.status_code != 200:
        raise NotFetched(f"{urlsplit(answer.url).hostname} answered {answer.status_code}.", answer.status_code)
    content = b""
    for chunk in answer.iter_content(65536):
        content += chunk
        if len(content) > most:
            raise NotFetched("It is too large.")
    return content


def _allow(url: str, place: Place) -> None:
    """Raises `NotFetched` for an address that nothing of this account may come from."""
    if place.address and url.startswith(place.address.rstrip("/") + "/"):
        return
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        raise NotFetched("Only https addresses are fetched.")
    if not named(host, place.hosts):
        raise NotFetched(f"{host} is not a host that this provider's pictures and samples come from.")
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)}
    except OSError:
        raise NotFetched(f"{host} is not known.") from None
    if not all(is_public(address) for address in found):
        raise NotFetched(f"{host} leads into a private network.")
